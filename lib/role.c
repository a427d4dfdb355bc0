#include "lib/role.h"

#include <stdlib.h>
#include <string.h>

#include "lib/id.h"

static const struct {
	const char *word;
	uint8_t role;
} words[] = {
	{"send", ALM_ROLE_SEND},
	{"receive", ALM_ROLE_RECEIVE},
	{"query", ALM_ROLE_QUERY},
};

static uint8_t role_of(const char *word, size_t bytes)
{
	for (size_t i = 0; i < ALM_COUNT(words); i++) {
		if (strlen(words[i].word) == bytes &&
			memcmp(words[i].word, word, bytes) == 0) {
			return words[i].role;
		}
	}
	return 0;
}

enum alm_err alm_roles_parse(const char *text, uint8_t *out_roles)
{
	uint8_t roles = 0;

	if (strcmp(text, "all") == 0) {
		*out_roles = ALM_ROLES_ALL;
		return ALM_OK;
	}
	if (strcmp(text, "none") == 0) {
		*out_roles = 0;
		return ALM_OK;
	}
	for (const char *at = text;; at++) {
		size_t bytes = strcspn(at, ",");
		uint8_t role = role_of(at, bytes);

		if (role == 0 || (roles & role) != 0) {
			return ALM_VALUE_BAD;
		}
		roles |= role;
		at += bytes;
		if (*at == '\0') {
			break;
		}
	}
	*out_roles = roles;
	return ALM_OK;
}

void alm_roles_text(uint8_t roles, char out[ALM_ROLES_TEXT_BYTES])
{
	size_t at = 0;

	if ((roles & ALM_ROLES_ALL) == 0) {
		memcpy(out, "none", sizeof("none"));
		return;
	}
	for (size_t i = 0; i < ALM_COUNT(words); i++) {
		size_t bytes = strlen(words[i].word);

		if ((roles & words[i].role) == 0) {
			continue;
		}
		if (at > 0) {
			out[at++] = ',';
		}
		memcpy(out + at, words[i].word, bytes + 1);
		at += bytes;
	}
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Cut at the commas; 0: one is not an id. */
static size_t cut(char *text, const char **ids)
{
	size_t count = 0;

	for (;;) {
		char *comma = strchr(text, ',');

		if (comma != NULL) {
			*comma = '\0';
		}
		if (!alm_id_is_valid(text)) {
			return 0;
		}
		ids[count++] = text;
		if (comma == NULL) {
			return count;
		}
		text = comma + 1;
	}
}

enum alm_err alm_categories_parse(
	const char *text, char out[ALM_AGENT_CATEGORIES_BYTES])
{
	/* An id takes a letter and a comma at least. */
	const char *ids[ALM_AGENT_CATEGORIES_BYTES / 2 + 1];
	char copy[ALM_AGENT_CATEGORIES_BYTES];
	size_t count;
	size_t at = 0;

	if (text[0] == '\0' || strcmp(text, "any") == 0) {
		out[0] = '\0';
		return ALM_OK;
	}
	if (strlen(text) > ALM_AGENT_CATEGORIES_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	memcpy(copy, text, strlen(text) + 1);
	count = cut(copy, ids);
	if (count == 0) {
		return ALM_VALUE_BAD;
	}
	qsort(ids, count, sizeof(ids[0]), compare_words);
	for (size_t i = 0; i < count; i++) {
		size_t bytes = strlen(ids[i]);

		if (i > 0 && strcmp(ids[i - 1], ids[i]) == 0) {
			continue;
		}
		if (at > 0) {
			out[at++] = ',';
		}
		memcpy(out + at, ids[i], bytes + 1);
		at += bytes;
	}
	return ALM_OK;
}

bool alm_categories_hold(const char *list, const char *category, size_t bytes)
{
	while (*list != '\0') {
		size_t here = strcspn(list, ",");

		if (here == bytes && memcmp(list, category, bytes) == 0) {
			return true;
		}
		list += here + (list[here] == ',' ? 1 : 0);
	}
	return false;
}

bool alm_categories_hold_all(const char *list, const char *categories)
{
	while (*categories != '\0') {
		size_t bytes = strcspn(categories, ",");

		if (!alm_categories_hold(list, categories, bytes)) {
			return false;
		}
		categories += bytes + (categories[bytes] == ',' ? 1 : 0);
	}
	return true;
}
