#include "cli/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/attach.h"
#include "cli/paths.h"
#include "cli/people/put.h"
#include "cli/sandbox/internal.h"

#define MAP_GIB_DEFAULT 16u
#define READY_WAIT_MS 180000
#define ASK_WAIT_MS 180000
#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)

static void name_files(struct alm_sandbox *s)
{
	(void)snprintf(s->store, sizeof(s->store), "%s/store", s->folder);
	(void)snprintf(
		s->store_key, sizeof(s->store_key), "%s/store.key", s->folder);
	(void)snprintf(
		s->config, sizeof(s->config), "%s/almonerd.yaml", s->folder);
	(void)snprintf(s->log, sizeof(s->log), "%s/almonerd.log", s->folder);
	(void)snprintf(s->notify, sizeof(s->notify), "%s/notify", s->folder);
	(void)snprintf(
		s->admin, sizeof(s->admin), "ipc://%s/admin.sock", s->folder);
}

static enum alm_err make_keys(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	char path[PATH_MAX];
	char unused[ALM_KEY_HEX_BYTES];
	enum alm_err err = ALM_IO;

	if (alm_path_join(sandbox->folder, "curve.key", path)) {
		err = alm_keys_make_curve(path, sandbox->broker_key, problem);
	}
	if (err == ALM_OK) {
		/* Any 32 random bytes; the pair's public half is not used. */
		err = alm_keys_make_curve(sandbox->store_key, unused, problem);
	}
	if (err == ALM_OK &&
		alm_path_join(sandbox->folder, "audit.key", path)) {
		err = alm_keys_make_signing(path, sandbox->audit_key, problem);
	}
	return err;
}

/* Whole, because the broker is told of files in it and starts elsewhere. */
static char *whole_parent(const char *parent, struct alm_problem *problem)
{
	char *whole;

	if (parent == NULL) {
		parent = getenv("TMPDIR");
	}
	if (parent == NULL || *parent == '\0') {
		parent = "/tmp";
	}
	whole = realpath(parent, NULL);
	if (whole == NULL) {
		(void)alm_problem_set(
			problem, ALM_IO, "%s: %s", parent, strerror(errno));
	}
	return whole;
}

static enum alm_err make_folder(struct alm_sandbox *sandbox, const char *parent,
	struct alm_problem *problem)
{
	int n = snprintf(sandbox->folder, sizeof(sandbox->folder),
		"%s/almoner-XXXXXX", parent);
	if (n >= (int)sizeof(sandbox->folder)) {
		sandbox->folder[0] = '\0';
		return alm_problem_set(problem, ALM_IO,
			"%s is too long a name for a folder with sockets",
			parent);
	}
	if (mkdtemp(sandbox->folder) == NULL) {
		sandbox->folder[0] = '\0';
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", parent, strerror(errno));
	}
	return ALM_OK;
}

enum alm_err alm_sandbox_open(const struct alm_sandbox_options *options,
	struct alm_sandbox **out_sandbox, struct alm_problem *problem)
{
	static const struct alm_sandbox_options none;
	struct alm_sandbox *sandbox = calloc(1, sizeof(*sandbox));
	enum alm_err err;
	char *parent;

	options = options != NULL ? options : &none;
	if (sandbox == NULL) {
		return ALM_NOMEM;
	}
	sandbox->pidfd = -1;
	sandbox->notify_fd = -1;
	sandbox->ready_wait_ms = options->ready_wait_ms > 0
					 ? options->ready_wait_ms
					 : READY_WAIT_MS;
	sandbox->map_gib =
		options->map_gib > 0 ? options->map_gib : MAP_GIB_DEFAULT;
	sandbox->settings =
		options->settings != NULL ? strdup(options->settings) : NULL;
	(void)snprintf(sandbox->endpoint, sizeof(sandbox->endpoint),
		"tcp://127.0.0.1:*");
	parent = whole_parent(options->parent, problem);
	err = parent == NULL ? ALM_IO : make_folder(sandbox, parent, problem);
	free(parent);
	if (err == ALM_OK) {
		name_files(sandbox);
		err = make_keys(sandbox, problem);
	}
	if (err == ALM_OK) {
		err = alm_sandbox_start(sandbox, problem);
	}
	/* What was made is left behind on failure: the log says why. */
	sandbox->keeps_folder = options->keeps_folder || err != ALM_OK;
	if (err != ALM_OK) {
		alm_sandbox_close(sandbox);
		return err;
	}
	*out_sandbox = sandbox;
	return ALM_OK;
}

void alm_sandbox_close(struct alm_sandbox *sandbox)
{
	if (sandbox == NULL) {
		return;
	}
	alm_sandbox_stop(sandbox, SIGTERM);
	if (!sandbox->keeps_folder && *sandbox->folder != '\0') {
		alm_path_remove(sandbox->folder);
	}
	free(sandbox->settings);
	free(sandbox);
}

void alm_sandbox_kill(struct alm_sandbox *sandbox)
{
	alm_sandbox_stop(sandbox, SIGKILL);
}

enum alm_err alm_sandbox_restart(
	struct alm_sandbox *sandbox, struct alm_problem *problem)
{
	alm_sandbox_stop(sandbox, SIGTERM);
	return alm_sandbox_start(sandbox, problem);
}

int alm_sandbox_fd(const struct alm_sandbox *sandbox)
{
	return sandbox->pidfd;
}

/* --- what lies where ---------------------------------------------------- */

const char *alm_sandbox_folder(const struct alm_sandbox *sandbox)
{
	return sandbox->folder;
}

const char *alm_sandbox_store(const struct alm_sandbox *sandbox)
{
	return sandbox->store;
}

const char *alm_sandbox_store_key(const struct alm_sandbox *sandbox)
{
	return sandbox->store_key;
}

const char *alm_sandbox_log(const struct alm_sandbox *sandbox)
{
	return sandbox->log;
}

const char *alm_sandbox_endpoint(const struct alm_sandbox *sandbox)
{
	return sandbox->endpoint;
}

const char *alm_sandbox_admin(const struct alm_sandbox *sandbox)
{
	return sandbox->admin;
}

const char *alm_sandbox_audit_key(const struct alm_sandbox *sandbox)
{
	return sandbox->audit_key;
}

const char *alm_sandbox_broker_key(const struct alm_sandbox *sandbox)
{
	return sandbox->broker_key;
}

/* --- asking ------------------------------------------------------------- */

enum alm_err alm_sandbox_ask(struct alm_sandbox *sandbox,
	const struct alm_request_call *call, struct alm_arena *arena,
	struct alm_answer *out_answer, struct alm_problem *problem)
{
	enum alm_err err;

	if (sandbox->control == NULL) {
		return alm_problem_set(
			problem, ALM_UNREACHABLE, "almonerd is not running");
	}
	err = alm_control_ask(sandbox->control, call, ASK_WAIT_MS, arena,
		out_answer, problem);
	if (err == ALM_OK && out_answer->code != ALM_OK) {
		err = alm_problem_set(
			problem, out_answer->code, "%s", out_answer->detail);
	}
	return err;
}

/** The first row of a failing answer: file, line, column, code, message. */
static void add_place(
	const struct alm_answer *answer, struct alm_problem *problem)
{
	const struct alm_texts *row = answer->rows;

	if (answer->row_count > 0 && row->count >= 5 && problem != NULL) {
		(void)alm_problem_set(problem, answer->code, "%s:%s:%s: %s",
			row->items[0], row->items[1], row->items[2],
			row->items[4]);
	}
}

/** Ask `verb` with the files of a folder. */
static enum alm_err put_folder(struct alm_sandbox *sandbox, const char *verb,
	const char *folder, const char *suffix, size_t *out_count,
	struct alm_problem *problem)
{
	struct alm_argument reason = {"reason", "sandbox"};
	struct alm_attached *attached = calloc(1, sizeof(*attached));
	struct alm_request_call call = {
		.verb = verb, .arguments = &reason, .argument_count = 1};
	struct alm_answer answer = {.code = ALM_OK};
	struct alm_arena arena;
	enum alm_err err;

	if (attached == NULL) {
		return ALM_NOMEM;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_attach_folder(attached, folder, suffix, problem);
	if (err == ALM_OK) {
		call.attachments = attached->items;
		call.attachment_count = attached->count;
		err = alm_sandbox_ask(sandbox, &call, &arena, &answer, problem);
	}
	if (err != ALM_OK && answer.code != ALM_OK) {
		add_place(&answer, problem);
	}
	if (err == ALM_OK && out_count != NULL) {
		*out_count = attached->count;
	}
	alm_arena_fini(&arena);
	alm_attached_fini(attached);
	free(attached);
	return err;
}

enum alm_err alm_sandbox_activate(struct alm_sandbox *sandbox,
	const char *folder, struct alm_problem *problem)
{
	return put_folder(
		sandbox, "policy.activate", folder, ".yaml", NULL, problem);
}

enum alm_err alm_sandbox_standards(struct alm_sandbox *sandbox,
	const char *folder, size_t *out_count, struct alm_problem *problem)
{
	return put_folder(
		sandbox, "standard.put", folder, ".fds", out_count, problem);
}

enum alm_err alm_sandbox_people(struct alm_sandbox *sandbox, const char *path,
	size_t *out_count, struct alm_problem *problem)
{
	struct alm_people_put put = {
		.control = sandbox->control, .reason = "sandbox"};
	struct alm_people_count count;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum alm_err err;

	if (fd < 0) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	err = alm_people_put_stream(&put, fd, &count, problem);
	(void)close(fd);
	if (err == ALM_OK && count.rejected > 0) {
		err = alm_problem_set(problem, ALM_RECORD_INVALID,
			"%s: %llu records are not valid", path,
			(unsigned long long)count.rejected);
	}
	if (err == ALM_OK && out_count != NULL) {
		*out_count =
			(size_t)(count.added + count.known + count.opt_outs);
	}
	return err;
}

/* --- agents ------------------------------------------------------------- */

/** FOLDER/agents/ORGANISATION/AGENT, made with its parents. */
static enum alm_err make_agent_folder(const struct alm_sandbox *sandbox,
	const char *organisation, const char *agent, char out[PATH_MAX],
	struct alm_problem *problem)
{
	const char *const parts[] = {"agents", organisation, agent};
	char path[PATH_MAX];
	char longer[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s", sandbox->folder);
	for (size_t i = 0; i < ALM_COUNT(parts); i++) {
		if (!alm_path_join(path, parts[i], longer) ||
			(mkdir(longer, 0700) != 0 && errno != EEXIST)) {
			return alm_problem_set(problem, ALM_IO, "%s/%s: %s",
				path, parts[i], strerror(errno));
		}
		memcpy(path, longer, sizeof(path));
	}
	memcpy(out, path, sizeof(path));
	return ALM_OK;
}

static enum alm_err write_context(const struct alm_sandbox *sandbox,
	const char *organisation, const char *agent, const char *path,
	struct alm_problem *problem)
{
	char text[1024];
	int n = snprintf(text, sizeof(text),
		"endpoint: %s\nbroker-key: %s\norganisation: %s\nagent: %s\n"
		"curve-key: curve.key\nsigning-key: signing.key\n",
		sandbox->endpoint, sandbox->broker_key, organisation, agent);

	if (n >= (int)sizeof(text)) {
		return alm_problem_set(
			problem, ALM_IO, "the names are too long");
	}
	return alm_file_write(path,
		(struct alm_bytes){(const uint8_t *)text, (size_t)n}, 0600,
		problem);
}

static enum alm_err register_agent(struct alm_sandbox *sandbox,
	const char *organisation, const char *agent,
	const struct alm_public_keys *keys, struct alm_problem *problem)
{
	struct alm_argument arguments[] = {{"organisation", organisation},
		{"agent", agent}, {"curve-key", keys->curve},
		{"signing-key", keys->signing}, {"reason", "sandbox"}};
	struct alm_request_call call = {.verb = "agent.register",
		.arguments = arguments,
		.argument_count = ALM_COUNT(arguments)};
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_sandbox_ask(sandbox, &call, &arena, &answer, problem);
	alm_arena_fini(&arena);
	return err;
}

enum alm_err alm_sandbox_agent(struct alm_sandbox *sandbox,
	const char *organisation, const char *agent, char out_context[PATH_MAX],
	struct alm_problem *problem)
{
	struct alm_public_keys keys;
	char folder[PATH_MAX];
	char path[PATH_MAX];
	enum alm_err err = make_agent_folder(
		sandbox, organisation, agent, folder, problem);

	if (err == ALM_OK) {
		err = alm_keys_make(folder, &keys, problem);
	}
	if (err == ALM_OK) {
		err = register_agent(
			sandbox, organisation, agent, &keys, problem);
	}
	if (err == ALM_OK && alm_path_join(folder, "context.yaml", path)) {
		err = write_context(
			sandbox, organisation, agent, path, problem);
	}
	if (err == ALM_OK) {
		memcpy(out_context, path, sizeof(path));
	}
	return err;
}
