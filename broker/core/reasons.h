/*
 * reasons.h - the reasons of a decision as two sets, blockers and notes, one
 * bit a code.
 */
#ifndef ALM_BROKER_CORE_REASONS_H
#define ALM_BROKER_CORE_REASONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/decide.h"

/* clang-format off */
/** Every code of docs/POLICY.md section 4, ascending. */
#define ALM_REASON_MAP(X) \
	X(101) X(102) X(103) X(104) X(105) X(107) X(108) X(190) \
	X(191) X(201) X(202) X(203) X(204) X(205) X(206) X(207) \
	X(210) X(211) X(212) X(213) X(214) X(215) X(300) X(301) \
	X(302) X(303) X(304) X(305) X(306) X(307) X(308) X(401) \
	X(402) X(403) X(404) X(405) X(406) X(407) X(408) X(409) \
	X(410) X(411) X(412) X(413) X(414) X(501) X(502) X(503) \
	X(509) X(901) X(902) X(903)

enum alm_reason {
#define X(code) ALM_R##code,
	ALM_REASON_MAP(X)
#undef X
	ALM_REASON_COUNT
};
/* clang-format on */

struct alm_reasons {
	uint64_t blockers;
	uint64_t notes;
};

static inline uint64_t alm_reason_bit(enum alm_reason reason)
{
	return UINT64_C(1) << reason;
}

static inline void alm_block(struct alm_reasons *reasons, enum alm_reason r)
{
	reasons->blockers |= alm_reason_bit(r);
}

static inline void alm_note(struct alm_reasons *reasons, enum alm_reason r)
{
	reasons->notes |= alm_reason_bit(r);
}

static inline bool alm_is_blocked_by(
	const struct alm_reasons *reasons, enum alm_reason r)
{
	return (reasons->blockers & alm_reason_bit(r)) != 0;
}

/** All codes found, ascending and once, into `out`. */
void alm_reasons_list(
	const struct alm_reasons *reasons, struct alm_decision *out);

/** The blocker that names a denial: class 9xx first, then the lowest. */
unsigned alm_reasons_code(const struct alm_reasons *reasons);

#endif /* ALM_BROKER_CORE_REASONS_H */
