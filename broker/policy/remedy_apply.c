/* Changes, made to a copy of a question. */
#include <string.h>

#include "broker/policy/remedy_internal.h"
#include "lib/limits.h"
#include "lib/time.h"

#define RECORD_ID "the-change"

void *alm_applying_copy(
	struct alm_applying *a, const void *from, size_t count, size_t bytes)
{
	/* Room for one more. */
	void *to = alm_arena_take(a->arena, (count + 1) * bytes);

	if (to == NULL) {
		a->is_out_of_memory = true;
	} else if (count > 0 && from != NULL) {
		memcpy(to, from, count * bytes);
	}
	return to;
}

/* --- the request ---------------------------------------------------------- */

static void exchange(const char **field, const struct alm_change *change)
{
	if (*field != NULL && strcmp(*field, change->of) == 0) {
		*field = change->word;
	}
}

static void change_word(struct alm_applying *a, const struct alm_change *change)
{
	struct alm_request *r = &a->out->request;
	const char **categories = alm_applying_copy(
		a, r->categories, r->category_count, sizeof(*categories));

	exchange(&r->from, change);
	exchange(&r->to, change);
	exchange(&r->purpose, change);
	exchange(&r->basis, change);
	for (size_t i = 0; categories != NULL && i < r->category_count; i++) {
		exchange(&categories[i], change);
	}
	r->categories = categories;
}

static bool has(struct alm_ids ids, const char *text)
{
	for (size_t i = 0; i < ids.count; i++) {
		if (strcmp(ids.items[i], text) == 0) {
			return true;
		}
	}
	return false;
}

static void drop_categories(struct alm_applying *a, struct alm_ids words)
{
	struct alm_request *r = &a->out->request;
	const char **kept = alm_applying_copy(
		a, r->categories, r->category_count, sizeof(*kept));
	size_t count = 0;

	for (size_t i = 0; kept != NULL && i < r->category_count; i++) {
		if (!has(words, r->categories[i])) {
			kept[count++] = r->categories[i];
		}
	}
	r->categories = kept;
	r->category_count = count;
}

static void add_override(struct alm_applying *a, enum alm_override_kind kind)
{
	struct alm_request *r = &a->out->request;

	r->has_override = true;
	r->lacks_override_kind = false;
	r->override_kind = kind;
	r->override_by = "name";
	r->override_reason = "reason";
}

static void add_referral(struct alm_applying *a)
{
	struct alm_request *r = &a->out->request;

	r->has_relationship = true;
	r->relationship_kind = "referral";
	r->relationship_ref = "reference";
	r->relationship_organisation = r->to;
}

static void set_level(struct alm_applying *a, enum alm_level level)
{
	struct alm_request *r = &a->out->request;

	r->payload = level;
	if (level < ALM_LEVEL_PSEUDONYMISED) {
		r->subject = NULL;
		r->subject_unknown = NULL;
	}
}

/* --- the person ----------------------------------------------------------- */

static void add_relationship(struct alm_applying *a)
{
	struct alm_person *p = &a->out->person;
	struct alm_relationship *items = alm_applying_copy(
		a, p->relationships, p->relationship_count, sizeof(*items));

	if (items == NULL) {
		return;
	}
	items[p->relationship_count++] =
		(struct alm_relationship){.organisation = a->out->request.to,
			.role = RECORD_ID,
			.valid = {INT64_MIN, ALM_INSTANT_NEVER},
			.recorded_s = a->out->t_s};
	p->relationships = items;
}

static void add_directive(
	struct alm_applying *a, struct alm_directive directive)
{
	struct alm_person *p = &a->out->person;
	struct alm_directive *items = alm_applying_copy(
		a, p->directives, p->directive_count, sizeof(*items));

	if (items != NULL) {
		directive.id = RECORD_ID;
		directive.recorded_s = a->out->t_s;
		items[p->directive_count++] = directive;
		p->directives = items;
	}
}

static void add_consent(struct alm_applying *a)
{
	const struct alm_request *r = &a->out->request;
	const char **words = alm_applying_copy(a, NULL, 1, sizeof(*words));

	if (words == NULL) {
		return;
	}
	words[0] = r->purpose;
	words[1] = r->to;
	add_directive(
		a, (struct alm_directive){.authority = RECORD_ID,
			   .scope = RECORD_ID,
			   .effect = ALM_WORD_PERMIT,
			   .purposes = {words, 1},
			   .categories = {r->categories, r->category_count},
			   .to = {words + 1, 1},
			   .valid = {INT64_MIN, ALM_INSTANT_NEVER}});
}

/* Takes back all that the person said where the directive stands. */
static void end_objection(struct alm_applying *a, const char *id)
{
	struct alm_person *p = &a->out->person;
	struct alm_directive *kept = alm_applying_copy(
		a, p->directives, p->directive_count, sizeof(*kept));
	const struct alm_directive *at = NULL;
	size_t count = 0;

	for (size_t i = 0; i < p->directive_count; i++) {
		at = strcmp(p->directives[i].id, id) == 0 ? &p->directives[i]
							  : at;
	}
	for (size_t i = 0; kept != NULL && at != NULL && i < p->directive_count;
		i++) {
		if (strcmp(p->directives[i].authority, at->authority) != 0 ||
			strcmp(p->directives[i].scope, at->scope) != 0) {
			kept[count++] = p->directives[i];
		}
	}
	if (kept != NULL && at != NULL) {
		p->directives = kept;
		p->directive_count = count;
	}
}

static void set_opt_out(struct alm_applying *a, enum alm_opt_out_list list)
{
	struct alm_person *p = &a->out->person;
	struct alm_opt_out *kept = alm_applying_copy(
		a, p->opt_outs, p->opt_out_count, sizeof(*kept));
	size_t count = 0;

	for (size_t i = 0; kept != NULL && i < p->opt_out_count; i++) {
		if (p->opt_outs[i].list != list) {
			kept[count++] = p->opt_outs[i];
		}
	}
	if (kept != NULL) {
		kept[count++] = (struct alm_opt_out){
			list, false, a->out->t_s, a->out->t_s};
		p->opt_outs = kept;
		p->opt_out_count = count;
	}
}

/* --- all of them ---------------------------------------------------------- */

static void apply_to_person(
	struct alm_applying *a, const struct alm_change *change)
{
	if (change->kind == ALM_CHANGE_RELATIONSHIP) {
		add_relationship(a);
	} else if (change->kind == ALM_CHANGE_CONSENT) {
		add_consent(a);
	} else if (change->kind == ALM_CHANGE_OBJECTION) {
		end_objection(a, change->of);
	} else if (change->kind == ALM_CHANGE_TYPE_1) {
		set_opt_out(a, ALM_OPT_OUT_TYPE_1);
	} else if (change->kind == ALM_CHANGE_LOCATION) {
		a->out->person.flag_count = 0;
	} else {
		set_opt_out(a, ALM_OPT_OUT_NATIONAL);
	}
}

static void apply_to_request(
	struct alm_applying *a, const struct alm_change *change)
{
	struct alm_request *request = &a->out->request;

	if (change->kind == ALM_CHANGE_WORD) {
		change_word(a, change);
	} else if (change->kind == ALM_CHANGE_NAME_BASIS) {
		request->basis = change->of;
	} else if (change->kind == ALM_CHANGE_UNNAME_BASIS) {
		request->basis = NULL;
	} else if (change->kind == ALM_CHANGE_DROP_CATEGORIES) {
		drop_categories(a, change->words);
	} else if (change->kind == ALM_CHANGE_REFERRAL) {
		add_referral(a);
	} else if (change->kind == ALM_CHANGE_BATCH) {
		request->is_batch = true;
	} else if (change->kind == ALM_CHANGE_LEVEL) {
		set_level(a, change->level);
	} else if (change->kind == ALM_CHANGE_WAIT) {
		a->out->t_s = change->instant_s;
	} else if (change->kind == ALM_CHANGE_EMERGENCY) {
		add_override(a, ALM_OVERRIDE_EMERGENCY);
	} else if (change->kind == ALM_CHANGE_GUARDIAN) {
		add_override(a, ALM_OVERRIDE_GUARDIAN);
	}
}

static void apply(struct alm_applying *a, const struct alm_change *change)
{
	switch (change->kind) {
	case ALM_CHANGE_WORD:
	case ALM_CHANGE_NAME_BASIS:
	case ALM_CHANGE_UNNAME_BASIS:
	case ALM_CHANGE_DROP_CATEGORIES:
	case ALM_CHANGE_REFERRAL:
	case ALM_CHANGE_BATCH:
	case ALM_CHANGE_LEVEL:
	case ALM_CHANGE_WAIT:
	case ALM_CHANGE_EMERGENCY:
	case ALM_CHANGE_GUARDIAN:
		apply_to_request(a, change);
		break;
	case ALM_CHANGE_RELATIONSHIP:
	case ALM_CHANGE_CONSENT:
	case ALM_CHANGE_OBJECTION:
	case ALM_CHANGE_OPT_OUT_CHECK:
	case ALM_CHANGE_OPT_OUT:
	case ALM_CHANGE_TYPE_1:
	case ALM_CHANGE_LOCATION:
		apply_to_person(a, change);
		break;
	case ALM_CHANGE_ASSURANCE:
	case ALM_CHANGE_BASIS_RENEW:
	case ALM_CHANGE_BASIS_BEGIN:
	case ALM_CHANGE_BASIS_RESUME:
	case ALM_CHANGE_BASIS_PURPOSE:
	case ALM_CHANGE_BASIS_CATEGORIES:
	case ALM_CHANGE_BASIS_SENDER:
	case ALM_CHANGE_BASIS_RECIPIENT:
	case ALM_CHANGE_BASIS_LEVEL:
	case ALM_CHANGE_BASIS_NEW:
	case ALM_CHANGE_ACTIVATE:
	case ALM_CHANGE_ADD:
	case ALM_CHANGE_CEILING:
	case ALM_CHANGE_PROHIBITION:
		alm_apply_to_policy(a, change);
		break;
	case ALM_CHANGE_COUNT:
		break;
	}
}

bool alm_changes_apply(const struct alm_question *question,
	const struct alm_part *part, const struct alm_change *changes,
	size_t count, struct alm_arena *arena, struct alm_changed *out)
{
	struct alm_bundle *b = &out->bundle;
	struct alm_applying a = {.q = question, .arena = arena, .out = out};

	memset(out, 0, sizeof(*out));
	out->request = *question->request;
	out->t_s = question->t_s;
	if (question->person != NULL) {
		out->person = *question->person;
	}
	*b = part->bundle;
	a.purposes = alm_applying_copy(
		&a, b->purposes, b->purpose_count, sizeof(*a.purposes));
	a.organisations = alm_applying_copy(&a, b->organisations,
		b->organisation_count + ALM_CHANGES_MAX,
		sizeof(*a.organisations));
	a.prohibitions = alm_applying_copy(&a, b->prohibitions,
		b->prohibition_count, sizeof(*a.prohibitions));
	a.bases = alm_applying_copy(
		&a, b->bases, b->basis_count, sizeof(*a.bases));
	if (a.is_out_of_memory) {
		return false;
	}
	b->purposes = a.purposes;
	b->organisations = a.organisations;
	b->prohibitions = a.prohibitions;
	b->bases = a.bases;
	for (size_t i = 0; i < count; i++) {
		apply(&a, &changes[i]);
	}
	return !a.is_out_of_memory;
}
