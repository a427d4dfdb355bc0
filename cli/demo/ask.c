/* ask.c - what the broker says of itself, and what it is told about people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/demo/demo.h"
#include "lib/file.h"
#include "lib/time.h"

enum alm_err alm_demo_ask(struct alm_demo *demo, const char *verb,
	const struct alm_argument *arguments, size_t argument_count,
	struct alm_answer *out_answer)
{
	struct alm_request_call call = {.verb = verb,
		.arguments = arguments,
		.argument_count = argument_count};

	alm_arena_reset(&demo->arena);
	return alm_sandbox_ask(
		demo->sandbox, &call, &demo->arena, out_answer, &demo->problem);
}

static uint64_t fact(const struct alm_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->fact_count; i++) {
		if (strcmp(answer->facts[i].key, key) == 0) {
			return strtoull(answer->facts[i].value, NULL, 10);
		}
	}
	return 0;
}

/* What the broker has counted.  Errors: as alm_demo_ask(). */
static enum alm_err read_figures(
	struct alm_demo *demo, struct alm_figures *out_figures)
{
	struct alm_answer answer;
	enum alm_err err = alm_demo_ask(demo, "status", NULL, 0, &answer);

	if (err == ALM_OK) {
		out_figures->accepted = fact(&answer, "accepted");
		out_figures->refused = fact(&answer, "refused");
		out_figures->delivered = fact(&answer, "delivered");
		out_figures->acknowledged = fact(&answer, "acknowledged");
		out_figures->stopped = fact(&answer, "stopped");
		out_figures->audit_records = fact(&answer, "audit-size");
	}
	return err;
}

bool alm_demo_settles(struct alm_demo *demo, struct alm_figures *out_figures)
{
	int64_t until_ms = alm_child_now_ms() + ALM_DEMO_WAIT_MS;

	do {
		if (read_figures(demo, out_figures) != ALM_OK) {
			return false;
		}
		if (out_figures->delivered + out_figures->stopped >=
				out_figures->accepted &&
			out_figures->acknowledged >= out_figures->delivered) {
			return true;
		}
	} while (alm_child_now_ms() < until_ms);
	return false;
}

enum alm_err alm_demo_consent(struct alm_demo *demo, const char *scope,
	const char *purposes, const char *categories, const char *to)
{
	char now[ALM_INSTANT_TEXT_BYTES];
	char path[PATH_MAX];
	char line[1024];
	enum alm_err err;
	int n;

	/* A minute ago, so that a withdrawal in this second is newer. */
	alm_instant_text((int64_t)time(NULL) - 60, now);
	n = snprintf(line, sizeof(line),
		"{\"type\":\"directive\",\"id\":\"R-%s\",\"subject\":\"%s\","
		"\"authority\":\"patient\",\"scope\":\"%s\",\"recorded\":"
		"\"%s\",\"effect\":\"permit\",\"purposes\":[%s],"
		"\"categories\":[%s],\"to\":[%s],\"valid\":\"%.10s until "
		"further notice\"}\n",
		scope, ALM_DEMO_PATIENT, scope, now, purposes, categories, to,
		now);
	if (n < 0 || n >= (int)sizeof(line) ||
		snprintf(path, sizeof(path), "%s/consent.ndjson",
			alm_sandbox_folder(demo->sandbox)) < 0) {
		return ALM_INTERNAL;
	}
	err = alm_file_write(path,
		(struct alm_bytes){(const uint8_t *)line, (size_t)n}, 0600,
		&demo->problem);
	if (err == ALM_OK) {
		err = alm_sandbox_people(
			demo->sandbox, path, NULL, &demo->problem);
	}
	return err;
}

enum alm_err alm_demo_withdraw(struct alm_demo *demo, const char *scope)
{
	struct alm_argument arguments[] = {{"subject", ALM_DEMO_PATIENT},
		{"authority", "patient"}, {"scope", scope},
		{"reason", "the patient has changed her mind"}};
	struct alm_answer answer;

	return alm_demo_ask(demo, "people.withdraw", arguments,
		ALM_COUNT(arguments), &answer);
}
