/*
 * encode_agent.h - what agents send most, measured and then written straight
 * into the frame.  Private to lib/wire.  Golden frames hold these to the same
 * bytes that protobuf-c would write.
 */
#ifndef ALM_LIB_WIRE_ENCODE_AGENT_H
#define ALM_LIB_WIRE_ENCODE_AGENT_H

#include "lib/wire/wire.h"

/** How many bytes alm_wire_put_send() will write.
 * Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_wire_measure_send(
	const struct alm_send *send, size_t *out_bytes);
void alm_wire_put_send(const struct alm_send *send, uint8_t *at);

/** How many bytes alm_wire_put_acknowledge() will write.
 * Errors: TOO_MANY_VALUES, FIELD_TOO_LARGE, NOT_TEXT. */
ALM_MUST_USE enum alm_err alm_wire_measure_acknowledge(
	const struct alm_acknowledge *acknowledge, size_t *out_bytes);
void alm_wire_put_acknowledge(
	const struct alm_acknowledge *acknowledge, uint8_t *at);

#endif /* ALM_LIB_WIRE_ENCODE_AGENT_H */
