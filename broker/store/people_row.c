/*
 * The bytes: version u8, row count u16, then entries.  An entry whose first
 * bit is set is an opt-out in nine bytes, which is what most people have and
 * all that most of them have; any other is the length u16 of a record, below
 * 32,768, and the record.
 */
#include "broker/store/people_row.h"

#include <string.h>

#define ROW_VERSION 1u
#define OPT_OUT_BIT 0x80u
#define OPT_OUT_BYTES 9u

enum alm_err alm_people_row_open(
	struct alm_bytes value, struct alm_people_row *out_row)
{
	if (value.bytes < ALM_PEOPLE_ROW_BYTES_MIN) {
		return ALM_STORE_CORRUPT;
	}
	if (value.data[0] != ROW_VERSION) {
		return ALM_STORE_FORMAT;
	}
	*out_row = (struct alm_people_row){
		.row_count = alm_get_u16(value.data + 1),
		.entries = {value.data + ALM_PEOPLE_ROW_BYTES_MIN,
			value.bytes - ALM_PEOPLE_ROW_BYTES_MIN},
	};
	return ALM_OK;
}

static void cut(struct alm_bytes *entries, size_t bytes)
{
	entries->data += bytes;
	entries->bytes -= bytes;
}

/* Tag: the bit, the list (1 or 2) in bits 1 and 2, objecting in bit 0. */
static enum alm_err next_opt_out(
	struct alm_bytes *entries, struct alm_people_entry *out)
{
	unsigned tag = entries->data[0] & ~OPT_OUT_BIT;
	unsigned list = tag >> 1;

	if (entries->bytes < OPT_OUT_BYTES ||
		(list != ALM_OPT_OUT_NATIONAL && list != ALM_OPT_OUT_TYPE_1)) {
		return ALM_STORE_CORRUPT;
	}
	out->type = ALM_RECORD_OPT_OUT;
	out->record = (struct alm_bytes){NULL, 0};
	out->opt_out = (struct alm_opt_out){
		.list = (enum alm_opt_out_list)list,
		.is_objecting = (tag & 1) != 0,
		.as_of_s = alm_get_u32(entries->data + 1),
		.recorded_s = alm_get_u32(entries->data + 5),
	};
	cut(entries, OPT_OUT_BYTES);
	return ALM_OK;
}

enum alm_err alm_people_row_next(
	struct alm_bytes *entries, struct alm_people_entry *out_entry)
{
	size_t bytes;
	unsigned type;

	if ((entries->data[0] & OPT_OUT_BIT) != 0) {
		return next_opt_out(entries, out_entry);
	}
	/* A record's second byte is its type. */
	if (entries->bytes < 4) {
		return ALM_STORE_CORRUPT;
	}
	bytes = alm_get_u16(entries->data);
	type = entries->data[3];
	if (bytes < 2 || bytes > entries->bytes - 2 ||
		type < ALM_RECORD_DIRECTIVE || type > ALM_RECORD_FLAG) {
		return ALM_STORE_CORRUPT;
	}
	out_entry->type = (enum alm_record_type)type;
	out_entry->opt_out = (struct alm_opt_out){.recorded_s = 0};
	out_entry->record = (struct alm_bytes){entries->data + 2, bytes};
	cut(entries, 2 + bytes);
	return ALM_OK;
}

static void write_entry(
	struct alm_writer *w, const struct alm_people_entry *entry)
{
	const struct alm_opt_out *o = &entry->opt_out;

	if (entry->record.data == NULL) {
		alm_write_u8(w, (uint8_t)(OPT_OUT_BIT | (unsigned)o->list << 1 |
					  (o->is_objecting ? 1u : 0u)));
		alm_write_u32(w, (uint32_t)o->as_of_s);
		alm_write_u32(w, (uint32_t)o->recorded_s);
	} else if (entry->record.bytes < ALM_PEOPLE_ROW_BYTES_MAX) {
		alm_write_u16(w, (uint16_t)entry->record.bytes);
		alm_write_raw(w, entry->record.data, entry->record.bytes);
	} else {
		w->is_bad = true;
	}
}

bool alm_people_row_write(uint16_t row_count, struct alm_bytes entries,
	const struct alm_people_entry *added, struct alm_writer *writer)
{
	alm_write_u8(writer, ROW_VERSION);
	alm_write_u16(writer, row_count);
	alm_write_raw(writer, entries.data, entries.bytes);
	if (added != NULL) {
		write_entry(writer, added);
	}
	return !writer->is_bad && writer->bytes <= ALM_PEOPLE_ROW_BYTES_MAX;
}

bool alm_people_row_add(
	const struct alm_people_entry *entry, struct alm_writer *writer)
{
	write_entry(writer, entry);
	return !writer->is_bad && writer->bytes <= ALM_PEOPLE_ROW_BYTES_MAX;
}

static bool is_short_instant(int64_t instant_s)
{
	return instant_s >= 0 && instant_s <= UINT32_MAX;
}

struct alm_people_entry alm_people_entry_of(
	const struct alm_person_record *record, struct alm_bytes content)
{
	struct alm_people_entry entry = {
		.type = record->type, .record = content};

	if (record->type == ALM_RECORD_OPT_OUT &&
		is_short_instant(record->opt_out.as_of_s) &&
		is_short_instant(record->opt_out.recorded_s)) {
		entry.opt_out = record->opt_out;
		entry.record = (struct alm_bytes){NULL, 0};
	}
	return entry;
}

bool alm_people_entry_same(
	const struct alm_people_entry *a, const struct alm_people_entry *b)
{
	const struct alm_opt_out *left = &a->opt_out;
	const struct alm_opt_out *right = &b->opt_out;

	if (a->type != b->type) {
		return false;
	}
	if (a->record.data == NULL || b->record.data == NULL) {
		return a->record.data == b->record.data &&
		       left->list == right->list &&
		       left->is_objecting == right->is_objecting &&
		       left->as_of_s == right->as_of_s &&
		       left->recorded_s == right->recorded_s;
	}
	return alm_bytes_equal(a->record, b->record);
}

const char *alm_people_entry_id(struct alm_bytes directive)
{
	struct alm_reader r;

	alm_reader_init(&r, directive.data, directive.bytes);
	(void)alm_read_u16(&r);  /* version and type */
	(void)alm_read_text(&r); /* the subject, which is empty here */
	return alm_read_text(&r);
}
