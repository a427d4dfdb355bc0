/*
 * quotas.h - organisations that may send more or less than the others in a
 * second: how they are written, "RX1 2000/s 10MiB/s, RY2 500/s".
 */
#ifndef ALM_BROKER_CONFIG_QUOTAS_H
#define ALM_BROKER_CONFIG_QUOTAS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/err.h"
#include "lib/limits.h"

#define ALM_QUOTAS_MAX 256u
/* Of one organisation, its own quota or that of all. */
#define ALM_QUOTA_MESSAGES_MAX 10000000
#define ALM_QUOTA_BYTES_MIN 65536
#define ALM_QUOTA_BYTES_MAX 1099511627776

/** One organisation's.  Without padding: settings are compared as bytes. */
struct alm_own_quota {
	uint64_t messages_per_s;                 /* 0: as for all */
	uint64_t bytes_per_s;                    /* 0: as for all */
	char organisation[ALM_ID_BYTES_MAX + 8]; /* some of it never used */
};

struct alm_quotas {
	size_t count;
	struct alm_own_quota items[ALM_QUOTAS_MAX];
};

/** Errors: VALUE_BAD; `problem` says what is allowed; `out` is untouched. */
ALM_MUST_USE enum alm_err alm_quotas_parse(
	const char *text, struct alm_quotas *out, struct alm_problem *problem);

/** As a text that alm_quotas_parse() reads. */
void alm_quotas_write(const struct alm_quotas *quotas, FILE *out);

#endif /* ALM_BROKER_CONFIG_QUOTAS_H */
