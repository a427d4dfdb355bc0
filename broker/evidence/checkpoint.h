/*
 * checkpoint.h - signing the log's heads: the audit keys, when a head is
 * signed and published, and the copy of the newest head outside the store by
 * which a start finds that the log was set back.  Loop thread only; the file
 * outside is written by another, keeper.h.
 */
#ifndef ALM_BROKER_EVIDENCE_CHECKPOINT_H
#define ALM_BROKER_EVIDENCE_CHECKPOINT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/config/settings.h"
#include "broker/store/evidence.h"
#include "lib/err.h"

struct alm_broker;
struct alm_keeper;
struct alm_turn;

/** What signs.  Without a key nothing is signed, and the broker says so. */
struct alm_signer {
	struct alm_note_key keys[ALM_AUDIT_KEYS_MAX];
	uint8_t secrets[ALM_AUDIT_KEYS_MAX][64];
	size_t key_count;
	char origin[ALM_NOTE_NAME_BYTES];
	char head_file[PATH_MAX];
	/* The newest head that is on disk. */
	uint64_t size;
	int64_t at_us;
	char note[2048];
	/* The next, which the keeper keeps outside the store first. */
	struct alm_keeper *keeper; /* NULL: nothing is signed */
	struct alm_signed_head next;
	char next_note[2048];
	bool is_next_stored;  /* in the open turn */
	int64_t signed_at_ms; /* monotonic */
	int64_t pause_ms;     /* until the next */
	int64_t published_at_ms;
	uint64_t published_size; /* kept for good; 0: none since the start */
	int64_t published_day;
	uint64_t signed_count;
	uint64_t failed_count; /* the head could not be kept outside */
	bool is_failing;       /* the last that was tried */
};

/**
 * Read the keys, compare the log with the head kept outside the store, and
 * record keys that come and go, in a turn of its own.
 * Errors:  LOG_BEHIND_HEAD, AUDIT_KEY, KEY_FILE, IO and those of the store
 */
ALM_MUST_USE enum alm_err alm_signer_open(struct alm_broker *broker,
	struct alm_signer **out_signer, struct alm_problem *problem);
/** Whether the log contains the head that is kept outside the store; without
 * that file, whether the log was never signed under its present name.
 * Errors:  LOG_BEHIND_HEAD, IO and those of the store */
ALM_MUST_USE enum alm_err alm_signer_check_head(struct alm_store *store,
	const struct alm_signer *signer, struct alm_problem *problem);
/** NULL is a no-op. */
void alm_signer_close(struct alm_signer *signer);

/** In an open turn: sign what is on disk, if it is time, or put the head that
 * is kept outside by now into the store. */
ALM_MUST_USE enum alm_err alm_checkpoint_sign(struct alm_turn *turn);

/** Whether a turn will soon have to do so. */
bool alm_checkpoint_is_waiting(const struct alm_broker *broker);

/** How old the oldest record is that no signed head covers; 0: there is none,
 * or nothing is signed. */
int64_t alm_checkpoint_unsigned_us(const struct alm_broker *broker);

/** After its commit: the new head may be shown, and is published. */
void alm_checkpoint_committed(struct alm_broker *broker);

/** Sign the end of the log in a turn of its own, before the daemon stops. */
ALM_MUST_USE enum alm_err alm_checkpoint_last(struct alm_broker *broker);

/** The newest head for GET /checkpoint; heap; "" if there is none. */
char *alm_checkpoint_page(void *cookie);

/** Go on as another log, because records were lost that heads were signed
 * for: record it with its reason, name the log anew, and set the old head
 * aside.  Errors: IO and those of the store. */
ALM_MUST_USE enum alm_err alm_origin_renew(const struct alm_settings *settings,
	struct alm_store *store, const char *reason,
	char out_origin[ALM_NOTE_NAME_BYTES], struct alm_problem *problem);

#endif /* ALM_BROKER_EVIDENCE_CHECKPOINT_H */
