/*
 * rules.h - what each field of the wire contract may hold, beside what the
 * generated descriptors know.  Private to lib/wire and its tests.
 */
#ifndef ALM_LIB_WIRE_RULES_H
#define ALM_LIB_WIRE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* Fields of one message, and so the highest field number. */
#define ALM_WIRE_FIELDS_MAX 32u

struct alm_wire_rules;

/** One field; `name` repeats the descriptor's, and a test compares them.  A
 * number that no field has is a row of zeroes. */
struct alm_wire_field {
	const char *name;
	uint32_t bytes_max;                 /* of one value: texts and bytes */
	uint32_t count_max;                 /* of values; 1 unless repeated */
	const struct alm_wire_rules *child; /* messages */
};

/** One message; `fields` is indexed by field number, [0] is unused. */
struct alm_wire_rules {
	const ProtobufCMessageDescriptor *descriptor;
	const struct alm_wire_field *fields;
	size_t field_count; /* the highest number */
	bool is_open;       /* fields of a later release are passed over */
};

extern const struct alm_wire_rules alm_wire_frame_rules;
extern const struct alm_wire_rules alm_wire_message_rules;

/** The rules of a body of the envelope by its number; NULL if none. */
const struct alm_wire_rules *alm_wire_body_rules(uint32_t number);

/** Its name, e.g. "send"; "" if none. */
const char *alm_wire_body_name(uint32_t number);

#endif /* ALM_LIB_WIRE_RULES_H */
