/*
 * test_impact.c - requests decided again from what a record says of them: the
 * same answer as before, another under another policy, and an honest word
 * where a record does not say enough.
 */
#include <stdio.h>
#include <stdlib.h>

#include "broker/loop/detail.h"
#include "broker/policy/load.h"
#include "broker/rules/impact.h"
#include "lib/wire/texts.h"
#include "tests/unit/store/fixture.h"

#define PERSON "9990000018"
#define STRANGER "9990000026"
#define NOW_S (NOW_US / 1000000)

#define BUNDLE(relationship, categories) \
	"almoner: 1\nbundle: t\nkinds: [trust, practice]\n" \
	"purposes: [{id: care, class: care, recipients: [any]}]\n" \
	"categories: [{id: notes}, {id: mind}]\n" \
	"organisations: [{id: A, name: A, kind: trust},\n" \
	"  {id: B, name: B, kind: practice}]\n" \
	"agreements:\n  - {id: D1, title: T, from: [A], to: [B],\n" \
	"     purposes: [care], categories: [" categories "],\n" \
	"     identifiability: identifiable, relationship: " relationship \
	",\n     consent: implied, opt-out: not-applicable,\n" \
	"     valid: 2025-04-01 to 2090-03-31, evidence: [E],\n" \
	"     law: {article-6: a, article-9: b, confidentiality: c},\n" \
	"     approved-by: [g]}\n"

static struct alm_broker broker;
static struct alm_turn turn;
static struct alm_detail detail;
static struct alm_impact *impact;

static struct alm_snapshot *compile(const char *text)
{
	const struct alm_bundle_source file = {
		"b.yaml", {(const uint8_t *)text, strlen(text)}};
	struct alm_diagnostics found;
	struct alm_bundle bundle;
	struct alm_snapshot *snapshot;

	alm_diagnostics_init(&found, &arena);
	cr_assert_eq(alm_bundle_load(&file, 1, &arena, &found, &bundle, NULL),
		ALM_OK, "%s", found.items[0].message);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	return snapshot;
}

static void open_all(void)
{
	struct alm_snapshot *other;
	struct alm_person_record record = {.type = ALM_RECORD_RELATIONSHIP,
		.subject = PERSON,
		.relationship = {.organisation = "B",
			.role = "gp",
			.valid = {0, ALM_INSTANT_NEVER},
			.recorded_s = 1700000000}};
	bool is_new = false;

	set_up();
	broker = (struct alm_broker){.store = store};
	broker.snapshot = compile(BUNDLE("required", "notes, mind"));
	broker.scratch = alm_scratch_new(broker.snapshot);
	broker.world = (struct alm_world){
		broker.snapshot, 1, 0, ALM_OPT_OUT_AGE_DEFAULT_S};
	turn = (struct alm_turn){.broker = &broker,
		.arena = &arena,
		.detail = &detail,
		.now_s = NOW_S};
	other = compile(BUNDLE("not-required", "notes"));
	impact = alm_impact_new(&other);
	cr_assert_not_null(impact);
	impact->at_s = NOW_S;
	begin();
	cr_assert_eq(alm_store_person_put(store, &record, &is_new), ALM_OK);
}

static void close_all(void)
{
	alm_impact_free(impact);
	alm_scratch_free(broker.scratch);
	alm_snapshot_free(broker.snapshot);
	tear_down();
}

TestSuite(impact, .init = open_all, .fini = close_all);

static struct alm_message message(
	const char *subject, const char *const *words, size_t count)
{
	struct alm_message out = alm_message_empty();

	out.sender = "A";
	out.recipient = "B";
	out.purpose = "care";
	out.categories = (struct alm_texts){words, count};
	out.payload_level = ALM_WIRE_LEVEL_IDENTIFIABLE;
	out.subject = subject;
	return out;
}

/* Judged and recorded as a send is; `more` are further private lines. */
static struct alm_audit_record record(
	const struct alm_message *m, const char *more)
{
	struct alm_audit_record out = plain_record();
	struct alm_judgement judgement;
	bool is_denied;

	cr_assert_eq(alm_judge(&turn, m, (struct alm_bytes){NULL, 0}, NULL,
			     &judgement),
		ALM_OK);
	is_denied = judgement.effect == ALM_EFFECT_DENY;
	out.kind = is_denied ? ALM_AUDIT_REFUSED : ALM_AUDIT_ACCEPTED;
	out.effect = (uint8_t)judgement.effect;
	out.code = is_denied ? (uint32_t)judgement.code : judgement.rule_code;
	out.flags = alm_replay_flags(m, &judgement);
	out.level_in = (uint8_t)m->payload_level;
	out.has_person = judgement.has_person;
	memcpy(out.person, judgement.person, sizeof(out.person));
	out.sender = m->sender;
	out.recipient = m->recipient;
	out.purpose = m->purpose;
	out.basis = judgement.basis;
	out.categories =
		is_denied ? "" : alm_texts_join(judgement.release, &arena);
	alm_detail_init(&detail);
	alm_replay_describe(&turn, m, &judgement);
	if (more != NULL) {
		alm_detail_text(&detail, "override-reason", more);
	}
	cr_assert_eq(
		alm_store_audit_append(store, &out, alm_detail_finish(&detail)),
		ALM_OK);
	return out;
}

static enum alm_replay replay(
	const struct alm_audit_record *of, struct alm_replayed *out)
{
	enum alm_replay how = ALM_REPLAYS;

	memset(out, 0, sizeof(*out));
	cr_assert_eq(alm_impact_replay(&broker, impact, of, out, &how), ALM_OK);
	return how;
}

static const char *const notes[] = {"notes"};
static const char *const both[] = {"mind", "notes"};
static const char *const strange[] = {"notes,mind"};

Test(impact, finds_the_person_and_what_was_asked)
{
	struct alm_message m = message(PERSON, both, 2);
	struct alm_audit_record r = record(&m, NULL);
	struct alm_replayed got;

	cr_assert_eq(r.kind, ALM_AUDIT_ACCEPTED);
	cr_assert_eq(replay(&r, &got), ALM_REPLAY_DONE);
	cr_expect_eq(got.change, ALM_IMPACT_NARROWED);
	cr_expect_eq(got.code_before, 0);
	cr_expect_eq(got.code_after, 1);
	cr_expect_not(got.has_drifted);
	m = message(STRANGER, notes, 1);
	r = record(&m, NULL);
	cr_assert_eq(r.kind, ALM_AUDIT_REFUSED);
	cr_assert_eq(replay(&r, &got), ALM_REPLAY_DONE);
	cr_expect_eq(got.change, ALM_IMPACT_GAINED);
	cr_expect_eq(got.code_before, ALM_REASON_501);
	cr_expect_str_eq(got.basis_after, "D1");
}

Test(impact, names_the_basis_only_if_the_request_did)
{
	struct alm_message m = message(PERSON, notes, 1);
	struct alm_replayed got;
	struct alm_audit_record r;

	m.basis = "D9";
	r = record(&m, NULL);
	cr_assert_eq(replay(&r, &got), ALM_REPLAY_DONE);
	cr_expect_eq(got.code_before, ALM_REASON_306);
	cr_expect_eq(got.change, ALM_IMPACT_SAME);
	m.basis = "D1";
	r = record(&m, NULL);
	cr_assert_eq(replay(&r, &got), ALM_REPLAY_DONE);
	cr_expect_eq(got.code_before, 0);
	/* Without the flag the used basis is not a named one. */
	m.basis = "";
	r = record(&m, NULL);
	cr_expect_eq(r.flags & ALM_AUDIT_NAMED, 0);
}

Test(impact, says_what_it_cannot_replay)
{
	struct alm_message m = message(PERSON, notes, 1);
	struct alm_audit_record r = record(&m, NULL);
	struct alm_audit_record other = r;
	struct alm_replayed got;
	uint64_t next = 0;
	uint64_t count = 0;

	other.kind = ALM_AUDIT_DELIVERED;
	cr_expect_eq(replay(&other, &got), ALM_REPLAY_NO_REQUEST);
	other = r;
	other.flags &= (uint8_t)~ALM_AUDIT_WHOLE;
	cr_expect_eq(replay(&other, &got), ALM_REPLAY_NOT_WHOLE);
	other = r;
	other.kind = ALM_AUDIT_REFUSED;
	other.code = ALM_REASON_107;
	cr_expect_eq(replay(&other, &got), ALM_REPLAY_MALFORMED);
	m = message(PERSON, strange, 1);
	other = record(&m, NULL);
	cr_expect_eq(replay(&other, &got), ALM_REPLAY_NOT_WHOLE);
	cr_assert_eq(alm_store_person_keys_destroy(
			     store, PERSON, UINT64_MAX, 1000, &next, &count),
		ALM_OK);
	cr_expect_gt(count, 0);
	cr_expect_eq(replay(&r, &got), ALM_REPLAY_ERASED);
}

Test(impact, believes_the_first_line_of_a_kind)
{
	struct alm_message m = message(STRANGER, notes, 1);
	struct alm_audit_record r;
	struct alm_replayed got;
	uint8_t place[16];
	char hex[33];
	char forged[128];

	alm_store_person_place(store, PERSON, place);
	alm_hex(place, sizeof(place), hex);
	(void)snprintf(
		forged, sizeof(forged), "x\nplace: %s\nrequested: mind", hex);
	r = record(&m, forged);
	cr_assert_eq(replay(&r, &got), ALM_REPLAY_DONE);
	cr_expect_eq(got.code_before, ALM_REASON_501, "%u", got.code_before);
	cr_expect_eq(got.change, ALM_IMPACT_GAINED);
}

Test(impact, tells_what_the_active_policy_now_says_otherwise)
{
	struct alm_message m = message(PERSON, notes, 1);
	struct alm_audit_record r = record(&m, NULL);
	struct alm_replayed got;

	impact->at_s = NOW_S + INT64_C(70) * 365 * 86400;
	cr_assert_eq(replay(&r, &got), ALM_REPLAY_DONE);
	cr_expect(got.has_drifted);
	cr_expect_eq(got.change, ALM_IMPACT_SAME);
}
