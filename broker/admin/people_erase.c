/*
 * Erasing a person: what is kept about them is removed, and the keys that the
 * private parts of the log are sealed under are destroyed.  The records of the
 * log stay, under a pseudonym, and so does every proof.
 *
 * The keys are found by walking their table, a bounded part of it in each
 * call: the asker comes again with the cursor until there is none.  That it
 * was begun and ended is recorded, without saying whose.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/people.h"
#include "broker/loop/detail.h"
#include "broker/store/step.h"

/* Some 20 ms of a turn. */
#define KEYS_PER_CALL_MAX 200000u

/* Where the walk is: the next key, the last record of the log when it began,
 * and what was destroyed so far. */
struct walk {
	uint64_t next;
	uint64_t last;
	uint64_t keys;
};

/* Anything that keeps something from being released. */
static bool objects(const struct alm_person *person)
{
	bool is_objecting = false;

	for (size_t i = 0; i < person->directive_count; i++) {
		is_objecting |= person->directives[i].effect == ALM_WORD_DENY;
		for (size_t k = 0; k < person->directives[i].exception_count;
			k++) {
			is_objecting |=
				person->directives[i].exceptions[k].effect ==
				ALM_WORD_DENY;
		}
	}
	for (size_t i = 0; i < person->opt_out_count; i++) {
		is_objecting |= person->opt_outs[i].is_objecting;
	}
	for (size_t i = 0; i < person->flag_count; i++) {
		is_objecting |= !person->flags[i].is_withdrawal;
	}
	return is_objecting;
}

static enum alm_err record_step(struct alm_call *call, const char *what,
	const char *count_of, uint64_t count)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_ERASED);
	struct alm_detail *detail = alm_call_detail(call, what);

	alm_detail_number(detail, count_of, count);
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}

static size_t record_count(const struct alm_person *person)
{
	return person->directive_count + person->relationship_count +
	       person->opt_out_count + person->flag_count;
}

/* The first call: the person's own records. */
static enum alm_err begin(
	struct alm_call *call, const char *subject, struct walk *walk)
{
	struct alm_store *store = call->turn->broker->store;
	bool with_objections =
		strcmp(alm_call_argument(call, "with-objections"), "yes") == 0;
	struct alm_person person;
	uint64_t rows = 0;
	enum alm_err err = alm_store_person_get(
		store, subject, call->turn->arena, &person);

	if (err != ALM_OK) {
		return err;
	}
	/* What cannot be read could be an objection. */
	if (!with_objections &&
		(person.is_corrupt || person.is_unknown_version ||
			person.is_over_limit || objects(&person))) {
		return alm_problem_set(
			call->problem, ALM_OBJECTIONS_STAND, "%s", "");
	}
	alm_table_number(call->table, "records", record_count(&person));
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	err = alm_store_person_remove(store, subject, &rows);
	if (err != ALM_OK) {
		return err;
	}
	alm_turn_change_people(call->turn);
	walk->last = call->turn->broker->audit_size;
	return record_step(
		call, "erasure begun", "records", record_count(&person));
}

/* It was given by this store and for this person: one that is made up would
 * leave out what the first call asks and does. */
static bool is_given(
	const struct alm_call *call, const char *subject, const char *end)
{
	const char *text = alm_call_argument(call, "cursor");

	return *end == '/' &&
	       alm_store_is_step(call->turn->broker->store, subject,
		       (struct alm_bytes){
			       (const uint8_t *)text, (size_t)(end - text)},
		       end + 1);
}

static enum alm_err read_cursor(
	struct alm_call *call, const char *subject, struct walk *walk)
{
	const char *at = alm_call_argument(call, "cursor");
	uint64_t *const numbers[] = {&walk->next, &walk->last, &walk->keys};

	for (size_t i = 0; i < ALM_COUNT(numbers); i++) {
		char *end = NULL;

		if (*at < '0' || *at > '9') {
			break;
		}
		*numbers[i] = strtoull(at, &end, 10);
		if (i + 1 == ALM_COUNT(numbers) && walk->next != 0 &&
			is_given(call, subject, end)) {
			return ALM_OK;
		}
		if (*end != '/') {
			break;
		}
		at = end + 1;
	}
	return alm_problem_set(call->problem, ALM_CURSOR, "people.erase");
}

static enum alm_err give_cursor(
	struct alm_call *call, const char *subject, const struct walk *walk)
{
	struct alm_table *table = call->table;
	char seal[ALM_STEP_SEAL_BYTES];
	char at[64];
	int bytes = snprintf(at, sizeof(at), "%" PRIu64 "/%" PRIu64 "/%" PRIu64,
		walk->next, walk->last, walk->keys);

	alm_store_seal_step(call->turn->broker->store, subject,
		(struct alm_bytes){(const uint8_t *)at, (size_t)bytes}, seal);
	table->cursor = alm_arena_printf(table->arena, "%s/%s", at, seal);
	return table->cursor != NULL ? ALM_OK : ALM_NOMEM;
}

static enum alm_err destroy_keys(
	struct alm_call *call, const char *subject, struct walk *walk)
{
	uint64_t count = 0;
	enum alm_err err = alm_store_person_keys_destroy(
		call->turn->broker->store, subject, walk->last,
		KEYS_PER_CALL_MAX, &walk->next, &count);

	if (err != ALM_OK) {
		return err;
	}
	call->turn->has_effects = true;
	walk->keys += count;
	alm_table_number(call->table, "keys", walk->keys);
	if (walk->next == 0) {
		return record_step(call, "erased", "keys", walk->keys);
	}
	return give_cursor(call, subject, walk);
}

enum alm_err alm_verb_people_erase(struct alm_call *call)
{
	struct walk walk = {.next = 0};
	const char *subject = "";
	enum alm_err err = alm_people_subject(call, &subject);

	if (err != ALM_OK) {
		return err;
	}
	if (alm_call_argument(call, "cursor")[0] != '\0') {
		err = read_cursor(call, subject, &walk);
	} else {
		err = begin(call, subject, &walk);
	}
	if (err != ALM_OK || alm_call_is_dry_run(call)) {
		return err;
	}
	return destroy_keys(call, subject, &walk);
}
