/*
 * reload.h - the settings as the command line, files and environment say, at
 * the start and again while the broker runs.
 */
#ifndef ALM_BROKER_LOOP_RELOAD_H
#define ALM_BROKER_LOOP_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/config/settings.h"
#include "lib/err.h"

struct alm_arena;
struct alm_broker;
struct alm_detail;
struct alm_turn;

/** Where settings come from, besides the environment.  Borrowed. */
struct alm_settings_source {
	const char *config;     /* a file; NULL: the usual place */
	char *const *overrides; /* NAME=VALUE of --set */
	size_t override_count;
};

/** Part of the broker, which begins as zeros. */
struct alm_reload {
	const struct alm_settings_source *source; /* borrowed */
	int64_t at_us;                            /* last tried; 0: never */
	struct alm_problem problem;               /* why it was refused */
	bool is_asked;                            /* by a signal: */
	uint32_t user;
	uint32_t process;
	struct alm_settings before; /* this turn */
	struct alm_problem tried;   /* in it, and what became of that */
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

/** A setting's value as a file has it, cut to ALM_TEXT_BYTES_MAX; NULL when
 * memory is out. */
const char *alm_reload_value(struct alm_arena *arena,
	const struct alm_settings *settings, enum alm_setting setting);

/** What was read takes effect, all of it, and what is different is recorded
 * behind the lines of `detail`.  Errors: of these none of it takes effect. */
ALM_MUST_USE enum alm_err alm_reload_take(struct alm_turn *turn,
	struct alm_detail *detail, const struct alm_settings *fresh,
	const bool changed[ALM_SETTING_COUNT]);

/** What became of it; it is said once the turn is committed. */
void alm_reload_note(struct alm_turn *turn, const struct alm_problem *problem);

/** Say in the journal and in `almoner status` what was noted. */
void alm_reload_committed(struct alm_turn *turn);

/** All of that, if a signal has asked for it. */
ALM_MUST_USE enum alm_err alm_reload_if_asked(struct alm_turn *turn);

/** The turn is taken back, and with it what took effect in it. */
void alm_reload_undo(struct alm_turn *turn);

#endif /* ALM_BROKER_LOOP_RELOAD_H */
