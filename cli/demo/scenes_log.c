/* scenes_log.c - what the log says, and that it cannot be changed. */
#include <stdio.h>
#include <string.h>

#include "cli/demo/damage.h"
#include "cli/demo/demo.h"

/* Pages that are no longer in use hold the id as well, some hundred times. */
#define FLIPS_MAX 512u

static const char *cell(
	const struct alm_answer *answer, size_t row, const char *column)
{
	for (size_t i = 0; i < answer->columns.count; i++) {
		if (strcmp(answer->columns.items[i], column) == 0) {
			return answer->rows[row].items[i];
		}
	}
	return "";
}

static void print_row(
	struct alm_demo *demo, const struct alm_answer *answer, size_t row)
{
	const char *basis = cell(answer, row, "basis");
	const char *name = cell(answer, row, "name");
	bool is_refusal = strcmp(cell(answer, row, "effect"), "deny") == 0;

	if (demo->story.out == NULL) {
		return;
	}
	if (strcmp(cell(answer, row, "kind"), "person-changed") == 0) {
		(void)fputs("      her choices or relationships changed\n",
			demo->story.out);
	} else {
		(void)fprintf(demo->story.out,
			"      %-20.20s %5s > %-17s %s\n",
			cell(answer, row, "kind"), cell(answer, row, "sender"),
			cell(answer, row, "recipient"),
			is_refusal ? name : basis);
	}
}

/** Show the page of the log about the patient; gives how many rows. */
static size_t about_patient(struct alm_demo *demo, size_t *out_disclosures)
{
	struct alm_argument arguments[] = {{"person", ALM_DEMO_PATIENT},
		{"limit", "100"},
		{"reason", "the patient asks what was shared about her"}};
	struct alm_answer answer;

	*out_disclosures = 0;
	if (alm_demo_ask(demo, "audit.query", arguments, ALM_COUNT(arguments),
		    &answer) != ALM_OK) {
		return 0;
	}
	for (size_t i = 0; i < answer.row_count; i++) {
		const char *kind = cell(&answer, i, "kind");

		if (strcmp(kind, "acknowledged") == 0) {
			continue;
		}
		*out_disclosures += strcmp(kind, "delivered") == 0 ? 1 : 0;
		print_row(demo, &answer, i);
	}
	return answer.row_count;
}

static int verify(struct alm_demo *demo, const char *store)
{
	const char *argv[] = {"/proc/self/exe", "audit", "verify", "--store",
		store, "--key", alm_sandbox_store_key(demo->sandbox), NULL};

	return alm_child_run(argv, demo->log);
}

/** Flip a byte behind the first letter's id until one hits the log. */
static int verify_damaged(struct alm_demo *demo, const char *copy)
{
	struct alm_message_id id;
	struct alm_bytes needle = {id.raw, sizeof(id.raw)};
	int rc = 0;

	if (alm_message_id_parse(demo->summary.id, &id) != ALM_OK) {
		return -1;
	}
	for (unsigned i = 0; i < FLIPS_MAX && rc == 0; i++) {
		if (alm_damage_flip(copy, needle, i, &demo->problem) !=
			ALM_OK) {
			return -1;
		}
		rc = verify(demo, copy);
		if (rc == 0 && alm_damage_flip(copy, needle, i,
				       &demo->problem) != ALM_OK) {
			return -1;
		}
	}
	return rc;
}

static void verification(struct alm_demo *demo)
{
	const char *store = alm_sandbox_store(demo->sandbox);
	char copy[PATH_MAX];
	bool is_whole;
	bool is_found;

	alm_story_chapter(&demo->story, "Can it be trusted?");
	alm_story_say(&demo->story,
		"Every record is a leaf of a tree of "
		"hashes. Anyone with the store can compute it again.");
	is_whole = verify(demo, store) == ALM_EXIT_OK;
	(void)alm_story_expect(&demo->story, is_whole,
		"almoner audit verify: every leaf, tile and root agrees");
	(void)snprintf(copy, sizeof(copy), "%s/copy",
		alm_sandbox_folder(demo->sandbox));
	is_found = alm_damage_copy(store, copy, &demo->problem) == ALM_OK &&
		   verify(demo, copy) == ALM_EXIT_OK &&
		   verify_damaged(demo, copy) == ALM_EXIT_INTEGRITY;
	(void)alm_story_expect(&demo->story, is_found,
		"one byte of a copy is flipped: verification fails, exit 8");
	demo->is_verified = is_whole && is_found;
}

void alm_scene_log(struct alm_demo *demo)
{
	size_t disclosure_count;
	size_t row_count;

	alm_story_chapter(&demo->story, "What was shared about me?");
	alm_story_say(&demo->story,
		"She asks. The log answers from the same "
		"records that were written, and synced, before anyone was "
		"told anything. (Acknowledgements are left out here; the "
		"question itself is in the log too.)");
	row_count = about_patient(demo, &disclosure_count);
	(void)alm_story_expect(&demo->story,
		row_count > 0 && disclosure_count == 7,
		"%zu disclosures about her, in %zu records", disclosure_count,
		row_count);
	verification(demo);
}
