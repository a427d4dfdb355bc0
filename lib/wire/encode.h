/*
 * encode.h - plain structs to generated ones, in an arena.  Private to
 * lib/wire.  Nothing is copied: the results borrow from what they are made of.
 */
#ifndef ALM_LIB_WIRE_ENCODE_H
#define ALM_LIB_WIRE_ENCODE_H

#include <protobuf-c/protobuf-c.h>

#include "almoner/v1/envelope.pb-c.h"
#include "almoner/v1/request.pb-c.h"
#include "lib/wire/wire.h"

/** The protobuf of the envelope's body; NULL when the arena is full.  Not of
 * those that encode_agent.h and encode_mail.h write. */
ProtobufCMessage *alm_wire_give_body(
	const struct alm_envelope *envelope, struct alm_arena *arena);

/* Texts and bytes as protobuf-c wants them: it only reads what it packs, and
 * its structs are merely not const. */
char *alm_wire_give_text(const char *text);
char **alm_wire_give_texts(struct alm_texts texts);
ProtobufCBinaryData alm_wire_give_bytes(struct alm_bytes bytes);
ProtobufCBinaryData alm_wire_give_raw(const uint8_t *data, size_t bytes);

/* What encode_broker.c makes; each NULL when the arena is full. */
ProtobufCMessage *alm_wire_give_welcome(
	const struct alm_welcome *in, struct alm_arena *arena);
ProtobufCMessage *alm_wire_give_receipt(
	const struct alm_receipt *in, struct alm_arena *arena);
ProtobufCMessage *alm_wire_give_notice(
	const struct alm_notice *in, struct alm_arena *arena);
ProtobufCMessage *alm_wire_give_problem(
	const struct alm_wire_problem *in, struct alm_arena *arena);
ProtobufCMessage *alm_wire_give_joined(
	const struct alm_joined *in, struct alm_arena *arena);
ProtobufCMessage *alm_wire_give_answer(
	const struct alm_answer *in, struct alm_arena *arena);

/** Pointers to arguments; NULL when the arena is full. */
Almoner__V1__Argument **alm_wire_give_arguments(
	const struct alm_argument *in, size_t count, struct alm_arena *arena);

#endif /* ALM_LIB_WIRE_ENCODE_H */
