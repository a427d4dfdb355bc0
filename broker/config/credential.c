#include "broker/config/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/id.h"

#define CREDENTIALS_DEFAULT "/etc/almoner"

void alm_credential_path(const char *name, char out[PATH_MAX])
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (strchr(name, '/') != NULL) {
		alm_text_copy(out, PATH_MAX, name);
		return;
	}
	(void)snprintf(out, PATH_MAX, "%.*s/%.*s", PATH_MAX / 2 - 1,
		folder == NULL ? CREDENTIALS_DEFAULT : folder, PATH_MAX / 2 - 1,
		name);
}

enum alm_err alm_credential_read(const char *name, uint8_t key[ALM_KEY_BYTES],
	struct alm_problem *problem)
{
	char path[PATH_MAX];

	alm_credential_path(name, path);
	return alm_key_file_read(path, key, problem);
}
