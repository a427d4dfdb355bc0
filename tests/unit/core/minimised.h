/*
 * minimised.h - views of payloads of the standard written by hand, and what is
 * in them.  Included once, by a test of core.
 */
#ifndef ALM_TESTS_UNIT_CORE_MINIMISED_H
#define ALM_TESTS_UNIT_CORE_MINIMISED_H

#include <criterion/criterion.h>

#include "broker/core/minimise.h"
#include "tests/unit/core/standard_table.h"

static const char *const everything[] = {
	"contact", "diagnosis", "restricted", "counts"};
static const uint8_t broker_pseudonym[] = "PSEUDONYMPSEUDON";
static struct alm_withheld withheld;

struct result {
	uint8_t data[8192];
	size_t bytes;
};

static inline struct alm_view view_all(
	enum alm_level sent, enum alm_level level)
{
	return (struct alm_view){.released = everything,
		.released_count = ALM_COUNT(everything),
		.sent = sent,
		.level = level,
		.pseudonym = broker_pseudonym,
		.made_ms = TABLE_MADE_MS};
}

static inline struct result minimise(
	struct alm_bytes payload, const struct alm_view *view)
{
	struct result r;

	cr_assert_eq(alm_minimise(&table, payload, view, r.data, sizeof(r.data),
			     &r.bytes, &withheld),
		ALM_OK);
	return r;
}

static inline bool holds(const struct result *r, const char *text)
{
	return memmem(r->data, r->bytes, text, strlen(text)) != NULL;
}

static inline bool was_withheld(const char *path)
{
	for (size_t i = 0; i < withheld.count; i++) {
		if (strcmp(withheld.paths[i], path) == 0) {
			return true;
		}
	}
	return false;
}

#endif /* ALM_TESTS_UNIT_CORE_MINIMISED_H */
