/*
 * prove.c - almoner audit prove: that the log only grew between two heads.  A
 * head may be named by its size, or by the file in which somebody kept it: the
 * log keeps those only that were published or cosigned, and can prove all.
 * A proof from a file's head is checked before it is handed over.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/evidence.h"
#include "cli/audit/evidence.h"
#include "cli/commands.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/merkle.h"
#include "lib/tlog.h"

static const struct alm_option options[] = {
	{"out", 'o', ALM_OPTION_TEXT, "FILE",
		"write it there instead of to standard output", false, false},
	{"force", 0, ALM_OPTION_FLAG, NULL, "replace a file that is there",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "audit prove",
	.summary = "Prove that the log of NEW records, or of the newest signed "
		   "head, extends the log of OLD records.  Either may be the "
		   "file of a signed head instead of a number.",
	.positionals = "OLD|FILE [NEW|FILE]",
	.positional_min = 1,
	.positional_max = 2,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner audit prove 1000 --out growth\n"
		 "  almoner audit prove head.monday head.friday --out growth\n"
		 "  almoner audit verify growth --from-checkpoint head.monday "
		 "--audit-key HEX",
};

static bool is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/** Who signed it is for who verifies. */
static enum alm_err parse_head(
	struct alm_bytes file, struct alm_checkpoint *out_head)
{
	struct alm_note *note = malloc(sizeof(*note));
	enum alm_err err =
		note == NULL ? ALM_NOMEM : alm_note_parse(file, note);

	if (err == ALM_OK) {
		err = alm_checkpoint_parse(note->text, out_head);
	}
	free(note);
	return err;
}

/** A head as it was named. */
struct named {
	const char *path;           /* of its file; NULL: a number, or none */
	struct alm_checkpoint head; /* if there is a file */
	char size[24];
};

/** A number as it is, or the size that a head's file says. */
static enum alm_err read_named(
	const char *text, struct named *out, struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	if (is_number(text)) {
		(void)snprintf(out->size, sizeof(out->size), "%.20s", text);
		return ALM_OK;
	}
	err = alm_file_read(text, ALM_HEAD_BYTES_MAX, &data, &bytes, problem);
	if (err != ALM_OK) {
		return err;
	}
	err = parse_head((struct alm_bytes){data, bytes}, &out->head);
	if (err == ALM_OK) {
		out->path = text;
		(void)snprintf(out->size, sizeof(out->size), "%" PRIu64,
			out->head.size);
	} else {
		err = alm_problem_set(problem, err, "%s", text);
	}
	free(data);
	return err;
}

/** Put the head's file behind the proof, which came without one. */
static enum alm_err add_head(const char *path, uint8_t **data, size_t *bytes,
	struct alm_problem *problem)
{
	uint8_t *note = NULL;
	uint8_t *both = NULL;
	size_t note_bytes = 0;
	enum alm_err err = alm_file_read(
		path, ALM_HEAD_BYTES_MAX, &note, &note_bytes, problem);

	if (err != ALM_OK) {
		return err;
	}
	both = realloc(*data, *bytes + note_bytes);
	if (both == NULL) {
		err = alm_problem_set(problem, ALM_NOMEM, "%s", path);
	} else {
		memcpy(both + *bytes, note, note_bytes);
		*data = both;
		*bytes += note_bytes;
	}
	free(note);
	return err;
}

/* The broker is not believed: a log that was set back and has grown again
 * gives a proof too, which leads to another root than the file has. */
static enum alm_err check(const struct named *old, struct alm_bytes file,
	struct alm_problem *problem)
{
	struct alm_hash *hash = alm_hash_new();
	struct alm_tlog_growth growth = {.path_count = 0};
	struct alm_checkpoint head;
	enum alm_err err =
		hash == NULL ? ALM_NOMEM : alm_tlog_growth_parse(file, &growth);

	if (err == ALM_OK) {
		err = parse_head(growth.note, &head);
	}
	if (err != ALM_OK) {
		err = alm_problem_set(problem, err, "the broker's proof");
	} else if (strcmp(head.origin, old->head.origin) != 0) {
		err = alm_problem_set(problem, ALM_HEAD_INCONSISTENT,
			"%s is of another log: %s, not %s", old->path,
			old->head.origin, head.origin);
	} else if (!alm_merkle_verify_consistency(hash, old->head.size,
			   head.size, growth.path, growth.path_count,
			   &old->head.root, &head.root)) {
		err = alm_problem_set(problem, ALM_HEAD_INCONSISTENT,
			"the log of %" PRIu64
			" records does not extend the %" PRIu64 " of %s",
			head.size, old->head.size, old->path);
	}
	alm_hash_free(hash);
	return err;
}

static enum alm_err fetch(const struct alm_args *args, const struct named *old,
	const struct named *end, uint8_t **data, size_t *bytes,
	struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "audit.consistency"};
	enum alm_err err;

	alm_ask_add(&ask, "old", old->size);
	alm_ask_add(&ask, "size", end->size[0] != '\0' ? end->size : NULL);
	alm_ask_add(&ask, "bare", end->path != NULL ? "yes" : NULL);
	err = alm_audit_fetch(args, &ask, data, bytes, problem);
	if (err == ALM_NOT_FOUND && old->path != NULL && end->size[0] == '\0') {
		return alm_problem_set(problem, ALM_AUDIT_TRUNCATED,
			"no signed head of the log has the %s records of %s: "
			"it was set back, or is another log",
			old->size, old->path);
	}
	return err == ALM_OK && end->path != NULL
		       ? add_head(end->path, data, bytes, problem)
		       : err;
}

static enum alm_err prove(const struct alm_args *args, uint8_t **data,
	size_t *bytes, struct alm_problem *problem)
{
	struct named old = {.path = NULL};
	struct named end = {.path = NULL};
	enum alm_err err = read_named(args->positionals[0], &old, problem);

	if (err == ALM_OK && args->positional_count > 1) {
		err = read_named(args->positionals[1], &end, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (old.path != NULL && end.path != NULL &&
		old.head.size > end.head.size) {
		return alm_problem_set(problem, ALM_USAGE,
			"%s has %" PRIu64 " records and %s has %" PRIu64
			": the older head stands first",
			old.path, old.head.size, end.path, end.head.size);
	}
	err = fetch(args, &old, &end, data, bytes, problem);
	return err == ALM_OK && old.path != NULL
		       ? check(&old, (struct alm_bytes){*data, *bytes}, problem)
		       : err;
}

int alm_cmd_audit_prove(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	uint8_t *data = NULL;
	size_t bytes = 0;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_audit_check_out(&args, &problem);
	if (problem.err == ALM_OK) {
		problem.err = prove(&args, &data, &bytes, &problem);
	}
	rc = problem.err == ALM_OK
		     ? alm_audit_keep(&args, (struct alm_bytes){data, bytes})
		     : alm_print_problem(&args.output, &problem);
	free(data);
	return rc;
}
