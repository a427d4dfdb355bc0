/*
 * tiles_check.c - a folder as C2SP tlog-tiles lays it out: every entry is
 * hashed again, every tile must be what the entries give, and all of it what
 * the signed head says.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit/evidence.h"
#include "cli/audit/tiles.h"
#include "lib/file.h"

struct tiles {
	const char *folder;
	struct alm_hash *hash;
	struct alm_frontier frontier;
	/* The tile being filled of each level. */
	struct alm_digest *level[ALM_TILES_LEVELS];
	size_t width[ALM_TILES_LEVELS];
	uint64_t number[ALM_TILES_LEVELS];
	struct alm_tiles_checked out;
	struct alm_problem *problem;
};

static enum alm_err read_part(struct tiles *t, const char *name,
	size_t bytes_max, uint8_t **out_data, size_t *out_bytes)
{
	char path[PATH_MAX];

	(void)snprintf(
		path, sizeof(path), "%.*s/%s", PATH_MAX / 2, t->folder, name);
	return alm_file_read(path, bytes_max, out_data, out_bytes, t->problem);
}

/* A whole tile, or the last one of its level. */
static enum alm_err compare_tile(struct tiles *t, unsigned level)
{
	char name[ALM_TILES_NAME_BYTES];
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	alm_tiles_name(level, t->number[level], t->width[level], name);
	err = read_part(
		t, name, ALM_TILES_WIDTH * ALM_DIGEST_BYTES, &data, &bytes);
	if (err == ALM_OK &&
		(bytes != t->width[level] * ALM_DIGEST_BYTES ||
			memcmp(data, t->level[level], bytes) != 0)) {
		err = alm_problem_set(t->problem, ALM_PROOF_WRONG, "%s", name);
	}
	free(data);
	t->out.tiles++;
	return err;
}

/* A tile that is full gives a node of the level above. */
static enum alm_err add_node(
	struct tiles *t, unsigned level, const struct alm_digest *node)
{
	struct alm_digest sum = *node;
	enum alm_err err = ALM_OK;

	for (; level < ALM_TILES_LEVELS && err == ALM_OK; level++) {
		struct alm_frontier whole = {.size = 0};

		t->level[level][t->width[level]++] = sum;
		if (t->width[level] < ALM_TILES_WIDTH) {
			return ALM_OK;
		}
		err = compare_tile(t, level);
		for (size_t i = 0; i < ALM_TILES_WIDTH; i++) {
			alm_frontier_append(
				t->hash, &whole, &t->level[level][i]);
		}
		alm_frontier_root(t->hash, &whole, &sum);
		t->width[level] = 0;
		t->number[level]++;
	}
	return err;
}

/* `width` entries, each with its length before it. */
static enum alm_err read_entries(struct tiles *t, uint64_t number, size_t width)
{
	char name[ALM_TILES_NAME_BYTES];
	uint8_t *data = NULL;
	size_t bytes = 0;
	struct alm_reader r;
	enum alm_err err;

	alm_tiles_entries_name(number, width, name);
	err = read_part(t, name, ALM_TILES_ENTRIES_BYTES_MAX, &data, &bytes);
	alm_reader_init(&r, data, err == ALM_OK ? bytes : 0);
	for (size_t i = 0; err == ALM_OK && i < width; i++) {
		size_t length = alm_read_u16(&r);
		struct alm_digest leaf;

		if (r.is_bad || length > r.bytes_left) {
			r.is_bad = true;
			break;
		}
		alm_merkle_leaf(
			t->hash, (struct alm_bytes){r.data, length}, &leaf);
		r.data += length;
		r.bytes_left -= length;
		alm_frontier_append(t->hash, &t->frontier, &leaf);
		err = add_node(t, 0, &leaf);
		t->out.entries++;
	}
	if (err == ALM_OK && !alm_reader_is_done(&r)) {
		err = alm_problem_set(t->problem, ALM_PROOF_WRONG, "%s", name);
	}
	free(data);
	return err;
}

static enum alm_err read_all(struct tiles *t)
{
	const struct alm_checkpoint *head = &t->out.checked.head;
	uint64_t whole = head->size / ALM_TILES_WIDTH;
	size_t rest = (size_t)(head->size % ALM_TILES_WIDTH);
	struct alm_digest root;
	enum alm_err err = ALM_OK;

	for (uint64_t i = 0; i < whole && err == ALM_OK; i++) {
		err = read_entries(t, i, ALM_TILES_WIDTH);
	}
	if (err == ALM_OK && rest > 0) {
		err = read_entries(t, whole, rest);
	}
	for (unsigned level = 0; level < ALM_TILES_LEVELS && err == ALM_OK;
		level++) {
		if (t->width[level] > 0) {
			err = compare_tile(t, level);
		}
	}
	if (err == ALM_OK) {
		alm_frontier_root(t->hash, &t->frontier, &root);
		if (memcmp(&root, &head->root, sizeof(root)) != 0) {
			err = alm_problem_set(t->problem, ALM_PROOF_WRONG,
				"the entries do not give the head");
		}
	}
	return err;
}

enum alm_err alm_tiles_check(const char *folder, const struct alm_trust *trust,
	struct alm_tiles_checked *out_checked, struct alm_problem *problem)
{
	struct tiles t = {.folder = folder, .problem = problem};
	uint8_t *note = NULL;
	size_t bytes = 0;
	enum alm_err err = ALM_OK;

	t.hash = alm_hash_new();
	for (unsigned i = 0; i < ALM_TILES_LEVELS; i++) {
		t.level[i] = calloc(ALM_TILES_WIDTH, sizeof(*t.level[i]));
		err = t.level[i] == NULL || t.hash == NULL ? ALM_NOMEM : err;
	}
	if (err == ALM_OK) {
		err = read_part(
			&t, "checkpoint", ALM_NOTE_BYTES_MAX, &note, &bytes);
	}
	if (err == ALM_OK) {
		err = alm_check_head(trust, (struct alm_bytes){note, bytes},
			&t.out.checked, problem);
	}
	if (err == ALM_OK) {
		err = read_all(&t);
	}
	for (unsigned i = 0; i < ALM_TILES_LEVELS; i++) {
		free(t.level[i]);
	}
	free(note);
	alm_hash_free(t.hash);
	if (err == ALM_OK) {
		*out_checked = t.out;
	}
	/* A file that is missing is evidence that is missing. */
	if (err == ALM_NOT_FOUND) {
		problem->err = ALM_PROOF_WRONG;
		err = ALM_PROOF_WRONG;
	}
	return err;
}
