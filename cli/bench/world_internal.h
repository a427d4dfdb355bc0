/* world_internal.h - the inside of a made policy, for its two files. */
#ifndef ALM_CLI_BENCH_WORLD_INTERNAL_H
#define ALM_CLI_BENCH_WORLD_INTERNAL_H

#include <stdbool.h>

#include "cli/bench/world.h"

#define ALM_BENCH_REGIONS 42u
#define ALM_BENCH_PLACES 4u  /* of a region */
#define ALM_BENCH_NETWORK 5u /* practices */
#define ALM_BENCH_KINDS 9u
#define ALM_BENCH_KIND_GP 7u
#define ALM_BENCH_HUBS 3u /* trusts, councils and boards share most */
#define ALM_BENCH_PURPOSES 15u
#define ALM_BENCH_CARE_PURPOSES 6u
#define ALM_BENCH_SECONDARY_FIRST 7u
#define ALM_BENCH_SECONDARY_PURPOSES 6u
#define ALM_BENCH_CATEGORIES 33u

struct alm_bench_kind {
	const char *name;
	char letter;       /* its organisations' ids begin with it */
	unsigned permille; /* of all organisations; the last takes the rest */
};

extern const struct alm_bench_kind alm_bench_kinds[ALM_BENCH_KINDS];

/** A word of the bundle, and the one that it stands under. */
struct alm_bench_word {
	const char *id;
	const char *under; /* or NULL */
	const char *more;  /* lines of its own */
};

extern const struct alm_bench_word alm_bench_purposes[ALM_BENCH_PURPOSES];
extern const struct alm_bench_word alm_bench_categories[ALM_BENCH_CATEGORIES];

/** Who an agreement is between. */
enum alm_bench_pattern {
	ALM_BENCH_ONE_TO_ONE,
	ALM_BENCH_ONE_TO_PLACE,
	ALM_BENCH_ONE_TO_REGION,
	ALM_BENCH_PLACE_TO_ONE,
	ALM_BENCH_NETWORK_TO_ONE,
	ALM_BENCH_MANY_TO_MANY,
	ALM_BENCH_ONE_TO_PRACTICES,
	ALM_BENCH_REGION_TO_REGION,
	ALM_BENCH_PRACTICES_TO_ONE,
};

struct alm_bench_agreement {
	enum alm_bench_pattern pattern;
	uint32_t from[3];
	uint32_t to[2];
	uint8_t purpose;
	uint8_t categories[2];
	enum alm_level level;
	bool needs_relationship;
	bool needs_consent;
	uint8_t state; /* 0 active, 1 suspended, 2 expired */
};

struct alm_bench_organisation {
	char id[ALM_BENCH_ID_BYTES];
	uint8_t kind;
};

struct alm_bench_world {
	struct alm_bench_organisation *organisations;
	uint32_t organisation_count;
	uint32_t firsts[ALM_BENCH_KINDS + 1]; /* of each kind */
	struct alm_bench_agreement *agreements;
	uint32_t agreement_count;
};

uint32_t alm_bench_region(uint32_t organisation);
uint32_t alm_bench_place(uint32_t organisation);

#endif /* ALM_CLI_BENCH_WORLD_INTERNAL_H */
