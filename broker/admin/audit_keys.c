/*
 * The keys that the log's heads are signed with, public as they are: for the
 * operator, who gives them to auditors, and for agents, whose connection
 * vouches that it is their broker who says so.
 */
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/evidence/checkpoint.h"

/* Whether heads are signed with it now; then `out_text` is the key as C2SP
 * writes it. */
static bool is_signing(const struct alm_broker *broker,
	const uint8_t key[ALM_KEY_BYTES],
	char out_text[ALM_NOTE_KEY_TEXT_BYTES])
{
	const struct alm_signer *signer = broker->signer;

	out_text[0] = '\0';
	for (size_t i = 0; signer != NULL && i < signer->key_count; i++) {
		if (memcmp(signer->keys[i].key, key, ALM_KEY_BYTES) == 0) {
			alm_note_key_text(&signer->keys[i], out_text);
			return true;
		}
	}
	return false;
}

enum alm_err alm_verb_audit_keys(struct alm_call *call)
{
	static const char *const columns[] = {
		"state", "added-at", "retired-at", "seq", "key", "note-key"};
	const struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	const uint8_t *after = NULL;
	struct alm_audit_key key;
	enum alm_err err;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	while ((err = alm_store_audit_key_next(broker->store, after, &key)) ==
			ALM_OK &&
		alm_table_has_room(table)) {
		char text[ALM_NOTE_KEY_TEXT_BYTES];
		bool signs = is_signing(broker, key.key, text);

		alm_table_row(table,
			(const char *const[]){signs ? "signing" : "retired",
				alm_table_instant(table, key.added_at_us),
				alm_table_instant(table, key.retired_at_us),
				alm_table_text(table, key.seq),
				alm_table_hex(table, (struct alm_bytes){key.key,
							     ALM_KEY_BYTES}),
				text});
		after = key.key;
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

const char *alm_audit_keys_text(
	struct alm_table *table, const struct alm_broker *broker)
{
	const struct alm_signer *signer = broker->signer;
	const char *text = "";

	for (size_t i = 0; signer != NULL && i < signer->key_count; i++) {
		const char *more = alm_table_hex(table,
			(struct alm_bytes){signer->keys[i].key, ALM_KEY_BYTES});

		text = i == 0 ? more
			      : alm_arena_printf(
					table->arena, "%s,%s", text, more);
		if (text == NULL) {
			table->is_out_of_memory = true;
			return "";
		}
	}
	return text;
}
