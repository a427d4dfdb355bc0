/*
 * record_batch.h - many records about people in one piece of bytes, as they
 * travel to the broker: each with the line that it stood on.  Pure.
 *
 * The bytes: version u8 = 1, count u32, then per record its line u64, its
 * length u32 and the record as record.h encodes it.
 */
#ifndef ALM_BROKER_CORE_RECORD_BATCH_H
#define ALM_BROKER_CORE_RECORD_BATCH_H

#include <stdint.h>

#include "broker/core/person.h"
#include "lib/bytes.h"
#include "lib/err.h"

struct alm_record_batch_writer {
	struct alm_writer w;
	uint32_t count;
};

/** `bytes_max` is at most ALM_PEOPLE_BATCH_BYTES_MAX. */
void alm_record_batch_init(
	struct alm_record_batch_writer *batch, uint8_t *data, size_t bytes_max);

/** One record more.  Errors: TOO_MANY_VALUES: the batch is full and as it was
 * before; FIELD_TOO_LARGE: the record is over its own limit. */
ALM_MUST_USE enum alm_err alm_record_batch_add(
	struct alm_record_batch_writer *batch, uint64_t line,
	const struct alm_person_record *record);

/** What was written; borrowed. */
struct alm_bytes alm_record_batch_finish(struct alm_record_batch_writer *batch);

/* A batch begins with this many bytes; who sends only the rest of one again
 * puts them before it, with another count. */
#define ALM_RECORD_BATCH_HEAD_BYTES 5u
void alm_record_batch_set_count(
	uint8_t head[ALM_RECORD_BATCH_HEAD_BYTES], uint32_t count);

struct alm_record_batch_reader {
	struct alm_reader r;
	uint32_t left; /* records that have not been read */
};

/** Errors: RECORD_INVALID: not a batch, or over a limit; `problem` may be
 * NULL. */
ALM_MUST_USE enum alm_err alm_record_batch_open(struct alm_bytes bytes,
	struct alm_record_batch_reader *out, struct alm_problem *problem);

/** The next record, as bytes that are borrowed.  Errors: NOT_FOUND: there are
 * no more, and nothing behind them; RECORD_INVALID: it is cut short. */
ALM_MUST_USE enum alm_err alm_record_batch_next(
	struct alm_record_batch_reader *reader, uint64_t *out_line,
	struct alm_bytes *out_record);

#endif /* ALM_BROKER_CORE_RECORD_BATCH_H */
