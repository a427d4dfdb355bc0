/*
 * show.c - almoner audit show: one record, every field in words, its
 * private part line by line, and the records that belong to the same message.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/reason.h"
#include "cli/audit/report.h"
#include "cli/commands.h"

static const struct alm_option options[] = {
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"show the private part; needs --reason", false, false},
	ALM_ASKED_OPTION,
	ALM_LOG_OPTIONS,
	{0},
};

static const struct alm_usage usage = {
	.name = "audit show",
	.summary = "Show one record of the audit log in words, and what "
		   "followed it.",
	.positionals = "SEQ",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
};

/** What is being shown. */
struct showing {
	struct alm_report report;
	struct alm_log_row row;
	const char *follows; /* records of the same message, in words */
	char grade[ALM_GRADE_TEXT_BYTES];
	struct alm_sheet *sheet;
};

static void add_number(struct alm_sheet *sheet, const char *key, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	alm_sheet_fact(sheet, key, value != 0 ? text : "");
}

/** Every field as it stands in the record. */
static void add_fields(struct showing *s)
{
	const struct alm_log_row *r = &s->row;
	char code[16];

	(void)snprintf(code, sizeof(code), "%u", r->code);
	add_number(s->sheet, "seq", r->seq);
	alm_sheet_fact(s->sheet, "time", r->time);
	alm_sheet_fact(s->sheet, "kind", r->kind);
	alm_sheet_fact(s->sheet, "effect", r->effect);
	alm_sheet_fact(s->sheet, "code", code);
	alm_sheet_fact(s->sheet, "name",
		r->code > 1 ? alm_err_info((enum alm_err)r->code)->name : "");
	alm_sheet_fact(s->sheet, "sender", r->sender);
	alm_sheet_fact(s->sheet, "recipient", r->recipient);
	alm_sheet_fact(s->sheet, "purpose", r->purpose);
	alm_sheet_fact(s->sheet, "categories", r->categories);
	alm_sheet_fact(s->sheet, "basis", r->basis);
	alm_sheet_fact(s->sheet, "level-in", r->level_in);
	alm_sheet_fact(s->sheet, "level-out", r->level_out);
	alm_sheet_fact(s->sheet, "message-id", r->message);
	add_number(s->sheet, "mail", r->mail);
	add_number(s->sheet, "ref", r->ref);
	alm_sheet_fact(s->sheet, "person", r->person);
	add_number(s->sheet, "epoch", r->epoch);
	add_number(s->sheet, "people-seq", r->people);
	alm_sheet_fact(s->sheet, "standard", r->standard);
	alm_sheet_fact(s->sheet, "agent", r->agent);
	alm_sheet_fact(s->sheet, "detail", r->detail);
	alm_sheet_fact(s->sheet, "signature", r->signature);
	alm_sheet_fact(s->sheet, "evidence", s->grade);
}

/** What the fields mean. */
static void add_words(struct showing *s)
{
	struct alm_book *b = &s->report.book;
	const struct alm_log_row *r = &s->row;
	const struct alm_err_info *info =
		r->code > 1 ? alm_err_info((enum alm_err)r->code) : NULL;

	alm_sheet_fact(
		s->sheet, "sentence", info != NULL ? info->sentence : "");
	alm_sheet_fact(s->sheet, "sender-name",
		alm_book_organisation(b, r->epoch, r->sender));
	alm_sheet_fact(s->sheet, "recipient-name",
		alm_book_organisation(b, r->epoch, r->recipient));
	alm_sheet_fact(
		s->sheet, "basis-title", alm_book_basis(b, r->epoch, r->basis));
	alm_sheet_fact(s->sheet, "law", alm_book_law(b, r->epoch, r->basis));
	alm_sheet_fact(s->sheet, "same-message", s->follows);
}

/* --- for a reader --------------------------------------------------------- */

static void say(struct showing *s, const char *key, const char *text)
{
	if (*text != '\0') {
		alm_sheet_fact(s->sheet, key, text);
	}
}

static const char *plain(struct alm_book *book, const char *word)
{
	return alm_book_categories(book, word);
}

static void say_decision(struct showing *s)
{
	struct alm_book *b = &s->report.book;
	const struct alm_log_row *r = &s->row;
	const struct alm_err_info *info =
		r->code > 1 ? alm_err_info((enum alm_err)r->code) : NULL;

	say(s, "decision", r->effect);
	if (info != NULL) {
		say(s, "code",
			alm_book_text(b, "ALM-%u %s: %s", r->code, info->name,
				info->sentence));
		say(s, "hint", info->hint);
	}
	say(s, "purpose", alm_book_purpose(b, r->epoch, r->purpose));
	say(s, "released", alm_book_categories(b, r->categories));
	say(s, "asked-as", r->level_in);
	say(s, "given-as", r->level_out);
	say(s, "basis", alm_book_basis(b, r->epoch, r->basis));
	say(s, "law", alm_book_law(b, r->epoch, r->basis));
	say(s, "standard", r->standard);
}

/** The private part, a line for each of its lines. */
static void say_detail(struct showing *s)
{
	struct alm_book *b = &s->report.book;
	const char *at = s->row.detail;

	if (strchr(at, ':') == NULL) {
		say(s, "private-part", at);
		return;
	}
	while (*at != '\0') {
		size_t bytes = strcspn(at, ";");
		const char *line = alm_arena_text(b->arena, at, bytes);
		const char *colon = line != NULL ? strstr(line, ": ") : NULL;

		if (colon != NULL) {
			say(s,
				alm_book_text(b, "private: %.*s",
					(int)(colon - line), line),
				colon + 2);
		}
		at += bytes + (at[bytes] == ';' ? 1 : 0);
	}
}

static void say_all(struct showing *s)
{
	struct alm_book *b = &s->report.book;
	const struct alm_log_row *r = &s->row;

	add_number(s->sheet, "record", r->seq);
	say(s, "time", r->time);
	say(s, "what", plain(b, r->kind));
	say(s, "from", alm_book_organisation(b, r->epoch, r->sender));
	say(s, "to", alm_book_organisation(b, r->epoch, r->recipient));
	say(s, "agent", r->agent);
	say_decision(s);
	say(s, "message", r->message);
	if (r->mail != 0) {
		add_number(s->sheet, "mail", r->mail);
	}
	say(s, "person", r->person);
	if (r->ref != 0) {
		add_number(s->sheet, "follows-record", r->ref);
	}
	say(s, "same-message", s->follows);
	add_number(s->sheet, "policy-epoch", r->epoch);
	add_number(s->sheet, "people-sequence", r->people);
	say_detail(s);
	say(s, "signature", r->signature);
	say(s, "evidence", s->grade);
}

/* --- reading -------------------------------------------------------------- */

static bool add_follower(void *cookie, const struct alm_log_row *row)
{
	struct showing *s = cookie;

	if (row->seq != s->row.seq) {
		s->follows = alm_book_text(&s->report.book,
			"%s%s%" PRIu64 " %s", s->follows,
			*s->follows != '\0' ? ", " : "", row->seq, row->kind);
	}
	return true;
}

static enum alm_err read_all(struct showing *s, const struct alm_args *args,
	struct alm_problem *problem)
{
	struct alm_report *r = &s->report;
	char *end = NULL;
	uint64_t seq = strtoull(args->positionals[0], &end, 10);
	struct alm_log_row row;
	enum alm_err err = alm_report_begin(r, args, problem);

	if (err == ALM_OK && (*end != '\0' || seq == 0)) {
		err = alm_problem_set(
			problem, ALM_USAGE, "SEQ is the number of a record");
	}
	if (err == ALM_OK) {
		r->book.log = r->log;
		err = alm_log_get(r->log, seq, alm_args_has(args, "reveal"),
			alm_args_text(args, "reason"), &row, problem);
	}
	if (err == ALM_OK) {
		err = alm_log_keep(&row, &r->arena, &s->row);
	}
	if (err != ALM_OK || *s->row.message == '\0') {
		return err;
	}
	r->question = (struct alm_audit_question){.from = "",
		.to = "",
		.either = "",
		.purpose = "",
		.basis = "",
		.after = "",
		.has_message = true,
		.reason = alm_args_text(args, "reason")};
	err = alm_message_id_parse(s->row.message, &r->question.message);
	return err == ALM_OK ? alm_log_each(r->log, &r->question,
				       "what belongs to a record", add_follower,
				       s, problem)
			     : err;
}

static int show(struct showing *s, const struct alm_args *args)
{
	struct alm_problem problem = {.err = ALM_OK};
	int rc;

	problem.err = read_all(s, args, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	alm_log_grade(s->report.log, s->row.seq, s->grade);
	s->sheet = alm_sheet_new("almoner.audit.show/1", NULL, 0);
	if (args->output.format == ALM_FORMAT_TABLE) {
		say_all(s);
	} else {
		add_fields(s);
		add_words(s);
	}
	rc = alm_sheet_print(s->sheet, &args->output);
	alm_sheet_free(s->sheet);
	return rc;
}

int alm_cmd_audit_show(int argc, char **argv)
{
	struct showing showing = {.follows = ""};
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_audit_args_parse(&usage, argc, argv, &args, &reason);

	if (rc >= 0) {
		return rc;
	}
	rc = show(&showing, &args);
	alm_report_end(&showing.report);
	return rc;
}
