/*
 * officers.h - people of policy for the integration tests: they have keys,
 * and sign what they ask of a real broker.
 */
#ifndef ALM_TESTS_SUPPORT_OFFICERS_H
#define ALM_TESTS_SUPPORT_OFFICERS_H

#include "lib/statement.h"
#include "tests/support/broker.h"

struct test_officer {
	const char *name;
	uint8_t seed[32];
	char key[65]; /* public, hex */
};

void test_officer_make(struct test_officer *officer, const char *name);

/** Register; `by` NULL: while no guardian is. */
struct alm_answer test_officer_register(struct test_broker *broker,
	const struct test_officer *officer, const char *role,
	const struct test_officer *by);
struct alm_answer test_officer_revoke(struct test_broker *broker,
	const struct test_officer *officer, const char *role, unsigned number,
	const struct test_officer *by);

/** A policy file's digest, as officers sign it. */
struct alm_digest test_policy_digest(const char *yaml);

/** Propose `yaml`, or with NULL to go back to epoch `rollback`, of which
 * `digest` is the content. */
struct alm_answer test_propose(struct test_broker *broker,
	const struct test_officer *officer, const char *yaml, unsigned rollback,
	const struct alm_digest *digest);
/** Approve; signs `signed_digest` and claims `claimed`. */
struct alm_answer test_approve(struct test_broker *broker,
	const struct test_officer *officer, uint64_t proposal, uint64_t base,
	const struct alm_digest *claimed,
	const struct alm_digest *signed_digest, const char *what);
struct alm_answer test_activate_proposal(
	struct test_broker *broker, uint64_t proposal);
struct alm_answer test_emergency(struct test_broker *broker,
	const struct test_officer *officer, const char *yaml);

#endif /* ALM_TESTS_SUPPORT_OFFICERS_H */
