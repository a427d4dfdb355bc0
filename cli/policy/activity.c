#include "cli/policy/activity.h"

#include <string.h>

#include "cli/policy/decide_json.h"
#include "lib/base.h"
#include "lib/time.h"
#include "lib/words.h"

#define HALF_DAY_S INT64_C(43200)

static const struct alm_bundle_register nothing = {
	.reference = "",
	.objective = "",
	.benefits = "",
	.retention = "",
	.security = "",
	.quality = "",
	.rights = "",
	.breach_contact = "",
	.review = "",
	.at_end = "",
};

static const struct alm_bundle_register *entry_of(const struct alm_activity *a)
{
	return a->basis->entry != NULL ? a->basis->entry : &nothing;
}

static void put_words(FILE *out, struct alm_words words)
{
	for (size_t i = 0; i < words.count; i++) {
		(void)fprintf(
			out, "%s%s", i == 0 ? "" : "; ", words.items[i].text);
	}
}

static const struct alm_bundle_organisation *find_organisation(
	const struct alm_activity *a, const char *id)
{
	size_t at = alm_index_find(&a->side->organisations, id);

	return at == ALM_INDEX_NONE ? NULL
				    : &a->side->bundle->organisations[at];
}

/* Organisations with their names; selectors as they stand. */
static void put_parties(
	FILE *out, const struct alm_activity *a, struct alm_words words)
{
	for (size_t i = 0; i < words.count; i++) {
		const char *text = words.items[i].text;
		const struct alm_bundle_organisation *o =
			find_organisation(a, text);

		(void)fprintf(out, "%s%s", i == 0 ? "" : "; ", text);
		if (o != NULL) {
			(void)fprintf(out, " (%s)", o->name);
		}
	}
}

static void put_day(FILE *out, int64_t instant_s)
{
	char text[ALM_INSTANT_TEXT_BYTES];

	/* Noon of a day is the same day in London and in UTC. */
	alm_instant_text(instant_s, text);
	(void)fprintf(out, "%.10s", text);
}

/* --- the columns --------------------------------------------------------- */

static void write_id(const struct alm_activity *a, FILE *out)
{
	(void)fputs(a->basis->id.text, out);
}

static void write_title(const struct alm_activity *a, FILE *out)
{
	(void)fputs(a->basis->title, out);
}

static void write_type(const struct alm_activity *a, FILE *out)
{
	(void)fputs(a->basis->is_mandate ? "mandate" : "agreement", out);
}

static void write_state(const struct alm_activity *a, FILE *out)
{
	const struct alm_bundle_basis *b = a->basis;

	(void)fputs(b->status != ALM_STATUS_ACTIVE      ? "suspended"
		    : a->side->at_s < b->valid.from_s   ? "not yet valid"
		    : a->side->at_s >= b->valid.until_s ? "expired"
							: "in force",
		out);
}

static void write_reference(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->reference, out);
}

static void write_controllers(const struct alm_activity *a, FILE *out)
{
	put_parties(out, a, entry_of(a)->controllers);
}

/* One contact of each controller that has any. */
static void put_contacts(
	FILE *out, const struct alm_activity *a, bool is_officer)
{
	struct alm_words words = entry_of(a)->controllers;
	bool is_first = true;

	for (size_t i = 0; i < words.count; i++) {
		const struct alm_bundle_organisation *o =
			find_organisation(a, words.items[i].text);
		const char *text = o == NULL    ? ""
				   : is_officer ? o->data_protection_officer
						: o->contact;

		if (*text != '\0') {
			(void)fprintf(out, "%s%s: %s", is_first ? "" : "; ",
				o->id.text, text);
			is_first = false;
		}
	}
}

static void write_contacts(const struct alm_activity *a, FILE *out)
{
	put_contacts(out, a, false);
}

static void write_officers(const struct alm_activity *a, FILE *out)
{
	put_contacts(out, a, true);
}

static void write_control(const struct alm_activity *a, FILE *out)
{
	static const char *const texts[] = {"", "sole", "joint", "separate"};

	(void)fputs(texts[entry_of(a)->control], out);
}

static void write_processors(const struct alm_activity *a, FILE *out)
{
	put_parties(out, a, entry_of(a)->processors);
}

static void write_purposes(const struct alm_activity *a, FILE *out)
{
	put_words(out, a->basis->purposes);
}

static void write_objective(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->objective, out);
}

static void write_subjects(const struct alm_activity *a, FILE *out)
{
	put_words(out, entry_of(a)->subjects);
}

static void write_categories(const struct alm_activity *a, FILE *out)
{
	put_words(out, a->basis->categories);
}

/* The strictest mark of any category that is covered. */
static void write_sensitivity(const struct alm_activity *a, FILE *out)
{
	static const char *const texts[] = {
		"normal", "sensitive", "restricted", "protected"};
	uint64_t covered =
		alm_side_permits(&a->side->categories, a->basis->categories);
	enum alm_sensitivity most = ALM_SENSITIVITY_NORMAL;

	for (; covered != 0; covered &= covered - 1) {
		enum alm_sensitivity one =
			a->side->bundle->categories[__builtin_ctzll(covered)]
				.sensitivity;

		most = one > most ? one : most;
	}
	(void)fputs(texts[most], out);
}

static void write_article_6(const struct alm_activity *a, FILE *out)
{
	(void)fputs(a->basis->law_article_6, out);
}

static void write_article_9(const struct alm_activity *a, FILE *out)
{
	(void)fputs(a->basis->law_article_9, out);
}

static void write_confidentiality(const struct alm_activity *a, FILE *out)
{
	(void)fputs(a->basis->law_confidentiality, out);
}

static void write_data_type(const struct alm_activity *a, FILE *out)
{
	(void)fputs(alm_level_word(a->basis->identifiability), out);
}

static void write_opt_out(const struct alm_activity *a, FILE *out)
{
	switch (a->basis->opt_out) {
	case ALM_OPT_OUT_APPLIES:
		(void)fputs("honoured", out);
		break;
	case ALM_OPT_OUT_EXEMPT:
		(void)fprintf(
			out, "not honoured: %s", a->basis->opt_out_reason);
		break;
	case ALM_OPT_OUT_NOT_APPLICABLE:
		(void)fputs("not applicable", out);
		break;
	}
}

static void write_consent(const struct alm_activity *a, FILE *out)
{
	(void)fputs(a->basis->consent == ALM_CONSENT_REQUIRED  ? "required"
		    : a->basis->consent == ALM_CONSENT_IMPLIED ? "implied"
							       : "not required",
		out);
}

static void write_sources(const struct alm_activity *a, FILE *out)
{
	put_parties(out, a, a->basis->from);
}

static void write_recipients(const struct alm_activity *a, FILE *out)
{
	put_parties(out, a, a->basis->to);
}

static void write_transfers(const struct alm_activity *a, FILE *out)
{
	put_words(out, entry_of(a)->transfers);
}

static void write_retention(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->retention, out);
}

static void write_security(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->security, out);
}

static void write_start(const struct alm_activity *a, FILE *out)
{
	put_day(out, a->basis->valid.from_s + HALF_DAY_S);
}

static void write_end(const struct alm_activity *a, FILE *out)
{
	if (a->basis->valid.until_s == ALM_INSTANT_NEVER) {
		(void)fputs("until further notice", out);
	} else {
		put_day(out, a->basis->valid.until_s - HALF_DAY_S);
	}
}

static void write_access(const struct alm_activity *a, FILE *out)
{
	static const char *const texts[] = {
		"", "one-off", "ongoing", "system access"};

	(void)fputs(texts[entry_of(a)->access], out);
}

static void write_sub_licensing(const struct alm_activity *a, FILE *out)
{
	static const char *const texts[] = {"", "not allowed", "allowed"};

	(void)fputs(texts[entry_of(a)->sub_licensing], out);
}

static void write_datasets(const struct alm_activity *a, FILE *out)
{
	put_words(out, entry_of(a)->datasets);
}

static void write_benefits(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->benefits, out);
}

static void write_obligations(const struct alm_activity *a, FILE *out)
{
	put_words(out, a->basis->obligations);
}

static void write_quality(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->quality, out);
}

static void write_rights(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->rights, out);
}

static void write_breach(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->breach_contact, out);
}

static void write_review(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->review, out);
}

static void write_at_end(const struct alm_activity *a, FILE *out)
{
	(void)fputs(entry_of(a)->at_end, out);
}

static void write_evidence(const struct alm_activity *a, FILE *out)
{
	put_words(out, a->basis->evidence);
}

static void write_approved_by(const struct alm_activity *a, FILE *out)
{
	put_words(out, a->basis->approved_by);
}

/* What the Article asks for and nobody wrote down. */
static void write_missing(const struct alm_activity *a, FILE *out)
{
	const struct alm_bundle_register *e = entry_of(a);
	bool has_contact = e->controllers.count > 0;
	const char *comma = "";

	for (size_t i = 0; i < e->controllers.count; i++) {
		const struct alm_bundle_organisation *o =
			find_organisation(a, e->controllers.items[i].text);

		has_contact = has_contact && o != NULL && *o->contact != '\0';
	}
	const struct {
		bool is_missing;
		const char *name;
	} all[] = {{e->controllers.count == 0, "controllers"},
		{!has_contact, "contact"}, {e->subjects.count == 0, "subjects"},
		{*e->retention == '\0', "retention"},
		{*e->security == '\0', "security"}};

	for (size_t i = 0; i < ALM_COUNT(all); i++) {
		if (all[i].is_missing) {
			(void)fprintf(out, "%s%s", comma, all[i].name);
			comma = "; ";
		}
	}
}

const struct alm_ropa_column alm_ropa_columns[] = {
	{"id", "Agreement", write_id},
	{"title", "Title", write_title},
	{"type", "Type", write_type},
	{"state", "State", write_state},
	{"reference", "Reference", write_reference},
	{"controllers", "Controllers", write_controllers},
	{"contacts", "Contact of the controllers", write_contacts},
	{"data-protection-officers", "Data protection officers",
		write_officers},
	{"controller-type", "Controller type", write_control},
	{"processors", "Processors", write_processors},
	{"purposes", "Purposes of the processing", write_purposes},
	{"objective", "Objective", write_objective},
	{"subjects", "Categories of data subjects", write_subjects},
	{"categories", "Categories of personal data", write_categories},
	{"sensitivity", "Sensitivity", write_sensitivity},
	{"article-6", "Lawful basis, Article 6", write_article_6},
	{"article-9", "Condition, Article 9", write_article_9},
	{"confidentiality", "Duty of confidence", write_confidentiality},
	{"data-type", "Type of data", write_data_type},
	{"opt-outs", "Opt-outs", write_opt_out},
	{"consent", "Consent", write_consent},
	{"sources", "Disclosed by", write_sources},
	{"recipients", "Categories of recipients", write_recipients},
	{"transfers", "Transfers abroad and safeguards", write_transfers},
	{"retention", "Time limits for erasure", write_retention},
	{"security", "Security measures", write_security},
	{"start", "Start", write_start},
	{"end", "End", write_end},
	{"access", "Access", write_access},
	{"sub-licensing", "Sub-licensing", write_sub_licensing},
	{"datasets", "Datasets", write_datasets},
	{"benefits", "Yielded benefits", write_benefits},
	{"obligations", "Obligations", write_obligations},
	{"quality", "Quality", write_quality},
	{"rights", "Rights of data subjects", write_rights},
	{"breach-contact", "Contact for breaches", write_breach},
	{"review", "Review", write_review},
	{"at-end", "At the end", write_at_end},
	{"evidence", "Evidence", write_evidence},
	{"approved-by", "Approved by", write_approved_by},
	{"missing", "Not recorded", write_missing},
};
