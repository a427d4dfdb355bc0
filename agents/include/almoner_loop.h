/*
 * almoner_loop.h - events and the descriptor to poll, for programs with their
 * own loop.  Part of almoner.h, which includes it.
 */
#ifndef ALMONER_LOOP_H
#define ALMONER_LOOP_H

#include "almoner.h"

#ifdef __cplusplus
extern "C" {
#endif

enum alm_event_kind {
	ALM_EVENT_CONNECTED = 1, /* welcomed; after each reconnection too */
	ALM_EVENT_RECEIPT = 2,
	ALM_EVENT_DELIVERY = 3,
	ALM_EVENT_NOTICE = 4,
	ALM_EVENT_ACKNOWLEDGED = 5, /* the broker has forgotten these */
	ALM_EVENT_ANSWER = 6,
	ALM_EVENT_DISCONNECTED = 7, /* it reconnects by itself */
	ALM_EVENT_SUPERSEDED = 8,   /* another process took over: stop */
	ALM_EVENT_PROBLEM = 9,      /* code and detail say what */
	ALM_EVENT_FETCHED = 10,     /* code 0, or as alm_fetch() */
	ALM_EVENT_DELAYED = 11,     /* no room yet; its receipt comes later */
};

/** Something that happened; the member of its kind is set. */
struct alm_event {
	enum alm_event_kind kind;
	const struct alm_receipt_view *receipt;
	const struct alm_delivery *delivery;
	const struct alm_notice_view *notice;
	const struct alm_table *answer;
	const uint64_t *sequences; /* acknowledged; the one that was fetched */
	size_t sequence_count;
	int code; /* fetched, disconnected, superseded, problem, delayed */
	const char *detail;
	const struct alm_receipt_view *delayed; /* refused for the moment */
};

/** One descriptor to poll for reading, for the life of the client: readable
 * whenever there is work for alm_client_process() or an event. */
ALM_API int alm_client_fd(const struct alm_client *client);

/** Do what is due, without waiting: read, answer, sign and send, retry.
 * Errors: 1121 another process took over; 1002.  What happens to single
 * messages comes as events. */
ALM_API int alm_client_process(struct alm_client *client);

/** The oldest event, or NULL; free with alm_event_free(). */
ALM_API struct alm_event *alm_client_next_event(struct alm_client *client);
ALM_API void alm_event_free(struct alm_event *event);

#ifdef __cplusplus
}
#endif

#endif /* ALMONER_LOOP_H */
