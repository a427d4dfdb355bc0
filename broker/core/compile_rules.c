/* A bundle's prohibitions and bases as rules over masks and keys. */
#include <stdlib.h>
#include <string.h>

#include "broker/core/draft.h"
#include "lib/limits.h"

#define LIFT_PREFIX "prohibition:"
#define LIFT_BYTES (sizeof(LIFT_PREFIX) - 1)
#define REVIEW_OVERRIDE "review:override"

static uint64_t permit_mask(const struct alm_draft *draft,
	const struct alm_covers *covers, const struct alm_words *words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->items[i].text;
		uint32_t at =
			alm_names_find(&draft->snapshot, &covers->names, text);

		if (strcmp(text, "any") == 0) {
			mask |= covers->permit_any;
			continue;
		}
		ALM_ASSERT(at != ALM_NAME_NONE);
		mask |= covers->permit[at];
	}
	return mask;
}

static uint64_t deny_mask(const struct alm_draft *draft,
	const struct alm_covers *covers, const struct alm_words *words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->items[i].text;
		uint32_t at =
			alm_names_find(&draft->snapshot, &covers->names, text);

		if (strcmp(text, "any") == 0) {
			return covers->all;
		}
		ALM_ASSERT(at != ALM_NAME_NONE);
		mask |= covers->deny[at];
	}
	return mask;
}

static int compare_keys(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* Ascending and unique; gives the new count. */
static uint32_t sort_keys(uint32_t *keys, size_t count)
{
	uint32_t kept = 0;

	if (count > 0) {
		qsort(keys, count, sizeof(*keys), compare_keys);
	}
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || keys[kept - 1] != keys[i]) {
			keys[kept++] = keys[i];
		}
	}
	return kept;
}

/* The numbers of `keys`, ascending and unique. */
static struct alm_span add_keys(
	struct alm_draft *draft, uint32_t *keys, size_t count)
{
	struct alm_span span = {.count = sort_keys(keys, count)};
	uint32_t *to = alm_draft_take(draft, ALM_SECTION_NUMBERS, span.count,
		sizeof(*to), &span.first);

	if (to != NULL && span.count > 0) {
		memcpy(to, keys, span.count * sizeof(*to));
	}
	return span;
}

static struct alm_span compile_selectors(
	struct alm_draft *draft, const struct alm_words *words, uint8_t use)
{
	uint32_t *keys = calloc(words->count + 1, sizeof(*keys));
	struct alm_span span = {0, 0};

	if (keys == NULL) {
		draft->is_full = true;
		return span;
	}
	for (size_t i = 0; i < words->count; i++) {
		uint8_t *uses;

		keys[i] = alm_selector_key(
			&draft->snapshot, words->items[i].text);
		ALM_ASSERT(keys[i] != ALM_NAME_NONE);
		uses = alm_draft_at(
			draft, ALM_SECTION_KEY_USES, keys[i], sizeof(*uses));
		*uses |= use;
	}
	span = add_keys(draft, keys, words->count);
	free(keys);
	return span;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A sorted, unique list of texts, with `extra` (or NULL) among them. */
static struct alm_span compile_texts(struct alm_draft *draft,
	const struct alm_words *words, const char *extra)
{
	size_t count = words->count + (extra == NULL ? 0 : 1);
	const char **texts = calloc(count + 1, sizeof(*texts));
	struct alm_span span = {0, 0};

	if (texts == NULL) {
		draft->is_full = true;
		return span;
	}
	for (size_t i = 0; i < words->count; i++) {
		texts[i] = words->items[i].text;
	}
	if (extra != NULL) {
		texts[words->count] = extra;
	}
	qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (span.count == 0 ||
			strcmp(texts[span.count - 1], texts[i]) != 0) {
			texts[span.count++] = texts[i];
		}
	}
	(void)alm_draft_take(draft, ALM_SECTION_NUMBERS, span.count,
		sizeof(uint32_t), &span.first);
	for (size_t i = 0; i < span.count && !draft->is_full; i++) {
		uint32_t place = alm_draft_text(draft, texts[i]);
		uint32_t *at = alm_draft_at(draft, ALM_SECTION_NUMBERS,
			span.first + i, sizeof(*at));

		*at = place;
	}
	free(texts);
	return span;
}

static uint32_t lifted_prohibition(
	const struct alm_draft *draft, const char *lift)
{
	uint32_t at;

	ALM_ASSERT(strncmp(lift, LIFT_PREFIX, LIFT_BYTES) == 0);
	at = alm_names_find(
		&draft->snapshot, &draft->head.prohibitions, lift + LIFT_BYTES);
	ALM_ASSERT(at != ALM_NAME_NONE);
	return at;
}

static void compile_lifts(struct alm_draft *draft,
	const struct alm_words *words, struct alm_basis_info *out)
{
	uint32_t *lifted = calloc(words->count + 1, sizeof(*lifted));
	size_t count = 0;

	if (lifted == NULL) {
		draft->is_full = true;
		return;
	}
	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->items[i].text;

		if (strcmp(text, "objection") == 0) {
			out->flags |= ALM_BASIS_LIFTS_OBJECTION;
		} else if (strcmp(text, "type-1") == 0) {
			out->flags |= ALM_BASIS_LIFTS_TYPE_1;
		} else {
			lifted[count++] = lifted_prohibition(draft, text);
		}
	}
	out->lifted = add_keys(draft, lifted, count);
	free(lifted);
}

static uint8_t flags_of(const struct alm_bundle_basis *in)
{
	unsigned flags = 0;

	flags |= in->status == ALM_STATUS_ACTIVE ? ALM_BASIS_ACTIVE : 0;
	flags |= in->requires_relationship ? ALM_BASIS_RELATIONSHIP : 0;
	flags |= in->accepts_emergency ? ALM_BASIS_EMERGENCY : 0;
	flags |= in->accepts_guardian ? ALM_BASIS_GUARDIAN : 0;
	flags |= in->refuses_withheld_location ? ALM_BASIS_REFUSES_LOCATION : 0;
	return (uint8_t)flags;
}

static struct alm_basis_info compile_basis(
	struct alm_draft *draft, const struct alm_bundle_basis *in)
{
	struct alm_snapshot_head *head = &draft->head;
	struct alm_basis_info info = {
		.purposes = permit_mask(draft, &head->purposes, &in->purposes),
		.categories =
			permit_mask(draft, &head->categories, &in->categories),
		.valid = in->valid,
		.identifiability = (uint8_t)in->identifiability,
		.consent = (uint8_t)in->consent,
		.opt_out = (uint8_t)in->opt_out,
		.flags = flags_of(in),
		.smallest_group = in->smallest_group,
		.obligations = compile_texts(draft, &in->obligations, NULL),
		.obligations_reviewed =
			compile_texts(draft, &in->obligations, REVIEW_OVERRIDE),
	};

	compile_lifts(draft, &in->lifts, &info);
	if (info.obligations_reviewed.count > head->obligations_max) {
		head->obligations_max = info.obligations_reviewed.count;
	}
	return info;
}

static struct alm_prohibition_info compile_prohibition(
	struct alm_draft *draft, const struct alm_bundle_prohibition *in)
{
	struct alm_prohibition_info info = {
		.purposes =
			deny_mask(draft, &draft->head.purposes, &in->purposes),
		.categories = deny_mask(
			draft, &draft->head.categories, &in->categories),
		.at_or_above = (uint8_t)in->at_or_above,
		.de_identifies = in->de_identifies ? 1 : 0,
	};
	size_t id_bytes = strlen(in->id.text) + 1;
	char *lift = malloc(LIFT_BYTES + id_bytes);

	if (lift == NULL) {
		draft->is_full = true;
		return info;
	}
	memcpy(lift, LIFT_PREFIX, LIFT_BYTES);
	memcpy(lift + LIFT_BYTES, in->id.text, id_bytes);
	info.lift = alm_draft_text(draft, lift);
	free(lift);
	return info;
}

/* The ids of rules, sorted. */
static void name_rules(struct alm_draft *draft, const struct alm_bundle *bundle)
{
	size_t count = bundle->basis_count + bundle->prohibition_count;
	const char **texts = calloc(count + 1, sizeof(*texts));

	if (texts == NULL) {
		draft->is_full = true;
		return;
	}
	for (size_t i = 0; i < bundle->prohibition_count; i++) {
		texts[i] = bundle->prohibitions[i].id.text;
	}
	alm_draft_names(draft, texts, bundle->prohibition_count,
		&draft->head.prohibitions);
	for (size_t i = 0; i < bundle->basis_count; i++) {
		texts[i] = bundle->bases[i].id.text;
	}
	alm_draft_names(draft, texts, bundle->basis_count, &draft->head.bases);
	free(texts);
}

static void put_parties(
	struct alm_draft *draft, size_t at, struct alm_rule_parties parties)
{
	struct alm_rule_parties *to =
		alm_draft_at(draft, ALM_SECTION_PARTIES, at, sizeof(*to));

	*to = parties;
}

static void compile_prohibitions(
	struct alm_draft *draft, const struct alm_bundle *bundle)
{
	size_t count = bundle->prohibition_count;
	uint32_t first_parties;
	uint32_t first;

	(void)alm_draft_take(draft, ALM_SECTION_PARTIES, count,
		sizeof(struct alm_rule_parties), &first_parties);
	(void)alm_draft_take(draft, ALM_SECTION_PROHIBITIONS, count,
		sizeof(struct alm_prohibition_info), &first);
	for (size_t i = 0; i < count && !draft->is_full; i++) {
		const struct alm_bundle_prohibition *in =
			&bundle->prohibitions[i];
		struct alm_prohibition_info info =
			compile_prohibition(draft, in);
		struct alm_prohibition_info *to;
		uint32_t at = alm_names_find(&draft->snapshot,
			&draft->head.prohibitions, in->id.text);

		to = alm_draft_at(
			draft, ALM_SECTION_PROHIBITIONS, at, sizeof(*to));
		*to = info;
		put_parties(draft, first_parties + at,
			(struct alm_rule_parties){
				.from = compile_selectors(draft, &in->from,
					ALM_USE_PROHIBITION_FROM),
				.to = compile_selectors(draft, &in->to,
					ALM_USE_PROHIBITION_TO)});
	}
	alm_draft_index(draft, first_parties, (uint32_t)count,
		&draft->head.prohibition_index);
}

static void compile_bases(
	struct alm_draft *draft, const struct alm_bundle *bundle)
{
	size_t count = bundle->basis_count;
	uint32_t first_parties;
	uint32_t first;

	(void)alm_draft_take(draft, ALM_SECTION_PARTIES, count,
		sizeof(struct alm_rule_parties), &first_parties);
	(void)alm_draft_take(draft, ALM_SECTION_BASES, count,
		sizeof(struct alm_basis_info), &first);
	for (size_t i = 0; i < count && !draft->is_full; i++) {
		const struct alm_bundle_basis *in = &bundle->bases[i];
		struct alm_basis_info info = compile_basis(draft, in);
		struct alm_basis_info *to;
		uint32_t at = alm_names_find(
			&draft->snapshot, &draft->head.bases, in->id.text);

		to = alm_draft_at(draft, ALM_SECTION_BASES, at, sizeof(*to));
		*to = info;
		put_parties(draft, first_parties + at,
			(struct alm_rule_parties){
				.from = compile_selectors(
					draft, &in->from, ALM_USE_BASIS_FROM),
				.to = compile_selectors(
					draft, &in->to, ALM_USE_BASIS_TO)});
	}
	alm_draft_index(draft, first_parties, (uint32_t)count,
		&draft->head.basis_index);
}

/* Beside each organisation and membership, who uses its key. */
static void spread_uses(struct alm_draft *draft)
{
	const struct alm_snapshot_head *head = &draft->head;
	const uint8_t *of_organisations =
		draft->snapshot.key_uses + 1 + head->kinds.count;
	const uint8_t *of_groups = of_organisations + head->organisations.count;
	struct alm_organisation_info *infos = alm_draft_at(
		draft, ALM_SECTION_ORGANISATIONS, 0, sizeof(*infos));
	struct alm_membership *members = alm_draft_at(
		draft, ALM_SECTION_MEMBERSHIPS, 0, sizeof(*members));
	size_t member_count = draft->sections[ALM_SECTION_MEMBERSHIPS].bytes /
			      sizeof(*members);

	for (uint32_t i = 0; i < head->organisations.count; i++) {
		infos[i].uses = of_organisations[i];
	}
	for (size_t i = 0; i < member_count; i++) {
		members[i].uses = of_groups[members[i].group];
		draft->head.group_uses |= members[i].uses;
	}
}

void alm_draft_rules(struct alm_draft *draft, const struct alm_bundle *bundle)
{
	size_t key_count = (size_t)1 + draft->head.kinds.count +
			   draft->head.organisations.count +
			   draft->head.groups.count;
	uint32_t first;

	ALM_ASSERT(bundle->basis_count <= ALM_BASES_MAX);
	ALM_ASSERT(bundle->prohibition_count <= ALM_PROHIBITIONS_MAX);
	(void)alm_draft_take(draft, ALM_SECTION_KEY_USES, key_count, 1, &first);
	name_rules(draft, bundle);
	compile_prohibitions(draft, bundle);
	compile_bases(draft, bundle);
	if (!draft->is_full) {
		spread_uses(draft);
	}
}
