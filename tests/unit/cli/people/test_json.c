/* test_json.c - which records about people are valid, and why not. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/people/json.h"

#define S "\"subject\":\"9990000018\",\"recorded\":\"2026-01-02T00:00:00Z\""
#define D \
	"{\"type\":\"directive\",\"id\":\"R-1\",\"authority\":\"patient\"," \
	"\"scope\":\"all\"," S
#define LISTS \
	",\"purposes\":[\"any\"],\"categories\":[\"mind\"],\"to\":[\"any\"]"
#define VALID ",\"valid\":\"2025-05-01 until further notice\""
#define O "{\"type\":\"opt-out\"," S
#define F "{\"type\":\"flag\",\"flag\":\"location-withheld\"," S
#define R \
	"{\"type\":\"relationship\",\"organisation\":\"RX1\",\"role\":" \
	"\"team\"," S

static struct alm_arena arena;
static struct alm_person_record record;
static struct alm_problem problem;

static enum alm_err read_line(const char *line)
{
	alm_arena_fini(&arena);
	alm_arena_init(&arena, 1 << 20);
	memset(&problem, 0, sizeof(problem));
	return alm_people_json_read(
		(struct alm_bytes){(const uint8_t *)line, strlen(line)}, &arena,
		&record, &problem);
}

static void give_back(void)
{
	alm_arena_fini(&arena);
}

TestSuite(people_json, .fini = give_back);

Test(people_json, reads_a_directive_with_an_exception)
{
	cr_assert_eq(read_line(D ",\"effect\":\"deny\"" LISTS
				 ",\"except\":[{\"effect\":\"permit\"" LISTS
				 "}]" VALID "}"),
		ALM_OK, "%s", problem.detail);
	cr_expect_eq(record.type, ALM_RECORD_DIRECTIVE);
	cr_expect_str_eq(record.subject, "9990000018");
	cr_expect_str_eq(record.directive.id, "R-1");
	cr_expect_eq(record.directive.effect, ALM_WORD_DENY);
	cr_expect_str_eq(record.directive.categories.items[0], "mind");
	cr_expect_eq(record.directive.exception_count, 1);
	cr_expect_eq(record.directive.exceptions[0].effect, ALM_WORD_PERMIT);
	cr_expect_eq(record.directive.valid.until_s, ALM_INSTANT_NEVER);
}

Test(people_json, reads_each_type_and_its_withdrawal)
{
	static const char *const lines[] = {
		D ",\"effect\":\"withdrawn\"}",
		R VALID "}",
		R ",\"effect\":\"withdrawn\"}",
		F VALID "}",
		F ",\"effect\":\"withdrawn\"}",
		O ",\"list\":\"national\",\"state\":\"opted-out\",\"as-of\":"
		  "\"2026-01-02T00:00:00Z\"}",
		O ",\"list\":\"type-1\",\"state\":\"none\",\"as-of\":"
		  "\"2026-01-01T00:00:00Z\"}",
	};

	for (size_t i = 0; i < ALM_COUNT(lines); i++) {
		cr_expect_eq(read_line(lines[i]), ALM_OK, "row %zu: %s", i,
			problem.detail);
	}
}

Test(people_json, refuses_what_breaks_a_rule_and_names_the_field)
{
	static const struct {
		const char *line;
		const char *detail;
	} rows[] = {
		{"", "not one JSON object"},
		{"[]", "not one JSON object"},
		{F VALID "} {}", "not one JSON object"},
		{F VALID ",\"flag\":\"location-withheld\"}",
			"a key stands twice"},
		{F VALID ",\"colour\":\"red\"}",
			"colour: not a field of this type of record"},
		{F VALID ",\"9990000018\":\"x\"}",
			"a key: not a field of this type of record"},
		{F "}", "valid: missing"},
		{F VALID ",\"effect\":\"withdrawn\"}",
			"valid: a withdrawal has none"},
		{F ",\"effect\":\"deny\"}", "effect: not withdrawn"},
		{F ",\"valid\":7}", "valid: not a string"},
		{F ",\"valid\":\"2026-01-01\"}",
			"valid: not a period, YYYY-MM-DD to YYYY-MM-DD or "
			"until further notice"},
		{R ",\"id\":\"R-1\"" VALID "}",
			"id: not a field of this type of record"},
		{D ",\"effect\":\"withdrawn\"" LISTS "}",
			"purposes: not a field of this type of record"},
		{D ",\"effect\":\"allow\"" LISTS VALID "}",
			"effect: not one of its words"},
		{D ",\"effect\":\"deny\",\"purposes\":[],\"categories\":[\"a\"]"
		   ",\"to\":[\"any\"]" VALID "}",
			"purposes: an empty list"},
		{D ",\"effect\":\"deny\",\"purposes\":[1],\"categories\":["
		   "\"a\"],\"to\":[\"any\"]" VALID "}",
			"purposes: not a string"},
		{D ",\"effect\":\"deny\"" LISTS ",\"except\":[]" VALID "}",
			"except: an empty list"},
		{D ",\"effect\":\"deny\"" LISTS ",\"except\":[{\"effect\":"
		   "\"permit\"" LISTS VALID "}]" VALID "}",
			"valid: not a field of this type of record"},
		{O ",\"list\":\"national\",\"state\":\"none\",\"as-of\":"
		   "\"2026-01-01T00:00:00Z\"}",
			"state: not a state of this list"},
		{O ",\"list\":\"local\",\"state\":\"none\",\"as-of\":"
		   "\"2026-01-01T00:00:00Z\"}",
			"list: neither national nor type-1"},
		{O ",\"list\":\"type-1\",\"state\":\"none\",\"as-of\":"
		   "\"2026-01-02T00:00:01Z\"}",
			"as-of: later than recorded"},
		{"{\"type\":\"flag\",\"subject\":\"9990000019\"}",
			"subject: not 10 digits with a correct check digit"},
		{"{\"subject\":\"9990000018\"}", "type: missing"},
		{"{\"type\":\"note\"," S "}",
			"type: not directive, relationship, opt-out or flag"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_expect_eq(read_line(rows[i].line), ALM_RECORD_INVALID,
			"row %zu", i);
		cr_expect_str_eq(problem.detail, rows[i].detail);
		cr_expect_null(strstr(problem.detail, "999000001"));
	}
}
