/*
 * Tables that answers are made of, and what verbs read and record.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/admin/administer.h"
#include "broker/loop/detail.h"
#include "lib/protowire.h"

/* The header of a cell. */
#define CELL_BYTES 3u

/* Control characters, and all that is not ASCII, if it is not clean. */
static void clean(char *text, size_t bytes)
{
	if (alm_text_is_clean(
		    (struct alm_bytes){(const uint8_t *)text, bytes})) {
		return;
	}
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] < ' ' || text[i] > '~') {
			text[i] = '?';
		}
	}
}

const char *alm_table_keep(
	struct alm_table *table, const char *text, size_t bytes_max)
{
	size_t bytes = strlen(text);
	char *copy;

	if (bytes > bytes_max) {
		bytes = bytes_max;
		while (bytes > 0 && ((uint8_t)text[bytes] & 0xC0) == 0x80) {
			bytes--;
		}
	}
	copy = alm_arena_text(table->arena, text, bytes);
	if (copy == NULL) {
		table->is_out_of_memory = true;
		return "";
	}
	clean(copy, bytes);
	return copy;
}

void alm_table_columns(
	struct alm_table *table, const char *const *columns, size_t count)
{
	const char **items =
		alm_arena_take(table->arena, count * sizeof(*items));

	if (items == NULL) {
		table->is_out_of_memory = true;
		return;
	}
	memcpy(items, columns, count * sizeof(*items));
	table->columns = (struct alm_texts){items, count};
}

bool alm_table_has_room(const struct alm_table *table)
{
	return table->row_count < ALM_ROWS_PER_ANSWER_MAX &&
	       table->bytes < table->bytes_max;
}

void alm_table_row(struct alm_table *table, const char *const *cells)
{
	size_t count = table->columns.count;
	const char **items =
		alm_arena_take(table->arena, count * sizeof(*items));

	ALM_ASSERT(table->row_count < ALM_ROWS_PER_ANSWER_MAX);
	if (items == NULL) {
		table->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		items[i] = alm_table_keep(table, cells[i], ALM_CELL_BYTES_MAX);
		table->bytes += strlen(items[i]) + CELL_BYTES;
	}
	table->rows[table->row_count++] = (struct alm_texts){items, count};
}

void alm_table_fact(struct alm_table *table, const char *key, const char *value)
{
	ALM_ASSERT(table->fact_count < ALM_COUNT(table->facts));
	table->facts[table->fact_count++] = (struct alm_argument){
		key, alm_table_keep(table, value, ALM_TEXT_BYTES_MAX)};
}

const char *alm_table_text(struct alm_table *table, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	return alm_table_keep(table, text, sizeof(text));
}

void alm_table_number(struct alm_table *table, const char *key, uint64_t value)
{
	alm_table_fact(table, key, alm_table_text(table, value));
}

const char *alm_table_instant(struct alm_table *table, int64_t instant_us)
{
	char text[ALM_INSTANT_US_TEXT_BYTES];

	if (instant_us <= 0) {
		return "";
	}
	alm_instant_us_text(instant_us, text);
	return alm_table_keep(table, text, sizeof(text));
}

const char *alm_table_hex(struct alm_table *table, struct alm_bytes bytes)
{
	char *text = alm_arena_take(table->arena, 2 * bytes.bytes + 1);

	if (text == NULL) {
		table->is_out_of_memory = true;
		return "";
	}
	alm_hex(bytes.data, bytes.bytes, text);
	return text;
}

const char *alm_call_argument(const struct alm_call *call, const char *key)
{
	for (size_t i = 0; i < call->ask->argument_count; i++) {
		if (strcmp(call->ask->arguments[i].key, key) == 0) {
			return call->ask->arguments[i].value;
		}
	}
	return "";
}

bool alm_call_is_dry_run(const struct alm_call *call)
{
	return strcmp(alm_call_argument(call, "dry-run"), "yes") == 0;
}

enum alm_err alm_call_needs_reason(const struct alm_call *call)
{
	const char *reason = alm_call_argument(call, "reason");

	return reason[strspn(reason, " \t")] != '\0'
		       ? ALM_OK
		       : alm_problem_set(call->problem, ALM_REASON_REQUIRED,
				 "%s", call->ask->verb);
}

enum alm_err alm_call_record(const struct alm_call *call,
	struct alm_audit_record *record, const char *what)
{
	(void)alm_call_detail(call, what);
	return alm_turn_audit(
		call->turn, record, alm_detail_finish(call->turn->detail));
}

struct alm_detail *alm_call_detail(
	const struct alm_call *call, const char *what)
{
	struct alm_detail *detail = call->turn->detail;

	alm_detail_init(detail);
	alm_detail_text(detail, "verb", call->ask->verb);
	alm_detail_text(detail, "what", what);
	alm_detail_text(detail, "reason", alm_call_argument(call, "reason"));
	if (call->request->agent != NULL) {
		alm_detail_text(detail, "agent", call->request->agent->name);
	} else {
		/* A local socket tells who is at its other end. */
		alm_detail_text(detail, "by", call->request->address);
	}
	return detail;
}

enum alm_err alm_call_list_mail(const struct alm_call *call,
	const struct alm_queue_entry *entry, struct alm_listed_mail *out)
{
	struct alm_mail mail;
	enum alm_err err = alm_store_mail_get(call->turn->broker->store,
		entry->seq, call->turn->arena, &mail);

	*out = (struct alm_listed_mail){.kind = "damaged", .sender = ""};
	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND) {
		return ALM_OK;
	}
	if (err == ALM_OK && !entry->is_damaged) {
		out->kind =
			entry->kind == ALM_MAIL_NOTICE ? "notice" : "message";
		out->sender = mail.sender;
		out->accepted_at_ms = mail.accepted_at_ms;
		alm_message_id_text(&mail.message_id, out->id);
	}
	return err;
}

void alm_table_whereabouts(struct alm_call *call, const char *endpoint_key)
{
	const struct alm_broker *broker = call->turn->broker;
	const struct alm_bytes key = {alm_edge_public_key(broker->edge), 32};

	alm_table_fact(call->table, endpoint_key,
		broker->settings.public_endpoint[0] != '\0'
			? broker->settings.public_endpoint
			: alm_edge_endpoint(broker->edge));
	alm_table_fact(
		call->table, "broker-key", alm_table_hex(call->table, key));
}
