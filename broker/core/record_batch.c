#include "broker/core/record_batch.h"

#include "broker/core/record.h"
#include "lib/limits.h"

#define BATCH_VERSION 1u
#define COUNT_AT 1u
#define ENTRY_BYTES 12u

void alm_record_batch_init(
	struct alm_record_batch_writer *batch, uint8_t *data, size_t bytes_max)
{
	alm_writer_init(&batch->w, data, bytes_max);
	alm_write_u8(&batch->w, BATCH_VERSION);
	alm_write_u32(&batch->w, 0);
	batch->count = 0;
}

enum alm_err alm_record_batch_add(struct alm_record_batch_writer *batch,
	uint64_t line, const struct alm_person_record *record)
{
	struct alm_writer *w = &batch->w;
	size_t before = w->bytes;
	size_t bytes;

	if (batch->count == ALM_PEOPLE_BATCH_RECORDS_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	alm_write_u64(w, line);
	alm_write_u32(w, 0);
	alm_record_encode(record, w);
	bytes = w->bytes - before - ENTRY_BYTES;
	if (w->is_bad || bytes > ALM_PERSON_RECORD_BYTES_MAX) {
		/* In an empty batch there is room for any record. */
		enum alm_err err =
			w->is_bad && before > ALM_RECORD_BATCH_HEAD_BYTES
				? ALM_TOO_MANY_VALUES
				: ALM_FIELD_TOO_LARGE;

		w->bytes = before;
		w->is_bad = false;
		return err;
	}
	alm_put_u32(w->data + before + 8, (uint32_t)bytes);
	batch->count++;
	return ALM_OK;
}

struct alm_bytes alm_record_batch_finish(struct alm_record_batch_writer *batch)
{
	alm_record_batch_set_count(batch->w.data, batch->count);
	return (struct alm_bytes){batch->w.data, batch->w.bytes};
}

void alm_record_batch_set_count(
	uint8_t head[ALM_RECORD_BATCH_HEAD_BYTES], uint32_t count)
{
	alm_put_u32(head + COUNT_AT, count);
}

static enum alm_err fault(struct alm_problem *problem, const char *what)
{
	return alm_problem_set(
		problem, ALM_RECORD_INVALID, "the batch %s", what);
}

enum alm_err alm_record_batch_open(struct alm_bytes bytes,
	struct alm_record_batch_reader *out, struct alm_problem *problem)
{
	struct alm_record_batch_reader reader;
	unsigned version;

	if (bytes.bytes > ALM_PEOPLE_BATCH_BYTES_MAX) {
		return fault(problem, "is larger than the limit");
	}
	alm_reader_init(&reader.r, bytes.data, bytes.bytes);
	version = alm_read_u8(&reader.r);
	reader.left = alm_read_u32(&reader.r);
	if (reader.r.is_bad || version != BATCH_VERSION) {
		return fault(problem, "is not one of this version");
	}
	if (reader.left > ALM_PEOPLE_BATCH_RECORDS_MAX) {
		return fault(problem, "has more records than the limit");
	}
	*out = reader;
	return ALM_OK;
}

enum alm_err alm_record_batch_next(struct alm_record_batch_reader *reader,
	uint64_t *out_line, struct alm_bytes *out_record)
{
	uint64_t line;
	struct alm_bytes record;

	if (reader->left == 0) {
		return reader->r.bytes_left == 0 ? ALM_NOT_FOUND
						 : ALM_RECORD_INVALID;
	}
	line = alm_read_u64(&reader->r);
	record = alm_read_bytes(&reader->r);
	if (reader->r.is_bad) {
		return ALM_RECORD_INVALID;
	}
	reader->left--;
	*out_line = line;
	*out_record = record;
	return ALM_OK;
}
