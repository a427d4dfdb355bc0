/* help.c - what a command says of itself: help, man section, completion. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"

#define LEFT_COLUMNS 28

#define PAGE_COLUMNS 80

/** Words on lines of a page, the second and later ones indented; the cursor
 * stands at column `at`. */
static void print_wrapped(const char *text, int at, int indent)
{
	bool is_first = true;

	while (*text != '\0') {
		size_t bytes = strcspn(text, " ");
		int gap = is_first ? 0 : 1;

		if (!is_first && at + gap + (int)bytes > PAGE_COLUMNS) {
			printf("\n%*s", indent, "");
			at = indent;
			gap = 0;
		}
		printf("%*s%.*s", gap, "", (int)bytes, text);
		at += gap + (int)bytes;
		is_first = false;
		text += bytes;
		text += strspn(text, " ");
	}
	printf("\n");
}

static void print_option(const struct alm_option *o)
{
	char left[96];
	char text[1024];
	int n;

	n = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s",
		o->letter != 0 ? '-' : ' ', o->letter != 0 ? o->letter : ' ',
		o->letter != 0 ? "," : " ", o->name,
		o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
	if (n > LEFT_COLUMNS) {
		printf("%s\n%*s  ", left, LEFT_COLUMNS, "");
	} else {
		printf("%-*s  ", LEFT_COLUMNS, left);
	}
	(void)snprintf(text, sizeof(text), "%s%s%s", o->help,
		o->is_required ? " (needed)" : "",
		o->is_repeated ? " (may be repeated)" : "");
	print_wrapped(text, LEFT_COLUMNS + 2, LEFT_COLUMNS + 2);
}

void alm_args_print_man(const struct alm_option *o)
{
	printf(".TP\n");
	if (o->letter != 0) {
		printf("\\fB\\-%c\\fR, ", o->letter);
	}
	printf("\\fB\\-\\-");
	for (const char *c = o->name; *c != '\0'; c++) {
		printf(*c == '-' ? "\\-" : "%c", *c);
	}
	printf("\\fR%s%s%s%s\n%s%s%s\n", o->value != NULL ? " \\fI" : "",
		o->value != NULL ? o->value : "",
		o->value != NULL ? "\\fR" : "", "", o->help,
		o->is_required ? " (needed)" : "",
		o->is_repeated ? " (may be repeated)" : "");
}

typedef void print_fn(const struct alm_option *option);

static void each(const struct alm_usage *usage, bool has_common, print_fn print)
{
	for (const struct alm_option *o = usage->options;
		o != NULL && o->name != NULL; o++) {
		print(o);
	}
	for (unsigned bit = 1; alm_args_shared(bit) != NULL; bit <<= 1) {
		if ((usage->takes & bit) != 0) {
			print(alm_args_shared(bit));
		}
	}
	for (const struct alm_option *o = alm_args_common;
		has_common && o->name != NULL; o++) {
		print(o);
	}
}

static void print_name(const struct alm_option *o)
{
	printf("--%s\n", o->name);
}

/** Notes in roff: what looks like an example stays as it is. */
static void print_man_notes(const char *notes)
{
	printf(".PP\n.nf\n");
	for (const char *c = notes; *c != '\0'; c++) {
		if (*c == '\\') {
			printf("\\e");
		} else if (*c == '-') {
			printf("\\-");
		} else if ((*c == '.' || *c == '\'') &&
			   (c == notes || c[-1] == '\n')) {
			printf("\\&%c", *c);
		} else {
			printf("%c", *c);
		}
	}
	printf("\n.fi\n");
}

static void print_help(const struct alm_usage *usage)
{
	printf("usage: almoner %s [OPTION...]%s%s\n\n", usage->name,
		*usage->positionals != '\0' ? " " : "", usage->positionals);
	print_wrapped(usage->summary, 0, 0);
	printf("\n");
	each(usage, true, print_option);
	if (usage->notes != NULL) {
		printf("\n%s\n", usage->notes);
	}
}

void alm_args_describe(const struct alm_usage *usage, const char *how)
{
	if (strcmp(how, "--help") == 0) {
		print_help(usage);
	} else if (strcmp(how, "--help-man") == 0) {
		printf(".SS almoner %s%s%s\n%s\n", usage->name,
			*usage->positionals != '\0' ? " " : "",
			usage->positionals, usage->summary);
		each(usage, false, alm_args_print_man);
		if (usage->notes != NULL) {
			print_man_notes(usage->notes);
		}
	} else {
		each(usage, true, print_name);
	}
}
