/* sheet_json.c - sheets as JSON. */
#include "cli/show/sheet.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES_MAX 20u

bool alm_column_is_number(const char *name)
{
	static const char *const numbers[] = {"accepted", "acknowledged",
		"added", "agents", "agreements", "agreements-expiring",
		"attempt", "attempts", "base-epoch", "bases", "audit-sequence",
		"audit-size", "bytes", "code", "column", "commit-us",
		"handshakes-agents-limited", "handshakes-limited",
		"handshakes-refused", "lost-frames", "malformed", "repeated",
		"standards", "turn-batch-max", "delivered", "epoch", "errors",
		"exit", "expired", "failed", "fields", "first-bad-seq",
		"guardians", "known", "line", "lines", "mail", "memory-bytes",
		"messages", "next-officer", "next-proposal", "number",
		"organisations", "others", "people-records", "people-seq",
		"people-sequence", "policy-epoch", "prohibitions", "proposal",
		"private-absent", "private-parts", "reached", "records", "ref",
		"refused", "refused-for-room", "rejected", "rollback", "rules",
		"scanned", "seq", "sequence", "sessions", "size", "step",
		"stopped", "store-used-permille", "tests", "tiles", "turns",
		"warnings", "cells", "senders", "recipients", "cells-gained",
		"cells-lost", "cells-widened", "cells-narrowed",
		"cells-altered", "bases-added", "bases-removed",
		"bases-changed", "bases-judged", "bases-not-compared",
		"rows-left", "requests", "first-seq", "replayed", "changed",
		"not-whole", "erased", "damaged", "drifted", "code-before",
		"code-after", "next-seq", "until-seq", "resumed-after-line",
		"private-erased", "covered", "files", "keys", "removed",
		"left-out", "affected", "after-us", "queued", "dead-letters",
		"dead-lettered", "record", "mailboxes-on-hold", "messages-max",
		"bytes-max", "age-max-s", "message-bytes", "given", "taken",
		"private-pruned", "pruned-through", "last-seq", "singles",
		"policies", "question", "witnesses", "entries", "heads",
		"signed-size", "from-size", "files-written", "files-kept",
		"behind", "lag-s", "security-parts", "disclosures-parts",
		"long-parts", "cosignatures", "damaged-passed-over",
		"looked-at", "used-before", "used-after", "free-after",
		"file-bytes", "usual", "count", "now", "first-damaged",
		"audit-verified-seq", "store-verify-passes",
		"store-damaged-rows", "interval-ms", "overrides-overdue",
		"waiting", "mailboxes", "oldest-ms"};

	for (size_t i = 0; i < ALM_COUNT(numbers); i++) {
		if (strcmp(name, numbers[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_digits(const char *text)
{
	size_t bytes = strlen(text);

	return bytes > 0 && bytes < NUMBER_BYTES_MAX - 1 &&
	       strspn(text, "0123456789") == bytes;
}

/** `stolen` may be NULL; gives whether it was put. */
static bool put(json_t *object, const char *key, json_t *stolen)
{
	return stolen != NULL && json_object_set_new(object, key, stolen) == 0;
}

/** A word of another system's text may be no UTF-8: then it is escaped. */
static json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	char *escaped = NULL;
	size_t bytes = 0;
	FILE *memory;

	if (value != NULL) {
		return value;
	}
	memory = open_memstream(&escaped, &bytes);
	if (memory == NULL) {
		return NULL;
	}
	for (const char *c = text; *c != '\0'; c++) {
		unsigned char byte = (unsigned char)*c;

		(void)fprintf(memory, byte < 0x80 ? "%c" : "\\x%02x", byte);
	}
	if (fclose(memory) == 0) {
		value = json_string(escaped);
	}
	free(escaped);
	return value;
}

static json_t *json_cell(const char *name, const char *text)
{
	if (!alm_column_is_number(name)) {
		return json_text(text);
	}
	if (is_digits(text)) {
		return json_integer(strtoll(text, NULL, 10));
	}
	return *text == '\0' ? json_null() : json_text(text);
}

static json_t *json_row(const struct alm_sheet *sheet, size_t row)
{
	json_t *object = json_object();
	size_t count = sheet->columns.count;

	for (size_t i = 0; object != NULL && i < count; i++) {
		const char *name = sheet->columns.items[i];

		if (!put(object, name,
			    json_cell(name,
				    sheet->cells.items[row * count + i]))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static bool put_facts(const struct alm_sheet *sheet, json_t *object)
{
	for (size_t i = 0; i + 1 < sheet->facts.count; i += 2) {
		const char *key = sheet->facts.items[i];

		if (!put(object, key,
			    json_cell(key, sheet->facts.items[i + 1]))) {
			return false;
		}
	}
	return true;
}

static bool dump(json_t *object, size_t flags, FILE *out)
{
	bool is_done = object != NULL && json_dumpf(object, out, flags) == 0 &&
		       fputc('\n', out) != EOF;

	json_decref(object);
	return is_done;
}

bool alm_sheet_json(const struct alm_sheet *sheet, FILE *out)
{
	json_t *root = json_object();
	bool is_good = root != NULL &&
		       put(root, "schema", json_string(sheet->schema)) &&
		       put_facts(sheet, root);

	if (is_good && sheet->columns.count > 0) {
		json_t *rows = json_array();

		is_good = put(root, "rows", rows);
		for (size_t i = 0; is_good && i < alm_sheet_rows(sheet); i++) {
			json_t *row = json_row(sheet, i);

			is_good = row != NULL &&
				  json_array_append_new(rows, row) == 0;
		}
	}
	if (!is_good) {
		json_decref(root);
		return false;
	}
	return dump(root, JSON_INDENT(2), out);
}

bool alm_sheet_jsonl(const struct alm_sheet *sheet, FILE *out)
{
	if (sheet->columns.count == 0) {
		json_t *root = json_object();

		if (root == NULL || !put_facts(sheet, root)) {
			json_decref(root);
			return false;
		}
		return dump(root, JSON_COMPACT, out);
	}
	for (size_t i = 0; i < alm_sheet_rows(sheet); i++) {
		if (!dump(json_row(sheet, i), JSON_COMPACT, out)) {
			return false;
		}
	}
	return true;
}
