/*
 * The standards of the tree, loaded and used: what a council sends on to a
 * care provider holds the plan, and neither diagnosis nor assessment.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "broker/core/minimise.h"
#include "lib/file.h"
#include "lib/wire/standard_load.h"
#include "tests/unit/core/standard_table.h"

static struct alm_arena arena;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)4 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(standards, .init = set_up, .fini = tear_down);

static const struct alm_standard *load(const char *path)
{
	const struct alm_standard *standard = NULL;
	struct alm_problem problem = {0};
	struct alm_bytes set;
	uint8_t *data;

	cr_assert_eq(alm_file_read(path, ALM_STANDARD_BYTES_MAX, &data,
			     &set.bytes, &problem),
		ALM_OK, "%s", problem.detail);
	set.data = data;
	cr_assert_eq(alm_standard_load(set, &arena, &standard, &problem),
		ALM_OK, "%s", problem.detail);
	free(data);
	return standard;
}

static void put_part(
	struct scribe *s, uint32_t number, const struct scribe *part)
{
	scribe_raw(s, number, part->data, part->bytes);
}

static struct scribe home_care(void)
{
	struct scribe s = {.bytes = 0};
	struct scribe person = {.bytes = 0};
	struct scribe contact_part = {.bytes = 0};
	struct scribe assessment = {.bytes = 0};
	struct scribe clinical = {.bytes = 0};
	struct scribe visit = {.bytes = 0};
	struct scribe plan = {.bytes = 0};

	scribe_text(&person, 1, "9990000018");
	scribe_text(&person, 2, "Testperson");
	scribe_text(&contact_part, 1, "1 High Street");
	scribe_text(&contact_part, 2, "NG5 1PB");
	scribe_text(&assessment, 1, "help with washing");
	scribe_text(&assessment, 2, "Has capacity.\nSeen 3 times.");
	scribe_text(&clinical, 1, "254637007");
	scribe_text(&clinical, 2, "months");
	scribe_text(&visit, 1, "08:00");
	scribe_text(&visit, 2, "breakfast");
	put_part(&plan, 1, &visit);
	scribe_text(&plan, 3, "tablets at 8");
	put_part(&s, 1, &person);
	put_part(&s, 2, &contact_part);
	put_part(&s, 4, &assessment);
	put_part(&s, 5, &clinical);
	put_part(&s, 6, &plan);
	return s;
}

static bool holds(const uint8_t *data, size_t bytes, const char *text)
{
	return memmem(data, bytes, text, strlen(text)) != NULL;
}

Test(standards, a_care_provider_gets_the_plan_and_no_diagnosis)
{
	static const char *const released[] = {
		"care-plan", "medications", "contact"};
	const struct alm_standard *standard =
		load("build/standards/home-care-package.fds");
	struct scribe s = home_care();
	struct alm_view view = {.released = released,
		.released_count = ALM_COUNT(released),
		.sent = ALM_LEVEL_IDENTIFIABLE,
		.level = ALM_LEVEL_IDENTIFIABLE};
	struct alm_faults faults;
	struct alm_withheld withheld;
	uint8_t out[sizeof(s.data) + ALM_VIEW_EXTRA_BYTES];
	size_t bytes = 0;

	cr_assert_eq(alm_standard_conforms(standard, scribe_bytes(&s), &faults),
		ALM_OK, "%s", faults.items[0].path);
	cr_assert_eq(alm_minimise(standard, scribe_bytes(&s), &view, out,
			     sizeof(out), &bytes, &withheld),
		ALM_OK);
	cr_assert(holds(out, bytes, "9990000018"));
	cr_assert(holds(out, bytes, "1 High Street"));
	cr_assert(holds(out, bytes, "breakfast"));
	cr_assert(holds(out, bytes, "tablets at 8"));
	cr_assert_not(holds(out, bytes, "254637007"));
	cr_assert_not(holds(out, bytes, "months"));
	cr_assert_not(holds(out, bytes, "washing"));
	cr_assert_not(holds(out, bytes, "capacity"));
	cr_assert_eq(withheld.count, 4);
	cr_assert_str_eq(withheld.paths[0], "assessment.needs");
	cr_assert_str_eq(withheld.paths[3], "clinical.prognosis");
	/* What the provider gets conforms as well. */
	cr_assert_eq(alm_standard_conforms(
			     standard, (struct alm_bytes){out, bytes}, &faults),
		ALM_OK);
}

Test(standards, protected_material_leaves_nothing_when_not_released)
{
	const struct alm_standard *standard =
		load("build/standards/safety-investigation.fds");
	struct scribe s = {.bytes = 0};
	struct alm_view view = {.sent = ALM_LEVEL_IDENTIFIABLE,
		.level = ALM_LEVEL_IDENTIFIABLE};
	struct alm_withheld withheld;
	uint8_t out[256];
	size_t bytes = 1;

	scribe_text(&s, 1, "INC-1");
	scribe_text(&s, 2, "RX1");
	scribe_text(&s, 4, "A draft.");
	cr_assert_eq(alm_minimise(standard, scribe_bytes(&s), &view, out,
			     sizeof(out), &bytes, &withheld),
		ALM_OK);
	cr_assert_eq(bytes, 0);
	cr_assert_eq(withheld.count, 3);
}
