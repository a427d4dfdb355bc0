/*
 * table.h - the table that an answer is made of: rows under columns, and facts
 * beside them.  A verb that runs out of memory goes on: the answer is not sent
 * then, and the turn ends with NOMEM.
 */
#ifndef ALM_BROKER_ADMIN_TABLE_H
#define ALM_BROKER_ADMIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/wire/wire.h"

/** A table being filled for an answer.  In the arena. */
struct alm_table {
	struct alm_arena *arena;
	struct alm_texts columns;
	struct alm_texts rows[ALM_ROWS_PER_ANSWER_MAX];
	size_t row_count;
	size_t bytes; /* of the rows; no more than a frame of the asker takes */
	size_t bytes_max;
	size_t read_bytes; /* of mail, to fill it */
	struct alm_argument facts[ALM_FACTS_MAX];
	size_t fact_count;
	const char *cursor;
	bool is_out_of_memory;
};

/** Its columns; the words are borrowed for good. */
void alm_table_columns(
	struct alm_table *table, const char *const *columns, size_t count);

/** One row: as many texts as there are columns; copied.  What the wire would
 * not take is replaced by question marks or cut. */
void alm_table_row(struct alm_table *table, const char *const *cells);

/** A text as the wire takes it, cut to `bytes_max`; "" when memory is out. */
const char *alm_table_keep(
	struct alm_table *table, const char *text, size_t bytes_max);

/** False when no more rows fit an answer, or enough was read for it. */
bool alm_table_has_room(const struct alm_table *table);

/** A fact; the key is borrowed for good, the value is copied.  An answer has at
 * most ALM_FACTS_MAX. */
void alm_table_fact(
	struct alm_table *table, const char *key, const char *value);
void alm_table_number(struct alm_table *table, const char *key, uint64_t value);

/** A number of the table's arena as text; "" when memory is out. */
const char *alm_table_text(struct alm_table *table, uint64_t number);
/** An instant as text; "" for 0. */
const char *alm_table_instant(struct alm_table *table, int64_t instant_us);
const char *alm_table_hex(struct alm_table *table, struct alm_bytes bytes);

#endif /* ALM_BROKER_ADMIN_TABLE_H */
