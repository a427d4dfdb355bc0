/* audit.c - almoner audit head and query, from the daemon. */
#include "broker/store/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/audit/ask.h"
#include "cli/audit/asker.h"
#include "cli/audit/evidence.h"
#include "cli/audit/printer.h"
#include "cli/audit/reason.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/show/bar.h"
#include "lib/limits.h"
#include "lib/lines.h"

#define PAGE_ROWS 500u

static const struct alm_option head_options[] = {
	{"checkpoint", 0, ALM_OPTION_FLAG, NULL,
		"the newest signed head, with its cosignatures", false, false},
	{"size", 0, ALM_OPTION_NUMBER, "N",
		"the signed head of that many records", false, false},
	{"out", 'o', ALM_OPTION_TEXT, "FILE",
		"write the newest signed head, or that of --size, there", false,
		false},
	{"force", 0, ALM_OPTION_FLAG, NULL, "replace a file that is there",
		false, false},
	{0},
};

static const struct alm_usage head_usage = {
	.name = "audit head",
	.summary = "Show the size and the root of the audit log.  Keep it "
		   "elsewhere: a later log must contain it.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = head_options,
	.notes = "  almoner audit head --checkpoint --out head.today",
};

/** The newest signed head, or that of a size. */
static int head_checkpoint(const struct alm_args *args)
{
	struct alm_ask ask = {.verb = "audit.checkpoint"};

	alm_ask_add(&ask, "size", alm_args_text(args, "size"));
	return alm_audit_fetch_and_keep(args, &ask);
}

int alm_cmd_audit_head(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "audit.head"};
	struct alm_args args;
	int rc = alm_args_parse(&head_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (alm_args_has(&args, "checkpoint") || alm_args_has(&args, "size") ||
		alm_args_has(&args, "out") || alm_context_is_agents(&args)) {
		return head_checkpoint(&args);
	}
	return alm_admin_show(&args, &ask, "almoner.audit.head/1", 0);
}

static const struct alm_option query_options[] = {
	ALM_AUDIT_FILTER_OPTIONS,
	{"since", 0, ALM_OPTION_MOMENT, "TIME", "from then, inclusive", false,
		false},
	{"until", 0, ALM_OPTION_MOMENT, "TIME", "until then, exclusive", false,
		false},
	ALM_LIMIT_OPTION,
	{"after", 0, ALM_OPTION_TEXT, "CURSOR",
		"go on where an earlier answer stopped", false, false},
	{"reverse", 0, ALM_OPTION_FLAG, NULL, "newest first", false, false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"show the private part of each record; needs --reason", false,
		false},
	{"proof", 0, ALM_OPTION_FLAG, NULL,
		"add to each record its proof of being in the log as last "
		"signed",
		false, false},
	ALM_ASKED_OPTION,
	ALM_AUDIT_FORMAT_OPTION,
	{"wide", 'w', ALM_OPTION_FLAG, NULL, "show all columns in a table",
		false, false},
	{"store", 0, ALM_OPTION_TEXT, "DIR",
		"read this store instead of asking the daemon", false, false},
	{"key", 0, ALM_OPTION_TEXT, "FILE", "the store's key, with --store",
		false, false},
	{"no-record", 0, ALM_OPTION_FLAG, NULL,
		"with --store: ask although the store cannot be written, and "
		"the question not be recorded",
		false, false},
	{"complete", 0, ALM_OPTION_FLAG, NULL,
		"as audit bundle: every record of the time, with the proof "
		"that none is left out; with --out",
		false, false},
	{"out", 'o', ALM_OPTION_TEXT, "FILE", "the bundle, with --complete",
		false, false},
	{0},
};

static const struct alm_usage query_usage = {
	.name = "audit query",
	.summary = "Find records of the audit log.  All conditions must hold.  "
		   "The question itself is recorded.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = query_options,
	.notes = "  almoner audit query --from RX1 --effect deny --since "
		 "2026-07-01 --reason INC-17 --csv\n"
		 "  almoner audit query --person - --reason 'SAR 2026/118' "
		 "--jsonl < number.txt\n"
		 "  With --context an agent asks, about what its own "
		 "organisation sent or was given.\n\n" ALM_AUDIT_KINDS_NOTE,
};

/** The value of a fact; "" if the answer has none. */
static const char *fact(const struct alm_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->fact_count; i++) {
		if (strcmp(answer->facts[i].key, key) == 0) {
			return answer->facts[i].value;
		}
	}
	return "";
}

/** One page of the answer. */
static enum alm_err ask_page(struct alm_asker *asker,
	const struct alm_ask *question, size_t row_max,
	struct alm_audit_texts *texts, struct alm_answer *answer,
	struct alm_problem *problem)
{
	struct alm_ask ask = *question;

	(void)snprintf(texts->limit, sizeof(texts->limit), "%zu", row_max);
	alm_ask_add(&ask, "limit", texts->limit);
	alm_ask_add(
		&ask, "after", texts->after[0] != '\0' ? texts->after : NULL);
	return alm_asker_ask(asker, &ask, answer, problem);
}

/** The signed head that the proofs lead to; "" if there is none. */
static void read_note(
	const struct alm_answer *answer, uint8_t note[ALM_TEXT_BYTES_MAX + 1])
{
	const char *text = fact(answer, "checkpoint");
	size_t bytes = 0;

	if (!alm_line_base64_any(
		    (struct alm_bytes){(const uint8_t *)text, strlen(text)},
		    note, ALM_TEXT_BYTES_MAX, &bytes)) {
		bytes = 0;
	}
	note[bytes] = '\0';
}

/** What the first page says of the whole answer. */
static enum alm_err begin(const struct alm_args *args,
	const struct alm_audit_question *q, const struct alm_answer *answer,
	struct alm_audit_printer **out_printer, struct alm_problem *problem)
{
	enum alm_err err = alm_audit_printer_new(args, "almoner.audit.query/1",
		answer->columns.items, answer->columns.count, out_printer,
		problem);

	if (err == ALM_OK && q->proves) {
		uint8_t note[ALM_TEXT_BYTES_MAX + 1] = "";

		read_note(answer, note);
		alm_audit_tell_root(args, alm_audit_printer_sheet(*out_printer),
			fact(answer, "size"), fact(answer, "root"),
			(const char *)note);
	}
	return err;
}

static void print_page(const struct alm_args *args,
	const struct alm_answer *answer, struct alm_audit_printer *printer)
{
	const char *damaged = fact(answer, "damaged");

	for (size_t i = 0; i < answer->row_count; i++) {
		alm_audit_printer_row(printer, answer->rows[i].items);
	}
	if (damaged[0] != '\0') {
		alm_audit_tell_damage(args, strtoull(damaged, NULL, 10),
			strtoull(fact(answer, "first-damaged"), NULL, 10));
	}
}

/** Ask page after page; rows of a stream are printed as they come. */
static int ask_all(struct alm_asker *asker, const struct alm_args *args,
	const struct alm_audit_question *q)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "audit.query"};
	struct alm_audit_printer *printer = NULL;
	struct alm_audit_texts texts = {.after = ""};
	struct alm_answer answer;
	struct alm_bar bar;
	size_t total = 0;
	int rc = ALM_EXIT_OK;

	alm_bar_init(&bar, &args->output, "records");
	alm_audit_ask_fill(&ask, q, &texts);
	(void)snprintf(texts.after, sizeof(texts.after), "%s", q->after);
	do {
		size_t left = q->limit == 0 ? PAGE_ROWS : q->limit - total;

		problem.err = ask_page(asker, &ask,
			left < PAGE_ROWS ? left : PAGE_ROWS, &texts, &answer,
			&problem);
		if (problem.err == ALM_OK && printer == NULL) {
			problem.err =
				begin(args, q, &answer, &printer, &problem);
		}
		if (problem.err != ALM_OK) {
			rc = alm_print_problem(&args->output, &problem);
			break;
		}
		print_page(args, &answer, printer);
		total += answer.row_count;
		(void)snprintf(
			texts.after, sizeof(texts.after), "%s", answer.cursor);
		rc = alm_audit_printer_page(printer);
		alm_bar_show(&bar, strtoull(fact(&answer, "seen"), NULL, 10),
			strtoull(fact(&answer, "size"), NULL, 10));
	} while (rc == ALM_EXIT_OK && texts.after[0] != '\0' &&
		 (q->limit == 0 || total < q->limit));
	alm_bar_end(&bar);
	if (rc == ALM_EXIT_OK && total == 0 && texts.after[0] == '\0') {
		alm_audit_tell_none(args);
	}
	if (rc == ALM_EXIT_OK) {
		rc = alm_audit_printer_end(printer, texts.after);
	}
	alm_audit_printer_free(printer);
	return rc;
}

static int query_daemon(
	const struct alm_args *args, const struct alm_audit_question *question)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_asker *asker = NULL;
	int rc;

	problem.err = alm_asker_open(args, &asker, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	rc = ask_all(asker, args, question);
	alm_asker_close(asker);
	return rc;
}

/** The answer as evidence: a bundle. */
static int query_complete(const struct alm_args *args)
{
	if (!alm_args_has(args, "out")) {
		return alm_args_complain(args, "--complete needs --out");
	}
	return alm_audit_bundle_make(args);
}

int alm_cmd_audit_query(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_audit_question question;
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_args_parse(&query_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (alm_args_has(&args, "out") && !alm_args_has(&args, "complete")) {
		return alm_args_complain(&args, "--out needs --complete");
	}
	problem.err = alm_audit_format_check(&args, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_audit_reason(&args, &reason, &problem);
	}
	if (problem.err == ALM_OK && alm_args_has(&args, "complete")) {
		return query_complete(&args);
	}
	if (problem.err == ALM_OK) {
		problem.err =
			alm_audit_question_read(&args, &question, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	rc = alm_args_has(&args, "store")
		     ? alm_audit_query_store(&args, &question)
		     : query_daemon(&args, &question);
	sodium_memzero(question.person, sizeof(question.person));
	return rc;
}
