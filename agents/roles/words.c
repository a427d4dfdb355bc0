#include "agents/roles/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner.h"
#include "lib/id.h"

void alm_say(const char *what)
{
	(void)fputs(what, stdout);
}

void alm_say_word(const char *key, const char *value)
{
	(void)printf(" %s=", key);
	for (; *value != '\0'; value++) {
		if (*value == ' ' || *value == '%' ||
			(unsigned char)*value < 0x20) {
			(void)printf("%%%02X", (unsigned char)*value);
		} else {
			(void)putchar(*value);
		}
	}
}

void alm_say_id(const char *key, const uint8_t id[16])
{
	char text[37];

	alm_id_text(id, text);
	alm_say_word(key, text);
}

void alm_say_end(void)
{
	(void)putchar('\n');
	(void)fflush(stdout);
}

void alm_say_problem(int code, const char *detail)
{
	alm_say("problem");
	(void)printf(" code=%d", code);
	alm_say_word("name", alm_error_name(code));
	alm_say_word("detail", detail);
	alm_say_end();
}

static void decode_percent(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		char hex[3] = {0};
		uint8_t value = 0;

		(void)memccpy(hex, text + 1, 0, *text == '%' ? 2 : 0);
		if (hex[0] != '\0' && hex[1] != '\0' &&
			alm_unhex(hex, &value, 1) == ALM_OK) {
			*to++ = (char)value;
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

size_t alm_words_split(char *line, size_t skip, char **out_first,
	struct alm_word out_words[ALM_WORDS_MAX])
{
	char *save = NULL;
	size_t count = 0;
	size_t seen = 0;

	for (char *text = strtok_r(line, " ", &save); text != NULL;
		text = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(text, '=');

		if (seen < skip) {
			out_first[seen++] = text;
		} else if (equals != NULL && count < ALM_WORDS_MAX) {
			*equals = '\0';
			decode_percent(equals + 1);
			out_words[count].key = text;
			out_words[count].value = equals + 1;
			count++;
		}
	}
	return count;
}

char *alm_words_value(
	const struct alm_word *words, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].key, key) == 0) {
			return words[i].value;
		}
	}
	return NULL;
}
