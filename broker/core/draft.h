/*
 * draft.h - a snapshot being compiled, for broker/core alone: its sections
 * grow apart and are put together at the end.  What is found so far can be
 * read through `snapshot`, whose places move when a section grows.
 */
#ifndef ALM_BROKER_CORE_DRAFT_H
#define ALM_BROKER_CORE_DRAFT_H

#include "broker/core/snapshot_internal.h"

struct alm_draft_section {
	uint8_t *data;
	size_t bytes;
	size_t bytes_max;
};

struct alm_draft {
	struct alm_snapshot snapshot;
	struct alm_snapshot_head head;
	struct alm_draft_section sections[ALM_SECTION_COUNT];
	bool is_full; /* memory is out: what is added now goes nowhere */
};

/** Caller's memory; `fini` frees what `init` and the growth took. */
void alm_draft_init(struct alm_draft *draft);
void alm_draft_fini(struct alm_draft *draft);

/**
 * `count` more items of a section, zeroed, in `out_first` the index of the
 * first.  Valid until the section grows again.  NULL when the draft is full,
 * or became so.
 */
void *alm_draft_take(struct alm_draft *draft, enum alm_section section,
	size_t count, size_t item_bytes, uint32_t *out_first);

/** One item that was taken, to be changed. */
void *alm_draft_at(struct alm_draft *draft, enum alm_section section,
	size_t index, size_t item_bytes);

/** The place of a text, copied; 0 when the draft is full. */
uint32_t alm_draft_text(struct alm_draft *draft, const char *text);

/**
 * Copies, sorts and indexes `texts`, which are unique.  The order of `texts`
 * itself changes.
 */
void alm_draft_names(struct alm_draft *draft, const char **texts, size_t count,
	struct alm_names *out);

/** Makes an index over the `rule_count` parties from `first_parties` on. */
void alm_draft_index(struct alm_draft *draft, uint32_t first_parties,
	uint32_t rule_count, struct alm_rule_index *out);

/** Adds prohibitions, bases and their indexes. */
void alm_draft_rules(struct alm_draft *draft, const struct alm_bundle *bundle);

/** The snapshot in one piece, with its checksum; NULL when memory is out. */
struct alm_snapshot *alm_draft_finish(struct alm_draft *draft);

#endif /* ALM_BROKER_CORE_DRAFT_H */
