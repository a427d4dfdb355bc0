#include "agents/client/once.h"

#include <sodium.h>

#include "agents/client/clock.h"
#include "lib/patience.h"

#define TIMEOUT_MS 15000
#define FRAME_BYTES_MAX ((size_t)64 * 1024)
/* One is also broken off where the machine stands still for seconds. */
#define BREAKS_MAX 2u

struct handshake {
	const char *endpoint;
	bool is_up;
	bool is_silent; /* connected, but for long not answered */
	unsigned breaks;
};

/* What the handshake has come to; OK: nothing yet. */
static enum alm_err judge(enum alm_link_change change,
	struct handshake *handshake, struct alm_problem *problem)
{
	const char *endpoint = handshake->endpoint;

	switch (change) {
	case ALM_LINK_UP:
		handshake->is_up = true;
		return ALM_OK;
	case ALM_LINK_SAME:
	case ALM_LINK_DOWN:
		return ALM_OK;
	case ALM_LINK_REFUSED:
		return alm_problem_set(problem, ALM_NOT_AUTHENTICATED,
			"%s: the broker does not know this key", endpoint);
	case ALM_LINK_LIMITED:
		return alm_problem_set(
			problem, ALM_HANDSHAKES_LIMITED, "%s", endpoint);
	case ALM_LINK_FAILED:
		if (++handshake->breaks < BREAKS_MAX) {
			return ALM_OK;
		}
		return alm_problem_set(problem, ALM_BROKER_KEY,
			"%s: the handshake was broken off; another broker "
			"answers there, or none",
			endpoint);
	case ALM_LINK_SILENT:
		handshake->is_silent = true;
		return ALM_OK;
	}
	return ALM_OK;
}

static enum alm_err shake_hands(struct alm_link *link,
	const struct alm_once *once, struct alm_problem *problem)
{
	struct alm_patience patience =
		alm_patience_of(once->timeout_ms, alm_client_monotonic_ms());
	struct handshake handshake = {.endpoint = once->endpoint};
	enum alm_err err = ALM_OK;

	while (err == ALM_OK && !handshake.is_up) {
		int64_t now_ms = alm_client_monotonic_ms();
		int step_ms = alm_patience_step(&patience, now_ms);
		enum alm_link_change change;

		do {
			change = alm_link_next_change(link);
			err = judge(change, &handshake, problem);
		} while (err == ALM_OK && !handshake.is_up &&
			 change != ALM_LINK_SAME);
		if (err != ALM_OK || handshake.is_up) {
			break;
		}
		if (step_ms == 0) {
			return alm_problem_set(problem, ALM_UNREACHABLE,
				"%s: %snobody answers", once->endpoint,
				handshake.is_silent ? "connected, but " : "");
		}
		alm_link_arm(link, false, true, now_ms + step_ms, now_ms);
		(void)!alm_link_wait(link, step_ms);
	}
	return err;
}

enum alm_err alm_once_connect(const struct alm_once *once,
	struct alm_link **out_link, struct alm_problem *problem)
{
	struct alm_link_options options = {.endpoint = once->endpoint,
		.broker_key = once->broker_key,
		.curve_secret_key = once->curve_secret_key};
	struct alm_link *link = NULL;
	uint8_t public_key[ALM_KEY_BYTES];
	enum alm_err err;

	if (sodium_init() < 0 || crypto_scalarmult_base(public_key,
					 once->curve_secret_key) != 0) {
		return alm_problem_set(problem, ALM_KEY_FILE, "CURVE key");
	}
	options.curve_public_key = public_key;
	err = alm_link_open(&options, &link, problem);
	if (err == ALM_OK) {
		err = shake_hands(link, once, problem);
	}
	if (err != ALM_OK) {
		alm_link_close(link, 0);
		return err;
	}
	*out_link = link;
	return ALM_OK;
}

/* Look through a frame; `out_reply` stays NULL if it has nothing for us. */
static enum alm_err look(struct alm_bytes frame, enum alm_envelope_kind kind,
	struct alm_arena *arena, const struct alm_envelope **out_reply,
	struct alm_problem *problem)
{
	const struct alm_envelope *envelopes = NULL;
	size_t count = 0;
	enum alm_err err = alm_wire_decode(
		ALM_WIRE_AGENT, frame, arena, &envelopes, &count, problem);

	for (size_t i = 0; err == ALM_OK && i < count; i++) {
		if (envelopes[i].kind == kind) {
			*out_reply = &envelopes[i];
			return ALM_OK;
		}
		if (envelopes[i].kind == ALM_ENVELOPE_ERROR) {
			return alm_problem_set(problem, envelopes[i].error.code,
				"%s", envelopes[i].error.detail);
		}
	}
	return err;
}

static enum alm_err await(struct alm_link *link, enum alm_envelope_kind kind,
	int timeout_ms, struct alm_arena *arena,
	const struct alm_envelope **out_reply, struct alm_problem *problem)
{
	struct alm_patience patience =
		alm_patience_of(timeout_ms, alm_client_monotonic_ms());

	for (;;) {
		int64_t now_ms = alm_client_monotonic_ms();
		int step_ms = alm_patience_step(&patience, now_ms);
		struct alm_bytes frame;

		while (alm_link_receive(link, &frame) == ALM_OK) {
			enum alm_err err =
				look(frame, kind, arena, out_reply, problem);

			if (err != ALM_OK || *out_reply != NULL) {
				return err;
			}
		}
		if (alm_link_next_change(link) == ALM_LINK_DOWN) {
			return alm_problem_set(problem, ALM_UNREACHABLE,
				"the connection was lost");
		}
		if (step_ms == 0) {
			return alm_problem_set(problem, ALM_TIMEOUT,
				"the broker has not answered");
		}
		alm_link_arm(link, false, true, now_ms + step_ms, now_ms);
		(void)!alm_link_wait(link, step_ms);
	}
}

enum alm_err alm_once_say(struct alm_link *link,
	const struct alm_envelope *envelope, enum alm_envelope_kind kind,
	int timeout_ms, struct alm_arena *arena,
	const struct alm_envelope **out_reply, struct alm_problem *problem)
{
	struct alm_frame_builder frame;
	enum alm_err err;

	alm_frame_init(&frame, FRAME_BYTES_MAX);
	err = alm_frame_add(&frame, envelope, arena);
	if (err == ALM_OK) {
		err = alm_link_send(link, alm_frame_bytes(&frame));
	}
	alm_frame_fini(&frame);
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "cannot send");
	}
	return await(link, kind, timeout_ms, arena, out_reply, problem);
}

enum alm_err alm_once_ask(const struct alm_context *context, const char *verb,
	const struct alm_argument *arguments, size_t count,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem)
{
	const struct alm_once once = {.endpoint = context->endpoint,
		.broker_key = context->broker_key,
		.curve_secret_key = context->curve_key,
		.timeout_ms = TIMEOUT_MS};
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 1,
			.verb = verb,
			.arguments = arguments,
			.argument_count = count}};
	const struct alm_envelope *reply = NULL;
	struct alm_link *link = NULL;
	enum alm_err err = alm_once_connect(&once, &link, problem);

	if (err == ALM_OK) {
		err = alm_once_say(link, &envelope, ALM_ENVELOPE_ANSWER,
			TIMEOUT_MS, arena, &reply, problem);
	}
	alm_link_close(link, 0);
	if (err != ALM_OK || reply == NULL) {
		return err;
	}
	*out_answer = reply->answer;
	if (out_answer->code != ALM_OK) {
		return alm_problem_set(
			problem, out_answer->code, "%s", out_answer->detail);
	}
	return ALM_OK;
}
