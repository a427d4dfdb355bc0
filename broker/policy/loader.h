/*
 * loader.h - what the parts of the bundle loader share.  Private to
 * broker/policy.
 *
 * The sections are read in an order in which every word is known before it is
 * referred to, so one pass both reads and checks.  A fault is reported and the
 * reading goes on; the caller refuses the bundle if anything was reported.
 */
#ifndef ALM_BROKER_POLICY_LOADER_H
#define ALM_BROKER_POLICY_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "broker/policy/index.h"
#include "broker/policy/load.h"
#include "lib/diagnostics.h"
#include "lib/limits.h"
#include "lib/yaml/yaml.h"

enum alm_section {
	ALM_SECTION_KINDS,
	ALM_SECTION_HOSTED_KINDS,
	ALM_SECTION_PURPOSES,
	ALM_SECTION_CATEGORIES,
	ALM_SECTION_ORGANISATIONS,
	ALM_SECTION_GROUPS,
	ALM_SECTION_PROHIBITIONS,
	ALM_SECTION_AGREEMENTS,
	ALM_SECTION_MANDATES,
	ALM_SECTION_TESTS,
	ALM_SECTION_COUNT,
};

/** The entries of one section over all files, in order. */
struct alm_entries {
	const struct alm_yaml_node **items;
	size_t count;
};

/** How the purposes cover each other, as masks over their positions. */
struct alm_purpose_facts {
	uint64_t covered_by[ALM_PURPOSES_MAX]; /* itself and its ancestors */
	uint64_t reached_by_any;
	uint64_t not_care;
};

struct alm_loader {
	struct alm_arena *arena;
	struct alm_diagnostics *diagnostics;
	struct alm_entries entries[ALM_SECTION_COUNT];
	struct alm_bundle *bundle;
	struct alm_index kinds;
	struct alm_index purposes;
	struct alm_index categories;
	struct alm_index organisations;
	struct alm_index groups;
	struct alm_index prohibitions;
	struct alm_index bases;
	struct alm_bundle_tests tests;
	struct alm_purpose_facts purpose_facts;
	size_t compared; /* candidates for a near word, so far */
	bool is_out_of_memory;
};

/* --- loader.c: shared by the readers of sections ----------------------- */

/** Zeroed memory in the arena; NULL notes that it is full. */
void *alm_loader_take(
	struct alm_loader *loader, size_t count, size_t item_bytes);

/** The id of an entry; text NULL after ID_BAD.  `node` may be NULL. */
struct alm_word alm_loader_id(
	struct alm_loader *loader, const struct alm_yaml_node *node);

/** A text; "" after VALUE_BAD or when absent. */
const char *alm_loader_text(
	struct alm_loader *loader, const struct alm_yaml_node *node);

/** The number of a word in `words`, from 1; 0 when absent or after a report. */
unsigned alm_loader_choice(struct alm_loader *loader,
	const struct alm_yaml_node *node, const char *const *words,
	size_t word_count);

/**
 * The entries of a list as words, not yet looked up.  Entries that are not
 * texts are reported and left out; a NULL node is no words.
 */
struct alm_words alm_loader_words(
	struct alm_loader *loader, const struct alm_yaml_node *node);

/** A period of days; `out` is untouched after VALUE_BAD, PERIOD_REVERSED. */
void alm_loader_period(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_period *out);

/**
 * Build an index of `count` ids that stand `stride` bytes apart and report
 * ID_DUPLICATE.  Ids whose text is NULL are left out.
 */
void alm_loader_index(struct alm_loader *loader, struct alm_index *index,
	const struct alm_word *first, size_t stride, size_t count);

/** Read one entry into what alm_loader_take() gave for it. */
typedef void alm_loader_read_fn(
	struct alm_loader *loader, const struct alm_yaml_node *node, void *out);

/**
 * Read every entry of a section, and index them by their ids, which stand at
 * the beginning of each.
 *
 * Gives:   as many items as the section has entries; NULL if it has none, which
 *          is so too once memory is out
 */
void *alm_loader_section(struct alm_loader *loader, enum alm_section section,
	size_t item_bytes, alm_loader_read_fn *read, struct alm_index *index);

/**
 * The position of what `word` (from `skip` on) refers to; ALM_INDEX_NONE
 * after `err`.  `what` names the thing ("a purpose").
 */
size_t alm_loader_refer(struct alm_loader *loader,
	const struct alm_index *index, struct alm_word word, size_t skip,
	enum alm_err err, const char *what);

/** Every word is a known word of `index`, or `any`. */
void alm_loader_refer_all(struct alm_loader *loader,
	const struct alm_index *index, struct alm_words words,
	const char *what);

/** any, ORG-ID, kind:KIND or group:GROUP-ID. */
void alm_loader_check_parties(
	struct alm_loader *loader, struct alm_words words);

/**
 * parents[i] is the position of i's parent, or ALM_INDEX_NONE; reports CYCLE
 * once for each ring.  True if there is none.
 */
bool alm_loader_check_cycles(struct alm_loader *loader, const size_t *parents,
	const struct alm_word *const *unders, size_t count);

/** Purposes that a basis with these words covers, as a mask of positions. */
uint64_t alm_loader_purposes_covered(
	const struct alm_loader *loader, struct alm_words words);

/** The `register:` of a basis; NULL if there is none, or memory is out. */
const struct alm_bundle_register *alm_loader_register(
	struct alm_loader *loader, const struct alm_yaml_node *node);

/* --- the sections, in the order in which they are read ----------------- */

/** Each reads its key of the bundle into it; what is wrong is reported. */
void alm_load_kinds(struct alm_loader *loader);
void alm_load_purposes(struct alm_loader *loader);
void alm_load_categories(struct alm_loader *loader);
void alm_load_organisations(struct alm_loader *loader);
void alm_load_groups(struct alm_loader *loader);
void alm_load_prohibitions(struct alm_loader *loader);
void alm_load_bases(struct alm_loader *loader);
void alm_load_tests(struct alm_loader *loader);

/* --- the parts of a test; a NULL node says nothing --------------------- */

/** An instant; 0 after VALUE_BAD. */
int64_t alm_loader_instant(
	struct alm_loader *loader, const struct alm_yaml_node *node);

/** What it asks; texts are borrowed from the file. */
void alm_load_test_request(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_test *out);

/** What is known of the person that the test's request is about. */
void alm_load_test_person(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_test *out);

#endif /* ALM_BROKER_POLICY_LOADER_H */
