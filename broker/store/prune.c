/*
 * Pruning.  Each class has a mark: the last record that was looked at for it.
 * A walk goes from the mark to the last record of the last month that is past
 * its time, so a month is walked once a class and what is kept is not walked
 * again and again.  A walk that ends early is begun anew from the mark; doing
 * a row twice does nothing.
 *
 * A month's keys go once its disclosures are past their time.  The key of a
 * part that stays is marked with the time until which it is needed: a key goes
 * when it has no mark, or one that is over.
 */
#include "broker/store/prune.h"

#include <fnmatch.h>
#include <string.h>

#include "lib/time.h"

const char *alm_retention_word(enum alm_retention class)
{
	static const char *const words[ALM_RETENTION_COUNT] = {
		"security", "disclosures", "long"};

	return words[class];
}

/* --- which class ---------------------------------------------------------- */

/* Cut the next word off a list; false at its end.  One that is too long is
 * no word: it is "" then. */
static bool next_word(const char **list, char out[ALM_ID_BYTES_MAX + 1])
{
	size_t bytes = strcspn(*list, ",");

	if (**list == '\0') {
		return false;
	}
	out[0] = '\0';
	if (bytes <= ALM_ID_BYTES_MAX) {
		memcpy(out, *list, bytes);
		out[bytes] = '\0';
	}
	*list += bytes + ((*list)[bytes] == ',' ? 1 : 0);
	return true;
}

/* Whether a word of the list `words` matches a pattern of `patterns`. */
static bool matches(const char *patterns, const char *words)
{
	char pattern[ALM_ID_BYTES_MAX + 1];
	char word[ALM_ID_BYTES_MAX + 1];

	while (next_word(&patterns, pattern)) {
		const char *rest = words;

		while (next_word(&rest, word)) {
			if (fnmatch(pattern, word, FNM_NOESCAPE) == 0) {
				return true;
			}
		}
	}
	return false;
}

static enum alm_retention retention_of(const struct alm_retention_rule *rule,
	const struct alm_audit_record *record)
{
	if (record->kind >= ALM_AUDIT_AGENT) {
		return ALM_RETENTION_SECURITY;
	}
	return matches(rule->long_words, record->purpose) ||
			       matches(rule->long_words, record->categories) ||
			       matches(rule->long_words, record->standard)
		       ? ALM_RETENTION_LONG
		       : ALM_RETENTION_DISCLOSURE;
}

/* --- the walk ------------------------------------------------------------- */

/* Errors: STORE_CORRUPT: it is damaged. */
static enum alm_err read_record(struct alm_store *store, MDB_txn *txn,
	uint64_t seq, struct alm_audit_record *out)
{
	struct alm_bytes header = {NULL, 0};
	enum alm_err err = alm_audit_header(store, txn, seq, &header);

	if (err == ALM_OK) {
		err = alm_audit_record_decode(header, out);
	}
	if (err == ALM_OK && out->seq != seq) {
		err = ALM_STORE_CORRUPT;
	}
	return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
}

/* The time of the first record from `seq` to before `end` that can be read;
 * *out_seq is `end` if none can. */
static enum alm_err time_from(struct alm_store *store, MDB_txn *txn,
	uint64_t seq, uint64_t end, uint64_t *out_seq, int64_t *out_us)
{
	struct alm_audit_record record;
	enum alm_err err = ALM_STORE_CORRUPT;

	while (seq < end) {
		err = read_record(store, txn, seq, &record);
		if (err != ALM_STORE_CORRUPT) {
			break;
		}
		seq++;
	}
	if (err == ALM_OK) {
		*out_us = record.time_us;
	}
	*out_seq = seq;
	return seq == end ? ALM_OK : err;
}

/* The last record that can be read and is before an instant: the log never
 * goes back in time, so what is damaged below it is older too.  Of what is
 * damaged above it nobody knows: it is not taken to be. */
enum alm_err alm_log_last_before(struct alm_store *store, MDB_txn *txn,
	int64_t before_us, uint64_t *out_seq)
{
	uint64_t low = 0;
	uint64_t high = alm_log_size(store) + 1;

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		uint64_t seq = 0;
		int64_t time_us = INT64_MAX;
		enum alm_err err =
			time_from(store, txn, middle, high, &seq, &time_us);

		if (err != ALM_OK) {
			return err;
		}
		if (time_us < before_us) {
			low = seq;
		} else {
			high = middle;
		}
	}
	*out_seq = low;
	return ALM_OK;
}

/* From the first class on that has something to walk. */
static void enter(
	const struct alm_store *store, struct alm_prune *prune, unsigned class)
{
	while (class < ALM_RETENTION_COUNT &&
		prune->last[class] <= store->state.pruned[class]) {
		class ++;
	}
	prune->class = class;
	prune->is_among_keys = false;
	prune->next = class < ALM_RETENTION_COUNT
			      ? store->state.pruned[class] + 1
			      : 0;
}

/* How long nothing was recorded just before `GAP_US_MAX` ago: a clock that was
 * set forward leaves such a gap, and so does a broker that was switched off. */
static enum alm_err find_gap(
	struct alm_store *store, MDB_txn *txn, struct alm_prune *prune)
{
	const uint64_t end = alm_log_size(store) + 1;
	int64_t from_us = 0;
	int64_t until_us = prune->now_us;
	uint64_t last = 0;
	enum alm_err err = alm_log_last_before(
		store, txn, prune->now_us - ALM_PRUNE_GAP_US_MAX, &last);

	if (err != ALM_OK || last == 0) {
		return err;
	}
	err = time_from(store, txn, last, end, &last, &from_us);
	if (err == ALM_OK) {
		err = time_from(store, txn, last + 1, end, &last, &until_us);
	}
	prune->gap_us = until_us - from_us;
	return err;
}

enum alm_err alm_store_prune_begin(struct alm_store *store,
	const struct alm_retention_rule *rule, int64_t now_us, bool is_dry,
	struct alm_prune *out_prune)
{
	struct alm_prune prune = {.now_us = now_us, .is_dry = is_dry};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	for (unsigned i = 0; i < ALM_RETENTION_COUNT && err == ALM_OK; i++) {
		int64_t then_us = now_us - rule->keep_s[i] * 1000000;

		prune.before_us[i] =
			then_us > 0 ? alm_month_start_us(then_us, 0) : 0;
		prune.from[i] = store->state.pruned[i];
		err = alm_log_last_before(
			store, txn, prune.before_us[i], &prune.last[i]);
	}
	if (err == ALM_OK) {
		err = find_gap(store, txn, &prune);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		enter(store, &prune, 0);
		*out_prune = prune;
	}
	return err;
}

bool alm_store_prune_is_done(const struct alm_prune *prune)
{
	return prune->is_done;
}

/* The key of a part that stays is needed until then. */
static enum alm_err mark_key(
	struct alm_store *store, uint64_t number, int64_t until_us)
{
	uint8_t row[ALM_PERSON_KEY_MARKED_BYTES];
	uint8_t raw[8];
	const struct alm_bytes key = {raw, sizeof(raw)};
	struct alm_bytes found = {NULL, 0};
	enum alm_err err;

	alm_put_u64(raw, number);
	err = alm_row_get(
		store, store->turn, ALM_TABLE_PERSON_KEY, key, &found);
	if (err != ALM_OK) {
		/* Erased; or damaged, and then it is not touched. */
		return err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ? ALM_OK
									: err;
	}
	if (!alm_person_key_row_is_whole(found.bytes) ||
		(found.bytes == sizeof(row) &&
			(int64_t)alm_get_u64(
				found.data + ALM_PERSON_KEY_ROW_BYTES) >=
				until_us)) {
		return ALM_OK;
	}
	memcpy(row, found.data, ALM_PERSON_KEY_ROW_BYTES);
	alm_put_u64(row + ALM_PERSON_KEY_ROW_BYTES, (uint64_t)until_us);
	return alm_row_put(store, ALM_TABLE_PERSON_KEY, key,
		(struct alm_bytes){row, sizeof(row)}, 0);
}

/* Whether the walk of a class before has met this record. */
static bool was_met(const struct alm_prune *prune, uint64_t seq)
{
	for (unsigned i = 0; i < prune->class; i++) {
		if (seq > prune->from[i] && seq <= prune->last[i]) {
			return true;
		}
	}
	return false;
}

/* What a damaged header says is not known: its part stays, and what may be its
 * key is kept as long as that of any class. */
static enum alm_err pass_over(struct alm_store *store,
	const struct alm_retention_rule *rule, struct alm_prune *prune,
	MDB_val value)
{
	int64_t longest_s = 0;

	prune->counts.damaged += was_met(prune, prune->next) ? 0 : 1;
	if (prune->is_dry || prune->class == ALM_RETENTION_SECURITY ||
		value.mv_size < 8) {
		return ALM_OK;
	}
	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		longest_s = rule->keep_s[i] > longest_s ? rule->keep_s[i]
							: longest_s;
	}
	return mark_key(store, alm_get_u64(value.mv_data),
		prune->before_us[prune->class] + longest_s * 1000000);
}

/* One private part: away, or its key marked. */
static enum alm_err look_at(struct alm_store *store,
	const struct alm_retention_rule *rule, struct alm_prune *prune,
	MDB_txn *txn, MDB_cursor *cursor, MDB_val value)
{
	struct alm_audit_record record;
	enum alm_retention class;
	uint64_t number;
	enum alm_err err = read_record(store, txn, prune->next, &record);

	prune->counts.looked_at++;
	if (err == ALM_STORE_CORRUPT) {
		return pass_over(store, rule, prune, value);
	}
	if (err != ALM_OK) {
		return err;
	}
	class = retention_of(rule, &record);
	if (prune->is_dry && class != prune->class &&
		prune->next > store->state.pruned[class]) {
		return ALM_OK; /* its own walk counts it */
	}
	if (record.time_us < prune->before_us[class]) {
		prune->counts.parts[class]++;
		prune->counts.bytes += value.mv_size;
		return prune->is_dry ? ALM_OK
				     : alm_store_fail(store,
					       mdb_cursor_del(cursor, 0));
	}
	if (prune->is_dry || prune->class == ALM_RETENTION_SECURITY ||
		(record.flags & ALM_AUDIT_OWN_KEY) == 0 || value.mv_size < 8) {
		return ALM_OK;
	}
	number = alm_get_u64(value.mv_data);
	return mark_key(store, number,
		alm_month_start_us(record.time_us, 1) +
			rule->keep_s[class] * 1000000);
}

/* A key without a mark, or whose mark is over. */
static bool is_over(const struct alm_prune *prune, MDB_val value)
{
	struct alm_bytes row = alm_of_val(value);

	if (row.bytes == ALM_PERSON_KEY_ROW_BYTES + ALM_SEAL_BYTES) {
		return true;
	}
	return row.bytes == ALM_PERSON_KEY_MARKED_BYTES + ALM_SEAL_BYTES &&
	       (int64_t)alm_get_u64(row.data + ALM_PERSON_KEY_ROW_BYTES) <=
		       prune->now_us;
}

/* The key of somebody's month: away, or left for what still needs it. */
static enum alm_err look_at_key(struct alm_store *store,
	struct alm_prune *prune, MDB_cursor *cursor, MDB_val value)
{
	if (!is_over(prune, value)) {
		return ALM_OK;
	}
	prune->counts.keys++;
	return alm_store_fail(store, mdb_cursor_del(cursor, 0));
}

static enum alm_err walk_rows(struct alm_store *store,
	const struct alm_retention_rule *rule, struct alm_prune *prune,
	MDB_txn *txn, MDB_cursor *cursor, unsigned row_max)
{
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	uint64_t last = prune->last[prune->class];
	int rc;

	alm_put_u64(raw, prune->next);
	rc = alm_numbered_get(cursor, &key, &value, MDB_SET_RANGE);
	for (unsigned i = 0; i < row_max && rc == MDB_SUCCESS; i++) {
		enum alm_err err;

		prune->next = alm_get_u64(key.mv_data);
		if (prune->next > last) {
			break;
		}
		err = prune->is_among_keys
			      ? look_at_key(store, prune, cursor, value)
			      : look_at(store, rule, prune, txn, cursor, value);
		if (err != ALM_OK) {
			return err;
		}
		prune->next++;
		rc = alm_numbered_get(cursor, &key, &value, MDB_NEXT);
	}
	if (rc == MDB_NOTFOUND) {
		prune->next = last + 1;
		rc = MDB_SUCCESS;
	}
	return alm_store_fail(store, rc);
}

/* To the keys of what was walked, or to the next class. */
static void go_on(struct alm_store *store, struct alm_prune *prune)
{
	unsigned class = prune->class;

	if (prune->next <= prune->last[class]) {
		return;
	}
	if (!prune->is_dry && !prune->is_among_keys &&
		class != ALM_RETENTION_SECURITY) {
		prune->is_among_keys = true;
		prune->next = store->state.pruned[class] + 1;
		return;
	}
	if (!prune->is_dry) {
		store->state.pruned[class] = prune->last[class];
	}
	enter(store, prune, class + 1);
}

static enum alm_err walk(struct alm_store *store,
	const struct alm_retention_rule *rule, struct alm_prune *prune,
	MDB_txn *txn, unsigned row_max)
{
	enum alm_table table =
		prune->is_among_keys ? ALM_TABLE_PERSON_KEY : ALM_TABLE_PRIV;
	MDB_cursor *cursor;
	enum alm_err err;
	int rc = mdb_cursor_open(txn, store->tables[table], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	err = walk_rows(store, rule, prune, txn, cursor, row_max);
	mdb_cursor_close(cursor);
	return err;
}

enum alm_err alm_store_prune_step(struct alm_store *store,
	const struct alm_retention_rule *rule, unsigned row_max,
	struct alm_prune *prune)
{
	MDB_txn *txn = NULL;
	enum alm_err err;

	ALM_ASSERT(prune->is_dry || store->turn != NULL);
	if (prune->class == ALM_RETENTION_COUNT) {
		return alm_prune_cosignatures(store, row_max, prune);
	}
	err = alm_store_view(store, &txn);
	if (err != ALM_OK) {
		return err;
	}
	err = walk(store, rule, prune, txn, row_max);
	if (err == ALM_OK) {
		go_on(store, prune);
	}
	alm_store_view_end(store);
	if (!prune->is_dry) {
		store->is_state_changed = true; /* it counts the rows */
		if (err == ALM_OK && prune->is_among_keys) {
			/* What is remembered may be among the destroyed. */
			alm_person_keys_forget(store);
		}
	}
	return err;
}

uint64_t alm_store_pruned(
	const struct alm_store *store, enum alm_retention class)
{
	return store->state.pruned[class];
}
