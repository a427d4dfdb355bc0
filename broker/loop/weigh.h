/*
 * weigh.h - what the envelopes of a frame will cost, before they are decoded:
 * in units, of which an ordinary message of about a kilobyte is one.  What is
 * packed weighs as its content, which is what is worked on and kept.  Pure.
 */
#ifndef ALM_BROKER_LOOP_WEIGH_H
#define ALM_BROKER_LOOP_WEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"

/** The front of a frame that goes into a turn. */
struct alm_front {
	uint32_t units;
	uint32_t messages; /* of those envelopes, all but acknowledgements */
	uint32_t count;    /* envelopes; 0: all of them */
	size_t bytes;
};

/** How many bytes it is in clear, as it says itself; what is not a frame of
 * zstd that says so, or says less than it is, counts as it is.  `encoding` is
 * one of alm_encoding or any other number. */
size_t alm_weigh_content(uint64_t encoding, struct alm_bytes data);

/** Of a frame that is not looked into. */
uint32_t alm_weigh_bytes(size_t bytes);

/** As many envelopes as fit `room` units, and one at least.  Bytes that are
 * none are for the decoder to refuse, all at once. */
struct alm_front alm_weigh_front(struct alm_bytes frame, uint32_t room);

/** Whether its first envelope is a message or a part of a payload. */
bool alm_weigh_is_send(struct alm_bytes frame);

/** Whether it is hello, and nothing else. */
bool alm_weigh_is_hello(struct alm_bytes frame);

#endif /* ALM_BROKER_LOOP_WEIGH_H */
