/* almoner-role-trust - an NHS trust that treats people for cancer: it tells
 * the practice, refers on, and asks for help at home. */
#include "agents/roles/role.h"
#include "lib/base.h"

static void write_summary(struct alm_fields *fields, const char *nhs_number)
{
	struct alm_fields diagnosis = {.bytes = 0};
	struct alm_fields medication = {.bytes = 0};

	alm_fields_person(fields, 1, nhs_number);
	alm_fields_contact(fields, 2);
	alm_fields_text(fields, 3, "C84001");
	alm_fields_text(fields, 4, "2026-11-02");
	alm_fields_text(fields, 5, "2026-11-20");
	alm_fields_text(&diagnosis, 1, "254837009");
	alm_fields_text(&diagnosis, 2, "Malignant tumour of breast");
	alm_fields_message(fields, 6, &diagnosis);
	alm_fields_text(&medication, 1, "386897000");
	alm_fields_text(&medication, 2, "Tamoxifen 20 mg tablets");
	alm_fields_text(&medication, 3, "one a day");
	alm_fields_number(&medication, 4, 2);
	alm_fields_message(fields, 8, &medication);
	alm_fields_text(fields, 10,
		"Surgery and six cycles of chemotherapy are complete.");
	alm_fields_text(fields, 11, "Please continue tamoxifen for 5 years.");
	alm_fields_text(fields, 14, "Dr P. Ward");
}

static void write_psycho_oncology(
	struct alm_fields *fields, const char *nhs_number)
{
	alm_fields_person(fields, 1, nhs_number);
	alm_fields_contact(fields, 2);
	alm_fields_text(fields, 3, "RX1");
	alm_fields_text(fields, 4, "2026-11-21");
	alm_fields_text(fields, 5, "Early breast cancer, treated.");
	alm_fields_number(fields, 6, 7);
	alm_fields_text(fields, 7, "fear of recurrence");
	alm_fields_text(fields, 7, "not sleeping");
	alm_fields_text(fields, 10, "J. Hale, nurse specialist");
}

static void write_home_care(struct alm_fields *fields, const char *nhs_number)
{
	struct alm_fields assessment = {.bytes = 0};
	struct alm_fields clinical = {.bytes = 0};

	alm_fields_person(fields, 1, nhs_number);
	alm_fields_contact(fields, 2);
	alm_fields_text(fields, 3, "C84001");
	alm_fields_text(&assessment, 1, "washing");
	alm_fields_text(&assessment, 1, "dressing");
	alm_fields_number(&assessment, 3, 1);
	alm_fields_text(&assessment, 4, "2026-11-24");
	alm_fields_message(fields, 4, &assessment);
	alm_fields_text(&clinical, 1, "254837009");
	alm_fields_message(fields, 5, &clinical);
}

static void write_hospice(struct alm_fields *fields, const char *nhs_number)
{
	alm_fields_person(fields, 1, nhs_number);
	alm_fields_contact(fields, 2);
	alm_fields_text(fields, 3, "RX1");
	alm_fields_text(fields, 5, "Day therapy and symptom control, please.");
	alm_fields_text(fields, 7, "Oral morphine solution, as needed");
	alm_fields_text(fields, 8, "J. Hale, nurse specialist");
}

static void write_support(struct alm_fields *fields, const char *nhs_number)
{
	struct alm_fields person = {.bytes = 0};

	alm_fields_text(&person, 1, nhs_number);
	alm_fields_text(&person, 2, "Avery Example");
	alm_fields_message(fields, 1, &person);
	alm_fields_text(fields, 2, "01632 960001");
	alm_fields_text(fields, 3, "mornings");
	alm_fields_number(fields, 4, 1);
	alm_fields_number(fields, 4, 2);
	alm_fields_text(fields, 5, "RX1");
}

static const char *const summary[] = {
	"treatment-summary", "diagnosis", "medications", "contact"};
static const char *const psycho[] = {"psycho-oncology", "diagnosis", "contact"};
static const char *const home[] = {"home-care", "diagnosis", "contact"};
static const char *const hospice[] = {"hospice-care", "medications", "contact"};
static const char *const support[] = {"support-needs", "contact"};

static const struct alm_role_letter letters[] = {
	{"treatment-summary", "C84001", "direct-care", "identifiable",
		"treatment-summary", "1.0.0", NULL, summary, ALM_COUNT(summary),
		write_summary},
	{"psycho-oncology", "RHA", "cancer-care", "identifiable",
		"psycho-oncology-referral", "1.0.0", "referral", psycho,
		ALM_COUNT(psycho), write_psycho_oncology},
	{"home-care", "511", "direct-care", "identifiable", "home-care-package",
		"1.0.0", NULL, home, ALM_COUNT(home), write_home_care},
	{"hospice", "GB-CHC-509759", "direct-care", "identifiable",
		"hospice-referral", "1.0.0", NULL, hospice, ALM_COUNT(hospice),
		write_hospice},
	{"support", "GB-CHC-261017", "voluntary-support", "identifiable",
		"support-referral", "1.0.0", NULL, support, ALM_COUNT(support),
		write_support},
};

int main(int argc, char **argv)
{
	static const struct alm_role role = {
		.letters = letters, .letter_count = ALM_COUNT(letters)};

	return alm_role_main(&role, argc, argv);
}
