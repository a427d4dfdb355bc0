/* almoner-role-local-authority - a county council: when a hospital says what
 * somebody needs at home, it makes a care plan and gives it to a provider of
 * home care.  The plan says what to do, not why. */
#include <stdio.h>
#include <string.h>

#include "agents/roles/role.h"
#include "lib/base.h"
#include "lib/protowire.h"

#define NEEDS_MAX 16u
#define TEXT_MAX 128u

static void write_plan(struct alm_fields *fields, const char *nhs_number);

static const char *const plan[] = {"care-plan", "contact"};
static const struct alm_role_letter letters[] = {
	{"care-plan", "CQC-1-10553191017", "direct-care", "identifiable",
		"home-care-package", "1.0.0", NULL, plan, ALM_COUNT(plan),
		write_plan},
};

/** The first field of this number; false if there is none. */
static bool find(
	struct alm_bytes message, uint32_t number, struct alm_bytes *out_bytes)
{
	struct alm_proto_field field;

	while (message.bytes > 0 &&
		alm_proto_next(&message, &field) == ALM_OK) {
		if (field.number == number && field.type == ALM_PROTO_BYTES) {
			*out_bytes = field.bytes;
			return true;
		}
	}
	return false;
}

static void visit(struct alm_fields *care_plan, const char *time,
	struct alm_bytes assessment)
{
	struct alm_fields fields = {.bytes = 0};
	struct alm_proto_field need;
	size_t count = 0;

	alm_fields_text(&fields, 1, time);
	while (assessment.bytes > 0 && count < NEEDS_MAX &&
		alm_proto_next(&assessment, &need) == ALM_OK) {
		char text[TEXT_MAX];

		if (need.number == 1 && need.type == ALM_PROTO_BYTES &&
			need.bytes.bytes < sizeof(text)) {
			(void)snprintf(text, sizeof(text), "help with %.*s",
				(int)need.bytes.bytes,
				(const char *)need.bytes.data);
			alm_fields_text(&fields, 2, text);
			count++;
		}
	}
	alm_fields_message(care_plan, 1, &fields);
}

/** A visit in the morning and one in the evening, for each need. */
static void plan_for(struct alm_fields *fields, const char *nhs_number,
	struct alm_bytes assessment)
{
	struct alm_fields care_plan = {.bytes = 0};

	alm_fields_person(fields, 1, nhs_number);
	alm_fields_contact(fields, 2);
	visit(&care_plan, "0800", assessment);
	visit(&care_plan, "1800", assessment);
	alm_fields_message(fields, 6, &care_plan);
}

static void write_plan(struct alm_fields *fields, const char *nhs_number)
{
	plan_for(fields, nhs_number, (struct alm_bytes){NULL, 0});
}

static const char *use(
	struct alm_role_run *run, const struct alm_delivery *delivery)
{
	struct alm_bytes assessment = {NULL, 0};
	struct alm_fields fields = {.bytes = 0};
	char ref[64];

	if (strcmp(delivery->standard, "home-care-package") != 0 ||
		!find((struct alm_bytes){delivery->payload,
			      delivery->payload_bytes},
			4, &assessment)) {
		return NULL; /* read by a person */
	}
	(void)snprintf(ref, sizeof(ref), "plan-for-");
	alm_id_text(delivery->id, ref + strlen(ref));
	plan_for(&fields, delivery->subject, assessment);
	alm_role_send(run, &letters[0], &fields, letters[0].to,
		delivery->subject, ref, NULL);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct alm_role role = {.letters = letters,
		.letter_count = ALM_COUNT(letters),
		.use = use};

	return alm_role_main(&role, argc, argv);
}
