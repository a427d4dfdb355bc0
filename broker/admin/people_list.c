/*
 * Showing what is known of a person: what counts now, or everything that was
 * ever recorded, with both of its clocks: when it holds, and since when that
 * is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/people.h"
#include "lib/wire/texts.h"

/* One record in a list of all of them. */
struct item {
	int64_t recorded_s;
	enum alm_record_type type;
	size_t at; /* in the person's list of that type */
};

struct listing {
	struct alm_table *table;
	const struct alm_person *person;
	int64_t now_s;
	bool is_history; /* also what does not count now */
};

#define STANDS_NOW "now"

static const char *out_of_memory(struct alm_table *table)
{
	table->is_out_of_memory = true;
	return "";
}

static const char *words(struct alm_table *table, struct alm_word_list list)
{
	struct alm_texts texts = {list.items, list.count};
	const char *joined = alm_texts_join(texts, table->arena);

	return joined != NULL ? joined : out_of_memory(table);
}

static const char *period(
	struct alm_table *table, const struct alm_period *valid)
{
	const char *from = alm_table_instant(table, valid->from_s * 1000000);
	const char *text;

	if (valid->until_s == ALM_INSTANT_NEVER) {
		text = alm_arena_printf(
			table->arena, "%s until further notice", from);
	} else {
		text = alm_arena_printf(table->arena, "%s to %s", from,
			alm_table_instant(table, valid->until_s * 1000000));
	}
	return text != NULL ? text : out_of_memory(table);
}

static const char *effect_word(enum alm_effect_word effect)
{
	switch (effect) {
	case ALM_WORD_DENY:
		return "deny";
	case ALM_WORD_PERMIT:
		return "permit";
	case ALM_WORD_WITHDRAWN:
		break;
	}
	return "withdrawn";
}

static const char *exceptions(
	struct alm_table *table, const struct alm_directive *directive)
{
	const char *text = "";

	for (size_t i = 0; i < directive->exception_count && text != NULL;
		i++) {
		const struct alm_directive_exception *e =
			&directive->exceptions[i];

		text = alm_arena_printf(table->arena, "%s%s%s %s to %s for %s",
			text, i > 0 ? "; " : "", effect_word(e->effect),
			words(table, e->categories), words(table, e->to),
			words(table, e->purposes));
	}
	return text != NULL ? text : out_of_memory(table);
}

/* Of something that holds for a time, if nothing has replaced or ended it. */
static const char *stands_in(const struct alm_period *valid, int64_t now_s)
{
	if (alm_period_holds(valid, now_s)) {
		return STANDS_NOW;
	}
	return valid->from_s > now_s ? "not yet" : "over";
}

static bool outranks(const struct alm_directive *a,
	const struct alm_directive *b, int64_t now_s)
{
	bool takes_part =
		a->recorded_s <= now_s &&
		(a->effect == ALM_WORD_WITHDRAWN || a->valid.from_s <= now_s);

	return takes_part && strcmp(a->authority, b->authority) == 0 &&
	       strcmp(a->scope, b->scope) == 0 &&
	       (a->recorded_s > b->recorded_s ||
		       (a->recorded_s == b->recorded_s &&
			       strcmp(a->id, b->id) > 0));
}

static const char *directive_stands(
	const struct listing *l, const struct alm_directive *item)
{
	for (size_t i = 0; i < l->person->directive_count; i++) {
		if (outranks(&l->person->directives[i], item, l->now_s)) {
			return "replaced";
		}
	}
	if (item->recorded_s > l->now_s) {
		return "not yet";
	}
	return item->effect == ALM_WORD_WITHDRAWN
		       ? STANDS_NOW
		       : stands_in(&item->valid, l->now_s);
}

static const char *relationship_stands(
	const struct listing *l, const struct alm_relationship *item)
{
	for (size_t i = 0; i < l->person->relationship_count; i++) {
		const struct alm_relationship *other =
			&l->person->relationships[i];

		if (!item->is_withdrawal && other->is_withdrawal &&
			other->recorded_s <= l->now_s &&
			other->recorded_s >= item->recorded_s &&
			strcmp(other->organisation, item->organisation) == 0 &&
			strcmp(other->role, item->role) == 0) {
			return "ended";
		}
	}
	if (item->recorded_s > l->now_s) {
		return "not yet";
	}
	return item->is_withdrawal ? STANDS_NOW
				   : stands_in(&item->valid, l->now_s);
}

static const char *opt_out_stands(
	const struct listing *l, const struct alm_opt_out *item)
{
	for (size_t i = 0; i < l->person->opt_out_count; i++) {
		const struct alm_opt_out *other = &l->person->opt_outs[i];

		if (other->list == item->list &&
			other->recorded_s <= l->now_s &&
			(other->as_of_s > item->as_of_s ||
				(other->as_of_s == item->as_of_s &&
					other->is_objecting &&
					!item->is_objecting))) {
			return "replaced";
		}
	}
	return item->recorded_s > l->now_s ? "not yet" : STANDS_NOW;
}

static const char *flag_stands(
	const struct listing *l, const struct alm_flag *item)
{
	for (size_t i = 0; i < l->person->flag_count; i++) {
		const struct alm_flag *other = &l->person->flags[i];

		if (!item->is_withdrawal && other->is_withdrawal &&
			other->flag == item->flag &&
			other->recorded_s <= l->now_s &&
			other->recorded_s > item->recorded_s) {
			return "ended";
		}
	}
	if (item->recorded_s > l->now_s) {
		return "not yet";
	}
	return item->is_withdrawal ? STANDS_NOW
				   : stands_in(&item->valid, l->now_s);
}

/* The cells of a row, in the order of the columns. */
struct row {
	const char *type;
	const char *id;
	const char *authority;
	const char *scope;
	const char *effect;
	const char *purposes;
	const char *categories;
	const char *to;
	const char *except;
	const char *valid;
	const char *recorded;
	const char *stands;
};

static const char *const COLUMNS[] = {"type", "id", "authority", "scope",
	"effect", "purposes", "categories", "to", "except", "valid", "recorded",
	"stands"};

static void fill_directive(const struct listing *l,
	const struct alm_directive *item, struct row *row)
{
	row->type = "directive";
	row->id = item->id;
	row->authority = item->authority;
	row->scope = item->scope;
	row->effect = effect_word(item->effect);
	row->stands = directive_stands(l, item);
	if (item->effect != ALM_WORD_WITHDRAWN) {
		row->purposes = words(l->table, item->purposes);
		row->categories = words(l->table, item->categories);
		row->to = words(l->table, item->to);
		row->except = exceptions(l->table, item);
		row->valid = period(l->table, &item->valid);
	}
}

static void fill_relationship(const struct listing *l,
	const struct alm_relationship *item, struct row *row)
{
	row->type = "relationship";
	row->id = item->role;
	row->to = item->organisation;
	row->effect = item->is_withdrawal ? "withdrawn" : "holds";
	row->stands = relationship_stands(l, item);
	if (!item->is_withdrawal) {
		row->valid = period(l->table, &item->valid);
	}
}

static void fill_opt_out(const struct listing *l,
	const struct alm_opt_out *item, struct row *row)
{
	bool is_national = item->list == ALM_OPT_OUT_NATIONAL;

	row->type = "opt-out";
	row->id = is_national ? "national" : "type-1";
	if (item->is_objecting) {
		row->effect = is_national ? "opted-out" : "objected";
	} else {
		row->effect = is_national ? "clear" : "none";
	}
	row->valid = alm_table_instant(l->table, item->as_of_s * 1000000);
	row->stands = opt_out_stands(l, item);
}

static void fill_flag(
	const struct listing *l, const struct alm_flag *item, struct row *row)
{
	row->type = "flag";
	row->id = "location-withheld";
	row->effect = item->is_withdrawal ? "withdrawn" : "holds";
	row->stands = flag_stands(l, item);
	if (!item->is_withdrawal) {
		row->valid = period(l->table, &item->valid);
	}
}

static void fill(
	const struct listing *l, const struct item *item, struct row *row)
{
	switch (item->type) {
	case ALM_RECORD_DIRECTIVE:
		fill_directive(l, &l->person->directives[item->at], row);
		break;
	case ALM_RECORD_RELATIONSHIP:
		fill_relationship(l, &l->person->relationships[item->at], row);
		break;
	case ALM_RECORD_OPT_OUT:
		fill_opt_out(l, &l->person->opt_outs[item->at], row);
		break;
	case ALM_RECORD_FLAG:
		fill_flag(l, &l->person->flags[item->at], row);
		break;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	if (x->recorded_s != y->recorded_s) {
		return x->recorded_s < y->recorded_s ? -1 : 1;
	}
	if (x->type != y->type) {
		return x->type < y->type ? -1 : 1;
	}
	return (x->at > y->at) - (x->at < y->at);
}

static enum alm_err list_items(const struct alm_person *person,
	struct alm_arena *arena, struct item **out_items, size_t *out_count)
{
	size_t count = person->directive_count + person->relationship_count +
		       person->opt_out_count + person->flag_count;
	struct item *items =
		alm_arena_take(arena, (count + 1) * sizeof(*items));
	size_t n = 0;

	if (items == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < person->directive_count; i++) {
		items[n++] = (struct item){person->directives[i].recorded_s,
			ALM_RECORD_DIRECTIVE, i};
	}
	for (size_t i = 0; i < person->relationship_count; i++) {
		items[n++] = (struct item){person->relationships[i].recorded_s,
			ALM_RECORD_RELATIONSHIP, i};
	}
	for (size_t i = 0; i < person->opt_out_count; i++) {
		items[n++] = (struct item){
			person->opt_outs[i].recorded_s, ALM_RECORD_OPT_OUT, i};
	}
	for (size_t i = 0; i < person->flag_count; i++) {
		items[n++] = (struct item){
			person->flags[i].recorded_s, ALM_RECORD_FLAG, i};
	}
	qsort(items, n, sizeof(*items), by_time);
	*out_items = items;
	*out_count = n;
	return ALM_OK;
}

/* The rows from `first` on; the cursor says where the next page begins. */
static enum alm_err add_rows(const struct listing *l, size_t first)
{
	struct alm_table *table = l->table;
	struct item *items = NULL;
	size_t count = 0;
	enum alm_err err = list_items(l->person, table->arena, &items, &count);

	for (size_t i = first; i < count && err == ALM_OK; i++) {
		struct row row = {
			"", "", "", "", "", "", "", "", "", "", "", ""};

		if (!alm_table_has_room(table)) {
			table->cursor =
				alm_arena_printf(table->arena, "%zu", i);
			return table->cursor != NULL ? ALM_OK : ALM_NOMEM;
		}
		fill(l, &items[i], &row);
		row.recorded =
			alm_table_instant(table, items[i].recorded_s * 1000000);
		if (!l->is_history && strcmp(row.stands, STANDS_NOW) != 0) {
			continue;
		}
		alm_table_row(table,
			(const char *const[]){row.type, row.id, row.authority,
				row.scope, row.effect, row.purposes,
				row.categories, row.to, row.except, row.valid,
				row.recorded, row.stands});
	}
	return err;
}

static enum alm_err list(struct alm_call *call, bool is_history)
{
	struct alm_audit_record record;
	struct alm_person person;
	struct listing listing = {.table = call->table,
		.person = &person,
		.now_s = call->turn->now_s,
		.is_history = is_history};
	const char *subject = "";
	char what[64];
	enum alm_err err = alm_people_subject(call, &subject);

	alm_table_columns(call->table, COLUMNS, ALM_COUNT(COLUMNS));
	if (err == ALM_OK) {
		err = alm_store_person_get(call->turn->broker->store, subject,
			call->turn->arena, &person);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (person.is_corrupt || person.is_unknown_version) {
		return alm_problem_set(call->problem, ALM_REASON_901, "%s", "");
	}
	err = add_rows(&listing,
		(size_t)strtoull(alm_call_argument(call, "cursor"), NULL, 10));
	if (err != ALM_OK) {
		return err;
	}
	(void)snprintf(what, sizeof(what), "%s shown%s",
		is_history ? "history" : "records",
		strcmp(alm_call_argument(call, "reveal"), "yes") == 0
			? ", number revealed"
			: "");
	record = alm_people_record(call, subject, ALM_AUDIT_QUERY);
	return alm_call_record(call, &record, what);
}

enum alm_err alm_verb_people_show(struct alm_call *call)
{
	return list(call, false);
}

enum alm_err alm_verb_people_history(struct alm_call *call)
{
	return list(call, true);
}
