/*
 * The `register:` of a basis: the columns of the national register of data
 * sharing agreements, and what a record of processing asks for, as far as the
 * rest of the basis does not say it.
 */
#include "broker/policy/loader.h"
#include "lib/time.h"
#include "lib/yaml/read.h"

enum register_key {
	REFERENCE,
	CONTROLLERS,
	CONTROLLER_TYPE,
	PROCESSORS,
	ACCESS,
	SUB_LICENSING,
	DATASETS,
	OBJECTIVE,
	BENEFITS,
	SUBJECTS,
	TRANSFERS,
	RETENTION,
	SECURITY,
	QUALITY,
	RIGHTS,
	BREACH_CONTACT,
	REVIEW,
	AT_END,
	REGISTER_KEYS,
};

static const struct alm_yaml_key keys[REGISTER_KEYS] = {
	[REFERENCE] = {"reference", false},
	[CONTROLLERS] = {"controllers", false},
	[CONTROLLER_TYPE] = {"controller-type", false},
	[PROCESSORS] = {"processors", false},
	[ACCESS] = {"access", false},
	[SUB_LICENSING] = {"sub-licensing", false},
	[DATASETS] = {"datasets", false},
	[OBJECTIVE] = {"objective", false},
	[BENEFITS] = {"benefits", false},
	[SUBJECTS] = {"subjects", false},
	[TRANSFERS] = {"transfers", false},
	[RETENTION] = {"retention", false},
	[SECURITY] = {"security", false},
	[QUALITY] = {"quality", false},
	[RIGHTS] = {"rights", false},
	[BREACH_CONTACT] = {"breach-contact", false},
	[REVIEW] = {"review", false},
	[AT_END] = {"at-end", false},
};

static struct alm_words read_organisations(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	struct alm_words words = alm_loader_words(loader, node);

	for (size_t i = 0; i < words.count; i++) {
		(void)alm_loader_refer(loader, &loader->organisations,
			words.items[i], 0, ALM_REFERENCE_DANGLING,
			"an organisation");
	}
	return words;
}

static const char *read_day(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	const char *text = alm_loader_text(loader, node);
	struct alm_period day;

	if (*text != '\0' && alm_day_parse(text, &day) != ALM_OK) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"'%.64s' is not a day; write YYYY-MM-DD, 2000-01-01 "
			"to 2099-12-31",
			text);
	}
	return text;
}

/* One controller is sole, several are joint or separate. */
static void check_controllers(struct alm_loader *loader,
	const struct alm_yaml_node *const *at,
	const struct alm_bundle_register *out)
{
	bool is_sole = out->control == ALM_CONTROL_SOLE;

	if (out->control == ALM_CONTROL_UNKNOWN ||
		out->controllers.count == 0 ||
		is_sole == (out->controllers.count == 1)) {
		return;
	}
	(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
		alm_yaml_place(at[CONTROLLER_TYPE]),
		is_sole ? "%zu controllers cannot be sole; say joint or "
			  "separate"
			: "%zu controller is sole; name the others, or say "
			  "sole",
		out->controllers.count);
}

const struct alm_bundle_register *alm_loader_register(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	static const char *const types[] = {"sole", "joint", "separate"};
	static const char *const accesses[] = {"one-off", "ongoing", "system"};
	static const char *const licensing[] = {"not-allowed", "allowed"};
	const struct alm_yaml_node *at[REGISTER_KEYS];
	struct alm_bundle_register *out;

	if (node == NULL) {
		return NULL;
	}
	out = alm_loader_take(loader, 1, sizeof(*out));
	if (out == NULL) {
		return NULL;
	}
	(void)alm_yaml_read_map(node, "an entry of the register", keys,
		REGISTER_KEYS, at, loader->diagnostics);
	out->reference = alm_loader_text(loader, at[REFERENCE]);
	out->controllers = read_organisations(loader, at[CONTROLLERS]);
	out->control = (enum alm_controllership)alm_loader_choice(
		loader, at[CONTROLLER_TYPE], types, ALM_COUNT(types));
	out->processors = read_organisations(loader, at[PROCESSORS]);
	out->access = (enum alm_access)alm_loader_choice(
		loader, at[ACCESS], accesses, ALM_COUNT(accesses));
	out->sub_licensing = (enum alm_sub_licensing)alm_loader_choice(
		loader, at[SUB_LICENSING], licensing, ALM_COUNT(licensing));
	out->datasets = alm_loader_words(loader, at[DATASETS]);
	out->objective = alm_loader_text(loader, at[OBJECTIVE]);
	out->benefits = alm_loader_text(loader, at[BENEFITS]);
	out->subjects = alm_loader_words(loader, at[SUBJECTS]);
	out->transfers = alm_loader_words(loader, at[TRANSFERS]);
	out->retention = alm_loader_text(loader, at[RETENTION]);
	out->security = alm_loader_text(loader, at[SECURITY]);
	out->quality = alm_loader_text(loader, at[QUALITY]);
	out->rights = alm_loader_text(loader, at[RIGHTS]);
	out->breach_contact = alm_loader_text(loader, at[BREACH_CONTACT]);
	out->review = read_day(loader, at[REVIEW]);
	out->at_end = alm_loader_text(loader, at[AT_END]);
	check_controllers(loader, at, out);
	return out;
}
