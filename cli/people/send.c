#include "cli/people/send.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agents/include/almoner_control.h"
#include "broker/core/record_batch.h"
#include "cli/admin.h"
#include "lib/limits.h"

#define VERB "people.put"
#define SLOT_COUNT ALM_PEOPLE_BATCHES_MAX
#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* The lines of a batch, for the file of rejects; one more always fits. */
#define TEXT_BYTES_MAX ((size_t)1024 * 1024)
#define TRIES_MAX 3000u
#define TRY_AGAIN_NS (20L * 1000 * 1000)

struct entry {
	uint64_t line;
	size_t at;      /* in the batch */
	size_t text_at; /* of the line itself */
	size_t text_end;
};

struct slot {
	struct alm_record_batch_writer batch;
	uint8_t *bytes; /* ALM_PEOPLE_BATCH_BYTES_MAX */
	uint8_t *text;  /* TEXT_BYTES_MAX */
	size_t text_bytes;
	struct entry entries[ALM_PEOPLE_BATCH_RECORDS_MAX];
	size_t first; /* entries before it are done with */
	size_t last;
	struct alm_people_place end; /* behind its last line */
	uint32_t id;
	bool is_away;
};

struct alm_people_send {
	const struct alm_people_put *put;
	struct alm_people_count *count;
	struct alm_arena arena; /* of one call or answer */
	struct slot slots[SLOT_COUNT];
	unsigned current; /* being gathered */
};

static void empty(struct slot *slot)
{
	alm_record_batch_init(
		&slot->batch, slot->bytes, ALM_PEOPLE_BATCH_BYTES_MAX);
	slot->text_bytes = 0;
	slot->first = 0;
	slot->last = 0;
	slot->is_away = false;
}

enum alm_err alm_people_send_new(const struct alm_people_put *put,
	struct alm_people_count *count, struct alm_people_send **out_send)
{
	struct alm_people_send *send = calloc(1, sizeof(*send));

	if (send == NULL) {
		return ALM_NOMEM;
	}
	send->put = put;
	send->count = count;
	alm_arena_init(&send->arena, ARENA_BYTES_MAX);
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		send->slots[i].bytes = malloc(ALM_PEOPLE_BATCH_BYTES_MAX);
		send->slots[i].text = malloc(TEXT_BYTES_MAX);
		if (send->slots[i].bytes == NULL ||
			send->slots[i].text == NULL) {
			alm_people_send_free(send);
			return ALM_NOMEM;
		}
		empty(&send->slots[i]);
	}
	*out_send = send;
	return ALM_OK;
}

void alm_people_send_free(struct alm_people_send *send)
{
	if (send == NULL) {
		return;
	}
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		free(send->slots[i].bytes);
		free(send->slots[i].text);
	}
	alm_arena_fini(&send->arena);
	free(send);
}

/* What has not been done with, as a batch: the bytes of the others are
 * overwritten by its head. */
static struct alm_bytes rest_of(struct slot *slot)
{
	struct alm_bytes whole = alm_record_batch_finish(&slot->batch);
	size_t from;

	if (slot->first == 0) {
		return whole;
	}
	from = slot->entries[slot->first].at - ALM_RECORD_BATCH_HEAD_BYTES;
	memmove(slot->bytes + from, slot->bytes, ALM_RECORD_BATCH_HEAD_BYTES);
	alm_record_batch_set_count(
		slot->bytes + from, (uint32_t)(slot->last - slot->first));
	return (struct alm_bytes){slot->bytes + from, whole.bytes - from};
}

static enum alm_err send_slot(struct alm_people_send *send, struct slot *slot,
	struct alm_problem *problem)
{
	const struct alm_people_put *put = send->put;
	const struct alm_attachment file = {
		.name = "batch", .content = rest_of(slot)};
	struct alm_ask ask = {.verb = VERB};
	struct alm_request_call call = {
		.verb = VERB, .attachments = &file, .attachment_count = 1};
	enum alm_err err;

	alm_ask_add(&ask, "import", put->import);
	alm_ask_add(&ask, "reason", put->reason);
	alm_ask_add(&ask, "dry-run", put->is_dry_run ? "yes" : NULL);
	call.arguments = ask.arguments;
	call.argument_count = ask.argument_count;
	alm_arena_reset(&send->arena);
	err = alm_control_send(
		put->control, &call, 0, &send->arena, &slot->id, problem);
	slot->is_away = err == ALM_OK;
	return err;
}

/* The line of an answer's row; none if the answer names none of ours. */
static void reject_row(struct alm_people_send *send, const struct slot *slot,
	const struct alm_texts *row)
{
	uint64_t number = strtoull(row->items[0], NULL, 10);
	unsigned long code = strtoul(row->items[1], NULL, 10);

	for (size_t i = slot->first; i < slot->last; i++) {
		const struct entry *entry = &slot->entries[i];

		if (entry->line != number) {
			continue;
		}
		send->count->rejected++;
		if (send->put->reject != NULL) {
			const struct alm_people_reject rejected = {number,
				{slot->text + entry->text_at,
					entry->text_end - entry->text_at},
				(enum alm_err)code, row->items[2]};

			send->put->reject(send->put->cookie, &rejected);
		}
		return;
	}
}

static uint64_t number_of(const struct alm_answer *answer, const char *key)
{
	const char *value = alm_answer_fact(answer, key);

	return value != NULL ? strtoull(value, NULL, 10) : 0;
}

static enum alm_err count_answer(struct alm_people_send *send,
	struct slot *slot, const struct alm_answer *answer,
	struct alm_problem *problem)
{
	uint64_t taken = number_of(answer, "taken");

	if (taken == 0 || taken > slot->last - slot->first) {
		return alm_problem_set(problem, ALM_INTERNAL,
			"an answer that does not fit its batch");
	}
	send->count->added += number_of(answer, "added");
	send->count->known += number_of(answer, "known");
	send->count->opt_outs += number_of(answer, "opt-outs");
	for (size_t i = 0; i < answer->row_count; i++) {
		if (answer->rows[i].count >= 3) {
			reject_row(send, slot, &answer->rows[i]);
		}
	}
	slot->first += taken;
	return ALM_OK;
}

static void pause_a_moment(void)
{
	const struct timespec moment = {.tv_nsec = TRY_AGAIN_NS};

	(void)nanosleep(&moment, NULL);
}

/* Wait for its answer; what was not taken is sent again until it is. */
static enum alm_err finish_slot(struct alm_people_send *send, struct slot *slot,
	struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;
	unsigned tries = 0;

	while (err == ALM_OK && slot->first < slot->last) {
		struct alm_answer answer;

		if (!slot->is_away) {
			err = send_slot(send, slot, problem);
		}
		if (err != ALM_OK) {
			break;
		}
		alm_arena_reset(&send->arena);
		err = alm_control_await(send->put->control, slot->id, 0,
			&send->arena, &answer, problem);
		slot->is_away = false;
		if (err == ALM_OK && answer.code == ALM_TURN_SHARE_USED &&
			++tries < TRIES_MAX) {
			pause_a_moment();
		} else if (err == ALM_OK && answer.code != ALM_OK) {
			err = alm_problem_set(
				problem, answer.code, "%s", answer.detail);
		} else if (err == ALM_OK) {
			err = count_answer(send, slot, &answer, problem);
		}
	}
	if (err == ALM_OK && slot->last > 0) {
		send->count->done = slot->end;
		if (send->put->progress != NULL) {
			err = send->put->progress(
				send->put->cookie, send->count);
		}
	}
	empty(slot);
	return err;
}

/* The batch being gathered goes out; the next one begins where the one before
 * it stood, once that is answered. */
static enum alm_err turn_over(
	struct alm_people_send *send, struct alm_problem *problem)
{
	enum alm_err err =
		send_slot(send, &send->slots[send->current], problem);

	send->current = (send->current + 1) % SLOT_COUNT;
	return err == ALM_OK
		       ? finish_slot(send, &send->slots[send->current], problem)
		       : err;
}

enum alm_err alm_people_send_add(struct alm_people_send *send,
	const struct alm_people_line *line,
	const struct alm_person_record *record, struct alm_problem *problem)
{
	struct slot *slot = &send->slots[send->current];
	size_t at = slot->batch.w.bytes;
	bool has_room = TEXT_BYTES_MAX - slot->text_bytes >= line->text.bytes;
	enum alm_err err = has_room ? alm_record_batch_add(&slot->batch,
					      line->end.line, record)
				    : ALM_TOO_MANY_VALUES;

	if (err == ALM_TOO_MANY_VALUES && slot->last > 0) {
		err = turn_over(send, problem);
		return err == ALM_OK ? alm_people_send_add(
					       send, line, record, problem)
				     : err;
	}
	if (err != ALM_OK) {
		return err;
	}
	if (line->text.bytes > 0) {
		memcpy(slot->text + slot->text_bytes, line->text.data,
			line->text.bytes);
	}
	slot->entries[slot->last++] = (struct entry){.line = line->end.line,
		.at = at,
		.text_at = slot->text_bytes,
		.text_end = slot->text_bytes + line->text.bytes};
	slot->text_bytes += line->text.bytes;
	slot->end = line->end;
	return ALM_OK;
}

enum alm_err alm_people_send_finish(
	struct alm_people_send *send, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	/* From the oldest to the one being gathered. */
	for (unsigned i = 1; i <= SLOT_COUNT && err == ALM_OK; i++) {
		unsigned at = (send->current + i) % SLOT_COUNT;

		err = finish_slot(send, &send->slots[at], problem);
	}
	return err;
}
