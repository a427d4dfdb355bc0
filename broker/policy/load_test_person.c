/*
 * What a test says is known of the person: records as docs/POLICY.md section
 * 2 has them.  `subject` may be left out, as it is that of the request.
 */
#include <string.h>

#include "broker/core/record.h"
#include "broker/policy/loader.h"
#include "lib/limits.h"
#include "lib/yaml/read.h"

/* The record being read. */
struct reading {
	struct alm_loader *loader;
	const struct alm_yaml_node *node;
	struct alm_person_record *out;
};

static const char *text_of(struct reading *r, const struct alm_yaml_node *node)
{
	return alm_loader_text(r->loader, node);
}

static struct alm_word_list list_of(
	struct reading *r, const struct alm_yaml_node *node)
{
	struct alm_words words = alm_loader_words(r->loader, node);
	const char **items =
		alm_loader_take(r->loader, words.count + 1, sizeof(*items));

	if (items == NULL) {
		return (struct alm_word_list){NULL, 0};
	}
	for (size_t i = 0; i < words.count; i++) {
		items[i] = words.items[i].text;
	}
	return (struct alm_word_list){items, words.count};
}

static size_t word_of(struct reading *r, const struct alm_yaml_node *node,
	const char *const *words, size_t count)
{
	return node == NULL ? count
			    : alm_yaml_read_word(node, words, count,
				      r->loader->diagnostics);
}

/* Look up the keys of this type of record. */
static void keys_of(struct reading *r, const char *what,
	const struct alm_yaml_key *keys, size_t count,
	const struct alm_yaml_node **at)
{
	(void)alm_yaml_read_map(
		r->node, what, keys, count, at, r->loader->diagnostics);
}

static void read_subject(struct reading *r, const struct alm_yaml_node *node,
	const struct alm_bundle_test *test)
{
	const char *subject = test->request.subject;
	const char *text = node != NULL ? text_of(r, node) : subject;
	size_t bytes = text != NULL ? strlen(text) : 0;

	if (subject == NULL || text == NULL || strcmp(text, subject) != 0) {
		(void)alm_diagnostics_add(r->loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node != NULL ? node : r->node),
			"the record is not of the person that the request "
			"is about");
	}
	if (bytes > 0 && bytes < sizeof(r->out->subject)) {
		memcpy(r->out->subject, text, bytes);
	}
}

static const struct alm_yaml_node *find_effect(const struct reading *r)
{
	for (const struct alm_yaml_node *child = r->node->first; child != NULL;
		child = child->next) {
		if (strcmp(child->key, "effect") == 0) {
			return child;
		}
	}
	return NULL;
}

static bool is_withdrawn_directive(const struct reading *r)
{
	const struct alm_yaml_node *effect = find_effect(r);

	return effect != NULL && strcmp(effect->text, "withdrawn") == 0;
}

static void read_exception(struct reading *r, const struct alm_yaml_node *node,
	struct alm_directive_exception *out)
{
	static const struct alm_yaml_key keys[] = {{"effect", true},
		{"purposes", true}, {"categories", true}, {"to", true}};
	static const char *const effects[] = {"deny", "permit"};
	const struct alm_yaml_node *at[ALM_COUNT(keys)];

	(void)alm_yaml_read_map(node, "an exception", keys, ALM_COUNT(keys), at,
		r->loader->diagnostics);
	out->effect = (enum alm_effect_word)(
		ALM_WORD_DENY + word_of(r, at[0], effects, ALM_COUNT(effects)));
	out->purposes = list_of(r, at[1]);
	out->categories = list_of(r, at[2]);
	out->to = list_of(r, at[3]);
}

static void read_exceptions(struct reading *r, const struct alm_yaml_node *node,
	struct alm_directive *out)
{
	struct alm_directive_exception *items;

	if (!alm_yaml_read_list(node, r->loader->diagnostics)) {
		return;
	}
	items = alm_loader_take(r->loader, node->count, sizeof(*items));
	if (items == NULL) {
		return;
	}
	for (const struct alm_yaml_node *child = node->first; child != NULL;
		child = child->next) {
		read_exception(r, child, &items[out->exception_count++]);
	}
	out->exceptions = items;
}

static void read_valid(struct reading *r, const struct alm_yaml_node *node,
	struct alm_period *out)
{
	if (node != NULL) {
		alm_loader_period(r->loader, node, out);
	}
}

static const struct alm_yaml_node *read_directive(struct reading *r)
{
	enum {
		TYPE,
		SUBJECT,
		EFFECT,
		ID,
		AUTHORITY,
		SCOPE,
		RECORDED,
		WITHDRAWAL_KEYS,
		PURPOSES = WITHDRAWAL_KEYS,
		CATEGORIES,
		TO,
		EXCEPT,
		VALID,
		KEYS
	};
	static const struct alm_yaml_key keys[KEYS] = {{"type", true},
		{"subject", false}, {"effect", true}, {"id", true},
		{"authority", true}, {"scope", true}, {"recorded", true},
		{"purposes", true}, {"categories", true}, {"to", true},
		{"except", false}, {"valid", true}};
	static const char *const effects[] = {"deny", "permit", "withdrawn"};
	const struct alm_yaml_node *at[KEYS] = {NULL};
	struct alm_directive *out = &r->out->directive;

	keys_of(r, is_withdrawn_directive(r) ? "a withdrawal" : "a directive",
		keys, is_withdrawn_directive(r) ? WITHDRAWAL_KEYS : KEYS, at);
	out->effect = (enum alm_effect_word)(
		ALM_WORD_DENY +
		word_of(r, at[EFFECT], effects, ALM_COUNT(effects)));
	out->id = text_of(r, at[ID]);
	out->authority = text_of(r, at[AUTHORITY]);
	out->scope = text_of(r, at[SCOPE]);
	out->recorded_s = alm_loader_instant(r->loader, at[RECORDED]);
	out->purposes = list_of(r, at[PURPOSES]);
	out->categories = list_of(r, at[CATEGORIES]);
	out->to = list_of(r, at[TO]);
	read_exceptions(r, at[EXCEPT], out);
	read_valid(r, at[VALID], &out->valid);
	return at[SUBJECT];
}

/* What ends a relationship or a flag, or for how long it holds. */
static bool read_end(struct reading *r, const struct alm_yaml_node *node,
	struct alm_period *out_valid)
{
	static const char *const effects[] = {"withdrawn"};
	bool is_withdrawal = find_effect(r) != NULL;

	if (is_withdrawal) {
		(void)word_of(r, node, effects, ALM_COUNT(effects));
	} else {
		read_valid(r, node, out_valid);
	}
	return is_withdrawal;
}

static const struct alm_yaml_node *read_relationship(struct reading *r)
{
	enum { TYPE, SUBJECT, ORGANISATION, ROLE, RECORDED, ENDS, KEYS };
	struct alm_yaml_key keys[KEYS] = {{"type", true}, {"subject", false},
		{"organisation", true}, {"role", true}, {"recorded", true},
		{find_effect(r) != NULL ? "effect" : "valid", true}};
	const struct alm_yaml_node *at[KEYS];
	struct alm_relationship *out = &r->out->relationship;

	keys_of(r, "a relationship", keys, KEYS, at);
	out->organisation = text_of(r, at[ORGANISATION]);
	out->role = text_of(r, at[ROLE]);
	out->recorded_s = alm_loader_instant(r->loader, at[RECORDED]);
	out->is_withdrawal = read_end(r, at[ENDS], &out->valid);
	return at[SUBJECT];
}

static const struct alm_yaml_node *read_opt_out(struct reading *r)
{
	enum { TYPE, SUBJECT, LIST, STATE, AS_OF, RECORDED, KEYS };
	static const struct alm_yaml_key keys[KEYS] = {{"type", true},
		{"subject", false}, {"list", true}, {"state", true},
		{"as-of", true}, {"recorded", true}};
	static const char *const lists[] = {"national", "type-1"};
	static const char *const states[2][2] = {
		{"clear", "opted-out"}, {"none", "objected"}};
	const struct alm_yaml_node *at[KEYS];
	struct alm_opt_out *out = &r->out->opt_out;
	size_t list;

	keys_of(r, "an opt-out", keys, KEYS, at);
	list = word_of(r, at[LIST], lists, ALM_COUNT(lists));
	list = list < ALM_COUNT(lists) ? list : 0;
	out->list = (enum alm_opt_out_list)(ALM_OPT_OUT_NATIONAL + list);
	out->is_objecting = word_of(r, at[STATE], states[list], 2) == 1;
	out->as_of_s = alm_loader_instant(r->loader, at[AS_OF]);
	out->recorded_s = alm_loader_instant(r->loader, at[RECORDED]);
	return at[SUBJECT];
}

static const struct alm_yaml_node *read_flag(struct reading *r)
{
	enum { TYPE, SUBJECT, FLAG, RECORDED, ENDS, KEYS };
	struct alm_yaml_key keys[KEYS] = {{"type", true}, {"subject", false},
		{"flag", true}, {"recorded", true},
		{find_effect(r) != NULL ? "effect" : "valid", true}};
	static const char *const flags[] = {"location-withheld"};
	const struct alm_yaml_node *at[KEYS];
	struct alm_flag *out = &r->out->flag;

	keys_of(r, "a flag", keys, KEYS, at);
	(void)word_of(r, at[FLAG], flags, ALM_COUNT(flags));
	out->flag = ALM_FLAG_LOCATION_WITHHELD;
	out->recorded_s = alm_loader_instant(r->loader, at[RECORDED]);
	out->is_withdrawal = read_end(r, at[ENDS], &out->valid);
	return at[SUBJECT];
}

/* Where the field stands that a problem's detail begins with. */
static struct alm_place place_of(const struct reading *r, const char *detail)
{
	size_t bytes = strcspn(detail, ":");

	for (const struct alm_yaml_node *child = r->node->first; child != NULL;
		child = child->next) {
		if (strlen(child->key) == bytes &&
			strncmp(child->key, detail, bytes) == 0) {
			return alm_yaml_place(child);
		}
	}
	return alm_yaml_place(r->node);
}

/* The type of a record; false after a report. */
static bool read_type(struct reading *r)
{
	static const char *const types[] = {
		"directive", "relationship", "opt-out", "flag"};
	const struct alm_yaml_node *at = NULL;
	size_t type;

	for (const struct alm_yaml_node *child = r->node->first; child != NULL;
		child = child->next) {
		at = strcmp(child->key, "type") == 0 ? child : at;
	}
	if (at == NULL) {
		(void)alm_diagnostics_add(r->loader->diagnostics,
			ALM_KEY_MISSING, alm_yaml_place(r->node),
			"a record needs the key 'type'");
	}
	type = word_of(r, at, types, ALM_COUNT(types));
	r->out->type = (enum alm_record_type)(ALM_RECORD_DIRECTIVE + type);
	return type < ALM_COUNT(types);
}

static const struct alm_yaml_node *read_fields(struct reading *r)
{
	switch (r->out->type) {
	case ALM_RECORD_DIRECTIVE:
		return read_directive(r);
	case ALM_RECORD_RELATIONSHIP:
		return read_relationship(r);
	case ALM_RECORD_OPT_OUT:
		return read_opt_out(r);
	case ALM_RECORD_FLAG:
		return read_flag(r);
	}
	return NULL;
}

static void read_record(struct reading *r, const struct alm_bundle_test *test)
{
	struct alm_diagnostics *diagnostics = r->loader->diagnostics;
	size_t faults = diagnostics->count + diagnostics->dropped;
	struct alm_problem problem = {ALM_OK, ""};

	if (r->node->kind != ALM_YAML_MAP) {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(r->node),
			"a record is written as a mapping of keys");
		return;
	}
	if (!read_type(r)) {
		return;
	}
	read_subject(r, read_fields(r), test);
	if (diagnostics->count + diagnostics->dropped == faults &&
		alm_record_check(r->out, &problem) != ALM_OK) {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			place_of(r, problem.detail), "%s", problem.detail);
	}
}

/* The records by type; what was reported may be among them. */
struct gathered {
	struct alm_directive *directives;
	struct alm_place *directive_places;
	struct alm_relationship *relationships;
	struct alm_opt_out *opt_outs;
	struct alm_flag *flags;
};

static bool take_room(
	struct alm_loader *loader, size_t count, struct gathered *out)
{
	out->directives =
		alm_loader_take(loader, count, sizeof(*out->directives));
	out->directive_places =
		alm_loader_take(loader, count, sizeof(*out->directive_places));
	out->relationships =
		alm_loader_take(loader, count, sizeof(*out->relationships));
	out->opt_outs = alm_loader_take(loader, count, sizeof(*out->opt_outs));
	out->flags = alm_loader_take(loader, count, sizeof(*out->flags));
	return !loader->is_out_of_memory;
}

static void keep(const struct alm_person_record *record, struct alm_place place,
	struct gathered *in, struct alm_person *person)
{
	switch (record->type) {
	case ALM_RECORD_DIRECTIVE:
		in->directive_places[person->directive_count] = place;
		in->directives[person->directive_count++] = record->directive;
		break;
	case ALM_RECORD_RELATIONSHIP:
		in->relationships[person->relationship_count++] =
			record->relationship;
		break;
	case ALM_RECORD_OPT_OUT:
		in->opt_outs[person->opt_out_count++] = record->opt_out;
		break;
	case ALM_RECORD_FLAG:
		in->flags[person->flag_count++] = record->flag;
		break;
	}
}

void alm_load_test_person(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_test *out)
{
	struct gathered in;

	if (!alm_yaml_read_list(node, loader->diagnostics) ||
		!take_room(loader, node->count, &in)) {
		return;
	}
	for (const struct alm_yaml_node *child = node->first; child != NULL;
		child = child->next) {
		struct alm_person_record record;
		struct reading r = {loader, child, &record};

		memset(&record, 0, sizeof(record));
		read_record(&r, out);
		keep(&record, alm_yaml_place(child), &in, &out->person);
	}
	out->directive_places = in.directive_places;
	out->person.directives = in.directives;
	out->person.relationships = in.relationships;
	out->person.opt_outs = in.opt_outs;
	out->person.flags = in.flags;
}
