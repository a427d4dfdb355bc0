/*
 * completion.c - almoner completion bash and man: the completion and
 * almoner(1), made from the tables of the commands.
 */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"

static const struct alm_usage bash_usage = {
	.name = "completion bash",
	.summary = "Print the completion for bash.",
	.positionals = "",
	.notes = "  almoner completion bash > "
		 "~/.local/share/bash-completion/completions/almoner",
};

/** Has the command print its options or its section of the man page. */
static void ask(const struct alm_command *command, const char *how)
{
	char name[] = "almoner";
	char word[32];
	char *argv[] = {name, word, NULL};

	(void)snprintf(word, sizeof(word), "%s", how);
	(void)command->run(2, argv);
}

static void print_nouns(void)
{
	const char *last = "";

	for (size_t i = 0; i < alm_command_count; i++) {
		if (strcmp(alm_commands[i].noun, last) != 0) {
			printf("%s%s", *last != '\0' ? " " : "",
				alm_commands[i].noun);
		}
		last = alm_commands[i].noun;
	}
}

/** The nouns without verbs, as a pattern. */
static void print_lone_nouns(void)
{
	bool is_first = true;

	for (size_t i = 0; i < alm_command_count; i++) {
		if (alm_commands[i].verb == NULL) {
			printf("%s%s", is_first ? "" : "|",
				alm_commands[i].noun);
			is_first = false;
		}
	}
}

static void print_verbs(void)
{
	for (size_t i = 0; i < alm_command_count; i++) {
		const struct alm_command *c = &alm_commands[i];
		bool is_first = i == 0 ||
				strcmp(alm_commands[i - 1].noun, c->noun) != 0;
		bool is_last = i + 1 == alm_command_count ||
			       strcmp(alm_commands[i + 1].noun, c->noun) != 0;

		if (c->verb == NULL) {
			continue;
		}
		if (is_first) {
			printf("\t%s) words='", c->noun);
		}
		printf("%s%s", is_first ? "" : " ", c->verb);
		if (is_last) {
			printf("' ;;\n");
		}
	}
}

static void print_options(void)
{
	for (size_t i = 0; i < alm_command_count; i++) {
		const struct alm_command *c = &alm_commands[i];

		printf("\t'%s%s%s') words='\n", c->noun,
			c->verb != NULL ? " " : "",
			c->verb != NULL ? c->verb : "");
		ask(c, "--help-options");
		printf("' ;;\n");
	}
}

static void print_bash(void)
{
	printf("# bash completion for almoner; made by `almoner completion "
	       "bash`.\n"
	       "_almoner()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=''\n"
	       "\tCOMPREPLY=()\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	       "\t\twords='");
	print_nouns();
	printf("'\n\telif [ \"$COMP_CWORD\" -eq 2 ] && [[ $cur != -* ]]; "
	       "then\n\tcase ${COMP_WORDS[1]} in\n");
	print_verbs();
	printf("\tesac\n\telif [[ $cur == -* ]]; then\n"
	       "\tcase \"${COMP_WORDS[1]}\" in\n"
	       "\t");
	print_lone_nouns();
	printf(") set -- \"${COMP_WORDS[1]}\" ;;\n"
	       "\t*) set -- \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" ;;\n"
	       "\tesac\n\tcase \"$1\" in\n");
	print_options();
	printf("\tesac\n\tfi\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	       "\t[ -n \"$words\" ] || compopt -o default\n}\n"
	       "complete -F _almoner almoner\n");
}

int alm_cmd_completion_bash(int argc, char **argv)
{
	struct alm_args args;
	int rc = alm_args_parse(&bash_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	print_bash();
	return ALM_EXIT_OK;
}

/* --- almoner(1) --------------------------------------------------------- */

static const struct alm_usage man_usage = {
	.name = "completion man",
	.summary = "Print the manual page almoner(1).",
	.positionals = "",
};

static const char man_head[] =
	".TH ALMONER 1 \"\" \"Almoner\" \"Almoner\"\n"
	".SH NAME\nalmoner \\- administer, use and audit an Almoner broker\n"
	".SH SYNOPSIS\n.B almoner\n.I NOUN\n[\\fIVERB\\fR] "
	"[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
	".SH DESCRIPTION\n"
	"Only data goes to standard output; progress, warnings and errors go "
	"to standard error.\nTimes are UTC, RFC 3339; durations are written "
	"90s, 5m, 168h or 30d, sizes 64KiB.\nNHS numbers are masked unless "
	"\\-\\-reveal is given, and can be read from standard input\n"
	"so that they stand in no list of processes.\n"
	".PP\nCommands that administer ask the broker on its local socket; "
	"who may open it may administer.\n.B send\nand\n.B recv\nare those "
	"of an agent and need its context, see\n.BR almoner\\-context (5).\n"
	"What an option does not say is taken from the context in use, see\n"
	".BR \"almoner ctx\" .\n"
	".SH COMMANDS\n";

static const char man_tail[] =
	".SH EXIT STATUS\n"
	".IP 0 3\nsuccess\n.IP 1\nfailure\n.IP 2\nthe command line is not "
	"understood, or a confirmation is missing\n.IP 3\nnot found\n.IP 4\n"
	"refused by policy\n.IP 5\nnot authenticated or not authorised\n"
	".IP 6\nconflict or duplicate\n.IP 7\nunavailable or timed out; try "
	"again\n.IP 8\nan integrity check has failed\n.IP 9\nconfiguration or "
	"policy bundle not valid\n"
	".SH ENVIRONMENT\n"
	".TP\n.B ALMONER_ADMIN\nthe administration socket\n"
	".TP\n.B ALMONER_AUDIT_REASON\nwhy the audit log is asked as a "
	"routine, where\n.B \\-\\-reason\ndoes not say it; recorded as a "
	"standing reason, and not enough for questions about a person or with\n"
	".B \\-\\-reveal\n"
	".TP\n.B ALMONER_CONTEXT\nthe context; without it the one of\n"
	".BR \"almoner ctx select\" ,\nelse\n.I default\n"
	".TP\n.B NO_COLOR\nno colour when set and not empty\n"
	".SH FILES\n"
	".TP\n.I /run/almoner/admin.sock\nthe administration socket\n"
	".TP\n.I $XDG_CONFIG_HOME/almoner/contexts/NAME.yaml\ncontexts by "
	"name\n"
	".TP\n.I $XDG_CONFIG_HOME/almoner/context\nthe name of the one "
	"selected\n"
	".SH SEE ALSO\n"
	".BR almonerd (8),\n.BR almoner\\-agent (8),\n"
	".BR almoner\\-context (5),\n.BR almoner\\-errors (7)\n";

static void print_common(void)
{
	printf(".SS Options of every command\n");
	for (const struct alm_option *o = alm_args_common; o->name != NULL;
		o++) {
		alm_args_print_man(o);
	}
}

int alm_cmd_completion_man(int argc, char **argv)
{
	struct alm_args args;
	int rc = alm_args_parse(&man_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	printf("%s", man_head);
	print_common();
	for (size_t i = 0; i < alm_command_count; i++) {
		ask(&alm_commands[i], "--help-man");
	}
	printf("%s", man_tail);
	return ALM_EXIT_OK;
}
