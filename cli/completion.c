/*
 * completion.c - almoner completion bash: the completion, and almoner(1),
 * made from the tables of the commands.
 */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"

static const struct alm_option options[] = {
	{"man", 0, ALM_OPTION_FLAG, NULL,
		"print the commands as sections of a manual page instead",
		false, false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage usage = {
	.name = "completion bash",
	.summary = "Print the completion for bash.",
	.positionals = "",
	.options = options,
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
	       "\terrors|status|send|recv|version|dev|demo) set -- "
	       "\"${COMP_WORDS[1]}\" ;;\n"
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
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (!alm_args_has(&args, "man")) {
		print_bash();
		return ALM_EXIT_OK;
	}
	for (size_t i = 0; i < alm_command_count; i++) {
		ask(&alm_commands[i], "--help-man");
	}
	return ALM_EXIT_OK;
}
