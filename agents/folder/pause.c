#include "agents/folder/pause.h"

#include "agents/folder/log.h"
#include "agents/folder/probe.h"

void alm_pause_begin(
	struct alm_pause *pause, struct alm_client *client, enum alm_err err)
{
	if (err != ALM_IO && err != ALM_NOMEM && err != ALM_NOT_FOUND &&
		err != ALM_SINK_FAILED) {
		return;
	}
	if (!pause->is_on) {
		alm_log_problem(ALM_IO, "inbox",
			"no mail is asked for until it can be written");
		pause->is_on = true;
		(void)alm_client_set_credit(client, 0);
	}
	pause->due_ms = alm_folder_now_ms() + ALM_PAUSE_MS;
}

void alm_pause_look(struct alm_pause *pause, const struct alm_folder *folder,
	struct alm_client *client, int64_t now_ms)
{
	if (!pause->is_on || now_ms < pause->due_ms) {
		return;
	}
	pause->due_ms = now_ms + ALM_PAUSE_MS;
	if (alm_probe_inbox(folder, NULL) == ALM_OK) {
		alm_log_note("inbox", "it can be written again");
		pause->is_on = false;
		(void)alm_client_set_credit(client, ALM_AGENT_CREDIT);
	}
}
