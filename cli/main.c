/*
 * main.c - almoner: finds the command by noun and verb and runs it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "lib/nearest.h"

#define WORDS_MAX 128u

/** The commands of one noun; NULL: all. */
static void print_overview(FILE *out, const char *only)
{
	const char *noun = "";

	(void)fprintf(out, "usage: almoner %s %s [OPTION...] [ARGUMENT...]\n",
		only != NULL ? only : "NOUN", only != NULL ? "VERB" : "[VERB]");
	for (size_t i = 0; i < alm_command_count; i++) {
		const struct alm_command *c = &alm_commands[i];

		if (only != NULL && strcmp(only, c->noun) != 0) {
			continue;
		}
		if (strcmp(noun, c->noun) != 0) {
			(void)fputc('\n', out);
		}
		noun = c->noun;
		(void)fprintf(out, "  %-11s %-11s %s\n", c->noun,
			c->verb != NULL ? c->verb : "", c->summary);
	}
	(void)fprintf(out, "\nalmoner %s VERB --help says more.\n",
		only != NULL ? only : "NOUN");
}

/** The command of `noun` and `verb` (may be NULL); NULL if there is none. */
static const struct alm_command *find(const char *noun, const char *verb)
{
	for (size_t i = 0; i < alm_command_count; i++) {
		const struct alm_command *c = &alm_commands[i];

		if (strcmp(c->noun, noun) == 0 &&
			(c->verb == NULL ||
				(verb != NULL && strcmp(c->verb, verb) == 0))) {
			return c;
		}
	}
	return NULL;
}

static bool is_noun_of_verbs(const char *word)
{
	for (size_t i = 0; i < alm_command_count; i++) {
		if (strcmp(alm_commands[i].noun, word) == 0) {
			return alm_commands[i].verb != NULL;
		}
	}
	return false;
}

/** Complain about words that name no command; `verb` may be NULL. */
static int complain(const char *noun, const char *verb)
{
	const char *words[WORDS_MAX];
	size_t count = 0;
	bool is_noun = is_noun_of_verbs(noun);
	const char *wrong;
	const char *nearest;

	for (size_t i = 0; i < alm_command_count && count < WORDS_MAX; i++) {
		const struct alm_command *c = &alm_commands[i];

		if (!is_noun) {
			words[count++] = c->noun;
		} else if (strcmp(c->noun, noun) == 0) {
			words[count++] = c->verb;
		}
	}
	wrong = !is_noun ? noun : verb != NULL ? verb : "";
	nearest = alm_nearest_of(wrong, words, count);
	(void)fprintf(stderr, "almoner: ALM-%d %s: ", (int)ALM_USAGE,
		alm_err_info(ALM_USAGE)->name);
	if (is_noun && verb == NULL) {
		(void)fprintf(stderr, "%s needs a verb:", noun);
		for (size_t i = 0; i < count; i++) {
			(void)fprintf(stderr, " %s", words[i]);
		}
		(void)fputc('\n', stderr);
		return ALM_EXIT_USAGE;
	}
	(void)fputs("there is no command '", stderr);
	alm_print_safe(stderr, noun);
	if (is_noun) {
		(void)fputc(' ', stderr);
		alm_print_safe(stderr, verb);
	}
	(void)fputc('\'', stderr);
	if (nearest != NULL) {
		(void)fprintf(stderr, "; did you mean '%s%s%s'?",
			is_noun ? noun : "", is_noun ? " " : "", nearest);
	}
	(void)fputs("\n  almoner --help lists the commands\n", stderr);
	return ALM_EXIT_USAGE;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "help") == 0;
}

int main(int argc, char **argv)
{
	const struct alm_command *command;
	const char *verb;
	int skip;
	int rc;

	/* A closed pipe is told by the write, and ends the command. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || is_help(argv[1])) {
		print_overview(argc < 2 ? stderr : stdout, NULL);
		return argc < 2 ? ALM_EXIT_USAGE : ALM_EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		return alm_cmd_version(1, argv);
	}
	if (argc == 3 && is_help(argv[2]) && is_noun_of_verbs(argv[1])) {
		print_overview(stdout, argv[1]);
		return ALM_EXIT_OK;
	}
	verb = argc > 2 && argv[2][0] != '-' ? argv[2] : NULL;
	command = find(argv[1], verb);
	if (command == NULL) {
		return complain(argv[1], verb);
	}
	skip = command->verb != NULL ? 2 : 1;
	rc = command->run(argc - skip, argv + skip);
	if (fflush(stdout) != 0 && rc == ALM_EXIT_OK) {
		rc = ALM_EXIT_FAILURE;
	}
	return rc;
}
