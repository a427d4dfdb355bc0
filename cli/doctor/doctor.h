/* doctor.h - the parts of almoner doctor on the broker's machine. */
#ifndef ALM_CLI_DOCTOR_DOCTOR_H
#define ALM_CLI_DOCTOR_DOCTOR_H

#include "agents/include/almoner_control.h"
#include "agents/include/almoner_doctor.h"
#include "cli/admin.h"

/** The machine: unit, settings, key files, clock. */
void alm_doctor_host(struct alm_steps *steps);

/** The broker, over its administration socket, and its endpoints. */
void alm_doctor_broker(
	struct alm_steps *steps, const struct alm_args *args, int timeout_ms);

/* --- for these files ------------------------------------------------------ */

/** What is asked of the broker, and its answers; status and health are kept. */
struct alm_doctor {
	struct alm_steps *steps;
	struct alm_control *control;
	struct alm_arena *arena;
	struct alm_answer status;
	struct alm_answer health;
	int timeout_ms;
};

/** A fact; "" if it is not there. */
const char *alm_doctor_text(const struct alm_answer *answer, const char *key);
long long alm_doctor_figure(const struct alm_answer *answer, const char *key);

/** Seconds from an instant of an answer to its `now`; -1: it is not there. */
long long alm_doctor_age_s(
	const struct alm_answer *answer, const char *instant);

/** Ask; false: a step of that name says why not. */
bool alm_doctor_ask_broker(struct alm_doctor *doctor, const char *step,
	const struct alm_ask *ask, struct alm_answer *out_answer);

/** Disk, map, commit, limits, sandbox, keys, heads: what the daemon says. */
void alm_doctor_daemon(struct alm_doctor *doctor);

/** Agents, their keys and their mail, witnesses, the last copy. */
void alm_doctor_registry(struct alm_doctor *doctor);

/** Step `metrics`: whether the broker says that it is ready. */
void alm_doctor_ready(
	struct alm_steps *steps, const char *endpoint, int timeout_ms);

/** Endpoints, metrics, and a letter there and back. */
void alm_doctor_loop(struct alm_doctor *doctor);

#endif /* ALM_CLI_DOCTOR_DOCTOR_H */
