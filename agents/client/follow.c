/*
 * What changes around an agent at work: the files of its context, and where
 * its broker is.  A broker that moves is believed under its old key, and only
 * followed once it answers at the new place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "agents/client/once.h"
#include "agents/include/almoner_identity.h"
#include "lib/file.h"
#include "lib/id.h"

#define CONTEXT_BYTES_MAX ((size_t)64 * 1024)
#define PROBE_MS 3000
#define ANSWER_BYTES_MAX ((size_t)4 * 1024 * 1024)

static uint64_t mix(uint64_t stamp, uint64_t value)
{
	return (stamp ^ value) * UINT64_C(0x9E3779B97F4A7C15);
}

/* A file that is missing for a moment, while it is replaced, is no change. */
static uint64_t stamp_of(const struct alm_identity_watch *watch)
{
	uint64_t stamp = 1;

	for (size_t i = 0; i < ALM_COUNT(watch->paths); i++) {
		struct stat info;

		if (stat(watch->paths[i], &info) != 0) {
			return watch->stamp;
		}
		stamp = mix(stamp, info.st_ino);
		stamp = mix(stamp, (uint64_t)info.st_mtim.tv_sec);
		stamp = mix(stamp, (uint64_t)info.st_mtim.tv_nsec);
	}
	return stamp;
}

enum alm_err alm_identity_watch_begin(const char *context_file,
	struct alm_identity_watch *out_watch, struct alm_problem *problem)
{
	struct alm_context_files files;
	struct alm_context context;
	enum alm_err err =
		alm_context_read_files(context_file, &context, &files, problem);

	if (err != ALM_OK) {
		return err;
	}
	sodium_memzero(&context, sizeof(context));
	memset(out_watch, 0, sizeof(*out_watch));
	(void)snprintf(out_watch->paths[0], PATH_MAX, "%s", context_file);
	memcpy(out_watch->paths[1], files.curve_key, PATH_MAX);
	memcpy(out_watch->paths[2], files.signing_key, PATH_MAX);
	out_watch->stamp = stamp_of(out_watch);
	return ALM_OK;
}

bool alm_identity_has_changed(struct alm_identity_watch *watch)
{
	uint64_t stamp = stamp_of(watch);
	bool has_changed = stamp != watch->stamp;

	watch->stamp = stamp;
	return has_changed;
}

static bool is_of_this_machine(const char *endpoint)
{
	return strncmp(endpoint, "ipc:///", 7) == 0;
}

/* tcp://HOST:PORT, with nothing that ZeroMQ has a meaning of its own for, such
 * as an interface to go out by. */
static bool is_tcp(const char *endpoint)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:%[]";
	const char *host = endpoint + 6;
	const char *colon = strrchr(endpoint, ':');
	unsigned long port;

	if (strncmp(endpoint, "tcp://", 6) != 0 || colon <= host ||
		host[strspn(host, letters)] != '\0' ||
		colon[1 + strspn(colon + 1, "0123456789")] != '\0') {
		return false;
	}
	port = strtoul(colon + 1, NULL, 10);
	return port >= 1 && port <= 65535;
}

/* What is reached over the network does not move to a socket of this machine,
 * where others than the broker may listen. */
static bool may_move(const char *from, const char *to)
{
	/* It becomes a quoted text of the file. */
	return is_tcp(to) ||
	       (is_of_this_machine(from) && is_of_this_machine(to) &&
		       strpbrk(to, "'\n\\") == NULL);
}

static enum alm_err probe(const char *context_file, const char *endpoint,
	const uint8_t broker_key[ALM_KEY_BYTES], struct alm_problem *problem)
{
	struct alm_once once = {.endpoint = endpoint,
		.broker_key = broker_key,
		.timeout_ms = PROBE_MS};
	struct alm_link *link = NULL;
	struct alm_context context;
	enum alm_err err = alm_context_read(context_file, &context, problem);

	if (err != ALM_OK) {
		return err;
	}
	once.curve_secret_key = context.curve_key;
	err = may_move(context.endpoint, endpoint)
		      ? alm_once_connect(&once, &link, problem)
		      : alm_problem_set(problem, ALM_ENDPOINT_INVALID,
				"the broker says that it moves from %s to %s",
				context.endpoint, endpoint);
	alm_link_close(link, 0);
	sodium_memzero(&context, sizeof(context));
	return err;
}

static bool is_line_of(const char *line, const char *key)
{
	return strncmp(line, key, strlen(key)) == 0;
}

/* The file as it was, but for two lines; it stands for itself from now on. */
static void write_lines(FILE *out, const char *content, const char *endpoint,
	const char *broker_key)
{
	while (*content != '\0') {
		size_t bytes = strcspn(content, "\n");

		if (is_line_of(content, "endpoint:")) {
			(void)fprintf(out, "endpoint: '%s'\n", endpoint);
		} else if (is_line_of(content, "broker-key:")) {
			(void)fprintf(out, "broker-key: '%s'\n", broker_key);
		} else if (!is_line_of(content, "broker-from:")) {
			(void)fprintf(out, "%.*s\n", (int)bytes, content);
		}
		content += bytes + (content[bytes] == '\n' ? 1 : 0);
	}
}

/* It may be a credential, which the service manager makes of another file. */
static enum alm_err say_where(const char *endpoint, struct alm_problem *problem)
{
	char why[ALM_DETAIL_BYTES_MAX];

	alm_text_copy(why, sizeof(why), problem->detail);
	return alm_problem_set(problem, ALM_IO,
		"%s; the broker moves to %s: if this is a copy, run "
		"almoner-agent follow --context on the file that it is of, "
		"and restart",
		why, endpoint);
}

static enum alm_err rewrite(const char *context_file, const char *endpoint,
	const uint8_t broker_key[ALM_KEY_BYTES], struct alm_problem *problem)
{
	char key_text[65];
	uint8_t *content = NULL;
	char *text = NULL;
	size_t text_bytes = 0;
	size_t bytes = 0;
	struct stat info;
	FILE *out;
	enum alm_err err = alm_file_read(
		context_file, CONTEXT_BYTES_MAX, &content, &bytes, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_hex(broker_key, ALM_KEY_BYTES, key_text);
	out = open_memstream(&text, &text_bytes);
	if (out != NULL) {
		write_lines(out, (const char *)content, endpoint, key_text);
	}
	if (out == NULL || fclose(out) != 0) {
		err = alm_problem_set(problem, ALM_NOMEM, "%s", context_file);
	} else {
		mode_t mode = stat(context_file, &info) == 0
				      ? info.st_mode & 0777
				      : 0600;

		err = alm_file_write(context_file,
			(struct alm_bytes){(const uint8_t *)text, text_bytes},
			mode, problem);
		if (err != ALM_OK) {
			err = say_where(endpoint, problem);
		}
	}
	free(text);
	free(content);
	return err;
}

static enum alm_err follow(const char *context_file, const char *endpoint,
	const uint8_t broker_key[ALM_KEY_BYTES], bool is_dry_run,
	struct alm_problem *problem)
{
	enum alm_err err = probe(context_file, endpoint, broker_key, problem);

	return err == ALM_OK && !is_dry_run
		       ? rewrite(context_file, endpoint, broker_key, problem)
		       : err;
}

enum alm_err alm_identity_follow(const char *context_file, const char *endpoint,
	const uint8_t broker_key[ALM_KEY_BYTES], struct alm_problem *problem)
{
	return follow(context_file, endpoint, broker_key, false, problem);
}

static const char *fact(const struct alm_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->fact_count; i++) {
		if (strcmp(answer->facts[i].key, key) == 0) {
			return answer->facts[i].value;
		}
	}
	return "";
}

static enum alm_err ask_and_follow(const char *context_file, bool is_dry_run,
	char out_endpoint[ALM_ENDPOINT_BYTES_MAX + 1],
	struct alm_problem *problem)
{
	struct alm_context context;
	struct alm_answer answer;
	struct alm_arena arena;
	uint8_t broker_key[ALM_KEY_BYTES];
	enum alm_err err = alm_context_read(context_file, &context, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_arena_init(&arena, ANSWER_BYTES_MAX);
	err = alm_once_ask(
		&context, "agent.check", NULL, 0, &arena, &answer, problem);
	sodium_memzero(&context, sizeof(context));
	if (err == ALM_OK) {
		alm_text_copy(out_endpoint, ALM_ENDPOINT_BYTES_MAX + 1,
			fact(&answer, "next-endpoint"));
	}
	if (err == ALM_OK && out_endpoint[0] != '\0') {
		err = alm_unhex(fact(&answer, "next-broker-key"), broker_key,
			      ALM_KEY_BYTES) == ALM_OK
			      ? follow(context_file, out_endpoint, broker_key,
					is_dry_run, problem)
			      : alm_problem_set(problem, ALM_INTERNAL,
					"the broker's answer");
	}
	alm_arena_fini(&arena);
	return err;
}

enum alm_err alm_identity_ask_and_follow(const char *context_file,
	char out_endpoint[ALM_ENDPOINT_BYTES_MAX + 1],
	struct alm_problem *problem)
{
	return ask_and_follow(context_file, false, out_endpoint, problem);
}

enum alm_err alm_identity_ask_and_try(const char *context_file,
	char out_endpoint[ALM_ENDPOINT_BYTES_MAX + 1],
	struct alm_problem *problem)
{
	return ask_and_follow(context_file, true, out_endpoint, problem);
}
