/*
 * fuzz_store_rows.c - rows that whoever has the store's key, or an earlier
 * release, may have written: under every table, read by everything that reads
 * them, and changed by what changes them.  An input is a sequence of rows:
 * table, length of the key, length of the value (two bytes), key, value.  They
 * are sealed and put into a turn that is never committed.
 */
#include <string.h>

#include "broker/store/evidence.h"
#include "broker/store/inside.h"
#include "broker/store/invite.h"
#include "broker/store/lists.h"
#include "broker/store/parts.h"
#include "broker/store/policy.h"
#include "broker/store/queue.h"
#include "broker/store/register.h"
#include "broker/store/watch.h"
#include "tests/fuzz/rows.h"

#define ROWS_MAX 16u
#define LATE_MS INT64_C(4000000000000)
#define WALK_MAX 32u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* --- readers by table --- */

/* Whoever asks for the next one must get past the last, or never ends. */
static void goes_on(uint64_t *last, uint64_t number)
{
	if (number <= *last) {
		abort();
	}
	*last = number;
}

static bool wants(const void *cookie, const uint8_t person[16])
{
	(void)cookie;
	return person[0] != 1;
}

static void search(bool is_of_dead)
{
	const struct alm_queue_search search = {.is_of_dead = is_of_dead,
		.wants = wants,
		.row_max = 64,
		.hit_max = 8,
		.byte_max = 4096};
	struct alm_queue_place place = {.bytes = 0};
	const struct alm_queue_hit *hits;
	size_t count;
	bool is_done = false;

	for (unsigned i = 0; i < WALK_MAX && !is_done; i++) {
		if (alm_store_queue_search(store, &search, &place, &arena,
			    &hits, &count, &is_done) != ALM_OK) {
			return;
		}
	}
}

static void read_mailbox(const struct row *row)
{
	struct alm_queue_entry entries[ALM_QUEUE_LIST_MAX];
	const struct alm_mailbox_limits limits = {10, 1000, 1000};
	struct alm_mailbox_state state;
	struct alm_queue_entry entry;
	struct alm_mail mail;
	const char *next = "";
	uint32_t attempts;
	size_t count = 0;
	bool is_mended;

	(void)!alm_store_mailbox_state(store, row->name, &state);
	(void)!alm_store_mailbox_orders(store, row->name, &state);
	(void)!alm_store_queue_get(store, row->name, row->last, &entry);
	(void)!alm_store_queue_list(
		store, row->name, 0, entries, ALM_QUEUE_LIST_MAX, &count);
	for (size_t i = 0; i < count; i++) {
		(void)!alm_store_mail_get(store, entries[i].seq, &arena, &mail);
		(void)!alm_store_queue_attempt(
			store, row->name, entries[i].place, false, &attempts);
		if (entries[i].is_damaged) {
			(void)!alm_store_queue_mend(store, row->name,
				entries[i].seq, &arena, &is_mended);
		}
		(void)!alm_store_mail_remove(store, row->name, entries[i].seq);
	}
	for (unsigned i = 0; i < WALK_MAX && alm_store_mailbox_next(store, next,
						     &arena, &next) == ALM_OK;
		i++) {
	}
	search(false);
	(void)!alm_store_mailbox_limit(store, row->name, &limits);
	(void)!alm_store_mailbox_hold(store, row->name, NOW_US);
}

static void read_dead(const struct row *row)
{
	struct alm_dead_letter dead;
	uint64_t after = 0;
	uint64_t recount;

	(void)!alm_store_dead_get(store, row->name, row->last, &dead);
	(void)!alm_dead_recount(store, store->turn, row->name, &recount);
	for (unsigned i = 0;
		i < WALK_MAX &&
		alm_store_dead_next(store, row->name, after, &dead) == ALM_OK;
		i++) {
		goes_on(&after, dead.entry.place);
	}
	search(true);
	if (row->number % 2 == 0) {
		(void)!alm_store_dead_rerun(store, row->name, dead.entry.seq);
	}
	(void)!alm_store_dead_remove(store, row->name, dead.entry.seq);
	(void)!alm_store_dead_remove(store, row->name, row->last);
}

static void read_watch(const struct row *row)
{
	struct alm_open_request request;
	struct alm_watch watch;
	const char *deputy;

	for (unsigned i = 0; i < WALK_MAX && alm_store_watch_due(store, LATE_MS,
						     &arena, &watch) == ALM_OK;
		i++) {
		if (alm_store_watch_remove(store, watch.at_ms, watch.seq) !=
			ALM_OK) {
			return;
		}
	}
	(void)!alm_store_request_get(
		store, row->name, &row->id, &arena, &request);
	(void)!alm_store_request_get(
		store, row->name + 1, &row->id, &arena, &request);
	(void)!alm_store_request_forget(store, row->name + 1, &row->id);
	(void)!alm_store_deputy_get(store, row->name, &arena, &deputy);
	(void)!alm_store_deputy_get(store, row->name + 1, &arena, &deputy);
}

static void read_evidence(const struct row *row)
{
	struct alm_witness witness = {.organisation = "", .name = ""};
	struct alm_audit_key key;
	struct alm_signed_head head;
	struct alm_evidence_marks marks;
	char origin[ALM_NOTE_NAME_BYTES];
	struct alm_bytes note;
	uint64_t last = 0;
	uint64_t size;

	(void)!alm_store_origin(store, origin);
	(void)!alm_store_head_from(store, 0, &arena, &head);
	(void)!alm_store_head_last(store, &arena, &head);
	(void)!alm_store_head_note(store, row->last, &arena, &note);
	(void)!alm_store_head_covering(store, 1, &arena, &size, &note);
	(void)!alm_store_evidence_marks(store, &marks);
	for (unsigned i = 0;
		i < WALK_MAX && alm_store_witness_next(store, witness.agent,
					&arena, &witness) == ALM_OK;
		i++) {
		goes_on(&last, witness.agent);
	}
	for (unsigned i = 0; i < WALK_MAX &&
			     alm_store_audit_key_next(store,
				     i == 0 ? NULL : key.key, &key) == ALM_OK;
		i++) {
	}
}

static void read_override(const struct row *row)
{
	struct alm_override_row found = {.audit_seq = 0};

	for (unsigned reviewed = 0; reviewed < 2; reviewed++) {
		uint64_t after = 0;

		for (unsigned i = 0;
			i < WALK_MAX &&
			alm_store_override_next(store, reviewed == 1, after,
				&arena, &found) == ALM_OK;
			i++) {
			goes_on(&after, found.audit_seq);
		}
	}
	if (alm_store_override_get(store, row->last, &arena, &found) ==
			ALM_OK &&
		found.outcome == ALM_OVERRIDE_OPEN && !found.is_damaged) {
		found.outcome = ALM_OVERRIDE_JUSTIFIED;
		(void)!alm_store_override_review(store, &found);
	}
}

static void read_lists(const struct row *row)
{
	struct alm_list_row list = {.number = 0, .source = ""};
	struct alm_list_row done;
	int64_t national_s;
	int64_t type_1_s;
	uint64_t last = 0;

	(void)row;
	alm_store_list_ages(store, &national_s, &type_1_s);
	for (unsigned i = 0;
		i < WALK_MAX && alm_store_list_next(store, list.number, &arena,
					&list) == ALM_OK;
		i++) {
		goes_on(&last, list.number);
		(void)!alm_store_list_finish(store, list.number, &arena, &done);
	}
}

static void read_officers(void)
{
	struct alm_officer_counts counts = {.last_number = 0};
	struct alm_officer officer;

	(void)!alm_store_officer_count(store, &counts);
	for (uint64_t i = 1; i <= counts.last_number && i < WALK_MAX; i++) {
		(void)!alm_store_officer_get(store, i, &arena, &officer);
	}
	(void)!alm_store_officer_find(store, "grace", &arena, &officer);
	(void)!alm_store_officer_revoke(store, 1, NOW_US);
}

static void read_policy(const struct row *row)
{
	struct alm_policy_epoch epoch;
	struct alm_proposal proposal;
	struct alm_approval approval = {.officer = 0};
	uint64_t number = 0;

	(void)row;
	read_officers();
	(void)!alm_store_policy_get(store, 1, &arena, &epoch);
	(void)!alm_store_policy_head(store, 1, &arena, &epoch);
	(void)!alm_store_policy_at(store, NOW_US, &arena, &number);
	(void)!alm_store_proposal_newest(store, &number);
	(void)!alm_store_proposal_get(store, number, &arena, &proposal);
	(void)!alm_store_proposal_head(store, number, &arena, &proposal);
	for (unsigned i = 0;
		i < WALK_MAX &&
		alm_store_approval_next(store, number, approval.officer, &arena,
			&approval) == ALM_OK;
		i++) {
	}
}

static void read_invites(const struct row *row)
{
	struct alm_invite_row invite = {.number = 0};
	uint64_t last = 0;

	(void)!alm_store_invite_get(store, row->last, &arena, &invite);
	invite.number = 0;
	for (unsigned i = 0;
		i < WALK_MAX && alm_store_invite_next(store, invite.number,
					&arena, &invite) == ALM_OK;
		i++) {
		goes_on(&last, invite.number);
		(void)alm_invite_state_word(invite.state);
		(void)!alm_store_invite_change(store, &invite);
	}
}

static void read_uploads(const struct row *row)
{
	struct alm_upload upload = {.number = 0, .sender = ""};
	struct alm_upload_usage usage;
	struct alm_stored_part part;
	uint64_t number;
	uint64_t bytes;
	uint32_t count;
	unsigned removed;
	bool has_more;

	(void)!alm_store_upload_usage(store, row->name, &usage);
	(void)!alm_store_upload_get(
		store, row->name, &row->id, &arena, &upload);
	(void)!alm_store_parts_of(store, row->last, &number, &bytes);
	(void)!alm_store_part_count(store, row->number, &count);
	(void)!alm_store_part_get(store, row->number, 0, &arena, &part);
	(void)alm_store_parts_stored(store);
	if (alm_store_upload_next(store, NULL, &arena, &upload) == ALM_OK) {
		(void)!alm_store_upload_next(store, &upload, &arena, &upload);
		(void)!alm_store_upload_drop(store, &upload);
	}
	(void)!alm_store_waste_remove(store, 4, &removed, &has_more);
}

static void read_agents(const struct row *row)
{
	struct alm_agent_row agent = {.number = 0};
	uint64_t last = 0;

	(void)row;
	for (unsigned i = 0;
		i < WALK_MAX && alm_store_agent_next(store, agent.number,
					&arena, &agent) == ALM_OK;
		i++) {
		goes_on(&last, agent.number);
		(void)!alm_store_agent_revoke(store, agent.number, NOW_US);
	}
}

static void read_standards(const struct row *row)
{
	struct alm_standard_row standard = {.id = "", .version = ""};

	(void)row;
	for (unsigned i = 0;
		i < WALK_MAX &&
		alm_store_standard_next(store, standard.id, standard.version,
			&arena, &standard) == ALM_OK;
		i++) {
	}
}

static void read_people(const struct row *row)
{
	static const char subjects[1][ALM_SUBJECT_TEXT_BYTES] = {"9990000018"};
	uint8_t place[16] = {0};
	struct alm_opt_out_answer answer;
	struct alm_person person;
	uint64_t rows;

	memcpy(place, row->key.data,
		row->key.bytes < sizeof(place) ? row->key.bytes
					       : sizeof(place));
	(void)!alm_store_person_at(store, place, &arena, &person);
	(void)!alm_store_person_get(store, subjects[0], &arena, &person);
	(void)!alm_store_opt_outs(store, subjects, 1, 0, &answer);
	(void)!alm_store_person_remove(store, subjects[0], &rows);
}

static void read_duplicates(const struct row *row)
{
	struct alm_duplicate duplicate;
	unsigned count;

	(void)!alm_store_duplicate_get(
		store, row->name, &row->id, &arena, &duplicate);
	(void)!alm_store_duplicate_prune(store, LATE_MS, 8, &count);
}

static void read_shared(const struct row *row)
{
	struct alm_mail mail = {.shared_seq = row->last};

	(void)!alm_store_mail_get(store, row->last, &arena, &mail);
	mail.shared_seq = row->last;
	(void)!alm_shared_fill(store, store->turn, &arena, &mail);
	(void)!alm_shared_release(store, row->last);
}

/* NULL: fuzz_stored_record.c puts its rows there. */
_Static_assert(ALM_TABLE_COUNT == 24, "a new table has its reader here");
static void (*const readers[ALM_TABLE_COUNT])(const struct row *row) = {
	[ALM_TABLE_META] = read_evidence,
	[ALM_TABLE_BODY] = read_mailbox,
	[ALM_TABLE_QUEUE] = read_mailbox,
	[ALM_TABLE_MAILBOX] = read_mailbox,
	[ALM_TABLE_DUPLICATE] = read_duplicates,
	[ALM_TABLE_PEOPLE] = read_people,
	[ALM_TABLE_POLICY] = read_policy,
	[ALM_TABLE_AGENT] = read_agents,
	[ALM_TABLE_STANDARD] = read_standards,
	[ALM_TABLE_REC] = NULL,
	[ALM_TABLE_PRIV] = NULL,
	[ALM_TABLE_TILE] = NULL,
	[ALM_TABLE_OVERRIDE] = read_override,
	[ALM_TABLE_ASIDE] = read_mailbox,
	[ALM_TABLE_PERSON_KEY] = read_people,
	[ALM_TABLE_OPT_OUT_LIST] = read_lists,
	[ALM_TABLE_UPLOAD] = read_uploads,
	[ALM_TABLE_PART] = read_uploads,
	[ALM_TABLE_SHARED] = read_shared,
	[ALM_TABLE_WATCH] = read_watch,
	[ALM_TABLE_DEAD] = read_dead,
	[ALM_TABLE_INVITE] = read_invites,
	[ALM_TABLE_AGENT_KEY] = read_agents,
	[ALM_TABLE_EVIDENCE] = read_evidence,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const uint8_t seed[32] = {1};
	struct alm_bytes input = {data, bytes};
	struct row rows[ROWS_MAX];
	size_t count = 0;

	if (store == NULL) {
		begin();
	}
	if (alm_store_begin(store, NOW_US, seed) != ALM_OK) {
		abort();
	}
	while (count < ROWS_MAX && next_row(&input, &rows[count])) {
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (readers[rows[i].table] != NULL) {
			readers[rows[i].table](&rows[i]);
		}
	}
	alm_store_abort(store);
	alm_arena_reset(&arena);
	return 0;
}
