/* The broker's own endpoints, its metrics, and a letter there and back. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/doctor/doctor.h"
#include "lib/id.h"

#define CONTENT_BYTES 64u

/* What is bound to all addresses, as this machine reaches it. */
static void reachable(const char *endpoint, char out[256])
{
	const char *colon = strrchr(endpoint, ':');

	if (strncmp(endpoint, "tcp://*:", 8) == 0 ||
		strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0) {
		(void)snprintf(out, 256, "tcp://127.0.0.1%s", colon);
	} else if (strncmp(endpoint, "tcp://[::]:", 11) == 0) {
		(void)snprintf(out, 256, "tcp://[::1]%s", colon);
	} else {
		(void)snprintf(out, 256, "%s", endpoint);
	}
}

/* A broker that listens to its own machine only is good for trying. */
static void see_public(struct alm_doctor *doctor, const char *endpoint)
{
	bool is_own = strncmp(endpoint, "ipc://", 6) == 0 ||
		      strncmp(endpoint, "tcp://127.", 10) == 0 ||
		      strncmp(endpoint, "tcp://[::1]:", 12) == 0;

	alm_steps_at(doctor->steps, "%s", endpoint);
	alm_step_add(doctor->steps, "endpoint",
		is_own ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		is_own ? "%s is for programs on this machine alone"
		       : "%s is for other machines too",
		endpoint);
	if (is_own) {
		alm_step_do(doctor->steps,
			"set endpoint: tcp://*:7301, or tcp://[::]:7301, and "
			"public-endpoint, and restart");
	}
}

static void see_endpoint(
	struct alm_doctor *doctor, const char *endpoint, const char *key_text)
{
	uint8_t broker_key[ALM_KEY_BYTES];
	uint8_t stranger[32];
	char at[256];

	if (endpoint[0] == '\0') {
		return;
	}
	reachable(endpoint, at);
	see_public(doctor, endpoint);
	alm_steps_at(doctor->steps, "%s", at);
	randombytes_buf(stranger, sizeof(stranger));
	if (alm_unhex(key_text, broker_key, ALM_KEY_BYTES) == ALM_OK &&
		alm_doctor_reach(doctor->steps, at, doctor->timeout_ms)) {
		(void)alm_doctor_stranger(doctor->steps, at, broker_key,
			stranger, doctor->timeout_ms);
	}
}

static void see_http(struct alm_doctor *doctor)
{
	const char *endpoint =
		alm_doctor_text(&doctor->health, "http-endpoint");

	if (endpoint[0] == '\0') {
		alm_step_add(doctor->steps, "metrics", ALM_STEP_SKIPPED, ALM_OK,
			"http-endpoint is not set: nobody can watch this "
			"broker");
		return;
	}
	alm_steps_at(doctor->steps, "%s", endpoint);
	alm_doctor_ready(doctor->steps, endpoint, doctor->timeout_ms);
}

static long long now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Ask for one half of the way back. */
static bool go_on(struct alm_doctor *doctor, const char *step, const char *verb,
	const char *seq, const char *content)
{
	struct alm_ask ask = {.verb = verb};
	struct alm_answer answer;
	long long from_ms = now_ms();

	alm_ask_add(&ask, "seq", seq);
	if (!alm_doctor_ask_broker(doctor, step, &ask, &answer)) {
		return false;
	}
	if (content != NULL &&
		strcmp(alm_doctor_text(&answer, "content"), content) != 0) {
		alm_step_add(doctor->steps, step, ALM_STEP_FAILED,
			ALM_ECHO_WRONG, "what was kept is not what comes back");
		return false;
	}
	alm_step_add(doctor->steps, step, ALM_STEP_GOOD, ALM_OK,
		content != NULL
			? "read back from disk and handed over whole, after "
			  "%lld ms"
			: "taken out and recorded, after %lld ms",
		now_ms() - from_ms);
	return true;
}

static void see_trial(struct alm_doctor *doctor)
{
	struct alm_ask ask = {.verb = "trial"};
	struct alm_answer answer;
	uint8_t content[CONTENT_BYTES];
	char text[2 * CONTENT_BYTES + 1];
	char seq[24];
	long long from_ms = now_ms();

	randombytes_buf(content, sizeof(content));
	alm_hex(content, sizeof(content), text);
	alm_ask_add(&ask, "content", text);
	alm_steps_at(doctor->steps, "the broker's store");
	if (!alm_doctor_ask_broker(doctor, "accepted", &ask, &answer)) {
		return;
	}
	(void)snprintf(seq, sizeof(seq), "%s", alm_doctor_text(&answer, "seq"));
	alm_step_add(doctor->steps, "accepted", ALM_STEP_GOOD, ALM_OK,
		"a letter to the operator: record %s, on disk and answered "
		"after %lld ms",
		seq, now_ms() - from_ms);
	if (go_on(doctor, "delivered", "trial.take", seq, text)) {
		(void)go_on(doctor, "acknowledged", "trial.end", seq, NULL);
	}
}

void alm_doctor_loop(struct alm_doctor *doctor)
{
	const struct alm_answer *status = &doctor->status;

	see_endpoint(doctor, alm_doctor_text(status, "endpoint"),
		alm_doctor_text(status, "broker-key"));
	see_endpoint(doctor, alm_doctor_text(status, "endpoint-next"),
		alm_doctor_text(status, "broker-key-next"));
	see_http(doctor);
	see_trial(doctor);
}
