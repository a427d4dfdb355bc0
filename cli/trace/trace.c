/*
 * trace.c - almoner trace: every step of one message, from its making to what
 * became of it among people, with the time that each took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit/reason.h"
#include "cli/commands.h"
#include "cli/show/amount.h"
#include "cli/trace/follow.h"
#include "lib/time.h"

static const struct alm_option options[] = {
	ALM_ASKED_OPTION,
	{0},
};

static const struct alm_usage usage = {
	.name = "trace",
	.summary = "Follow one message: what was decided, handed over, taken, "
		   "given up and answered, and how long each step took.",
	.positionals = "ID",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  The id may be cut where it is still the only one.  With "
		 "--context an agent asks for\n  itself, and sees what its "
		 "organisation sent or was given; a process that runs with\n"
		 "  the same keys loses its connection to it.\n\n"
		 "  almoner trace 01998f3c-9a51 --reason INC-17\n"
		 "  almoner trace -c ward 01998f3c-9a51-7cc1-8cde-0242ac120002",
};

static const char *const columns[] = {"time", "after", "after-us", "step",
	"what", "from", "to", "agent", "attempt", "code", "name", "next-due",
	"record", "mail", "message", "relation", "message-kind"};

/** What a kind of record means for the message. */
static const struct {
	const char *kind;
	const char *what;
} words[] = {
	{"accepted", "decided, and on the broker's disk"},
	{"refused", "refused"},
	{"delivered", "handed over"},
	{"acknowledged", "taken by the recipient"},
	{"rejected", "rejected by the recipient"},
	{"stopped-at-hand-over", "stopped: not permitted any more"},
	{"expired", "expired"},
	{"notice", "its sender was told"},
	{"dead-lettered", "given up: a dead letter"},
	{"dead-letter-rerun", "put back into the queue"},
	{"dead-letter-removed", "removed: kept for as long as it may be"},
	{"override-reviewed", "its override was reviewed"},
	{"sent-to-several", "sent to several, decided for each"},
	{"request-timed-out", "nobody replied before its deadline"},
	{"deadline-passed", "not taken before its deadline"},
	{"escalated-to-deputy", "given to the deputy as well"},
	{"upload-begun", "its payload began to come in parts"},
	{"upload-cancelled", "given up by its sender, not whole"},
	{"upload-expired", "dropped: not whole within a day"},
	{"sent-again", "sent again, and given the first receipt"},
	{"now-queued", "now: waits in the mailbox"},
	{"now-on-hold", "now: waits, the mailbox is on hold"},
	{"now-handed-over", "now: in the hands of an agent"},
	{"now-due-again", "now: waits to be handed over again"},
	{"now-dead-letter", "now: a dead letter"},
};

/** What an answer says, once it is accepted, or its recipient has it. */
static const struct {
	const char *message_kind;
	const char *what;
} said[] = {
	{"reply", "replied to"},
	{"delivered", "the recipient says: it reached its people"},
	{"opened", "the recipient says: opened"},
	{"acted", "the recipient says: acted on"},
};

static const char *said_by(const struct alm_trace_step *step)
{
	const char *kind = step->cells[ALM_TRACE_KIND];

	/* To its recipient it was said when it was handed over. */
	if (!step->is_answer || (strcmp(kind, "accepted") != 0 &&
					strcmp(kind, "delivered") != 0)) {
		return NULL;
	}
	for (size_t i = 0; i < ALM_COUNT(said); i++) {
		if (strcmp(said[i].message_kind,
			    step->cells[ALM_TRACE_MESSAGE_KIND]) == 0) {
			return said[i].what;
		}
	}
	return NULL;
}

static const char *what_of(const struct alm_trace_step *step)
{
	const char *kind = step->cells[ALM_TRACE_KIND];
	const char *answer = said_by(step);

	if (answer != NULL) {
		return answer;
	}
	if (strcmp(kind, "delivered") == 0 &&
		strcmp(step->cells[ALM_TRACE_ATTEMPT], "1") != 0) {
		return "handed over again";
	}
	if (strcmp(kind, "escalated-to-deputy") == 0 &&
		strcmp(step->cells[ALM_TRACE_CODE], "0") != 0) {
		return "the deputy may not have it";
	}
	for (size_t i = 0; i < ALM_COUNT(words); i++) {
		if (strcmp(words[i].kind, kind) == 0) {
			return words[i].what;
		}
	}
	return kind;
}

static void add_step(struct alm_sheet *sheet, const struct alm_trace_step *step,
	int64_t after_us)
{
	const char *const *cells = step->cells;
	const char *code = cells[ALM_TRACE_CODE];
	char after[ALM_AMOUNT_BYTES];
	char micros[24];

	alm_span_text(after_us, after);
	(void)snprintf(micros, sizeof(micros), "%" PRId64,
		after_us < 0 ? 0 : after_us);
	alm_sheet_row(sheet,
		(const char *const[]){cells[ALM_TRACE_TIME], after, micros,
			cells[ALM_TRACE_KIND], what_of(step),
			cells[ALM_TRACE_SENDER], cells[ALM_TRACE_RECIPIENT],
			cells[ALM_TRACE_AGENT], cells[ALM_TRACE_ATTEMPT],
			strlen(code) > 1 ? code : "", cells[ALM_TRACE_NAME],
			cells[ALM_TRACE_DUE], cells[ALM_TRACE_SEQ],
			cells[ALM_TRACE_MAIL], cells[ALM_TRACE_MESSAGE],
			step->is_answer ? "answer" : "message",
			cells[ALM_TRACE_MESSAGE_KIND]});
}

/** The last that happened to the message, or was said of it. */
static const char *state_of(const struct alm_trace *trace)
{
	for (size_t i = trace->count; i-- > 0;) {
		const struct alm_trace_step *step = &trace->steps[i];

		if (!step->is_answer || said_by(step) != NULL) {
			return what_of(step);
		}
	}
	return "";
}

/** When the sender made it, by its own clock: the id says it. */
static int64_t made_us(const struct alm_trace *trace)
{
	struct alm_message_id id;

	return alm_message_id_parse(trace->id, &id) == ALM_OK
		       ? alm_message_id_ms(&id) * 1000
		       : 0;
}

static void add_took(struct alm_sheet *sheet, const struct alm_output *output,
	int64_t took_us)
{
	char text[ALM_AMOUNT_BYTES];

	if (output->format == ALM_FORMAT_TABLE) {
		alm_span_text(took_us, text);
		alm_sheet_fact(sheet, "took", text);
	} else {
		(void)snprintf(text, sizeof(text), "%" PRId64, took_us);
		alm_sheet_fact(sheet, "took-us", text);
	}
}

static int print(const struct alm_args *args, const struct alm_trace *trace)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.trace/1", columns, ALM_COUNT(columns));
	const struct alm_trace_step *last = &trace->steps[trace->count - 1];
	int64_t before_us = made_us(trace);
	char text[ALM_INSTANT_US_TEXT_BYTES];
	int rc;

	alm_instant_us_text(before_us, text);
	alm_sheet_fact(sheet, "message", trace->id);
	alm_sheet_fact(sheet, "made-at", text);
	alm_sheet_fact(sheet, "from", trace->steps[0].cells[ALM_TRACE_SENDER]);
	alm_sheet_fact(sheet, "answers", trace->answers);
	alm_sheet_fact(sheet, "state", state_of(trace));
	add_took(sheet, &args->output, last->time_us - before_us);
	for (size_t i = 0; i < trace->count; i++) {
		const struct alm_trace_step *step = &trace->steps[i];

		add_step(sheet, step, step->time_us - before_us);
		before_us = step->time_us;
	}
	alm_sheet_hide(sheet, "after-us");
	alm_sheet_hide(sheet, "step");
	alm_sheet_hide(sheet, "mail");
	alm_sheet_hide(sheet, "message");
	alm_sheet_hide(sheet, "code");
	alm_sheet_hide(sheet, "message-kind");
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

int alm_cmd_trace(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_trace trace;
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_audit_args_parse(&usage, argc, argv, &args, &reason);

	if (rc >= 0) {
		return rc;
	}
	alm_trace_init(&trace);
	problem.err =
		alm_trace_follow(&trace, &args, args.positionals[0], &problem);
	rc = problem.err == ALM_OK ? print(&args, &trace)
				   : alm_print_problem(&args.output, &problem);
	alm_trace_fini(&trace);
	return rc;
}
