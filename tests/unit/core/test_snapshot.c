/* A snapshot as its users see it, and words that a bundle may lack. */
#include "broker/core/snapshot.h"
#include "broker/core/snapshot_internal.h"
#include "tests/unit/core/builder.h"

TestSuite(snapshot);

static struct alm_snapshot *compile(void)
{
	struct alm_bundle bundle = a_bundle();
	struct alm_snapshot *snapshot = alm_snapshot_compile(&bundle);

	cr_assert_not_null(snapshot);
	return snapshot;
}

Test(snapshot, lists_words_in_byte_order)
{
	struct alm_snapshot *s = compile();

	cr_expect_str_eq(alm_snapshot_name(s), "test");
	cr_assert_eq(alm_snapshot_category_count(s), ALM_COUNT(categories));
	for (size_t i = 1; i < ALM_COUNT(categories); i++) {
		cr_expect_lt(strcmp(alm_snapshot_category(s, i - 1),
				     alm_snapshot_category(s, i)),
			0);
	}
	cr_expect_null(alm_snapshot_category(s, ALM_COUNT(categories)));
	alm_snapshot_free(s);
}

Test(snapshot, shows_organisations)
{
	struct alm_snapshot *s = compile();
	struct alm_organisation_view view;

	cr_assert_eq(
		alm_snapshot_organisation_count(s), ALM_COUNT(organisations));
	cr_assert(alm_snapshot_find_organisation(s, "CA1", &view));
	cr_expect_str_eq(view.id, "CA1");
	cr_expect_str_eq(view.kind, "alliance");
	cr_expect_str_eq(view.host, "QT1");
	cr_expect_not(view.has_assurance_until);
	cr_assert(alm_snapshot_find_organisation(s, "RX4", &view));
	cr_expect(view.has_assurance_until);
	cr_expect_eq(view.assurance_until_s, T);
	cr_expect_null(view.host);
	cr_expect_not(alm_snapshot_find_organisation(s, "X", &view));
	cr_assert(alm_snapshot_organisation(s, 0, &view));
	cr_expect_str_eq(view.id, "C1");
	cr_expect_not(
		alm_snapshot_organisation(s, ALM_COUNT(organisations), &view));
	alm_snapshot_free(s);
}

Test(snapshot, knows_its_words)
{
	struct alm_snapshot *s = compile();

	cr_expect(alm_snapshot_has_purpose(s, "care"));
	cr_expect(alm_snapshot_has_purpose(s, "any"));
	cr_expect_not(alm_snapshot_has_purpose(s, "gone"));
	cr_expect(alm_snapshot_has_category(s, "talking"));
	cr_expect_not(alm_snapshot_has_category(s, "care"));
	cr_expect(alm_snapshot_has_selector(s, "any"));
	cr_expect(alm_snapshot_has_selector(s, "kind:icb"));
	cr_expect(alm_snapshot_has_selector(s, "group:past"));
	cr_expect(alm_snapshot_has_selector(s, "RX1"));
	cr_expect_not(alm_snapshot_has_selector(s, "group:RX1"));
	cr_expect_not(alm_snapshot_has_selector(s, "kind:any"));
	alm_snapshot_free(s);
}

Test(snapshot, holds_a_mask_full_of_words)
{
	static char names[64][8];
	static struct alm_bundle_category many[64];
	struct alm_bundle bundle = a_bundle();
	struct alm_bundle_basis bases[] = {
		BASIS("A", .categories = LIST("any"))};
	const char *all[64];
	struct alm_request request = REQUEST();
	struct alm_snapshot *s;
	struct line line;

	for (size_t i = 0; i < 64; i++) {
		snprintf(names[i], sizeof(names[i]), "c%02zu", i);
		many[i].id.text = names[i];
		all[i] = names[i];
	}
	bundle.categories = many;
	bundle.category_count = 64;
	bundle.bases = bases;
	bundle.basis_count = 1;
	request.categories = all;
	request.category_count = 64;
	s = alm_snapshot_compile(&bundle);
	cr_assert_not_null(s);
	decide_line(s, &request, NULL, T, &line);
	cr_expect_not_null(strstr(line.text, "release=c00,c01"));
	cr_expect_not_null(strstr(line.text, "c62,c63 level"));
	alm_snapshot_free(s);
}

Test(snapshot, compiles_a_bundle_of_nothing)
{
	struct alm_bundle bundle = {.name = "empty"};
	struct alm_snapshot *s = alm_snapshot_compile(&bundle);
	struct alm_request request = REQUEST();
	struct line line;

	cr_assert_not_null(s);
	decide_line(s, &request, NULL, T, &line);
	cr_expect_str_eq(line.text, "deny 103 because=103,104");
	alm_snapshot_free(s);
}

Test(snapshot, is_refused_when_a_bit_of_it_has_changed)
{
	struct alm_snapshot *s = compile();
	uint8_t *block = alm_snapshot_block(s);
	size_t bytes = alm_snapshot_bytes(s);

	cr_assert_eq(alm_snapshot_verify(s), ALM_OK);
	for (size_t i = 0; i < bytes; i++) {
		uint8_t bit = (uint8_t)(1u << (i * 5 % 8));

		block[i] ^= bit;
		cr_expect_eq(alm_snapshot_verify(s), ALM_SNAPSHOT_DAMAGED,
			"byte %zu of %zu", i, bytes);
		block[i] ^= bit;
	}
	cr_expect_eq(alm_snapshot_verify(s), ALM_OK);
	alm_snapshot_free(s);
}

Test(snapshot, is_the_same_bytes_wherever_it_stands)
{
	struct alm_snapshot *a = compile();
	struct alm_snapshot *b = compile();

	cr_assert_eq(alm_snapshot_bytes(a), alm_snapshot_bytes(b));
	cr_expect_arr_eq(alm_snapshot_block(a), alm_snapshot_block(b),
		alm_snapshot_bytes(a));
	alm_snapshot_free(a);
	alm_snapshot_free(b);
}

Test(snapshot, says_which_categories_a_listed_one_leaves)
{
	struct alm_snapshot *s = compile();

	for (size_t i = 0; i < alm_snapshot_category_count(s); i++) {
		const char *word = alm_snapshot_category(s, i);

		cr_expect_eq(
			alm_snapshot_category_narrows(s, i, "mental-health"),
			strcmp(word, "talking") == 0 ||
				strcmp(word, "crisis") == 0);
		cr_expect_eq(alm_snapshot_category_narrows(s, i, "talking"),
			strcmp(word, "talking") == 0);
		cr_expect_not(alm_snapshot_category_narrows(s, i, "gone"));
	}
	cr_expect_not(alm_snapshot_category_narrows(
		s, ALM_COUNT(categories), "talking"));
	alm_snapshot_free(s);
}
