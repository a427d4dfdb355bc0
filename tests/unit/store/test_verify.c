/*
 * test_verify.c - verification passes what was written and finds any one
 * changed byte, in any table, of a value or of a key.
 */
#include <stdio.h>
#include <stdlib.h>

#include <lmdb.h>
#include <sodium.h>

#include "broker/store/dead.h"
#include "broker/store/evidence.h"
#include "broker/store/inside.h"
#include "broker/store/invite.h"
#include "broker/store/lists.h"
#include "tests/unit/store/fixture.h"

#define RECORDS 270u
#define ABOUT_EVERY 90u

static void fill(void);

static void set_up_full(void)
{
	set_up();
	fill();
}

TestSuite(store_verify, .init = set_up_full, .fini = tear_down);

static const char *const ANY[] = {"any"};

static void fill_mail(void)
{
	static const uint8_t body[3000] = {1};
	const struct alm_dead_letter dead = {.entry.seq = 6};

	for (unsigned i = 0; i < 6; i++) {
		struct alm_mail mail = {.kind = ALM_MAIL_MESSAGE,
			.recipient = i % 2 == 0 ? "RY2" : "RZ3",
			.sender = "RX1",
			.released = "",
			.payload = {body, i * 500}};
		struct alm_message_id id = {{(uint8_t)i}};
		struct alm_duplicate duplicate = {.seq = i};

		cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
		cr_assert_eq(
			alm_store_duplicate_put(store, "RX1", &id, &duplicate),
			ALM_OK);
	}
	cr_assert_eq(alm_store_mail_remove(store, "RZ3", 2), ALM_OK);
	cr_assert_eq(alm_store_dead_put(store, "RZ3", &dead), ALM_OK);
}

static void fill_shared(void)
{
	static const uint8_t body[700] = {2};
	struct alm_mail mail = {.kind = ALM_MAIL_MESSAGE,
		.sender = "RX1",
		.released = "",
		.payload = {body, sizeof(body)}};

	cr_assert_eq(alm_store_shared_put(store, &mail, 2, &mail.shared_seq),
		ALM_OK);
	mail.recipient = "SC8";
	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	mail.recipient = "SC9";
	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	cr_assert_eq(alm_store_shared_close(store, mail.shared_seq, 2), ALM_OK);
}

static void append_about(uint8_t person)
{
	struct alm_audit_record record = plain_record();

	record.has_person = true;
	record.person[0] = person;
	cr_assert_eq(alm_store_audit_append(store, &record, "who: a person\n"),
		ALM_OK);
}

/* Of what is on disk, by a key that the log knows. */
static void fill_heads(void)
{
	static const uint8_t seed[32] = {9};
	struct alm_audit_key key = {.added_at_us = NOW_US};
	struct alm_checkpoint checkpoint;
	struct alm_signed_head head = {.is_published = true};
	struct alm_audit_head now;
	struct alm_note_key note_key;
	uint8_t secret[64];
	uint8_t note[1024];
	struct alm_writer w;

	alm_store_audit_head(store, &now);
	checkpoint.size = head.size = now.size;
	checkpoint.root = now.root;
	crypto_sign_seed_keypair(key.key, secret, seed);
	cr_assert_eq(alm_store_origin(store, checkpoint.origin), ALM_OK);
	cr_assert_eq(alm_note_key_make(checkpoint.origin, ALM_NOTE_ED25519,
			     key.key, &note_key),
		ALM_OK);
	alm_writer_init(&w, note, sizeof(note));
	alm_checkpoint_write(&w, &checkpoint);
	alm_write_u8(&w, '\n');
	alm_note_sign(
		&w, (struct alm_bytes){note, w.bytes - 1}, &note_key, secret);
	head.note = (struct alm_bytes){note, w.bytes};
	begin();
	cr_assert_eq(alm_store_audit_key_put(store, &key), ALM_OK);
	cr_assert_eq(alm_store_head_put(store, &head), ALM_OK);
	commit();
}

static void fill(void)
{
	static const struct alm_policy_file files[] = {
		{"a.yaml", {(const uint8_t *)"x: 1\n", 5}}};
	struct alm_policy_epoch epoch = {
		.bundle = "b", .files = files, .file_count = 1};
	struct alm_agent_row agent = {
		.organisation = "RX1", .name = "ward", .signing_key = {9}};
	struct alm_agent_row rotated = {.organisation = "RX1",
		.name = "ward",
		.curve_key = {1},
		.signing_key = {2}};
	struct alm_invite_row invite = {.state = ALM_INVITE_OPEN,
		.organisation = "RX1",
		.agent = "theatre",
		.categories = ""};
	struct alm_standard_row standard = {.id = "referral",
		.version = "1",
		.descriptor = {(const uint8_t *)"bytes", 5}};
	struct alm_person_record record = {.type = ALM_RECORD_DIRECTIVE,
		.subject = "9990000018",
		.directive = {.id = "d-1",
			.authority = "self",
			.scope = "care",
			.effect = ALM_WORD_DENY,
			.purposes = {ANY, 1},
			.categories = {ANY, 1},
			.to = {ANY, 1}}};
	struct alm_list_row list = {
		.list = ALM_OPT_OUT_NATIONAL, .as_of_s = 5, .source = ""};
	struct alm_audit_record activation =
		alm_audit_record_empty(ALM_AUDIT_POLICY);
	bool is_new;

	begin();
	/* The last is the activation below. */
	for (unsigned i = 0; i < RECORDS - 1; i++) {
		if (i % ABOUT_EVERY == 0) {
			append_about((uint8_t)i);
		} else {
			append(i % 2 == 0 ? "who: somebody\n" : "");
		}
	}
	fill_mail();
	fill_shared();
	cr_assert_eq(alm_store_policy_put(store, &epoch), ALM_OK);
	activation.policy_epoch = epoch.epoch;
	activation.content = epoch.digest;
	cr_assert_eq(alm_store_audit_append(store, &activation, ""), ALM_OK);
	cr_assert_eq(alm_store_agent_put(store, &agent), ALM_OK);
	rotated.number = agent.number;
	cr_assert_eq(alm_store_agent_change(store, &agent, &rotated), ALM_OK);
	cr_assert_eq(alm_store_invite_put(store, &invite), ALM_OK);
	cr_assert_eq(alm_store_standard_put(store, &standard), ALM_OK);
	cr_assert_eq(alm_store_person_put(store, &record, &is_new), ALM_OK);
	cr_assert_eq(alm_store_list_begin(store, &list), ALM_OK);
	commit();
	fill_heads();
	alm_store_close(store);
	store = NULL;
}

static struct alm_audit_report report;

static enum alm_err verify(void)
{
	return alm_audit_verify(folder, KEY, NULL, NULL, &report);
}

static MDB_env *open_raw(void)
{
	MDB_env *env;

	cr_assert_eq(mdb_env_create(&env), 0);
	cr_assert_eq(mdb_env_set_maxdbs(env, ALM_TABLE_COUNT), 0);
	cr_assert_eq(
		mdb_env_open(env, folder, MDB_NOSYNC | MDB_WRITEMAP, 0600), 0);
	return env;
}

enum place { VALUE, KEY_OF_ROW, KEY_IN_PLACE, WHOLE_ROW };

/* Flip one bit of row `number` of a table, at byte `at` modulo its length;
 * or remove the row.  False if there is no such row. */
static bool damage(const char *table, unsigned number, enum place place,
	size_t at, uint8_t bit)
{
	MDB_env *env = open_raw();
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	static uint8_t key_copy[512];
	static uint8_t value_copy[1 << 16];
	int rc;

	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, table, 0, &dbi), 0);
	cr_assert_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
	rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	while (rc == 0 && number-- > 0) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	if (rc != 0) {
		mdb_txn_abort(txn);
		mdb_env_close(env);
		return false;
	}
	memcpy(key_copy, key.mv_data, key.mv_size);
	memcpy(value_copy, value.mv_data, value.mv_size);
	key.mv_data = key_copy;
	value.mv_data = value_copy;
	if (place == KEY_IN_PLACE) {
		/* As a disk would: the key no longer stands in its order. */
		cr_assert_eq(mdb_put(txn, dbi, &key, &value, 0), 0);
		cr_assert_eq(
			mdb_cursor_get(cursor, &key, &value, MDB_SET_KEY), 0);
		((uint8_t *)key.mv_data)[at % key.mv_size] ^= bit;
		mdb_cursor_close(cursor);
		cr_assert_eq(mdb_txn_commit(txn), 0);
		mdb_env_close(env);
		return true;
	}
	cr_assert_eq(mdb_cursor_del(cursor, 0), 0);
	if (place == VALUE) {
		value_copy[at % value.mv_size] ^= bit;
	} else {
		key_copy[at % key.mv_size] ^= bit;
	}
	if (place != WHOLE_ROW) {
		cr_assert_eq(mdb_put(txn, dbi, &key, &value, 0), 0);
	}
	mdb_cursor_close(cursor);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	return true;
}

static const char *const TABLES[] = {"meta", "body", "queue", "mailbox",
	"duplicate", "people", "policy", "agent", "standard", "rec", "priv",
	"person-key", "opt-out-list", "tile", "shared", "dead", "invite",
	"agent-key", "evidence"};

/* Keep the files as they are, to come back to after each damage. */
static char kept[ALM_TEMPDIR_BYTES];

static void damage_every_row(enum place place, unsigned tries, unsigned step)
{
	alm_tempdir_make(kept);
	alm_tempdir_copy(folder, kept);
	for (size_t t = 0; t < ALM_COUNT(TABLES); t++) {
		unsigned seed = 20261122u + (unsigned)t;
		unsigned number = 0;
		unsigned rows = 0;

		for (;;) {
			size_t at = (size_t)rand_r(&seed);
			uint8_t bit = (uint8_t)(1u << (rand_r(&seed) % 8));

			if (!damage(TABLES[t], number / tries, place, at,
				    bit)) {
				break;
			}
			cr_expect_neq(verify(), ALM_OK,
				"table %s row %u byte %zu bit %u", TABLES[t],
				number / tries, at, bit);
			rows++;
			alm_tempdir_copy(kept, folder);
			number += number / tries < 8 ? 1 : step;
		}
		cr_expect_gt(rows, 0, "table %s", TABLES[t]);
	}
	cr_expect_eq(verify(), ALM_OK, "%s", report.what);
	alm_tempdir_remove(kept);
}

Test(store_verify, passes_what_was_written_and_says_what_it_covered)
{
	struct alm_audit_head head;

	cr_assert_eq(verify(), ALM_OK, "%s", report.what);
	cr_expect_eq(report.records, RECORDS);
	cr_expect_eq(report.private_parts, RECORDS / 2);
	cr_expect_eq(report.private_absent, 0);
	cr_expect_eq(report.tiles, 1);
	cr_expect_eq(report.mail, 5 + 3);
	cr_expect_eq(report.others, 5 + 2 + 6 + 1 + 2 + 1 + 1 +
					    RECORDS / ABOUT_EVERY + 1 + 5 + 3 +
					    2);
	cr_expect(report.private_checked);
	cr_expect_str_empty(report.what);
	reopen();
	alm_store_audit_head(store, &head);
	cr_expect_eq(memcmp(&head, &report.head, sizeof(head)), 0);
}

Test(store_verify, checks_the_tree_without_a_key_and_says_so)
{
	cr_assert_eq(alm_audit_verify(folder, NULL, NULL, NULL, &report),
		ALM_OK, "%s", report.what);
	cr_expect_eq(report.records, RECORDS);
	cr_expect_eq(report.private_parts, 0);
	cr_expect_not(report.private_checked);
	cr_assert(damage("rec", 99, VALUE, 30, 1));
	cr_expect_eq(alm_audit_verify(folder, NULL, NULL, NULL, &report),
		ALM_AUDIT_DAMAGED);
}

Test(store_verify, refuses_another_key)
{
	static const uint8_t other[ALM_STORE_KEY_BYTES] = {1};

	cr_expect_eq(alm_audit_verify(folder, other, NULL, NULL, &report),
		ALM_STORE_KEY);
	cr_expect_eq(alm_audit_verify("/nonexistent", KEY, NULL, NULL, &report),
		ALM_STORE_PATH);
}

Test(store_verify, finds_one_changed_bit_of_any_value)
{
	damage_every_row(VALUE, 3, 7);
}

Test(store_verify, finds_one_changed_bit_of_any_key)
{
	damage_every_row(KEY_OF_ROW, 2, 11);
}

Test(store_verify, finds_one_changed_bit_of_any_key_on_the_disk)
{
	damage_every_row(KEY_IN_PLACE, 3, 11);
}

Test(store_verify, finds_any_removed_row)
{
	damage_every_row(WHOLE_ROW, 1, 11);
}

Test(store_verify, names_the_record_that_is_damaged)
{
	cr_assert(damage("rec", 99, VALUE, 30, 1));
	cr_expect_eq(verify(), ALM_AUDIT_DAMAGED);
	cr_expect_eq(report.first_bad_seq, 100);
	cr_expect_not_null(strstr(report.what, "record 100"));
}

Test(store_verify, names_the_record_whose_private_part_is_damaged)
{
	cr_assert(damage("priv", 99, VALUE, 60, 1));
	cr_expect_eq(verify(), ALM_AUDIT_DAMAGED);
	cr_expect_eq(report.first_bad_seq, 199);
}

/* Reading the damaged thing is refused, the others are served. */
Test(store_verify, refuses_to_read_what_is_damaged)
{
	struct alm_audit_view view;
	struct alm_audit_page page;
	struct alm_audit_filter filter = {.sender = ""};
	struct alm_mail mail;
	struct alm_queue_entry entry;

	cr_assert(damage("rec", 9, VALUE, 30, 1));
	cr_assert(damage("priv", 10, VALUE, 60, 1));
	cr_assert(damage("body", 0, VALUE, 60, 1));
	cr_assert(damage("queue", 3, VALUE, 0, 1));
	reopen();
	cr_expect_eq(alm_audit_get(store, 10, false, &arena, &view),
		ALM_STORE_CORRUPT);
	cr_expect_eq(alm_audit_get(store, 11, true, &arena, &view), ALM_OK);
	cr_expect_eq(alm_audit_get(store, 21, true, &arena, &view),
		ALM_STORE_CORRUPT);
	cr_expect_eq(alm_audit_get(store, 21, false, &arena, &view), ALM_OK);
	cr_expect_eq(alm_audit_scan(store, &filter,
			     &(struct alm_audit_range){1, 20, 100, 100, false},
			     &arena, &page),
		ALM_STORE_CORRUPT);
	cr_expect_eq(alm_audit_scan(store, &filter,
			     &(struct alm_audit_range){11, 20, 100, 100, false},
			     &arena, &page),
		ALM_OK);
	cr_expect_eq(
		alm_store_mail_get(store, 1, &arena, &mail), ALM_STORE_CORRUPT);
	cr_expect_eq(alm_store_mail_get(store, 3, &arena, &mail), ALM_OK);
	cr_expect_eq(alm_store_queue_get(store, "RZ3", 4, &entry), ALM_OK);
	cr_expect(entry.is_damaged);
	cr_expect_eq(
		alm_store_queue_next(store, "RY2", 5, &entry), ALM_NOT_FOUND);
}

Test(store_verify, opens_with_a_damaged_new_record_and_not_without_one)
{
	struct alm_store_options with = options();
	struct alm_problem problem;

	cr_assert(damage("rec", RECORDS - 2, VALUE, 30, 1));
	reopen();
	alm_store_close(store);
	store = NULL;
	cr_assert(damage("rec", RECORDS - 2, VALUE, 30, 1));
	reopen();
	alm_store_close(store);
	store = NULL;
	cr_assert(damage("tile", 0, VALUE, 5, 1));
	cr_expect_eq(
		alm_store_open(&with, &store, &problem), ALM_STORE_CORRUPT);
	cr_assert(damage("tile", 0, VALUE, 5, 1));
	cr_assert(damage("rec", RECORDS - 1, WHOLE_ROW, 0, 1));
	cr_expect_eq(
		alm_store_open(&with, &store, &problem), ALM_STORE_CORRUPT);
}

/* Written by a daemon that has the key and a fault of its own. */
Test(store_verify, finds_a_record_that_goes_back_in_time)
{
	reopen();
	begin();
	append("");
	store->now_us -= 1;
	append("");
	commit();
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(verify(), ALM_AUDIT_DAMAGED);
	cr_expect_eq(report.first_bad_seq, RECORDS + 2);
	cr_expect_not_null(strstr(report.what, "earlier"));
}

Test(store_verify, finds_a_table_that_is_not_ours)
{
	MDB_env *env = open_raw();
	MDB_txn *txn;
	MDB_dbi dbi;

	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, "theirs", MDB_CREATE, &dbi), 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	cr_expect_eq(verify(), ALM_AUDIT_DAMAGED);
	cr_expect_not_null(strstr(report.what, "unknown table"));
}
