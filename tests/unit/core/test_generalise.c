#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/core/format.h"
#include "broker/core/generalise.h"

#define MADE_MS INT64_C(1774000000000) /* 2026-03-20 */
#define MADE_2025_LAST_MS INT64_C(1767225599999)
#define MADE_2026_FIRST_MS INT64_C(1767225600000)
#define MADE_9999_LAST_MS INT64_C(253402300799999)

struct row {
	const char *value;
	const char *coarse; /* NULL: dropped */
};

static bool generalise(enum alm_coarsening rule, const char *value,
	int64_t made_ms, char out[9])
{
	struct alm_bytes bytes = {(const uint8_t *)value, strlen(value)};
	struct alm_coarse coarse;

	if (!alm_generalise(rule, bytes, made_ms, &coarse)) {
		return false;
	}
	cr_assert_leq(coarse.bytes, bytes.bytes, "%s is longer", value);
	memcpy(out, coarse.text, coarse.bytes);
	out[coarse.bytes] = '\0';
	return true;
}

/* Each as it should be, and what it became stays as it is. */
static void check_rows(
	enum alm_coarsening rule, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char once[9];
		char twice[9];
		bool is_given = generalise(rule, rows[i].value, MADE_MS, once);

		cr_expect_eq(is_given, rows[i].coarse != NULL, "%s gave %s",
			rows[i].value, is_given ? once : "nothing");
		if (!is_given || rows[i].coarse == NULL) {
			continue;
		}
		cr_expect_str_eq(once, rows[i].coarse, "%s", rows[i].value);
		cr_assert(generalise(rule, once, MADE_MS, twice), "%s", once);
		cr_expect_str_eq(twice, once);
	}
}

Test(generalise, a_birth_date_to_its_year)
{
	static const struct row rows[] = {
		{"1957-05-06", "1957"},
		{"2000-02-29", "2000"},
		{"1996-02-29", "1996"},
		{"1900-02-29", NULL}, /* no leap year */
		{"2026-12-31", "2026"},
		{"2027-01-01", NULL}, /* after the message */
		{"1937-01-01", "1937"},
		{"1936-12-31", "90+"},
		{"1899-12-31", "90+"},
		{"1880-01-01", "90+"},
		{"1879-12-31", NULL},
		{"1957", "1957"},
		{"1936", "90+"},
		{"1880", "90+"},
		{"1879", NULL},
		{"0957", NULL},
		{"90+", "90+"},
		{"91+", NULL},
		{"1957-05", NULL},
		{"1957-13-06", NULL},
		{"06/05/1957", NULL},
		{"19570506", NULL},
		{"1957-05-06 ", NULL},
		{"", NULL},
	};

	check_rows(ALM_COARSEN_YEAR, rows, ALM_COUNT(rows));
}

Test(generalise, a_birth_date_to_a_band_of_five_years)
{
	static const struct row rows[] = {
		{"1957-05-06", "65-69"},
		{"2026-01-01", "00-04"},
		{"2022-06-01", "00-04"},
		{"2021-06-01", "05-09"},
		{"2004-02-29", "20-24"},
		{"1937-12-31", "85-89"},
		{"1936-12-31", "90+"},
		{"1888-03-01", "90+"},
		{"2027-01-01", NULL},
		{"1957", NULL},
		{"00-04", "00-04"},
		{"85-89", "85-89"},
		{"90+", "90+"},
		{"90-94", NULL},
		{"66-70", NULL},
		{"65-65", NULL},
		{"65-70", NULL},
		{"66", NULL},
		{"", NULL},
	};

	check_rows(ALM_COARSEN_AGE_BAND, rows, ALM_COUNT(rows));
}

/* A birthday between two messages changes nothing; the new year does, for all
 * who were born in the same one. */
Test(generalise, an_age_changes_at_the_turn_of_the_year_alone)
{
	static const enum alm_coarsening rules[] = {
		ALM_COARSEN_YEAR, ALM_COARSEN_AGE_BAND};
	char text[9];
	char date[11];

	for (unsigned month = 1; month <= 12; month++) {
		snprintf(date, sizeof(date), "1936-%02u-20", month);
		for (size_t i = 0; i < ALM_COUNT(rules); i++) {
			cr_assert(generalise(
				rules[i], date, MADE_2025_LAST_MS, text));
			cr_expect_str_eq(text, i == 0 ? "1936" : "85-89");
			cr_assert(generalise(
				rules[i], date, MADE_2026_FIRST_MS, text));
			cr_expect_str_eq(text, "90+");
		}
	}
	cr_assert(generalise(ALM_COARSEN_YEAR, "1969-01-20", 0, text));
	cr_expect_str_eq(text, "1969");
	cr_assert(generalise(
		ALM_COARSEN_YEAR, "9999-01-20", MADE_9999_LAST_MS, text));
	cr_expect_str_eq(text, "9999");
	cr_expect_not(generalise(
		ALM_COARSEN_YEAR, "9999-01-20", MADE_9999_LAST_MS + 1, text));
	cr_expect_not(generalise(ALM_COARSEN_YEAR, "1936-01-20", -1, text));
	cr_expect_not(generalise(
		ALM_COARSEN_AGE_BAND, "1936-01-20", INT64_MAX, text));
}

Test(generalise, a_day_to_its_month)
{
	static const struct row rows[] = {
		{"2026-11-20", "2026-11"},
		{"2024-02-29", "2024-02"},
		{"2026-02-29", NULL},
		{"1899-12-31", "1899-12"},
		{"2026-11", "2026-11"},
		{"2026-13", NULL},
		{"2026-00", NULL},
		{"0001-01", NULL},
		{"2026", NULL},
		{"2026-11-20T10:00:00Z", NULL},
		{"20 Nov 2026", NULL},
		{"", NULL},
	};

	check_rows(ALM_COARSEN_MONTH, rows, ALM_COUNT(rows));
}

Test(generalise, a_postcode_to_its_district)
{
	static const struct row rows[] = {
		{"NG5 1PB", "NG5"},
		{"NG51PB", "NG5"},
		{"NG15 1PB", "NG15"},
		{"S1 1AA", "S1"},
		{"S11AA", "S1"},
		{"S80 2AB", "S80"},
		{"B98 1AA", "B98"},
		{"BT94 1AA", "BT94"},
		{"BT92 1AA", "BT92"},
		{"BT91 1AA", NULL},
		{"BT95 1AA", NULL},
		{"SA84 1AA", "SA84"},
		{"SA85 1AA", NULL},
		{"SA93 1AA", NULL},
		/* Wales and Scotland. */
		{"CF10 3AT", "CF10"},
		{"LL57 1AA", "LL57"},
		{"EH1 1YZ", "EH1"},
		{"G12 8QQ", "G12"},
		/* London's letters. */
		{"SW1A 1AA", "SW1"},
		{"W1A1AA", "W1"},
		{"N1C 4AG", "N1"},
		{"EC1A 1BB", "EC1"},
		/* Few live there, or none. */
		{"EC3M 7HA", NULL},
		{"TR20 9AA", "TR20"},
		{"TR21 0LW", NULL},
		{"TR25 0QQ", NULL},
		{"FK17 8AA", NULL},
		{"HS1 2AA", NULL},
		{"IV1 1AA", NULL},
		{"ZE1 0AA", NULL},
		{"PA76 6SJ", NULL},
		{"IM1 1AA", NULL},
		{"GY9 3AA", NULL},
		{"JE2 3AA", NULL},
		{"BS98 1TL", NULL},
		{"B99 1AA", NULL},
		{"BX1 1LT", NULL},
		{"QQ1 1AA", NULL}, /* no such area */
		{"NG05 1PB", NULL},
		{"HA0 1AA", "HA0"},
		/* Special ones, and what is none. */
		{"GIR 0AA", NULL},
		{"GIR0AA", NULL},
		{"BFPO 1", NULL},
		{"BFPO1234", NULL},
		{"BF1 2AA", NULL},
		{"ng5 1pb", NULL},
		{"Ng5 1pb", NULL},
		{"NG5  1PB", NULL},
		{" NG5 1PB", NULL},
		{"NG5 1P", NULL},
		{"NG5-1PB", NULL},
		{"NG555 1PB", NULL},
		/* Of the rule's own form, small ones too. */
		{"NG5", "NG5"},
		{"W1", "W1"},
		{"W1A", NULL},
		{"TR21", NULL},
		{"EC3", NULL},
		{"NG", NULL},
		{"", NULL},
	};

	check_rows(ALM_COARSEN_DISTRICT, rows, ALM_COUNT(rows));
}

Test(generalise, an_ethnic_category_to_one_of_five_groups)
{
	static const struct row rows[] = {
		{"A", "W"},
		{"B", "W"},
		{"C", "W"},
		{"D", "X"},
		{"E", "X"},
		{"F", "X"},
		{"G", "X"},
		{"H", "Y"},
		{"J", "Y"},
		{"K", "Y"},
		{"L", "Y"},
		{"M", "U"},
		{"N", "U"},
		{"P", "U"},
		{"R", "V"},
		{"S", "V"},
		{"W", "W"},
		{"Z", NULL},
		{"99", NULL},
		{"X9", NULL},
		{"I", NULL},
		{"O", NULL},
		{"Q", NULL},
		{"T", NULL},
		{"a", NULL},
		{"0", NULL},
		{"1", NULL},
		{"8", NULL},
		{"A1", NULL},
		{"A ", NULL},
		{"", NULL},
		{"British", NULL},
	};

	check_rows(ALM_COARSEN_ETHNIC_GROUP, rows, ALM_COUNT(rows));
}

Test(generalise, a_diagnosis_to_three_characters)
{
	static const struct row rows[] = {
		{"C34", "C34"},
		{"C34.1", "C34"},
		{"C341", "C34"},
		{"I10X", "I10"},
		{"M05.90", "M05"},
		{"M0590", "M05"},
		{"M45X9", "M45"},
		{"A17.0D", "A17"},
		{"A170D", "A17"},
		{"A17.0+", "A17"},
		{"G01A", "G01"},
		{"G01X*", "G01"},
		{"H36.0*", "H36"},
		{"U07.1", "U07"},
		{"c34.1", NULL},
		{"C3", NULL},
		{"C34.", NULL},
		{"C34.1.2", NULL},
		{"C34-1", NULL},
		{"C34.123", NULL},
		{"C34 1", NULL},
		{"CC4", NULL},
		{"254637007", NULL}, /* of SNOMED CT */
		{"H36.0\xE2\x80\xA0", NULL},
		{"", NULL},
	};

	check_rows(ALM_COARSEN_ICD10, rows, ALM_COUNT(rows));
}

Test(generalise, a_byte_of_nothing_is_no_mark)
{
	static const uint8_t code[] = {'C', '3', '4', '1', 0};
	struct alm_coarse coarse;

	cr_expect_not(alm_generalise(ALM_COARSEN_ICD10,
		(struct alm_bytes){code, sizeof(code)}, MADE_MS, &coarse));
	cr_expect_not(alm_generalise(ALM_COARSEN_NONE,
		(struct alm_bytes){code, sizeof(code)}, MADE_MS, &coarse));
}

/* --- properties ----------------------------------------------------------- */

/* All that one class holds becomes the same: nothing else of it is told. */
Test(generalise, tells_nothing_but_the_class)
{
	char text[9];
	char value[16];

	for (unsigned day = 1; day <= 28; day++) {
		for (unsigned month = 1; month <= 12; month++) {
			snprintf(value, sizeof(value), "1957-%02u-%02u", month,
				day);
			cr_assert(generalise(
				ALM_COARSEN_YEAR, value, MADE_MS, text));
			cr_assert_str_eq(text, "1957");
			cr_assert(generalise(
				ALM_COARSEN_AGE_BAND, value, MADE_MS, text));
			cr_assert_str_eq(text, "65-69");
		}
		snprintf(value, sizeof(value), "2026-03-%02u", day);
		cr_assert(generalise(ALM_COARSEN_MONTH, value, MADE_MS, text));
		cr_assert_str_eq(text, "2026-03");
	}
	for (unsigned unit = 0; unit < 10 * 26 * 26; unit++) {
		snprintf(value, sizeof(value), "NG5 %u%c%c", unit % 10,
			(char)('A' + unit / 10 % 26),
			(char)('A' + unit / 260 % 26));
		cr_assert(
			generalise(ALM_COARSEN_DISTRICT, value, MADE_MS, text));
		cr_assert_str_eq(text, "NG5");
	}
}

#define SEED UINT64_C(0x414C4D4F4E4552)
#define ROUNDS 200000

/* Whatever it is made of, what comes out is of the rule's own form and stays
 * as it is, is not longer, and has no character that is not of a form. */
Test(generalise, any_value_becomes_a_form_or_nothing)
{
	static const char letters[] = "0123456789-ACGNSWXZ9 .+*Dan";
	uint64_t state = SEED;
	size_t given = 0;

	for (int round = 0; round < ROUNDS; round++) {
		char value[12] = "";
		char once[9];
		char twice[9];
		enum alm_coarsening rule;
		size_t bytes;

		state = state * UINT64_C(6364136223846793005) + 1442695;
		rule = (enum alm_coarsening)(1 + (state >> 33) % 6);
		bytes = (state >> 40) % 11;
		for (size_t i = 0; i < bytes; i++) {
			state = state * UINT64_C(6364136223846793005) + 1442695;
			value[i] =
				letters[(state >> 33) % (sizeof(letters) - 1)];
		}
		if (!generalise(rule, value, MADE_MS, once)) {
			continue;
		}
		given++;
		cr_assert_geq(strlen(once), 1);
		cr_assert_eq(strspn(once, "0123456789-+ABCDEFGHIJKLMNOPQRSTU"
					  "VWXYZ"),
			strlen(once), "%s gave %s", value, once);
		cr_assert(generalise(rule, once, MADE_MS, twice), "%s", once);
		cr_assert_str_eq(once, twice);
	}
	cr_assert_gt(given, 100);
}
