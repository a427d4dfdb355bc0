#include "agents/folder/proofs.h"

#include <stdlib.h>
#include <string.h>

#include "agents/folder/log.h"
#include "lib/file.h"
#include "lib/lines.h"

/* The broker signs a head each second. */
#define WAIT_MS 1500
#define AGAIN_MS 2000

void alm_proofs_want(struct alm_proofs *proofs, const uint8_t id[16],
	const char *from, enum alm_place_in_folder place, int64_t now_ms)
{
	struct alm_proof_wanted *wanted;
	struct alm_message_id message_id;

	if (!proofs->is_on) {
		return;
	}
	memcpy(message_id.raw, id, sizeof(message_id.raw));
	if (proofs->count == ALM_PROOFS_MAX) {
		char text[ALM_UUID_TEXT_BYTES];

		alm_message_id_text(&message_id, text);
		alm_log_problem(ALM_TOO_MANY_VALUES, "proof", text);
		return;
	}
	wanted = &proofs->items[(proofs->first + proofs->count) %
				ALM_PROOFS_MAX];
	wanted->place = place;
	wanted->due_ms = now_ms + WAIT_MS;
	alm_message_id_text(&message_id, wanted->id);
	alm_text_copy(wanted->from, sizeof(wanted->from), from);
	proofs->count++;
}

void alm_proofs_ask(
	struct alm_proofs *proofs, struct alm_client *client, int64_t now_ms)
{
	struct alm_proof_wanted *wanted = &proofs->items[proofs->first];
	const struct alm_pair arguments[] = {
		{"message", wanted->id}, {"from", wanted->from}};

	if (proofs->count == 0 || proofs->is_asking ||
		now_ms < wanted->due_ms) {
		return;
	}
	if (alm_ask_start(client, "audit.receipt", arguments,
		    wanted->from[0] != '\0' ? 2 : 1,
		    &proofs->question) == ALM_CODE_OK) {
		proofs->is_asking = true;
	} else {
		wanted->due_ms = now_ms + AGAIN_MS;
	}
}

int64_t alm_proofs_due_ms(const struct alm_proofs *proofs)
{
	return proofs->count == 0 || proofs->is_asking
		       ? INT64_MAX
		       : proofs->items[proofs->first].due_ms;
}

/* The pieces of the file, as bytes on the heap; NULL: they are none. */
static uint8_t *join(const struct alm_table *answer, size_t *out_bytes)
{
	size_t room = 1;
	size_t used = 0;
	uint8_t *data;

	for (size_t i = 0; i < answer->row_count; i++) {
		room += answer->rows[i].count == 0
				? 0
				: strlen(answer->rows[i].items[0]);
	}
	data = malloc(room);
	for (size_t i = 0; data != NULL && i < answer->row_count; i++) {
		const char *text = answer->rows[i].count == 0
					   ? ""
					   : answer->rows[i].items[0];
		size_t bytes = 0;

		if (!alm_line_base64_any(
			    (struct alm_bytes){
				    (const uint8_t *)text, strlen(text)},
			    data + used, room - used, &bytes)) {
			free(data);
			return NULL;
		}
		used += bytes;
	}
	*out_bytes = used;
	return data;
}

static void keep(const struct alm_folder *folder,
	const struct alm_proof_wanted *wanted, const struct alm_table *answer)
{
	struct alm_problem problem = {0};
	char path[PATH_MAX];
	size_t bytes = 0;
	uint8_t *data = join(answer, &bytes);
	enum alm_err err = ALM_NOTE_MALFORMED;

	alm_folder_path(folder, wanted->place, wanted->id, ".tlog-proof", path);
	if (data != NULL) {
		err = alm_file_write(path, (struct alm_bytes){data, bytes},
			ALM_FOLDER_FILE_MODE, &problem);
	}
	if (err != ALM_OK) {
		alm_log_problem(err, wanted->id, problem.detail);
	}
	free(data);
}

void alm_proofs_answer(struct alm_proofs *proofs,
	const struct alm_folder *folder, const struct alm_table *answer,
	int64_t now_ms)
{
	struct alm_proof_wanted *wanted = &proofs->items[proofs->first];

	if (!proofs->is_asking || answer->question != proofs->question) {
		return;
	}
	proofs->is_asking = false;
	if (answer->code == (int)ALM_NOT_YET_SIGNED) {
		wanted->due_ms = now_ms + AGAIN_MS;
		return;
	}
	if (answer->code == ALM_CODE_OK) {
		keep(folder, wanted, answer);
	} else {
		alm_log_problem(
			(enum alm_err)answer->code, wanted->id, answer->detail);
	}
	proofs->first = (proofs->first + 1) % ALM_PROOFS_MAX;
	proofs->count--;
}
