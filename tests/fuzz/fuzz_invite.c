/* The invite file, which comes by mail: whatever it holds, it is read as an
 * invite that can be written and read again, or refused with its place. */
#include <string.h>
#include <unistd.h>

#include "agents/include/almoner_identity.h"
#include "lib/id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_invite_file invite;
	enum alm_err err = alm_invite_parse(
		"fuzz", (struct alm_bytes){data, bytes}, &invite, &problem);

	if (err == ALM_OK) {
		struct alm_invite_keys keys;

		ALM_ASSERT(alm_id_is_valid(invite.organisation));
		ALM_ASSERT(alm_id_is_valid(invite.agent));
		ALM_ASSERT(invite.number > 0);
		ALM_ASSERT(strlen(invite.endpoint) <= ALM_ENDPOINT_BYTES_MAX);
		ALM_ASSERT(alm_invite_derive(invite.secret, &keys) == ALM_OK);
	} else {
		ALM_ASSERT(err == ALM_INVITE_FILE || err == ALM_NOMEM);
		ALM_ASSERT(problem.detail[0] != '\0');
	}
	return 0;
}
