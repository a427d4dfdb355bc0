/* terms.h - the terms of the one agreement that a bench sends under: care, with
 * implied consent, of which nobody has opted out. */
#ifndef ALM_CLI_BENCH_TERMS_H
#define ALM_CLI_BENCH_TERMS_H

/** The last lines of an agreement in YAML, after its categories. */
/* clang-format off */
#define ALM_BENCH_TERMS \
	"    identifiability: identifiable\n" \
	"    relationship: not-required\n" \
	"    consent: implied\n" \
	"    opt-out: not-applicable\n" \
	"    valid: 2020-01-01 until further notice\n" \
	"    law: {article-6: 6(1)(e), article-9: 9(2)(h), " \
	"confidentiality: implied-consent}\n" \
	"    evidence: [DPIA-1]\n" \
	"    approved-by: [guardian, owner]\n"
/* clang-format on */

#endif /* ALM_CLI_BENCH_TERMS_H */
