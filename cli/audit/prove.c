/*
 * prove.c - almoner audit prove: that the log only grew between two heads.  A
 * head may be named by its size, or by the file in which somebody kept it: the
 * log keeps those only that were published or cosigned, and can prove all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/evidence.h"
#include "cli/audit/evidence.h"
#include "cli/commands.h"
#include "lib/file.h"

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

/** A number as it is, or the size that a head's file says. */
static enum alm_err read_size(
	const char *text, char out[24], struct alm_problem *problem)
{
	struct alm_checkpoint head;
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	if (is_number(text)) {
		(void)snprintf(out, 24, "%.20s", text);
		return ALM_OK;
	}
	err = alm_file_read(text, ALM_HEAD_BYTES_MAX, &data, &bytes, problem);
	if (err != ALM_OK) {
		return err;
	}
	err = parse_head((struct alm_bytes){data, bytes}, &head);
	if (err == ALM_OK) {
		(void)snprintf(out, 24, "%" PRIu64, head.size);
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

static enum alm_err prove(const struct alm_args *args, uint8_t **data,
	size_t *bytes, struct alm_problem *problem)
{
	const char *end =
		args->positional_count > 1 ? args->positionals[1] : NULL;
	bool has_file = end != NULL && !is_number(end);
	struct alm_ask ask = {.verb = "audit.consistency"};
	char old[24];
	char size[24] = "";
	enum alm_err err = read_size(args->positionals[0], old, problem);

	if (err == ALM_OK && end != NULL) {
		err = read_size(end, size, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_ask_add(&ask, "old", old);
	alm_ask_add(&ask, "size", end != NULL ? size : NULL);
	alm_ask_add(&ask, "bare", has_file ? "yes" : NULL);
	err = alm_audit_fetch(args, &ask, data, bytes, problem);
	return err == ALM_OK && has_file ? add_head(end, data, bytes, problem)
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
