/* fuzz_settings.c - any file is refused with a reason, or read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "broker/config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_problem problem = {ALM_OK, ""};
	struct alm_settings settings;
	enum alm_err err;

	alm_settings_default(&settings);
	err = alm_settings_read("fuzz.yaml", (struct alm_bytes){data, bytes},
		&settings, &problem);
	if ((err != ALM_OK) != (problem.detail[0] != '\0')) {
		abort();
	}
	return 0;
}
