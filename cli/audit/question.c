/*
 * question.c - a question to a store that no daemon has open is written down
 * in it before anything is answered, as the daemon does.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/store/store.h"
#include "cli/audit/ask.h"

/** Who asks, as the system knows them. */
static const char *who(void)
{
	const struct passwd *entry = getpwuid(getuid());

	return entry != NULL ? entry->pw_name : "unknown";
}

/* One line; a text of the command line may hold anything. */
static void add_line(struct alm_writer *w, const char *key, const char *value)
{
	if (value == NULL || *value == '\0') {
		return;
	}
	alm_write_raw(w, key, strlen(key));
	alm_write_raw(w, ": ", 2);
	for (const char *c = value; *c != '\0'; c++) {
		bool is_control = (unsigned char)*c < 0x20 || *c == 0x7f;

		alm_write_u8(w, is_control ? ' ' : (uint8_t)*c);
	}
	alm_write_u8(w, '\n');
}

/* What bounds the answer, but for the person, who stands in the header. */
static void add_conditions(
	struct alm_writer *w, const struct alm_audit_question *q)
{
	struct alm_ask ask = {.verb = ""};
	struct alm_audit_texts texts;

	alm_audit_ask_fill(&ask, q, &texts);
	for (size_t i = 0; i < ask.argument_count; i++) {
		const struct alm_argument *argument = &ask.arguments[i];

		if (strcmp(argument->key, "person") != 0 &&
			strcmp(argument->key, "reason") != 0) {
			add_line(w, argument->key, argument->value);
		}
	}
}

enum alm_err alm_audit_record_alone(struct alm_store *store,
	struct alm_audit_record *record, const char *detail)
{
	struct timespec now;
	uint8_t seed[32];
	enum alm_err err;

	randombytes_buf(seed, sizeof(seed));
	(void)clock_gettime(CLOCK_REALTIME, &now);
	err = alm_store_begin(store,
		(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, seed);
	if (err != ALM_OK) {
		return err;
	}
	err = alm_store_audit_append(store, record, detail);
	if (err != ALM_OK) {
		alm_store_abort(store);
		return err;
	}
	return alm_store_commit(store);
}

enum alm_err alm_audit_record_question(struct alm_store *store,
	const struct alm_audit_question *question,
	const struct alm_audit_filter *filter, const char *verb,
	const char *what)
{
	struct alm_audit_record record =
		alm_audit_record_empty(ALM_AUDIT_QUERY);
	char detail[2 * ALM_TEXT_BYTES_MAX + 1];
	char by[128];
	struct alm_writer w;

	record.has_person = filter->has_person;
	memcpy(record.person, filter->person, sizeof(record.person));
	(void)snprintf(by, sizeof(by), "%.100s, from the store", who());
	alm_writer_init(&w, (uint8_t *)detail, sizeof(detail) - 1);
	add_line(&w, "verb", verb);
	add_line(&w, "what", what);
	add_line(&w, "reason", question->reason);
	add_line(&w, "by", by);
	add_conditions(&w, question);
	if (w.is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	detail[w.bytes] = '\0';
	alm_nhs_numbers_mask(detail, w.bytes);
	return alm_audit_record_alone(store, &record, detail);
}
