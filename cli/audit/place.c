#include "cli/audit/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "broker/config/settings.h"
#include "broker/store/store.h"
#include "cli/admin.h"
#include "cli/audit/ask.h"
#include "cli/context.h"

#define ARENA_BYTES_MAX ((size_t)1024 * 1024)
#define KEYS_DEFAULT "/etc/almoner"

/* --- where ---------------------------------------------------------------- */

static void take(
	const struct alm_answer *answer, const char *fact, char out[PATH_MAX])
{
	const char *text = alm_answer_fact(answer, fact);

	alm_text_copy(out, PATH_MAX, text != NULL ? text : "");
}

/** As the running broker says.  Errors: of asking: there may be none. */
static enum alm_err ask_broker(const struct alm_args *args,
	struct alm_audit_place *out, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "health"};
	struct alm_control *control = NULL;
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err = alm_admin_open(args, &control, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_admin_ask(control, &ask, &arena, &answer, problem);
	if (err == ALM_OK) {
		take(&answer, "store", out->store);
		take(&answer, "store-key-file", out->key);
	}
	alm_arena_fini(&arena);
	alm_control_close(control);
	return err;
}

/** As the daemon that would start here is told. */
static enum alm_err read_settings(
	struct alm_audit_place *out, struct alm_problem *problem)
{
	struct alm_settings *settings = calloc(1, sizeof(*settings));
	enum alm_err err = settings == NULL
				   ? ALM_NOMEM
				   : alm_settings_load(NULL, settings, problem);

	if (err == ALM_OK) {
		alm_text_copy(out->store, PATH_MAX, settings->store);
		(void)snprintf(out->key, PATH_MAX, "%s%.*s",
			strchr(settings->store_key_file, '/') != NULL
				? ""
				: KEYS_DEFAULT "/",
			PATH_MAX / 2, settings->store_key_file);
	}
	free(settings);
	return err;
}

static enum alm_err find_unnamed(const struct alm_args *args,
	struct alm_audit_place *out, struct alm_problem *problem)
{
	enum alm_err err = ask_broker(args, out, problem);

	if (err == ALM_OK ||
		alm_err_info(err)->exit_code != ALM_EXIT_UNAVAILABLE) {
		return err;
	}
	*problem = (struct alm_problem){.err = ALM_OK};
	return read_settings(out, problem);
}

void alm_audit_place_store(const struct alm_args *args, char out[PATH_MAX])
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_audit_place place = {.store = ""};
	const char *given = alm_args_text(args, "store");

	if (given == NULL && find_unnamed(args, &place, &problem) == ALM_OK) {
		given = place.store;
	}
	alm_text_copy(out, PATH_MAX,
		given == NULL || *given == '\0' ? ALM_STORE_DEFAULT : given);
}

enum alm_err alm_audit_place_find(const struct alm_args *args,
	struct alm_audit_place *out_place, struct alm_problem *problem)
{
	struct alm_audit_place place = {.store = ""};
	const char *store = alm_args_text(args, "store");
	const char *given = alm_args_text(args, "key");
	char key[PATH_MAX] = "";
	enum alm_err err = ALM_OK;

	if (given != NULL) {
		alm_text_copy(key, sizeof(key), given);
	} else {
		err = alm_context_value(
			args, ALM_CONTEXT_STORE_KEY, key, problem);
	}
	if (err == ALM_OK && store == NULL) {
		err = find_unnamed(args, &place, problem);
	} else if (err == ALM_OK) {
		alm_text_copy(place.store, sizeof(place.store), store);
	}
	if (err == ALM_OK && *key != '\0') {
		alm_text_copy(place.key, sizeof(place.key), key);
	}
	if (err == ALM_OK && place.key[0] == '\0') {
		return alm_problem_set(problem, ALM_USAGE,
			"to read a store, --key FILE is needed");
	}
	if (err == ALM_OK) {
		*out_place = place;
	}
	return err;
}

/* --- opening -------------------------------------------------------------- */

enum alm_err alm_audit_place_open(const struct alm_audit_place *place,
	bool is_read_only, struct alm_store **out_store,
	struct alm_problem *problem)
{
	uint8_t key[ALM_STORE_KEY_BYTES];
	const struct alm_store_options options = {.path = place->store,
		.key = key,
		.must_exist = true,
		.is_read_only = is_read_only};
	enum alm_err err = alm_key_file_read(place->key, key, problem);

	if (err == ALM_OK) {
		err = alm_store_open(&options, out_store, problem);
	}
	sodium_memzero(key, sizeof(key));
	return err;
}

bool alm_audit_place_is_writable(const struct alm_audit_place *place)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.*s/data.mdb", PATH_MAX / 2,
		place->store);
	return access(path, W_OK) == 0 || errno == ENOENT;
}

/* --- telling -------------------------------------------------------------- */

enum alm_err alm_audit_cannot_record(
	const char *store, struct alm_problem *problem)
{
	return alm_problem_set(problem, ALM_STORE_PATH,
		"%s cannot be written, so the question would not be recorded; "
		"a copy on a read-only medium is read with --no-record",
		store);
}

static bool is_same_folder(const char *a, const char *b)
{
	char real_a[PATH_MAX];
	char real_b[PATH_MAX];

	return realpath(a, real_a) != NULL && realpath(b, real_b) != NULL &&
	       strcmp(real_a, real_b) == 0;
}

static enum alm_err tell_broker(const struct alm_args *args, const char *verb,
	const struct alm_audit_question *question, uint64_t *out_seq,
	struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = verb};
	struct alm_control *control = NULL;
	struct alm_audit_texts texts;
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err = alm_admin_open(args, &control, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_audit_ask_fill(&ask, question, &texts);
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_admin_ask(control, &ask, &arena, &answer, problem);
	if (err == ALM_OK) {
		const char *seq = alm_answer_fact(&answer, "seq");

		*out_seq = seq == NULL ? 0 : strtoull(seq, NULL, 10);
	}
	alm_arena_fini(&arena);
	alm_control_close(control);
	return err;
}

void alm_audit_place_tell_verified(const struct alm_args *args,
	const char *store, const struct alm_audit_finding *finding)
{
	struct alm_ask ask = {.verb = "store.verified"};
	struct alm_audit_place running = {.store = ""};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_control *control = NULL;
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err = ask_broker(args, &running, &problem);

	if (err != ALM_OK || !is_same_folder(running.store, store) ||
		alm_admin_open(args, &control, &problem) != ALM_OK) {
		return;
	}
	alm_ask_add(&ask, "what", finding->what);
	alm_ask_add(&ask, "head", finding->head);
	alm_ask_add(&ask, "found", finding->found);
	alm_ask_add(&ask, "not-covered", finding->not_covered);
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_admin_ask(control, &ask, &arena, &answer, &problem);
	if (err != ALM_OK) {
		alm_print_warning(&args->output,
			"the verification could not be recorded: %s",
			alm_err_info(err)->name);
	}
	alm_arena_fini(&arena);
	alm_control_close(control);
}

static enum alm_err tell_store(struct alm_store *store, const char *verb,
	const struct alm_audit_question *question)
{
	struct alm_audit_filter filter;

	alm_audit_make_filter(store, question, &filter);
	return alm_audit_record_question(store, question, &filter, verb,
		question->reveals ? "revealed" : strchr(verb, '.') + 1);
}

enum alm_err alm_audit_place_tell(const struct alm_args *args,
	const struct alm_audit_place *place, const char *verb,
	const struct alm_audit_question *question, uint64_t *out_seq,
	struct alm_problem *problem)
{
	struct alm_audit_place other = {.store = ""};
	struct alm_store *store = NULL;
	enum alm_err err;

	*out_seq = 0;
	if (!alm_audit_place_is_writable(place)) {
		if (!alm_args_has(args, "no-record")) {
			return alm_audit_cannot_record(place->store, problem);
		}
		alm_print_warning(&args->output,
			"this question is not recorded (--no-record)");
		return ALM_OK;
	}
	err = alm_audit_place_open(place, false, &store, problem);
	if (err == ALM_OK) {
		err = tell_store(store, verb, question);
		alm_store_close(store);
	}
	if (err != ALM_STORE_LOCKED) {
		return err;
	}
	*problem = (struct alm_problem){.err = ALM_OK};
	err = ask_broker(args, &other, problem);
	if (err == ALM_OK && !is_same_folder(other.store, place->store)) {
		return alm_problem_set(problem, ALM_STORE_LOCKED,
			"%s, by another daemon than the one asked",
			place->store);
	}
	return err == ALM_OK
		       ? tell_broker(args, verb, question, out_seq, problem)
		       : err;
}
