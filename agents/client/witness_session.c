/*
 * When a witness asks, and what it does with the answers: two questions, one
 * for the proof and one that brings the cosignature.  Both are asked again by
 * themselves when a connection is lost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/client/client.h"
#include "agents/client/clock.h"
#include "agents/client/witness.h"
#include "lib/lines.h"

#define EVERY_MS 60000
#define SOON_MS 2000
#define FILE_BYTES_MAX ((size_t)64 * 1024)

static bool is_waiting(const struct alm_client *client)
{
	return client->witness_asked != 0 || client->witness_told != 0;
}

void alm_witness_due(struct alm_client *client)
{
	char size[24];
	struct alm_pair old = {"old", size};

	if (client->witness == NULL || is_waiting(client) ||
		client->state != ALM_SESSION_READY ||
		client->now_ms < client->witness_due_ms) {
		return;
	}
	(void)snprintf(size, sizeof(size), "%" PRIu64,
		alm_witness_size(client->witness));
	client->witness_due_ms = client->now_ms + EVERY_MS;
	if (alm_ask_start(client, "audit.consistency", &old, 1,
		    &client->witness_asked) != ALM_CODE_OK) {
		client->witness_asked = 0;
	}
}

int64_t alm_witness_due_ms(const struct alm_client *client)
{
	return client->witness == NULL || is_waiting(client)
		       ? INT64_MAX
		       : client->witness_due_ms;
}

static void tell_broker(struct alm_client *client, uint64_t size,
	const uint8_t raw[ALM_COSIGNATURE_BYTES])
{
	char size_text[24];
	char key[65];
	char cosignature[128];
	const struct alm_pair arguments[] = {{"size", size_text}, {"key", key},
		{"cosignature", cosignature}};

	(void)snprintf(size_text, sizeof(size_text), "%" PRIu64, size);
	alm_witness_key_text(client->witness, key);
	(void)sodium_bin2base64(cosignature, sizeof(cosignature), raw,
		ALM_COSIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL);
	if (alm_ask_start(client, "audit.cosign", arguments,
		    ALM_COUNT(arguments),
		    &client->witness_told) != ALM_CODE_OK) {
		client->witness_told = 0;
	}
}

static void take_file(struct alm_client *client, struct alm_bytes file)
{
	enum alm_witness_step step = ALM_WITNESS_NOTHING;
	uint8_t raw[ALM_COSIGNATURE_BYTES];
	struct alm_problem problem = {.err = ALM_OK};
	uint64_t size = 0;
	enum alm_err err = alm_witness_take(client->witness, file,
		(uint64_t)alm_client_wall_ms() / 1000, &step, &size, raw,
		&problem);

	if (err != ALM_OK || step == ALM_WITNESS_ALARM) {
		alm_session_tell(client, problem.err, problem.detail);
	} else if (step == ALM_WITNESS_COSIGN) {
		tell_broker(client, size, raw);
	}
}

static void take_proof(
	struct alm_client *client, const struct alm_answer *answer)
{
	uint8_t *data;
	size_t used = 0;

	if (answer->code == ALM_NOT_YET_SIGNED) {
		client->witness_due_ms = client->now_ms + SOON_MS;
		return;
	}
	/* The broker has fewer records than were cosigned. */
	if (answer->code == ALM_NOT_FOUND) {
		alm_session_tell(client, ALM_HEAD_INCONSISTENT,
			"the log lacks records that were cosigned before");
		return;
	}
	if (answer->code != ALM_OK) {
		alm_session_tell(client, answer->code, answer->detail);
		return;
	}
	data = malloc(FILE_BYTES_MAX);
	for (size_t i = 0; data != NULL && i < answer->row_count &&
			   answer->rows[i].count > 0;
		i++) {
		const char *text = answer->rows[i].items[0];
		size_t bytes = 0;

		if (!alm_line_base64_any(
			    (struct alm_bytes){
				    (const uint8_t *)text, strlen(text)},
			    data + used, FILE_BYTES_MAX - used, &bytes)) {
			break;
		}
		used += bytes;
	}
	if (data != NULL) {
		take_file(client, (struct alm_bytes){data, used});
	}
	free(data);
}

bool alm_witness_answer(
	struct alm_client *client, const struct alm_answer *answer)
{
	if (answer->id == 0 || client->witness == NULL) {
		return false;
	}
	if (answer->id == client->witness_asked) {
		client->witness_asked = 0;
		take_proof(client, answer);
		return true;
	}
	if (answer->id == client->witness_told) {
		client->witness_told = 0;
		if (answer->code != ALM_OK) {
			alm_session_tell(client, answer->code, answer->detail);
		}
		return true;
	}
	return false;
}
