/*
 * test_diff.c - the cells that change, against the rule itself: on random
 * pairs of small bundles every cell is decided under both, for every payload
 * level and for people who meet and do not meet what can be asked of them.
 */
#include "broker/policy/diff.h"
#include "tests/unit/policy/diff_world.h"

TestSuite(diff);

#define ROUNDS 50

/* --- brute force --------------------------------------------------------- */

enum {
	RELATED = 1,
	PERMITS = 2,
	CLEAR = 4,
	NONE = 8,
	DENIES = 16,
	FLAGGED = 32,
	OBJECTS = 64,
	OPTED_OUT = 128
};
#define GOOD (RELATED | PERMITS | CLEAR)

static const struct scenario {
	unsigned person;
	enum alm_override_kind override;
} scenarios[] = {{GOOD, ALM_OVERRIDE_UNKNOWN},
	{PERMITS | CLEAR, ALM_OVERRIDE_UNKNOWN},
	{RELATED | CLEAR, ALM_OVERRIDE_UNKNOWN},
	{RELATED | PERMITS | OPTED_OUT, ALM_OVERRIDE_UNKNOWN},
	{RELATED | PERMITS, ALM_OVERRIDE_UNKNOWN},
	{GOOD | OBJECTS, ALM_OVERRIDE_UNKNOWN},
	{GOOD | DENIES, ALM_OVERRIDE_UNKNOWN},
	{GOOD | FLAGGED, ALM_OVERRIDE_UNKNOWN},
	{PERMITS | CLEAR, ALM_OVERRIDE_EMERGENCY},
	{GOOD | DENIES, ALM_OVERRIDE_EMERGENCY},
	{PERMITS | CLEAR | DENIES, ALM_OVERRIDE_EMERGENCY},
	{GOOD | DENIES, ALM_OVERRIDE_GUARDIAN},
	{PERMITS | CLEAR, ALM_OVERRIDE_GUARDIAN}};

struct known {
	struct alm_person person;
	struct alm_directive directives[2];
	struct alm_opt_out opt_outs[2];
	struct alm_relationship relationships[ORGANISATIONS];
	struct alm_flag flag;
};

static struct known people[ALM_COUNT(scenarios)];

static void know(struct known *k, unsigned facts)
{
	struct alm_person *p = &k->person;

	*k = (struct known){.person = {.directives = k->directives,
				    .relationships = k->relationships,
				    .opt_outs = k->opt_outs,
				    .flags = &k->flag}};
	if ((facts & PERMITS) != 0) {
		k->directives[p->directive_count++] =
			DIRECTIVE("R1", .effect = ALM_WORD_PERMIT,
				.purposes = WORDS("care emergency triage "
						  "planning audit"));
	}
	if ((facts & DENIES) != 0) {
		k->directives[p->directive_count++] = DIRECTIVE("R2");
	}
	if ((facts & (CLEAR | OPTED_OUT)) != 0) {
		k->opt_outs[p->opt_out_count++] =
			(struct alm_opt_out){ALM_OPT_OUT_NATIONAL,
				(facts & OPTED_OUT) != 0, T - DAY, T - DAY};
	}
	if ((facts & OBJECTS) != 0) {
		k->opt_outs[p->opt_out_count++] = (struct alm_opt_out){
			ALM_OPT_OUT_TYPE_1, true, T - DAY, T - DAY};
	}
	for (size_t i = 0; (facts & RELATED) != 0 && i < ORGANISATIONS; i++) {
		k->relationships[p->relationship_count++] =
			(struct alm_relationship){
				.organisation = organisation_ids[i],
				.role = "care-team",
				.valid = ALWAYS,
				.recorded_s = T - DAY};
	}
	if ((facts & FLAGGED) != 0) {
		k->flag = (struct alm_flag){.flag = ALM_FLAG_LOCATION_WITHHELD,
			.valid = ALWAYS,
			.recorded_s = T - DAY};
		p->flag_count = 1;
	}
}

struct judge {
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
};

static enum alm_level decide_one(const struct judge *judge,
	struct alm_request *request, enum alm_level payload, bool is_batch,
	size_t scenario)
{
	struct alm_world world = {
		judge->snapshot, 7, 1042, ALM_OPT_OUT_AGE_DEFAULT_S};
	bool is_about = payload >= ALM_LEVEL_PSEUDONYMISED;
	struct alm_decision decision;

	request->payload = payload;
	request->is_batch = is_batch;
	request->subject = is_about ? PERSON : NULL;
	request->override_kind = scenarios[scenario].override;
	request->has_override = request->override_kind != ALM_OVERRIDE_UNKNOWN;
	alm_decide(&world, is_about ? &people[scenario].person : NULL, request,
		T, judge->scratch, &decision);
	return decision.effect == ALM_EFFECT_DENY ? ALM_LEVEL_UNKNOWN
						  : decision.level;
}

/* What must be said of one cell. */
struct expected {
	enum alm_diff_change change;
	enum alm_level before;
	enum alm_level after;
};

static bool holds_words(struct alm_words all, struct alm_words some)
{
	for (size_t i = 0; i < some.count; i++) {
		bool is_found = false;

		for (size_t j = 0; j < all.count; j++) {
			is_found = is_found || strcmp(all.items[j].text,
						       some.items[i].text) == 0;
		}
		if (!is_found) {
			return false;
		}
	}
	return true;
}

static struct expected expect(const struct judge judges[2],
	const struct alm_bundle_basis *a, const struct alm_bundle_basis *b,
	struct alm_request *request)
{
	struct expected e = {ALM_DIFF_SAME, 0, 0};
	bool more = false;
	bool less = false;

	for (unsigned p = 1; p <= 4; p++) {
		size_t count =
			p < ALM_LEVEL_PSEUDONYMISED ? 1 : ALM_COUNT(scenarios);

		for (size_t i = 0; i < 2 * count; i++) {
			enum alm_level levels[2];

			for (int s = 0; s < 2; s++) {
				levels[s] = decide_one(&judges[s], request,
					(enum alm_level)p, (i & 1) != 0, i / 2);
			}
			more = more || levels[1] > levels[0];
			less = less || levels[1] < levels[0];
			e.before = levels[0] > e.before ? levels[0] : e.before;
			e.after = levels[1] > e.after ? levels[1] : e.after;
		}
	}
	if (e.before == 0 || e.after == 0) {
		e.change = e.after > 0    ? ALM_DIFF_GAINED
			   : e.before > 0 ? ALM_DIFF_LOST
					  : ALM_DIFF_SAME;
		return e;
	}
	more = more || b->smallest_group < a->smallest_group ||
	       b->valid.until_s > a->valid.until_s ||
	       !holds_words(b->obligations, a->obligations);
	less = less || b->smallest_group > a->smallest_group ||
	       b->valid.until_s < a->valid.until_s ||
	       !holds_words(a->obligations, b->obligations);
	e.change = more && less ? ALM_DIFF_ALTERED
		   : more       ? ALM_DIFF_WIDENED
		   : less       ? ALM_DIFF_NARROWED
				: ALM_DIFF_SAME;
	return e;
}

/* --- what the comparison says, cell by cell ------------------------------ */

#define CELLS_MAX 200000

struct cell {
	const char *from, *to, *purpose, *category, *basis;
	enum alm_diff_change change;
	enum alm_level before, after;
	unsigned terms;
};

struct cells {
	struct cell items[CELLS_MAX];
	size_t count;
};

static bool has_bit(const struct alm_diff_mask *mask, unsigned bit)
{
	return (mask->bits[bit / 64] >> bit % 64 & 1) != 0;
}

static void take(void *context, const struct alm_diff *diff,
	const struct alm_diff_block *b)
{
	struct cells *cells = context;
	size_t first = cells->count;

	for (uint32_t f = 0; f < b->from_count; f++) {
		for (uint32_t t = 0; t < b->to_count; t++) {
			for (unsigned pc = 0; pc < 128 * 128; pc++) {
				if (b->from[f] == b->to[t] ||
					!has_bit(&b->purposes, pc / 128) ||
					!has_bit(&b->categories, pc % 128)) {
					continue;
				}
				cr_assert_lt(cells->count, CELLS_MAX);
				cells->items[cells->count++] = (struct cell){
					alm_diff_organisation(diff, b->from[f]),
					alm_diff_organisation(diff, b->to[t]),
					alm_diff_purpose(diff, pc / 128),
					alm_diff_category(diff, pc % 128),
					(b->before ? b->before : b->after)
						->id.text,
					b->change, b->level_before,
					b->level_after, b->terms};
			}
		}
	}
	cr_expect_eq(b->cells, cells->count - first);
}

static const struct cell *find(const struct cells *cells, const char *from,
	const struct alm_request *r)
{
	const struct cell *found = NULL;

	for (size_t i = 0; i < cells->count; i++) {
		const struct cell *c = &cells->items[i];

		if (strcmp(c->from, from) == 0 && strcmp(c->to, r->to) == 0 &&
			strcmp(c->purpose, r->purpose) == 0 &&
			strcmp(c->category, r->categories[0]) == 0 &&
			strcmp(c->basis, r->basis) == 0) {
			cr_assert_null(found, "a cell stands twice");
			found = c;
		}
	}
	return found;
}

static void compare_cell(const struct cells *cells,
	const struct judge judges[2], const struct world worlds[2], size_t at,
	unsigned round)
{
	const char *category = category_ids[at % 5];
	const char *from = organisation_ids[at / 5 / 5 / BASES % ORGANISATIONS];
	size_t basis = at / 5 / 5 % BASES;
	struct alm_request request = {.id = "q",
		.from = from,
		.to = organisation_ids[at / 5 / 5 / BASES / ORGANISATIONS],
		.purpose = purpose_ids[at / 5 % 5],
		.categories = &category,
		.category_count = 1,
		.has_payload = true,
		.basis = basis_ids[basis],
		.override_by = "Dr A",
		.override_reason = "unconscious"};
	struct expected e = expect(judges, &worlds[0].bases[basis],
		&worlds[1].bases[basis], &request);
	const struct cell *got = find(cells, from, &request);
	enum alm_diff_change change = got ? got->change : ALM_DIFF_SAME;

	cr_assert_eq(change, e.change,
		"round %u: %s -> %s, %s, %s, %s: %s, not %s", round, from,
		request.to, request.purpose, category, request.basis,
		alm_diff_change_name(change), alm_diff_change_name(e.change));
	if (got != NULL) {
		cr_assert_eq(got->before, e.before, "round %u", round);
		cr_assert_eq(got->after, e.after, "round %u", round);
		cr_assert_eq(got->terms == 0, change <= ALM_DIFF_LOST);
	}
}

static void compare_worlds(
	const struct world worlds[2], struct cells *cells, unsigned round)
{
	struct alm_diff_totals totals;
	struct judge judges[2];
	struct alm_diff *diff;

	for (int s = 0; s < 2; s++) {
		judges[s].snapshot = alm_snapshot_compile(&worlds[s].bundle);
		judges[s].scratch = alm_scratch_new(judges[s].snapshot);
		cr_assert_not_null(judges[s].scratch);
	}
	cr_assert_eq(
		alm_diff_open(&worlds[0].bundle, &worlds[1].bundle, T, &diff),
		ALM_OK);
	cells->count = 0;
	cr_assert_eq(alm_diff_run(diff, take, cells, &totals), ALM_OK);
	cr_expect_eq(totals.bases_left, 0);
	for (size_t i = 0;
		i < (size_t)5 * 5 * BASES * ORGANISATIONS * ORGANISATIONS;
		i++) {
		compare_cell(cells, judges, worlds, i, round);
	}
	alm_diff_close(diff);
	for (int s = 0; s < 2; s++) {
		alm_scratch_free(judges[s].scratch);
		alm_snapshot_free(judges[s].snapshot);
	}
}

Test(diff, agrees_with_the_rule_on_every_cell, .timeout = 1800)
{
	static struct world worlds[2];
	struct cells *cells = malloc(sizeof(*cells));
	unsigned counts[ALM_DIFF_CHANGES] = {0};

	cr_assert_not_null(cells);
	state = UINT64_C(0x5EEDCE115);
	for (size_t i = 0; i < ALM_COUNT(scenarios); i++) {
		know(&people[i], scenarios[i].person);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		keep_reset();
		build(&worlds[0]);
		worlds[1] = worlds[0];
		for (unsigned i = below(4); i < 4; i++) {
			change(&worlds[1]);
		}
		attach(&worlds[0], one_in(3) ? below(8) : 0);
		attach(&worlds[1], one_in(3) ? below(8) : 0);
		for (size_t i = 0; i < ALM_COUNT(scenarios); i++) {
			know(&people[i], scenarios[i].person);
		}
		compare_worlds(worlds, cells, round);
		for (size_t i = 0; i < cells->count; i++) {
			counts[cells->items[i].change]++;
		}
	}
	/* The worlds are not too tame to tell. */
	for (unsigned i = ALM_DIFF_GAINED; i < ALM_DIFF_CHANGES; i++) {
		cr_expect_gt(counts[i], 100, "%s: %u",
			alm_diff_change_name((enum alm_diff_change)i),
			counts[i]);
	}
	free(cells);
}

Test(diff, reaches_a_basis_by_a_group_that_lost_a_member)
{
	static struct world worlds[2];
	struct cells *cells = malloc(sizeof(*cells));
	struct alm_diff_totals totals;
	struct alm_diff *diff;

	cr_assert_not_null(cells);
	cells->count = 0;
	build(&worlds[0]);
	worlds[0].bases[0] =
		BASIS("B1", .from = LIST("group:both"), .to = LIST("CH1"));
	worlds[0].bases[1] = BASIS("B2", .from = LIST("C2"), .to = LIST("CH1"));
	worlds[1] = worlds[0];
	worlds[1].members[2].valid.until_s = T;
	attach(&worlds[0], 4);
	attach(&worlds[1], 4);
	worlds[0].bundle.prohibition_count = 0;
	worlds[1].bundle.prohibition_count = 0;
	cr_assert_eq(
		alm_diff_open(&worlds[0].bundle, &worlds[1].bundle, T, &diff),
		ALM_OK);
	cr_assert_eq(alm_diff_run(diff, take, cells, &totals), ALM_OK);
	cr_expect_eq(totals.bases_changed, 0);
	cr_expect_eq(totals.bases_judged, 1);
	/* RX1 to CH1: of care three categories, and what is below them. */
	cr_assert_eq(cells->count, 3);
	for (size_t i = 0; i < cells->count; i++) {
		cr_expect_eq(cells->items[i].change, ALM_DIFF_LOST);
		cr_expect_str_eq(cells->items[i].from, "RX1");
	}
	alm_diff_close(diff);
	free(cells);
}
