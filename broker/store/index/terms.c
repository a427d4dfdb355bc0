#include "broker/store/index/terms.h"

#include <string.h>

#include <sodium.h>

#include "broker/store/inside.h"

void alm_term_key_init(
	struct alm_term_key *key, const struct alm_store_keys *keys)
{
	static const uint8_t names[2] = {1, 2};

	for (size_t i = 0; i < 2; i++) {
		alm_store_keys_seal(keys, ALM_SEAL_TERMS,
			(struct alm_bytes){&names[i], 1},
			(struct alm_bytes){NULL, 0},
			key->raw + i * ALM_SEAL_BYTES);
	}
}

static uint64_t make(enum alm_dimension dimension, uint64_t hash)
{
	return (uint64_t)dimension << 56 | (hash & UINT32_MAX)
						   << ALM_PLACE_BITS;
}

static uint64_t hash_of(
	const struct alm_term_key *key, const void *data, size_t bytes)
{
	uint8_t out[crypto_shorthash_BYTES];

	(void)crypto_shorthash(out, data, bytes, key->raw);
	return alm_get_u64(out);
}

/* The pair is made of what sender and recipient are made of anyway. */
static uint64_t pair(uint64_t sender, uint64_t recipient)
{
	uint64_t mixed = (sender + (recipient << 7 | recipient >> 57)) *
			 UINT64_C(0x9E3779B97F4A7C15);

	return make(ALM_DIMENSION_PAIR, mixed >> 32);
}

size_t alm_terms_of_record(const struct alm_term_key *key,
	const struct alm_audit_record *record, uint64_t out[ALM_TERMS_MAX])
{
	uint64_t sender = 0;
	uint64_t recipient = 0;
	size_t count = 0;

	if (record->has_person) { /* a keyed hash already */
		out[count++] =
			make(ALM_DIMENSION_PERSON, alm_get_u64(record->person));
	}
	if (record->sender[0] != '\0') {
		sender = hash_of(key, record->sender, strlen(record->sender));
		out[count++] = make(ALM_DIMENSION_SENDER, sender);
	}
	if (record->recipient[0] != '\0') {
		recipient = hash_of(
			key, record->recipient, strlen(record->recipient));
		out[count++] = make(ALM_DIMENSION_RECIPIENT, recipient);
	}
	if (sender != 0 && recipient != 0) {
		out[count++] = pair(sender, recipient);
	}
	if (record->purpose[0] != '\0') {
		out[count++] = make(ALM_DIMENSION_PURPOSE,
			hash_of(key, record->purpose, strlen(record->purpose)));
	}
	if (record->basis[0] != '\0') {
		out[count++] = make(ALM_DIMENSION_BASIS,
			hash_of(key, record->basis, strlen(record->basis)));
	}
	out[count++] = make(ALM_DIMENSION_CODE, record->code);
	out[count++] = make(ALM_DIMENSION_KIND, (uint64_t)record->kind);
	out[count++] = make(ALM_DIMENSION_EFFECT, record->effect);
	if (record->has_message_id) {
		out[count++] = make(ALM_DIMENSION_MESSAGE,
			hash_of(key, record->message_id.raw,
				ALM_MESSAGE_ID_BYTES));
	}
	return count;
}

uint64_t alm_term_unreadable(void)
{
	return make(ALM_DIMENSION_UNREADABLE, 0);
}

/* The terms of a record that has what the filter asks for, and nothing else. */
static size_t terms_of_likeness(const struct alm_term_key *key,
	const struct alm_audit_filter *filter, uint64_t out[ALM_TERMS_MAX])
{
#define OR_EMPTY(text) ((text) == NULL ? "" : (text))
	struct alm_audit_record like = {
		.kind = filter->kind,
		.effect = filter->effect,
		.code = filter->code,
		.has_message_id = filter->has_message_id,
		.message_id = filter->message_id,
		.has_person = filter->has_person,
		.sender = OR_EMPTY(filter->sender),
		.recipient = OR_EMPTY(filter->recipient),
		.purpose = OR_EMPTY(filter->purpose),
		.basis = OR_EMPTY(filter->basis),
	};
#undef OR_EMPTY

	memcpy(like.person, filter->person, sizeof(like.person));
	return alm_terms_of_record(key, &like, out);
}

static bool is_asked(const struct alm_audit_filter *filter, unsigned dimension)
{
	switch (dimension) {
	case ALM_DIMENSION_CODE:
		return filter->has_code;
	case ALM_DIMENSION_KIND:
		return filter->kind != 0;
	case ALM_DIMENSION_EFFECT:
		return filter->effect != 0;
	default:
		return true;
	}
}

size_t alm_terms_of_filter(const struct alm_term_key *key,
	const struct alm_audit_filter *filter,
	struct alm_term_choice out[ALM_TERMS_MAX])
{
	uint64_t terms[ALM_TERMS_MAX];
	size_t term_count = terms_of_likeness(key, filter, terms);
	bool has_pair = false;
	size_t count = 0;

	for (size_t i = 0; i < term_count; i++) {
		has_pair |= alm_dimension_of(terms[i]) == ALM_DIMENSION_PAIR;
	}
	for (size_t i = 0; i < term_count; i++) {
		unsigned dimension = alm_dimension_of(terms[i]);
		/* The pair says both, and is rarer. */
		bool is_said = has_pair &&
			       (dimension == ALM_DIMENSION_SENDER ||
				       dimension == ALM_DIMENSION_RECIPIENT);

		if (!is_said && is_asked(filter, dimension)) {
			out[count++] =
				(struct alm_term_choice){terms[i], terms[i]};
		}
	}
	if (filter->either != NULL && filter->either[0] != '\0') {
		uint64_t hash =
			hash_of(key, filter->either, strlen(filter->either));

		out[count++] = (struct alm_term_choice){
			make(ALM_DIMENSION_SENDER, hash),
			make(ALM_DIMENSION_RECIPIENT, hash)};
	}
	return count;
}
