#include "cli/bench/result.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/bench/host.h"
#include "lib/err.h"

json_t *alm_bench_conditions(const char *filesystem, json_t *more)
{
	struct utsname system;
	char model[128];
	json_t *conditions;

	alm_host_cpu_model(model, sizeof(model));
	if (uname(&system) != 0) {
		system.release[0] = '\0';
	}
	conditions = json_pack("{s:I, s:s, s:s, s:s, s:s}", "cpus",
		(json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "cpu_model", model,
		"kernel", system.release, "filesystem", filesystem, "build",
		alm_host_build());
	if (conditions == NULL || more == NULL ||
		json_object_update(conditions, more) != 0) {
		json_decref(conditions);
		conditions = NULL;
	}
	json_decref(more);
	return conditions;
}

int alm_bench_print_json(json_t *result, unsigned digits)
{
	bool is_printed =
		result != NULL &&
		json_dumpf(result, stdout,
			JSON_INDENT(2) | JSON_REAL_PRECISION(digits)) == 0 &&
		fputc('\n', stdout) != EOF;

	json_decref(result);
	return is_printed ? ALM_EXIT_OK : ALM_EXIT_FAILURE;
}
