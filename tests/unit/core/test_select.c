/* Each kind of selector, asked of every organisation on both sides. */
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
	struct alm_bundle_prohibition prohibitions[] = {PROHIBITION("P",
		.from = LIST("group:past kind:charity"),
		.to = LIST("group:future C2"), .categories = LIST("gender"))};
	struct alm_bundle bundle = bundle_of(bases, 1, prohibitions, 1);
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
