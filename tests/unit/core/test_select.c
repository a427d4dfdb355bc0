/* Each kind of selector, asked of every organisation on both sides. */
#include "broker/core/decide_internal.h"
#include "tests/unit/core/builder.h"

TestSuite(select);

static const struct selection {
	const char *selectors;
	const char *selected; /* at T */
} selections[] = {
	{"any", "RX1 RX5 C1 C2 QT1 CA1 CH1"},
	{"group:past", ""},
	{"group:future", ""},
	{"group:both", "C1 RX1"},
	{"kind:nhs-trust", "RX1 RX5"},
	{"kind:gp-practice", "C1 C2"},
	{"kind:charity", "CH1"},
	{"kind:icb", "QT1"},
	{"RX1", "RX1"},
	{"C2", "C2"},
	{"CH1", "CH1"},
	{"RX1 group:both kind:icb", "C1 RX1 QT1"},
	{"group:future group:past CA1", "CA1"},
	{"CH1 kind:nhs-trust C2 group:both", "CH1 RX1 RX5 C2 C1"},
};

static const char *const parties[] = {
	"RX1", "RX5", "C1", "C2", "QT1", "CA1", "CH1"};

static bool is_selected(const struct selection *selection, const char *id)
{
	struct alm_word_list words = WORDS(selection->selected);

	for (size_t i = 0; i < words.count; i++) {
		if (strcmp(words.items[i], id) == 0) {
			return true;
		}
	}
	return false;
}

/* A request that names the basis and one that does not find it alike. */
static void expect_selected(const struct alm_snapshot *snapshot,
	const char *from, const char *to, bool is_fitting, const char *what)
{
	struct alm_request request = REQUEST(.from = from, .to = to);
	struct line line;
	const char *want = is_fitting ? "permit 0 basis=A" : "deny 300";

	decide_line(snapshot, &request, NULL, T, &line);
	cr_expect(strncmp(line.text, want, strlen(want)) == 0,
		"%s: %s to %s: %s", what, from, to, line.text);
	request.basis = "A";
	want = is_fitting ? "permit 0 basis=A" : "deny 307";
	decide_line(snapshot, &request, NULL, T, &line);
	cr_expect(strncmp(line.text, want, strlen(want)) == 0,
		"%s, named: %s to %s: %s", what, from, to, line.text);
}

/* One basis whose selectors stand on one side, and `any` on the other. */
static void try_side(const struct selection *selection, bool is_sender)
{
	struct alm_bundle_basis bases[] = {BASIS("A",
		.from = LIST(is_sender ? selection->selectors : "any"),
		.to = LIST(is_sender ? "any" : selection->selectors))};
	/* These select everybody, and must not be taken for bases. */
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("P", .categories = LIST("gender")),
		PROHIBITION("Q", .categories = LIST("gender"))};
	struct alm_bundle bundle = bundle_of(bases, 1, prohibitions, 2);
	struct alm_snapshot *snapshot = alm_snapshot_compile(&bundle);

	cr_assert_not_null(snapshot);
	for (size_t i = 0; i < ALM_COUNT(parties); i++) {
		const char *other = i == 0 ? "RX5" : "RX1";
		bool is_fitting = is_selected(selection, parties[i]);

		expect_selected(snapshot, is_sender ? parties[i] : other,
			is_sender ? other : parties[i], is_fitting,
			selection->selectors);
	}
	alm_snapshot_free(snapshot);
}

Test(select, finds_exactly_whom_a_selector_names)
{
	for (size_t i = 0; i < ALM_COUNT(selections); i++) {
		keep_reset();
		try_side(&selections[i], true);
		try_side(&selections[i], false);
	}
}

/* The same of prohibitions, which are collected with other keys. */
static void try_prohibition(const struct selection *selection, bool is_sender)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .from = LIST("any"), .to = LIST("any"))};
	struct alm_bundle_prohibition prohibitions[] = {PROHIBITION("P",
		.from = LIST(is_sender ? selection->selectors : "any"),
		.to = LIST(is_sender ? "any" : selection->selectors))};
	struct alm_bundle bundle = bundle_of(bases, 1, prohibitions, 1);
	struct alm_snapshot *snapshot = alm_snapshot_compile(&bundle);

	cr_assert_not_null(snapshot);
	for (size_t i = 0; i < ALM_COUNT(parties); i++) {
		const char *other = i == 0 ? "RX5" : "RX1";
		struct alm_request request =
			REQUEST(.from = is_sender ? parties[i] : other,
				.to = is_sender ? other : parties[i]);
		const char *want = is_selected(selection, parties[i])
					   ? "deny 403"
					   : "permit 0";
		struct line line;

		decide_line(snapshot, &request, NULL, T, &line);
		cr_expect(strncmp(line.text, want, strlen(want)) == 0,
			"%s: %s: %s", selection->selectors, parties[i],
			line.text);
	}
	alm_snapshot_free(snapshot);
}

Test(select, prohibits_exactly_whom_a_selector_names)
{
	for (size_t i = 0; i < ALM_COUNT(selections); i++) {
		keep_reset();
		try_prohibition(&selections[i], true);
		try_prohibition(&selections[i], false);
	}
}

/* --- many rules ---------------------------------------------------------- */

#define RULES 300

/* Rules of one sender and one recipient each, and some of a kind. */
static void make_rules(struct alm_bundle_basis *bases)
{
	static char names[RULES][8];

	for (size_t i = 0; i < RULES; i++) {
		const char *from = parties[i % ALM_COUNT(parties)];
		const char *to = parties[(i / 7) % ALM_COUNT(parties)];

		snprintf(names[i], sizeof(names[i]), "B%03zu", i);
		bases[i] = BASIS(names[i], .from = LIST(from), .to = LIST(to));
		if (i % 11 == 0) {
			bases[i].to = LIST("kind:nhs-trust group:both");
		}
	}
}

/* What the candidates of two parties are, by trying each rule. */
static void expect_line(const struct alm_bundle_basis *bases, const char *from,
	const char *to, struct line *out)
{
	static const struct selection mixed = {"", "RX1 RX5 C1"};
	const char *found[RULES];
	size_t count = 0;

	for (size_t i = 0; i < RULES; i++) {
		bool is_mixed = i % 11 == 0;

		if (strcmp(bases[i].from.items[0].text, from) == 0 &&
			(is_mixed ? is_selected(&mixed, to)
				  : strcmp(bases[i].to.items[0].text, to) ==
						0)) {
			found[count++] = bases[i].id.text;
		}
	}
	*out = (struct line){.bytes = 0};
	if (count == 0) {
		add(out, "deny 300 because=300", "");
	} else if (count == 1) {
		add(out, "permit 0 basis=", found[0]);
		add(out, " release=discharge level=identifiable", "");
	} else {
		add(out, "deny 308 because=308", "");
		add_ids(out, " candidates=", (struct alm_ids){found, count});
	}
}

Test(select, finds_among_many_rules_what_trying_each_would_find)
{
	static struct alm_bundle_basis bases[RULES];
	struct alm_bundle bundle;
	struct alm_snapshot *snapshot;

	make_rules(bases);
	bundle = bundle_of(bases, RULES, NULL, 0);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	for (size_t i = 0; i < ALM_COUNT(parties); i++) {
		for (size_t j = 0; j < ALM_COUNT(parties); j++) {
			struct alm_request request =
				REQUEST(.from = parties[i], .to = parties[j]);
			struct line want;
			struct line line;

			if (i == j) {
				continue;
			}
			expect_line(bases, parties[i], parties[j], &want);
			decide_line(snapshot, &request, NULL, T, &line);
			cr_expect_str_eq(line.text, want.text, "%s to %s",
				parties[i], parties[j]);
		}
	}
	alm_snapshot_free(snapshot);
}

/* More fit than are sorted one by one. */
Test(select, lists_very_many_candidates_in_order)
{
	static struct alm_bundle_basis bases[RULES];
	struct alm_bundle bundle;
	struct alm_snapshot *snapshot;
	struct alm_request request;
	struct line line;
	struct line want = {.bytes = 0};
	const char *found[RULES];

	for (size_t most = 31; most <= 34; most++) {
		keep_reset();
		request = REQUEST();
		make_rules(bases);
		for (size_t i = 0; i < RULES; i++) {
			bool is_fitting = i % 9 == 8 && i / 9 < most;

			bases[i].from = LIST(is_fitting ? "RX1" : "C2");
			bases[i].to = LIST(i % 2 ? "C1" : "kind:gp-practice");
			if (is_fitting) {
				found[i / 9] = bases[i].id.text;
			}
		}
		want = (struct line){.bytes = 0};
		add(&want, "deny 308 because=308", "");
		add_ids(&want, " candidates=",
			(struct alm_ids){found, most < 33 ? most : 33});
		bundle = bundle_of(bases, RULES, NULL, 0);
		snapshot = alm_snapshot_compile(&bundle);
		cr_assert_not_null(snapshot);
		decide_line(snapshot, &request, NULL, T, &line);
		cr_expect_str_eq(line.text, want.text);
		alm_snapshot_free(snapshot);
	}
}

/* The stamp of a search comes round after 2^32 of them. */
Test(select, finds_a_rule_that_was_found_very_long_ago)
{
	static struct alm_bundle_basis bases[RULES];
	struct alm_bundle bundle;
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
	struct alm_world world = {NULL, 7, 1042, ALM_OPT_OUT_AGE_DEFAULT_S};
	struct alm_request request = REQUEST(.from = "QT1", .to = "CH1");
	struct alm_decision decision;
	struct line first;
	struct line line;

	make_rules(bases);
	bundle = bundle_of(bases, RULES, NULL, 0);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	scratch = alm_scratch_new(snapshot);
	cr_assert_not_null(scratch);
	world.snapshot = snapshot;
	alm_decide(&world, NULL, &request, T, scratch, &decision);
	render(&decision, &first);
	cr_assert(strncmp(first.text, "deny 308", 8) == 0, "%s", first.text);
	scratch->marks.stamp = UINT32_MAX;
	for (int i = 0; i < 3; i++) {
		alm_decide(&world, NULL, &request, T, scratch, &decision);
		render(&decision, &line);
		cr_expect_str_eq(line.text, first.text);
	}
	alm_scratch_free(scratch);
	scratch = alm_scratch_new(snapshot);
	cr_assert_not_null(scratch);
	scratch->marks.stamp = UINT32_MAX;
	alm_decide(&world, NULL, &request, T, scratch, &decision);
	render(&decision, &line);
	cr_expect_str_eq(line.text, first.text, "a rule never found before");
	alm_scratch_free(scratch);
	alm_snapshot_free(snapshot);
}

static uint32_t collect(const struct alm_snapshot *s,
	const struct alm_rule_index *index, struct alm_scratch *scratch,
	unsigned use_from, unsigned use_to)
{
	uint32_t from[16];
	uint32_t to[16];
	uint32_t sender = alm_names_find(s, &s->head->organisations, "RX1");
	uint32_t recipient = alm_names_find(s, &s->head->organisations, "C1");
	struct alm_parties sides = {
		.from = {from, alm_keys_gather(s, sender, T, use_from, from)},
		.to = {to, alm_keys_gather(s, recipient, T, use_to, to)}};

	return alm_rules_collect(
		s, index, &sides, &scratch->marks, scratch->rules);
}

/* The rules of both lists stand side by side; each index keeps to its own. */
Test(select, keeps_to_its_own_list)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .from = LIST("any RX1 kind:nhs-trust"),
			.to = LIST("any C1 kind:gp-practice"))};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("P", .from = LIST("CH1"))};
	struct alm_bundle bundle = bundle_of(bases, 1, prohibitions, 1);
	struct alm_snapshot *s = alm_snapshot_compile(&bundle);
	struct alm_scratch *scratch = alm_scratch_new(s);

	cr_assert_not_null(scratch);
	cr_expect_eq(collect(s, &s->head->prohibition_index, scratch,
			     ALM_USE_PROHIBITION_FROM | ALM_USE_BASIS_FROM,
			     ALM_USE_PROHIBITION_TO | ALM_USE_BASIS_TO),
		0u);
	cr_expect_eq(collect(s, &s->head->basis_index, scratch,
			     ALM_USE_BASIS_FROM, ALM_USE_BASIS_TO),
		1u);
	alm_scratch_free(scratch);
	alm_snapshot_free(s);
}

/* A rule of too many pairs for the index, among more than are sorted singly. */
Test(select, lists_a_wide_rule_among_very_many)
{
	static char names[1100][8];
	static struct alm_word words[1100];
	static struct alm_bundle_organisation more[1200];
	static struct alm_bundle_basis bases[60];
	const char *found[60];
	struct alm_bundle bundle;
	struct alm_snapshot *snapshot;
	struct alm_request request = REQUEST(.from = "CH1", .to = "Z7");
	struct line want = {.bytes = 0};
	struct line line;

	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		snprintf(names[i], sizeof(names[i]), "Z%zu", i);
		words[i] = (struct alm_word){names[i], {"test", 1, 1}};
		more[i] = (struct alm_bundle_organisation){
			.id = ID(names[i]), .kind = ID("charity")};
	}
	memcpy(&more[ALM_COUNT(names)], organisations, sizeof(organisations));
	for (size_t i = 0; i < ALM_COUNT(bases); i++) {
		static char ids[60][8];

		snprintf(ids[i], sizeof(ids[i]), "B%02zu", i);
		bases[i] = BASIS(ids[i], .from = LIST("CH1"), .to = LIST("Z7"));
		found[i] = ids[i];
	}
	bases[9].to = (struct alm_words){words, ALM_COUNT(words)};
	bundle = bundle_of(bases, ALM_COUNT(bases), NULL, 0);
	bundle.organisations = more;
	bundle.organisation_count = ALM_COUNT(names) + ALM_COUNT(organisations);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	add(&want, "deny 308 because=308", "");
	add_ids(&want,
		" candidates=", (struct alm_ids){found, ALM_COUNT(found)});
	decide_line(snapshot, &request, NULL, T, &line);
	cr_expect_str_eq(line.text, want.text);
	alm_snapshot_free(snapshot);
}

/* The parties have more pairs of groups than there are rules. */
Test(select, lists_very_many_where_all_rules_are_tried)
{
	static const struct alm_bundle_member members[] = {
		{ID("RX1"), ALWAYS}, {ID("C1"), ALWAYS}};
	static char group_ids[12][8];
	static char basis_ids[40][8];
	struct alm_bundle_group more[12];
	struct alm_bundle_basis bases[40];
	const char *found[40];
	struct alm_bundle bundle;
	struct alm_snapshot *snapshot;
	struct alm_request request = REQUEST();
	struct line want = {.bytes = 0};
	struct line line;

	for (size_t i = 0; i < ALM_COUNT(more); i++) {
		snprintf(group_ids[i], sizeof(group_ids[i]), "g%zu", i);
		more[i] = (struct alm_bundle_group){
			ID(group_ids[i]), members, ALM_COUNT(members)};
	}
	for (size_t i = 0; i < ALM_COUNT(bases); i++) {
		char from[16];
		char to[16];

		snprintf(basis_ids[i], sizeof(basis_ids[i]), "B%02zu", i);
		snprintf(from, sizeof(from), "group:g%zu", i % 12);
		snprintf(to, sizeof(to), "group:g%zu", (i + i / 12) % 12);
		bases[i] =
			BASIS(basis_ids[i], .from = LIST(from), .to = LIST(to));
		found[i] = basis_ids[i];
	}
	bundle = bundle_of(bases, ALM_COUNT(bases), NULL, 0);
	bundle.groups = more;
	bundle.group_count = ALM_COUNT(more);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	add(&want, "deny 308 because=308", "");
	add_ids(&want,
		" candidates=", (struct alm_ids){found, ALM_COUNT(found)});
	decide_line(snapshot, &request, NULL, T, &line);
	cr_expect_str_eq(line.text, want.text);
	alm_snapshot_free(snapshot);
}
