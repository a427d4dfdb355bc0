#include <criterion/criterion.h>

#include "broker/core/generalise.h"
#include "tests/unit/core/minimised.h"

Test(minimise, everything_released_goes_on_byte_for_byte)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r = minimise(scribe_bytes(&s), &view);

	cr_assert_eq(r.bytes, s.bytes);
	cr_assert_arr_eq(r.data, s.data, s.bytes);
	cr_assert_eq(withheld.count, 0);
}

Test(minimise, a_category_that_is_not_released_is_withheld_by_name)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	view.released_count = 1;
	r = minimise(scribe_bytes(&s), &view);
	cr_assert(holds(&r, "1 High Street"));
	cr_assert(holds(&r, "9990000018"));
	cr_assert_not(holds(&r, "lung cancer"));
	cr_assert_not(holds(&r, "draft report"));
	cr_assert(was_withheld("diagnosis"));
	cr_assert(was_withheld("counts"));
	cr_assert_not(was_withheld("contact"));
}

Test(minimise, nothing_released_leaves_nothing)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);

	view.released_count = 0;
	cr_assert_eq(minimise(scribe_bytes(&s), &view).bytes, 0);
}

Test(minimise, location_is_stripped_inside_messages_with_their_length)
{
	struct scribe s = scribe_full();
	struct alm_faults faults;
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	view.strips_location = true;
	r = minimise(scribe_bytes(&s), &view);
	cr_assert_not(holds(&r, "High Street"));
	cr_assert(holds(&r, "dog"));
	cr_assert(holds(&r, "C84001"));
	cr_assert_eq(withheld.count, 1);
	cr_assert(was_withheld("contact.place.address"));
	cr_assert_eq(alm_standard_conforms(&table,
			     (struct alm_bytes){r.data, r.bytes}, &faults),
		ALM_OK);
}

Test(minimise, a_length_that_shrinks_over_a_byte_is_written_anew)
{
	struct scribe inner = {.bytes = 0};
	struct scribe outer = {.bytes = 0};
	struct scribe s = {.bytes = 0};
	struct alm_faults faults;
	char address[121];
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	memset(address, 'x', 120);
	address[120] = '\0';
	scribe_text(&inner, 1, address);
	scribe_text(&inner, 2, "dog on the left");
	scribe_raw(&outer, 1, inner.data, inner.bytes);
	scribe_text(&s, 1, "9990000018");
	scribe_raw(&s, 2, outer.data, outer.bytes);
	view.strips_location = true;
	r = minimise(scribe_bytes(&s), &view);
	cr_assert_eq(r.bytes, 12 + 2 + 2 + 17);
	cr_assert_eq(alm_standard_conforms(&table,
			     (struct alm_bytes){r.data, r.bytes}, &faults),
		ALM_OK);
}

Test(minimise, pseudonymised_loses_who_and_gains_the_pseudonym)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_PSEUDONYMISED);
	struct result r = minimise(scribe_bytes(&s), &view);

	cr_assert_not(holds(&r, "9990000018"));
	cr_assert_not(holds(&r, "High Street"));
	cr_assert_not(holds(&r, "1950"));
	cr_assert_not(holds(&r, "story"));
	cr_assert_not(holds(&r, "Nurse"));
	cr_assert_not(holds(&r, "0123456789abcdef"));
	cr_assert(holds(&r, (const char *)broker_pseudonym));
	cr_assert(holds(&r, "lung cancer"));
	cr_assert(holds(&r, "C84001"));
	cr_assert(was_withheld("nhs_number"));
	cr_assert_not(was_withheld("pseudonym"));
}

Test(minimise, what_was_sent_pseudonymised_keeps_its_own_pseudonym)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_PSEUDONYMISED, ALM_LEVEL_IDENTIFIABLE);
	struct result r = minimise(scribe_bytes(&s), &view);

	cr_assert(holds(&r, "0123456789abcdef"));
	cr_assert(holds(&r, "1950"));
	cr_assert_not(holds(&r, "9990000018"));
	cr_assert_not(holds(&r, "story"));
	cr_assert_not(holds(&r, (const char *)broker_pseudonym));
}

Test(minimise, aggregate_leaves_counts_and_organisations)
{
	struct scribe s = scribe_full();
	struct scribe only = {.bytes = 0};
	struct scribe practice = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_AGGREGATE);
	struct result r = minimise(scribe_bytes(&s), &view);

	scribe_text(&practice, 2, "C84001");
	scribe_raw(&only, 2, practice.data, practice.bytes);
	scribe_raw(&only, 8, "\1\2\3", 3);
	scribe_number(&only, 10, 1);
	cr_assert_eq(r.bytes, only.bytes);
	cr_assert_arr_eq(r.data, only.data, only.bytes);
}

Test(minimise, anonymised_is_never_made_from_more)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_PSEUDONYMISED, ALM_LEVEL_ANONYMISED);
	struct result r;

	cr_assert_eq(alm_minimise(&table, scribe_bytes(&s), &view, r.data,
			     sizeof(r.data), &r.bytes, &withheld),
		ALM_CANNOT_MINIMISE);
	view.sent = ALM_LEVEL_ANONYMISED;
	r = minimise(scribe_bytes(&s), &view);
	cr_assert_not(holds(&r, "0123456789abcdef"));
	cr_assert(holds(&r, "lung cancer"));
	view.sent = ALM_LEVEL_UNKNOWN;
	cr_assert_eq(alm_minimise(&table, scribe_bytes(&s), &view, r.data,
			     sizeof(r.data), &r.bytes, &withheld),
		ALM_CANNOT_MINIMISE);
}

Test(minimise, restricted_content_never_travels_with_who_and_where)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	scribe_text(&s, 6, "a history");
	r = minimise(scribe_bytes(&s), &view);
	cr_assert(holds(&r, "a history"));
	cr_assert_not(holds(&r, "9990000018"));
	cr_assert_not(holds(&r, "High Street"));
	cr_assert_not(holds(&r, "1950"));
	cr_assert(holds(&r, "Nurse Joy"));
	/* Withholding it does not bring back who it is about. */
	view.released_count = 2;
	r = minimise(scribe_bytes(&s), &view);
	cr_assert_not(holds(&r, "a history"));
	cr_assert_not(holds(&r, "9990000018"));
}

Test(minimise, refuses_what_was_not_checked_and_a_small_buffer)
{
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	cr_assert_eq(alm_minimise(&table, scribe_bytes(&s), &view, r.data,
			     s.bytes + ALM_VIEW_EXTRA_BYTES - 1, &r.bytes,
			     &withheld),
		ALM_INTERNAL);
	scribe_number(&s, 99, 1);
	cr_assert_eq(alm_minimise(&table, scribe_bytes(&s), &view, r.data,
			     sizeof(r.data), &r.bytes, &withheld),
		ALM_NOT_CONFORMANT);
}

Test(minimise, looks_inside_messages_for_what_was_not_checked)
{
	struct scribe inside = {.bytes = 0};
	struct scribe s = scribe_full();
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	scribe_number(&inside, 99, 1);
	scribe_raw(&s, 2, inside.data, inside.bytes);
	cr_expect_eq(alm_minimise(&table, scribe_bytes(&s), &view, r.data,
			     sizeof(r.data), &r.bytes, &withheld),
		ALM_NOT_CONFORMANT);
}

Test(minimise, names_a_field_once_however_often_it_stood)
{
	struct scribe s = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);

	scribe_text(&s, 4, "lung cancer");
	scribe_number(&s, 8, 7);
	scribe_number(&s, 8, 8);
	scribe_text(&s, 6, "history");
	scribe_number(&s, 8, 9);
	view.released_count = 2; /* neither restricted nor counts */
	(void)minimise(scribe_bytes(&s), &view);
	cr_assert_eq(withheld.count, 2);
	cr_expect_str_eq(withheld.paths[0], "counts");
	cr_expect_str_eq(withheld.paths[1], "restricted");
}

Test(minimise, tells_of_what_is_restricted_also_when_it_is_withheld)
{
	struct scribe s = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);

	view.released_count = 2;
	scribe_text(&s, 4, "lung cancer");
	withheld.is_restricted = true; /* of a payload before */
	(void)minimise(scribe_bytes(&s), &view);
	cr_expect_not(withheld.is_restricted);
	scribe_text(&s, 6, "history");
	(void)minimise(scribe_bytes(&s), &view);
	cr_expect(withheld.is_restricted);
}

#define MANY_FIELDS (ALM_WITHHELD_MAX + 9u)

Test(minimise, names_no_more_fields_than_fit_and_says_so)
{
	static struct alm_standard_field fields[MANY_FIELDS];
	const struct alm_standard_message payload = {"", fields, MANY_FIELDS};
	const struct alm_standard standard = {
		"many", "1", &payload, MANY_FIELDS, 0};
	struct scribe s = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	for (uint32_t i = 0; i < MANY_FIELDS; i++) {
		fields[i] = (struct alm_standard_field)FIELD_TEXT(
			i + 1, i, "field", CLIN, "other");
	}
	for (uint32_t i = 0; i < MANY_FIELDS; i++) {
		scribe_text(&s, i + 1, "x");
		cr_assert_eq(
			alm_minimise(&standard, scribe_bytes(&s), &view, r.data,
				sizeof(r.data), &r.bytes, &withheld),
			ALM_OK);
		cr_expect_eq(r.bytes, 0);
		if (i + 1 == ALM_WITHHELD_MAX) { /* as many as fit */
			cr_expect_str_eq(withheld.paths[i], "field");
		}
	}
	cr_expect_eq(withheld.count, ALM_WITHHELD_MAX);
	cr_expect_str_eq(withheld.paths[ALM_WITHHELD_MAX - 2], "field");
	cr_expect_str_eq(
		withheld.paths[ALM_WITHHELD_MAX - 1], ALM_WITHHELD_MORE);
}

/* --- properties ---------------------------------------------------------- */

#define SEED UINT64_C(0x414C4D4F4E4552)
#define ROUNDS 4000

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Any of the fields, in any order, as often as it may stand. */
static struct scribe random_payload(uint64_t *state)
{
	struct scribe full = scribe_full();
	struct scribe s = {.bytes = 0};
	struct alm_bytes rest;
	struct alm_proto_field read;

	scribe_fine(&full);
	rest = scribe_bytes(&full);
	while (rest.bytes > 0) {
		cr_assert_eq(alm_proto_next(&rest, &read), ALM_OK);
		if (next_random(state) % 4 != 0) {
			memcpy(s.data + s.bytes, read.whole.data,
				read.whole.bytes);
			s.bytes += read.whole.bytes;
		}
	}
	if (next_random(state) % 4 == 0) {
		scribe_text(&s, 6, "a history");
	}
	return s;
}

struct random_view {
	struct alm_view view;
	const char *released[ALM_COUNT(everything)];
};

static void make_view(uint64_t *state, struct random_view *out)
{
	static const enum alm_level levels[] = {ALM_LEVEL_AGGREGATE,
		ALM_LEVEL_PSEUDONYMISED, ALM_LEVEL_IDENTIFIABLE};

	memset(out, 0, sizeof(*out));
	out->view.released = out->released;
	for (size_t i = 0; i < ALM_COUNT(everything); i++) {
		if (next_random(state) % 3 != 0) {
			out->released[out->view.released_count++] =
				everything[i];
		}
	}
	out->view.strips_location = next_random(state) % 3 == 0;
	out->view.sent = next_random(state) % 3 == 0 ? ALM_LEVEL_PSEUDONYMISED
						     : ALM_LEVEL_IDENTIFIABLE;
	out->view.level = levels[next_random(state) % 3];
	out->view.pseudonym = broker_pseudonym;
	out->view.made_ms = TABLE_MADE_MS;
}

/* Take something more away. */
static void narrow(uint64_t *state, struct random_view *v)
{
	switch (next_random(state) % 3) {
	case 0:
		if (v->view.released_count > 0) {
			v->view.released_count--;
		}
		break;
	case 1:
		v->view.strips_location = true;
		break;
	default:
		v->view.level = v->view.level == ALM_LEVEL_IDENTIFIABLE
					? ALM_LEVEL_PSEUDONYMISED
					: ALM_LEVEL_AGGREGATE;
	}
}

Test(minimise, the_view_of_a_view_is_that_view)
{
	uint64_t state = SEED;

	for (int round = 0; round < ROUNDS; round++) {
		struct scribe s = random_payload(&state);
		struct random_view v;
		struct result once;
		struct result twice;

		make_view(&state, &v);
		once = minimise(scribe_bytes(&s), &v.view);
		twice = minimise(
			(struct alm_bytes){once.data, once.bytes}, &v.view);
		cr_assert_eq(once.bytes, twice.bytes, "seed %#lx round %d",
			(unsigned long)SEED, round);
		cr_assert_arr_eq(once.data, twice.data, once.bytes);
		cr_assert_eq(withheld.count, 0);
	}
}

/* Was this one value made of one of the same field in `wide`. */
static bool is_made_of(
	const struct alm_proto_field *made, struct alm_bytes wide)
{
	const struct alm_standard_field *field =
		&payload_fields[made->number - 1];
	struct alm_proto_field read;
	struct alm_coarse coarser;

	while (wide.bytes > 0) {
		cr_assert_eq(alm_proto_next(&wide, &read), ALM_OK);
		if (read.number == made->number &&
			alm_generalise(field->coarsening, read.bytes,
				TABLE_MADE_MS, &coarser) &&
			coarser.bytes == made->bytes.bytes &&
			memcmp(coarser.text, made->bytes.data, coarser.bytes) ==
				0) {
			return true;
		}
	}
	return false;
}

/* Does each leaf of `narrow` stand in `wide`, but for the pseudonym, or is it
 * made of one that does. */
static bool is_part(struct alm_bytes narrow_bytes, struct alm_bytes wide)
{
	struct alm_proto_field read;

	while (narrow_bytes.bytes > 0) {
		if (alm_proto_next(&narrow_bytes, &read) != ALM_OK) {
			return false;
		}
		if (read.number == 2) {
			struct alm_bytes inner = read.bytes;

			while (inner.bytes > 0) {
				if (alm_proto_next(&inner, &read) != ALM_OK ||
					(read.number == 2 &&
						memmem(wide.data, wide.bytes,
							read.whole.data,
							read.whole.bytes) ==
							NULL)) {
					return false;
				}
			}
		} else if (read.number > 12 && is_made_of(&read, wide)) {
			continue;
		} else if (read.number != 7 &&
			   memmem(wide.data, wide.bytes, read.whole.data,
				   read.whole.bytes) == NULL) {
			return false;
		}
	}
	return true;
}

Test(minimise, a_narrower_view_never_holds_more)
{
	uint64_t state = SEED;

	for (int round = 0; round < ROUNDS; round++) {
		struct scribe s = random_payload(&state);
		struct random_view v;
		struct result wide;
		struct result less;

		make_view(&state, &v);
		wide = minimise(scribe_bytes(&s), &v.view);
		narrow(&state, &v);
		less = minimise(scribe_bytes(&s), &v.view);
		cr_assert(is_part((struct alm_bytes){less.data, less.bytes},
				  (struct alm_bytes){wide.data, wide.bytes}),
			"seed %#lx round %d", (unsigned long)SEED, round);
	}
}
