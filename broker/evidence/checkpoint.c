/*
 * What is signed is on disk already: the head of the log before the turn.  It
 * is first kept outside the store, beside the loop, and then in it, in the turn
 * that finds it kept, so nobody is ever shown a head that a later start would
 * not know of.
 */
#include "broker/evidence/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/edge/clock.h"
#include "broker/edge/log.h"
#include "broker/evidence/keeper.h"
#include "broker/loop/stage.h"
#include "lib/file.h"

#define SIGN_EVERY_MS 1000
/* On a slow disk less often, so that it takes a fiftieth of the time at most;
 * but never so seldom that nobody is shown a head. */
#define PAUSE_FACTOR 50
#define SIGN_EVERY_MS_MAX 10000
#define DAY_S 86400

static enum alm_err make_note(
	struct alm_broker *broker, const struct alm_audit_head *head)
{
	struct alm_signer *signer = broker->signer;
	struct alm_checkpoint checkpoint = {
		.size = head->size, .root = head->root};
	struct alm_writer w;
	struct alm_bytes text;

	memcpy(checkpoint.origin, signer->origin, sizeof(checkpoint.origin));
	alm_writer_init(&w, (uint8_t *)signer->next_note,
		sizeof(signer->next_note) - 1);
	alm_checkpoint_write(&w, &checkpoint);
	text = (struct alm_bytes){(uint8_t *)signer->next_note, w.bytes};
	alm_write_u8(&w, '\n');
	for (size_t i = 0; i < signer->key_count; i++) {
		alm_note_sign(&w, text, &signer->keys[i], signer->secrets[i]);
	}
	if (w.is_bad) {
		return ALM_INTERNAL;
	}
	signer->next_note[w.bytes] = '\0';
	return ALM_OK;
}

static struct alm_bytes next_bytes(const struct alm_signer *signer)
{
	return (struct alm_bytes){
		(const uint8_t *)signer->next_note, strlen(signer->next_note)};
}

/* The next head and its note, of what is on disk. */
static enum alm_err make_next(
	struct alm_broker *broker, int64_t now_ms, bool is_published)
{
	struct alm_signer *signer = broker->signer;
	struct alm_audit_head head;
	enum alm_err err;

	alm_store_audit_head(broker->store, &head);
	err = make_note(broker, &head);
	if (err == ALM_OK) {
		signer->signed_at_ms = now_ms;
		signer->next = (struct alm_signed_head){.size = head.size,
			.signed_at_us = alm_broker_now_us(broker),
			.is_published = is_published,
			.note = next_bytes(signer)};
	}
	return err;
}

static enum alm_err store_next(struct alm_broker *broker)
{
	struct alm_signer *signer = broker->signer;
	enum alm_err err = alm_store_head_put(broker->store, &signer->next);

	signer->is_next_stored = err == ALM_OK;
	return err;
}

/* How long the next one has to wait, after one that took so long. */
static int64_t pause_after(int64_t took_us)
{
	int64_t pause_ms = took_us * PAUSE_FACTOR / 1000;

	if (pause_ms < SIGN_EVERY_MS) {
		return SIGN_EVERY_MS;
	}
	return pause_ms < SIGN_EVERY_MS_MAX ? pause_ms : SIGN_EVERY_MS_MAX;
}

static bool can_sign(const struct alm_signer *signer)
{
	return signer != NULL && signer->key_count > 0;
}

static enum alm_err sign_if_due(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct alm_signer *signer = broker->signer;
	bool is_published = turn->monotonic_ms - signer->published_at_ms >=
			    broker->settings.audit_publish_ms;
	enum alm_err err;

	/* Before a quiet night the last records are published, too. */
	if ((broker->audit_size == signer->size &&
		    (!is_published ||
			    signer->published_size == signer->size)) ||
		turn->monotonic_ms - signer->signed_at_ms < signer->pause_ms) {
		return ALM_OK;
	}
	err = make_next(broker, turn->monotonic_ms, is_published);
	if (err == ALM_OK) {
		alm_keeper_write(signer->keeper, next_bytes(signer));
	}
	return err;
}

/* A head that cannot be kept outside is not signed: better none than one
 * that a set-back store would contradict. */
enum alm_err alm_checkpoint_sign(struct alm_turn *turn)
{
	struct alm_signer *signer = turn->broker->signer;
	int64_t took_us = 0;
	enum alm_err err = ALM_OK;

	if (!can_sign(signer)) {
		return ALM_OK;
	}
	signer->is_next_stored = false;
	if (turn->is_store_full) {
		return ALM_OK;
	}
	switch (alm_keeper_look(signer->keeper, &took_us)) {
	case ALM_KEEPER_IDLE:
		return sign_if_due(turn);
	case ALM_KEEPER_BUSY:
		break;
	case ALM_KEEPER_KEPT:
		signer->pause_ms = pause_after(took_us);
		signer->is_failing = false;
		err = store_next(turn->broker);
		turn->has_effects |= signer->is_next_stored;
		break;
	case ALM_KEEPER_FAILED:
		signer->pause_ms = pause_after(took_us);
		signer->failed_count++;
		signer->is_failing = true;
		alm_keeper_go_on(signer->keeper);
		break;
	}
	return err;
}

int64_t alm_checkpoint_unsigned_us(const struct alm_broker *broker)
{
	int64_t age_us = 0;
	struct alm_audit_view view;
	struct alm_arena arena;

	if (!can_sign(broker->signer)) {
		return 0;
	}
	alm_arena_init(&arena, ALM_AUDIT_LEAF_ARENA_BYTES_MAX);
	if (alm_audit_get(broker->store, broker->signer->size + 1, false,
		    &arena, &view) == ALM_OK) {
		age_us = alm_broker_now_us(broker) - view.record.time_us;
	}
	alm_arena_fini(&arena);
	return age_us < 0 ? 0 : age_us;
}

bool alm_checkpoint_is_waiting(const struct alm_broker *broker)
{
	int64_t took_us;

	return can_sign(broker->signer) &&
	       alm_keeper_look(broker->signer->keeper, &took_us) ==
		       ALM_KEEPER_BUSY;
}

/* --- publishing ----------------------------------------------------------- */

static void write_file(const struct alm_broker *broker, const char *name)
{
	struct alm_problem problem = {.err = ALM_OK};
	char path[PATH_MAX + 64];

	(void)snprintf(path, sizeof(path), "%s/%s",
		broker->settings.audit_publish_folder, name);
	if (alm_file_write(path,
		    (struct alm_bytes){(const uint8_t *)broker->signer->note,
			    strlen(broker->signer->note)},
		    0644, &problem) != ALM_OK) {
		alm_log_problem(
			ALM_LOG_ERROR, "checkpoint.unpublished", &problem);
	}
}

/* As `checkpoint`, and once a day under the day's name. */
static void publish(struct alm_broker *broker)
{
	struct alm_signer *signer = broker->signer;
	int64_t day = signer->at_us / 1000000 / DAY_S;
	char instant[ALM_INSTANT_TEXT_BYTES];
	char name[64];

	signer->published_at_ms = signer->signed_at_ms;
	signer->published_size = signer->size;
	if (broker->settings.audit_publish_folder[0] == '\0') {
		return;
	}
	write_file(broker, "checkpoint");
	if (day != signer->published_day) {
		alm_instant_text(signer->at_us / 1000000, instant);
		(void)snprintf(name, sizeof(name), "%.10s.checkpoint", instant);
		write_file(broker, name);
		signer->published_day = day;
	}
}

static void show_next(struct alm_broker *broker)
{
	struct alm_signer *signer = broker->signer;

	signer->is_next_stored = false;
	signer->size = signer->next.size;
	signer->at_us = alm_broker_now_us(broker);
	signer->signed_count++;
	memcpy(signer->note, signer->next_note, sizeof(signer->note));
	if (signer->next.is_published) {
		publish(broker);
	}
}

void alm_checkpoint_committed(struct alm_broker *broker)
{
	if (broker->signer != NULL && broker->signer->is_next_stored) {
		alm_keeper_go_on(broker->signer->keeper);
		show_next(broker);
	}
}

static enum alm_err begin(struct alm_broker *broker)
{
	uint8_t seed[32];
	enum alm_err err;

	randombytes_buf(seed, sizeof(seed));
	err = alm_store_begin(broker->store, alm_broker_now_us(broker), seed);
	sodium_memzero(seed, sizeof(seed));
	return err;
}

enum alm_err alm_checkpoint_last(struct alm_broker *broker)
{
	struct alm_signer *signer = broker->signer;
	struct alm_problem problem = {.err = ALM_OK};
	enum alm_err err;

	if (!can_sign(signer)) {
		return ALM_OK;
	}
	(void)alm_keeper_finish(signer->keeper); /* a newer one follows */
	err = make_next(broker, alm_clock_monotonic_ms(), true);
	if (err == ALM_OK &&
		alm_file_write(signer->head_file, next_bytes(signer), 0600,
			&problem) != ALM_OK) {
		signer->failed_count++;
		return ALM_OK;
	}
	err = err == ALM_OK ? begin(broker) : err;
	if (err != ALM_OK) {
		return err;
	}
	err = store_next(broker);
	if (err == ALM_OK) {
		err = alm_store_commit(broker->store);
	} else {
		alm_store_abort(broker->store);
	}
	if (err == ALM_OK) {
		show_next(broker);
	}
	return err;
}

char *alm_checkpoint_page(void *cookie)
{
	const struct alm_broker *broker = cookie;

	return strdup(broker->signer == NULL ? "" : broker->signer->note);
}
