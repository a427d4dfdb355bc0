/* policy.h - what the policies of the tests have in common, as YAML. */
#ifndef ALM_TESTS_SUPPORT_POLICY_H
#define ALM_TESTS_SUPPORT_POLICY_H

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

#endif /* ALM_TESTS_SUPPORT_POLICY_H */
