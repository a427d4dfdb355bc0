/*
 * What an agent's side can see: context, way, handshake, and what the broker
 * answers about us.  Without hello, so that the agent at work goes on; the
 * answer has come both ways.
 */
#include "agents/client/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/client/clock.h"
#include "agents/client/once.h"
#include "lib/id.h"
#include "lib/join.h"
#include "lib/time.h"

#define ANSWER_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define ANSWER_MS 15000
#define SKEW_WARNED_MS 30000
#define PERMILLE_WARNED 900
#define SOON_S (INT64_C(30) * 24 * 3600)

const char *alm_doctor_fact(const struct alm_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->fact_count; i++) {
		if (strcmp(answer->facts[i].key, key) == 0) {
			return answer->facts[i].value;
		}
	}
	return "";
}

enum alm_err alm_doctor_ask(struct alm_link *link, const char *verb,
	const struct alm_argument *arguments, size_t count,
	struct alm_arena *arena, struct alm_answer *out_answer,
	struct alm_problem *problem)
{
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 1,
			.verb = verb,
			.arguments = arguments,
			.argument_count = count}};
	const struct alm_envelope *reply = NULL;
	enum alm_err err = alm_once_say(link, &envelope, ALM_ENVELOPE_ANSWER,
		ANSWER_MS, arena, &reply, problem);

	if (err != ALM_OK) {
		return err;
	}
	*out_answer = reply->answer;
	return out_answer->code == ALM_OK
		       ? ALM_OK
		       : alm_problem_set(problem, out_answer->code, "%s",
				 out_answer->detail);
}

static const char *fact(const struct alm_answer *answer, const char *key)
{
	return alm_doctor_fact(answer, key);
}

static long long figure(const struct alm_answer *answer, const char *key)
{
	return strtoll(fact(answer, key), NULL, 10);
}

static bool is_fact(
	const struct alm_answer *answer, const char *key, const char *value)
{
	return strcmp(fact(answer, key), value) == 0;
}

/* Ask with our own time, signed. */
static enum alm_err ask(struct alm_link *link,
	const struct alm_context *context, struct alm_arena *arena,
	struct alm_answer *out_answer, struct alm_problem *problem)
{
	int64_t at_ms = alm_client_wall_ms();
	uint8_t signature[ALM_SIGNATURE_BYTES];
	char signature_text[2 * ALM_SIGNATURE_BYTES + 1];
	uint8_t digest[ALM_DIGEST_BYTES];
	char at_text[24];
	uint8_t raw[8];
	const struct alm_argument arguments[] = {
		{"at", at_text}, {"signature", signature_text}};

	alm_put_u64(raw, (uint64_t)at_ms);
	(void)crypto_hash_sha256(digest, raw, sizeof(raw));
	alm_digest_sign(
		ALM_PROBE_CONTEXT, digest, context->signing_key, signature);
	alm_hex(signature, sizeof(signature), signature_text);
	(void)snprintf(at_text, sizeof(at_text), "%lld", (long long)at_ms);
	return alm_doctor_ask(link, "agent.check", arguments,
		ALM_COUNT(arguments), arena, out_answer, problem);
}

static void see_clock(struct alm_steps *steps, const struct alm_answer *answer)
{
	long long ahead_ms = figure(answer, "ahead-ms");
	long long off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;
	bool is_bad = off_ms > ALM_CLOCK_SKEW_MS_MAX;

	alm_step_add(steps, "clock",
		is_bad                    ? ALM_STEP_FAILED
		: off_ms > SKEW_WARNED_MS ? ALM_STEP_WARNED
					  : ALM_STEP_GOOD,
		is_bad ? ALM_CLOCK_SKEW : ALM_OK,
		"this machine is %lld.%03lld s %s the broker", off_ms / 1000,
		off_ms % 1000, ahead_ms < 0 ? "behind" : "ahead of");
}

static void see_signature(
	struct alm_steps *steps, const struct alm_answer *answer)
{
	bool is_old = is_fact(answer, "signature", "old");
	bool is_good = is_fact(answer, "signature", "good");

	alm_step_add(steps, "signature",
		is_good  ? ALM_STEP_GOOD
		: is_old ? ALM_STEP_WARNED
			 : ALM_STEP_FAILED,
		is_good || is_old ? ALM_OK : ALM_BAD_SIGNATURE, "%s",
		is_good  ? "what this agent signs verifies"
		: is_old ? "signed with the key before: read the context again"
			 : "the registered signing key is another one");
}

static void see_keys(struct alm_steps *steps, const struct alm_answer *answer)
{
	const char *until = fact(answer, "old-keys-until");
	char by[ALM_INSTANT_TEXT_BYTES] = "";
	int64_t by_s = 0;
	bool is_late;

	(void)snprintf(by, sizeof(by), "%.19sZ", fact(answer, "rotate-by"));
	is_late = alm_instant_parse(by, &by_s) == ALM_OK &&
		  by_s < alm_client_wall_ms() / 1000 + SOON_S;
	if (is_fact(answer, "keys-in-use", "old")) {
		alm_step_add(steps, "keys", ALM_STEP_WARNED, ALM_OK,
			"these are the keys before; they end at %s", until);
		return;
	}
	alm_step_add(steps, "keys", is_late ? ALM_STEP_WARNED : ALM_STEP_GOOD,
		ALM_OK, "in use since %.19sZ; replace them by %s%s%s%s",
		fact(answer, "keys-since"), by,
		is_late ? ": almoner-agent rotate" : "",
		until[0] == '\0' ? "" : "; those before end at ", until);
}

static void see_policy(struct alm_steps *steps, const struct alm_answer *answer)
{
	bool has_policy = figure(answer, "policy-epoch") > 0;
	bool is_in = is_fact(answer, "in-policy", "yes");

	alm_step_add(steps, "policy",
		has_policy && is_in ? ALM_STEP_GOOD : ALM_STEP_FAILED,
		has_policy && is_in ? ALM_OK : ALM_NO_BUNDLE,
		has_policy
			? is_in ? "epoch %s is active and knows %s"
				: "epoch %s is active and does not know %s: "
				  "nothing can be sent to or by it"
			: "epoch %s: no policy is active; nothing is permitted "
			  "to %s",
		fact(answer, "policy-epoch"), fact(answer, "organisation"));
}

static void see_mail(struct alm_steps *steps, const struct alm_answer *answer)
{
	long long waiting = figure(answer, "waiting");

	if (is_fact(answer, "connected", "no")) {
		alm_step_add(steps, "mail",
			waiting > 0 ? ALM_STEP_WARNED : ALM_STEP_SKIPPED,
			ALM_OK,
			"no process of this agent is connected; %lld waits%s%s",
			waiting, waiting > 0 ? ", the oldest since " : "",
			waiting > 0 ? fact(answer, "oldest-at") : "");
		return;
	}
	alm_step_add(steps, "mail", ALM_STEP_GOOD, ALM_OK,
		"this agent is connected and takes %s; it holds %s without an "
		"acknowledgement, %lld waits in all",
		fact(answer, "credit"), fact(answer, "held"), waiting);
}

static void see_answer(struct alm_steps *steps, const struct alm_answer *answer)
{
	bool is_full = figure(answer, "store-used-permille") > PERMILLE_WARNED;

	see_clock(steps, answer);
	see_signature(steps, answer);
	see_keys(steps, answer);
	alm_step_add(steps, "roles",
		is_fact(answer, "roles", "none") ? ALM_STEP_WARNED
						 : ALM_STEP_GOOD,
		ALM_OK, "this agent may %s; categories: %s",
		fact(answer, "roles"), fact(answer, "categories"));
	see_policy(steps, answer);
	alm_step_add(steps, "store", is_full ? ALM_STEP_WARNED : ALM_STEP_GOOD,
		ALM_OK, "the broker's store is %s permille full",
		fact(answer, "store-used-permille"));
	see_mail(steps, answer);
	if (is_fact(answer, "broker-key", "old")) {
		alm_step_add(steps, "broker-key", ALM_STEP_WARNED, ALM_OK,
			"the broker is moving to another key; this agent has "
			"not followed yet");
	}
}

static bool see_broker(struct alm_steps *steps, struct alm_link *link,
	const struct alm_context *context)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_answer answer;
	struct alm_arena arena;
	int64_t from_ms = alm_client_monotonic_ms();
	enum alm_err err;

	alm_arena_init(&arena, ANSWER_BYTES_MAX);
	err = ask(link, context, &arena, &answer, &problem);
	if (err != ALM_OK) {
		alm_step_add(steps, "answer", ALM_STEP_FAILED, err, "%s: %s",
			alm_err_info(err)->sentence, problem.detail);
	} else {
		bool is_us = is_fact(&answer, "organisation",
				     context->organisation) &&
			     is_fact(&answer, "agent", context->agent);

		alm_step_add(steps, "answer",
			is_us ? ALM_STEP_GOOD : ALM_STEP_FAILED,
			is_us ? ALM_OK : ALM_SENDER_MISMATCH,
			"%s knows us as %s of %s; there and back in %lld ms",
			fact(&answer, "version"), fact(&answer, "agent"),
			fact(&answer, "organisation"),
			(long long)(alm_client_monotonic_ms() - from_ms));
		see_answer(steps, &answer);
	}
	alm_arena_fini(&arena);
	return err == ALM_OK;
}

static void see_context(struct alm_steps *steps,
	const struct alm_context *context,
	const struct alm_doctor_options *options)
{
	struct alm_link *link = NULL;

	alm_steps_at(steps, "%s", context->endpoint);
	if (!alm_doctor_reach(steps, context->endpoint, options->timeout_ms) ||
		!alm_doctor_connect(
			steps, context, options->timeout_ms, &link)) {
		return;
	}
	if (see_broker(steps, link, context)) {
		alm_doctor_trial(steps, link, context, options);
	}
	alm_link_close(link, 0);
}

void alm_doctor_agent(
	struct alm_steps *steps, const struct alm_doctor_options *options)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_context context;
	enum alm_err err;

	alm_steps_at(steps, "%s", options->context_file);
	err = alm_context_read(options->context_file, &context, &problem);
	if (err != ALM_OK || sodium_init() < 0) {
		alm_step_add(steps, "context", ALM_STEP_FAILED, err, "%s",
			problem.detail);
		return;
	}
	alm_step_add(steps, "context", ALM_STEP_GOOD, ALM_OK,
		"%s of %s; its key files are private", context.agent,
		context.organisation);
	see_context(steps, &context, options);
	sodium_memzero(&context, sizeof(context));
}
