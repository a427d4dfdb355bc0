/*
 * credential.h - the key files that settings name.  A name without a slash is
 * one among the credentials, which the service manager puts into a folder of
 * its own.
 */
#ifndef ALM_BROKER_CONFIG_CREDENTIAL_H
#define ALM_BROKER_CONFIG_CREDENTIAL_H

#include <limits.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/file.h"

/** Where the file of this name is; cut off at PATH_MAX. */
void alm_credential_path(const char *name, char out[PATH_MAX]);

/** The key in it, which the caller clears.
 * Errors: KEY_FILE, KEY_FILE_MODE. */
ALM_MUST_USE enum alm_err alm_credential_read(const char *name,
	uint8_t key[ALM_KEY_BYTES], struct alm_problem *problem);

#endif /* ALM_BROKER_CONFIG_CREDENTIAL_H */
