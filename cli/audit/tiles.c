/*
 * tiles.c - almoner audit export --tiles: the log's headers and hashes as a
 * folder that other people's verifiers read.  Private parts are not in it.
 */
#include "cli/audit/tiles.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store/evidence.h"
#include "broker/store/store.h"
#include "cli/audit/place.h"
#include "cli/audit/reason.h"
#include "cli/commands.h"
#include "cli/show/bar.h"
#include "lib/file.h"

/* Three digits a folder, and an x before all but the last. */
static void put_number(uint64_t number, size_t width, char *out, size_t bytes)
{
	char text[32];
	size_t used = 0;
	int digits = snprintf(text, sizeof(text), "%03" PRIu64, number);
	int pad = (3 - digits % 3) % 3;
	char padded[40];

	(void)snprintf(padded, sizeof(padded), "%.*s%s", pad, "00", text);
	for (size_t at = 0; padded[at] != '\0'; at += 3) {
		int n = snprintf(out + used, bytes - used, "%s%.3s",
			padded[at + 3] != '\0' ? "/x" : "/", padded + at);

		used += (size_t)n;
	}
	if (width < ALM_TILES_WIDTH) {
		(void)snprintf(out + used, bytes - used, ".p/%zu", width);
	}
}

void alm_tiles_name(unsigned level, uint64_t number, size_t width,
	char out[ALM_TILES_NAME_BYTES])
{
	int n = snprintf(out, ALM_TILES_NAME_BYTES, "tile/%u", level);

	put_number(number, width, out + n, ALM_TILES_NAME_BYTES - (size_t)n);
}

void alm_tiles_entries_name(
	uint64_t number, size_t width, char out[ALM_TILES_NAME_BYTES])
{
	int n = snprintf(out, ALM_TILES_NAME_BYTES, "tile/entries");

	put_number(number, width, out + n, ALM_TILES_NAME_BYTES - (size_t)n);
}

/* --- the command ---------------------------------------------------------- */

static const struct alm_option options[] = {
	{"tiles", 0, ALM_OPTION_TEXT, "DIR",
		"the folder to write, which is made; an older export there is "
		"continued",
		true, false},
	ALM_ASKED_OPTION,
	ALM_PLACE_OPTIONS,
	{0},
};

static const struct alm_usage usage = {
	.name = "audit export",
	.summary = "Write the log under its newest signed head as a C2SP "
		   "tlog-tiles folder: headers and hashes, no private parts.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner audit export --tiles log.d --reason nightly",
};

struct export
{
	struct alm_store *store;
	const char *folder;
	uint64_t size;
	struct alm_bytes note;
	uint64_t written;
	uint64_t kept;
	uint8_t *data; /* ALM_TILES_ENTRIES_BYTES_MAX */
	struct alm_bar bar;
	struct alm_problem *problem;
};

/* Every folder on the way to a name. */
static bool make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at != NULL;
		at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(path, 0750) != 0 && errno != EEXIST) {
			*at = '/';
			return false;
		}
		*at = '/';
	}
	return true;
}

/* A file never changes under its name, so one that is there is kept. */
static bool is_there(struct export *e, const char *name, char path[PATH_MAX])
{
	(void)snprintf(
		path, PATH_MAX, "%.*s/%s", PATH_MAX / 2, e->folder, name);
	if (access(path, F_OK) == 0) {
		e->kept++;
		return true;
	}
	return false;
}

static enum alm_err put_file(
	struct export *e, char path[PATH_MAX], struct alm_bytes content)
{
	if (!make_folders(path)) {
		return alm_problem_set(
			e->problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	e->written++;
	return alm_file_write(path, content, 0640, e->problem);
}

static enum alm_err export_entries(
	struct export *e, uint64_t number, size_t width)
{
	char name[ALM_TILES_NAME_BYTES];
	char path[PATH_MAX];
	struct alm_arena arena;
	struct alm_writer w;
	enum alm_err err = ALM_OK;

	alm_tiles_entries_name(number, width, name);
	if (is_there(e, name, path)) {
		return ALM_OK;
	}
	alm_arena_init(&arena, ALM_AUDIT_LEAF_ARENA_BYTES_MAX);
	alm_writer_init(&w, e->data, ALM_TILES_ENTRIES_BYTES_MAX);
	for (size_t i = 0; i < width && err == ALM_OK; i++) {
		struct alm_bytes header;

		alm_arena_reset(&arena);
		err = alm_audit_leaf(e->store, number * ALM_TILES_WIDTH + i + 1,
			&arena, &header);
		if (err == ALM_OK) {
			alm_write_u16(&w, (uint16_t)header.bytes);
			alm_write_raw(&w, header.data, header.bytes);
		}
	}
	alm_arena_fini(&arena);
	return err == ALM_OK
		       ? put_file(e, path, (struct alm_bytes){e->data, w.bytes})
		       : err;
}

static enum alm_err export_tile(
	struct export *e, unsigned level, uint64_t number, size_t width)
{
	uint8_t hashes[ALM_TILES_WIDTH * ALM_DIGEST_BYTES];
	char name[ALM_TILES_NAME_BYTES];
	char path[PATH_MAX];
	enum alm_err err = ALM_OK;

	alm_tiles_name(level, number, width, name);
	if (is_there(e, name, path)) {
		return ALM_OK;
	}
	for (size_t i = 0; i < width && err == ALM_OK; i++) {
		struct alm_digest node;

		err = alm_audit_node(e->store, 8 * level,
			number * ALM_TILES_WIDTH + i, &node);
		if (err == ALM_OK) {
			memcpy(hashes + i * ALM_DIGEST_BYTES, node.raw,
				ALM_DIGEST_BYTES);
		}
	}
	return err == ALM_OK ? put_file(e, path,
				       (struct alm_bytes){hashes,
					       width * ALM_DIGEST_BYTES})
			     : err;
}

static enum alm_err export_level(struct export *e, unsigned level)
{
	uint64_t count = e->size >> (8 * level);
	enum alm_err err = ALM_OK;

	for (uint64_t at = 0; at < count && err == ALM_OK;
		at += ALM_TILES_WIDTH) {
		size_t width = count - at < ALM_TILES_WIDTH
				       ? (size_t)(count - at)
				       : ALM_TILES_WIDTH;

		if (level == 0) {
			err = export_entries(e, at / ALM_TILES_WIDTH, width);
		}
		if (err == ALM_OK) {
			err = export_tile(
				e, level, at / ALM_TILES_WIDTH, width);
		}
		if (level == 0) { /* nearly all of the work */
			alm_bar_show(&e->bar, at + width, e->size);
		}
	}
	return err;
}

/* The head comes last: until then it is the older export. */
static enum alm_err export_all(struct export *e)
{
	struct alm_arena arena;
	char path[PATH_MAX];
	enum alm_err err;

	alm_arena_init(&arena, (size_t)64 * 1024 * 1024);
	err = alm_store_head_covering(e->store, 1, &arena, &e->size, &e->note);
	for (unsigned level = 0; level < ALM_TILES_LEVELS && err == ALM_OK;
		level++) {
		err = export_level(e, level);
	}
	if (err == ALM_OK) {
		(void)snprintf(path, sizeof(path), "%.*s/checkpoint",
			PATH_MAX / 2, e->folder);
		err = put_file(e, path, e->note);
	}
	alm_arena_fini(&arena);
	return err;
}

static int tell(const struct alm_args *args, const struct export *e)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.audit.export/1", NULL, 0);
	int rc;

	alm_sheet_number(sheet, "size", e->size);
	alm_sheet_number(sheet, "files-written", e->written);
	alm_sheet_number(sheet, "files-kept", e->kept);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

/** Records that the log is read, and opens its store. */
static enum alm_err open_told(
	struct export *e, struct alm_args *args, struct alm_reason *reason)
{
	struct alm_audit_question question;
	struct alm_audit_place place;
	uint64_t seq;
	enum alm_err err = alm_audit_reason(args, reason, e->problem);

	if (err == ALM_OK) {
		err = alm_audit_question_read(args, &question, e->problem);
	}
	if (err == ALM_OK) {
		err = alm_audit_place_find(args, &place, e->problem);
	}
	if (err == ALM_OK) {
		err = alm_audit_place_tell(args, &place, "audit.export",
			&question, &seq, e->problem);
	}
	return err == ALM_OK ? alm_audit_place_open(
				       &place, true, &e->store, e->problem)
			     : err;
}

int alm_cmd_audit_export(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct export e = {.problem = &problem};
	struct alm_reason reason;
	struct alm_args args;
	enum alm_err err;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	e.folder = alm_args_text(&args, "tiles");
	e.data = malloc(ALM_TILES_ENTRIES_BYTES_MAX);
	err = e.data == NULL ? ALM_NOMEM : open_told(&e, &args, &reason);
	if (err == ALM_OK) {
		alm_bar_init(&e.bar, &args.output, "records");
		err = export_all(&e);
		alm_bar_end(&e.bar);
	}
	if (err != ALM_OK && problem.err == ALM_OK) {
		(void)alm_problem_set(&problem, err, "%s", e.folder);
	}
	rc = err == ALM_OK ? tell(&args, &e)
			   : alm_print_problem(&args.output, &problem);
	alm_store_close(e.store);
	free(e.data);
	return rc;
}
