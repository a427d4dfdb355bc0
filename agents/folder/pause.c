#include "agents/folder/pause.h"

#include "agents/folder/log.h"
#include "lib/file.h"
#include "lib/limits.h"

#define AGAIN_MS 10000
/* Called as what a crash leaves half written, which is swept. */
#define PROBE ".room.payload"

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
	pause->due_ms = alm_folder_now_ms() + AGAIN_MS;
}

static bool has_room(const struct alm_folder *folder)
{
	static const uint8_t nothing[ALM_PAYLOAD_BYTES_MAX];
	char path[PATH_MAX];
	enum alm_err err;

	alm_folder_path(folder, ALM_INBOX, PROBE, "", path);
	err = alm_file_write(path, (struct alm_bytes){nothing, sizeof(nothing)},
		ALM_FOLDER_FILE_MODE, NULL);
	return alm_folder_remove(folder, ALM_INBOX, PROBE, "", NULL) ==
		       ALM_OK &&
	       err == ALM_OK;
}

void alm_pause_look(struct alm_pause *pause, const struct alm_folder *folder,
	struct alm_client *client, int64_t now_ms)
{
	if (!pause->is_on || now_ms < pause->due_ms) {
		return;
	}
	pause->due_ms = now_ms + AGAIN_MS;
	if (has_room(folder)) {
		pause->is_on = false;
		(void)alm_client_set_credit(client, ALM_AGENT_CREDIT);
	}
}
