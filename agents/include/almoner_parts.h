/*
 * almoner_parts.h - payloads above 1 MiB, up to 1 GiB: sent from a source and
 * fetched into a sink, in parts of 256 KiB, with as much memory as a few of
 * them take.  Part of almoner.h, which includes it.
 *
 * Broken connections are gone on over: with the parts that the broker's disk
 * does not have yet when sending, behind what the sink has when fetching.
 */
#ifndef ALMONER_PARTS_H
#define ALMONER_PARTS_H

#include "almoner.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a payload of up to 1 GiB is read from, at least twice: it stays the
 * same until there is a receipt.  `read` gives exactly `bytes`, and 0. */
struct alm_source {
	int (*read)(void *cookie, uint64_t offset, void *out, size_t bytes);
	void *cookie;
	uint64_t bytes;
};

/** A file as a source, until it is closed.  Errors: 1003 unreadable; 1002. */
ALM_API int alm_source_open(const char *path, struct alm_source *out_source);
ALM_API void alm_source_close(struct alm_source *source);

/** Give up a message that is sent from a source, in this process or another,
 * and wait until the broker has nothing of it.  There is no receipt, but for
 * who else is sending it: 1344.  Errors: 1345 too late, it is whole and was
 * accepted; 1120 it is not in parts; 1005 nothing of it was begun; as
 * alm_send(): call again, or it expires after a day. */
ALM_API int alm_send_cancel(
	struct alm_client *client, const uint8_t id[16], int timeout_ms);

/** Be handed mail with a payload above 1 MiB, too; alm_fetch() gets it. */
ALM_API void alm_client_take_parts(struct alm_client *client, bool takes_parts);

/** Where a payload in parts is written to.  `write` gets each part once, in
 * order and checked, and gives 0; anything else ends the fetching. */
struct alm_sink {
	int (*write)(
		void *cookie, uint64_t offset, const void *data, size_t bytes);
	void *cookie;
	uint64_t have_bytes; /* from before: a multiple of 262144, or all */
};

/** Get a payload in parts and wait, over broken connections too; acknowledge
 * when you have it whole.  Errors: 7001 go on later with what the sink has;
 * 7011 the sink failed; 7012 the mail is gone: drop what you have; 1126 1125
 * not what was sent; 1120 not in parts, or fetched already. */
ALM_API int alm_fetch(struct alm_client *client,
	const struct alm_delivery *delivery, const struct alm_sink *sink,
	int timeout_ms);

/** The same into a file, from where an earlier call left it. */
ALM_API int alm_fetch_file(struct alm_client *client,
	const struct alm_delivery *delivery, const char *path, int timeout_ms);

/** Start getting it; its end comes as an event.  The cookie lives so long. */
ALM_API int alm_fetch_start(struct alm_client *client,
	const struct alm_delivery *delivery, const struct alm_sink *sink);
/** Give up; there is no event. */
ALM_API void alm_fetch_stop(struct alm_client *client, uint64_t sequence);

#ifdef __cplusplus
}
#endif

#endif /* ALMONER_PARTS_H */
