/* metrics.h - the broker's figures as Prometheus text. */
#ifndef ALM_BROKER_WATCH_METRICS_H
#define ALM_BROKER_WATCH_METRICS_H

#include <stdint.h>
#include <stdio.h>

struct alm_broker;

/** The cookie is the broker.  Heap; NULL when memory is out. */
char *alm_metrics_page(void *cookie);

/** Why the broker is not ready, a line each; "" when it is. */
char *alm_unready_page(void *cookie);

/* --- its parts ----------------------------------------------------------- */

/** The log, which has `size` records. */
void alm_metrics_log(FILE *out, const struct alm_broker *broker, uint64_t size);

/** The store's room: what takes it, and how long it lasts. */
void alm_metrics_store(FILE *out, const struct alm_broker *broker);

/** From a change of somebody's records until all their queued mail is decided
 * again and that is on disk. */
void alm_metrics_effects(FILE *out, const struct alm_broker *broker);

/** Mailboxes, a bounded number of them. */
void alm_metrics_lanes(FILE *out, const struct alm_broker *broker);
void alm_metrics_mailboxes(FILE *out, const struct alm_broker *broker);

#endif /* ALM_BROKER_WATCH_METRICS_H */
