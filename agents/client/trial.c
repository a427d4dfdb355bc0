/*
 * A letter of random bytes to ourselves: signed, judged, kept and recorded as
 * a trial, handed back and acknowledged.  The rule lets nobody send to itself,
 * so it is in no mailbox, and no other process of this agent is disturbed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "agents/client/clock.h"
#include "agents/client/doctor.h"
#include "lib/id.h"
#include "lib/join.h"

#define CONTENT_BYTES 64u
#define ANSWER_BYTES_MAX ((size_t)1024 * 1024)

struct trial {
	uint8_t content[CONTENT_BYTES];
	char content_text[2 * CONTENT_BYTES + 1];
	char signature_text[2 * ALM_SIGNATURE_BYTES + 1];
	char at_text[24];
	char seq_text[24];
};

static void make_trial(const struct alm_context *context, struct trial *trial)
{
	int64_t at_ms = alm_client_wall_ms();
	uint8_t signature[ALM_SIGNATURE_BYTES];
	uint8_t raw[8 + CONTENT_BYTES];
	uint8_t digest[ALM_DIGEST_BYTES];

	randombytes_buf(trial->content, CONTENT_BYTES);
	alm_put_u64(raw, (uint64_t)at_ms);
	memcpy(raw + 8, trial->content, CONTENT_BYTES);
	(void)crypto_hash_sha256(digest, raw, sizeof(raw));
	alm_digest_sign(
		ALM_TRIAL_CONTEXT, digest, context->signing_key, signature);
	alm_hex(signature, sizeof(signature), trial->signature_text);
	alm_hex(trial->content, CONTENT_BYTES, trial->content_text);
	(void)snprintf(trial->at_text, sizeof(trial->at_text), "%lld",
		(long long)at_ms);
}

/* --- the decision -------------------------------------------------------- */

/* These say that more must be known of a person, which a trial has not. */
static bool is_about_person(int code)
{
	return code == ALM_REASON_401 || code == ALM_REASON_405 ||
	       code == ALM_REASON_410 || code == ALM_REASON_501;
}

static void tell_denied(struct alm_steps *steps,
	const struct alm_answer *answer, const struct alm_doctor_options *asked)
{
	int code = (int)strtol(alm_doctor_fact(answer, "code"), NULL, 10);
	const struct alm_err_info *info = alm_err_info((enum alm_err)code);
	const char *nearest = alm_doctor_fact(answer, "nearest");
	bool depends = is_about_person(code);

	alm_step_add(steps, "decision",
		depends ? ALM_STEP_WARNED : ALM_STEP_FAILED, (enum alm_err)code,
		"%s for %s of %s to %s: %s%s (%s)%s%s", asked->level,
		asked->purpose, asked->categories, asked->to,
		depends ? "it depends on the person: " : "", info->sentence,
		alm_doctor_fact(answer, "reasons"),
		nearest[0] == '\0' ? "" : "; nearest: ", nearest);
	alm_step_do(steps, "%s", info->hint);
}

static void tell_decision(struct alm_steps *steps,
	const struct alm_answer *answer, const struct alm_doctor_options *asked)
{
	const char *effect = alm_doctor_fact(answer, "effect");

	if (asked->to == NULL || effect[0] == '\0') {
		return;
	}
	if (strcmp(effect, "deny") == 0) {
		tell_denied(steps, answer, asked);
		return;
	}
	alm_step_add(steps, "decision", ALM_STEP_GOOD, ALM_OK,
		"%s for %s of %s to %s: %s under %s, %s as %s%s%s",
		asked->level, asked->purpose, asked->categories, asked->to,
		effect, alm_doctor_fact(answer, "basis"),
		alm_doctor_fact(answer, "release"),
		alm_doctor_fact(answer, "level"),
		alm_doctor_fact(answer, "reasons")[0] == '\0' ? "" : "; notes ",
		alm_doctor_fact(answer, "reasons"));
}

/* --- there and back ------------------------------------------------------ */

static bool tell_failed(struct alm_steps *steps, const char *name,
	enum alm_err err, const struct alm_problem *problem)
{
	alm_step_add(steps, name, ALM_STEP_FAILED, err, "%s%s%s",
		alm_err_info(err)->sentence,
		problem->detail[0] == '\0' ? "" : " ", problem->detail);
	return false;
}

static bool send_trial(struct alm_steps *steps, struct alm_link *link,
	struct trial *trial, const struct alm_doctor_options *asked,
	struct alm_arena *arena)
{
	const struct alm_argument arguments[] = {
		{"at", trial->at_text},
		{"content", trial->content_text},
		{"signature", trial->signature_text},
		{"to", asked->to},
		{"purpose", asked->purpose},
		{"categories", asked->categories},
		{"level", asked->level},
		{"basis", asked->basis == NULL ? "" : asked->basis},
	};
	/* Somebody else's doctor was here just now. */
	const struct timespec apart = {1, 100000000};
	size_t count = asked->to == NULL ? 3 : ALM_COUNT(arguments);
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	int64_t from_ms = alm_client_monotonic_ms();
	struct alm_answer answer;
	enum alm_err err = alm_doctor_ask(link, "agent.trial", arguments, count,
		arena, &answer, &problem);

	if (err == ALM_TRIAL_SOON) {
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &apart, NULL);
		from_ms = alm_client_monotonic_ms();
		err = alm_doctor_ask(link, "agent.trial", arguments, count,
			arena, &answer, &problem);
	}
	if (err != ALM_OK) {
		return tell_failed(steps, "accepted", err, &problem);
	}
	tell_decision(steps, &answer, asked);
	(void)snprintf(trial->seq_text, sizeof(trial->seq_text), "%s",
		alm_doctor_fact(&answer, "seq"));
	alm_step_add(steps, "accepted", ALM_STEP_GOOD, ALM_OK,
		"a letter to ourselves: signature good, decided in %s us (%s: "
		"no message, a trial), record %s; on disk and answered after "
		"%lld ms, of which a commit takes some %s us",
		alm_doctor_fact(&answer, "decide-us"),
		alm_doctor_fact(&answer, "rule"), trial->seq_text,
		(long long)(alm_client_monotonic_ms() - from_ms),
		alm_doctor_fact(&answer, "commit-us"));
	return true;
}

static bool take_trial(struct alm_steps *steps, struct alm_link *link,
	const struct trial *trial, struct alm_arena *arena)
{
	const struct alm_argument arguments[] = {{"seq", trial->seq_text}};
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	int64_t from_ms = alm_client_monotonic_ms();
	struct alm_answer answer;
	enum alm_err err = alm_doctor_ask(link, "agent.trial.take", arguments,
		ALM_COUNT(arguments), arena, &answer, &problem);

	if (err == ALM_OK && strcmp(alm_doctor_fact(&answer, "content"),
				     trial->content_text) != 0) {
		err = ALM_ECHO_WRONG;
	}
	if (err != ALM_OK) {
		return tell_failed(steps, "delivered", err, &problem);
	}
	alm_step_add(steps, "delivered", ALM_STEP_GOOD, ALM_OK,
		"read back from disk and handed over whole, after %lld ms",
		(long long)(alm_client_monotonic_ms() - from_ms));
	return true;
}

static void end_trial(struct alm_steps *steps, struct alm_link *link,
	const struct trial *trial, struct alm_arena *arena)
{
	const struct alm_argument arguments[] = {{"seq", trial->seq_text}};
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	int64_t from_ms = alm_client_monotonic_ms();
	struct alm_answer answer;
	enum alm_err err = alm_doctor_ask(link, "agent.trial.end", arguments,
		ALM_COUNT(arguments), arena, &answer, &problem);

	if (err != ALM_OK) {
		(void)tell_failed(steps, "acknowledged", err, &problem);
		return;
	}
	alm_step_add(steps, "acknowledged", ALM_STEP_GOOD, ALM_OK,
		"taken out and recorded, after %lld ms",
		(long long)(alm_client_monotonic_ms() - from_ms));
}

void alm_doctor_trial(struct alm_steps *steps, struct alm_link *link,
	const struct alm_context *context,
	const struct alm_doctor_options *options)
{
	struct alm_arena arena;
	struct trial trial;

	alm_arena_init(&arena, ANSWER_BYTES_MAX);
	make_trial(context, &trial);
	if (send_trial(steps, link, &trial, options, &arena) &&
		take_trial(steps, link, &trial, &arena)) {
		end_trial(steps, link, &trial, &arena);
	}
	alm_arena_fini(&arena);
}
