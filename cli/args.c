#include "cli/args.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/values.h"
#include "lib/nearest.h"

#define NAME_BYTES_MAX 32u
#define OPTIONS_MAX 64u

const struct alm_option alm_args_common[] = {
	{"json", 0, ALM_OPTION_FLAG, NULL, "print one JSON document", false,
		false},
	{"jsonl", 0, ALM_OPTION_FLAG, NULL, "print one JSON object a line",
		false, false},
	{"csv", 0, ALM_OPTION_FLAG, NULL, "print CSV (RFC 4180)", false, false},
	{"quiet", 'q', ALM_OPTION_FLAG, NULL,
		"no progress, notes or warnings on stderr", false, false},
	{"no-color", 0, ALM_OPTION_FLAG, NULL,
		"no colour; so does the variable NO_COLOR", false, false},
	{"no-input", 0, ALM_OPTION_FLAG, NULL, "never ask", false, false},
	{"local", 0, ALM_OPTION_FLAG, NULL,
		"show times of tables in Europe/London instead of UTC", false,
		false},
	{"help", 'h', ALM_OPTION_FLAG, NULL, "show this help", false, false},
	{0},
};

static const struct alm_option shared[] = {
	{"admin", 0, ALM_OPTION_TEXT, "ENDPOINT",
		"the administration socket; also ALMONER_ADMIN", false, false},
	{"context", 'c', ALM_OPTION_TEXT, "NAME|FILE",
		"endpoints and keys, see ctx; also ALMONER_CONTEXT", false,
		false},
	{"dry-run", 'n', ALM_OPTION_FLAG, NULL,
		"say what would happen and change nothing", false, false},
	{"yes", 'y', ALM_OPTION_FLAG, NULL, "confirm what cannot be undone",
		false, false},
	{"timeout", 0, ALM_OPTION_DURATION, "TIME",
		"wait so long for each answer of the broker; unless given, "
		"5m, and 10s of one that does nothing",
		false, false},
};

const struct alm_option *alm_args_shared(unsigned bit)
{
	for (size_t i = 0; i < ALM_COUNT(shared); i++) {
		if (bit == 1u << i) {
			return &shared[i];
		}
	}
	return NULL;
}

/* --- the options of one command ---------------------------------------- */

/** All options of a command, its own first.  Gives their number. */
static size_t collect(const struct alm_usage *usage,
	const struct alm_option *out[OPTIONS_MAX])
{
	size_t count = 0;

	for (const struct alm_option *o = usage->options;
		o != NULL && o->name != NULL && count < OPTIONS_MAX; o++) {
		out[count++] = o;
	}
	for (size_t i = 0; i < ALM_COUNT(shared) && count < OPTIONS_MAX; i++) {
		if ((usage->takes & 1u << i) != 0) {
			out[count++] = &shared[i];
		}
	}
	for (const struct alm_option *o = alm_args_common;
		o->name != NULL && count < OPTIONS_MAX; o++) {
		out[count++] = o;
	}
	return count;
}

int alm_args_complain(const struct alm_args *args, const char *format, ...)
{
	char text[ALM_DETAIL_BYTES_MAX];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (args->output.format != ALM_FORMAT_TABLE &&
		args->output.format != ALM_FORMAT_CSV) {
		return alm_print_failure(&args->output,
			&(struct alm_failure){ALM_USAGE, text, NULL, 0});
	}
	(void)fprintf(stderr, "almoner: ALM-%d %s: ", (int)ALM_USAGE,
		alm_err_info(ALM_USAGE)->name);
	alm_print_safe(stderr, text);
	(void)fprintf(
		stderr, "\n  almoner %s --help says more\n", args->usage->name);
	return ALM_EXIT_USAGE;
}

/* --- parsing ------------------------------------------------------------ */

struct parser {
	const struct alm_usage *usage;
	const struct alm_option *options[OPTIONS_MAX];
	size_t option_count;
	int argc;
	char **argv;
	int at; /* the argument being read */
	struct alm_args *args;
};

static int complain_unknown(const struct parser *p, const char *name)
{
	const char *names[OPTIONS_MAX];
	const char *nearest;

	for (size_t i = 0; i < p->option_count; i++) {
		names[i] = p->options[i]->name;
	}
	nearest = alm_nearest_of(name, names, p->option_count);
	if (nearest == NULL) {
		return alm_args_complain(
			p->args, "there is no option --%s", name);
	}
	return alm_args_complain(p->args,
		"there is no option --%s; did you mean --%s?", name, nearest);
}

/** A script's empty variable would else be no condition at all, and so more
 * than was meant.  A reason that is empty has an error of its own. */
static bool may_be_empty(
	const struct parser *p, const struct alm_option *option)
{
	return option->type == ALM_OPTION_FLAG ||
	       (p->usage->takes & ALM_TAKES_EMPTY) != 0 ||
	       strcmp(option->name, "reason") == 0;
}

/** Take one option; `value` is NULL when none was attached with `=`. */
static int take(
	struct parser *p, const struct alm_option *option, const char *value)
{
	struct alm_given *given;

	if (option->type == ALM_OPTION_FLAG && value != NULL) {
		return alm_args_complain(
			p->args, "--%s takes no value", option->name);
	}
	if (option->type != ALM_OPTION_FLAG && value == NULL) {
		if (p->at + 1 >= p->argc) {
			return alm_args_complain(p->args, "--%s needs %s",
				option->name, alm_option_form(option->type));
		}
		value = p->argv[++p->at];
	}
	if (p->args->given_count == ALM_ARGS_GIVEN_MAX) {
		return alm_args_complain(p->args, "too many options");
	}
	if (!option->is_repeated && option->type != ALM_OPTION_FLAG &&
		alm_args_has(p->args, option->name)) {
		return alm_args_complain(
			p->args, "--%s stands twice", option->name);
	}
	if (!may_be_empty(p, option) && *value == '\0') {
		return alm_args_complain(
			p->args, "the value of --%s is empty", option->name);
	}
	given = &p->args->given[p->args->given_count];
	*given = (struct alm_given){option, value != NULL ? value : "", 0};
	if (!alm_option_parse(option->type, given->text, &given->number)) {
		return alm_args_complain(p->args, "--%s needs %s", option->name,
			alm_option_form(option->type));
	}
	p->args->given_count++;
	return -1;
}

static int parse_long(struct parser *p, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t bytes = equals != NULL ? (size_t)(equals - text) : strlen(text);
	char name[NAME_BYTES_MAX + 1];

	for (size_t i = 0; i < p->option_count; i++) {
		const char *known = p->options[i]->name;

		if (strlen(known) == bytes && memcmp(known, text, bytes) == 0) {
			return take(p, p->options[i],
				equals != NULL ? equals + 1 : NULL);
		}
	}
	(void)snprintf(name, sizeof(name), "%.*s",
		bytes > NAME_BYTES_MAX ? (int)NAME_BYTES_MAX : (int)bytes,
		text);
	return complain_unknown(p, name);
}

static int parse_short(struct parser *p, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		const struct alm_option *found = NULL;
		const char *value = NULL;
		int rc;

		for (size_t i = 0; i < p->option_count; i++) {
			if (p->options[i]->letter == *letters) {
				found = p->options[i];
			}
		}
		if (found == NULL) {
			return alm_args_complain(
				p->args, "there is no option -%c", *letters);
		}
		if (found->type != ALM_OPTION_FLAG && letters[1] != '\0') {
			value = letters + 1;
		}
		rc = take(p, found, value);
		if (rc >= 0 || value != NULL) {
			return rc;
		}
	}
	return -1;
}

static int parse_all(struct parser *p)
{
	bool is_ended = false;

	p->args->positionals = p->argv + 1;
	for (p->at = 1; p->at < p->argc; p->at++) {
		char *text = p->argv[p->at];
		int rc = -1;

		if (!is_ended && strcmp(text, "--") == 0) {
			is_ended = true;
		} else if (!is_ended && strncmp(text, "--", 2) == 0) {
			rc = parse_long(p, text + 2);
		} else if (!is_ended && text[0] == '-' && text[1] != '\0') {
			rc = parse_short(p, text + 1);
		} else {
			p->args->positionals[p->args->positional_count++] =
				text;
		}
		if (rc >= 0) {
			return rc;
		}
	}
	return -1;
}

static int check_all(const struct parser *p)
{
	const struct alm_usage *usage = p->usage;
	size_t count = p->args->positional_count;

	for (size_t i = 0; i < p->option_count; i++) {
		const struct alm_option *option = p->options[i];

		if (option->is_required &&
			!alm_args_has(p->args, option->name)) {
			return alm_args_complain(p->args, "--%s %s is needed",
				option->name, option->value);
		}
	}
	if (count < usage->positional_min) {
		return alm_args_complain(
			p->args, "%s is needed", usage->positionals);
	}
	if (count > usage->positional_max) {
		return alm_args_complain(p->args,
			"'%s' is one argument too many",
			p->args->positionals[usage->positional_max]);
	}
	for (size_t i = 0; i < count; i++) {
		if (p->args->positionals[i][0] == '\0') {
			return alm_args_complain(p->args,
				"an argument is empty; what is meant is %s",
				usage->positionals);
		}
	}
	if (alm_args_has(p->args, "since") &&
		alm_args_number(p->args, "since", 0) >=
			alm_args_number(p->args, "until", INT64_MAX)) {
		return alm_args_complain(
			p->args, "--until is not after --since");
	}
	return -1;
}

static size_t terminal_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int set_output(struct alm_args *args)
{
	static const char *const formats[] = {"json", "jsonl", "csv"};
	struct alm_output *output = &args->output;
	const char *no_color = getenv("NO_COLOR");

	output->format = ALM_FORMAT_TABLE;
	for (unsigned i = 0; i < ALM_COUNT(formats); i++) {
		if (!alm_args_has(args, formats[i])) {
			continue;
		}
		if (output->format != ALM_FORMAT_TABLE) {
			return alm_args_complain(
				args, "only one of --json, --jsonl and --csv");
		}
		output->format = (enum alm_format)(ALM_FORMAT_JSON + i);
	}
	output->is_tty = isatty(STDOUT_FILENO) == 1;
	output->columns = terminal_columns();
	output->has_color = output->is_tty &&
			    (no_color == NULL || *no_color == '\0') &&
			    !alm_args_has(args, "no-color");
	output->is_quiet = alm_args_has(args, "quiet");
	output->is_local = alm_args_has(args, "local");
	output->may_ask =
		isatty(STDIN_FILENO) == 1 && !alm_args_has(args, "no-input");
	return -1;
}

/** "--help" and the generators' forms, wherever they stand. */
static const char *wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
			strcmp(argv[i], "-h") == 0) {
			return "--help";
		}
		if (strcmp(argv[i], "--help-man") == 0 ||
			strcmp(argv[i], "--help-options") == 0) {
			return argv[i];
		}
	}
	return NULL;
}

/** How a complaint is told, before all is understood. */
static enum alm_format format_of_complaints(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0 ||
			strcmp(argv[i], "--jsonl") == 0) {
			return ALM_FORMAT_JSON;
		}
	}
	return ALM_FORMAT_TABLE;
}

int alm_args_parse(const struct alm_usage *usage, int argc, char **argv,
	struct alm_args *out_args)
{
	struct parser p = {
		.usage = usage, .argc = argc, .argv = argv, .args = out_args};
	const char *how = wants_help(argc, argv);
	int rc;

	if (how != NULL) {
		alm_args_describe(usage, how);
		return ALM_EXIT_OK;
	}
	*out_args = (struct alm_args){.usage = usage};
	out_args->output.format = format_of_complaints(argc, argv);
	p.option_count = collect(usage, p.options);
	rc = parse_all(&p);
	if (rc < 0) {
		rc = check_all(&p);
	}
	if (rc < 0) {
		rc = set_output(out_args);
	}
	return rc;
}

/* --- values ------------------------------------------------------------- */

static const struct alm_given *last_given(
	const struct alm_args *args, const char *name)
{
	for (size_t i = args->given_count; i > 0; i--) {
		if (strcmp(args->given[i - 1].option->name, name) == 0) {
			return &args->given[i - 1];
		}
	}
	return NULL;
}

bool alm_args_has(const struct alm_args *args, const char *name)
{
	return last_given(args, name) != NULL;
}

const char *alm_args_text(const struct alm_args *args, const char *name)
{
	const struct alm_given *given = last_given(args, name);

	return given != NULL ? given->text : NULL;
}

const char *alm_args_nth(
	const struct alm_args *args, const char *name, size_t n)
{
	for (size_t i = 0; i < args->given_count; i++) {
		if (strcmp(args->given[i].option->name, name) == 0 &&
			n-- == 0) {
			return args->given[i].text;
		}
	}
	return NULL;
}

int64_t alm_args_number(
	const struct alm_args *args, const char *name, int64_t otherwise)
{
	const struct alm_given *given = last_given(args, name);

	return given != NULL ? given->number : otherwise;
}
