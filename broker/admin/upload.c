/*
 * upload.cancel: a sender gives up a payload that comes in parts.  Any agent
 * of the organisation that may send may; one that is limited to categories
 * only what it began itself.
 */
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/mail/gather.h"
#include "lib/parts.h"

static bool may_cancel(
	const struct alm_agent *agent, const struct alm_upload *upload)
{
	return agent->categories[0] == '\0' || agent->number == upload->agent;
}

/* What there is of it.  Errors: NOT_FOUND; UPLOAD_WHOLE: too late. */
static enum alm_err find(struct alm_call *call, const struct alm_message_id *id,
	struct alm_upload *out_upload)
{
	struct alm_turn *turn = call->turn;
	const char *sender = call->request->agent->organisation;
	struct alm_duplicate duplicate;
	enum alm_err err = alm_store_upload_get(
		turn->broker->store, sender, id, turn->arena, out_upload);

	if (err == ALM_OK && !may_cancel(call->request->agent, out_upload)) {
		err = ALM_NOT_FOUND;
	} else if (err == ALM_NOT_FOUND &&
		   alm_store_duplicate_get(turn->broker->store, sender, id,
			   turn->arena, &duplicate) == ALM_OK) {
		err = ALM_UPLOAD_WHOLE;
	}
	return err == ALM_OK ? err
			     : alm_problem_set(call->problem, err, "%s", "");
}

enum alm_err alm_verb_upload_cancel(struct alm_call *call)
{
	const char *message = alm_call_argument(call, "message");
	struct alm_message_id id;
	struct alm_upload upload;
	uint32_t parts = 0;
	enum alm_err err;

	if (alm_message_id_parse(message, &id) != ALM_OK) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "message");
	}
	err = find(call, &id, &upload);
	if (err == ALM_OK) {
		err = alm_store_part_count(
			call->turn->broker->store, upload.number, &parts);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "bytes", upload.payload_bytes);
	alm_table_number(call->table, "parts", parts);
	return alm_call_is_dry_run(call)
		       ? ALM_OK
		       : alm_gather_cancel(call->turn,
				 call->request->agent->number, &upload);
}
