/* Reading the log from a store that no daemon has open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/find.h"
#include "broker/store/store.h"
#include "cli/audit/log_internal.h"
#include "cli/context.h"
#include "lib/words.h"

#define PAGE_WORK 100000u

enum alm_err alm_log_store_open(
	struct alm_log *log, struct alm_problem *problem)
{
	struct alm_audit_head head;
	enum alm_err err =
		alm_audit_open_asked(log->args, &log->store, problem);

	if (err == ALM_OK) {
		alm_store_audit_head(log->store, &head);
		log->size = head.size;
		alm_hex(head.root.raw, sizeof(head.root.raw), log->root);
	}
	return err;
}

/** Write down the question before anything is answered. */
static enum alm_err record(struct alm_store *store,
	const struct alm_audit_question *question,
	const struct alm_audit_filter *filter, const char *verb,
	const char *what)
{
	struct alm_audit_question told = *question;
	char reason[ALM_TEXT_BYTES_MAX + 64];

	(void)snprintf(reason, sizeof(reason), "%s: %s", what,
		question->reason != NULL ? question->reason : "");
	told.reason = reason;
	return alm_audit_record_question(store, &told, filter, verb,
		question->reveals ? "revealed" : "asked");
}

const char *alm_log_agent_name(
	struct alm_store *store, struct alm_arena *arena, uint64_t number)
{
	struct alm_agent_row row;

	if (number == 0 ||
		alm_store_agent_next(store, number - 1, arena, &row) !=
			ALM_OK ||
		row.number != number) {
		return "";
	}
	return row.name;
}

const char *alm_log_one_line(struct alm_arena *arena, const char *detail)
{
	const char *from = detail != NULL ? detail : "";
	char *text = alm_arena_text(arena, from, strlen(from));

	for (char *c = text; c != NULL && *c != '\0'; c++) {
		if (*c == ';') {
			*c = ',';
		} else if (*c == '\n') {
			*c = c[1] == '\0' ? '\0' : ';';
		}
	}
	return text != NULL ? text : "";
}

static const char *hex(struct alm_arena *arena, const uint8_t raw[16])
{
	char text[33];
	const char *copy;

	alm_hex(raw, 16, text);
	copy = alm_arena_text(arena, text, 32);
	return copy != NULL ? copy : "";
}

static const char *instant(struct alm_arena *arena, int64_t instant_us)
{
	char text[ALM_INSTANT_US_TEXT_BYTES];
	const char *copy;

	alm_instant_us_text(instant_us, text);
	copy = alm_arena_text(arena, text, strlen(text));
	return copy != NULL ? copy : "";
}

static struct alm_log_row row_of(struct alm_store *store,
	struct alm_arena *arena, const struct alm_audit_view *view)
{
	const struct alm_audit_record *r = &view->record;
	char message[ALM_UUID_TEXT_BYTES] = "";
	const char *signature;
	const char *copy;

	if (r->has_message_id) {
		alm_message_id_text(&r->message_id, message);
	}
	copy = alm_arena_text(arena, message, strlen(message));
	signature = view->detail == NULL
			    ? ""
			    : alm_audit_signature_text(r->signature, arena);
	return (struct alm_log_row){
		.seq = r->seq,
		.time = instant(arena, r->time_us),
		.kind = alm_audit_kind_word(r->kind),
		.effect = alm_effect_word(r->effect),
		.code = r->code,
		.sender = r->sender,
		.recipient = r->recipient,
		.purpose = r->purpose,
		.categories = r->categories,
		.basis = r->basis,
		.level_in = alm_level_word(r->level_in),
		.level_out = alm_level_word(r->level_out),
		.message = copy != NULL ? copy : "",
		.ref = r->ref,
		.mail = r->mail_seq,
		.person = r->has_person ? hex(arena, r->person) : "",
		.epoch = r->policy_epoch,
		.people = r->people_seq,
		.standard = r->standard,
		.agent = alm_log_agent_name(store, arena, r->agent),
		.detail = view->is_pruned ? "pruned"
			  : view->is_erased
				  ? "erased"
				  : alm_log_one_line(arena, view->detail),
		.signature = signature != NULL ? signature : "",
	};
}

enum alm_err alm_log_store_each(struct alm_log *log,
	const struct alm_audit_question *question, const char *what,
	alm_log_row_fn *each, void *cookie, struct alm_problem *problem)
{
	struct alm_audit_find find = {.size = log->size,
		.row_max = ALM_LOG_PAGE_ROWS,
		.work_max = PAGE_WORK,
		.with_detail = question->reveals};
	enum alm_err err = ALM_OK;

	alm_audit_make_filter(log->store, question, &find.filter);
	if (alm_audit_is_recorded(log->args)) {
		err = record(log->store, question, &find.filter, "audit.query",
			what);
	}
	do {
		struct alm_audit_found found = {.next = 0};

		alm_arena_reset(&log->arena);
		if (err == ALM_OK) {
			err = alm_audit_find(
				log->store, &find, &log->arena, &found);
		}
		if (err != ALM_OK) {
			return alm_problem_set(problem, err, "the store");
		}
		alm_log_note_damage(log, found.damaged, found.first_damaged);
		for (size_t i = 0; i < found.row_count; i++) {
			struct alm_log_row row =
				row_of(log->store, &log->arena, &found.rows[i]);

			if (!each(cookie, &row)) {
				return ALM_OK;
			}
		}
		find.next = found.next;
		alm_bar_show(&log->bar,
			find.next == 0 ? log->size : find.next - 1, log->size);
	} while (find.next != 0);
	return ALM_OK;
}

enum alm_err alm_log_store_get(struct alm_log *log, uint64_t seq, bool reveals,
	const char *reason, struct alm_log_row *out_row,
	struct alm_problem *problem)
{
	const struct alm_audit_question question = {.from = "",
		.to = "",
		.either = "",
		.purpose = "",
		.basis = "",
		.reveals = reveals,
		.reason = reason};
	struct alm_audit_filter filter = {.has_person = false};
	struct alm_audit_view view;
	char what[48];
	enum alm_err err;

	(void)snprintf(
		what, sizeof(what), "record %llu", (unsigned long long)seq);
	alm_arena_reset(&log->arena);
	err = alm_audit_get(log->store, seq, false, &log->arena, &view);
	if (err == ALM_OK) {
		/* Whoever is written of may ask who has read it. */
		filter.has_person = view.record.has_person;
		memcpy(filter.person, view.record.person,
			sizeof(filter.person));
	}
	if (err == ALM_OK && alm_audit_is_recorded(log->args)) {
		err = record(
			log->store, &question, &filter, "audit.show", what);
	}
	if (err == ALM_OK) {
		err = alm_audit_get(
			log->store, seq, reveals, &log->arena, &view);
	}
	if (err != ALM_OK) {
		return alm_problem_set(problem,
			err == ALM_STORE_CORRUPT ? ALM_RECORD_DAMAGED : err,
			"%s", what);
	}
	*out_row = row_of(log->store, &log->arena, &view);
	return ALM_OK;
}

/* Names and contents of an epoch's files, as attachments. */
static bool attach(
	struct alm_attached *attached, const struct alm_policy_epoch *epoch)
{
	for (size_t i = 0; i < epoch->file_count && i < ALM_ATTACHMENTS_MAX;
		i++) {
		struct alm_bytes from = epoch->files[i].content;
		char *name = strdup(epoch->files[i].name);
		uint8_t *content = malloc(from.bytes + 1);

		attached->names[i] = name;
		attached->contents[i] = content;
		attached->count = i + 1;
		if (name == NULL || content == NULL) {
			return false;
		}
		memcpy(content, from.data, from.bytes);
		attached->items[i] =
			(struct alm_attachment){name, {content, from.bytes}};
		attached->bytes += from.bytes;
	}
	return true;
}

struct alm_bundle_files *alm_log_store_policy(
	struct alm_log *log, uint64_t epoch)
{
	struct alm_attached *attached = calloc(1, sizeof(*attached));
	struct alm_bundle_files *files = NULL;
	struct alm_policy_epoch found;
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)2 * ALM_BUNDLE_BYTES_MAX);
	if (attached != NULL &&
		alm_store_policy_get(log->store, epoch, &arena, &found) ==
			ALM_OK &&
		attach(attached, &found)) {
		files = alm_bundle_files_attached(attached);
	}
	if (attached != NULL) {
		alm_attached_fini(attached);
	}
	free(attached);
	alm_arena_fini(&arena);
	return files;
}
