/*
 * duty.c - almoner duty list and show: what recipients owe for the data that
 * they were given, and what of it is open.  What a broker cannot know, such as
 * whether something was deleted, it does not say.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "broker/store/audit.h"
#include "cli/admin.h"
#include "cli/audit/reason.h"
#include "cli/audit/report.h"
#include "cli/commands.h"
#include "cli/duty/duties.h"
#include "cli/trace/follow.h"
#include "lib/id.h"

#define REVIEW "review:override"

/** One duty of one recipient towards one sender. */
struct row {
	const char *duty;
	const char *state;
	const char *due;
	const char *title; /* of the agreement */
	struct alm_handed handed;
};

struct list {
	struct alm_report report;
	struct alm_duties duties;
	const char *duty; /* only this one; "" any */
	struct row *rows;
	size_t count;
	size_t capacity;
	bool is_short; /* memory was out */
};

static const char *text(struct list *list, const char *from)
{
	return alm_book_text(&list->report.book, "%s", from);
}

static struct row *add_row(struct list *list)
{
	if (list->count == list->capacity) {
		size_t more = list->capacity * 2 + 64;
		struct row *grown =
			realloc(list->rows, more * sizeof(*list->rows));

		if (grown == NULL) {
			list->is_short = true;
			return NULL;
		}
		list->rows = grown;
		list->capacity = more;
	}
	return &list->rows[list->count++];
}

/* --- what went out -------------------------------------------------------- */

static const char *state_word(enum alm_duty_state state)
{
	switch (state) {
	case ALM_DUTY_STANDING:
		break;
	case ALM_DUTY_OPEN:
		return "open";
	case ALM_DUTY_DUE:
		return "due";
	}
	return "standing";
}

/** A row of the same agreement, sender and recipient, from `begin` on, whose
 * policies differ in something else. */
static struct row *find_row(struct list *list, size_t begin, const char *duty)
{
	for (size_t i = begin; i < list->count; i++) {
		if (strcmp(list->rows[i].duty, duty) == 0) {
			return &list->rows[i];
		}
	}
	return NULL;
}

static void put_duty(struct list *list, size_t begin, const char *duty,
	const struct alm_bundle_basis *basis, const struct alm_handed *handed)
{
	struct row *row = find_row(list, begin, duty);
	char day[11];

	if (*list->duty != '\0' && strcmp(list->duty, duty) != 0) {
		return;
	}
	if (row != NULL) {
		row->handed.messages += handed->messages;
		if (strcmp(handed->last, row->handed.last) > 0) {
			memcpy(row->handed.last, handed->last,
				sizeof(row->handed.last));
		}
		return;
	}
	row = add_row(list);
	if (row != NULL) {
		enum alm_duty_state state =
			alm_duty_state(duty, list->report.made_s, day);

		*row = (struct row){.duty = text(list, duty),
			.state = basis == NULL ? "unknown" : state_word(state),
			.due = text(list, day),
			.title = basis == NULL ? "" : text(list, basis->title),
			.handed = *handed};
	}
}

/** The obligations of each agreement, in the policy that was in force. */
static void expand(struct list *list)
{
	const struct alm_handed *last = NULL;
	size_t begin = 0;

	for (size_t i = 0; i < list->duties.count; i++) {
		const struct alm_handed *handed = &list->duties.items[i];
		const struct alm_bundle *bundle =
			alm_book_bundle_at(&list->report.book, handed->epoch);
		const struct alm_bundle_basis *basis =
			bundle == NULL
				? NULL
				: alm_duties_basis(bundle, handed->basis);

		if (last == NULL || strcmp(last->basis, handed->basis) != 0 ||
			strcmp(last->sender, handed->sender) != 0 ||
			strcmp(last->recipient, handed->recipient) != 0) {
			begin = list->count;
		}
		last = handed;
		if (basis == NULL) {
			put_duty(list, begin, "the policy cannot be read", NULL,
				handed);
		}
		for (size_t j = 0;
			basis != NULL && j < basis->obligations.count; j++) {
			put_duty(list, begin, basis->obligations.items[j].text,
				basis, handed);
		}
	}
}

static bool add_handed(void *cookie, const struct alm_log_row *row)
{
	return alm_duties_add(cookie, row);
}

static enum alm_err gather(struct list *list, struct alm_problem *problem)
{
	struct alm_report *r = &list->report;
	enum alm_err err = alm_duties_init(&list->duties, alm_log_size(r->log));

	if (err == ALM_OK) {
		r->book.log = r->log;
		r->question.kind = ALM_AUDIT_DELIVERED;
		err = alm_log_each(r->log, &r->question, "duties", add_handed,
			&list->duties, problem);
	}
	if (err == ALM_OK) {
		expand(list);
	}
	if (err == ALM_OK && (list->is_short || list->duties.is_short)) {
		err = ALM_NOMEM;
	}
	return err != ALM_NOMEM
		       ? err
		       : alm_problem_set(problem, err,
				 "more than this machine's memory takes: "
				 "narrow it with --since and --until");
}

/* --- reviews -------------------------------------------------------------- */

static bool is_asked(const char *wanted, const char *is)
{
	return wanted == NULL || *wanted == '\0' || strcmp(wanted, is) == 0;
}

/** An override that was used is a duty of the Guardian, which the broker sees
 * fulfilled. */
static bool add_review(
	void *cookie, const struct alm_answer *answer, size_t row)
{
	struct list *list = cookie;
	const struct alm_audit_question *q = &list->report.question;
	const char *sender = alm_answer_cell(answer, row, "sender");
	const char *basis = alm_answer_cell(answer, row, "basis");
	const char *used = alm_answer_cell(answer, row, "used-at");
	char message[ALM_UUID_TEXT_BYTES] = "";
	int64_t used_us = 0;
	struct row *out;

	if (q->has_message) {
		alm_message_id_text(&q->message, message);
	}
	if (!is_asked(q->from, sender) || !is_asked(q->basis, basis) ||
		!is_asked(q->to, alm_answer_cell(answer, row, "recipient")) ||
		!is_asked(
			message, alm_answer_cell(answer, row, "message-id")) ||
		alm_instant_us_parse(used, &used_us) != ALM_OK ||
		used_us < q->since_us ||
		(q->until_us > 0 && used_us >= q->until_us)) {
		return true;
	}
	out = add_row(list);
	if (out == NULL) {
		return false;
	}
	*out = (struct row){.duty = REVIEW,
		.state = text(list, alm_answer_cell(answer, row, "status")),
		.due = text(list, alm_answer_cell(answer, row, "due-at")),
		.title = "",
		.handed = {.basis = text(list, basis),
			.sender = text(list, sender),
			.recipient = "guardian",
			.messages = 1,
			.seq = strtoull(
				alm_answer_cell(answer, row, "id"), NULL, 10)}};
	alm_text_copy(out->handed.first, sizeof(out->handed.first), used);
	alm_text_copy(out->handed.last, sizeof(out->handed.last), used);
	return true;
}

static enum alm_err gather_reviews(
	struct list *list, bool with_done, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "override.list"};
	struct alm_control *control = NULL;
	enum alm_err err;

	/* A store without its daemon has no queue to ask. */
	if (alm_args_has(list->report.args, "store") ||
		!is_asked(list->duty, REVIEW)) {
		return ALM_OK;
	}
	alm_ask_add(&ask, "all", with_done ? "yes" : NULL);
	err = alm_admin_open(list->report.args, &control, problem);
	if (err == ALM_OK) {
		err = alm_admin_each(control, &ask, add_review, list, problem);
	}
	alm_control_close(control);
	return err == ALM_OK && list->is_short ? ALM_NOMEM : err;
}

/* --- printing ------------------------------------------------------------- */

static const char *const columns[] = {"duty", "state", "due", "owed-by",
	"owed-to", "basis", "title", "messages", "first", "last", "record"};

static int print(struct list *list, const char *schema)
{
	const struct alm_output *output = &list->report.args->output;
	struct alm_sheet *sheet =
		alm_sheet_new(schema, columns, ALM_COUNT(columns));
	int rc;

	alm_sheet_hide(sheet, "title");
	alm_sheet_hide(sheet, "record");
	for (size_t i = 0; i < list->count; i++) {
		const struct row *row = &list->rows[i];
		const struct alm_handed *h = &row->handed;
		char messages[24];
		char seq[24];

		(void)snprintf(
			messages, sizeof(messages), "%" PRIu64, h->messages);
		(void)snprintf(seq, sizeof(seq), "%" PRIu64, h->seq);
		alm_sheet_row(sheet,
			(const char *const[]){row->duty, row->state, row->due,
				h->recipient, h->sender, h->basis, row->title,
				messages, h->first, h->last, seq});
	}
	rc = alm_sheet_print(sheet, output);
	alm_sheet_free(sheet);
	return rc;
}

/** As far as it is the same for both; the question is set. */
static int run(struct list *list, const struct alm_args *args, bool with_done,
	const char *schema)
{
	struct alm_audit_question question = list->report.question;
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	int rc;

	problem.err = alm_report_begin(&list->report, args, &problem);
	list->report.question = question;
	if (problem.err == ALM_OK) {
		problem.err = gather(list, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = gather_reviews(list, with_done, &problem);
	}
	rc = problem.err == ALM_OK
		     ? alm_report_exit(&list->report, print(list, schema))
		     : alm_print_problem(&args->output, &problem);
	alm_duties_fini(&list->duties);
	alm_report_end(&list->report);
	free(list->rows);
	return rc;
}

/* --- list ----------------------------------------------------------------- */

static const struct alm_option list_options[] = {
	{"duty", 0, ALM_OPTION_TEXT, "WORD", "only this one", false, false},
	{"from", 0, ALM_OPTION_TEXT, "ORG", "only for what it sent", false,
		false},
	{"to", 0, ALM_OPTION_TEXT, "ORG", "only for what it was given", false,
		false},
	{"basis", 'b', ALM_OPTION_TEXT, "ID", "only under this agreement",
		false, false},
	{"since", 0, ALM_OPTION_MOMENT, "TIME", "given since then", false,
		false},
	{"until", 0, ALM_OPTION_MOMENT, "TIME", "given before", false, false},
	{"all", 0, ALM_OPTION_FLAG, NULL, "also reviews that were made", false,
		false},
	ALM_ASKED_OPTION,
	ALM_LOG_OPTIONS,
	{0},
};

static const struct alm_usage list_usage = {
	.name = "duty list",
	.summary = "List the obligations that went out with data: who owes "
		   "them to whom, for how many messages, and until when.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = list_options,
	.notes = "  standing: for as long as they have it.  open, due: a duty "
		 "that ends in :YYYY-MM-DD,\n  before and after that day; "
		 "whether it was done the broker is not told.  open, overdue,\n"
		 "  reviewed: the review of an override.\n\n"
		 "  almoner duty list --to 511 --since 30d --reason 'DPO "
		 "review'",
};

int alm_cmd_duty_list(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	struct list list = {.count = 0};
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_audit_args_parse(&list_usage, argc, argv, &args, &reason);

	if (rc >= 0) {
		return rc;
	}
	problem.err =
		alm_audit_question_read(&args, &list.report.question, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	list.duty =
		alm_args_has(&args, "duty") ? alm_args_text(&args, "duty") : "";
	return run(&list, &args, alm_args_has(&args, "all"),
		"almoner.duty.list/1");
}

/* --- show ----------------------------------------------------------------- */

static const struct alm_option show_options[] = {
	ALM_ASKED_OPTION,
	ALM_LOG_OPTIONS,
	{0},
};

static const struct alm_usage show_usage = {
	.name = "duty show",
	.summary = "Show what each recipient of a message owes for it.",
	.positionals = "ID",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = show_options,
};

/** An id; of a broker that runs also the beginning of one. */
static enum alm_err find_message(const struct alm_args *args,
	struct alm_message_id *out_id, struct alm_problem *problem)
{
	char id[ALM_UUID_TEXT_BYTES];
	enum alm_err err = alm_message_id_parse(args->positionals[0], out_id);

	if (err == ALM_OK || alm_args_has(args, "store")) {
		return err;
	}
	err = alm_trace_find(args, args->positionals[0], id, problem);
	return err == ALM_OK ? alm_message_id_parse(id, out_id) : err;
}

int alm_cmd_duty_show(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	struct list list = {.duty = ""};
	struct alm_audit_question *question = &list.report.question;
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_audit_args_parse(&show_usage, argc, argv, &args, &reason);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_audit_question_read(&args, question, &problem);
	if (problem.err == ALM_OK) {
		question->has_message = true;
		problem.err = find_message(&args, &question->message, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	return run(&list, &args, true, "almoner.duty.show/1");
}
