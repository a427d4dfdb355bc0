/*
 * summary.h - a treatment summary: a payload with a standard, so that its
 * fields can be told apart and taken out.  Included once, by the test, whose
 * payload is made of the fields below.
 */
#ifndef ALM_TESTS_SUPPORT_SUMMARY_H
#define ALM_TESTS_SUPPORT_SUMMARY_H

#include "tests/support/peer.h"

#define CONTACT \
	"\x12\x09\x12\x07" \
	"NG5 1PB"
#define DISCHARGED \
	"\x2A\x0A" \
	"2026-11-20"
/* And what is left of these below identifiable. */
#define CONTACT_NEAR \
	"\x12\x05\x12\x03" \
	"NG5"
#define DISCHARGED_IN \
	"\x2A\x07" \
	"2026-11"
#define ALLERGIES \
	"\x4A\x09" \
	"123456789"
#define RESTRICTED \
	"\x8A\x01\x07" \
	"history"

/** Of the categories treatment-summary and medications; change what the test
 * is about. */
static inline struct alm_message summary_to(
	const struct test_peer *from, const char *recipient)
{
	static const char *const categories[] = {
		"treatment-summary", "medications"};
	struct alm_message message = test_message(from, recipient);

	message.categories = (struct alm_texts){categories, 2};
	message.standard = "treatment-summary";
	message.standard_version = "1.0.0";
	return message;
}

/** The same to several. */
static inline struct alm_message summary_to_several(
	const struct test_peer *from, const char *const *recipients,
	size_t recipient_count)
{
	struct alm_message message = summary_to(from, "");

	message.recipients = (struct alm_texts){recipients, recipient_count};
	return message;
}

/** With contact as well, to a practice alone or to RHA too. */
static inline struct alm_message summary_with_contact(
	const struct test_peer *from, bool is_to_several)
{
	static const char *const categories[] = {
		"treatment-summary", "medications", "contact"};
	static const char *const several[] = {"C84001", "RHA"};
	struct alm_message message =
		is_to_several ? summary_to_several(from, several, 2)
			      : summary_to(from, "C84001");

	message.categories = (struct alm_texts){categories, 3};
	return message;
}

#endif /* ALM_TESTS_SUPPORT_SUMMARY_H */
