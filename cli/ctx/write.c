/*
 * write.c - almoner ctx add and edit.  A context is changed line by line, so
 * that comments stay, read as an agent would read it, and only then put in its
 * place.  What an editor has made of one and cannot be read is kept beside it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/ctx/changes.h"
#include "cli/ctx/ctx.h"
#include "cli/paths.h"
#include "lib/id.h"

#define KEY_OPTIONS ALM_CONTEXT_KEY_MAP(X)
#define X(key, name, form, value, help) \
	{name, 0, ALM_OPTION_TEXT, value, help, false, false},

static const struct alm_option add_options[] = {
	{"from", 0, ALM_OPTION_TEXT, "FILE",
		"take over what another context file says, and follow it where "
		"its broker moves",
		false, false},
	{"keys", 0, ALM_OPTION_TEXT, "DIR",
		"curve.key and signing.key of this folder, as almoner agent "
		"keygen makes them",
		false, false},
	{"select", 0, ALM_OPTION_FLAG, NULL, "and select it", false, false},
	KEY_OPTIONS{0},
};

static const struct alm_option edit_options[] = {
	KEY_OPTIONS{0},
};

#undef X

/** A context being made.  Caller's memory; zeroed is empty. */
struct draft {
	const struct alm_args *args;
	char path[PATH_MAX];
	char *text; /* owned */
	size_t bytes;
	struct alm_context_card card;
};

/* --- writing -------------------------------------------------------------- */

static void put_line(FILE *out, enum alm_context_key key, const char *value)
{
	(void)fprintf(out, "%s: '", alm_context_keys[key].name);
	for (const char *c = value; *c != '\0'; c++) {
		(void)fputs(*c == '\'' ? "''" : "", out);
		if (*c != '\'') {
			(void)fputc(*c, out);
		}
	}
	(void)fputs("'\n", out);
}

/** The key that a line sets; ALM_CONTEXT_KEYS: none. */
static enum alm_context_key key_of(const char *line)
{
	for (size_t i = 0; i < ALM_CONTEXT_KEYS; i++) {
		size_t bytes = strlen(alm_context_keys[i].name);

		if (strncmp(line, alm_context_keys[i].name, bytes) == 0 &&
			line[bytes] == ':') {
			return (enum alm_context_key)i;
		}
	}
	return ALM_CONTEXT_KEYS;
}

/** `old`, with the lines of the changed keys as they are to be. */
static enum alm_err rewrite(struct draft *draft, const char *old,
	const struct alm_ctx_changes *changes)
{
	bool is_written[ALM_CONTEXT_KEYS + 1] = {false};
	FILE *out = open_memstream(&draft->text, &draft->bytes);

	if (out == NULL) {
		return ALM_NOMEM;
	}
	for (const char *line = old; *line != '\0';) {
		size_t bytes = strcspn(line, "\n");
		enum alm_context_key key = key_of(line);

		if (key == ALM_CONTEXT_KEYS || changes->values[key] == NULL) {
			(void)fprintf(out, "%.*s\n", (int)bytes, line);
		} else if (*changes->values[key] != '\0') {
			put_line(out, key, changes->values[key]);
		}
		is_written[key] = true;
		line += bytes + (line[bytes] == '\n' ? 1 : 0);
	}
	for (size_t i = 0; i < ALM_CONTEXT_KEYS; i++) {
		const char *value = changes->values[i];

		if (!is_written[i] && value != NULL && *value != '\0') {
			put_line(out, (enum alm_context_key)i, value);
		}
	}
	return fclose(out) == 0 ? ALM_OK : ALM_NOMEM;
}

/** Read the draft as an agent would, and put it in its place. */
static enum alm_err settle(struct draft *draft, struct alm_problem *problem)
{
	const struct alm_bytes content = {
		(const uint8_t *)draft->text, draft->bytes};
	enum alm_err err = alm_context_card_parse(
		draft->path, content, &draft->card, problem);

	if (err != ALM_OK || alm_args_has(draft->args, "dry-run")) {
		return err;
	}
	err = alm_ctx_make_folder(problem);
	if (err == ALM_OK) {
		err = alm_file_write(draft->path, content, 0600, problem);
	}
	return err;
}

static void warn_of_keys(const struct draft *draft)
{
	for (size_t i = 0; i < ALM_CONTEXT_KEYS; i++) {
		const char *value = draft->card.values[i];

		if (*value != '\0' && i != ALM_CONTEXT_WITNESS_STATE &&
			i != ALM_CONTEXT_BROKER_FROM &&
			alm_context_keys[i].form == ALM_CONTEXT_FORM_FILE &&
			*alm_ctx_key_fault(value) != '\0') {
			alm_print_warning(&draft->args->output, "%s: %s is %s",
				alm_context_keys[i].name, value,
				alm_ctx_key_fault(value));
		}
	}
}

static int tell(const struct draft *draft, const char *schema)
{
	struct alm_sheet *sheet = alm_sheet_new(schema, NULL, 0);
	int rc;

	alm_sheet_fact(sheet, "name", draft->args->positionals[0]);
	alm_sheet_fact(sheet, "file", draft->path);
	rc = alm_sheet_print(sheet, &draft->args->output);
	alm_sheet_free(sheet);
	warn_of_keys(draft);
	if (rc == ALM_EXIT_OK && alm_args_has(draft->args, "dry-run")) {
		alm_print_dry_run(&draft->args->output);
	}
	return rc;
}

/* --- add ------------------------------------------------------------------ */

static const struct alm_usage add_usage = {
	.name = "ctx add",
	.summary = "Add a context: where a broker is, and which keys one "
		   "speaks to it with.  Secret keys are named and never "
		   "copied.",
	.positionals = "NAME",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_CHANGE,
	.options = add_options,
	.notes = "  almoner ctx add ward --from ward/context.yaml --select\n"
		 "  almoner ctx add ward --endpoint tcp://broker.example:7301 "
		 "\\\n    --broker-key HEX --organisation RX1 --agent "
		 "ward-system --keys ~/almoner\n"
		 "  almoner ctx add broker --admin "
		 "ipc:///run/almoner/admin.sock",
};

static enum alm_err add(struct draft *draft, struct alm_ctx_changes *changes,
	struct alm_problem *problem)
{
	const char *from = alm_args_text(draft->args, "from");
	const char *keys = alm_args_text(draft->args, "keys");
	size_t count = 0;
	enum alm_err err =
		alm_ctx_find(draft->args, false, draft->path, problem);

	if (err == ALM_OK && access(draft->path, F_OK) == 0) {
		return alm_problem_set(
			problem, ALM_CONTEXT_EXISTS, "%s", draft->path);
	}
	if (err == ALM_OK && from != NULL) {
		err = alm_ctx_take_from(from, changes, problem);
	}
	if (err == ALM_OK && keys != NULL) {
		err = alm_ctx_take_keys(keys, changes, problem);
	}
	if (err == ALM_OK) {
		err = alm_ctx_take_options(
			draft->args, changes, &count, problem);
	}
	if (err == ALM_OK && count == 0 && from == NULL) {
		return alm_problem_set(problem, ALM_USAGE,
			"give --from FILE, or what is to stand in it");
	}
	if (err == ALM_OK) {
		err = rewrite(draft, "# Made by almoner ctx add.\n", changes);
	}
	if (err == ALM_OK) {
		err = settle(draft, problem);
	}
	if (err == ALM_OK && alm_args_has(draft->args, "select") &&
		!alm_args_has(draft->args, "dry-run")) {
		err = alm_ctx_select(draft->args->positionals[0], problem);
	}
	return err;
}

/* --- edit ----------------------------------------------------------------- */

static const struct alm_usage edit_usage = {
	.name = "ctx edit",
	.summary = "Change a context by options, of which an empty one takes "
		   "its key away; without any, with the editor of VISUAL or "
		   "EDITOR.  Nothing is changed unless it can be read.",
	.positionals = "NAME",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_CHANGE | ALM_TAKES_EMPTY,
	.options = edit_options,
	.notes = "  almoner ctx edit ward --endpoint tcp://192.0.2.7:7301",
};

static const char *find_editor(const struct alm_args *args)
{
	const char *editor = getenv("VISUAL");

	if (editor == NULL || *editor == '\0') {
		editor = getenv("EDITOR");
	}
	if (editor == NULL || *editor == '\0') {
		editor = args->output.may_ask ? "vi" : NULL;
	}
	return editor;
}

/** The shell splits what the variable says into words. */
static enum alm_err run_editor(
	const char *editor, const char *path, struct alm_problem *problem)
{
	char command[PATH_MAX];
	int status = 0;
	int n = snprintf(command, sizeof(command), "exec %s \"$1\"", editor);
	pid_t pid = n < (int)sizeof(command) ? fork() : -1;

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, "sh", path,
			(char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return alm_problem_set(problem, ALM_IO, "%s", editor);
		}
	}
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		return alm_problem_set(problem, ALM_IO,
			"the editor (%s) failed, and nothing is changed",
			editor);
	}
	return ALM_OK;
}

static enum alm_err read_text(
	const char *path, char **out_text, struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err = alm_file_read(
		path, ALM_CONTEXT_BYTES_MAX, &data, &bytes, problem);

	if (err == ALM_OK) {
		*out_text = (char *)data;
	}
	return err;
}

/** On a copy beside the context, or on the copy left by an edit before. */
static enum alm_err edit_by_hand(
	struct draft *draft, const char *old, struct alm_problem *problem)
{
	const char *editor = find_editor(draft->args);
	const struct alm_bytes content = {(const uint8_t *)old, strlen(old)};
	char copy[PATH_MAX + 8];
	enum alm_err err = ALM_OK;

	if (editor == NULL) {
		return alm_problem_set(problem, ALM_USAGE,
			"set EDITOR, or give what is to change as options");
	}
	(void)snprintf(copy, sizeof(copy), "%s.draft", draft->path);
	if (access(copy, F_OK) != 0) {
		err = alm_file_write(copy, content, 0600, problem);
	}
	if (err == ALM_OK) {
		err = run_editor(editor, copy, problem);
	}
	if (err == ALM_OK) {
		err = read_text(copy, &draft->text, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	draft->bytes = strlen(draft->text);
	err = settle(draft, problem);
	if (err == ALM_OK) {
		(void)unlink(copy);
	} else {
		alm_print_warning(&draft->args->output,
			"nothing is changed; the next almoner ctx edit goes "
			"on with %s",
			copy);
	}
	return err;
}

static enum alm_err edit(struct draft *draft, struct alm_ctx_changes *changes,
	struct alm_problem *problem)
{
	char *old = NULL;
	size_t count = 0;
	enum alm_err err =
		alm_ctx_find(draft->args, true, draft->path, problem);

	if (err == ALM_OK) {
		err = alm_ctx_take_options(
			draft->args, changes, &count, problem);
	}
	if (err == ALM_OK) {
		err = read_text(draft->path, &old, problem);
	}
	if (err == ALM_OK && count == 0) {
		err = edit_by_hand(draft, old, problem);
	} else if (err == ALM_OK) {
		err = rewrite(draft, old, changes);
		if (err == ALM_OK) {
			err = settle(draft, problem);
		}
	}
	free(old);
	return err;
}

typedef enum alm_err make_fn(struct draft *draft,
	struct alm_ctx_changes *changes, struct alm_problem *problem);

static int run(const struct alm_args *args, make_fn *make, const char *schema)
{
	struct alm_ctx_changes *changes = calloc(1, sizeof(*changes));
	struct draft *draft = calloc(1, sizeof(*draft));
	struct alm_problem problem = {.err = ALM_NOMEM, .detail = ""};
	int rc;

	if (changes != NULL && draft != NULL) {
		draft->args = args;
		problem.err = make(draft, changes, &problem);
	}
	rc = problem.err == ALM_OK ? tell(draft, schema)
				   : alm_print_problem(&args->output, &problem);
	if (draft != NULL) {
		free(draft->text);
	}
	free(draft);
	free(changes);
	return rc;
}

int alm_cmd_ctx_add(int argc, char **argv)
{
	struct alm_args args;
	int rc = alm_args_parse(&add_usage, argc, argv, &args);

	return rc >= 0 ? rc : run(&args, add, "almoner.ctx.add/1");
}

int alm_cmd_ctx_edit(int argc, char **argv)
{
	struct alm_args args;
	int rc = alm_args_parse(&edit_usage, argc, argv, &args);

	return rc >= 0 ? rc : run(&args, edit, "almoner.ctx.edit/1");
}
