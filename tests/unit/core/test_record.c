#include <criterion/criterion.h>
#include <string.h>

#include "broker/core/record.h"

TestSuite(record);

static const char *const any[] = {"any"};
static const char *const words[] = {"mental-health", "discharge"};
static const char *const parties[] = {"kind:gp-practice", "group:g", "RX1"};
#define LIST(a) \
	{ \
		a, ALM_COUNT(a) \
	}

static const struct alm_directive_exception exceptions[] = {
	{ALM_WORD_PERMIT, LIST(any), LIST(words), LIST(parties)},
	{ALM_WORD_DENY, LIST(words), LIST(any), LIST(any)},
};

static struct alm_person_record directive_record(void)
{
	return (struct alm_person_record){
		.type = ALM_RECORD_DIRECTIVE,
		.subject = "9990000018",
		.directive = {.id = "R-1",
			.authority = "patient",
			.scope = "hospital-sharing",
			.effect = ALM_WORD_DENY,
			.recorded_s = 1700000000,
			.purposes = LIST(any),
			.categories = LIST(words),
			.to = LIST(parties),
			.exceptions = exceptions,
			.exception_count = 2,
			.valid = {1600000000, ALM_INSTANT_NEVER}},
	};
}

static struct alm_person_record relationship_record(void)
{
	return (struct alm_person_record){
		.type = ALM_RECORD_RELATIONSHIP,
		.subject = "9990000026",
		.relationship = {.organisation = "RX1",
			.role = "care-team",
			.valid = {1600000000, 1700000000},
			.recorded_s = 1600000000},
	};
}

static struct alm_person_record opt_out_record(void)
{
	return (struct alm_person_record){
		.type = ALM_RECORD_OPT_OUT,
		.subject = "9990000034",
		.opt_out = {.list = ALM_OPT_OUT_TYPE_1,
			.is_objecting = true,
			.as_of_s = 1600000000,
			.recorded_s = 1600000000},
	};
}

static struct alm_person_record flag_record(void)
{
	return (struct alm_person_record){
		.type = ALM_RECORD_FLAG,
		.subject = "9990000042",
		.flag = {.flag = ALM_FLAG_LOCATION_WITHHELD,
			.valid = {1600000000, 1700000000},
			.recorded_s = 1600000000},
	};
}

static size_t encode(
	const struct alm_person_record *record, uint8_t *out, size_t bytes_max)
{
	struct alm_writer w;
	size_t bytes = 0;

	alm_writer_init(&w, out, bytes_max);
	alm_record_encode(record, &w);
	cr_assert_eq(alm_writer_finish(&w, &bytes), ALM_OK);
	return bytes;
}

static const struct alm_person_record *samples(size_t *out_count)
{
	static struct alm_person_record all[7];

	all[0] = directive_record();
	all[1] = directive_record();
	all[1].directive.effect = ALM_WORD_WITHDRAWN;
	all[2] = relationship_record();
	all[3] = relationship_record();
	all[3].relationship.is_withdrawal = true;
	all[4] = opt_out_record();
	all[5] = flag_record();
	all[6] = flag_record();
	all[6].flag.is_withdrawal = true;
	*out_count = ALM_COUNT(all);
	return all;
}

Test(record, gives_back_what_was_encoded)
{
	struct alm_arena arena;
	size_t count;
	const struct alm_person_record *all = samples(&count);

	alm_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < count; i++) {
		uint8_t first[1024];
		uint8_t second[1024];
		struct alm_person_record back;
		size_t bytes = encode(&all[i], first, sizeof(first));
		struct alm_bytes in = {first, bytes};

		cr_assert_eq(alm_record_decode(in, &arena, &back), ALM_OK);
		cr_assert_eq(encode(&back, second, sizeof(second)), bytes);
		cr_assert_eq(memcmp(first, second, bytes), 0);
		cr_assert_eq(back.type, all[i].type);
		cr_assert_str_eq(back.subject, all[i].subject);
	}
	alm_arena_fini(&arena);
}

Test(record, keeps_every_field_of_a_directive)
{
	struct alm_arena arena;
	struct alm_person_record in = directive_record();
	struct alm_person_record out;
	uint8_t raw[1024];
	struct alm_bytes bytes = {raw, encode(&in, raw, sizeof(raw))};

	alm_arena_init(&arena, 1 << 20);
	cr_assert_eq(alm_record_decode(bytes, &arena, &out), ALM_OK);
	cr_expect_str_eq(out.directive.id, "R-1");
	cr_expect_str_eq(out.directive.authority, "patient");
	cr_expect_str_eq(out.directive.scope, "hospital-sharing");
	cr_expect_eq(out.directive.effect, ALM_WORD_DENY);
	cr_expect_eq(out.directive.recorded_s, 1700000000);
	cr_expect_eq(out.directive.valid.from_s, 1600000000);
	cr_expect_eq(out.directive.valid.until_s, ALM_INSTANT_NEVER);
	cr_expect_eq(out.directive.categories.count, 2u);
	cr_expect_str_eq(out.directive.categories.items[1], "discharge");
	cr_expect_str_eq(out.directive.to.items[0], "kind:gp-practice");
	cr_expect_eq(out.directive.exception_count, 2u);
	cr_expect_eq(out.directive.exceptions[0].effect, ALM_WORD_PERMIT);
	cr_expect_str_eq(
		out.directive.exceptions[1].purposes.items[0], "mental-health");
	alm_arena_fini(&arena);
}

Test(record, may_leave_the_subject_out)
{
	struct alm_arena arena;
	struct alm_person_record in = flag_record();
	struct alm_person_record out;
	uint8_t raw[256];
	struct alm_bytes bytes;

	in.subject[0] = '\0';
	bytes = (struct alm_bytes){raw, encode(&in, raw, sizeof(raw))};
	alm_arena_init(&arena, 1 << 20);
	cr_assert_eq(alm_record_decode(bytes, &arena, &out), ALM_OK);
	cr_expect_str_eq(out.subject, "");
	alm_arena_fini(&arena);
}

Test(record, tells_an_unknown_version_from_damage)
{
	struct alm_arena arena;
	struct alm_person_record in = flag_record();
	struct alm_person_record out;
	uint8_t raw[256];
	size_t bytes = encode(&in, raw, sizeof(raw));

	alm_arena_init(&arena, 1 << 20);
	raw[0] = ALM_RECORD_VERSION + 1;
	cr_expect_eq(
		alm_record_decode((struct alm_bytes){raw, bytes}, &arena, &out),
		ALM_STORE_FORMAT);
	raw[0] = ALM_RECORD_VERSION;
	raw[1] = ALM_RECORD_FLAG + 1;
	cr_expect_eq(
		alm_record_decode((struct alm_bytes){raw, bytes}, &arena, &out),
		ALM_STORE_CORRUPT);
	cr_expect_eq(
		alm_record_decode((struct alm_bytes){NULL, 0}, &arena, &out),
		ALM_STORE_CORRUPT);
	alm_arena_fini(&arena);
}

Test(record, refuses_every_shorter_or_longer_run_of_bytes)
{
	struct alm_arena arena;
	size_t count;
	const struct alm_person_record *all = samples(&count);

	alm_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < count; i++) {
		struct alm_person_record out;
		uint8_t raw[1024] = {0};
		size_t bytes = encode(&all[i], raw, sizeof(raw));

		for (size_t n = 0; n <= bytes + 1; n++) {
			struct alm_bytes in = {raw, n};
			enum alm_err want =
				n == bytes ? ALM_OK : ALM_STORE_CORRUPT;

			alm_arena_reset(&arena);
			cr_assert_eq(alm_record_decode(in, &arena, &out), want,
				"sample %zu, %zu bytes", i, n);
		}
	}
	alm_arena_fini(&arena);
}

Test(record, survives_every_changed_byte)
{
	struct alm_arena arena;
	size_t count;
	const struct alm_person_record *all = samples(&count);

	alm_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < count; i++) {
		uint8_t raw[1024];
		size_t bytes = encode(&all[i], raw, sizeof(raw));

		for (size_t at = 0; at < bytes; at++) {
			uint8_t kept = raw[at];
			struct alm_person_record out;

			for (unsigned x = 1; x < 256; x += 7) {
				struct alm_problem problem;

				raw[at] = (uint8_t)(kept ^ x);
				alm_arena_reset(&arena);
				if (alm_record_decode(
					    (struct alm_bytes){raw, bytes},
					    &arena, &out) == ALM_OK) {
					(void)!alm_record_check(&out, &problem);
				}
			}
			raw[at] = kept;
		}
	}
	alm_arena_fini(&arena);
}

Test(record, says_when_the_arena_is_full)
{
	struct alm_arena arena;
	struct alm_person_record in = directive_record();
	struct alm_person_record out;
	uint8_t raw[1024];
	struct alm_bytes bytes = {raw, encode(&in, raw, sizeof(raw))};

	alm_arena_init(&arena, 64);
	cr_expect_eq(alm_record_decode(bytes, &arena, &out), ALM_NOMEM);
	alm_arena_fini(&arena);
}

Test(record, accepts_well_formed_records)
{
	size_t count;
	const struct alm_person_record *all = samples(&count);

	for (size_t i = 0; i < count; i++) {
		struct alm_problem problem = {0};

		cr_expect_eq(alm_record_check(&all[i], &problem), ALM_OK,
			"%zu: %s", i, problem.detail);
	}
}

#define EXPECT_FAULT(record, field) \
	do { \
		struct alm_problem problem = {0}; \
		cr_expect_eq(alm_record_check(&(record), &problem), \
			ALM_RECORD_INVALID, field); \
		cr_expect_eq( \
			strncmp(problem.detail, field ":", strlen(field ":")), \
			0, "got %s", problem.detail); \
		cr_expect_null(strstr(problem.detail, (record).subject)); \
	} while (0)

Test(record, names_the_faulty_field_of_a_directive)
{
	struct alm_person_record r = directive_record();

	memcpy(r.subject, "9990000019", 11);
	EXPECT_FAULT(r, "subject");
	r = directive_record();
	r.directive.id = "any";
	EXPECT_FAULT(r, "id");
	r = directive_record();
	r.directive.authority = "";
	EXPECT_FAULT(r, "authority");
	r = directive_record();
	r.directive.scope = "two words";
	EXPECT_FAULT(r, "scope");
	r = directive_record();
	r.directive.recorded_s = INT64_C(946684799);
	EXPECT_FAULT(r, "recorded");
	r = directive_record();
	r.directive.purposes.count = 0;
	EXPECT_FAULT(r, "purposes");
	r = directive_record();
	r.directive.categories = r.directive.to;
	EXPECT_FAULT(r, "categories");
	r = directive_record();
	r.directive.to.count = 0;
	EXPECT_FAULT(r, "to");
	r = directive_record();
	r.directive.valid.until_s = r.directive.valid.from_s;
	EXPECT_FAULT(r, "valid");
}

Test(record, names_the_faulty_field_of_an_exception)
{
	struct alm_directive_exception e = exceptions[0];
	struct alm_person_record r = directive_record();

	r.directive.exceptions = &e;
	r.directive.exception_count = 1;
	e.effect = ALM_WORD_WITHDRAWN;
	EXPECT_FAULT(r, "except");
	e = exceptions[0];
	e.to.count = 0;
	EXPECT_FAULT(r, "to");
}

Test(record, names_the_faulty_field_of_the_other_types)
{
	struct alm_person_record r = relationship_record();

	r.relationship.organisation = "kind:x";
	EXPECT_FAULT(r, "organisation");
	r = relationship_record();
	r.relationship.role = "";
	EXPECT_FAULT(r, "role");
	r = relationship_record();
	r.relationship.valid.until_s = 0;
	EXPECT_FAULT(r, "valid");
	r.relationship.is_withdrawal = true;
	cr_expect_eq(alm_record_check(&r, NULL), ALM_OK);
	r = opt_out_record();
	r.opt_out.as_of_s = r.opt_out.recorded_s + 1;
	EXPECT_FAULT(r, "as-of");
	r = flag_record();
	r.flag.recorded_s = INT64_C(4102444800);
	EXPECT_FAULT(r, "recorded");
}

Test(record, looks_at_every_word_and_every_exception)
{
	struct alm_directive_exception two[2] = {exceptions[0], exceptions[0]};
	struct alm_person_record r = directive_record();

	r.directive.effect = (enum alm_effect_word)9;
	EXPECT_FAULT(r, "effect");
	r = directive_record();
	r.directive.exceptions = two;
	r.directive.exception_count = 2;
	cr_expect_eq(alm_record_check(&r, NULL), ALM_OK);
	two[1].purposes.count = 0;
	EXPECT_FAULT(r, "purposes");
	r = opt_out_record();
	r.opt_out.list = (enum alm_opt_out_list)9;
	EXPECT_FAULT(r, "list");
	r = flag_record();
	r.flag.flag = (enum alm_flag_word)9;
	EXPECT_FAULT(r, "flag");
	r = flag_record();
	r.flag.valid.until_s = r.flag.valid.from_s;
	EXPECT_FAULT(r, "valid");
	r.flag.is_withdrawal = true;
	cr_expect_eq(alm_record_check(&r, NULL), ALM_OK);
}

Test(record, instants_are_of_the_years_2000_to_2099)
{
	struct alm_person_record r = directive_record();

	r.directive.recorded_s = INT64_C(946684800);
	cr_expect_eq(alm_record_check(&r, NULL), ALM_OK);
	r.directive.recorded_s = INT64_C(4102444799);
	cr_expect_eq(alm_record_check(&r, NULL), ALM_OK);
	r.directive.recorded_s = INT64_C(4102444800);
	EXPECT_FAULT(r, "recorded");
	r = relationship_record();
	r.relationship.recorded_s = INT64_C(946684799);
	EXPECT_FAULT(r, "recorded");
	r = opt_out_record();
	r.opt_out.as_of_s = INT64_C(946684799);
	EXPECT_FAULT(r, "as-of");
	r = opt_out_record();
	r.opt_out.recorded_s = INT64_C(4102444800);
	EXPECT_FAULT(r, "recorded");
}

Test(record, reads_party_selectors_by_form)
{
	cr_expect(alm_selector_is_valid("any"));
	cr_expect(alm_selector_is_valid("RX1"));
	cr_expect(alm_selector_is_valid("kind:gp-practice"));
	cr_expect(alm_selector_is_valid("group:ics-QT1"));
	cr_expect_not(alm_selector_is_valid("kind:"));
	cr_expect_not(alm_selector_is_valid("kind:any"));
	cr_expect_not(alm_selector_is_valid("group:-x"));
	cr_expect_not(alm_selector_is_valid("Kind:x"));
	cr_expect_not(alm_selector_is_valid(""));
}
