#include "agents/client/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/include/almoner_context.h"
#include "lib/file.h"
#include "lib/id.h"

/** The card's hex digits are right: it was checked when it was read. */
static void take_key(const char *digits, uint8_t out[32])
{
	char one[65];

	alm_text_copy(one, sizeof(one), digits);
	ALM_ASSERT(alm_unhex(one, out, 32) == ALM_OK);
}

static void take_card(
	const struct alm_context_card *card, struct alm_context *out)
{
	const char *audit_keys = card->values[ALM_CONTEXT_AUDIT_KEY];

	alm_text_copy(out->endpoint, sizeof(out->endpoint),
		card->values[ALM_CONTEXT_ENDPOINT]);
	alm_text_copy(out->organisation, sizeof(out->organisation),
		card->values[ALM_CONTEXT_ORGANISATION]);
	alm_text_copy(out->agent, sizeof(out->agent),
		card->values[ALM_CONTEXT_AGENT]);
	take_key(card->values[ALM_CONTEXT_BROKER_KEY], out->broker_key);
	out->is_witness = card->values[ALM_CONTEXT_WITNESS_KEY][0] != '\0';
	if (!out->is_witness) {
		return;
	}
	memcpy(out->witness_state, card->values[ALM_CONTEXT_WITNESS_STATE],
		PATH_MAX);
	take_key(audit_keys, out->audit_keys[out->audit_key_count++]);
	if (audit_keys[64] == ',') {
		take_key(audit_keys + 65,
			out->audit_keys[out->audit_key_count++]);
	}
}

static enum alm_err read_keys(const struct alm_context_card *card,
	struct alm_context *context, struct alm_problem *problem)
{
	enum alm_err err =
		alm_key_file_read(card->values[ALM_CONTEXT_CURVE_KEY],
			context->curve_key, problem);

	if (err == ALM_OK) {
		err = alm_key_file_read(card->values[ALM_CONTEXT_SIGNING_KEY],
			context->signing_key, problem);
	}
	if (err == ALM_OK && context->is_witness) {
		err = alm_key_file_read(card->values[ALM_CONTEXT_WITNESS_KEY],
			context->witness_key, problem);
	}
	return err;
}

enum alm_err alm_context_read(const char *path, struct alm_context *out_context,
	struct alm_problem *problem)
{
	return alm_context_read_files(path, out_context, NULL, problem);
}

enum alm_err alm_context_read_files(const char *path,
	struct alm_context *out_context, struct alm_context_files *out_files,
	struct alm_problem *problem)
{
	struct alm_context_card *card = calloc(1, sizeof(*card));
	struct alm_context context = {0};
	enum alm_err err;

	if (card == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", path);
	}
	err = alm_context_card_read(path, card, problem);
	if (err == ALM_OK && card->values[ALM_CONTEXT_AGENT][0] == '\0') {
		err = alm_problem_set(
			problem, ALM_CONTEXT, "%s names no agent", path);
	}
	if (err == ALM_OK) {
		take_card(card, &context);
		err = read_keys(card, &context, problem);
	}
	if (err == ALM_OK) {
		*out_context = context;
	}
	if (err == ALM_OK && out_files != NULL) {
		memcpy(out_files->curve_key,
			card->values[ALM_CONTEXT_CURVE_KEY], PATH_MAX);
		memcpy(out_files->signing_key,
			card->values[ALM_CONTEXT_SIGNING_KEY], PATH_MAX);
	}
	sodium_memzero(&context, sizeof(context));
	free(card);
	return err;
}
