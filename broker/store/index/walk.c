/*
 * Leapfrog: each term says where it comes next; the furthest is where the
 * others are asked again, until all say the same.
 */
#include "broker/store/index/walk.h"

/* In the direction of the walk. */
static bool is_behind(const struct alm_walk *walk, uint64_t a, uint64_t b)
{
	return walk->is_downwards ? a < b : a > b;
}

enum alm_err alm_walk_init(struct alm_walk *walk,
	const struct alm_term_key *key, const struct alm_audit_filter *filter,
	bool is_downwards, struct alm_arena *arena)
{
	struct alm_term_choice choices[ALM_TERMS_MAX];
	size_t count = alm_terms_of_filter(key, filter, choices);

	*walk = (struct alm_walk){.is_downwards = is_downwards};
	for (size_t i = 0; i < count; i++) {
		struct alm_walk_term *term = &walk->terms[i];
		bool has_choice = choices[i].either != choices[i].or ;

		term->choice = choices[i];
		for (size_t k = 0; k < (has_choice ? 2u : 1u); k++) {
			term->blocks[k] =
				alm_arena_take(arena, sizeof(*term->blocks[k]));
			if (term->blocks[k] == NULL) {
				return ALM_NOMEM;
			}
		}
	}
	walk->unreadable = alm_arena_take(arena, sizeof(*walk->unreadable));
	if (walk->unreadable == NULL) {
		return ALM_NOMEM;
	}
	walk->term_count = count;
	return ALM_OK;
}

static void forget(struct alm_run_block *block)
{
	if (block != NULL) {
		block->number_and_1 = 0;
	}
}

void alm_walk_enter(struct alm_walk *walk, const struct alm_run *run)
{
	walk->run = run;
	forget(walk->unreadable);
	for (size_t i = 0; i < walk->term_count; i++) {
		forget(walk->terms[i].blocks[0]);
		forget(walk->terms[i].blocks[1]);
	}
}

static void spend(struct alm_walk *walk, uint64_t steps)
{
	walk->work_left -= steps < walk->work_left ? steps : walk->work_left;
}

/* Where one term comes next. */
static enum alm_err probe(struct alm_walk *walk, uint64_t term, uint64_t place,
	struct alm_run_block *block, uint64_t *out_place)
{
	uint32_t loads = block->loads;
	uint64_t found = 0;
	enum alm_err err =
		walk->is_downwards
			? alm_run_before(walk->run, block, term | place, &found)
			: alm_run_after(walk->run, block, term | place, &found);

	spend(walk, 1 + (uint64_t)(block->loads - loads) * ALM_WORK_BLOCK);
	if (err != ALM_OK) {
		return err;
	}
	if ((found & ~ALM_PLACE_MASK) != term) {
		return ALM_NOT_FOUND;
	}
	*out_place = found & ALM_PLACE_MASK;
	return ALM_OK;
}

/* Where one of two comes next. */
static enum alm_err probe_choice(struct alm_walk *walk,
	const struct alm_walk_term *term, uint64_t place, uint64_t *out_place)
{
	uint64_t other = 0;
	enum alm_err other_err;
	enum alm_err err = probe(
		walk, term->choice.either, place, term->blocks[0], out_place);

	if (term->blocks[1] == NULL ||
		(err != ALM_OK && err != ALM_NOT_FOUND)) {
		return err;
	}
	other_err =
		probe(walk, term->choice.or, place, term->blocks[1], &other);
	if (other_err != ALM_OK) {
		return other_err == ALM_NOT_FOUND ? err : other_err;
	}
	if (err == ALM_NOT_FOUND || is_behind(walk, *out_place, other)) {
		*out_place = other;
	}
	return ALM_OK;
}

/* The first place that all terms agree on, or the furthest that is known not
 * to have one before it. */
static enum alm_err agree(struct alm_walk *walk, uint64_t place,
	uint64_t *out_place, bool *out_is_found)
{
	size_t agreed = 0;

	for (size_t i = 0; agreed < walk->term_count;
		i = (i + 1) % walk->term_count) {
		uint64_t next = place;
		enum alm_err err =
			probe_choice(walk, &walk->terms[i], place, &next);

		if (err != ALM_OK) {
			return err;
		}
		agreed = next == place ? agreed + 1 : 1;
		place = next;
		if (walk->work_left == 0) {
			break;
		}
	}
	*out_place = place;
	*out_is_found = agreed == walk->term_count;
	return ALM_OK;
}

enum alm_err alm_walk_next(struct alm_walk *walk, uint64_t place,
	uint64_t *out_place, bool *out_is_found)
{
	uint64_t found = place;
	uint64_t damaged = place;
	bool is_found = false;
	enum alm_err err = agree(walk, place, &found, &is_found);
	enum alm_err damaged_err;

	if (walk->run->counts[ALM_DIMENSION_UNREADABLE] > 0 &&
		(err == ALM_OK || err == ALM_NOT_FOUND)) {
		damaged_err = probe(walk, alm_term_unreadable(), place,
			walk->unreadable, &damaged);
		if (damaged_err != ALM_OK && damaged_err != ALM_NOT_FOUND) {
			return damaged_err;
		}
		if (damaged_err == ALM_OK &&
			(err == ALM_NOT_FOUND ||
				!is_behind(walk, damaged, found))) {
			found = damaged;
			is_found = true;
			err = ALM_OK;
		}
	}
	if (err == ALM_OK) {
		*out_place = found;
		*out_is_found = is_found;
	}
	return err;
}
