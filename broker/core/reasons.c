#include "broker/core/reasons.h"

#include <assert.h>

#include "lib/base.h"

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
	for (size_t i = 0; i < ALM_COUNT(codes); i++) {
		if ((found >> i & 1) != 0) {
			out->reasons[out->reason_count++] = codes[i];
		}
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

	for (size_t i = 0; i < ALM_COUNT(codes); i++) {
		if ((first >> i & 1) != 0) {
			return codes[i];
		}
	}
	return 0;
}
