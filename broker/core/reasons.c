#include "broker/core/reasons.h"

#include <assert.h>

static const uint16_t codes[] = {
#define X(code) code,
	ALM_REASON_MAP(X)
#undef X
};

static_assert(ALM_REASON_COUNT <= ALM_REASONS_MAX, "a bit for each reason");

void alm_reasons_list(
	const struct alm_reasons *reasons, struct alm_decision *out)
{
	uint64_t found = reasons->blockers | reasons->notes;

	out->reason_count = 0;
	for (; found != 0; found &= found - 1) {
		out->reasons[out->reason_count++] =
			codes[__builtin_ctzll(found)];
	}
}

unsigned alm_reasons_code(const struct alm_reasons *reasons)
{
	uint64_t integrity = alm_reason_bit(ALM_R901) |
			     alm_reason_bit(ALM_R902) |
			     alm_reason_bit(ALM_R903);
	uint64_t first = (reasons->blockers & integrity) != 0
				 ? reasons->blockers & integrity
				 : reasons->blockers;

	return first == 0 ? 0 : codes[__builtin_ctzll(first)];
}
