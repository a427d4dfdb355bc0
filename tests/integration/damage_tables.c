/*
 * Goal: damage of any one row of the store costs no more than what that row
 * says: whatever is asked that reads it is answered, others are served, and
 * the daemon goes on.  Method: a history that fills every table; a row of one
 * table is broken in the file of a broker that was killed, the broker is
 * started again and asked for everything, and the row is put back.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/id.h"
#include "lib/join.h"
#include "lib/parts.h"
#include "tests/support/peer.h"
#include "tests/support/people.h"
#include "tests/support/table.h"

#define ROW_BYTES_MAX 65536u
#define OBJECTOR "9990000026"
#define LARGE_BYTES ((uint64_t)4 * 1024 * 1024)

enum how { FIRST, LAST, KEY };

static const char *const TABLES[] = {"meta", "body", "queue", "mailbox",
	"duplicate", "people", "policy", "agent", "standard", "rec", "priv",
	"tile", "override", "aside", "person-key", "opt-out-list", "upload",
	"part", "shared", "watch", "dead", "invite", "agent-key", "evidence"};

/* Without these nothing can be decided: the broker may refuse to start. */
static const char *const NEEDED[] = {
	"meta", "policy", "agent", "standard", "tile", "rec"};

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer hospital;
static struct test_peer practice;
static struct alm_message large;
static struct alm_message ordinary;

/* --- the file ------------------------------------------------------------- */

struct broken {
	uint8_t key[512];
	size_t key_bytes;
	uint8_t bad_key[512];
	uint8_t row[ROW_BYTES_MAX];
	uint8_t bad_row[ROW_BYTES_MAX];
	size_t row_bytes;
};

static struct broken broken;

/* False if the table has no row. */
static bool break_row(const char *name, enum how how)
{
	struct test_table table = test_table_open(broker.store, name, 0);
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val row;
	bool is_there;

	cr_assert_eq(mdb_cursor_open(table.txn, table.dbi, &cursor), 0);
	is_there = mdb_cursor_get(cursor, &key, &row,
			   how == LAST ? MDB_LAST : MDB_FIRST) == 0;
	if (is_there) {
		cr_assert_leq(key.mv_size, sizeof(broken.key));
		cr_assert_leq(row.mv_size, ROW_BYTES_MAX);
		memcpy(broken.key, key.mv_data, key.mv_size);
		memcpy(broken.bad_key, key.mv_data, key.mv_size);
		memcpy(broken.row, row.mv_data, row.mv_size);
		memcpy(broken.bad_row, row.mv_data, row.mv_size);
		broken.key_bytes = key.mv_size;
		broken.row_bytes = row.mv_size;
		if (how == KEY) {
			broken.bad_key[key.mv_size / 2] ^= 1;
		} else {
			broken.bad_row[row.mv_size - 1] ^= 1;
		}
		cr_assert_eq(mdb_cursor_del(cursor, 0), 0);
		key = (MDB_val){broken.key_bytes, broken.bad_key};
		row = (MDB_val){broken.row_bytes, broken.bad_row};
		test_table_put(&table, key, row);
	}
	test_table_close(&table);
	return is_there;
}

/* As it was, unless the broker has written or removed it. */
static void put_back(const char *name)
{
	struct test_table table = test_table_open(broker.store, name, 0);
	MDB_val key = {broken.key_bytes, broken.bad_key};
	MDB_val row;

	if (mdb_get(table.txn, table.dbi, &key, &row) == 0 &&
		row.mv_size == broken.row_bytes &&
		memcmp(row.mv_data, broken.bad_row, row.mv_size) == 0) {
		cr_assert_eq(mdb_del(table.txn, table.dbi, &key, NULL), 0);
		key.mv_data = broken.key;
		row = (MDB_val){broken.row_bytes, broken.row};
		test_table_put(&table, key, row);
	}
	test_table_close(&table);
}

/* --- the history ---------------------------------------------------------- */

static enum alm_err said(const struct alm_message *message)
{
	const struct alm_envelope *e;

	test_peer_send(&trust, message, "content", 0);
	e = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	return e->receipt.is_accepted ? ALM_OK : e->receipt.refused.code;
}

static void ask(const char *verb, const char *const *arguments)
{
	struct alm_answer answer = test_broker_ask(&broker, verb, arguments);

	cr_assert_eq(answer.code, ALM_OK, "%s: %s", verb, answer.detail);
}

/* Four parts, of which one comes. */
static void begin_upload(void)
{
	static uint8_t room[ALM_PART_BYTES];
	struct alm_hash *hash = alm_hash_new();
	uint32_t count = alm_parts_count(LARGE_BYTES);
	struct alm_part_tree *tree = alm_part_tree_new(count);
	struct alm_digest path[ALM_PART_PATH_MAX];
	struct alm_envelope e = {.kind = ALM_ENVELOPE_PART};

	for (uint32_t i = 0; i < count; i++) {
		alm_part_tree_set(tree, hash, i,
			(struct alm_bytes){
				room, alm_part_length(LARGE_BYTES, i)});
	}
	alm_part_tree_close(tree, hash);
	large = test_message(&trust, "RHA");
	large.payload_bytes = LARGE_BYTES;
	memcpy(large.payload_sha256, alm_part_tree_root(tree)->raw, 32);
	test_peer_send(&trust, &large, "", 0);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_PROGRESS);
	e.part = (struct alm_payload_part){.message_id = {large.id.raw, 16},
		.path = {path[0].raw, 32 * alm_part_tree_path(tree, 0, path)},
		.data = {room, alm_part_length(LARGE_BYTES, 0)}};
	test_peer_say(&trust, &e);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_PROGRESS);
	alm_part_tree_free(tree);
	alm_hash_free(hash);
}

static void invite_and_rekey(void)
{
	const uint8_t secret[32] = {42};
	struct test_peer ward;
	struct test_peer next;
	struct alm_invite_keys keys;
	char texts[2][65];

	cr_assert_eq(alm_invite_derive(secret, &keys), ALM_OK);
	alm_hex(keys.curve_public, 32, texts[0]);
	alm_hex(keys.proof_hash, 32, texts[1]);
	ask("agent.invite",
		(const char *const[]){"organisation", "RX1", "agent", "new",
			"invite-key", texts[0], "proof-hash", texts[1], NULL});
	test_peer_make(&ward, "RX1");
	test_peer_register(&ward, &broker, "ward");
	test_peer_make(&next, "RX1");
	alm_hex(next.curve_public, 32, texts[0]);
	alm_hex(next.signing_public, 32, texts[1]);
	ask("agent.rekey", (const char *const[]){"organisation", "RX1", "agent",
				   "ward", "curve-key", texts[0], "signing-key",
				   texts[1], "reason", "a test", NULL});
	test_peer_free(&ward);
	test_peer_free(&next);
}

/* Records, an objection that is overridden, and a list that is begun. */
static void make_people(void)
{
	const struct alm_person_record record = test_objection(OBJECTOR);
	struct alm_message message = test_message(&trust, "RHA");

	test_people_put(&broker, &record);
	message.subject = OBJECTOR;
	cr_assert_neq(said(&message), ALM_OK);
	message = test_message(&trust, "RHA");
	message.subject = OBJECTOR;
	message.has_override = true;
	message.override_kind = ALM_WIRE_OVERRIDE_EMERGENCY;
	message.override_by = "Dr A. Example";
	message.override_reason = "unconscious";
	cr_assert_eq(said(&message), ALM_OK);
	ask("opt-out.begin", (const char *const[]){"list", "national", "as-of",
				     "2026-11-01T00:00:00Z", "count", "2",
				     "reason", "a test", NULL});
}

static void make_dead_letter(void)
{
	const struct alm_message message = test_message(&trust, "C84001");

	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 64);
	cr_assert_eq(said(&message), ALM_OK);
	while (test_broker_figure(&broker, "dead-letters") == 0) {
		while (test_peer_next(&practice, 20) != NULL) {
		}
		test_peer_renew(&practice, 64);
	}
	test_peer_disconnect(&practice);
}

static void make_mail(void)
{
	static const char *const both[] = {"RHA", "C84001"};
	struct alm_message message = test_message(&trust, "");

	message.recipients = (struct alm_texts){both, 2};
	cr_assert_eq(said(&message), ALM_OK);
	message = test_message(&trust, "C84001");
	message.kind = ALM_KIND_REQUEST;
	message.deadline_ms = test_now_ms() + 3600000;
	cr_assert_eq(said(&message), ALM_OK);
	ordinary = test_message(&trust, "RHA");
	cr_assert_eq(said(&ordinary), ALM_OK);
}

/* Mail of which row and body are damaged is set aside. */
static void set_one_aside(void)
{
	test_broker_kill(&broker);
	cr_assert(break_row("queue", FIRST));
	cr_assert(break_row("body", FIRST));
	test_broker_start(&broker);
	while (test_broker_figure(&broker, "anomalies") == 0) {
	}
}

static void open_all(void)
{
	test_broker_open(&broker,
		"acknowledge-timeout: 1h\naudit-verify-rate: 0\n"
		"attempts-max: 2\nguardian-mailbox: C84001\n");
	test_policy_activate_overridable(&broker);
	test_peer_open(&trust, &broker, "RX1", 0);
	test_peer_enrol(&hospital, &broker, "RHA");
	test_peer_enrol(&practice, &broker, "C84001");
	ask("mailbox.deputy",
		(const char *const[]){"organisation", "C84001", "deputy", "RHA",
			"reason", "a test", NULL});
	make_mail();
	set_one_aside();
	test_peer_come_back(&trust, &broker, 0);
	make_mail();
	make_people();
	make_dead_letter();
	invite_and_rekey();
	begin_upload();
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&hospital);
	test_peer_free(&practice);
	test_broker_close(&broker);
}

TestSuite(damage_tables, .init = open_all, .fini = close_all, .timeout = 1800);

/* --- the questions -------------------------------------------------------- */

#define ARGUMENTS(...) \
	{ \
		__VA_ARGS__, NULL \
	}

static const struct {
	const char *verb;
	const char *arguments[12];
} VERBS[] = {
	{"status", {NULL}},
	{"health", {NULL}},
	{"org.list", {NULL}},
	{"org.find", ARGUMENTS("text", "trust")},
	{"agent.list", {NULL}},
	{"agent.invites", ARGUMENTS("all", "yes")},
	{"agent.uninvite", ARGUMENTS("invite", "1", "reason", "r")},
	{"agent.roles", ARGUMENTS("organisation", "RX1", "agent", "ward",
				"roles", "send,receive", "reason", "r")},
	{"policy.show", {NULL}},
	{"policy.source", {NULL}},
	{"policy.history", {NULL}},
	{"policy.proposals", {NULL}},
	{"officer.list", {NULL}},
	{"people.show", ARGUMENTS("subject", OBJECTOR, "reason", "r")},
	{"people.history", ARGUMENTS("subject", OBJECTOR, "reason", "r")},
	{"people.withdraw", ARGUMENTS("subject", OBJECTOR, "authority",
				    "patient", "scope", "none", "reason", "r")},
	{"people.erase", ARGUMENTS("subject", OBJECTOR, "reason", "r")},
	{"people.erase", ARGUMENTS("subject", "9990000018", "reason", "r")},
	{"opt-out.begin",
		ARGUMENTS("list", "national", "as-of", "2026-11-02T00:00:00Z",
			"count", "1", "reason", "r")},
	{"opt-out.finish", ARGUMENTS("number", "1", "reason", "r")},
	{"opt-out.lists", {NULL}},
	{"override.list",
		ARGUMENTS("all", "yes", "reveal", "yes", "reason", "r")},
	{"override.review", ARGUMENTS("id", "1", "outcome", "justified", "by",
				    "C. Guardian", "reason", "r")},
	{"mailbox.deputy", ARGUMENTS("organisation", "C84001", "deputy", "RHA",
				   "reason", "r")},
	{"mailbox.list", {NULL}},
	{"mailbox.show", ARGUMENTS("organisation", "RHA")},
	{"mailbox.show", ARGUMENTS("organisation", "C84001")},
	{"mailbox.dead", {NULL}},
	{"mailbox.rerun", ARGUMENTS("organisation", "C84001", "all", "yes",
				  "reason", "r", "dry-run", "yes")},
	{"mailbox.hold", ARGUMENTS("organisation", "C84001", "reason", "r")},
	{"mailbox.release", ARGUMENTS("organisation", "C84001", "reason", "r")},
	{"mailbox.release", ARGUMENTS("organisation", "RHA", "reason", "r")},
	{"mailbox.release", ARGUMENTS("organisation", "RX1", "reason", "r")},
	{"mailbox.limit", ARGUMENTS("organisation", "C84001", "messages", "100",
				  "reason", "r")},
	{"audit.query", {NULL}},
	{"audit.query", ARGUMENTS("reveal", "yes", "reason", "r")},
	{"audit.show", ARGUMENTS("seq", "1", "reveal", "yes", "proof", "yes",
			       "reason", "r")},
	{"audit.head", {NULL}},
	{"audit.checkpoint", {NULL}},
	{"audit.consistency", ARGUMENTS("old", "1")},
	{"audit.evidence", ARGUMENTS("seq", "1")},
	{"audit.receipt", ARGUMENTS("seq", "1", "reason", "r")},
	{"audit.keys", {NULL}},
	{"audit.witnesses", {NULL}},
	{"audit.reindex", ARGUMENTS("reason", "r")},
	{"audit.prune", ARGUMENTS("reason", "r")},
	{"standard.list", {NULL}},
};

static void ask_all(const char *what)
{
	struct alm_answer answer;
	char id[64];

	for (size_t i = 0; i < ALM_COUNT(VERBS); i++) {
		answer = test_broker_ask(
			&broker, VERBS[i].verb, VERBS[i].arguments);
		cr_assert_neq(answer.code, ALM_INTERNAL, "%s: %s", what,
			VERBS[i].verb);
		cr_assert_neq(answer.code, ALM_BAD_ARGUMENT, "%s: %s %s", what,
			VERBS[i].verb, answer.detail);
	}
	alm_hex(ordinary.id.raw, 16, id);
	answer = test_broker_ask(&broker, "trace",
		(const char *const[]){
			"part", "steps", "message", id, "reason", "r", NULL});
	cr_assert_neq(answer.code, ALM_INTERNAL, "%s: trace", what);
}

/* The upload goes on, or is refused. */
static void begin_again(void)
{
	const struct alm_envelope *e;

	test_peer_send(&trust, &large, "", 0);
	do {
		e = test_peer_next(&trust, 1000);
	} while (e == NULL || (e->kind != ALM_ENVELOPE_PROGRESS &&
				      e->kind != ALM_ENVELOPE_RECEIPT));
}

/* Mail is sent and taken, as far as the row that is damaged lets it be. */
static void use_all(const char *what, bool is_agent)
{
	struct alm_message message;
	unsigned accepted = 0;

	test_peer_disconnect(&trust);
	test_peer_connect(&trust, &broker);
	test_peer_hello(&trust, 64);
	test_peer_send(&trust, &ordinary, "content", 0); /* again */
	(void)test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	begin_again();
	while (accepted < 3) {
		message = test_message(
			&trust, accepted % 2 == 0 ? "RHA" : "C84001");
		message.subject = "9990000034";
		cr_assert_eq(said(&message), ALM_OK, "%s", what);
		accepted++;
	}
	message = test_message(&trust, "RHA");
	message.subject = OBJECTOR;
	cr_assert(is_agent || said(&message) != ALM_OK,
		"%s: an objection is forgotten", what);
	test_peer_disconnect(&hospital);
	test_peer_connect(&hospital, &broker);
	test_peer_hello(&hospital, 64);
	ask_all(what);
	test_peer_acknowledge(&hospital,
		test_peer_expect(&hospital, ALM_ENVELOPE_DELIVER)
			->deliver.sequence,
		NULL);
	(void)test_peer_expect(&hospital, ALM_ENVELOPE_ACKNOWLEDGED);
	test_peer_disconnect(&hospital);
}

static bool is_needed(const char *table)
{
	for (size_t i = 0; i < ALM_COUNT(NEEDED); i++) {
		if (strcmp(NEEDED[i], table) == 0) {
			return true;
		}
	}
	return false;
}

static void break_each(enum how how)
{
	for (size_t i = 0; i < ALM_COUNT(TABLES); i++) {
		test_broker_kill(&broker);
		if (!break_row(TABLES[i], how)) {
			printf("%s: empty\n", TABLES[i]);
			test_broker_start(&broker);
			continue;
		}
		printf("%s\n", TABLES[i]);
		fflush(stdout);
		if (test_broker_try_start(&broker)) {
			if (how == KEY && is_needed(TABLES[i])) {
				test_broker_kill(&broker);
				put_back(TABLES[i]);
				test_broker_start(&broker);
				continue;
			}
			use_all(TABLES[i], how == KEY);
			test_broker_kill(&broker);
		} else {
			cr_assert(is_needed(TABLES[i]), "%s: it does not start",
				TABLES[i]);
		}
		put_back(TABLES[i]);
		test_broker_start(&broker);
	}
}

Test(damage_tables, of_the_first_row_of_any_table_stops_nobody)
{
	break_each(FIRST);
}

Test(damage_tables, of_the_last_row_of_any_table_stops_nobody)
{
	break_each(LAST);
}

Test(damage_tables, of_the_first_key_of_any_table_stops_nobody)
{
	break_each(KEY);
}
