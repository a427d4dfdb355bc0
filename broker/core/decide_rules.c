/*
 * Steps 5 to 7 of the rule: the one basis that may permit, and what it and
 * the prohibitions leave.
 */
#include "broker/core/decide_internal.h"

/* The keys of both parties, for rules of one use, in the scratch. */
static struct alm_parties gather(const struct alm_deciding *d,
	unsigned use_from, unsigned use_to, uint32_t *keys)
{
	uint32_t *to = keys + d->scratch->keys_max;

	return (struct alm_parties){
		.from = {keys, alm_keys_gather(d->snapshot, d->sender, d->t_s,
				       use_from, keys)},
		.to = {to, alm_keys_gather(d->snapshot, d->recipient, d->t_s,
				   use_to, to)},
	};
}

/* --- 5. basis ------------------------------------------------------------- */

/* Of 301 to 305, what keeps a basis that selects the parties from fitting. */
static uint64_t misfit(const struct alm_deciding *d, uint32_t basis)
{
	const struct alm_basis_info *rule = &d->snapshot->basis_infos[basis];
	struct alm_reasons found = {0, 0};

	if (d->t_s < rule->valid.from_s) {
		alm_block(&found, ALM_R301);
	}
	if (d->t_s >= rule->valid.until_s) {
		alm_block(&found, ALM_R302);
	}
	if (!alm_basis_has(rule, ALM_BASIS_ACTIVE)) {
		alm_block(&found, ALM_R303);
	}
	if ((rule->purposes & d->purpose_bit) == 0) {
		alm_block(&found, ALM_R304);
	}
	if ((rule->categories & d->requested) == 0) {
		alm_block(&found, ALM_R305);
	}
	return found.blockers;
}

static const char *basis_id(const struct alm_deciding *d, uint32_t basis)
{
	return alm_name_text(d->snapshot, &d->snapshot->head->bases, basis);
}

static void take_basis(struct alm_deciding *d, uint32_t basis)
{
	d->rule = &d->snapshot->basis_infos[basis];
	d->out->basis = basis_id(d, basis);
}

static void take_named(
	struct alm_deciding *d, const struct alm_parties *parties)
{
	const struct alm_snapshot *s = d->snapshot;
	uint32_t basis = alm_names_find(s, &s->head->bases, d->request->basis);

	if (basis == ALM_NAME_NONE) {
		alm_block(&d->reasons, ALM_R306);
	} else if (!alm_rule_matches(
			   s, &s->head->basis_index, basis, parties)) {
		alm_block(&d->reasons, ALM_R307);
	} else {
		d->reasons.blockers |= misfit(d, basis);
		if (d->reasons.blockers == 0) {
			take_basis(d, basis);
		}
	}
}

static unsigned count_bits(uint64_t mask)
{
	return (unsigned)__builtin_popcountll(mask);
}

/* None fits: the one that misses by least explains why. */
static void name_nearest(
	struct alm_deciding *d, const uint32_t *rules, uint32_t count)
{
	uint64_t fewest = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t found = misfit(d, rules[i]);

		if (fewest == 0 || count_bits(found) < count_bits(fewest)) {
			fewest = found;
			d->out->nearest = basis_id(d, rules[i]);
		}
	}
	if (count == 0) {
		alm_block(&d->reasons, ALM_R300);
	}
	d->reasons.blockers |= fewest;
}

/* Several fit: the sender must name one of these. */
static void list_candidates(
	struct alm_deciding *d, const uint32_t *rules, uint32_t count)
{
	const char **candidates = d->scratch->candidates;
	uint32_t fit_count = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (misfit(d, rules[i]) == 0) {
			candidates[fit_count++] = basis_id(d, rules[i]);
		}
	}
	alm_block(&d->reasons, ALM_R308);
	d->out->candidates = (struct alm_ids){candidates, fit_count};
}

static void take_only(struct alm_deciding *d, const struct alm_parties *parties)
{
	const struct alm_rule_index *index = &d->snapshot->head->basis_index;
	uint32_t *rules = d->scratch->rules;
	uint32_t count = alm_rules_collect(
		d->snapshot, index, parties, &d->scratch->marks, rules);
	uint32_t fit_count = 0;
	uint32_t fit = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (misfit(d, rules[i]) == 0) {
			fit = rules[i];
			fit_count++;
		}
	}
	if (fit_count == 1) {
		take_basis(d, fit);
		return;
	}
	alm_rules_sort(index, &d->scratch->marks, rules, count);
	if (fit_count == 0) {
		name_nearest(d, rules, count);
	} else {
		list_candidates(d, rules, count);
	}
}

bool alm_step_basis(struct alm_deciding *d)
{
	struct alm_parties parties = gather(
		d, ALM_USE_BASIS_FROM, ALM_USE_BASIS_TO, d->scratch->keys);

	if (d->request->basis != NULL) {
		take_named(d, &parties);
	} else {
		take_only(d, &parties);
	}
	return d->reasons.blockers == 0;
}

/* --- 6. categories and level ---------------------------------------------- */

void alm_step_cover(struct alm_deciding *d)
{
	enum alm_level payload = d->request->payload;

	d->release = d->requested & d->rule->categories;
	d->redact = d->requested & ~d->rule->categories;
	if (d->redact != 0) {
		alm_note(&d->reasons, ALM_R305);
	}
	d->checked = payload < d->rule->identifiability
			     ? payload
			     : (enum alm_level)d->rule->identifiability;
	d->level = d->checked;
	if (d->level < payload) {
		alm_note(&d->reasons, ALM_R215);
	}
}

/* --- 7. prohibitions ------------------------------------------------------ */

static bool is_lifted(const struct alm_deciding *d, uint32_t prohibition)
{
	struct alm_keys one = {&prohibition, 1};

	return alm_keys_meet(alm_keys_of(d->snapshot, d->rule->lifted), one);
}

/*
 * Keeps of `rules` those that bear on this message; those lifted are noted
 * and dropped.  `covered` is the release of step 6.
 */
static uint32_t keep_bearing(struct alm_deciding *d, uint32_t *rules,
	uint32_t count, uint64_t covered)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct alm_prohibition_info *p =
			&d->snapshot->prohibition_infos[rules[i]];

		if ((p->purposes & d->purpose_bit) == 0 ||
			p->at_or_above > (unsigned)d->checked ||
			(p->categories & covered) == 0) {
			continue;
		}
		if (is_lifted(d, rules[i])) {
			alm_note(&d->reasons, ALM_R212);
			alm_add_lift(d, d->snapshot->texts + p->lift);
		} else {
			rules[kept++] = rules[i];
		}
	}
	return kept;
}

static bool withholds(struct alm_deciding *d,
	const struct alm_prohibition_info *p, uint64_t covered)
{
	if (p->de_identifies != 0) {
		return false;
	}
	d->release &= ~(p->categories & covered);
	d->redact |= p->categories & covered;
	alm_note(&d->reasons, ALM_R211);
	return true;
}

static bool de_identifies(
	struct alm_deciding *d, const struct alm_prohibition_info *p)
{
	enum alm_level below = (enum alm_level)(p->at_or_above - 1);

	if (p->de_identifies == 0 || (p->categories & d->release) == 0) {
		return false;
	}
	d->level = below < d->level ? below : d->level;
	alm_note(&d->reasons, ALM_R213);
	return true;
}

/* First all that withhold, then all that de-identify what is left. */
static void apply_prohibitions(
	struct alm_deciding *d, const uint32_t *rules, uint32_t count)
{
	const struct alm_snapshot *s = d->snapshot;
	const char **ids = d->scratch->prohibitions;
	uint64_t covered = d->release;
	size_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (withholds(d, &s->prohibition_infos[rules[i]], covered)) {
			ids[used++] = alm_name_text(
				s, &s->head->prohibitions, rules[i]);
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		if (de_identifies(d, &s->prohibition_infos[rules[i]])) {
			ids[used++] = alm_name_text(
				s, &s->head->prohibitions, rules[i]);
		}
	}
	d->out->prohibitions = (struct alm_ids){ids, alm_sort_ids(ids, used)};
}

void alm_step_prohibitions(struct alm_deciding *d)
{
	uint32_t *rules = d->scratch->rules;
	enum alm_level payload = d->request->payload;

	if (d->snapshot->head->prohibitions.count > 0) {
		struct alm_parties parties = gather(d, ALM_USE_PROHIBITION_FROM,
			ALM_USE_PROHIBITION_TO, d->scratch->keys);
		uint32_t count = alm_rules_collect(d->snapshot,
			&d->snapshot->head->prohibition_index, &parties,
			&d->scratch->marks, rules);

		count = keep_bearing(d, rules, count, d->release);
		apply_prohibitions(d, rules, count);
	}
	if (d->level < payload && (d->level == ALM_LEVEL_AGGREGATE ||
					  (d->level == ALM_LEVEL_ANONYMISED &&
						  !d->request->is_batch))) {
		alm_block(&d->reasons, ALM_R214);
	}
}
