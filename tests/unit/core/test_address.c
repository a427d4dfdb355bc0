/* What addresses come to, and whom an organisation may know. */
#include "broker/core/address.h"
#include "tests/unit/core/builder.h"

static struct alm_arena arena;
static struct alm_snapshot *snapshot;

static const struct alm_bundle_member ics[] = {{ID("RX1"), ALWAYS},
	{ID("C1"), ALWAYS}, {ID("C2"), ALWAYS}, {ID("QT1"), ALWAYS}};
/* C2 has left, and CH1 is yet to come. */
static const struct alm_bundle_member pcn[] = {{ID("C1"), {T, T + 1}},
	{ID("C2"), {0, T}}, {ID("CH1"), {T + 1, ALM_INSTANT_NEVER}}};
static const struct alm_bundle_member far_away[] = {
	{ID("RX5"), ALWAYS}, {ID("CH1"), ALWAYS}, {ID("C1"), ALWAYS}};
static const struct alm_bundle_member alone[] = {{ID("RX5"), ALWAYS}};
static const struct alm_bundle_group some_groups[] = {
	{ID("ics"), ics, ALM_COUNT(ics)},
	{ID("pcn"), pcn, ALM_COUNT(pcn)},
	{ID("far"), far_away, ALM_COUNT(far_away)},
	{ID("alone"), alone, ALM_COUNT(alone)},
	{ID("empty"), NULL, 0},
};

static void set_up(void)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .to = LIST("C1")),
		BASIS("B", .from = LIST("kind:charity"), .to = LIST("RX1")),
		BASIS("C", .to = LIST("RX5"), .status = ALM_STATUS_SUSPENDED),
		BASIS("D", .to = LIST("RX5"), .valid = {0, T}),
		BASIS("E", .from = LIST("group:alone"), .to = LIST("QT2")),
	};
	struct alm_bundle bundle = bundle_of(bases, ALM_COUNT(bases), NULL, 0);

	bundle.groups = some_groups;
	bundle.group_count = ALM_COUNT(some_groups);
	alm_arena_init(&arena, (size_t)1 << 20);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
}

static void tear_down(void)
{
	alm_snapshot_free(snapshot);
	alm_arena_fini(&arena);
}

TestSuite(address, .init = set_up, .fini = tear_down);

static enum alm_err resolve_with(const struct alm_snapshot *with,
	const char *sender, const char *addresses, size_t max, char text[512])
{
	struct alm_word_list words = WORDS(addresses);
	const struct alm_addressing addressing = {.snapshot = with,
		.sender = sender,
		.addresses = words.items,
		.address_count = words.count,
		.recipient_max = max,
		.t_s = T};
	struct alm_problem problem = {.err = ALM_OK};
	const char *const *ids = NULL;
	size_t count = 0;
	enum alm_err err = alm_addresses_resolve(
		&addressing, &arena, &ids, &count, &problem);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		(void)strcat(text, i == 0 ? "" : " ");
		(void)strcat(text, ids[i]);
	}
	if (err != ALM_OK) {
		(void)snprintf(text, 512, "%s", problem.detail);
	}
	return err;
}

static void comes_to(
	const char *sender, const char *addresses, const char *want)
{
	char text[512];
	enum alm_err err = resolve_with(snapshot, sender, addresses, 64, text);

	cr_expect_eq(err, ALM_OK, "%s: %d", addresses, (int)err);
	cr_expect_str_eq(text, want, "%s to %s: %s", sender, addresses, text);
}

static void is_refused(const char *sender, const char *addresses,
	enum alm_err want, const char *detail)
{
	char text[512];
	enum alm_err err = resolve_with(snapshot, sender, addresses, 64, text);

	cr_expect_eq(err, want, "%s: %d %s", addresses, (int)err, text);
	cr_expect_str_eq(text, detail);
}

Test(address, named_organisations_are_sorted_and_stand_once)
{
	comes_to("RX1", "C2", "C2");
	comes_to("RX1", "RX5 C2 C1 C2", "C1 C2 RX5");
}

Test(address, the_sender_is_never_its_own_recipient)
{
	comes_to("RX1", "RX1 C1", "C1");
	comes_to("RX1", "group:ics", "C1 C2 QT1");
	is_refused("RX1", "RX1", ALM_NOBODY_ADDRESSED, "RX1");
}

Test(address, who_is_named_and_does_not_exist_is_left_to_the_decision)
{
	comes_to("RX1", "ZZ9 C1 AA1 ZZ9", "AA1 C1 ZZ9");
}

Test(address, a_group_is_its_members_of_that_moment)
{
	comes_to("QT1", "group:ics", "C1 C2 RX1");
	comes_to("RX1", "group:pcn", "C1");
	is_refused("RX1", "group:empty", ALM_NOBODY_ADDRESSED, "group:empty");
}

Test(address, a_kind_within_a_group_is_those_of_that_kind)
{
	comes_to("RX1", "kind:gp-practice@group:ics", "C1 C2");
	comes_to("RX1", "kind:icb@group:ics group:pcn", "C1 QT1");
	is_refused("RX1", "kind:charity@group:ics", ALM_NOBODY_ADDRESSED,
		"kind:charity@group:ics");
}

Test(address, of_a_group_only_whom_the_sender_may_know)
{
	/* RX1 is not in it; it knows C1 of the ics, and CH1 by basis B. */
	comes_to("RX1", "group:far", "C1 CH1");
	/* RX5 has bases with RX1 that are not in force. */
	is_refused("RX1", "group:alone", ALM_NOBODY_ADDRESSED, "group:alone");
	/* A member knows all of it. */
	comes_to("RX5", "group:far", "C1 CH1");
	/* A basis knows both ways, and a group's members by name. */
	comes_to("QT2", "group:alone", "RX5");
	/* Who is not in the bundle knows nobody. */
	is_refused("ZZ9", "group:ics", ALM_NOBODY_ADDRESSED, "group:ics");
}

Test(address, an_alliance_is_reached_through_its_host)
{
	comes_to("CA1", "host:CA1", "QT1");
	comes_to("CA1", "host:CA1 QT1 C1", "C1 QT1");
	is_refused("QT1", "host:CA1", ALM_NOBODY_ADDRESSED, "host:CA1");
	/* It is not known, it needs none, it does not exist. */
	is_refused("C1", "host:CA1", ALM_NOBODY_ADDRESSED, "host:CA1");
	is_refused("RX1", "C1 host:C1", ALM_NOBODY_ADDRESSED, "host:C1");
	is_refused("RX1", "C1 host:ZZ9", ALM_NOBODY_ADDRESSED, "host:ZZ9");
}

Test(address, unknown_words_are_named)
{
	is_refused("RX1", "C1 group:none", ALM_GROUP_UNKNOWN, "group:none");
	is_refused("RX1", "kind:none@group:ics", ALM_KIND_UNKNOWN,
		"kind:none@group:ics");
	is_refused("RX1", "kind:icb@group:none", ALM_GROUP_UNKNOWN,
		"kind:icb@group:none");
}

Test(address, other_forms_are_malformed)
{
	static const char *const bad[] = {"any", "kind:icb",
		"group:", "group:a:b", "kind:@group:ics", "kind:icb@ics",
		"kind:icb@kind:icb@group:ics", "group:ics@kind:icb",
		"host:", "C1,C2", ":", "kind:any@group:ics", "group:any"};

	for (size_t i = 0; i < ALM_COUNT(bad); i++) {
		is_refused("RX1", bad[i], ALM_ADDRESS_MALFORMED, bad[i]);
	}
}

Test(address, a_word_that_is_too_long_is_malformed)
{
	char text[512];
	char address[256];

	for (int bytes = 64; bytes <= 65; bytes++) {
		(void)snprintf(address, sizeof(address), "kind:%0*d@group:ics",
			bytes, 0);
		cr_expect_eq(resolve_with(snapshot, "RX1", address, 64, text),
			bytes == 64 ? ALM_KIND_UNKNOWN : ALM_ADDRESS_MALFORMED);
	}
}

Test(address, more_than_the_limit_is_refused)
{
	char text[512];

	cr_expect_eq(
		resolve_with(snapshot, "RX1", "group:ics", 3, text), ALM_OK);
	cr_expect_eq(resolve_with(snapshot, "RX1", "group:ics", 2, text),
		ALM_TOO_MANY_RECIPIENTS);
}

Test(address, without_a_bundle_only_names_are_read)
{
	char text[512];

	cr_expect_eq(resolve_with(NULL, "RX1", "C2 C1", 64, text), ALM_OK);
	cr_expect_str_eq(text, "C1 C2");
	cr_expect_eq(resolve_with(NULL, "RX1", "C2 group:ics", 64, text),
		ALM_NO_BUNDLE);
}

static void knows(const char *asker, const char *want)
{
	const struct alm_known *known = NULL;
	struct alm_organisation_view view;
	char text[512] = "";

	cr_assert_eq(
		alm_known_make(snapshot, asker, T, &arena, &known), ALM_OK);
	for (size_t i = 0; alm_snapshot_organisation(snapshot, i, &view); i++) {
		if (alm_known_has(known, i)) {
			(void)strcat(text, text[0] == '\0' ? "" : " ");
			(void)strcat(text, view.id);
		}
	}
	cr_expect_str_eq(text, want, "%s: %s", asker, text);
}

Test(address, an_organisation_may_know_its_partners)
{
	knows("RX1", "C1 C2 CH1 QT1 RX1");
	knows("CH1", "C1 CH1 RX1 RX5");
	knows("RX5", "C1 CH1 QT2 RX5");
	knows("RX3", "RX3");
	knows("ZZ9", "");
	/* Hosts and whom they host. */
	knows("CA1", "CA1 QT1");
	knows("QT1", "C1 C2 CA1 QT1 RX1");
	knows(NULL, "C1 C2 CA1 CA2 CA3 CH1 QT1 QT2 QT3 RX1 RX2 RX3 RX4 RX5");
}

Test(address, an_agreement_of_anybody_makes_everybody_known)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .from = LIST("RX1"), .to = LIST("any"))};
	struct alm_bundle bundle = bundle_of(bases, 1, NULL, 0);

	alm_snapshot_free(snapshot);
	snapshot = alm_snapshot_compile(&bundle);
	cr_assert_not_null(snapshot);
	knows("RX1", "C1 C2 CA1 CA2 CA3 CH1 QT1 QT2 QT3 RX1 RX2 RX3 RX4 RX5");
	knows("C2", "C2 RX1");
}

Test(address, says_the_groups_of_an_organisation)
{
	struct alm_organisation_view view;

	for (size_t i = 0; alm_snapshot_organisation(snapshot, i, &view); i++) {
		const char *in = alm_snapshot_groups_of(snapshot, i, T, &arena);
		const char *want = strcmp(view.id, "C1") == 0    ? "far,ics,pcn"
				   : strcmp(view.id, "C2") == 0  ? "ics"
				   : strcmp(view.id, "RX3") == 0 ? ""
								 : in;

		cr_expect_str_eq(in, want, "%s", view.id);
		cr_expect_eq(alm_snapshot_is_in_group(snapshot, i, "pcn", T),
			strcmp(view.id, "C1") == 0);
		cr_expect_not(alm_snapshot_is_in_group(snapshot, i, "none", T));
	}
}
