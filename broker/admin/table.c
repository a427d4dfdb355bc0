#include "broker/admin/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/protowire.h"
#include "lib/time.h"

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
	       table->bytes < table->bytes_max &&
	       table->read_bytes < ALM_ANSWER_READ_BYTES_MAX;
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
