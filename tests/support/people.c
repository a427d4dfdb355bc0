#include "tests/support/people.h"

#include <criterion/criterion.h>
#include <string.h>

#include "broker/core/record_batch.h"

struct alm_person_record test_objection(const char *subject)
{
	static const char *const any[] = {"any"};
	struct alm_person_record record = {.type = ALM_RECORD_DIRECTIVE,
		.directive = {.id = "R-1",
			.authority = "patient",
			.scope = "sharing",
			.effect = ALM_WORD_DENY,
			.recorded_s = 1700000000,
			.purposes = {any, 1},
			.categories = {any, 1},
			.to = {any, 1},
			.valid = {1600000000, ALM_INSTANT_NEVER}}};

	cr_assert_lt(strlen(subject), sizeof(record.subject));
	strcpy(record.subject, subject);
	return record;
}

void test_people_put(
	struct test_broker *broker, const struct alm_person_record *record)
{
	uint8_t bytes[4096];
	struct alm_record_batch_writer batch;
	struct alm_attachment file = {.name = "batch"};
	struct alm_answer answer;

	alm_record_batch_init(&batch, bytes, sizeof(bytes));
	cr_assert_eq(alm_record_batch_add(&batch, 1, record), ALM_OK);
	file.content = alm_record_batch_finish(&batch);
	answer = test_broker_attach(
		broker, "people.put", (const char *const[]){NULL}, &file, 1);
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_assert_eq(test_number(&answer, "added") +
			     test_number(&answer, "opt-outs"),
		1, "%s",
		answer.row_count > 0 ? test_cell(&answer, 0, "message") : "");
}

void test_people_object(struct test_broker *broker)
{
	const struct alm_person_record record = test_objection("9990000018");

	test_people_put(broker, &record);
}
