/*
 * reload.h - the settings as the command line, files and environment say, at
 * the start and again while the broker runs.
 */
#ifndef ALM_BROKER_LOOP_RELOAD_H
#define ALM_BROKER_LOOP_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "broker/config/settings.h"
#include "lib/err.h"

struct alm_broker;

/** Where settings come from, besides the environment.  Borrowed. */
struct alm_settings_source {
	const char *config;     /* a file; NULL: the usual place */
	char *const *overrides; /* NAME=VALUE of --set */
	size_t override_count;
};

/** Errors: as alm_settings_load() and alm_settings_set(). */
ALM_MUST_USE enum alm_err alm_settings_gather(
	const struct alm_settings_source *source, struct alm_settings *out,
	struct alm_problem *problem);

/**
 * Read again what the broker was started with.
 * Out:     out_changed  what differs from what is in force
 * Errors:  as above, and CONFIG: of these some need a restart; `problem` names
 *          them, and both are set
 */
ALM_MUST_USE enum alm_err alm_reload_read(const struct alm_broker *broker,
	struct alm_settings *out_fresh, bool out_changed[ALM_SETTING_COUNT],
	struct alm_problem *problem);

/** What was read takes effect, all of it.  Errors: NOMEM: none of it. */
ALM_MUST_USE enum alm_err alm_reload_apply(
	struct alm_broker *broker, const struct alm_settings *fresh);

/** Say in the journal and in `almoner status` what became of it. */
void alm_reload_tell(
	struct alm_broker *broker, const struct alm_problem *problem);

/** All three, for a signal. */
void alm_reload(struct alm_broker *broker);

#endif /* ALM_BROKER_LOOP_RELOAD_H */
