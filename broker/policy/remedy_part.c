/*
 * The part of a bundle that bears on one request.  Kept are the parties and
 * their hosts, whatever the person's directives name (a word that a bundle
 * lacks means something else), the groups of those, every prohibition, and
 * the bases that ever select both parties or that the request names.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/policy/remedy_internal.h"
#include "lib/nearest.h"

struct cutting {
	const struct alm_question *q;
	const struct alm_bundle *whole;
	struct alm_arena *arena;
	struct alm_part *part;
	const struct alm_bundle_organisation *sender; /* NULL: unknown */
	const struct alm_bundle_organisation *recipient;
	struct alm_bundle_organisation *organisations;
	size_t organisation_count;
	bool is_out_of_memory;
};

static void *take(struct cutting *c, size_t count, size_t bytes)
{
	void *at = alm_arena_take(c->arena, (count + 1) * bytes);

	c->is_out_of_memory = c->is_out_of_memory || at == NULL;
	return at;
}

static bool is_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* --- organisations -------------------------------------------------------- */

static const struct alm_bundle_organisation *
find(const struct alm_bundle_organisation *items, size_t count, const char *id)
{
	for (size_t i = 0; id != NULL && i < count; i++) {
		if (strcmp(items[i].id.text, id) == 0) {
			return &items[i];
		}
	}
	return NULL;
}

static bool is_kept(const struct cutting *c, const char *id)
{
	return find(c->organisations, c->organisation_count, id) != NULL;
}

static const struct alm_bundle_organisation *keep(
	struct cutting *c, const char *id, bool has_host)
{
	const struct alm_bundle_organisation *at =
		find(c->whole->organisations, c->whole->organisation_count, id);

	if (at == NULL || is_kept(c, id)) {
		return at;
	}
	c->organisations[c->organisation_count] = *at;
	if (!has_host) {
		c->organisations[c->organisation_count].host.text = NULL;
	}
	c->organisation_count++;
	return at;
}

static void keep_named(struct cutting *c, const struct alm_word_list *to)
{
	for (size_t i = 0; i < to->count; i++) {
		(void)keep(c, to->items[i], false);
	}
}

/* An unknown party stands for the known one that is nearest in spelling. */
static const struct alm_bundle_organisation *keep_party(
	struct cutting *c, const char *id)
{
	const struct alm_bundle_organisation *at = keep(c, id, true);
	struct alm_nearest nearest;

	if (id == NULL) {
		return NULL;
	}
	if (at == NULL) {
		alm_nearest_init(&nearest, id);
		for (size_t i = 0; i < c->whole->organisation_count; i++) {
			alm_nearest_offer(
				&nearest, c->whole->organisations[i].id.text);
		}
		at = keep(c, nearest.best, true);
	}
	if (at != NULL && at->host.text != NULL) {
		(void)keep(c, at->host.text, true);
	}
	return at;
}

/* Parties and hosts, and all that directives name. */
static size_t count_organisations(const struct alm_person *person)
{
	size_t count = 4;

	for (size_t i = 0; person != NULL && i < person->directive_count; i++) {
		const struct alm_directive *d = &person->directives[i];

		count += d->to.count;
		for (size_t j = 0; j < d->exception_count; j++) {
			count += d->exceptions[j].to.count;
		}
	}
	return count;
}

static void keep_organisations(struct cutting *c)
{
	const struct alm_person *person = c->q->person;

	c->organisations =
		take(c, count_organisations(person) + ALM_CHANGES_MAX,
			sizeof(*c->organisations));
	if (c->organisations == NULL) {
		return;
	}
	c->sender = keep_party(c, c->q->request->from);
	c->recipient = keep_party(c, c->q->request->to);
	for (size_t i = 0; person != NULL && i < person->directive_count; i++) {
		const struct alm_directive *d = &person->directives[i];

		keep_named(c, &d->to);
		for (size_t j = 0; j < d->exception_count; j++) {
			keep_named(c, &d->exceptions[j].to);
		}
	}
	c->part->bundle.organisations = c->organisations;
	c->part->bundle.organisation_count = c->organisation_count;
}

/* --- groups --------------------------------------------------------------- */

static bool names_group(const struct alm_word_list *to, const char *id)
{
	for (size_t i = 0; i < to->count; i++) {
		if (strncmp(to->items[i], "group:", 6) == 0 &&
			strcmp(to->items[i] + 6, id) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_named(const struct cutting *c, const char *id)
{
	const struct alm_person *person = c->q->person;

	for (size_t i = 0; person != NULL && i < person->directive_count; i++) {
		const struct alm_directive *d = &person->directives[i];

		if (names_group(&d->to, id)) {
			return true;
		}
		for (size_t j = 0; j < d->exception_count; j++) {
			if (names_group(&d->exceptions[j].to, id)) {
				return true;
			}
		}
	}
	return false;
}

static size_t count_kept(
	const struct cutting *c, const struct alm_bundle_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->member_count; i++) {
		count += is_kept(c, group->members[i].organisation.text);
	}
	return count;
}

static void keep_groups(struct cutting *c)
{
	struct alm_bundle_group *groups =
		take(c, c->whole->group_count, sizeof(*groups));
	size_t used = 0;

	for (size_t i = 0; groups != NULL && i < c->whole->group_count; i++) {
		const struct alm_bundle_group *group = &c->whole->groups[i];
		size_t count = count_kept(c, group);
		struct alm_bundle_member *members;

		if (count == 0 && !is_named(c, group->id.text)) {
			continue;
		}
		members = take(c, count, sizeof(*members));
		groups[used].id = group->id;
		for (size_t j = 0; members != NULL && j < group->member_count;
			j++) {
			const struct alm_bundle_member *at = &group->members[j];

			if (is_kept(c, at->organisation.text)) {
				members[groups[used].member_count++] = *at;
			}
		}
		groups[used++].members = members;
	}
	c->part->bundle.groups = groups;
	c->part->bundle.group_count = used;
}

/* --- rules ---------------------------------------------------------------- */

static bool has_group(const struct cutting *c, const char *id)
{
	for (size_t i = 0; i < c->part->bundle.group_count; i++) {
		if (strcmp(c->part->bundle.groups[i].id.text, id) == 0) {
			return true;
		}
	}
	return false;
}

/* Whether the part has what the selector names. */
static bool is_known(const struct cutting *c, const char *selector)
{
	if (strncmp(selector, "group:", 6) == 0) {
		return has_group(c, selector + 6);
	}
	return strcmp(selector, "any") == 0 ||
	       strncmp(selector, "kind:", 5) == 0 || is_kept(c, selector);
}

static struct alm_words cut(struct cutting *c, struct alm_words words)
{
	struct alm_word *items = take(c, words.count, sizeof(*items));
	size_t used = 0;

	for (size_t i = 0; items != NULL && i < words.count; i++) {
		if (is_known(c, words.items[i].text)) {
			items[used++] = words.items[i];
		}
	}
	return (struct alm_words){items, used};
}

static bool is_member(const struct cutting *c, const char *group,
	const struct alm_bundle_organisation *party)
{
	const struct alm_bundle *part = &c->part->bundle;

	for (size_t i = 0; i < part->group_count; i++) {
		const struct alm_bundle_group *at = &part->groups[i];

		for (size_t m = 0;
			strcmp(at->id.text, group) == 0 && m < at->member_count;
			m++) {
			if (strcmp(at->members[m].organisation.text,
				    party->id.text) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* Whether the selector ever selects the party; of one that is unknown, that
 * could become of any kind, whether it might. */
static bool selects_one(const struct cutting *c, const char *selector,
	const struct alm_bundle_organisation *party)
{
	bool is_kind = strncmp(selector, "kind:", 5) == 0;

	if (strcmp(selector, "any") == 0) {
		return true;
	}
	if (party == NULL) {
		return is_kind;
	}
	if (strncmp(selector, "group:", 6) == 0) {
		return is_member(c, selector + 6, party);
	}
	return is_kind ? strcmp(selector + 5, party->kind.text) == 0
		       : strcmp(selector, party->id.text) == 0;
}

static bool selects(const struct cutting *c, struct alm_words words,
	const struct alm_bundle_organisation *party)
{
	for (size_t i = 0; i < words.count; i++) {
		if (selects_one(c, words.items[i].text, party)) {
			return true;
		}
	}
	return false;
}

static void keep_prohibitions(struct cutting *c)
{
	size_t count = c->whole->prohibition_count;
	struct alm_bundle_prohibition *items = take(c, count, sizeof(*items));

	for (size_t i = 0; items != NULL && i < count; i++) {
		items[i] = c->whole->prohibitions[i];
		items[i].from = cut(c, items[i].from);
		items[i].to = cut(c, items[i].to);
	}
	c->part->bundle.prohibitions = items;
	c->part->bundle.prohibition_count = count;
}

static bool lists(struct alm_words words, const char *text)
{
	for (size_t i = 0; i < words.count; i++) {
		if (is_text(words.items[i].text, text) ||
			strcmp(words.items[i].text, "any") == 0) {
			return true;
		}
	}
	return false;
}

/* How far a basis of one party is from the request: an order, not a rule. */
static unsigned distance(
	const struct cutting *c, const struct alm_bundle_basis *basis)
{
	const struct alm_request *request = c->q->request;
	unsigned missing = 0;

	for (size_t i = 0; i < request->category_count; i++) {
		missing += lists(basis->categories, request->categories[i]) ? 0
									    : 1;
	}
	return (missing < 8 ? missing : 8) +
	       (lists(basis->purposes, request->purpose) ? 0 : 8) +
	       (basis->status == ALM_STATUS_ACTIVE ? 0 : 16) +
	       (alm_period_holds(&basis->valid, c->q->t_s) ? 0 : 16);
}

struct near {
	const struct alm_bundle_basis *basis;
	unsigned distance;
	bool selects_sender;
};

static bool is_nearer(const struct near *a, const struct near *b)
{
	return a->distance < b->distance ||
	       (a->distance == b->distance &&
		       strcmp(a->basis->id.text, b->basis->id.text) < 0);
}

static void offer(struct near *best, size_t *count, struct near one)
{
	size_t at = *count;

	while (at > 0 && is_nearer(&one, &best[at - 1])) {
		at--;
	}
	if (at == ALM_NEAR_BASES_MAX) {
		return;
	}
	if (*count < ALM_NEAR_BASES_MAX) {
		(*count)++;
	}
	memmove(&best[at + 1], &best[at], (*count - 1 - at) * sizeof(*best));
	best[at] = one;
}

static void add_basis(struct cutting *c, struct alm_bundle_basis *items,
	const struct alm_bundle_basis *basis)
{
	struct alm_bundle *out = &c->part->bundle;

	items[out->basis_count] = *basis;
	items[out->basis_count].from = cut(c, basis->from);
	items[out->basis_count].to = cut(c, basis->to);
	out->basis_count++;
}

static void add_near(struct cutting *c, struct alm_bundle_basis *items,
	const struct near *best, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_text(best[i].basis->id.text, c->q->request->basis)) {
			add_basis(c, items, best[i].basis);
		}
		c->part->near[i] = best[i].basis->id.text;
		c->part->selects_sender[i] = best[i].selects_sender;
	}
	c->part->near_count = count;
}

static void keep_bases(struct cutting *c)
{
	struct alm_bundle_basis *items =
		take(c, c->whole->basis_count, sizeof(*items));
	struct near best[ALM_NEAR_BASES_MAX + 1];
	size_t near_count = 0;

	for (size_t i = 0; items != NULL && i < c->whole->basis_count; i++) {
		const struct alm_bundle_basis *basis = &c->whole->bases[i];
		bool from = selects(c, basis->from, c->sender);
		bool to = selects(c, basis->to, c->recipient);

		if ((from && to) ||
			is_text(basis->id.text, c->q->request->basis)) {
			add_basis(c, items, basis);
		}
		/* What the law says is not for its users to extend. */
		if (from != to && !basis->is_mandate) {
			offer(best, &near_count,
				(struct near){basis, distance(c, basis), from});
		}
	}
	if (items != NULL) {
		add_near(c, items, best, near_count);
	}
	c->part->bundle.bases = items;
}

enum alm_err alm_part_of(const struct alm_question *question,
	struct alm_arena *arena, struct alm_part *out)
{
	struct cutting c = {.q = question,
		.whole = question->bundle,
		.arena = arena,
		.part = out};

	memset(out, 0, sizeof(*out));
	out->bundle.name = c.whole->name;
	out->bundle.kinds = c.whole->kinds;
	out->bundle.hosted_kinds = c.whole->hosted_kinds;
	out->bundle.purposes = c.whole->purposes;
	out->bundle.purpose_count = c.whole->purpose_count;
	out->bundle.categories = c.whole->categories;
	out->bundle.category_count = c.whole->category_count;
	keep_organisations(&c);
	keep_groups(&c);
	keep_prohibitions(&c);
	keep_bases(&c);
	return c.is_out_of_memory ? ALM_NOMEM : ALM_OK;
}
