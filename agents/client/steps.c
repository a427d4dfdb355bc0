/* Steps of the doctor, and a handshake as two of them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agents/client/clock.h"
#include "agents/client/doctor.h"
#include "agents/client/once.h"

void alm_steps_at(struct alm_steps *steps, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	(void)vsnprintf(steps->where, sizeof(steps->where), format, values);
	va_end(values);
}

void alm_step_do(struct alm_steps *steps, const char *format, ...)
{
	struct alm_step *step = &steps->items[steps->count - 1];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(step->todo, sizeof(step->todo), format, values);
	va_end(values);
}

void alm_step_add(struct alm_steps *steps, const char *name,
	enum alm_step_status status, enum alm_err err, const char *format, ...)
{
	struct alm_step *step = &steps->items[steps->count];
	va_list values;

	if (steps->count == ALM_STEPS_MAX) {
		return;
	}
	steps->count++;
	*step = (struct alm_step){.name = name, .status = status, .err = err};
	memcpy(step->where, steps->where, sizeof(step->where));
	va_start(values, format);
	(void)vsnprintf(step->what, sizeof(step->what), format, values);
	va_end(values);
	if (status == ALM_STEP_FAILED && err != ALM_OK) {
		alm_step_do(steps, "%s", alm_err_info(err)->hint);
	}
}

/* --- the handshake ------------------------------------------------------- */

static void tell_no_handshake(struct alm_steps *steps, enum alm_err err,
	const struct alm_problem *problem, int timeout_ms)
{
	if (err == ALM_UNREACHABLE) {
		alm_step_add(steps, "curve", ALM_STEP_FAILED, ALM_NO_BROKER,
			"the connection stands, and nothing has answered on it "
			"for %d.%d s",
			timeout_ms / 1000, timeout_ms % 1000 / 100);
		return;
	}
	alm_step_add(
		steps, "curve", ALM_STEP_FAILED, err, "%s", problem->detail);
	if (err == ALM_BROKER_KEY) {
		alm_step_do(steps,
			"compare broker-key of the context with broker-key of "
			"almoner status at the operator's, digit by digit; if "
			"they are the same, another program holds the port");
	}
}

/* Gives the verdict: OK, NOT_AUTHENTICATED, or why there is none. */
static enum alm_err shake_hands(struct alm_steps *steps,
	const struct alm_once *once, struct alm_link **out_link)
{
	struct alm_problem problem = {.err = ALM_OK};
	int64_t from_ms = alm_client_monotonic_ms();
	enum alm_err err = alm_once_connect(once, out_link, &problem);

	if (err != ALM_OK && err != ALM_NOT_AUTHENTICATED) {
		tell_no_handshake(steps, err, &problem, once->timeout_ms);
		return err;
	}
	alm_step_add(steps, "curve", ALM_STEP_GOOD, ALM_OK,
		"the broker has the key that is expected; handshake in %lld ms",
		(long long)(alm_client_monotonic_ms() - from_ms));
	return err;
}

bool alm_doctor_connect(struct alm_steps *steps,
	const struct alm_context *context, int timeout_ms,
	struct alm_link **out_link)
{
	const struct alm_once once = {.endpoint = context->endpoint,
		.broker_key = context->broker_key,
		.curve_secret_key = context->curve_key,
		.timeout_ms = timeout_ms};
	enum alm_err err = shake_hands(steps, &once, out_link);

	if (err == ALM_NOT_AUTHENTICATED) {
		alm_step_add(steps, "zap", ALM_STEP_FAILED, err,
			"the broker does not let this agent's key in: it is "
			"not approved yet, or it was revoked or replaced");
		alm_step_do(steps,
			"ask the operator: almoner agent list -o %s says "
			"which, and almoner agent approve %s lets a new one in",
			context->organisation, context->organisation);
	} else if (err == ALM_OK) {
		alm_step_add(steps, "zap", ALM_STEP_GOOD, ALM_OK,
			"the broker lets this agent in");
	}
	return err == ALM_OK;
}

bool alm_doctor_stranger(struct alm_steps *steps, const char *endpoint,
	const uint8_t broker_key[ALM_KEY_BYTES],
	const uint8_t curve_secret_key[ALM_KEY_BYTES], int timeout_ms)
{
	const struct alm_once once = {.endpoint = endpoint,
		.broker_key = broker_key,
		.curve_secret_key = curve_secret_key,
		.timeout_ms = timeout_ms};
	struct alm_link *link = NULL;
	enum alm_err err = shake_hands(steps, &once, &link);

	alm_link_close(link, 0);
	if (err == ALM_NOT_AUTHENTICATED) {
		alm_step_add(steps, "zap", ALM_STEP_GOOD, ALM_OK,
			"a stranger is refused");
	} else if (err == ALM_OK) {
		alm_step_add(steps, "zap", ALM_STEP_FAILED,
			ALM_STRANGER_ADMITTED, "a stranger is let in");
		alm_step_do(steps, "stop the broker");
	}
	return err == ALM_NOT_AUTHENTICATED;
}
