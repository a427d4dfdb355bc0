/*
 * Goal: a doctor's letter goes there and back to who wrote it and to nobody
 * else, is kept and recorded, and is refused where a message would be; asking
 * what a message would be answered leaves its trace and sends nothing.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "lib/id.h"
#include "lib/join.h"
#include "tests/support/peer.h"

static struct test_broker broker;
static struct test_peer sender;
static struct test_peer other;

static void open_all(void)
{
	test_broker_open(&broker, "");
	test_broker_activate(&broker, test_policy);
	test_peer_enrol(&sender, &broker, "RX1");
	test_peer_enrol(&other, &broker, "C84001");
	test_peer_connect(&sender, &broker);
	test_peer_connect(&other, &broker);
}

static void close_all(void)
{
	test_peer_free(&sender);
	test_peer_free(&other);
	test_broker_close(&broker);
}

TestSuite(trial, .init = open_all, .fini = close_all, .timeout = 1800);

static struct alm_answer ask(struct test_peer *peer, const char *verb,
	const struct alm_argument *arguments, size_t count)
{
	test_peer_say(peer, &(struct alm_envelope){.kind = ALM_ENVELOPE_QUERY,
				    .request = {.id = 1,
					    .verb = verb,
					    .arguments = arguments,
					    .argument_count = count}});
	return test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer;
}

static const char *fact(const struct alm_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->fact_count; i++) {
		if (strcmp(answer->facts[i].key, key) == 0) {
			return answer->facts[i].value;
		}
	}
	return "";
}

/* By `peer`, in the context of a trial. */
static void sign(const struct test_peer *peer, int64_t at_ms,
	const char *content, char out[2 * ALM_SIGNATURE_BYTES + 1])
{
	size_t bytes = strlen(content) / 2;
	uint8_t raw[8 + 512];
	uint8_t digest[ALM_DIGEST_BYTES];
	uint8_t signature[ALM_SIGNATURE_BYTES];

	alm_put_u64(raw, (uint64_t)at_ms);
	cr_assert_eq(alm_unhex(content, raw + 8, bytes), ALM_OK);
	(void)crypto_hash_sha256(digest, raw, 8 + bytes);
	alm_digest_sign(
		ALM_TRIAL_CONTEXT, digest, peer->signing_secret, signature);
	alm_hex(signature, sizeof(signature), out);
}

static struct alm_answer try_at(struct test_peer *peer, int64_t at_ms,
	const char *content, const char *to)
{
	char signature[2 * ALM_SIGNATURE_BYTES + 1];
	char at_text[24];
	const struct alm_argument arguments[] = {{"at", at_text},
		{"content", content}, {"signature", signature}, {"to", to},
		{"purpose", "direct-care"}, {"categories", "discharge"},
		{"level", "identifiable"}};

	sign(peer, at_ms, content, signature);
	(void)snprintf(at_text, sizeof(at_text), "%lld", (long long)at_ms);
	return ask(peer, "agent.trial", arguments,
		to == NULL ? 3 : ALM_COUNT(arguments));
}

static struct alm_answer with_seq(
	struct test_peer *peer, const char *verb, const char *seq)
{
	const struct alm_argument arguments[] = {{"seq", seq}};

	return ask(peer, verb, arguments, 1);
}

Test(trial, goes_to_who_wrote_it_and_to_nobody_else)
{
	struct alm_answer answer =
		try_at(&sender, test_now_ms(), "c0ffee", NULL);
	char seq[24];

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_str_eq(fact(&answer, "rule"), "206");
	(void)snprintf(seq, sizeof(seq), "%s", fact(&answer, "seq"));
	answer = with_seq(&other, "agent.trial.take", seq);
	cr_expect_eq(answer.code, ALM_UNKNOWN_SEQUENCE);
	cr_expect_eq(test_broker_figure(&broker, "accepted"), 0);
	answer = with_seq(&sender, "agent.trial.take", seq);
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_str_eq(fact(&answer, "content"), "c0ffee");
	answer = with_seq(&sender, "agent.trial.end", seq);
	cr_expect_eq(answer.code, ALM_OK, "%s", answer.detail);
	answer = with_seq(&sender, "agent.trial.end", seq);
	cr_expect_eq(answer.code, ALM_UNKNOWN_SEQUENCE);
	answer = with_seq(&sender, "agent.trial.take", seq);
	cr_expect_eq(answer.code, ALM_UNKNOWN_SEQUENCE);
}

Test(trial, is_refused_where_a_message_would_be)
{
	uint8_t key[64];
	struct alm_answer answer = try_at(&sender,
		test_now_ms() - ALM_CLOCK_SKEW_MS_MAX - 60000, "00", NULL);

	cr_expect_eq(answer.code, ALM_CLOCK_SKEW);
	memcpy(key, sender.signing_secret, sizeof(key));
	memcpy(sender.signing_secret, other.signing_secret, sizeof(key));
	answer = try_at(&sender, test_now_ms(), "00", NULL);
	cr_expect_eq(answer.code, ALM_BAD_SIGNATURE);
	memcpy(sender.signing_secret, key, sizeof(key));
	answer = try_at(&sender, test_now_ms(), "", NULL);
	cr_expect_eq(answer.code, ALM_BAD_ARGUMENT);
	answer = with_seq(&sender, "agent.trial.take", "1");
	cr_expect_eq(answer.code, ALM_UNKNOWN_SEQUENCE);
	/* Whom the policy does not know may not even write to itself. */
	test_peer_disconnect(&other);
	test_peer_free(&other);
	test_peer_enrol(&other, &broker, "NOBODY");
	test_peer_connect(&other, &broker);
	answer = try_at(&other, test_now_ms(), "00", NULL);
	cr_expect_eq(answer.code, ALM_REASON_201);
}

Test(trial, takes_256_bytes_and_no_more)
{
	char content[2 * 257 + 1];
	struct alm_answer answer;

	memset(content, 'a', sizeof(content));
	content[(size_t)2 * 257] = '\0';
	answer = try_at(&sender, test_now_ms(), content, NULL);
	cr_expect_eq(answer.code, ALM_BAD_ARGUMENT);
	content[(size_t)2 * 256] = '\0';
	answer = try_at(&sender, test_now_ms(), content, NULL);
	cr_expect_eq(answer.code, ALM_OK, "%s", answer.detail);
}

Test(trial, says_what_a_message_would_be_answered_and_sends_none)
{
	struct alm_answer answer =
		try_at(&sender, test_now_ms(), "00", "C84001");

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_neq(fact(&answer, "effect")[0], '\0');
	cr_expect_eq(test_broker_figure(&broker, "accepted"), 0);
	cr_expect_eq(test_broker_figure(&broker, "refused"), 0);
	/* From the other's side it does not even show that it was asked. */
	test_peer_hello(&other, 1);
	answer = ask(&other, "audit.query",
		(const struct alm_argument[]){
			{"kind", "path-trial"}, {"reason", "a test"}},
		2);
	cr_expect_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_eq(answer.row_count, 0);
}
