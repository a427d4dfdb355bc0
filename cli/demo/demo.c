/*
 * demo.c - almoner demo: real organisations, an embedded broker and a person's
 * way through cancer care, told as a story.  Every sentence with `ok` is an
 * expectation; the figures at the end are the broker's own.
 */
#include "cli/demo/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/paths.h"

#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)

static const struct alm_option options[] = {
	{"keep", 0, ALM_OPTION_FLAG, NULL,
		"leave the temporary folder behind, and say where", false,
		false},
	{0},
};

static const struct alm_usage usage = {
	.name = "demo",
	.summary = "Play the cancer pathway through the organisations of "
		   "Nottingham and Nottinghamshire, on a broker of its own in "
		   "a temporary folder.  Exit 0 if everything went as told.",
	.positionals = "",
	.options = options,
	.notes = "  almoner demo --json   the story on stderr, figures on "
		 "stdout",
};

/** Start the broker and tell it about organisations, rules and people. */
static enum alm_err open_broker(struct alm_demo *demo, bool keeps_folder)
{
	struct alm_sandbox_options sandbox = {.keeps_folder = keeps_folder};
	struct alm_problem *problem = &demo->problem;
	char folder[PATH_MAX];
	char path[PATH_MAX];
	enum alm_err err = alm_path_demo(folder, problem);

	if (err == ALM_OK) {
		err = alm_sandbox_open(&sandbox, &demo->sandbox, problem);
	}
	if (err == ALM_OK && alm_path_join(folder, "policy", path)) {
		err = alm_sandbox_activate(demo->sandbox, path, problem);
	}
	if (err == ALM_OK &&
		alm_path_join(folder, "people/people.ndjson", path)) {
		err = alm_sandbox_people(demo->sandbox, path, NULL, problem);
	}
	if (err == ALM_OK) {
		err = alm_path_standards(path, problem);
	}
	if (err == ALM_OK) {
		err = alm_sandbox_standards(demo->sandbox, path, NULL, problem);
	}
	if (err == ALM_OK) {
		(void)snprintf(demo->log, sizeof(demo->log), "%s/players.log",
			alm_sandbox_folder(demo->sandbox));
	}
	return err;
}

static enum alm_err set_the_stage(struct alm_demo *demo, bool keeps_folder)
{
	struct alm_answer answer;
	enum alm_err err = open_broker(demo, keeps_folder);

	if (err == ALM_OK) {
		err = alm_cast_open(demo);
	}
	if (err == ALM_OK) {
		err = alm_demo_ask(demo, "policy.show", NULL, 0, &answer);
	}
	if (err == ALM_OK) {
		alm_story_chapter(&demo->story, "The stage");
		alm_story_say(&demo->story,
			"A broker on a temporary store, "
			"the organisations of Nottingham and Nottinghamshire "
			"and their neighbours, their agreements and the law; "
			"and %u processes, each the agent of one organisation. "
			"The people are invented: their NHS numbers are from "
			"the range for tests.",
			(unsigned)ALM_PART_COUNT);
	}
	return err;
}

/** Compare what the senders saw with what the broker counted. */
static void check_figures(struct alm_demo *demo, struct alm_figures *figures)
{
	struct alm_story *story = &demo->story;

	alm_story_chapter(story, "The broker's own figures");
	(void)alm_story_expect(story, alm_demo_settles(demo, figures),
		"all that was accepted is stopped or acknowledged");
	(void)alm_story_expect(story,
		figures->accepted == demo->accepted_count &&
			figures->refused == demo->refused_count,
		"the broker counts what the senders saw: %u accepted, "
		"%u refused",
		demo->accepted_count, demo->refused_count);
	(void)alm_story_expect(story,
		figures->stopped == 1 &&
			figures->delivered ==
				figures->accepted - figures->stopped,
		"one was stopped at hand-over, all others were delivered");
}

static void play(struct alm_demo *demo, struct alm_figures *figures)
{
	alm_scene_pathway(demo);
	alm_scene_consent(demo);
	alm_scene_planning(demo);
	alm_scene_investigation(demo);
	alm_scene_intruders(demo);
	alm_scene_log(demo);
	check_figures(demo, figures);
}

/** The last line; `held`: every expectation did. */
static int finish(const struct alm_demo *demo, const struct alm_args *args,
	const struct alm_figures *f, int64_t took_ms)
{
	double seconds = (double)took_ms / 1000.0;
	FILE *story = demo->story.out;

	if (story != NULL) {
		(void)fprintf(story,
			"\n%u of %u expectations held, in %.1f seconds.\n",
			demo->story.held_count,
			demo->story.held_count + demo->story.failed_count,
			seconds);
		(void)fflush(story);
	}
	if (args->output.format == ALM_FORMAT_JSON) {
		(void)printf("{\"schema\":\"almoner.demo/1\",\"sent\":%llu,"
			     "\"accepted\":%llu,\"refused\":%llu,"
			     "\"delivered\":%llu,\"acknowledged\":%llu,"
			     "\"stopped_at_handover\":%llu,"
			     "\"audit_records\":%llu,\"audit_verified\":%s,"
			     "\"seconds\":%.3f}\n",
			(unsigned long long)f->accepted +
				(unsigned long long)f->refused,
			(unsigned long long)f->accepted,
			(unsigned long long)f->refused,
			(unsigned long long)f->delivered,
			(unsigned long long)f->acknowledged,
			(unsigned long long)f->stopped,
			(unsigned long long)f->audit_records,
			demo->is_verified ? "true" : "false", seconds);
	}
	if (demo->story.failed_count > 0) {
		return alm_print_failure(&args->output,
			&(struct alm_failure){ALM_EXPECTATION, "", NULL, 0});
	}
	return ALM_EXIT_OK;
}

int alm_cmd_demo(int argc, char **argv)
{
	struct alm_figures figures = {0};
	struct alm_args args;
	struct alm_demo *demo;
	int64_t start_ms = alm_child_now_ms();
	int rc = alm_args_parse(&usage, argc, argv, &args);
	enum alm_err err;

	if (rc >= 0) {
		return rc;
	}
	demo = calloc(1, sizeof(*demo));
	if (demo == NULL) {
		return alm_print_failure(&args.output,
			&(struct alm_failure){ALM_NOMEM, "", NULL, 0});
	}
	alm_arena_init(&demo->arena, ARENA_BYTES_MAX);
	demo->story.out =
		args.output.format == ALM_FORMAT_JSON ? stderr : stdout;
	demo->story.has_color =
		args.output.has_color && args.output.format != ALM_FORMAT_JSON;
	if (args.output.is_quiet) {
		demo->story.out = NULL;
	}
	err = set_the_stage(demo, alm_args_has(&args, "keep"));
	if (err == ALM_OK) {
		play(demo, &figures);
		rc = finish(
			demo, &args, &figures, alm_child_now_ms() - start_ms);
	} else {
		demo->problem.err = err;
		rc = alm_print_problem(&args.output, &demo->problem);
	}
	alm_cast_close(demo);
	if (alm_args_has(&args, "keep") && demo->sandbox != NULL) {
		(void)fprintf(stderr, "kept: %s\n",
			alm_sandbox_folder(demo->sandbox));
	}
	alm_sandbox_close(demo->sandbox);
	alm_arena_fini(&demo->arena);
	free(demo);
	return rc;
}
