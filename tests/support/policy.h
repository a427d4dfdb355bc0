/*
 * policy.h - what the policies of the tests have in common, as YAML: pieces to
 * put together, so that a test says only what its own policy is about.
 */
#ifndef ALM_TESTS_SUPPORT_POLICY_H
#define ALM_TESTS_SUPPORT_POLICY_H

#define TEST_TRUST(id) "  - {id: " id ", name: A trust, kind: nhs-trust}\n"
#define TEST_PRACTICE(id) \
	"  - {id: " id ", name: A practice, kind: gp-practice}\n"
#define TEST_CHARITY(id) "  - {id: " id ", name: A charity, kind: charity}\n"

#define TEST_PURPOSE_CARE \
	"  - {id: direct-care, class: care, recipients: [any]}\n"
#define TEST_PURPOSE_PLANNING \
	"  - {id: planning, class: secondary, recipients: [any]}\n"

/** All of a policy up to its agreements: categories as "{id: a}, {id: b}", the
 * rest as rows.  Groups may stand behind the organisations. */
#define TEST_POLICY_HEAD(purposes, categories, organisations) \
	"almoner: 1\n" \
	"bundle: test\n" \
	"kinds: [nhs-trust, gp-practice, charity]\n" \
	"purposes:\n" purposes "categories: [" categories "]\n" \
	"organisations:\n" organisations "agreements:\n"

/** A policy for direct care and planning. */
#define TEST_POLICY(categories, organisations, agreements) \
	TEST_POLICY_HEAD(TEST_PURPOSE_CARE TEST_PURPOSE_PLANNING, categories, \
		organisations) \
	agreements

/** An agreement for direct care, of string literals; any may be "%s". */
#define TEST_CARE_AGREEMENT(id, from, to, categories, level) \
	"  - id: " id "\n" \
	"    title: Care\n" \
	"    from: [" from "]\n" \
	"    to: [" to "]\n" \
	"    purposes: [direct-care]\n" \
	"    categories: [" categories "]\n" \
	"    identifiability: " level "\n" \
	"    relationship: not-required\n" \
	"    consent: implied\n" \
	"    opt-out: not-applicable\n" \
	"    valid: 2020-01-01 until further notice\n" \
	"    law: {article-6: 6(1)(e), article-9: 9(2)(h), " \
	"confidentiality: implied-consent}\n" \
	"    evidence: [DPIA-1]\n" \
	"    approved-by: [guardian, owner]\n"

/** The same for planning; `opt_out` is what becomes of those who opted out. */
#define TEST_PLANNING_AGREEMENT(id, from, to, categories, opt_out) \
	"  - id: " id "\n" \
	"    title: Planning\n" \
	"    from: [" from "]\n" \
	"    to: [" to "]\n" \
	"    purposes: [planning]\n" \
	"    categories: [" categories "]\n" \
	"    identifiability: identifiable\n" \
	"    relationship: not-required\n" \
	"    consent: not-required\n" \
	"    opt-out: " opt_out "\n" \
	"    valid: 2020-01-01 until further notice\n" \
	"    law: {article-6: 6(1)(e), article-9: 9(2)(h), " \
	"confidentiality: not-applicable}\n" \
	"    evidence: [DPIA-2, S251]\n" \
	"    approved-by: [guardian, owner]\n"

#endif /* ALM_TESTS_SUPPORT_POLICY_H */
