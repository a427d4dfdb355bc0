/* local.h - what may lie where a Unix socket is to be made. */
#ifndef ALM_BROKER_EDGE_LOCAL_H
#define ALM_BROKER_EDGE_LOCAL_H

#include <stdbool.h>

/** Whether a process listens at this path: its socket must be left alone. */
bool alm_local_is_live(const char *path);

/** Remove the socket that an ended process has left; anything else stays, so
 * that binding there fails. */
void alm_local_remove(const char *path);

#endif /* ALM_BROKER_EDGE_LOCAL_H */
