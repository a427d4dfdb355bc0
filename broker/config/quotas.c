/* Entries with commas between; in each an id and one or two rates, of which a
 * number alone is of messages and one with a unit of bytes. */
#include "broker/config/quotas.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/id.h"
#include "lib/size.h"

#define TOKEN_BYTES (ALM_ID_BYTES_MAX + 1u)

static enum alm_err bad(
	struct alm_problem *problem, const char *text, const char *why)
{
	return alm_problem_set(problem, ALM_VALUE_BAD, "'%.64s' %s", text, why);
}

/* The next word before a comma, and what follows it; false if there is none,
 * or it is longer than any that is right. */
static bool take_word(const char **at, char out[TOKEN_BYTES])
{
	const char *from = *at + strspn(*at, " ");
	size_t bytes = strcspn(from, " ,");

	if (bytes == 0 || bytes >= TOKEN_BYTES) {
		return false;
	}
	memcpy(out, from, bytes);
	out[bytes] = '\0';
	*at = from + bytes + strspn(from + bytes, " ");
	return true;
}

static enum alm_err take_rate(char word[TOKEN_BYTES],
	struct alm_own_quota *quota, struct alm_problem *problem)
{
	size_t bytes = strlen(word);
	uint64_t rate = 0;
	bool is_count;

	if (bytes < 3 || strcmp(word + bytes - 2, "/s") != 0) {
		return bad(problem, word,
			"is no rate; write as 2000/s how many messages, and "
			"as 10MiB/s how many bytes");
	}
	word[bytes - 2] = '\0';
	is_count = word[strspn(word, "0123456789")] == '\0';
	if (alm_size_parse(word, &rate) != ALM_OK) {
		return bad(problem, word,
			"is neither a number nor one with KiB, MiB, GiB or "
			"TiB");
	}
	if (is_count ? rate < 1 || rate > ALM_QUOTA_MESSAGES_MAX
		     : rate < ALM_QUOTA_BYTES_MIN ||
				rate > ALM_QUOTA_BYTES_MAX) {
		return bad(problem, word,
			is_count ? "is outside 1 to 10000000 messages"
				 : "is outside 64KiB to 1TiB");
	}
	if (is_count ? quota->messages_per_s != 0 : quota->bytes_per_s != 0) {
		return bad(problem, word, "is one rate too many");
	}
	if (is_count) {
		quota->messages_per_s = rate;
	} else {
		quota->bytes_per_s = rate;
	}
	return ALM_OK;
}

static enum alm_err take_one(const char **at, struct alm_own_quota *quota,
	struct alm_problem *problem)
{
	char word[TOKEN_BYTES];
	enum alm_err err = ALM_OK;

	memset(quota, 0, sizeof(*quota));
	if (!take_word(at, word) || !alm_id_is_valid(word)) {
		return bad(problem, *at,
			"does not begin with the id of an "
			"organisation");
	}
	alm_text_copy(quota->organisation, sizeof(quota->organisation), word);
	do {
		if (!take_word(at, word)) {
			return bad(problem, quota->organisation,
				"has no rate; write as 2000/s how many "
				"messages, and as 10MiB/s how many bytes");
		}
		err = take_rate(word, quota, problem);
	} while (err == ALM_OK && **at != ',' && **at != '\0');
	return err;
}

static bool has(const struct alm_quotas *quotas, const char *organisation)
{
	for (size_t i = 0; i < quotas->count; i++) {
		if (strcmp(quotas->items[i].organisation, organisation) == 0) {
			return true;
		}
	}
	return false;
}

static enum alm_err parse(
	const char *text, struct alm_quotas *out, struct alm_problem *problem)
{
	const char *at = text + strspn(text, " ");
	bool has_more = *at != '\0';

	while (has_more) {
		struct alm_own_quota quota;
		enum alm_err err = take_one(&at, &quota, problem);

		if (err == ALM_OK && has(out, quota.organisation)) {
			err = bad(problem, quota.organisation,
				"stands there twice");
		}
		if (err == ALM_OK && out->count == ALM_QUOTAS_MAX) {
			err = bad(problem, quota.organisation,
				"is one too many; 256 can have a quota");
		}
		if (err != ALM_OK) {
			return err;
		}
		out->items[out->count++] = quota;
		has_more = *at == ',';
		at += has_more ? 1 : 0;
	}
	return ALM_OK;
}

enum alm_err alm_quotas_parse(
	const char *text, struct alm_quotas *out, struct alm_problem *problem)
{
	struct alm_quotas *quotas = calloc(1, sizeof(*quotas));
	enum alm_err err;

	if (quotas == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "quotas");
	}
	err = parse(text, quotas, problem);
	if (err == ALM_OK) {
		*out = *quotas;
	}
	free(quotas);
	return err;
}

void alm_quotas_write(const struct alm_quotas *quotas, FILE *out)
{
	for (size_t i = 0; i < quotas->count; i++) {
		const struct alm_own_quota *quota = &quotas->items[i];

		(void)fprintf(
			out, "%s%s", i > 0 ? ", " : "", quota->organisation);
		if (quota->messages_per_s != 0) {
			(void)fprintf(
				out, " %" PRIu64 "/s", quota->messages_per_s);
		}
		if (quota->bytes_per_s != 0) {
			char size[ALM_SIZE_TEXT_BYTES];

			alm_size_write(quota->bytes_per_s, size);
			(void)fprintf(out, " %s/s", size);
		}
	}
}
