/*
 * role.h - what an agent may do, and with which categories, as the registry
 * keeps it and as people write it.  Pure.
 */
#ifndef ALM_LIB_ROLE_H
#define ALM_LIB_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/limits.h"

enum alm_role {
	ALM_ROLE_SEND = 1,
	ALM_ROLE_RECEIVE = 2,
	ALM_ROLE_QUERY = 4,
	ALM_ROLES_ALL = 7,
};

#define ALM_ROLES_TEXT_BYTES sizeof("send,receive,query")

/** `send`, `receive` and `query` with commas between; `all` and `none`.
 * Errors: VALUE_BAD: another word, or one that stands twice. */
ALM_MUST_USE enum alm_err alm_roles_parse(const char *text, uint8_t *out_roles);
void alm_roles_text(uint8_t roles, char out[ALM_ROLES_TEXT_BYTES]);

#define ALM_AGENT_CATEGORIES_BYTES (ALM_AGENT_CATEGORIES_BYTES_MAX + 1u)

/**
 * A list of categories as the registry keeps it: ids, ascending, each once,
 * with commas between.  "" is no limit; so is `any`, which becomes "".
 * Errors: VALUE_BAD: not ids; FIELD_TOO_LARGE.
 */
ALM_MUST_USE enum alm_err alm_categories_parse(
	const char *text, char out[ALM_AGENT_CATEGORIES_BYTES]);

/** Whether a kept list holds `category`, of `bytes` bytes; "" holds none. */
bool alm_categories_hold(const char *list, const char *category, size_t bytes);

/** The same of every category in a text with commas between, which may be
 * empty. */
bool alm_categories_hold_all(const char *list, const char *categories);

#endif /* ALM_LIB_ROLE_H */
