/*
 * The officers of policy.  A row is never removed: a signature of one who
 * has left must still verify.
 */
#include <string.h>

#include "broker/store/policy_rows.h"

#define OFFICER_VERSION 1u

const char *alm_officer_role_word(enum alm_officer_role role)
{
	switch (role) {
	case ALM_OFFICER_AUTHOR:
		return "author";
	case ALM_OFFICER_GUARDIAN:
		return "guardian";
	}
	return "";
}

static enum alm_err put_row(
	struct alm_store *store, const struct alm_officer *officer)
{
	struct alm_writer w;

	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u8(&w, OFFICER_VERSION);
	alm_write_text(&w, officer->name);
	alm_write_u8(&w, (uint8_t)officer->role);
	alm_write_raw(&w, officer->key, sizeof(officer->key));
	alm_write_u64(&w, (uint64_t)officer->registered_at_us);
	alm_write_u64(&w, (uint64_t)officer->revoked_at_us);
	return alm_policy_row_put(
		store, ALM_POLICY_OFFICER, officer->number, 0, &w);
}

static enum alm_err get_row(struct alm_store *store, MDB_txn *txn,
	uint64_t number, struct alm_arena *arena, struct alm_officer *out)
{
	struct alm_officer row = {.number = number};
	struct alm_reader r;
	enum alm_err err = alm_policy_row_get(store, txn, ALM_POLICY_OFFICER,
		number, 0, OFFICER_VERSION, arena, &r);

	if (err != ALM_OK) {
		return err;
	}
	row.name = alm_read_text(&r);
	row.role = (enum alm_officer_role)alm_read_u8(&r);
	alm_read_raw(&r, row.key, sizeof(row.key));
	row.registered_at_us = (int64_t)alm_read_u64(&r);
	row.revoked_at_us = (int64_t)alm_read_u64(&r);
	if (!alm_reader_is_done(&r) ||
		alm_officer_role_word(row.role)[0] == '\0') {
		return ALM_STORE_CORRUPT;
	}
	*out = row;
	return ALM_OK;
}

/* Called for each officer; stops at the first that is not OK. */
typedef enum alm_err (*visit_officer)(
	void *cookie, const struct alm_officer *officer);

static enum alm_err visit(
	struct alm_store *store, visit_officer each, void *cookie)
{
	struct alm_arena arena;
	uint64_t last = 0;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	alm_arena_init(&arena, ALM_SCRATCH_BYTES);
	err = alm_policy_row_last(store, txn, ALM_POLICY_OFFICER, &last);
	for (uint64_t i = 1; i <= last && err == ALM_OK; i++) {
		struct alm_officer officer;

		alm_arena_reset(&arena);
		err = get_row(store, txn, i, &arena, &officer);
		if (err == ALM_OK) {
			err = each(cookie, &officer);
		}
	}
	alm_arena_fini(&arena);
	alm_store_view_end(store);
	return err;
}

static enum alm_err check_free(void *cookie, const struct alm_officer *other)
{
	struct alm_officer *officer = cookie;

	officer->number = other->number + 1;
	if (memcmp(officer->key, other->key, sizeof(other->key)) == 0 ||
		(other->revoked_at_us == 0 &&
			strcmp(officer->name, other->name) == 0)) {
		return ALM_OFFICER_EXISTS;
	}
	return ALM_OK;
}

/* Also the number that it would be given. */
static enum alm_err check(struct alm_store *store, struct alm_officer *officer)
{
	enum alm_err err;

	if (strlen(officer->name) > ALM_ID_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	officer->number = 1;
	err = visit(store, check_free, officer);
	if (err == ALM_OK && officer->number > ALM_OFFICERS_MAX) {
		err = ALM_TOO_MANY_VALUES;
	}
	return err;
}

enum alm_err alm_store_officer_check(
	struct alm_store *store, const struct alm_officer *officer)
{
	struct alm_officer copy = *officer;

	return check(store, &copy);
}

enum alm_err alm_store_officer_put(
	struct alm_store *store, struct alm_officer *officer)
{
	struct alm_officer row = *officer;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = check(store, &row);
	if (err == ALM_OK) {
		err = put_row(store, &row);
	}
	if (err == ALM_OK) {
		*officer = row;
	}
	return err;
}

enum alm_err alm_store_officer_get(struct alm_store *store, uint64_t number,
	struct alm_arena *arena, struct alm_officer *out)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err == ALM_OK) {
		err = get_row(store, txn, number, arena, out);
		alm_store_view_end(store);
	}
	return err;
}

enum alm_err alm_store_officer_revoke(
	struct alm_store *store, uint64_t number, int64_t now_us)
{
	struct alm_officer officer;
	struct alm_arena arena;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	alm_arena_init(&arena, ALM_SCRATCH_BYTES);
	err = alm_store_officer_get(store, number, &arena, &officer);
	if (err == ALM_OK && officer.revoked_at_us == 0) {
		officer.revoked_at_us = now_us;
		err = put_row(store, &officer);
	}
	alm_arena_fini(&arena);
	return err;
}

struct search {
	const char *name;
	uint64_t number;
};

static enum alm_err match_name(void *cookie, const struct alm_officer *officer)
{
	struct search *search = cookie;

	if (officer->revoked_at_us == 0 &&
		strcmp(officer->name, search->name) == 0) {
		search->number = officer->number;
	}
	return ALM_OK;
}

enum alm_err alm_store_officer_find(struct alm_store *store, const char *name,
	struct alm_arena *arena, struct alm_officer *out)
{
	struct search search = {.name = name};
	enum alm_err err = visit(store, match_name, &search);

	if (err != ALM_OK) {
		return err;
	}
	return search.number == 0 ? ALM_NOT_FOUND
				  : alm_store_officer_get(
					    store, search.number, arena, out);
}

static enum alm_err count(void *cookie, const struct alm_officer *officer)
{
	struct alm_officer_counts *counts = cookie;

	counts->last_number = officer->number;
	if (officer->revoked_at_us == 0) {
		counts->officers++;
		counts->guardians += officer->role == ALM_OFFICER_GUARDIAN;
	}
	return ALM_OK;
}

enum alm_err alm_store_officer_count(
	struct alm_store *store, struct alm_officer_counts *out_counts)
{
	struct alm_officer_counts counts = {.guardians = 0};
	enum alm_err err = visit(store, count, &counts);

	if (err == ALM_OK) {
		*out_counts = counts;
	}
	return err;
}
