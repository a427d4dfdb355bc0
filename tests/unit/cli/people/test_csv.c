/* test_csv.c - records in CSV mean what they would mean in NDJSON. */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/core/record.h"
#include "cli/people/csv.h"
#include "cli/people/json.h"

static struct alm_arena arena;
static struct alm_people_csv csv;
static struct alm_problem problem;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)16 << 20);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(people_csv, .init = set_up, .fini = tear_down);

static struct alm_bytes bytes_of(const char *text)
{
	return (struct alm_bytes){(const uint8_t *)text, strlen(text)};
}

static enum alm_err head(const char *line)
{
	problem.detail[0] = '\0';
	return alm_people_csv_head(bytes_of(line), &csv, &problem);
}

static enum alm_err row(const char *line, struct alm_person_record *out)
{
	problem.detail[0] = '\0';
	return alm_people_csv_read(&csv, bytes_of(line), &arena, out, &problem);
}

static void expect_same(const char *line, const char *json)
{
	struct alm_person_record a;
	struct alm_person_record b;
	uint8_t left[2048];
	uint8_t right[2048];
	struct alm_writer x;
	struct alm_writer y;

	cr_assert_eq(row(line, &a), ALM_OK, "%s", problem.detail);
	cr_assert_eq(alm_people_json_read(bytes_of(json), &arena, &b, &problem),
		ALM_OK, "%s", problem.detail);
	alm_writer_init(&x, left, sizeof(left));
	alm_writer_init(&y, right, sizeof(right));
	alm_record_encode(&a, &x);
	alm_record_encode(&b, &y);
	cr_assert_eq(x.bytes, y.bytes);
	cr_expect_eq(memcmp(left, right, x.bytes), 0);
}

Test(people_csv, reads_every_type_of_record)
{
	cr_assert_eq(
		head("type,id,subject,authority,scope,effect,purposes,"
		     "categories,to,valid,organisation,role,list,state,as-of,"
		     "flag,recorded"),
		ALM_OK, "%s", problem.detail);
	expect_same(
		"directive,R-1,9990000018,patient,care,deny,any,\"labs "
		"mental-health\",kind:gp-practice RX1,2025-05-01 until further "
		"notice,,,,,,,2025-05-01T10:12:00Z",
		"{\"type\":\"directive\",\"id\":\"R-1\",\"subject\":"
		"\"9990000018\",\"authority\":\"patient\",\"scope\":\"care\","
		"\"effect\":\"deny\",\"purposes\":[\"any\"],\"categories\":["
		"\"labs\",\"mental-health\"],\"to\":[\"kind:gp-practice\","
		"\"RX1\"],\"valid\":\"2025-05-01 until further notice\","
		"\"recorded\":\"2025-05-01T10:12:00Z\"}");
	expect_same("relationship,,9990000018,,,withdrawn,,,,,RX1,care-team,,,,"
		    ",2025-05-01T10:12:00Z",
		"{\"type\":\"relationship\",\"subject\":\"9990000018\","
		"\"organisation\":\"RX1\",\"role\":\"care-team\",\"effect\":"
		"\"withdrawn\",\"recorded\":\"2025-05-01T10:12:00Z\"}");
	expect_same(
		"opt-out,,9990000018,,,,,,,,,,type-1,objected,2025-04-30T00:00:"
		"00Z,,2025-05-01T10:12:00Z",
		"{\"type\":\"opt-out\",\"subject\":\"9990000018\",\"list\":"
		"\"type-1\",\"state\":\"objected\",\"as-of\":\"2025-04-30T00:"
		"00:00Z\",\"recorded\":\"2025-05-01T10:12:00Z\"}");
}

Test(people_csv, reads_columns_in_any_order_and_quotes)
{
	cr_assert_eq(head("\xEF\xBB\xBF\"subject\",recorded,flag,valid,type"),
		ALM_OK, "%s", problem.detail);
	expect_same("\"9990000018\",2025-05-01T10:12:00Z,location-withheld,"
		    "\"2025-05-01 to 2026-05-01\",flag",
		"{\"type\":\"flag\",\"subject\":\"9990000018\",\"flag\":"
		"\"location-withheld\",\"valid\":\"2025-05-01 to 2026-05-01\","
		"\"recorded\":\"2025-05-01T10:12:00Z\"}");
}

Test(people_csv, refuses_columns_that_are_not_fields)
{
	static const struct {
		const char *line;
		const char *detail;
	} rows[] = {
		{"type,subject,colour", "column 3 is not a field of a record"},
		{"type,subject,type", "column type stands twice"},
		{"type,id", "the first line must name the columns, type and "
			    "subject among them"},
		{"", "column 1 is not a field of a record"},
		{"type,\"subject", "quotes that do not fit"},
		{"type,sub\"ject", "quotes that do not fit"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(head(rows[i].line), ALM_RECORD_INVALID);
		cr_expect_str_eq(problem.detail, rows[i].detail);
	}
}

Test(people_csv, refuses_rows_and_names_the_field_and_no_value)
{
	static const struct {
		const char *line;
		const char *detail;
	} rows[] = {
		{"flag,9990000018", "the line has too few values"},
		{"flag,9990000018,,,,x", "the line has too many values"},
		{"flag,9990000019,,,", "subject: not 10 digits with a correct "
				       "check digit"},
		{"flag,9990000018,location-withheld,,2025-05-01T10:12:00Z",
			"valid: missing"},
		{"flag,\"9990000018,,,", "quotes that do not fit"},
		{"flag,\"9990000018\"x,,,", "quotes that do not fit"},
		{"flag,9990000018,\xFF,,", "flag: not UTF-8"},
	};
	struct alm_person_record record;

	cr_assert_eq(head("type,subject,flag,valid,recorded"), ALM_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(row(rows[i].line, &record), ALM_RECORD_INVALID,
			"row %zu", i);
		cr_expect_str_eq(problem.detail, rows[i].detail, "row %zu: %s",
			i, problem.detail);
	}
}

Test(people_csv, does_not_stop_at_a_nul)
{
	static const uint8_t line[] = "flag\0,9990000018,location-withheld,"
				      "2025-05-01 to 2026-05-01,2025-05-01T10:"
				      "12:00Z";
	struct alm_person_record record;

	cr_assert_eq(head("type,subject,flag,valid,recorded"), ALM_OK);
	cr_expect_eq(alm_people_csv_read(&csv,
			     (struct alm_bytes){line, sizeof(line) - 1}, &arena,
			     &record, &problem),
		ALM_RECORD_INVALID);
}

Test(people_csv, needs_a_word_between_two_spaces)
{
	struct alm_person_record record;

	cr_assert_eq(head("type,id,subject,authority,scope,effect,purposes,"
			  "categories,to,valid,recorded"),
		ALM_OK);
	cr_expect_eq(row("directive,R-1,9990000018,patient,care,deny,any,labs  "
			 "x,any,2025-05-01 until further notice,"
			 "2025-05-01T10:12:00Z",
			     &record),
		ALM_RECORD_INVALID);
	cr_expect_str_eq(problem.detail, "categories: a malformed word");
}
