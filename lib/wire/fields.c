#include "lib/wire/fields.h"

#include <string.h>

#include "lib/wire/wire.h"

#define LIST_ITEMS_MIN 4u

static bool take_text(struct alm_fields_reader *r,
	const struct alm_read_field *f, const struct alm_row *row,
	const char **out)
{
	struct alm_bytes text = {f->data, (size_t)f->value};

	if (!f->is_bytes || f->value > row->max || !alm_text_is_clean(text)) {
		return false;
	}
	r->open = r->at;
	*out = (const char *)f->data;
	return true;
}

/** The list grows to twice its size whenever it is full. */
static bool take_list_text(struct alm_fields_reader *r,
	const struct alm_read_field *f, const struct alm_row *row,
	struct alm_texts *out)
{
	size_t count = out->count;
	const char **items = NULL;

	if (count >= row->count_max) {
		return false;
	}
	/* Ours from an earlier round: made below, and merely kept as const. */
	memcpy(&items, &out->items, sizeof(items));
	if (count == 0 ||
		(count >= LIST_ITEMS_MIN && (count & (count - 1)) == 0)) {
		size_t room = count == 0 ? LIST_ITEMS_MIN : 2 * count;
		const char **larger =
			alm_arena_take(r->arena, room * sizeof(*larger));

		if (larger == NULL) {
			return false;
		}
		if (count > 0) {
			memcpy(larger, items, count * sizeof(*larger));
		}
		items = larger;
		out->items = items;
	}
	out->count = count + 1;
	return take_text(r, f, row, &items[count]);
}

static bool take_number(
	const struct alm_read_field *f, const struct alm_row *row, void *at)
{
	uint32_t small = (uint32_t)f->value;
	bool flag = f->value != 0;

	if (f->is_bytes || f->value == 0 || f->value > row->max) {
		return false;
	}
	if (row->kind == ALM_ROW_FLAG) {
		memcpy(at, &flag, sizeof(flag));
	} else if (row->kind == ALM_ROW_U32) {
		memcpy(at, &small, sizeof(small));
	} else {
		memcpy(at, &f->value, sizeof(f->value));
	}
	return true;
}

static bool take_bytes(
	const struct alm_read_field *f, const struct alm_row *row, void *at)
{
	struct alm_bytes bytes = {f->data, (size_t)f->value};

	if (!f->is_bytes || f->value == 0 || f->value > row->max) {
		return false;
	}
	if (row->kind != ALM_ROW_BYTES && f->value != row->max) {
		return false;
	}
	if (row->kind == ALM_ROW_COPY) {
		memcpy(at, f->data, row->max);
	} else {
		memcpy(at, &bytes, sizeof(bytes));
	}
	return true;
}

static bool take_field(struct alm_fields_reader *r,
	const struct alm_read_field *f, const struct alm_row *row, void *at)
{
	switch (row->kind) {
	case ALM_ROW_NONE:
		break;
	case ALM_ROW_U64:
	case ALM_ROW_U32:
	case ALM_ROW_FLAG:
		return take_number(f, row, at);
	case ALM_ROW_TEXT:
		return f->value > 0 && take_text(r, f, row, at);
	case ALM_ROW_TEXTS:
		return take_list_text(r, f, row, at);
	case ALM_ROW_COPY:
	case ALM_ROW_EXACT:
	case ALM_ROW_BYTES:
		return take_bytes(f, row, at);
	}
	return false;
}

size_t alm_fields_count(struct alm_fields_reader r, const uint8_t *end,
	uint32_t number, size_t max)
{
	size_t count = 0;
	struct alm_read_field f;

	r.open = NULL; /* whoever reads on ends it */
	while (r.at < end) {
		if (!alm_fields_next(&r, end, &f) || f.number != number ||
			!f.is_bytes || count >= max) {
			return 0;
		}
		count++;
	}
	return count;
}

bool alm_fields_take(struct alm_fields_reader *r, const uint8_t *end,
	const struct alm_shape *shape, void *out)
{
	uint32_t last = 0;
	uint32_t seen = 0;
	struct alm_read_field f;

	while (r->at < end) {
		const struct alm_row *row;

		if (!alm_fields_next(r, end, &f) || f.number < last ||
			f.number >= shape->row_count) {
			return false;
		}
		row = &shape->rows[f.number];
		if ((f.number == last && row->kind != ALM_ROW_TEXTS) ||
			!take_field(r, &f, row, (char *)out + row->offset)) {
			return false;
		}
		last = f.number;
		seen |= 1u << f.number;
	}
	return (seen & shape->needed) == shape->needed;
}
