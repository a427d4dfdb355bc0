#include "broker/config/values.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "broker/config/quotas.h"
#include "lib/id.h"
#include "lib/nearest.h"
#include "lib/size.h"
#include "lib/time.h"

static const struct {
	const char *word;
	uint32_t level; /* of syslog(3) */
} levels[] = {
	{"error", 3}, {"warning", 4}, {"notice", 5}, {"info", 6}, {"debug", 7}};

static const struct {
	const char *unit;
	int64_t ms;
} durations[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

static enum alm_err bad(
	struct alm_problem *problem, const char *text, const char *wanted)
{
	return alm_problem_set(
		problem, ALM_VALUE_BAD, "'%.64s' is not %s", text, wanted);
}

/* Leading digits as a number, at most 15 of them; what follows in `rest`. */
static bool take_number(const char *text, uint64_t *out, const char **rest)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0;

	if (digits == 0 || digits > 15) {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*out = value;
	*rest = text + digits;
	return true;
}

static bool is_port(const char *text)
{
	const char *rest;
	uint64_t port;

	return strcmp(text, "*") == 0 ||
	       (take_number(text, &port, &rest) && *rest == '\0' && port >= 1 &&
		       port <= 65535);
}

static bool is_endpoint(const char *text)
{
	const char *colon;

	if (strncmp(text, "ipc:///", 7) == 0) {
		return text[7] != '\0';
	}
	if (strncmp(text, "tcp://", 6) != 0) {
		return false;
	}
	colon = strrchr(text, ':');
	return colon > text + 6 && is_port(colon + 1);
}

/* Only what cannot be reached from other machines. */
static bool is_http(const char *text)
{
	static const char *const hosts[] = {"127.0.0.1:", "[::1]:"};

	if (*text == '\0') {
		return true;
	}
	for (size_t i = 0; i < ALM_COUNT(hosts); i++) {
		size_t bytes = strlen(hosts[i]);

		if (strncmp(text, hosts[i], bytes) == 0) {
			return is_port(text + bytes);
		}
	}
	return strncmp(text, "unix:/", 6) == 0 && text[6] != '\0';
}

/* Ids in which * stands for any letters. */
static bool are_patterns(const char *text)
{
	for (const char *at = text; *at != '\0';) {
		size_t bytes = strcspn(at, ",");
		size_t good = strspn(at, "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-_.:/*");

		if (bytes == 0 || bytes > ALM_ID_BYTES_MAX || good < bytes) {
			return false;
		}
		at += bytes;
		if (*at == ',' && *++at == '\0') {
			return false;
		}
	}
	return true;
}

static enum alm_err parse_text(const struct alm_value_row *row,
	const char *text, void *field, struct alm_problem *problem)
{
	size_t bytes = strlen(text);

	if ((row->kind == ALM_VALUE_ENDPOINT ||
		    (row->kind == ALM_VALUE_PLACE && bytes > 0)) &&
		!is_endpoint(text)) {
		return bad(problem, text,
			"an endpoint; write tcp://ADDRESS:PORT or ipc:///PATH");
	}
	if (row->kind == ALM_VALUE_LOCAL && strncmp(text, "ipc:///", 7) != 0) {
		return bad(problem, text,
			"an endpoint of this machine; write ipc:///PATH");
	}
	if (row->kind == ALM_VALUE_HTTP && !is_http(text)) {
		return bad(problem, text,
			"a local address; write 127.0.0.1:PORT, [::1]:PORT or "
			"unix:/PATH");
	}
	if (row->kind == ALM_VALUE_ORGANISATION && bytes > 0 &&
		!alm_id_is_valid(text)) {
		return bad(problem, text, "the id of an organisation");
	}
	if (row->kind == ALM_VALUE_WORDS && !are_patterns(text)) {
		return bad(problem, text,
			"words with commas between, in which * stands for any "
			"letters");
	}
	if (bytes == 0 && row->kind != ALM_VALUE_WORDS &&
		row->otherwise[0] != '\0') {
		return alm_problem_set(
			problem, ALM_VALUE_BAD, "the value is empty");
	}
	if (bytes >= row->bytes) {
		return alm_problem_set(problem, ALM_VALUE_BAD,
			"the value is longer than %zu bytes", row->bytes - 1);
	}
	memcpy(field, text, bytes + 1);
	return ALM_OK;
}

static bool take_duration(const char *text, uint64_t *out_ms)
{
	const char *rest;

	if (!take_number(text, out_ms, &rest)) {
		return false;
	}
	for (size_t i = 0; i < ALM_COUNT(durations); i++) {
		if (strcmp(rest, durations[i].unit) == 0) {
			return !__builtin_mul_overflow(
				*out_ms, (uint64_t)durations[i].ms, out_ms);
		}
	}
	return false;
}

static bool take_mode(const char *text, uint64_t *out)
{
	size_t digits = strspn(text, "01234567");
	uint64_t value = 0;

	if (digits < 3 || digits > 4 || text[digits] != '\0') {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		value = value * 8 + (uint64_t)(text[i] - '0');
	}
	*out = value;
	return true;
}

static enum alm_err parse_level(
	const char *text, uint32_t *field, struct alm_problem *problem)
{
	struct alm_nearest nearest;

	alm_nearest_init(&nearest, text);
	for (size_t i = 0; i < ALM_COUNT(levels); i++) {
		if (strcmp(text, levels[i].word) == 0) {
			*field = levels[i].level;
			return ALM_OK;
		}
		alm_nearest_offer(&nearest, levels[i].word);
	}
	return alm_problem_set(problem, ALM_VALUE_BAD,
		"'%.64s' is not one of error, warning, notice, info, "
		"debug%s%s%s",
		text, nearest.best != NULL ? "; did you mean '" : "",
		nearest.best != NULL ? nearest.best : "",
		nearest.best != NULL ? "'?" : "");
}

static void write_size(uint64_t bytes, FILE *out)
{
	char text[ALM_SIZE_TEXT_BYTES];

	alm_size_write(bytes, text);
	(void)fputs(text, out);
}

static void write_duration(int64_t ms, FILE *out)
{
	size_t i = 0;

	while (i + 1 < ALM_COUNT(durations) && ms % durations[i].ms != 0) {
		i++;
	}
	(void)fprintf(
		out, "%" PRId64 "%s", ms / durations[i].ms, durations[i].unit);
}

/* The limits of a row, in the unit that its author writes. */
static enum alm_err out_of_range(const struct alm_value_row *row,
	const char *text, struct alm_problem *problem)
{
	char limits[128] = "";
	FILE *out = fmemopen(limits, sizeof(limits), "w");
	bool is_s = row->kind == ALM_VALUE_SECONDS;

	if (out != NULL && (is_s || row->kind == ALM_VALUE_MS)) {
		write_duration((int64_t)row->min * (is_s ? 1000 : 1), out);
		(void)fputs(" to ", out);
		write_duration((int64_t)row->max * (is_s ? 1000 : 1), out);
	} else if (out != NULL && row->kind == ALM_VALUE_SIZE) {
		write_size(row->min, out);
		(void)fputs(" to ", out);
		write_size(row->max, out);
	} else if (out != NULL) {
		(void)fprintf(
			out, "%" PRIu64 " to %" PRIu64, row->min, row->max);
	}
	if (out != NULL) {
		(void)fclose(out);
	}
	return alm_problem_set(
		problem, ALM_VALUE_BAD, "'%.64s' is outside %s", text, limits);
}

/* The number that `text` means in the unit of the field. */
static enum alm_err parse_number(const struct alm_value_row *row,
	const char *text, uint64_t *out, struct alm_problem *problem)
{
	const char *rest = "";
	uint64_t value = 0;

	if (row->kind == ALM_VALUE_MODE && !take_mode(text, &value)) {
		return bad(problem, text, "permissions; write them as 0660");
	}
	if (row->kind == ALM_VALUE_SIZE &&
		alm_size_parse(text, &value) != ALM_OK) {
		return bad(problem, text,
			"a size; write a number and KiB, MiB, GiB or TiB");
	}
	if ((row->kind == ALM_VALUE_SECONDS || row->kind == ALM_VALUE_MS) &&
		(!take_duration(text, &value) ||
			(row->kind == ALM_VALUE_SECONDS &&
				value % 1000 != 0))) {
		return bad(problem, text,
			"a duration; write a number and ms, s, m, h or d");
	}
	if (row->kind == ALM_VALUE_NUMBER &&
		(!take_number(text, &value, &rest) || *rest != '\0')) {
		return bad(problem, text, "a number");
	}
	value = row->kind == ALM_VALUE_SECONDS ? value / 1000 : value;
	if (value < row->min || value > row->max) {
		return out_of_range(row, text, problem);
	}
	*out = value;
	return ALM_OK;
}

enum alm_err alm_value_parse(const struct alm_value_row *row, const char *text,
	void *base, struct alm_problem *problem)
{
	void *field = (char *)base + row->offset;
	uint64_t value = 0;
	enum alm_err err;

	if (row->bytes > 0) {
		return parse_text(row, text, field, problem);
	}
	if (row->kind == ALM_VALUE_QUOTAS) {
		return alm_quotas_parse(text, field, problem);
	}
	if (row->kind == ALM_VALUE_LEVEL) {
		return parse_level(text, field, problem);
	}
	err = parse_number(row, text, &value, problem);
	if (err != ALM_OK) {
		return err;
	}
	if (row->kind == ALM_VALUE_MODE || row->kind == ALM_VALUE_NUMBER) {
		uint32_t narrow = (uint32_t)value;

		memcpy(field, &narrow, sizeof(narrow));
	} else {
		memcpy(field, &value, sizeof(value));
	}
	return ALM_OK;
}

static void write_level(uint32_t level, FILE *out)
{
	for (size_t i = 0; i < ALM_COUNT(levels); i++) {
		if (levels[i].level == level) {
			(void)fputs(levels[i].word, out);
		}
	}
}

void alm_value_write(
	const struct alm_value_row *row, const void *base, FILE *out)
{
	const char *field = (const char *)base + row->offset;
	uint64_t wide = 0;
	uint32_t narrow = 0;

	switch (row->kind) {
	case ALM_VALUE_ENDPOINT:
	case ALM_VALUE_PLACE:
	case ALM_VALUE_LOCAL:
	case ALM_VALUE_HTTP:
	case ALM_VALUE_ORGANISATION:
	case ALM_VALUE_WORDS:
	case ALM_VALUE_PATH:
		(void)fputs(field, out);
		return;
	case ALM_VALUE_QUOTAS:
		alm_quotas_write((const void *)field, out);
		return;
	case ALM_VALUE_MODE:
		memcpy(&narrow, field, sizeof(narrow));
		(void)fprintf(out, "%04" PRIo32, narrow);
		return;
	case ALM_VALUE_NUMBER:
		memcpy(&narrow, field, sizeof(narrow));
		(void)fprintf(out, "%" PRIu32, narrow);
		return;
	case ALM_VALUE_LEVEL:
		memcpy(&narrow, field, sizeof(narrow));
		write_level(narrow, out);
		return;
	case ALM_VALUE_SIZE:
		memcpy(&wide, field, sizeof(wide));
		write_size(wide, out);
		return;
	case ALM_VALUE_SECONDS:
	case ALM_VALUE_MS:
		memcpy(&wide, field, sizeof(wide));
		write_duration(
			(int64_t)wide *
				(row->kind == ALM_VALUE_SECONDS ? 1000 : 1),
			out);
		return;
	}
}
