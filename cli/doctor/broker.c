/* Asking the broker over its administration socket. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "lib/time.h"

const char *alm_doctor_text(const struct alm_answer *answer, const char *key)
{
	const char *value = alm_answer_fact(answer, key);

	return value == NULL ? "" : value;
}

long long alm_doctor_figure(const struct alm_answer *answer, const char *key)
{
	return strtoll(alm_doctor_text(answer, key), NULL, 10);
}

long long alm_doctor_age_s(const struct alm_answer *answer, const char *instant)
{
	int64_t at_us = 0;
	int64_t now_us = 0;

	if (alm_instant_us_parse(alm_doctor_text(answer, instant), &at_us) !=
			ALM_OK ||
		alm_instant_us_parse(alm_doctor_text(answer, "now"), &now_us) !=
			ALM_OK) {
		return -1;
	}
	return (now_us - at_us) / 1000000;
}

bool alm_doctor_ask_broker(struct alm_doctor *doctor, const char *step,
	const struct alm_ask *ask, struct alm_answer *out_answer)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	enum alm_err err = alm_admin_ask(
		doctor->control, ask, doctor->arena, out_answer, &problem);

	if (err != ALM_OK) {
		alm_step_add(doctor->steps, step, ALM_STEP_FAILED, err,
			"%s%s%s", alm_err_info(err)->sentence,
			problem.detail[0] == '\0' ? "" : " ", problem.detail);
	}
	return err == ALM_OK;
}

static bool open_broker(struct alm_doctor *doctor, const struct alm_args *args)
{
	const struct alm_ask status = {.verb = "status"};
	const struct alm_ask health = {.verb = "health"};
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	enum alm_err err = alm_admin_open(args, &doctor->control, &problem);

	if (err != ALM_OK) {
		alm_step_add(doctor->steps, "administration", ALM_STEP_FAILED,
			err, "%s%s%s", alm_err_info(err)->sentence,
			problem.detail[0] == '\0' ? "" : " ", problem.detail);
		alm_step_do(doctor->steps,
			err == ALM_NOT_PERMITTED
				? "join the group almoner, and log in again"
				: "systemctl status almonerd; journalctl -u "
				  "almonerd says why it does not run");
		return false;
	}
	if (!alm_doctor_ask_broker(
		    doctor, "administration", &status, &doctor->status)) {
		return false;
	}
	alm_step_add(doctor->steps, "administration", ALM_STEP_GOOD, ALM_OK,
		"%s answers, since %.19sZ",
		alm_doctor_text(&doctor->status, "version"),
		alm_doctor_text(&doctor->status, "started-at"));
	return alm_doctor_ask_broker(
		doctor, "administration", &health, &doctor->health);
}

void alm_doctor_broker(
	struct alm_steps *steps, const struct alm_args *args, int timeout_ms)
{
	struct alm_doctor doctor = {.steps = steps, .timeout_ms = timeout_ms};
	struct alm_arena arena;

	alm_arena_init(&arena, ALM_ADMIN_FRAME_BYTES_MAX);
	doctor.arena = &arena;
	alm_steps_at(steps, "the administration socket");
	if (open_broker(&doctor, args)) {
		alm_steps_at(steps, "almonerd");
		alm_doctor_daemon(&doctor);
		alm_doctor_registry(&doctor);
		alm_doctor_loop(&doctor);
	}
	alm_control_close(doctor.control);
	alm_arena_fini(&arena);
}
