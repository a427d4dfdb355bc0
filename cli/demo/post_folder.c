/*
 * post_folder.c - letters by way of a folder agent: a payload and a sidecar
 * go into its outbox; what became of them appears as files.  inotify says
 * when to look.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/demo/post.h"
#include "lib/file.h"

#define FILE_BYTES_MAX ((size_t)64 * 1024)

static void path_of(const struct alm_player *player, const char *place,
	const char *name, const char *suffix, char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%s/%s/%s%s", player->folder, place, name,
		suffix);
}

static bool exists(const struct alm_player *player, const char *place,
	const char *name, const char *suffix)
{
	char path[PATH_MAX];

	path_of(player, place, name, suffix, path);
	return access(path, F_OK) == 0;
}

/** Wait until something changes in the folder; false when time is over. */
static bool wait_for_change(const struct alm_player *player, int64_t until_ms)
{
	struct pollfd fd = {player->watch, POLLIN, 0};
	int64_t left_ms = until_ms - alm_child_now_ms();
	char events[4096];
	int n = poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);

	while (read(player->watch, events, sizeof(events)) > 0) {
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/** The value behind `key: ` in a file of plain YAML, without quotes. */
static void value_of(
	const char *text, const char *key, char *out, size_t out_bytes)
{
	size_t key_bytes = strlen(key);
	const char *line = text;

	out[0] = '\0';
	while (line != NULL) {
		if (strncmp(line, key, key_bytes) == 0 &&
			strncmp(line + key_bytes, ": ", 2) == 0) {
			line += key_bytes + 2;
			line += *line == '"' ? 1 : 0;
			(void)snprintf(out, out_bytes, "%.*s",
				(int)strcspn(line, "\"\n"), line);
			return;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
}

/** Read receipts/NAME.yaml or refused/NAME.refusal.yaml. */
static bool read_answer(const struct alm_player *player, const char *name,
	struct alm_outcome *out)
{
	bool is_accepted = exists(player, "receipts", name, ".yaml");
	char path[PATH_MAX];
	char code[16];
	uint8_t *data = NULL;
	size_t bytes = 0;
	char *text;

	path_of(player, is_accepted ? "receipts" : "refused", name,
		is_accepted ? ".yaml" : ".refusal.yaml", path);
	if (alm_file_read(path, FILE_BYTES_MAX, &data, &bytes, NULL) !=
		ALM_OK) {
		return false;
	}
	text = strndup((const char *)data, bytes);
	free(data);
	if (text == NULL) {
		return false;
	}
	value_of(text, "message-id", out->id, sizeof(out->id));
	value_of(text, "basis", out->basis, sizeof(out->basis));
	value_of(text, "name", out->name, sizeof(out->name));
	value_of(text, "code", code, sizeof(code));
	out->code = is_accepted ? 0 : (int)strtol(code, NULL, 10);
	out->is_answered = true;
	free(text);
	return true;
}

static void write_list(FILE *out, const char *categories)
{
	(void)fputs("categories: [", out);
	for (const char *c = categories; *c != '\0'; c++) {
		(void)fputs(*c == ',' ? ", " : (char[]){*c, '\0'}, out);
	}
	(void)fputs("]\n", out);
}

static bool write_sidecar(const struct alm_player *player,
	const struct alm_letter *letter, const char *name)
{
	char path[PATH_MAX];
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	enum alm_err err;

	if (out == NULL) {
		return false;
	}
	(void)fprintf(out,
		"recipient: \"%s\"\npurpose: %s\nlevel: %s\n"
		"payload: %s.txt\n",
		letter->to, letter->purpose, letter->level, name);
	write_list(out, letter->categories);
	if (letter->subject != NULL) {
		(void)fprintf(out, "subject: \"%s\"\n", letter->subject);
	}
	if (letter->referral != NULL) {
		(void)fprintf(out, "relationship: {kind: referral, ref: %s}\n",
			letter->referral);
	}
	if (fclose(out) != 0) {
		free(text);
		return false;
	}
	path_of(player, "outbox", name, ".yaml", path);
	err = alm_file_write(path,
		(struct alm_bytes){(const uint8_t *)text, bytes}, 0600, NULL);
	free(text);
	return err == ALM_OK;
}

struct alm_outcome alm_post_folder_send(
	struct alm_player *player, const struct alm_letter *letter)
{
	struct alm_outcome outcome = {.name = "no-answer"};
	int64_t until_ms = alm_child_now_ms() + ALM_DEMO_WAIT_MS;
	char name[32];
	char path[PATH_MAX];

	(void)snprintf(name, sizeof(name), "letter-%u", ++player->letter_count);
	path_of(player, "outbox", name, ".txt", path);
	if (alm_file_write(path,
		    (struct alm_bytes){(const uint8_t *)letter->text,
			    strlen(letter->text)},
		    0600, NULL) != ALM_OK ||
		!write_sidecar(player, letter, name)) {
		return outcome;
	}
	while (!exists(player, "receipts", name, ".yaml") &&
		!exists(player, "refused", name, ".refusal.yaml")) {
		if (!wait_for_change(player, until_ms)) {
			return outcome;
		}
	}
	(void)read_answer(player, name, &outcome);
	return outcome;
}

bool alm_post_folder_has(
	const struct alm_player *player, const char *id, bool is_notice)
{
	int64_t until_ms = alm_child_now_ms() + ALM_DEMO_WAIT_MS;
	const char *suffix = is_notice ? ".notice.yaml" : ".yaml";

	while (!exists(player, "inbox", id, suffix)) {
		if (!wait_for_change(player, until_ms)) {
			return false;
		}
	}
	return true;
}
