/* The organisations and groups of a bundle. */
#include <string.h>

#include "broker/policy/loader.h"
#include "lib/limits.h"
#include "lib/time.h"
#include "lib/yaml/read.h"

static void read_assurance(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_organisation *out)
{
	struct alm_period day;

	if (node->kind != ALM_YAML_SCALAR ||
		alm_day_parse(node->text, &day) != ALM_OK) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"'%.64s' is not a day; write YYYY-MM-DD, 2000-01-01 "
			"to 2099-12-31",
			node->text);
		return;
	}
	out->has_assurance_until = true;
	out->assurance_until_s = day.until_s;
}

static void read_organisation(struct alm_loader *loader,
	const struct alm_yaml_node *node, void *out_item)
{
	struct alm_bundle_organisation *out = out_item;
	enum {
		ID,
		NAME,
		KIND,
		STATUS,
		ASSURANCE,
		HOST,
		CONTACT,
		OFFICER,
		COUNT
	};
	static const struct alm_yaml_key keys[COUNT] = {{"id", true},
		{"name", true}, {"kind", true}, {"status", false},
		{"assurance-until", false}, {"host", false}, {"contact", false},
		{"data-protection-officer", false}};
	static const char *const statuses[] = {"active", "suspended", "closed"};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "an organisation", keys, COUNT, at, loader->diagnostics);
	out->id = alm_loader_id(loader, at[ID]);
	out->name = alm_loader_text(loader, at[NAME]);
	out->kind = alm_loader_id(loader, at[KIND]);
	out->host = alm_loader_id(loader, at[HOST]);
	out->contact = alm_loader_text(loader, at[CONTACT]);
	out->data_protection_officer = alm_loader_text(loader, at[OFFICER]);
	if (out->kind.text != NULL) {
		(void)alm_loader_refer(loader, &loader->kinds, out->kind, 0,
			ALM_KIND_UNDECLARED, "a declared kind");
	}
	if (at[STATUS] != NULL) {
		out->status = (enum alm_status)alm_yaml_read_word(at[STATUS],
			statuses, ALM_COUNT(statuses), loader->diagnostics);
	}
	if (at[ASSURANCE] != NULL) {
		read_assurance(loader, at[ASSURANCE], out);
	}
}

static bool is_hosted_kind(const struct alm_bundle *bundle, const char *kind)
{
	for (size_t i = 0; i < bundle->hosted_kinds.count; i++) {
		if (strcmp(bundle->hosted_kinds.items[i].text, kind) == 0) {
			return true;
		}
	}
	return false;
}

static void check_host(struct alm_loader *loader,
	const struct alm_yaml_node *node,
	const struct alm_bundle_organisation *organisations,
	const struct alm_bundle_organisation *self)
{
	size_t position;

	if (self->host.text != NULL) {
		position = alm_loader_refer(loader, &loader->organisations,
			self->host, 0, ALM_REFERENCE_DANGLING,
			"an organisation");
		if (position != ALM_INDEX_NONE &&
			organisations[position].host.text != NULL) {
			(void)alm_diagnostics_add(loader->diagnostics,
				ALM_HOST_HOSTED, self->host.place,
				"the host '%s' has a host itself, '%s'",
				self->host.text,
				organisations[position].host.text);
		}
		return;
	}
	if (self->kind.text != NULL &&
		is_hosted_kind(loader->bundle, self->kind.text) &&
		node->kind == ALM_YAML_MAP) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_HOST_MISSING,
			self->kind.place,
			"'%s' is of the hosted kind '%s' and names no host",
			self->id.text != NULL ? self->id.text : "",
			self->kind.text);
	}
}

void alm_load_organisations(struct alm_loader *loader)
{
	const struct alm_entries *entries =
		&loader->entries[ALM_SECTION_ORGANISATIONS];
	struct alm_bundle_organisation *items = alm_loader_section(loader,
		ALM_SECTION_ORGANISATIONS, sizeof(*items), read_organisation,
		&loader->organisations);
	size_t count = entries->count;

	loader->bundle->organisations = items;
	loader->bundle->organisation_count = count;
	for (size_t i = 0; i < count; i++) {
		check_host(loader, entries->items[i], items, &items[i]);
	}
}

static void read_member(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_member *out)
{
	enum { ORGANISATION, VALID, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {
		{"organisation", true}, {"valid", false}};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a member", keys, COUNT, at, loader->diagnostics);
	out->organisation = alm_loader_id(loader, at[ORGANISATION]);
	out->valid = (struct alm_period){INT64_MIN, ALM_INSTANT_NEVER};
	if (out->organisation.text != NULL) {
		(void)alm_loader_refer(loader, &loader->organisations,
			out->organisation, 0, ALM_REFERENCE_DANGLING,
			"an organisation");
	}
	if (at[VALID] != NULL) {
		alm_loader_period(loader, at[VALID], &out->valid);
	}
}

static void read_group(struct alm_loader *loader,
	const struct alm_yaml_node *node, void *out_item)
{
	struct alm_bundle_group *out = out_item;
	enum { ID, MEMBERS, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {
		{"id", true}, {"members", true}};
	const struct alm_yaml_node *at[COUNT];
	struct alm_bundle_member *items;

	(void)alm_yaml_read_map(
		node, "a group", keys, COUNT, at, loader->diagnostics);
	out->id = alm_loader_id(loader, at[ID]);
	if (!alm_yaml_read_list(at[MEMBERS], loader->diagnostics)) {
		return;
	}
	items = alm_loader_take(loader, at[MEMBERS]->count, sizeof(*items));
	if (items == NULL) {
		return;
	}
	for (const struct alm_yaml_node *child = at[MEMBERS]->first;
		child != NULL; child = child->next) {
		read_member(loader, child, &items[out->member_count++]);
	}
	out->members = items;
}

void alm_load_groups(struct alm_loader *loader)
{
	struct alm_bundle_group *items =
		alm_loader_section(loader, ALM_SECTION_GROUPS, sizeof(*items),
			read_group, &loader->groups);
	size_t count = loader->entries[ALM_SECTION_GROUPS].count;

	loader->bundle->groups = items;
	loader->bundle->group_count = count;
}
