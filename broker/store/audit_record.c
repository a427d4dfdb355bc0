/*
 * The bytes of an audit record's header, which are also the leaf of the tree.
 * Version 2, big-endian: see docs/FORMAT.md.  Pure but for the hash.
 */
#include <string.h>

#include "broker/store/inside.h"

#define RECORD_VERSION 2u
#define HAS_MESSAGE_ID 1u
#define HAS_PERSON 2u
#define FIXED_BYTES (ALM_AUDIT_COMMITMENT_AT + ALM_DIGEST_BYTES)

struct kind_word {
	enum alm_audit_kind kind;
	const char *word;
};

static const struct kind_word KINDS[] = {
#define X(name, number, text) {ALM_AUDIT_##name, (text)},
	ALM_AUDIT_KIND_MAP(X)
#undef X
};

const char *alm_audit_kind_word(enum alm_audit_kind kind)
{
	for (size_t i = 0; i < ALM_COUNT(KINDS); i++) {
		if (KINDS[i].kind == kind) {
			return KINDS[i].word;
		}
	}
	return "unknown";
}

enum alm_audit_kind alm_audit_kind_from_word(const char *word)
{
	for (size_t i = 0; i < ALM_COUNT(KINDS); i++) {
		if (strcmp(KINDS[i].word, word) == 0) {
			return KINDS[i].kind;
		}
	}
	return (enum alm_audit_kind)0;
}

void alm_audit_record_encode(
	const struct alm_audit_record *record, struct alm_writer *w)
{
	static const uint8_t absent[16] = {0};

	alm_write_u8(w, RECORD_VERSION);
	alm_write_u8(w, (uint8_t)record->kind);
	alm_write_u8(w, record->effect);
	alm_write_u8(w, record->flags);
	alm_write_u32(w, record->code);
	alm_write_u64(w, record->seq);
	alm_write_u64(w, (uint64_t)record->time_us);
	alm_write_u64(w, record->ref);
	alm_write_u64(w, record->mail_seq);
	alm_write_u64(w, record->policy_epoch);
	alm_write_u64(w, record->people_seq);
	alm_write_u64(w, record->agent);
	alm_write_u8(w, record->level_in);
	alm_write_u8(w, record->level_out);
	alm_write_u8(
		w, (uint8_t)((record->has_message_id ? HAS_MESSAGE_ID : 0) |
			     (record->has_person ? HAS_PERSON : 0)));
	alm_write_u8(w, 0);
	alm_write_raw(w,
		record->has_message_id ? record->message_id.raw : absent, 16);
	alm_write_raw(w, record->has_person ? record->person : absent, 16);
	alm_write_raw(w, record->content.raw, ALM_DIGEST_BYTES);
	alm_write_raw(w, record->commitment.raw, ALM_DIGEST_BYTES);
	alm_write_text(w, record->sender);
	alm_write_text(w, record->recipient);
	alm_write_text(w, record->purpose);
	alm_write_text(w, record->categories);
	alm_write_text(w, record->basis);
	alm_write_text(w, record->standard);
	alm_write_bytes(w, record->signature);
}

static bool is_zero(const uint8_t raw[16])
{
	static const uint8_t zero[16] = {0};

	return memcmp(raw, zero, sizeof(zero)) == 0;
}

/* One content has one encoding: what is absent is zero. */
static bool is_canonical(const struct alm_audit_record *record, uint8_t version,
	uint8_t present, uint8_t zero)
{
	return version == RECORD_VERSION && record->kind != 0 &&
	       record->time_us >= 0 && zero == 0 &&
	       (present & ~(HAS_MESSAGE_ID | HAS_PERSON)) == 0 &&
	       (record->has_message_id || is_zero(record->message_id.raw)) &&
	       (record->has_person || is_zero(record->person));
}

/* What stands at a fixed place, as docs/FORMAT.md has it.  Read by its place:
 * every scan and verification does it for every record. */
static void decode_fixed(const uint8_t *at, struct alm_audit_record *record)
{
	record->kind = (enum alm_audit_kind)at[1];
	record->effect = at[2];
	record->flags = at[3];
	record->code = alm_get_u32(at + 4);
	record->seq = alm_get_u64(at + 8);
	record->time_us = (int64_t)alm_get_u64(at + 16);
	record->ref = alm_get_u64(at + 24);
	record->mail_seq = alm_get_u64(at + 32);
	record->policy_epoch = alm_get_u64(at + 40);
	record->people_seq = alm_get_u64(at + 48);
	record->agent = alm_get_u64(at + 56);
	record->level_in = at[64];
	record->level_out = at[65];
	record->has_message_id = (at[66] & HAS_MESSAGE_ID) != 0;
	record->has_person = (at[66] & HAS_PERSON) != 0;
	memcpy(record->message_id.raw, at + 68, 16);
	memcpy(record->person, at + 84, 16);
	memcpy(record->content.raw, at + 100, ALM_DIGEST_BYTES);
	memcpy(record->commitment.raw, at + ALM_AUDIT_COMMITMENT_AT,
		ALM_DIGEST_BYTES);
}

enum alm_err alm_audit_record_decode(
	struct alm_bytes header, struct alm_audit_record *out)
{
	struct alm_audit_record record;
	struct alm_reader r;

	if (header.bytes < FIXED_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	decode_fixed(header.data, &record);
	alm_reader_init(
		&r, header.data + FIXED_BYTES, header.bytes - FIXED_BYTES);
	record.sender = alm_read_text(&r);
	record.recipient = alm_read_text(&r);
	record.purpose = alm_read_text(&r);
	record.categories = alm_read_text(&r);
	record.basis = alm_read_text(&r);
	record.standard = alm_read_text(&r);
	record.signature = alm_read_bytes(&r);
	if (!alm_reader_is_done(&r) ||
		!is_canonical(&record, header.data[0], header.data[66],
			header.data[67])) {
		return ALM_STORE_CORRUPT;
	}
	*out = record;
	return ALM_OK;
}

void alm_audit_commitment(
	struct alm_hash *hash, struct alm_bytes salted, struct alm_digest *out)
{
	static const uint8_t word[] = "almoner/private/v1";
	const struct alm_bytes parts[2] = {{word, sizeof(word) - 1}, salted};

	alm_hash_parts(hash, parts, ALM_COUNT(parts), out->raw);
}

static bool text_matches(const char *wanted, const char *text)
{
	return wanted == NULL || wanted[0] == '\0' || strcmp(wanted, text) == 0;
}

static bool place_matches(const struct alm_audit_filter *filter,
	const struct alm_audit_record *record)
{
	return text_matches(filter->sender, record->sender) &&
	       text_matches(filter->recipient, record->recipient) &&
	       (text_matches(filter->either, record->sender) ||
		       text_matches(filter->either, record->recipient)) &&
	       text_matches(filter->purpose, record->purpose) &&
	       text_matches(filter->basis, record->basis);
}

bool alm_audit_filter_matches(const struct alm_audit_filter *filter,
	const struct alm_audit_record *record)
{
	if (filter->has_person &&
		(!record->has_person ||
			memcmp(filter->person, record->person, 16) != 0)) {
		return false;
	}
	if (filter->has_message_id &&
		(!record->has_message_id ||
			memcmp(filter->message_id.raw, record->message_id.raw,
				ALM_MESSAGE_ID_BYTES) != 0)) {
		return false;
	}
	return (filter->effect == 0 || filter->effect == record->effect) &&
	       (!filter->has_code || filter->code == record->code) &&
	       (filter->kind == 0 || filter->kind == record->kind) &&
	       (filter->since_us == 0 || record->time_us >= filter->since_us) &&
	       (filter->until_us == 0 || record->time_us < filter->until_us) &&
	       place_matches(filter, record);
}
