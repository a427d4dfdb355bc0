/*
 * decide.c - almoner policy decide: the rule offline, a decision for
 * each request.  Whatever has been decided is written before the command
 * waits for more, so that it can be driven over a pipe line by line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/core/snapshot.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/people/json.h"
#include "cli/people/words.h"
#include "cli/policy/at.h"
#include "cli/policy/bundle_files.h"
#include "cli/policy/decide_json.h"

#define INPUT_BYTES_MAX ((size_t)256 * 1024)
#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct alm_option options[] = {
	{"bundle", 'b', ALM_OPTION_TEXT, "FILE",
		"a file or folder of the policy; more may follow", false, true},
	{"people", 'p', ALM_OPTION_TEXT, "FILE.ndjson",
		"what is known about people", false, false},
	{"max-opt-out-age", 0, ALM_OPTION_DURATION, "DURATION",
		"how old an opt-out check may be; 168h unless given", false,
		false},
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"by the broker, with the policy in force at this time and "
		"what was recorded by then",
		false, false},
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT",
		"with --at: why; it is recorded", false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy decide",
	.summary = "Decide requests: JSON lines from standard input, a "
		   "decision for each to standard output.  Offline with "
		   "--bundle; or by the broker, as at a past date, with --at.",
	.positionals = "[FILE...]",
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner policy decide --bundle policy/ --people p.ndjson "
		 "<requests.ndjson\n"
		 "  almoner policy decide --at 2026-05-01 --reason 'complaint "
		 "12' <requests.ndjson",
};

struct deciding {
	struct alm_bundle_files *files;
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
	struct alm_people people;
	struct alm_world world;
	struct alm_arena arena;
	bool is_skipping; /* the rest of a line that is too long */
};

static bool is_blank(struct alm_bytes line)
{
	for (size_t i = 0; i < line.bytes; i++) {
		if (line.data[i] != ' ' && line.data[i] != '\t' &&
			line.data[i] != '\r') {
			return false;
		}
	}
	return true;
}

static void decide_line(struct deciding *d, struct alm_bytes line)
{
	const struct alm_person *person = NULL;
	struct alm_request request;
	struct alm_decision decision;
	int64_t at_s;

	if (is_blank(line)) {
		return;
	}
	alm_arena_reset(&d->arena);
	alm_request_json_read(line, &d->arena, &request, &at_s);
	if (request.subject != NULL) {
		person = alm_people_find(&d->people, request.subject);
	}
	alm_decide(&d->world, person, &request, at_s, d->scratch, &decision);
	alm_decision_json_write(stdout, request.id, &decision);
}

/* Decide all whole lines; gives the bytes that are left of the last. */
static size_t decide_lines(struct deciding *d, uint8_t *data, size_t bytes)
{
	size_t start = 0;

	while (start < bytes) {
		const uint8_t *end = memchr(data + start, '\n', bytes - start);
		size_t length;

		if (end == NULL) {
			break;
		}
		length = (size_t)(end - data) - start;
		if (!d->is_skipping) {
			decide_line(
				d, (struct alm_bytes){data + start, length});
		}
		d->is_skipping = false;
		start += length + 1;
	}
	if (bytes - start > ALM_REQUEST_LINE_BYTES_MAX) {
		if (!d->is_skipping) {
			decide_line(d, (struct alm_bytes){
					       data + start, bytes - start});
		}
		d->is_skipping = true;
		start = bytes;
	}
	memmove(data, data + start, bytes - start);
	return bytes - start;
}

static int decide_stream(struct deciding *d)
{
	uint8_t *data = malloc(INPUT_BYTES_MAX);
	size_t left = 0;
	int rc = ALM_EXIT_OK;

	if (data == NULL) {
		return ALM_EXIT_UNAVAILABLE;
	}
	for (;;) {
		ssize_t bytes;

		if (fflush(stdout) != 0) {
			rc = ALM_EXIT_FAILURE;
			break;
		}
		bytes = read(STDIN_FILENO, data + left, INPUT_BYTES_MAX - left);
		if (bytes < 0 && errno == EINTR) {
			continue;
		}
		if (bytes <= 0) {
			rc = bytes < 0 ? ALM_EXIT_FAILURE : ALM_EXIT_OK;
			break;
		}
		left = decide_lines(d, data, left + (size_t)bytes);
	}
	if (left > 0 && !d->is_skipping) {
		decide_line(d, (struct alm_bytes){data, left});
	}
	free(data);
	return fflush(stdout) != 0 ? ALM_EXIT_FAILURE : rc;
}

static int prepare(struct deciding *d, const struct alm_args *args)
{
	const char *people = alm_args_text(args, "people");
	struct alm_problem problem = {.err = ALM_OK};
	int rc = ALM_EXIT_OK;

	d->files = alm_bundle_files_given(args, &rc);
	if (d->files == NULL) {
		return rc;
	}
	if (people != NULL &&
		alm_people_load(people, &d->people, &problem) != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	d->snapshot = alm_snapshot_compile(&d->files->bundle);
	problem.err = d->snapshot != NULL ? alm_snapshot_verify(d->snapshot)
					  : ALM_NOMEM;
	if (problem.err == ALM_OK) {
		d->scratch = alm_scratch_new(d->snapshot);
		problem.err = d->scratch == NULL ? ALM_NOMEM : ALM_OK;
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	alm_people_warn_of_words(&d->people, d->snapshot, &args->output);
	d->world = (struct alm_world){
		.snapshot = d->snapshot,
		.opt_out_age_max_s = alm_args_number(
			args, "max-opt-out-age", ALM_OPT_OUT_AGE_DEFAULT_S),
	};
	return ALM_EXIT_OK;
}

int alm_cmd_policy_decide(int argc, char **argv)
{
	struct deciding d = {.files = NULL};
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (alm_args_has(&args, "at")) {
		return alm_policy_decide_at(&args);
	}
	if (!alm_args_has(&args, "bundle")) {
		return alm_args_complain(
			&args, "give --bundle FILE, or --at TIME");
	}
	alm_arena_init(&d.arena, ARENA_BYTES_MAX);
	rc = prepare(&d, &args);
	if (rc == ALM_EXIT_OK) {
		rc = decide_stream(&d);
	}
	alm_scratch_free(d.scratch);
	alm_snapshot_free(d.snapshot);
	alm_people_fini(&d.people);
	alm_bundle_files_free(d.files);
	alm_arena_fini(&d.arena);
	return rc;
}
