#include "broker/loop/quota.h"

void alm_quota_begin(
	struct alm_quota *quota, uint64_t per_second, int64_t now_ms)
{
	int64_t most = (int64_t)per_second * 1000;
	int64_t elapsed_ms = now_ms - quota->filled_ms;

	quota->taken = 0;
	if (quota->filled_ms == 0 ||
		(most - quota->left_milli) / (int64_t)per_second <=
			elapsed_ms) {
		quota->left_milli = most;
	} else if (elapsed_ms > 0) {
		quota->left_milli += (int64_t)per_second * elapsed_ms;
	}
	quota->filled_ms = now_ms;
}
