/* Reading the log from the daemon, page after page; and what both sources
 * share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "broker/store/store.h"
#include "cli/admin.h"
#include "cli/audit/ask.h"
#include "cli/audit/log_internal.h"

/* --- the daemon ----------------------------------------------------------- */

static uint64_t number(
	const struct alm_answer *answer, size_t row, const char *name)
{
	return strtoull(alm_answer_cell(answer, row, name), NULL, 10);
}

static struct alm_log_row row_of(const struct alm_answer *answer, size_t i)
{
	return (struct alm_log_row){
		.seq = number(answer, i, "seq"),
		.time = alm_answer_cell(answer, i, "time"),
		.kind = alm_answer_cell(answer, i, "kind"),
		.effect = alm_answer_cell(answer, i, "effect"),
		.code = (unsigned)number(answer, i, "code"),
		.sender = alm_answer_cell(answer, i, "sender"),
		.recipient = alm_answer_cell(answer, i, "recipient"),
		.purpose = alm_answer_cell(answer, i, "purpose"),
		.categories = alm_answer_cell(answer, i, "categories"),
		.basis = alm_answer_cell(answer, i, "basis"),
		.level_in = alm_answer_cell(answer, i, "level-in"),
		.level_out = alm_answer_cell(answer, i, "level-out"),
		.message = alm_answer_cell(answer, i, "message-id"),
		.ref = number(answer, i, "ref"),
		.mail = number(answer, i, "mail"),
		.person = alm_answer_cell(answer, i, "person"),
		.epoch = number(answer, i, "epoch"),
		.people = number(answer, i, "people-seq"),
		.standard = alm_answer_cell(answer, i, "standard"),
		.agent = alm_answer_cell(answer, i, "agent"),
		.detail = alm_answer_cell(answer, i, "detail"),
		.signature = alm_answer_cell(answer, i, "signature"),
	};
}

static uint64_t fact_number(const struct alm_answer *answer, const char *key)
{
	const char *text = alm_answer_fact(answer, key);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static enum alm_err daemon_each(struct alm_log *log,
	const struct alm_audit_question *question, const char *what,
	alm_log_row_fn *each, void *cookie, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "audit.query"};
	struct alm_audit_question asked = *question;
	struct alm_audit_texts texts = {.after = ""};
	char reason[ALM_TEXT_BYTES_MAX + 1];
	size_t argument_count;

	(void)snprintf(reason, sizeof(reason), "%s: %s", what,
		question->reason != NULL ? question->reason : "");
	asked.reason = reason;
	alm_audit_ask_fill(&ask, &asked, &texts);
	(void)snprintf(
		texts.limit, sizeof(texts.limit), "%u", ALM_LOG_PAGE_ROWS);
	alm_ask_add(&ask, "limit", texts.limit);
	argument_count = ask.argument_count;
	do {
		struct alm_answer answer;
		enum alm_err err;

		ask.argument_count = argument_count;
		alm_ask_add(&ask, "after",
			texts.after[0] != '\0' ? texts.after : NULL);
		alm_arena_reset(&log->arena);
		err = alm_admin_ask(
			log->control, &ask, &log->arena, &answer, problem);
		if (err != ALM_OK) {
			return err;
		}
		alm_log_note_damage(log, fact_number(&answer, "damaged"),
			fact_number(&answer, "first-damaged"));
		for (size_t i = 0; i < answer.row_count; i++) {
			struct alm_log_row row = row_of(&answer, i);

			if (!each(cookie, &row)) {
				return ALM_OK;
			}
		}
		(void)snprintf(
			texts.after, sizeof(texts.after), "%s", answer.cursor);
		alm_bar_show(&log->bar, fact_number(&answer, "seen"),
			fact_number(&answer, "size"));
	} while (texts.after[0] != '\0');
	return ALM_OK;
}

static enum alm_err read_head(struct alm_log *log, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "audit.head"};
	struct alm_answer answer;
	const char *root;
	enum alm_err err = alm_admin_ask(
		log->control, &ask, &log->arena, &answer, problem);

	if (err == ALM_OK) {
		root = alm_answer_fact(&answer, "root");
		log->size = fact_number(&answer, "size");
		(void)snprintf(log->root, sizeof(log->root), "%s",
			root != NULL ? root : "");
	}
	return err;
}

/* --- both ----------------------------------------------------------------- */

enum alm_err alm_log_open(const struct alm_args *args, struct alm_log **out_log,
	struct alm_problem *problem)
{
	struct alm_log *log = calloc(1, sizeof(*log));
	enum alm_err err;

	if (log == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	log->args = args;
	alm_arena_init(&log->arena, ALM_LOG_ARENA_BYTES_MAX);
	if (alm_args_has(args, "store")) {
		err = alm_log_store_open(log, problem);
	} else {
		err = alm_admin_open(args, &log->control, problem);
		if (err == ALM_OK) {
			err = read_head(log, problem);
		}
	}
	if (err != ALM_OK) {
		alm_log_close(log);
		return err;
	}
	*out_log = log;
	return ALM_OK;
}

void alm_log_close(struct alm_log *log)
{
	if (log != NULL) {
		alm_control_close(log->control);
		alm_store_close(log->store);
		alm_arena_fini(&log->arena);
	}
	free(log);
}

const char *alm_log_root(const struct alm_log *log)
{
	return log->root;
}

uint64_t alm_log_size(const struct alm_log *log)
{
	return log->size;
}

uint64_t alm_log_damaged(const struct alm_log *log, uint64_t *out_first)
{
	*out_first = log->first_damaged;
	return log->damaged;
}

void alm_log_note_damage(struct alm_log *log, uint64_t count, uint64_t first)
{
	if (count > 0 &&
		(log->first_damaged == 0 || first < log->first_damaged)) {
		log->first_damaged = first;
	}
	log->damaged += count;
}

enum alm_err alm_log_each(struct alm_log *log,
	const struct alm_audit_question *question, const char *what,
	alm_log_row_fn *each, void *cookie, struct alm_problem *problem)
{
	enum alm_err err;

	alm_bar_init(&log->bar, &log->args->output, "records");
	err = log->store != NULL
		      ? alm_log_store_each(
				log, question, what, each, cookie, problem)
		      : daemon_each(log, question, what, each, cookie, problem);
	alm_bar_end(&log->bar);
	return err;
}

static enum alm_err daemon_get(struct alm_log *log, uint64_t seq, bool reveals,
	const char *reason, struct alm_log_row *out_row,
	struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "audit.show"};
	struct alm_answer answer;
	char text[24];
	enum alm_err err;

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)seq);
	alm_ask_add(&ask, "seq", text);
	alm_ask_add(&ask, "reveal", reveals ? "yes" : NULL);
	alm_ask_add(&ask, "reason", reason);
	alm_arena_reset(&log->arena);
	err = alm_admin_ask(log->control, &ask, &log->arena, &answer, problem);
	if (err == ALM_OK && answer.row_count == 0) {
		err = alm_problem_set(
			problem, ALM_NOT_FOUND, "record %s", text);
	}
	if (err == ALM_OK) {
		*out_row = row_of(&answer, 0);
	}
	return err;
}

enum alm_err alm_log_get(struct alm_log *log, uint64_t seq, bool reveals,
	const char *reason, struct alm_log_row *out_row,
	struct alm_problem *problem)
{
	return log->store != NULL ? alm_log_store_get(log, seq, reveals, reason,
					    out_row, problem)
				  : daemon_get(log, seq, reveals, reason,
					    out_row, problem);
}

enum alm_err alm_log_keep(const struct alm_log_row *row,
	struct alm_arena *arena, struct alm_log_row *out)
{
	struct alm_log_row copy = *row;
	const char **const texts[] = {&copy.time, &copy.kind, &copy.effect,
		&copy.sender, &copy.recipient, &copy.purpose, &copy.categories,
		&copy.basis, &copy.level_in, &copy.level_out, &copy.message,
		&copy.person, &copy.standard, &copy.agent, &copy.detail,
		&copy.signature};

	for (size_t i = 0; i < ALM_COUNT(texts); i++) {
		const char *text = *texts[i] != NULL ? *texts[i] : "";

		*texts[i] = alm_arena_text(arena, text, strlen(text));
		if (*texts[i] == NULL) {
			return ALM_NOMEM;
		}
	}
	*out = copy;
	return ALM_OK;
}

const char *alm_log_detail(const struct alm_log_row *row, const char *key,
	size_t nth, struct alm_arena *arena)
{
	size_t key_bytes = strlen(key);
	const char *at = row->detail;

	while (*at != '\0') {
		size_t bytes = strcspn(at, ";");

		if (bytes > key_bytes + 1 && strncmp(at, key, key_bytes) == 0 &&
			at[key_bytes] == ':' && at[key_bytes + 1] == ' ' &&
			nth-- == 0) {
			const char *text = alm_arena_text(arena,
				at + key_bytes + 2, bytes - key_bytes - 2);

			return text != NULL ? text : "";
		}
		at += bytes + (at[bytes] == ';' ? 1 : 0);
	}
	return "";
}

struct alm_bundle_files *alm_log_policy(struct alm_log *log, uint64_t epoch)
{
	struct alm_args args = *log->args;
	char name[24] = "active";
	int rc = ALM_EXIT_OK;

	if (log->store != NULL) {
		return alm_log_store_policy(log, epoch);
	}
	if (epoch != 0) {
		(void)snprintf(
			name, sizeof(name), "%llu", (unsigned long long)epoch);
	}
	return alm_bundle_files_named(&args, name, &rc);
}

struct wanted {
	char *out;
};

static bool take_person(void *cookie, const struct alm_log_row *row)
{
	struct wanted *wanted = cookie;

	(void)snprintf(wanted->out, 33, "%s", row->person);
	return false;
}

enum alm_err alm_log_pseudonym(struct alm_log *log, const char *number_text,
	const char *reason, char out[33], struct alm_problem *problem)
{
	struct alm_audit_question question = {.from = "",
		.to = "",
		.either = "",
		.purpose = "",
		.basis = "",
		.after = "",
		.reason = reason};
	struct wanted wanted = {out};
	enum alm_err err;

	out[0] = '\0';
	if (!alm_nhs_number_is_valid(number_text)) {
		return alm_problem_set(problem, ALM_SUBJECT_INVALID, "%s", "");
	}
	(void)snprintf(
		question.person, sizeof(question.person), "%s", number_text);
	err = alm_log_each(log, &question, "who is affected", take_person,
		&wanted, problem);
	sodium_memzero(question.person, sizeof(question.person));
	return err;
}
