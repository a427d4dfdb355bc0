/*
 * room.h - messages that were refused because there was no room for them at
 * the broker or in a mailbox, with a time to try again: the client keeps them
 * and tries on until they expire.  Those for one recipient wait together, new
 * ones behind them, so that they go out in their order.  They do not count
 * against the window: others are not held up.
 */
#ifndef ALM_AGENTS_CLIENT_ROOM_H
#define ALM_AGENTS_CLIENT_ROOM_H

#include "agents/client/client.h"

/** Whether the library keeps a message that was refused so; then it waits. */
bool alm_room_keeps(struct alm_client *client, struct alm_pending *pending,
	const struct alm_wire_problem *refused);

/** A message was just queued: it waits behind those it would overtake. */
void alm_room_started(struct alm_client *client, struct alm_pending *pending,
	const struct alm_message *message);

/** Why a message waits; ALM_OK: it does not, or is not there. */
enum alm_err alm_room_why(
	const struct alm_client *client, const uint8_t id[16]);

#endif /* ALM_AGENTS_CLIENT_ROOM_H */
