/*
 * reload.h - the settings as the command line, files and environment say, at
 * the start and again while the broker runs.
 */
#ifndef ALM_BROKER_RELOAD_H
#define ALM_BROKER_RELOAD_H

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
 * Read them again and let them take effect, all or none of them.
 * Errors:  as above, and CONFIG: a setting differs that needs a restart; the
 *          broker goes on with what it had
 */
ALM_MUST_USE enum alm_err alm_reload(struct alm_broker *broker,
	const struct alm_settings_source *source, struct alm_problem *problem);

#endif /* ALM_BROKER_RELOAD_H */
