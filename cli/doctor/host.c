/* The machine as it is without asking the broker. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "broker/config/settings.h"
#include "cli/doctor/doctor.h"

#define KEYS_FOLDER "/etc/almoner"
#define UNIT_PROCESSES "/system.slice/almonerd.service/cgroup.procs"

/* The unit's control group holds a process while the daemon runs; it lies
 * deeper where there is an older hierarchy too. */
static bool is_unit_running(void)
{
	static const char *const paths[] = {"/sys/fs/cgroup" UNIT_PROCESSES,
		"/sys/fs/cgroup/systemd" UNIT_PROCESSES};
	bool is_running = false;
	char line[32];

	for (size_t i = 0; i < ALM_COUNT(paths) && !is_running; i++) {
		FILE *processes = fopen(paths[i], "re");

		if (processes != NULL) {
			is_running =
				fgets(line, sizeof(line), processes) != NULL;
			(void)fclose(processes);
		}
	}
	return is_running;
}

static void see_systemd(struct alm_steps *steps)
{
	bool is_running;

	if (access("/run/systemd/system", F_OK) != 0) {
		alm_step_add(steps, "systemd", ALM_STEP_SKIPPED, ALM_OK,
			"this machine is not run by systemd");
		return;
	}
	is_running = is_unit_running();
	alm_step_add(steps, "systemd",
		is_running ? ALM_STEP_GOOD : ALM_STEP_WARNED, ALM_OK,
		is_running ? "almonerd.service is running"
			   : "almonerd.service is not running");
	if (!is_running) {
		alm_step_do(steps, "systemctl status almonerd");
	}
}

static void see_settings(struct alm_steps *steps)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_settings *settings = calloc(1, sizeof(*settings));
	enum alm_err err =
		settings == NULL ? ALM_NOMEM
				 : alm_settings_load(NULL, settings, &problem);

	alm_step_add(steps, "settings",
		err == ALM_OK ? ALM_STEP_GOOD : ALM_STEP_FAILED, err, "%s",
		err == ALM_OK ? "/etc/almoner/almonerd.yaml is valid, or not "
				"there"
			      : problem.detail);
	free(settings);
}

static void see_key_file(struct alm_steps *steps, const char *name)
{
	char path[256];
	struct stat info;
	bool is_private;

	(void)snprintf(path, sizeof(path), KEYS_FOLDER "/%s", name);
	if (stat(path, &info) != 0) {
		alm_step_add(steps, "key-file", ALM_STEP_SKIPPED, ALM_OK,
			"%s is not there, or not for us to see", path);
		return;
	}
	is_private = (info.st_mode & 077) == 0;
	alm_step_add(steps, "key-file",
		is_private ? ALM_STEP_GOOD : ALM_STEP_FAILED,
		is_private ? ALM_OK : ALM_KEY_FILE_MODE, "%s has mode %04o",
		path, (unsigned)(info.st_mode & 07777));
}

/* Whether the kernel's clock is kept right by somebody. */
static void see_time(struct alm_steps *steps)
{
	struct timex clock = {.modes = 0};
	int state = adjtimex(&clock);

	if (state < 0) {
		alm_step_add(steps, "time", ALM_STEP_SKIPPED, ALM_OK,
			"this machine does not say whether its clock is kept");
		return;
	}
	if (state == TIME_ERROR || (clock.status & STA_UNSYNC) != 0) {
		alm_step_add(steps, "time", ALM_STEP_WARNED, ALM_OK,
			"nothing keeps the clock of this machine right");
		alm_step_do(steps, "run a time service (timedatectl "
				   "set-ntp true, or chrony): agents whose "
				   "clock is 5 minutes off are refused");
		return;
	}
	alm_step_add(steps, "time", ALM_STEP_GOOD, ALM_OK,
		"the clock is synchronised, to %ld ms", clock.maxerror / 1000);
}

void alm_doctor_host(struct alm_steps *steps)
{
	alm_steps_at(steps, "this machine");
	see_systemd(steps);
	see_settings(steps);
	see_key_file(steps, "curve.key");
	see_key_file(steps, "store.key");
	see_key_file(steps, "audit.key");
	see_time(steps);
}
