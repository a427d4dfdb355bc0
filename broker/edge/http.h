/*
 * http.h - /livez, /readyz, /metrics, /version and /checkpoint, on a loopback
 * address or a Unix socket.  Served by the loop between turns; no thread of
 * its own.
 */
#ifndef ALM_BROKER_EDGE_HTTP_H
#define ALM_BROKER_EDGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct alm_http;

/** What a page says; heap, freed by the server.  NULL when memory is out. */
typedef char *alm_http_page_fn(void *cookie);

struct alm_http_options {
	const char *endpoint;      /* 127.0.0.1:PORT, [::1]:PORT, unix:/PATH */
	alm_http_page_fn *metrics; /* Prometheus text */
	alm_http_page_fn *unready; /* reasons why not ready; "" when ready */
	alm_http_page_fn *checkpoint; /* the newest signed head; "": none */
	const char *version;
	void *cookie;
};

/** Errors: ENDPOINT_INVALID, ENDPOINT_BUSY, NOMEM. */
ALM_MUST_USE enum alm_err alm_http_open(const struct alm_http_options *options,
	struct alm_http **out_http, struct alm_problem *problem);
/** NULL is a no-op. */
void alm_http_close(struct alm_http *http);

/** Readable when there is something to serve. */
int alm_http_fd(const struct alm_http *http);

/** Serve what waits, without waiting. */
void alm_http_serve(struct alm_http *http);

/** In between: close what has been silent for too long, and let others in
 * again after there were as many as may be.  NULL: nothing. */
void alm_http_look_after(struct alm_http *http, int64_t now_ms);

#endif /* ALM_BROKER_EDGE_HTTP_H */
