/*
 * edge.h - the sockets: one ROUTER for agents (CURVE, ZAP), a second one while
 * the broker's key is being replaced, one ROUTER for administration (a local
 * socket with its own file mode) and the ZAP handler. Sole user of <zmq.h> in
 * the broker.  Loop thread only; logs its failures.
 *
 * The measured traps of libzmq 4.3.4 that shape this file: the authenticated
 * identity is read from the payload frame, never from the routing id; a
 * handler and a domain are needed or everyone is let in; sends never block.
 */
#ifndef ALM_BROKER_EDGE_EDGE_H
#define ALM_BROKER_EDGE_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct alm_edge;

/** A connection, as ROUTER numbers it in 32 bits; ALM_PEER_NEXT is added for
 * those of the next endpoint, whose ROUTER numbers for itself. */
struct alm_peer {
	uint64_t number;
};

#define ALM_PEER_NEXT (UINT64_C(1) << 32)

enum alm_edge_socket {
	ALM_EDGE_AGENTS,
	ALM_EDGE_ADMIN,
};

struct alm_edge_options {
	const char *endpoint;
	const char *admin_endpoint;      /* ipc:// only */
	unsigned admin_mode;             /* of the socket file */
	const uint8_t *curve_secret_key; /* 32 bytes; borrowed */
	/* Where the same broker is served under its next key; NULL: nowhere. */
	const char *endpoint_next;
	const uint8_t *curve_secret_key_next;
	const char *zap_domain;
	int signal_fd;
	int extra_fd; /* one more to wait for; -1: none */
};

/** Bind everything.  Errors: ENDPOINT_BUSY, ENDPOINT_INVALID, NOMEM. */
ALM_MUST_USE enum alm_err alm_edge_open(const struct alm_edge_options *options,
	struct alm_edge **out_edge, struct alm_problem *problem);

/** Close at once when `linger_ms` is 0.  NULL is a no-op. */
void alm_edge_close(struct alm_edge *edge, int linger_ms);

/** The endpoint as bound: a wildcard port is a number here. */
const char *alm_edge_endpoint(const struct alm_edge *edge);
/** The public CURVE key that agents must know. */
const uint8_t *alm_edge_public_key(const struct alm_edge *edge);

/** Whether there is a next endpoint, where it is bound, and its key. */
bool alm_edge_has_next(const struct alm_edge *edge);
const char *alm_edge_next_endpoint(const struct alm_edge *edge);
const uint8_t *alm_edge_next_public_key(const struct alm_edge *edge);

/** The broker's key that a peer has connected to. */
const uint8_t *alm_edge_peer_key(
	const struct alm_edge *edge, struct alm_peer peer);

/** What alm_edge_wait() found ready. */
struct alm_edge_ready {
	bool agents;
	bool admin;
	bool zap;
	bool signal;
	bool extra;
};

/** Wait at most `timeout_ms` (-1: for ever). */
void alm_edge_wait(struct alm_edge *edge, int timeout_ms,
	struct alm_edge_ready *out_ready);

/** A frame as received; borrowed from the edge until alm_edge_release(). */
struct alm_edge_frame {
	enum alm_edge_socket socket;
	struct alm_peer peer;
	const char *user_id; /* of ZAP, from the payload frame; NULL: none */
	const char *address; /* the peer's; for a local one uid:gid:pid */
	struct alm_bytes bytes;
	/* Whoever takes frames may set these; they are false and 0. */
	bool is_surplus;
	bool is_rest;        /* it was read as a whole, and found right */
	uint32_t part_count; /* so many envelopes of it belong to this turn */
};

/** A frame that was kept past its turn; owned by who keeps it. */
struct alm_edge_kept {
	struct alm_edge_kept *next; /* the keeper's */
	struct alm_edge_frame frame;
};

/**
 * Take the next frame without waiting.
 * Errors:  NOT_FOUND: nothing waits; TOO_MANY_VALUES: as many frames are held
 *          as one turn takes, release them first
 */
ALM_MUST_USE enum alm_err alm_edge_receive(struct alm_edge *edge,
	enum alm_edge_socket socket, struct alm_edge_frame *out_frame);

/** Give back every frame received so far. */
void alm_edge_release(struct alm_edge *edge);

/** Keep the frame that was received last, beyond the release; NULL when memory
 * is out: it is as it was. */
struct alm_edge_kept *alm_edge_keep(
	struct alm_edge *edge, const struct alm_edge_frame *frame);

/** Keep what follows its first `part_bytes`, of the frame that was received
 * last, which stays as it is; NULL when memory is out. */
struct alm_edge_kept *alm_edge_keep_rest(struct alm_edge *edge,
	const struct alm_edge_frame *frame, size_t part_bytes);

/** Put a kept frame among those received.  There must be a place. */
void alm_edge_take_kept(struct alm_edge *edge, struct alm_edge_kept **take_kept,
	struct alm_edge_frame *out_frame);

/** Its memory is given back. */
void alm_edge_drop_kept(struct alm_edge_kept **take_kept);

/** Messages that were not [routing id][frame] or chose their own id. */
uint64_t alm_edge_dropped(const struct alm_edge *edge);

/**
 * Send without waiting; a success is no evidence of delivery.
 * Errors:  BUSY: the peer's queue is full; UNREACHABLE: the peer is gone
 */
ALM_MUST_USE enum alm_err alm_edge_send(struct alm_edge *edge,
	enum alm_edge_socket socket, struct alm_peer peer,
	struct alm_bytes frame);

#define ALM_ZAP_FRAMES_MAX 16u

/** Judges one ZAP request: fills status, text and user id (static or kept
 * until the call returns). */
typedef void alm_zap_judge_fn(void *cookie, const struct alm_bytes *frames,
	size_t frame_count, const char **out_status, const char **out_text,
	const char **out_user_id);

/** Answer the ZAP requests that wait, a bounded number of them. */
void alm_edge_serve_zap(
	struct alm_edge *edge, alm_zap_judge_fn *judge, void *cookie);

/**
 * Prove that a stranger is refused, at each endpoint: connect with a fresh key,
 * serve ZAP, and see the handshake fail.  Errors: STRANGER_ADMITTED, also when
 * nothing was seen in time.
 */
ALM_MUST_USE enum alm_err alm_edge_prove_stranger_refused(struct alm_edge *edge,
	alm_zap_judge_fn *judge, void *cookie, struct alm_problem *problem);

#endif /* ALM_BROKER_EDGE_EDGE_H */
