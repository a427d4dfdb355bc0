/*
 * store.c - almoner audit query --store: reads a store that no daemon
 * has open, and records the question in it first.
 */
#include "broker/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "broker/store/evidence.h"
#include "broker/store/find.h"
#include "broker/store/index.h"
#include "cli/audit/log_internal.h"
#include "cli/audit/place.h"
#include "cli/audit/printer.h"
#include "cli/show/bar.h"
#include "lib/words.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define PAGE_ROWS 500u
#define PAGE_SCAN 100000u

/** The store of --store. */
static bool is_writable(const struct alm_args *args)
{
	struct alm_audit_place place = {.store = ""};

	alm_text_copy(
		place.store, sizeof(place.store), alm_args_text(args, "store"));
	return alm_audit_place_is_writable(&place);
}

bool alm_audit_is_recorded(const struct alm_args *args)
{
	return !alm_args_has(args, "no-record") || is_writable(args);
}

enum alm_err alm_audit_open_store(const struct alm_args *args,
	bool is_read_only, struct alm_store **out_store,
	struct alm_problem *problem)
{
	struct alm_audit_place place;
	enum alm_err err = alm_audit_place_find(args, &place, problem);

	return err == ALM_OK ? alm_audit_place_open(
				       &place, is_read_only, out_store, problem)
			     : err;
}

enum alm_err alm_audit_open_asked(const struct alm_args *args,
	struct alm_store **out_store, struct alm_problem *problem)
{
	bool is_recorded = alm_audit_is_recorded(args);
	enum alm_err err =
		alm_audit_open_store(args, !is_recorded, out_store, problem);

	if ((err == ALM_STORE_PATH || err == ALM_STORE_READ_ONLY) &&
		is_recorded && !is_writable(args)) {
		return alm_audit_cannot_record(
			alm_args_text(args, "store"), problem);
	}
	if (err == ALM_STORE_LOCKED) {
		return alm_problem_set(problem, err,
			"a daemon has it open: leave --store out, to ask that");
	}
	return err;
}

/** With its index as it is; without one the answer takes longer. */
static enum alm_err open_store(const struct alm_args *args,
	struct alm_store **out_store, struct alm_problem *problem)
{
	const struct alm_log_index_options index = {
		.path = alm_args_text(args, "store"), .is_read_only = true};
	enum alm_err err = alm_audit_open_asked(args, out_store, problem);

	return err == ALM_OK ? alm_log_index_open(*out_store, &index) : err;
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void alm_audit_make_filter(struct alm_store *store,
	const struct alm_audit_question *q, struct alm_audit_filter *out)
{
	*out = (struct alm_audit_filter){.has_person = q->person[0] != '\0',
		.sender = q->from,
		.recipient = q->to,
		.either = q->either,
		.purpose = q->purpose,
		.basis = q->basis,
		.effect = (uint8_t)q->effect,
		.has_code = q->has_code,
		.code = q->code,
		.kind = (enum alm_audit_kind)q->kind,
		.has_message_id = q->has_message,
		.message_id = q->message,
		.since_us = q->since_us,
		.until_us = q->until_us};
	if (out->has_person) {
		alm_store_pseudonym(store, q->person, out->person);
	}
}

/** How well a record is kept; leaf and path as hex, or "" when no proof is
 * asked for. */
struct proof_texts {
	char grade[ALM_GRADE_TEXT_BYTES];
	char leaf[2 * ALM_DIGEST_BYTES + 1];
	char path[64 * 2 * ALM_DIGEST_BYTES + 1];
};

static enum alm_err prove(struct alm_store *store, uint64_t seq, uint64_t size,
	struct proof_texts *out)
{
	struct alm_audit_proof proof;
	enum alm_err err = alm_audit_prove(store, seq, size, &proof);

	if (err == ALM_OK) {
		alm_hex(proof.leaf.raw, ALM_DIGEST_BYTES, out->leaf);
		alm_hex(proof.path[0].raw, proof.path_count * ALM_DIGEST_BYTES,
			out->path);
	}
	return err;
}

/** The leaf itself, as hex. */
static const char *header_of(
	struct alm_store *store, struct alm_arena *arena, uint64_t seq)
{
	struct alm_bytes header = {NULL, 0};
	char *text = NULL;

	if (alm_audit_leaf(store, seq, arena, &header) == ALM_OK) {
		text = alm_arena_take(arena, 2 * header.bytes + 1);
	}
	if (text == NULL) {
		return "";
	}
	alm_hex(header.data, header.bytes, text);
	return text;
}

static void add_view(struct alm_store *store, struct alm_audit_printer *printer,
	struct alm_arena *arena, const struct alm_audit_view *view,
	const struct proof_texts *proof)
{
	const struct alm_audit_record *r = &view->record;
	const char *signature =
		view->detail == NULL
			? ""
			: alm_audit_signature_text(r->signature, arena);
	const struct alm_audit_told told = {
		.record = r,
		.agent = alm_log_agent_name(store, arena, r->agent),
		.detail = view->is_pruned ? "pruned"
			  : view->is_erased
				  ? "erased"
				  : alm_log_one_line(arena, view->detail),
		.signature = signature == NULL ? "" : signature,
		.evidence = proof->grade,
		.leaf = proof->leaf,
		.path = proof->path,
		.header = proof->leaf[0] == '\0'
				  ? ""
				  : header_of(store, arena, r->seq),
	};

	alm_audit_printer_record(printer, &told);
}

/** A question being answered, page after page. */
struct scan {
	const struct alm_args *args;
	const struct alm_audit_question *question;
	struct alm_audit_find find;
	struct alm_evidence_marks marks;
	bool is_done;
	size_t total;
};

static enum alm_err scan_page(struct alm_store *store, struct scan *s,
	struct alm_arena *arena, struct alm_audit_printer *printer)
{
	size_t limit = s->question->limit;
	size_t left = limit == 0 ? PAGE_ROWS : limit - s->total;
	struct alm_audit_found found;
	enum alm_err err;

	alm_arena_reset(arena);
	s->find.row_max = left < PAGE_ROWS ? left : PAGE_ROWS;
	err = alm_store_evidence_marks(store, &s->marks);
	if (err == ALM_OK) {
		err = alm_audit_find(store, &s->find, arena, &found);
	}
	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 0; i < found.row_count; i++) {
		struct proof_texts proof = {.leaf = "", .path = ""};

		alm_evidence_grade(
			&s->marks, found.rows[i].record.seq, proof.grade);
		if (s->question->proves) {
			err = prove(store, found.rows[i].record.seq,
				s->find.size, &proof);
			if (err != ALM_OK && err != ALM_STORE_CORRUPT) {
				return err;
			}
		}
		add_view(store, printer, arena, &found.rows[i], &proof);
	}
	if (found.damaged > 0) {
		alm_audit_tell_damage(
			s->args, found.damaged, found.first_damaged);
	}
	s->total += found.row_count;
	s->find.next = found.next;
	s->is_done = found.next == 0;
	return ALM_OK;
}

static int scan_all(struct alm_store *store, struct scan *s,
	struct alm_arena *arena, struct alm_audit_printer *printer)
{
	const struct alm_output *output = &s->args->output;
	char cursor[ALM_CURSOR_TEXT_BYTES] = "";
	struct alm_bar bar;
	int rc = ALM_EXIT_OK;

	alm_bar_init(&bar, output, "records");
	while (rc == ALM_EXIT_OK && !s->is_done &&
		(s->question->limit == 0 || s->total < s->question->limit)) {
		enum alm_err err = scan_page(store, s, arena, printer);

		if (err != ALM_OK) {
			alm_bar_end(&bar);
			return alm_print_failure(output,
				&(struct alm_failure){err, "", NULL, 0});
		}
		rc = alm_audit_printer_page(printer);
		alm_bar_show(&bar,
			s->find.is_newest_first ? s->find.size - s->find.next
						: s->find.next,
			s->find.size);
	}
	alm_bar_end(&bar);
	if (s->is_done && s->total == 0) {
		alm_audit_tell_none(s->args);
	} else if (!s->is_done) {
		alm_audit_cursor_text(store, &s->find, "",
			(struct alm_cursor_given){.at_us = now_us()}, cursor);
	}
	return rc == ALM_EXIT_OK ? alm_audit_printer_end(printer, cursor) : rc;
}

static void tell_root(
	struct alm_store *store, const struct scan *s, struct alm_sheet *sheet)
{
	char root[2 * ALM_DIGEST_BYTES + 1];
	struct alm_audit_head head;
	struct alm_bytes note = {NULL, 0};
	struct alm_arena arena;
	char text[ALM_HEAD_BYTES_MAX + 1];
	char size[24];

	if (!s->question->proves ||
		alm_audit_head_at(store, s->find.size, &head) != ALM_OK) {
		return;
	}
	alm_arena_init(&arena, ALM_HEAD_BYTES_MAX * 8);
	if (alm_store_head_note(store, s->find.size, &arena, &note) == ALM_OK &&
		note.bytes < sizeof(text)) {
		memcpy(text, note.data, note.bytes);
		text[note.bytes] = '\0';
	} else {
		text[0] = '\0';
	}
	alm_arena_fini(&arena);
	(void)snprintf(
		size, sizeof(size), "%llu", (unsigned long long)head.size);
	alm_hex(head.root.raw, ALM_DIGEST_BYTES, root);
	alm_audit_tell_root(s->args, sheet, size, root, text);
}

/** What is asked, and where its answer goes on. */
static enum alm_err begin_scan(struct alm_store *store, struct scan *s)
{
	struct alm_audit_head head;
	struct alm_cursor_given given; /* each is recorded here */
	enum alm_err err = alm_store_evidence_marks(store, &s->marks);

	if (err != ALM_OK) {
		return err;
	}
	alm_store_audit_head(store, &head);
	alm_audit_make_filter(store, s->question, &s->find.filter);
	/* Proofs lead to a signed head, if there is one. */
	s->find.size = s->question->proves && s->marks.signed_size > 0
			       ? s->marks.signed_size
			       : head.size;
	s->find.work_max = PAGE_SCAN;
	s->find.with_detail = s->question->reveals;
	s->find.is_newest_first = s->question->is_newest_first;
	if (*s->question->after == '\0') {
		return ALM_OK;
	}
	return alm_audit_cursor_read(
		store, s->question->after, "", &s->find, &given);
}

static struct alm_bundle_files *policy_of(void *cookie, uint64_t epoch)
{
	struct alm_log log = {.store = cookie};

	return alm_log_store_policy(&log, epoch);
}

int alm_audit_query_store(
	const struct alm_args *args, const struct alm_audit_question *question)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct scan scan = {.args = args, .question = question};
	struct alm_store *store = NULL;
	struct alm_audit_printer *printer = NULL;
	struct alm_arena arena;
	int rc;

	problem.err = open_store(args, &store, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	problem.err = begin_scan(store, &scan);
	if (problem.err == ALM_OK && !alm_audit_is_recorded(args)) {
		alm_print_warning(&args->output,
			"this question is not recorded (--no-record)");
	} else if (problem.err == ALM_OK) {
		problem.err = alm_audit_record_question(store, question,
			&scan.find.filter, "audit.query",
			question->reveals ? "revealed" : "asked");
	}
	if (problem.err == ALM_OK) {
		problem.err = alm_audit_printer_new(args,
			"almoner.audit.query/1", alm_audit_columns,
			ALM_AUDIT_COLUMNS -
				(question->proves ? 0
						  : ALM_AUDIT_PROOF_COLUMNS),
			&printer, &problem);
	}
	if (problem.err != ALM_OK) {
		rc = alm_print_problem(&args->output, &problem);
	} else {
		alm_audit_printer_policies(printer, policy_of, store);
		tell_root(store, &scan, alm_audit_printer_sheet(printer));
		rc = scan_all(store, &scan, &arena, printer);
	}
	alm_audit_printer_free(printer);
	alm_arena_fini(&arena);
	alm_store_close(store);
	return rc;
}
