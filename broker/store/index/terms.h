/*
 * terms.h - what the index finds records by.  A posting is one number: the
 * dimension (8 bits), a hash of the value (32) and the place of the record in
 * its run (24).  So a run is a sorted list of numbers, and a term is all of a
 * posting but the place.
 *
 * Hashes are keyed, so nobody can choose message ids that collide; two values
 * that collide all the same cost a look at a record that does not match.
 */
#ifndef ALM_BROKER_STORE_INDEX_TERMS_H
#define ALM_BROKER_STORE_INDEX_TERMS_H

#include "broker/store/audit.h"
#include "broker/store/keys.h"

enum alm_dimension {
	ALM_DIMENSION_PERSON = 1,
	ALM_DIMENSION_SENDER = 2,
	ALM_DIMENSION_RECIPIENT = 3,
	ALM_DIMENSION_PAIR = 4,
	ALM_DIMENSION_PURPOSE = 5,
	ALM_DIMENSION_BASIS = 6,
	ALM_DIMENSION_CODE = 7,
	ALM_DIMENSION_KIND = 8,
	ALM_DIMENSION_EFFECT = 9,
	ALM_DIMENSION_MESSAGE = 10,
	ALM_DIMENSION_UNREADABLE = 11, /* records that are damaged */
};
#define ALM_DIMENSIONS 12u
#define ALM_TERMS_MAX ALM_DIMENSIONS

#define ALM_PLACE_BITS 24u
#define ALM_PLACE_MASK ((UINT64_C(1) << ALM_PLACE_BITS) - 1)

static inline unsigned alm_dimension_of(uint64_t posting)
{
	return (unsigned)(posting >> 56);
}

/** What terms are hashed with; of one store. */
struct alm_term_key {
	uint8_t raw[16];
};

void alm_term_key_init(
	struct alm_term_key *key, const struct alm_store_keys *keys);

/** The terms of a record, at most one of each dimension, growing. */
size_t alm_terms_of_record(const struct alm_term_key *key,
	const struct alm_audit_record *record, uint64_t out[ALM_TERMS_MAX]);

/** The term of a record that cannot be read. */
uint64_t alm_term_unreadable(void);

/** A condition: a record has one of two terms; both may be the same. */
struct alm_term_choice {
	uint64_t either;
	uint64_t or ;
};

/** What a filter asks for, but for times; 0 when that is all. */
size_t alm_terms_of_filter(const struct alm_term_key *key,
	const struct alm_audit_filter *filter,
	struct alm_term_choice out[ALM_TERMS_MAX]);

#endif /* ALM_BROKER_STORE_INDEX_TERMS_H */
