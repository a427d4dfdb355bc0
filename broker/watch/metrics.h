/* metrics.h - the broker's figures as Prometheus text. */
#ifndef ALM_BROKER_WATCH_METRICS_H
#define ALM_BROKER_WATCH_METRICS_H

/** The cookie is the broker.  Heap; NULL when memory is out. */
char *alm_metrics_page(void *cookie);

/** Why the broker is not ready, a line each; "" when it is. */
char *alm_unready_page(void *cookie);

#endif /* ALM_BROKER_WATCH_METRICS_H */
