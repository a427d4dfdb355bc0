/*
 * A search for the cheapest changes.  A state is a set of changes; the
 * cheapest is taken, applied and put to the rule; if the request then goes
 * through it is a remedy, else whatever bears on the reasons is added.
 */
#include "broker/policy/remedy.h"

#include <stdlib.h>
#include <string.h>

#include "broker/policy/remedy_internal.h"

#define STATES_MAX 4096u
#define TRIES_MAX 600u
/* What costs this much more than the cheapest is no use to anybody. */
#define COST_SLACK 10u
#define WORK_ARENA_BYTES ((size_t)64 * 1024 * 1024)

/* What a decision said, to see that a change did something. */
struct answer {
	unsigned code;
	size_t reason_count;
	uint16_t reasons[ALM_REASONS_MAX];
	size_t ids; /* directives, prohibitions, candidates */
};

struct state {
	struct alm_change changes[ALM_CHANGES_MAX];
	size_t count;
	unsigned cost;
	bool is_taken;
	struct answer before; /* the last change */
};

struct searching {
	const struct alm_question *q;
	struct alm_arena *arena; /* the caller's: changes live there */
	struct alm_arena work;   /* one state */
	struct alm_part part;
	struct alm_remedies *out;
	struct state *states;
	size_t state_count;
	struct alm_snapshot *base; /* of the part as it is */
	bool wants_permit;         /* a transform is to be mended */
	/* the state being tried */
	struct alm_changed changed;
	const struct alm_snapshot *snapshot;
	struct alm_snapshot *own; /* when the policy is changed */
	struct alm_scratch *scratch;
	struct alm_scratch *other_scratch;
};

/* --- deciding ------------------------------------------------------------- */

static void decide(const struct searching *s, const char *basis,
	struct alm_scratch *scratch, struct alm_decision *out)
{
	const struct alm_world world = {.snapshot = s->snapshot,
		.opt_out_age_max_s = s->q->opt_out_age_max_s};
	struct alm_request request = s->changed.request;

	/* Offline there is no epoch to be older than. */
	request.has_not_before = false;
	request.basis = basis;
	alm_decide(&world, &s->changed.person, &request, s->changed.t_s,
		scratch, out);
}

static void ask(void *context, const char *basis, struct alm_decision *out)
{
	const struct searching *s = context;

	decide(s, basis, s->other_scratch, out);
}

static struct answer answer_of(const struct alm_decision *decision)
{
	struct answer answer = {.code = decision->code,
		.reason_count = decision->reason_count,
		.ids = decision->directives.count +
		       decision->prohibitions.count +
		       decision->candidates.count};

	memcpy(answer.reasons, decision->reasons,
		decision->reason_count * sizeof(answer.reasons[0]));
	return answer;
}

static bool is_same(const struct answer *a, const struct answer *b)
{
	return a->code == b->code && a->ids == b->ids &&
	       a->reason_count == b->reason_count &&
	       memcmp(a->reasons, b->reasons,
		       a->reason_count * sizeof(a->reasons[0])) == 0;
}

/* --- states --------------------------------------------------------------- */

static bool is_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_change(
	const struct alm_change *a, const struct alm_change *b)
{
	if (a->kind != b->kind || !is_equal(a->of, b->of) ||
		!is_equal(a->word, b->word) || a->level != b->level ||
		a->words.count != b->words.count) {
		return false;
	}
	for (size_t i = 0; i < a->words.count; i++) {
		if (strcmp(a->words.items[i], b->words.items[i]) != 0) {
			return false;
		}
	}
	return true;
}

static bool has_change(const struct alm_change *changes, size_t count,
	const struct alm_change *change)
{
	for (size_t i = 0; i < count; i++) {
		if (is_same_change(&changes[i], change)) {
			return true;
		}
	}
	return false;
}

/* Whether `a` has all the changes of `b`. */
static bool holds(const struct alm_change *a, size_t a_count,
	const struct alm_change *b, size_t b_count)
{
	for (size_t i = 0; i < b_count; i++) {
		if (!has_change(a, a_count, &b[i])) {
			return false;
		}
	}
	return true;
}

/* One kind of change is made once to one thing. */
static bool contradicts(
	const struct state *state, const struct alm_change *change)
{
	for (size_t i = 0; i < state->count; i++) {
		if (state->changes[i].kind == change->kind &&
			is_equal(state->changes[i].of, change->of)) {
			return true;
		}
	}
	return false;
}

static bool is_known(const struct searching *s, const struct state *state)
{
	for (size_t i = 0; i < s->state_count; i++) {
		if (s->states[i].count == state->count &&
			holds(s->states[i].changes, s->states[i].count,
				state->changes, state->count)) {
			return true;
		}
	}
	return false;
}

static void push(struct searching *s, const struct state *parent,
	const struct answer *answer, const struct alm_change *change)
{
	struct state state = *parent;

	if (state.count == ALM_CHANGES_MAX || s->state_count == STATES_MAX ||
		contradicts(parent, change)) {
		return;
	}
	state.changes[state.count++] = *change;
	state.cost += alm_change_cost(change->kind);
	state.is_taken = false;
	state.before = *answer;
	if (!is_known(s, &state)) {
		s->states[s->state_count++] = state;
	}
}

/* The cheapest that has not been tried; the oldest of those. */
static struct state *pop(struct searching *s)
{
	struct state *best = NULL;

	for (size_t i = 0; i < s->state_count; i++) {
		struct state *at = &s->states[i];

		if (!at->is_taken && (best == NULL || at->cost < best->cost)) {
			best = at;
		}
	}
	if (best != NULL) {
		best->is_taken = true;
	}
	return best;
}

/* --- trying one state ----------------------------------------------------- */

static bool is_mended(
	const struct searching *s, const struct alm_decision *decision)
{
	return decision->effect == ALM_EFFECT_PERMIT ||
	       (!s->wants_permit && decision->effect == ALM_EFFECT_TRANSFORM);
}

static bool is_covered(const struct searching *s, const struct state *state)
{
	for (size_t i = 0; i < s->out->count; i++) {
		if (holds(state->changes, state->count,
			    s->out->items[i].changes, s->out->items[i].count)) {
			return true;
		}
	}
	return false;
}

static void expand(struct searching *s, const struct state *state,
	const struct alm_decision *decision)
{
	const struct alm_suggesting suggesting = {.question = s->q,
		.part = &s->part,
		.changed = &s->changed,
		.decision = decision,
		.arena = s->arena,
		.ask = ask,
		.context = s};
	struct answer answer = answer_of(decision);
	struct alm_suggestions suggestions;

	alm_suggest(&suggesting, &suggestions);
	for (size_t i = 0; i < suggestions.count; i++) {
		push(s, state, &answer, &suggestions.items[i]);
	}
}

/* Some reasons stand for several things, of which one may be mended. */
static bool may_come_in_several(enum alm_change_kind kind)
{
	return kind == ALM_CHANGE_ACTIVATE || kind == ALM_CHANGE_ASSURANCE ||
	       kind == ALM_CHANGE_WORD || kind == ALM_CHANGE_BASIS_SENDER ||
	       kind == ALM_CHANGE_BASIS_RECIPIENT ||
	       kind == ALM_CHANGE_OBJECTION || kind == ALM_CHANGE_PROHIBITION;
}

/* The same answer as before the last change: it did nothing. */
static bool is_idle(
	const struct state *state, const struct alm_decision *decision)
{
	struct answer now = answer_of(decision);

	return state->count > 0 &&
	       !may_come_in_several(state->changes[state->count - 1].kind) &&
	       is_same(&now, &state->before);
}

static void leave(struct searching *s)
{
	alm_scratch_free(s->scratch);
	alm_scratch_free(s->other_scratch);
	alm_snapshot_free(s->own);
	s->scratch = NULL;
	s->other_scratch = NULL;
	s->own = NULL;
}

/* Make the changes; leave() when done with them, whatever this gives. */
static enum alm_err enter(
	struct searching *s, const struct alm_change *changes, size_t count)
{
	alm_arena_reset(&s->work);
	if (!alm_changes_apply(
		    s->q, &s->part, changes, count, &s->work, &s->changed)) {
		return ALM_NOMEM;
	}
	if (s->changed.has_changed_policy) {
		s->own = alm_snapshot_compile(&s->changed.bundle);
	}
	s->snapshot = s->changed.has_changed_policy ? s->own : s->base;
	if (s->snapshot == NULL) {
		return ALM_NOMEM;
	}
	s->scratch = alm_scratch_new(s->snapshot);
	s->other_scratch = alm_scratch_new(s->snapshot);
	return s->scratch == NULL || s->other_scratch == NULL ? ALM_NOMEM
							      : ALM_OK;
}

/* Whether the changes mend it; also tells how. */
static enum alm_err mends(struct searching *s, const struct state *state,
	bool *out_is_mended, enum alm_effect *out_effect)
{
	enum alm_err err = enter(s, state->changes, state->count);

	if (err == ALM_OK) {
		struct alm_decision decision;

		decide(s, s->changed.request.basis, s->scratch, &decision);
		*out_is_mended = is_mended(s, &decision);
		*out_effect = decision.effect;
	}
	leave(s);
	return err;
}

static struct state without(const struct state *state, size_t i)
{
	struct state less = *state;

	less.count--;
	less.cost -= alm_change_cost(state->changes[i].kind);
	memmove(&less.changes[i], &less.changes[i + 1],
		(less.count - i) * sizeof(less.changes[0]));
	return less;
}

/* Leave out what turned out not to be needed. */
static enum alm_err minimise(
	struct searching *s, struct state *state, enum alm_effect *effect)
{
	for (size_t i = 0; i < state->count;) {
		struct state less = without(state, i);
		enum alm_effect then = *effect;
		bool is_enough = false;
		enum alm_err err = mends(s, &less, &is_enough, &then);

		if (err != ALM_OK) {
			return err;
		}
		if (is_enough) {
			*state = less;
			*effect = then;
			i = 0;
		} else {
			i++;
		}
	}
	return ALM_OK;
}

/* In order of cost, after those that cost the same. */
static enum alm_err keep_remedy(
	struct searching *s, const struct state *found, enum alm_effect effect)
{
	struct state state = *found;
	enum alm_err err = minimise(s, &state, &effect);
	size_t at = s->out->count;

	if (err != ALM_OK || is_covered(s, &state)) {
		return err;
	}
	while (at > 0 && s->out->items[at - 1].cost > state.cost) {
		s->out->items[at] = s->out->items[at - 1];
		at--;
	}
	s->out->count++;
	s->out->items[at] = (struct alm_remedy){
		.count = state.count, .cost = state.cost, .effect = effect};
	memcpy(s->out->items[at].changes, state.changes, sizeof(state.changes));
	return ALM_OK;
}

static enum alm_err try_state(struct searching *s, const struct state *state)
{
	struct alm_decision decision;
	enum alm_err err = enter(s, state->changes, state->count);
	bool is_found = false;

	if (err == ALM_OK) {
		decide(s, s->changed.request.basis, s->scratch, &decision);
		s->wants_permit =
			state->count == 0
				? decision.effect == ALM_EFFECT_TRANSFORM
				: s->wants_permit;
		is_found = is_mended(s, &decision);
		if (!is_found && !is_idle(state, &decision)) {
			expand(s, state, &decision);
		}
	}
	leave(s);
	if (is_found && state->count > 0) {
		err = keep_remedy(s, state, decision.effect);
	}
	return err;
}

static enum alm_err search(struct searching *s)
{
	enum alm_err err = ALM_OK;

	s->state_count = 1; /* no change */
	for (unsigned tries = 0; tries < TRIES_MAX && err == ALM_OK &&
				 s->out->count < ALM_REMEDIES_MAX;
		tries++) {
		const struct state *state = pop(s);

		if (state == NULL ||
			(s->out->count > 0 &&
				state->cost >
					s->out->items[0].cost + COST_SLACK)) {
			break;
		}
		if (!is_covered(s, state)) {
			err = try_state(s, state);
		}
	}
	return err;
}

enum alm_err alm_remedies_find(const struct alm_question *question,
	struct alm_arena *arena, struct alm_remedies *out)
{
	struct searching s = {.q = question, .arena = arena, .out = out};
	enum alm_err err;

	memset(out, 0, sizeof(*out));
	if (question->request->is_malformed) {
		return ALM_OK;
	}
	alm_arena_init(&s.work, WORK_ARENA_BYTES);
	err = alm_part_of(question, arena, &s.part);
	if (err == ALM_OK) {
		s.base = alm_snapshot_compile(&s.part.bundle);
		s.states = calloc(STATES_MAX, sizeof(*s.states));
		err = s.base == NULL || s.states == NULL ? ALM_NOMEM
							 : search(&s);
	}
	if (err == ALM_OK && s.part.near_count > 0) {
		out->nearest = s.part.near[0];
		out->nearest_selects_sender = s.part.selects_sender[0];
	}
	free(s.states);
	alm_snapshot_free(s.base);
	alm_arena_fini(&s.work);
	return err;
}
