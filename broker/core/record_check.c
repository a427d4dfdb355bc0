/* The form of a record about a person, whatever policy is active. */
#include <string.h>

#include "broker/core/record.h"
#include "lib/id.h"
#include "lib/nhs_number.h"

/* Every instant of the rule lies in the years 2000 to 2099. */
#define INSTANT_FIRST_S INT64_C(946684800)
#define INSTANT_LAST_S INT64_C(4102444799)

static enum alm_err fault(
	struct alm_problem *problem, const char *field, const char *what)
{
	return alm_problem_set(
		problem, ALM_RECORD_INVALID, "%s: %s", field, what);
}

static enum alm_err check_id(
	const char *text, const char *field, struct alm_problem *problem)
{
	if (text == NULL || !alm_id_is_valid(text)) {
		return fault(problem, field, "not a well-formed id");
	}
	return ALM_OK;
}

static enum alm_err check_instant(
	int64_t instant_s, const char *field, struct alm_problem *problem)
{
	if (instant_s < INSTANT_FIRST_S || instant_s > INSTANT_LAST_S) {
		return fault(problem, field, "not in the years 2000 to 2099");
	}
	return ALM_OK;
}

static enum alm_err check_period(
	const struct alm_period *period, struct alm_problem *problem)
{
	if (period->from_s >= period->until_s) {
		return fault(problem, "valid", "ends before it begins");
	}
	return check_instant(period->from_s, "valid", problem);
}

static bool is_word(const char *text)
{
	return strcmp(text, "any") == 0 || alm_id_is_valid(text);
}

bool alm_selector_is_valid(const char *text)
{
	if (strncmp(text, "kind:", 5) == 0) {
		return alm_id_is_valid(text + 5);
	}
	if (strncmp(text, "group:", 6) == 0) {
		return alm_id_is_valid(text + 6);
	}
	return is_word(text);
}

static enum alm_err check_list(const struct alm_word_list *list,
	const char *field, bool (*is_valid)(const char *),
	struct alm_problem *problem)
{
	if (list->count == 0) {
		return fault(problem, field, "an empty list");
	}
	for (size_t i = 0; i < list->count; i++) {
		if (!is_valid(list->items[i])) {
			return fault(problem, field, "a malformed word");
		}
	}
	return ALM_OK;
}

/* Purposes, categories and recipients, of a directive or an exception. */
static enum alm_err check_reach(const struct alm_word_list *purposes,
	const struct alm_word_list *categories, const struct alm_word_list *to,
	struct alm_problem *problem)
{
	enum alm_err err = check_list(purposes, "purposes", is_word, problem);

	if (err == ALM_OK) {
		err = check_list(categories, "categories", is_word, problem);
	}
	if (err == ALM_OK) {
		err = check_list(to, "to", alm_selector_is_valid, problem);
	}
	return err;
}

static enum alm_err check_exceptions(
	const struct alm_directive *directive, struct alm_problem *problem)
{
	for (size_t i = 0; i < directive->exception_count; i++) {
		const struct alm_directive_exception *exception =
			&directive->exceptions[i];
		enum alm_err err;

		if (exception->effect != ALM_WORD_DENY &&
			exception->effect != ALM_WORD_PERMIT) {
			return fault(problem, "except",
				"the effect is neither deny nor permit");
		}
		err = check_reach(&exception->purposes, &exception->categories,
			&exception->to, problem);
		if (err != ALM_OK) {
			return err;
		}
	}
	return ALM_OK;
}

static enum alm_err check_directive(
	const struct alm_directive *directive, struct alm_problem *problem)
{
	enum alm_err err = check_id(directive->id, "id", problem);

	if (err == ALM_OK) {
		err = check_id(directive->authority, "authority", problem);
	}
	if (err == ALM_OK) {
		err = check_id(directive->scope, "scope", problem);
	}
	if (err == ALM_OK) {
		err = check_instant(directive->recorded_s, "recorded", problem);
	}
	if (err != ALM_OK || directive->effect == ALM_WORD_WITHDRAWN) {
		return err;
	}
	if (directive->effect != ALM_WORD_DENY &&
		directive->effect != ALM_WORD_PERMIT) {
		return fault(problem, "effect",
			"neither deny, permit nor withdrawn");
	}
	err = check_reach(&directive->purposes, &directive->categories,
		&directive->to, problem);
	if (err == ALM_OK) {
		err = check_period(&directive->valid, problem);
	}
	return err == ALM_OK ? check_exceptions(directive, problem) : err;
}

static enum alm_err check_relationship(
	const struct alm_relationship *relationship,
	struct alm_problem *problem)
{
	enum alm_err err =
		check_id(relationship->organisation, "organisation", problem);

	if (err == ALM_OK) {
		err = check_id(relationship->role, "role", problem);
	}
	if (err == ALM_OK) {
		err = check_instant(
			relationship->recorded_s, "recorded", problem);
	}
	if (err == ALM_OK && !relationship->is_withdrawal) {
		err = check_period(&relationship->valid, problem);
	}
	return err;
}

static enum alm_err check_opt_out(
	const struct alm_opt_out *opt_out, struct alm_problem *problem)
{
	enum alm_err err;

	if (opt_out->list != ALM_OPT_OUT_NATIONAL &&
		opt_out->list != ALM_OPT_OUT_TYPE_1) {
		return fault(problem, "list", "neither national nor type-1");
	}
	err = check_instant(opt_out->as_of_s, "as-of", problem);
	if (err == ALM_OK) {
		err = check_instant(opt_out->recorded_s, "recorded", problem);
	}
	if (err == ALM_OK && opt_out->as_of_s > opt_out->recorded_s) {
		return fault(problem, "as-of", "later than recorded");
	}
	return err;
}

static enum alm_err check_flag(
	const struct alm_flag *flag, struct alm_problem *problem)
{
	enum alm_err err;

	if (flag->flag != ALM_FLAG_LOCATION_WITHHELD) {
		return fault(problem, "flag", "not location-withheld");
	}
	err = check_instant(flag->recorded_s, "recorded", problem);
	if (err == ALM_OK && !flag->is_withdrawal) {
		err = check_period(&flag->valid, problem);
	}
	return err;
}

enum alm_err alm_record_check(
	const struct alm_person_record *record, struct alm_problem *problem)
{
	if (!alm_nhs_number_is_valid(record->subject)) {
		return fault(problem, "subject",
			"not 10 digits with a correct check digit");
	}
	switch (record->type) {
	case ALM_RECORD_DIRECTIVE:
		return check_directive(&record->directive, problem);
	case ALM_RECORD_RELATIONSHIP:
		return check_relationship(&record->relationship, problem);
	case ALM_RECORD_OPT_OUT:
		return check_opt_out(&record->opt_out, problem);
	case ALM_RECORD_FLAG:
		return check_flag(&record->flag, problem);
	}
	return fault(problem, "type", "not a known type of record");
}
