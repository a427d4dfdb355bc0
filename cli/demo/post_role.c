/*
 * post_role.c - letters by way of a role agent: commands to its standard
 * input, events from its standard output, as agents/roles/role.h says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/demo/post.h"

#define COMMAND_BYTES 2048u

/** Append ` key=value` with spaces and percent signs as %20 and %25. */
static void put(FILE *out, const char *key, const char *value)
{
	if (value == NULL) {
		return;
	}
	(void)fprintf(out, " %s=", key);
	for (; *value != '\0'; value++) {
		if (*value == ' ' || *value == '%') {
			(void)fprintf(out, "%%%02X", (unsigned char)*value);
		} else {
			(void)fputc(*value, out);
		}
	}
}

/** The word behind ` key=` in an event line; "" if it is not there. */
static void word_of(
	const char *line, const char *key, char *out, size_t out_bytes)
{
	size_t key_bytes = strlen(key);

	out[0] = '\0';
	while ((line = strchr(line, ' ')) != NULL) {
		line++;
		if (strncmp(line, key, key_bytes) == 0 &&
			line[key_bytes] == '=') {
			line += key_bytes + 1;
			(void)snprintf(out, out_bytes, "%.*s",
				(int)strcspn(line, " "), line);
			return;
		}
	}
}

static void remember(struct alm_player *player, const char *line)
{
	struct alm_said *said =
		&player->said[player->said_count++ % ALM_SAID_MAX];
	char word[16];

	(void)snprintf(said->what, sizeof(said->what), "%.*s",
		(int)strcspn(line, " "), line);
	word_of(line, "ref", said->ref, sizeof(said->ref));
	word_of(line, "id", said->id, sizeof(said->id));
	word_of(line, "name", said->name, sizeof(said->name));
	word_of(line, "basis", said->basis, sizeof(said->basis));
	word_of(line, "code", word, sizeof(word));
	said->code = (int)strtol(word, NULL, 10);
	word_of(line, "transformed", word, sizeof(word));
	said->is_transformed = strcmp(word, "yes") == 0;
}

/** What was said with this reference or id; NULL: not yet. */
static const struct alm_said *find(const struct alm_player *player,
	const char *what, const char *ref, const char *id)
{
	for (size_t i = 0; i < player->said_count && i < ALM_SAID_MAX; i++) {
		const struct alm_said *said = &player->said[i];

		if (strcmp(said->what, what) == 0 &&
			(ref == NULL || strcmp(said->ref, ref) == 0) &&
			(id == NULL || strcmp(said->id, id) == 0)) {
			return said;
		}
	}
	return NULL;
}

/** As find(), and listen until it is said; NULL when time is over. */
static const struct alm_said *await(struct alm_player *player, const char *what,
	const char *ref, const char *id)
{
	int64_t until_ms = alm_child_now_ms() + ALM_DEMO_WAIT_MS;
	const struct alm_said *said = NULL;
	const char *line;

	for (;;) {
		while ((line = alm_child_line(&player->child)) != NULL) {
			remember(player, line);
		}
		said = find(player, what, ref, id);
		if (said != NULL || player->child.pid == 0 ||
			player->child.is_over ||
			!alm_child_wait(&player->child,
				(int)(until_ms - alm_child_now_ms()))) {
			return said;
		}
	}
}

struct alm_outcome alm_post_role_answer(
	struct alm_player *player, const char *ref)
{
	const struct alm_said *said = await(player, "receipt", ref, NULL);
	struct alm_outcome outcome = {.name = "no-answer"};

	if (said == NULL) {
		said = find(player, "problem", NULL, NULL);
		if (said != NULL) {
			memcpy(outcome.name, said->name, sizeof(outcome.name));
		}
	} else {
		outcome.is_answered = true;
		outcome.code = said->code;
		outcome.is_transformed = said->is_transformed;
		memcpy(outcome.name, said->name, sizeof(outcome.name));
		memcpy(outcome.id, said->id, sizeof(outcome.id));
		memcpy(outcome.basis, said->basis, sizeof(outcome.basis));
	}
	return outcome;
}

struct alm_outcome alm_post_role_send(
	struct alm_player *player, const struct alm_letter *letter)
{
	char command[COMMAND_BYTES] = "";
	char ref[32];
	FILE *out = fmemopen(command, sizeof(command), "w");

	if (out == NULL) {
		return (struct alm_outcome){.name = "no-answer"};
	}
	(void)snprintf(ref, sizeof(ref), "r%u", ++player->letter_count);
	(void)fputs(letter->part != NULL ? "part " : "send", out);
	(void)fputs(letter->part != NULL ? letter->part : "", out);
	put(out, "to", letter->to);
	put(out, "subject", letter->subject);
	put(out, "referral", letter->referral);
	put(out, "ref", ref);
	if (letter->part == NULL) {
		put(out, "purpose", letter->purpose);
		put(out, "categories", letter->categories);
		put(out, "level", letter->level);
		put(out, "text", letter->text);
	}
	if (fclose(out) != 0 || !alm_child_tell(&player->child, command)) {
		return (struct alm_outcome){.name = "no-answer"};
	}
	return alm_post_role_answer(player, ref);
}

bool alm_post_role_says(
	struct alm_player *player, const char *what, const char *id)
{
	return await(player, what, NULL, id) != NULL;
}
