/* Giving up a payload that goes in parts. */
#include <string.h>

#include "agents/client/client.h"

int alm_send_cancel(
	struct alm_client *client, const uint8_t id[16], int timeout_ms)
{
	char text[37];
	const struct alm_pair arguments[] = {{"message", text}};
	struct alm_table *table = NULL;
	struct alm_message_id name;
	struct alm_pending *pending;
	int code;

	memcpy(name.raw, id, sizeof(name.raw));
	pending = alm_outbox_find(&client->outbox, &name);
	if (pending != NULL && pending->sending == NULL) {
		return (int)ALM_BAD_ARGUMENT;
	}
	/* Else it would be announced again on another connection. */
	if (pending != NULL) {
		alm_outbox_remove(&client->outbox, pending);
	}
	alm_id_text(id, text);
	code = alm_ask(
		client, "upload.cancel", arguments, 1, timeout_ms, &table);
	if (code == ALM_CODE_OK) {
		code = table->code;
		alm_table_free(table);
	}
	return code == (int)ALM_NOT_FOUND && pending != NULL ? ALM_CODE_OK
							     : code;
}
