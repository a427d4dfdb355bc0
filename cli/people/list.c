/*
 * list.c - almoner people import-list and lists: opt-out lists.  The
 * file is read twice: nothing of it is sent before all of it is known to be
 * good, and memory does not grow with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/people/dat.h"
#include "cli/people/lines.h"
#include "cli/people/send.h"
#include "lib/band.h"
#include "lib/time.h"

#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct alm_option import_options[] = {
	{"as-of", 0, ALM_OPTION_INSTANT, "TIME",
		"when the list was made, as its sender says", true, false},
	{"list", 0, ALM_OPTION_TEXT, "LIST",
		"national: who is clear; type-1: who objects; national unless "
		"given",
		false, false},
	{"source", 0, ALM_OPTION_TEXT, "ORG",
		"of type-1: the practice whose patients they are", false,
		false},
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage import_usage = {
	.name = "people import-list",
	.summary =
		"Import an opt-out list, all of it or nothing.  The national "
		"list replaces what was known as of an older time: whom it "
		"leaves out is not clear.",
	.positionals = "FILE.dat",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = import_options,
	.notes =
		"  Each line is an NHS number, a comma and a line feed, as the "
		"check service sends\n  it over MESH.  An interrupted import "
		"is begun again with the same --as-of.",
};

struct list {
	const struct alm_args *args;
	struct alm_control *control;
	struct alm_arena arena;
	int fd;
	bool is_type_1;
	const char *name;
	char as_of[ALM_INSTANT_US_TEXT_BYTES];
	uint64_t count;
	char number[24]; /* of the list, as the broker gave it */
	int64_t recorded_s;
};

/** Every line, to `take`.  Errors: LIST_INVALID, IO, those of `take`. */
static enum alm_err each_line(struct list *list,
	enum alm_err (*take)(void *cookie, const struct alm_lines *lines,
		const char *number, struct alm_problem *problem),
	void *cookie, struct alm_problem *problem)
{
	struct alm_lines lines;
	enum alm_err err = alm_lines_init(&lines, list->fd, ALM_DAT_LINE_BYTES);

	if (err == ALM_OK && lseek(list->fd, 0, SEEK_SET) < 0) {
		err = alm_problem_set(
			problem, ALM_IO, "a list is read twice: give a file");
	}
	while (err == ALM_OK) {
		char number[ALM_NHS_NUMBER_BYTES + 1];
		struct alm_bytes line = {NULL, 0};
		struct alm_problem fault = {.detail = ""};
		uint64_t before = lines.offset;
		bool is_too_long = false;

		err = alm_lines_next(&lines, &line, &is_too_long, problem);
		if (err != ALM_OK) {
			break;
		}
		err = alm_people_dat_read(line, number, &fault);
		/* A line feed alone ends it: no carriage return, no end of the
		 * file in its place. */
		if (err == ALM_OK &&
			lines.offset - before != ALM_DAT_LINE_BYTES + 1) {
			err = alm_problem_set(&fault, ALM_LIST_INVALID,
				"it does not end with a line feed alone");
		}
		if (err != ALM_OK) {
			err = alm_problem_set(problem, err,
				"line %" PRIu64 ": %s", lines.number,
				is_too_long ? "too long" : fault.detail);
		} else if (take != NULL) {
			err = take(cookie, &lines, number, problem);
		}
		list->count = lines.number;
	}
	alm_lines_fini(&lines);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

static enum alm_err begin(struct list *list, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "opt-out.begin"};
	struct alm_answer answer;
	const char *number;
	const char *recorded;
	char count[24];
	enum alm_err err;

	(void)snprintf(count, sizeof(count), "%" PRIu64, list->count);
	alm_ask_add(&ask, "list", list->name);
	alm_ask_add(&ask, "as-of", list->as_of);
	alm_ask_add(&ask, "count", count);
	alm_ask_option(&ask, list->args, "source");
	alm_ask_change(&ask, list->args);
	alm_arena_reset(&list->arena);
	err = alm_admin_ask(
		list->control, &ask, &list->arena, &answer, problem);
	if (err != ALM_OK || alm_args_has(list->args, "dry-run")) {
		return err;
	}
	number = alm_answer_fact(&answer, "number");
	recorded = alm_answer_fact(&answer, "recorded-s");
	(void)snprintf(list->number, sizeof(list->number), "%.20s",
		number != NULL ? number : "");
	list->recorded_s =
		recorded != NULL ? (int64_t)strtoll(recorded, NULL, 10) : 0;
	return ALM_OK;
}

struct sending {
	struct list *list;
	struct alm_people_send *send;
	int64_t as_of_s;
};

static enum alm_err send_number(void *cookie, const struct alm_lines *lines,
	const char *number, struct alm_problem *problem)
{
	const struct sending *sending = cookie;
	const struct alm_people_line line = {
		{lines->offset, lines->number}, {NULL, 0}};
	struct alm_person_record record;

	memset(&record, 0, sizeof(record));
	record.type = ALM_RECORD_OPT_OUT;
	memcpy(record.subject, number, sizeof(record.subject));
	record.opt_out.list = sending->list->is_type_1 ? ALM_OPT_OUT_TYPE_1
						       : ALM_OPT_OUT_NATIONAL;
	record.opt_out.is_objecting = sending->list->is_type_1;
	record.opt_out.as_of_s = sending->as_of_s;
	record.opt_out.recorded_s = sending->list->recorded_s;
	return alm_people_send_add(sending->send, &line, &record, problem);
}

/** All numbers, and only if all were taken the word that it is whole. */
static enum alm_err put(struct list *list, struct alm_problem *problem)
{
	struct alm_people_put how = {.control = list->control,
		.import = list->number,
		.reason = alm_args_text(list->args, "reason")};
	struct alm_people_count count = {.lines = 0};
	struct sending sending = {.list = list,
		.as_of_s = alm_args_number(list->args, "as-of", 0)};
	enum alm_err err = alm_people_send_new(&how, &count, &sending.send);

	if (err == ALM_OK) {
		err = each_line(list, send_number, &sending, problem);
	}
	if (err == ALM_OK) {
		err = alm_people_send_finish(sending.send, problem);
	}
	alm_people_send_free(sending.send);
	if (err == ALM_OK && count.rejected > 0) {
		err = alm_problem_set(problem, ALM_LIST_UNFINISHED,
			"%" PRIu64 " of its numbers were refused",
			count.rejected);
	}
	return err;
}

static int finish(struct list *list)
{
	struct alm_ask ask = {.verb = "opt-out.finish"};

	alm_ask_add(&ask, "number", list->number);
	alm_ask_option(&ask, list->args, "reason");
	return alm_admin_change_on(list->control, list->args, &ask,
		"almoner.people.import-list/1");
}

static int tell_dry_run(const struct list *list)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.people.import-list/1", NULL, 0);
	char banded[ALM_BAND_TEXT_BYTES];
	int rc;

	alm_band_text(list->count, banded);
	alm_sheet_fact(sheet, "as-of", list->as_of);
	alm_sheet_fact(sheet, "persons", banded);
	rc = alm_sheet_print(sheet, &list->args->output);
	alm_sheet_free(sheet);
	alm_print_dry_run(&list->args->output);
	return rc;
}

static int run(struct list *list)
{
	const struct alm_args *args = list->args;
	bool is_dry = alm_args_has(args, "dry-run");
	struct alm_problem problem = {.err = ALM_OK};

	problem.err = each_line(list, NULL, NULL, &problem);
	if (problem.err == ALM_OK && list->count == 0) {
		problem.err = alm_problem_set(
			&problem, ALM_LIST_INVALID, "it is empty");
	}
	if (problem.err == ALM_OK) {
		problem.err = alm_admin_open(args, &list->control, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = begin(list, &problem);
	}
	if (problem.err == ALM_OK && !is_dry) {
		problem.err = put(list, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	return is_dry ? tell_dry_run(list) : finish(list);
}

int alm_cmd_people_import_list(int argc, char **argv)
{
	struct list list = {.fd = -1};
	struct alm_args args;
	const char *name;
	int rc = alm_args_parse(&import_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	name = alm_args_text(&args, "list");
	list.args = &args;
	list.name = name != NULL ? name : "national";
	list.is_type_1 = strcmp(list.name, "type-1") == 0;
	alm_instant_text(alm_args_number(&args, "as-of", 0), list.as_of);
	list.fd = open(args.positionals[0], O_RDONLY | O_CLOEXEC);
	if (list.fd < 0) {
		struct alm_problem problem;

		(void)alm_problem_set(&problem,
			errno == ENOENT ? ALM_NOT_FOUND : ALM_IO, "%s: %s",
			args.positionals[0], strerror(errno));
		return alm_print_problem(&args.output, &problem);
	}
	alm_arena_init(&list.arena, ARENA_BYTES_MAX);
	rc = run(&list);
	alm_control_close(list.control);
	alm_arena_fini(&list.arena);
	(void)close(list.fd);
	return rc;
}

static const struct alm_usage lists_usage = {
	.name = "people lists",
	.summary = "Show which opt-out lists are in use, and as of when.  How "
		   "many they name is shown in bands.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_people_lists(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "opt-out.lists"};
	struct alm_args args;
	int rc = alm_args_parse(&lists_usage, argc, argv, &args);

	return rc >= 0 ? rc
		       : alm_admin_show(
				 &args, &ask, "almoner.people.lists/1", 0);
}
