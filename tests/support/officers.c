#include "tests/support/officers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/policy.h"
#include "lib/id.h"

#define REASON "as agreed"
#define NONE ((const char *const[]){NULL})

/* What stands around the next signature. */
struct standing {
	uint8_t store_id[16];
	uint64_t epoch;
	uint64_t next_proposal;
};

void test_officer_make(struct test_officer *officer, const char *name)
{
	uint8_t key[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	officer->name = name;
	randombytes_buf(officer->seed, sizeof(officer->seed));
	crypto_sign_seed_keypair(key, secret, officer->seed);
	alm_hex(key, sizeof(key), officer->key);
}

static struct standing standing_of(struct test_broker *broker)
{
	struct standing standing;
	struct alm_answer answer =
		test_broker_ask(broker, "policy.proposals", NONE);

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_assert_eq(alm_unhex(test_fact(&answer, "store-id"),
			     standing.store_id, 16),
		ALM_OK);
	standing.epoch = test_number(&answer, "policy-epoch");
	standing.next_proposal = test_number(&answer, "next-proposal");
	return standing;
}

static void sign(const struct test_officer *officer,
	struct alm_statement *statement, char out[129])
{
	uint8_t signature[64];

	statement->by = officer->name;
	statement->reason = REASON;
	cr_assert_eq(alm_statement_sign(statement, officer->seed, signature),
		ALM_OK);
	alm_hex(signature, sizeof(signature), out);
}

static void say_officer(
	char out[256], const struct test_officer *officer, const char *role)
{
	snprintf(out, 256, "%s %s %s", officer->name, role, officer->key);
}

struct alm_answer test_officer_register(struct test_broker *broker,
	const struct test_officer *officer, const char *role,
	const struct test_officer *by)
{
	struct alm_answer list = test_broker_ask(broker, "officer.list", NONE);
	struct alm_statement statement = {.act = ALM_ACT_REGISTER,
		.number = test_number(&list, "next-officer"),
		.base = test_number(&list, "policy-epoch")};
	char signature[129];
	char what[256];

	if (by == NULL) {
		return test_broker_ask(broker, "officer.register",
			(const char *const[]){"name", officer->name, "role",
				role, "key", officer->key, "reason", REASON,
				NULL});
	}
	memcpy(statement.store_id, standing_of(broker).store_id, 16);
	say_officer(what, officer, role);
	statement.what = what;
	sign(by, &statement, signature);
	return test_broker_ask(broker, "officer.register",
		(const char *const[]){"name", officer->name, "role", role,
			"key", officer->key, "officer", by->name, "signature",
			signature, "reason", REASON, NULL});
}

struct alm_answer test_officer_revoke(struct test_broker *broker,
	const struct test_officer *officer, const char *role, unsigned number,
	const struct test_officer *by)
{
	struct standing standing = standing_of(broker);
	struct alm_statement statement = {.act = ALM_ACT_REVOKE,
		.number = number,
		.base = standing.epoch};
	char signature[129];
	char what[256];

	memcpy(statement.store_id, standing.store_id, 16);
	say_officer(what, officer, role);
	statement.what = what;
	sign(by, &statement, signature);
	return test_broker_ask(broker, "officer.revoke",
		(const char *const[]){"name", officer->name, "officer",
			by->name, "signature", signature, "reason", REASON,
			NULL});
}

struct alm_digest test_policy_digest(const char *yaml)
{
	const struct alm_policy_file file = {.name = "policy.yaml",
		.content = {(const uint8_t *)yaml, strlen(yaml)}};
	struct alm_hash *hash = alm_hash_new();
	struct alm_digest digest;

	alm_policy_digest(hash, &file, 1, &digest);
	alm_hash_free(hash);
	return digest;
}

static struct alm_attachment attach(const char *yaml)
{
	return (struct alm_attachment){.name = "policy.yaml",
		.content = {(const uint8_t *)yaml,
			yaml == NULL ? 0 : strlen(yaml)}};
}

struct alm_answer test_propose(struct test_broker *broker,
	const struct test_officer *officer, const char *yaml, unsigned rollback,
	const struct alm_digest *digest)
{
	struct standing standing = standing_of(broker);
	struct alm_statement statement = {.act = ALM_ACT_PROPOSE,
		.number = standing.next_proposal,
		.base = standing.epoch,
		.what = ""};
	struct alm_attachment file = attach(yaml);
	char what[32];
	char signature[129];
	char number[24];
	char base[24];

	memcpy(statement.store_id, standing.store_id, 16);
	statement.content = yaml == NULL ? *digest : test_policy_digest(yaml);
	snprintf(
		number, sizeof(number), "%u", (unsigned)standing.next_proposal);
	snprintf(base, sizeof(base), "%u", (unsigned)standing.epoch);
	if (yaml == NULL) {
		snprintf(what, sizeof(what), "epoch %u", rollback);
		statement.what = what;
	}
	sign(officer, &statement, signature);
	return test_broker_attach(broker, "policy.propose",
		(const char *const[]){"number", number, "base", base, "officer",
			officer->name, "signature", signature, "reason", REASON,
			yaml == NULL ? "rollback" : NULL, what + 6, NULL},
		&file, yaml == NULL ? 0 : 1);
}

struct alm_answer test_approve(struct test_broker *broker,
	const struct test_officer *officer, uint64_t proposal, uint64_t base,
	const struct alm_digest *claimed,
	const struct alm_digest *signed_digest, const char *what)
{
	struct alm_statement statement = {.act = ALM_ACT_APPROVE,
		.number = proposal,
		.base = base,
		.content = *signed_digest,
		.what = what};
	char digest[65];
	char signature[129];
	char number[24];

	memcpy(statement.store_id, standing_of(broker).store_id, 16);
	snprintf(number, sizeof(number), "%u", (unsigned)proposal);
	alm_hex(claimed->raw, sizeof(claimed->raw), digest);
	sign(officer, &statement, signature);
	return test_broker_ask(broker, "policy.approve",
		(const char *const[]){"proposal", number, "digest", digest,
			"officer", officer->name, "signature", signature,
			"reason", REASON, NULL});
}

struct alm_answer test_activate_proposal(
	struct test_broker *broker, uint64_t proposal)
{
	char number[24];

	snprintf(number, sizeof(number), "%u", (unsigned)proposal);
	return test_broker_ask(broker, "policy.activate",
		(const char *const[]){
			"proposal", number, "reason", REASON, NULL});
}

struct alm_answer test_emergency(struct test_broker *broker,
	const struct test_officer *officer, const char *yaml)
{
	struct standing standing = standing_of(broker);
	struct alm_statement statement = {.act = ALM_ACT_EMERGENCY,
		.number = standing.epoch + 1,
		.base = standing.epoch,
		.content = test_policy_digest(yaml),
		.what = ""};
	struct alm_attachment file = attach(yaml);
	char signature[129];

	memcpy(statement.store_id, standing.store_id, 16);
	sign(officer, &statement, signature);
	return test_broker_attach(broker, "policy.activate",
		(const char *const[]){"emergency", "yes", "officer",
			officer->name, "signature", signature, "reason", REASON,
			NULL},
		&file, 1);
}
