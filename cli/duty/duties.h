/*
 * duties.h - the obligations that went out with data: of each hand-over, those
 * of its agreement in the policy of that time.  The log has who was given what
 * under which agreement, the store has every policy; nothing else is kept.
 */
#ifndef ALM_CLI_DUTY_DUTIES_H
#define ALM_CLI_DUTY_DUTIES_H

#include "cli/audit/log.h"

/** Hand-overs alike in the first four. */
struct alm_handed {
	const char *basis;
	const char *sender;
	const char *recipient;
	uint64_t epoch;
	uint64_t messages;
	char first[ALM_INSTANT_US_TEXT_BYTES];
	char last[ALM_INSTANT_US_TEXT_BYTES];
	uint64_t seq; /* the record of the first */
};

struct alm_duties {
	struct alm_arena arena;
	uint8_t *seen; /* a bit for each record that was handed over */
	uint64_t seen_max;
	struct alm_handed *items; /* sorted by the first four */
	size_t count;
	size_t capacity;
	bool is_short; /* memory was out */
};

enum alm_duty_state {
	ALM_DUTY_STANDING = 0, /* for as long as they have it */
	ALM_DUTY_OPEN,         /* until a day that is to come */
	ALM_DUTY_DUE,          /* the day has passed; whether it was done is
				* not known here */
};

/** For a log of `size` records.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_duties_init(
	struct alm_duties *duties, uint64_t size);
void alm_duties_fini(struct alm_duties *duties);

/** Count a hand-over; one that is repeated counts once.  False: memory is
 * out. */
bool alm_duties_add(struct alm_duties *duties, const struct alm_log_row *row);

/** The agreement of a bundle; NULL if it has none of that id. */
const struct alm_bundle_basis *alm_duties_basis(
	const struct alm_bundle *bundle, const char *id);

/** What a duty's words tell of its end: those that end in `:YYYY-MM-DD` name a
 * day, inclusive.  Out: that day; "" if they name none. */
enum alm_duty_state alm_duty_state(
	const char *duty, int64_t now_s, char out_day[11]);

#endif /* ALM_CLI_DUTY_DUTIES_H */
