/*
 * broker.h - everything the daemon owns, built in start.c and passed down.
 * There are no globals.  Loop thread only.
 */
#ifndef ALM_BROKER_BROKER_H
#define ALM_BROKER_BROKER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/auth/keyring.h"
#include "broker/auth/signature.h"
#include "broker/auth/zap.h"
#include "broker/config/settings.h"
#include "broker/core/decide.h"
#include "broker/edge/edge.h"
#include "broker/edge/http.h"
#include "broker/loop/fair.h"
#include "broker/loop/hold.h"
#include "broker/loop/mailbox.h"
#include "broker/loop/outbox.h"
#include "broker/loop/reload.h"
#include "broker/loop/session.h"
#include "broker/loop/steady.h"
#include "broker/loop/unread.h"
#include "broker/mail/fetches.h"
#include "broker/mail/override.h"
#include "broker/mail/redecide.h"
#include "broker/mail/uploads.h"
#include "broker/rules/past.h"
#include "broker/rules/standards.h"
#include "broker/store/retention.h"
#include "broker/store/store.h"
#include "broker/watch/alarm.h"
#include "lib/arena.h"
#include "lib/err.h"

/** What has happened since the start; the operator's figures. */
struct alm_metrics {
	uint64_t accepted;
	uint64_t refused;
	uint64_t refused_full; /* for want of room: not judged, no record */
	uint64_t refused_busy; /* more than window, share or quota: likewise */
	uint64_t delivered;    /* hand-overs, repeats included */
	uint64_t repeated;
	uint64_t acknowledged;
	uint64_t rejected;
	uint64_t stopped;
	uint64_t dead_lettered;
	uint64_t multicasts; /* messages to several */
	uint64_t anomalies;  /* damage met and recorded */
	uint64_t damaged;    /* of these, found by reading back */
	uint64_t expired;
	uint64_t timed_out;        /* requests without a reply */
	uint64_t deadlines_passed; /* of mail that was not taken */
	uint64_t escalated;        /* to deputies */
	uint64_t parts_received;   /* of large payloads */
	uint64_t parts_sent;
	uint64_t uploads_expired;
	uint64_t uploads_cancelled;
	uint64_t turns; /* that were committed */
	uint64_t malformed;
	uint64_t joins_dropped;
	uint64_t failed_requests; /* refused for a fault of ours */
	uint64_t unsayable;       /* answers that did not fit the wire */
	uint64_t lost_frames;     /* a peer was gone or did not read */
	uint64_t not_reading;     /* connections to which nothing more went */
	uint64_t handshakes_refused;
	uint64_t handshakes_limited;        /* of these, told to wait */
	uint64_t handshakes_agents_limited; /* of these, agents */
	uint64_t commit_us;                 /* in all */
	uint64_t batch_max;                 /* requests of the largest turn */
};

/** A pruning of the log under way. */
struct alm_prune_run {
	bool is_known;
	uint64_t number; /* of its cursor */
	uint64_t turn;   /* of the last step */
	struct alm_prune walk;
	struct alm_prune before;      /* that step */
	struct alm_store_space space; /* before the first */
};

struct alm_settings_source;
struct alm_expiries;
struct alm_scrub;
struct alm_signer;
struct alm_impact;
struct alm_turn_buffers;

struct alm_broker {
	struct alm_settings settings;
	struct alm_edge *edge;
	struct alm_http *http; /* NULL: not offered */
	struct alm_store *store;
	struct alm_keyring *keyring;
	struct alm_verifier *verifier;
	struct alm_handshake_gate handshakes;
	struct alm_join_gate joins;
	int64_t identity_due_us; /* a key or an invite ends then */
	struct alm_standards *standards;
	struct alm_sessions *sessions;
	struct alm_mailboxes *mailboxes;
	struct alm_outbox *outbox;
	struct alm_unreads *unreads;
	/* The active policy; the snapshot is NULL until there is one. */
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
	struct alm_world world;
	struct alm_expiries *expiries; /* of its agreements */
	struct alm_past past;          /* an earlier policy, asked for */
	int64_t policy_activated_at_us;
	enum alm_epoch_how policy_how; /* 0: none is active */
	int64_t policy_expires_us;     /* of an emergency; 0: never */
	uint64_t policy_fallback;      /* the epoch that comes back then */
	struct alm_impact *impact;     /* a replay under way, or NULL */
	uint64_t impact_count;         /* replays begun */
	struct alm_prune_run prune;
	struct alm_scrub *scrub;    /* NULL: nothing is read back */
	struct alm_uploads uploads; /* coming in */
	struct alm_fetches fetches; /* going out */
	struct alm_zip *zip;
	struct alm_hash *hash;
	struct alm_fair fair;
	struct alm_hold hold;
	struct alm_redecider redecider;
	struct alm_override_watch overrides;
	struct alm_signer *signer; /* of the log's heads */
	struct alm_metrics metrics;
	struct alm_alarms alarms;
	struct alm_steady steady; /* the clock */
	struct alm_arena arena;   /* of one turn */
	struct alm_turn_buffers *buffers;
	size_t frames_max;    /* of the next turn */
	uint64_t audit_size;  /* of the log, open turn included */
	uint64_t turn_number; /* of every turn, committed or not */
	int64_t started_at_us;
	struct alm_reload reload;   /* of the settings */
	int64_t turned_at_ms;       /* monotonic, the last turn */
	int64_t listens_since_ms;   /* it has not stood still since */
	int64_t silence_at_ms;      /* monotonic, when silent ones were ended */
	int64_t swept_at_ms;        /* monotonic */
	bool is_sweep_cut;          /* one turn may not read all that is due */
	int64_t unread_swept_at_ms; /* likewise */
	struct alm_mailbox *hand_over_from; /* NULL: from the first */
	char sweep_mailbox[ALM_ID_BYTES_MAX + 1];
	uint64_t sweep_place;
	char dead_mailbox[ALM_ID_BYTES_MAX + 1]; /* where its sweep goes on */
	uint64_t dead_place;
	uint64_t jitter_seed;
	bool has_waste;   /* parts may be there that nobody needs */
	bool is_in_haste; /* the last turn left work: do not wait */
	bool is_draining; /* nothing new is taken from agents */
	bool is_broken;   /* the store must not be written any more */
	struct alm_zap_verdict zap_verdict; /* of the request being judged */
};

/**
 * Open the store and the sockets, load what the store holds, record the
 * start, and prove that a stranger is refused.
 * Errors:  as the parts that fail; nothing is left open then
 */
ALM_MUST_USE enum alm_err alm_broker_open(const struct alm_settings *settings,
	int signal_fd, struct alm_broker **out_broker,
	struct alm_problem *problem);

/** Record the stop and close.  NULL is a no-op. */
void alm_broker_close(struct alm_broker *broker);

/** Load key ring, policy and standards from the store, in place of what is
 * there.  Errors: STORE_CORRUPT, NOMEM. */
ALM_MUST_USE enum alm_err alm_broker_load(
	struct alm_broker *broker, struct alm_problem *problem);

/** Open the store that the settings name, with its key. */
ALM_MUST_USE enum alm_err alm_broker_open_store(
	const struct alm_settings *settings, struct alm_store **out_store,
	struct alm_problem *problem);

/** Answer ZAP requests that wait. */
void alm_broker_serve_zap(struct alm_broker *broker);

#endif /* ALM_BROKER_BROKER_H */
