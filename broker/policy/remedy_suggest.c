/*
 * What could be changed, given the reasons of a decision.  A suggestion need
 * not be good: the rule tries it, and what does not help is forgotten.
 */
#include <string.h>

#include "broker/policy/remedy_internal.h"
#include "lib/limits.h"

/* --- making changes that outlive the decision ----------------------------- */

const char *alm_suggest_keep(const struct alm_suggester *g, const char *text)
{
	return text == NULL ? NULL
			    : alm_arena_text(g->s->arena, text, strlen(text));
}

static struct alm_ids keep_ids(
	const struct alm_suggester *g, const char *const *items, size_t count)
{
	const char **kept =
		alm_arena_take(g->s->arena, (count + 1) * sizeof(*kept));

	for (size_t i = 0; kept != NULL && i < count; i++) {
		kept[i] = alm_suggest_keep(g, items[i]);
		if (kept[i] == NULL) {
			kept = NULL;
		}
	}
	return (struct alm_ids){kept, kept == NULL ? 0 : count};
}

void alm_suggest_add(struct alm_suggester *g, struct alm_change change)
{
	if (g->out->count < ALM_COUNT(g->out->items)) {
		g->out->items[g->out->count++] = change;
	}
}

void alm_suggest_kind(struct alm_suggester *g, enum alm_change_kind kind)
{
	alm_suggest_add(g, (struct alm_change){.kind = kind});
}

void alm_suggest_of(
	struct alm_suggester *g, enum alm_change_kind kind, const char *of)
{
	const char *kept = alm_suggest_keep(g, of);

	if (kept != NULL) {
		alm_suggest_add(
			g, (struct alm_change){.kind = kind, .of = kept});
	}
}

void alm_suggest_word(struct alm_suggester *g, enum alm_change_kind kind,
	const char *of, const char *word)
{
	const char *kept_of = alm_suggest_keep(g, of);
	const char *kept = alm_suggest_keep(g, word);

	if (kept_of != NULL && kept != NULL) {
		alm_suggest_add(
			g, (struct alm_change){
				   .kind = kind, .of = kept_of, .word = kept});
	}
}

void alm_suggest_requested(
	struct alm_suggester *g, enum alm_change_kind kind, const char *of)
{
	const struct alm_request *r = alm_suggester_request(g);
	const char *kept = alm_suggest_keep(g, of);

	if (kept != NULL) {
		alm_suggest_add(g, (struct alm_change){.kind = kind,
					   .of = kept,
					   .words = keep_ids(g, r->categories,
						   r->category_count)});
	}
}

void alm_suggest_drop(
	struct alm_suggester *g, const char *const *items, size_t count)
{
	if (count > 0 && count < alm_suggester_request(g)->category_count) {
		alm_suggest_add(g,
			(struct alm_change){.kind = ALM_CHANGE_DROP_CATEGORIES,
				.words = keep_ids(g, items, count)});
	}
}

static void add_level(struct alm_suggester *g, enum alm_change_kind kind,
	const char *of, enum alm_level level)
{
	alm_suggest_add(g, (struct alm_change){.kind = kind,
				   .of = alm_suggest_keep(g, of),
				   .level = level});
}

/* What the law says is not for its users to widen. */
static bool is_mandate(const struct alm_suggester *g)
{
	const struct alm_bundle *b = alm_suggester_bundle(g);
	const char *basis = g->s->decision->basis;

	for (size_t i = 0; basis != NULL && i < b->basis_count; i++) {
		if (strcmp(b->bases[i].id.text, basis) == 0) {
			return b->bases[i].is_mandate;
		}
	}
	return false;
}

/* --- steps 6 and 7: categories and level ---------------------------------- */

static void suggest_levels(struct alm_suggester *g)
{
	const struct alm_request *r = alm_suggester_request(g);

	/* The highest first: of what costs the same, the first is taken. */
	for (int level = (int)r->payload - 1; level >= ALM_LEVEL_AGGREGATE;
		level--) {
		add_level(g, ALM_CHANGE_LEVEL, NULL, (enum alm_level)level);
	}
	if (!r->is_batch) {
		alm_suggest_kind(g, ALM_CHANGE_BATCH);
	}
	if (!is_mandate(g)) {
		add_level(g, ALM_CHANGE_BASIS_LEVEL, g->s->decision->basis,
			r->payload);
	}
}

static void suggest_fewer(struct alm_suggester *g)
{
	const struct alm_request *r = alm_suggester_request(g);
	const struct alm_ids *redact = &g->s->decision->redact;

	if (redact->count > 0) {
		alm_suggest_drop(g, redact->items, redact->count);
		return;
	}
	for (size_t i = 0; i < r->category_count; i++) {
		alm_suggest_drop(g, &r->categories[i], 1);
	}
}

static void suggest_prohibitions(struct alm_suggester *g)
{
	const struct alm_ids *ids = &g->s->decision->prohibitions;

	for (size_t i = 0; i < ids->count; i++) {
		alm_suggest_of(g, ALM_CHANGE_PROHIBITION, ids->items[i]);
	}
}

/* --- steps 8 to 10: the person -------------------------------------------- */

static void suggest_relationship(struct alm_suggester *g)
{
	alm_suggest_kind(g, ALM_CHANGE_REFERRAL);
	if (alm_suggester_request(g)->subject != NULL) {
		alm_suggest_kind(g, ALM_CHANGE_RELATIONSHIP);
	}
	if (!alm_suggester_request(g)->has_override) {
		alm_suggest_kind(g, ALM_CHANGE_EMERGENCY);
	}
}

static void suggest_objections(struct alm_suggester *g)
{
	const struct alm_ids *ids = &g->s->decision->directives;

	for (size_t i = 0; i < ids->count; i++) {
		alm_suggest_of(g, ALM_CHANGE_OBJECTION, ids->items[i]);
	}
	if (!alm_suggester_request(g)->has_override) {
		alm_suggest_kind(g, ALM_CHANGE_EMERGENCY);
		alm_suggest_kind(g, ALM_CHANGE_GUARDIAN);
	}
}

static void suggest_for_person(struct alm_suggester *g, unsigned code)
{
	bool has_subject = alm_suggester_request(g)->subject != NULL;

	switch (code) {
	case 401:
	case 405:
	case 406:
		if (has_subject) {
			alm_suggest_kind(g, ALM_CHANGE_CONSENT);
		}
		suggest_fewer(g);
		break;
	case 402:
		suggest_objections(g);
		suggest_fewer(g);
		break;
	case 407:
	case 409:
		alm_suggest_kind(g, ALM_CHANGE_LOCATION);
		break;
	case 410:
		alm_suggest_kind(g, ALM_CHANGE_OPT_OUT);
		break;
	case 411:
	case 412:
		if (has_subject) {
			alm_suggest_kind(g, ALM_CHANGE_OPT_OUT_CHECK);
		}
		break;
	case 413:
		alm_suggest_kind(g, ALM_CHANGE_TYPE_1);
		break;
	case 501:
		suggest_relationship(g);
		break;
	default:
		break;
	}
	if (code >= 410 && code <= 413) {
		add_level(g, ALM_CHANGE_LEVEL, NULL, ALM_LEVEL_ANONYMISED);
	}
}

/* --- all reasons ---------------------------------------------------------- */

static void suggest_for_content(struct alm_suggester *g, unsigned code)
{
	switch (code) {
	case 211:
		suggest_prohibitions(g);
		suggest_fewer(g);
		break;
	case 213:
	case 214:
	case 215:
		suggest_levels(g);
		suggest_prohibitions(g);
		suggest_fewer(g);
		break;
	case 305:
		alm_suggest_requested(
			g, ALM_CHANGE_BASIS_CATEGORIES, g->s->decision->basis);
		suggest_fewer(g);
		break;
	default:
		break;
	}
}

void alm_suggest(const struct alm_suggesting *s, struct alm_suggestions *out)
{
	struct alm_suggester g = {s, out};

	out->count = 0;
	for (size_t i = 0; i < s->decision->reason_count; i++) {
		unsigned code = s->decision->reasons[i];

		if (code >= 400) {
			suggest_for_person(&g, code);
		} else if (s->decision->basis != NULL) {
			suggest_for_content(&g, code);
		} else if (code < 300) {
			alm_suggest_for_request(&g, code);
		} else {
			alm_suggest_for_basis(&g, code);
		}
	}
}
