/* almoner-role-care-provider - a provider of home care: it takes care plans,
 * and reports its capacity to those who plan services. */
#include "agents/roles/role.h"
#include "lib/base.h"

static void write_capacity(struct alm_fields *fields, const char *nhs_number)
{
	(void)nhs_number; /* the return is about the provider, not a person */
	alm_fields_text(fields, 1, "VN4EX");
	alm_fields_text(fields, 2, "2026-11-22T08:00:00Z");
	alm_fields_number(fields, 3, 120);
	alm_fields_number(fields, 4, 104);
	alm_fields_number(fields, 5, 6);
	alm_fields_number(fields, 6, 10);
}

static const char *const capacity[] = {"capacity"};
static const struct alm_role_letter letters[] = {
	{"capacity-return", "QT1", "statutory-asc-return", "aggregate",
		"capacity-return", "1.0.0", NULL, capacity, ALM_COUNT(capacity),
		write_capacity},
};

static const char *use(
	struct alm_role_run *run, const struct alm_delivery *delivery)
{
	(void)run;
	return alm_role_has_category(delivery, "diagnosis")
		       ? "we are to be told what to do, not the diagnosis"
		       : NULL;
}

int main(int argc, char **argv)
{
	static const struct alm_role role = {.letters = letters,
		.letter_count = ALM_COUNT(letters),
		.use = use};

	return alm_role_main(&role, argc, argv);
}
