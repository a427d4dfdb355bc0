/*
 * standard_set.h - a FileDescriptorSet, unpacked and searchable by name.
 * Private to lib/wire and its tests.
 */
#ifndef ALM_LIB_WIRE_STANDARD_SET_H
#define ALM_LIB_WIRE_STANDARD_SET_H

#include "almoner/v1/labels.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

/** A message or an enum with its full name, ".package.Outer.Inner". */
struct alm_named {
	const char *name;
	const Google__Protobuf__DescriptorProto *message;
	const Google__Protobuf__EnumDescriptorProto *list;
};

struct alm_standard_set {
	struct alm_named *items; /* in the arena it was read into */
	size_t count;
	size_t capacity;
};

/**
 * Scan for depth and size, unpack, and collect the names.
 * Errors: STANDARD_INVALID, NOMEM.
 */
ALM_MUST_USE enum alm_err alm_standard_set_read(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_standard_set *out_set,
	struct alm_problem *problem);

/** NULL if there is none. */
const struct alm_named *alm_standard_set_find(
	const struct alm_standard_set *set, const char *name);

/**
 * The label of a field or the standard of a message; NULL in `out` if there
 * is none.  Errors: STANDARD_INVALID: it stands twice or is not one.
 */
ALM_MUST_USE enum alm_err alm_standard_label(
	const Google__Protobuf__FieldOptions *options, struct alm_arena *arena,
	const Almoner__V1__Label **out_label);
ALM_MUST_USE enum alm_err alm_standard_mark(
	const Google__Protobuf__MessageOptions *options,
	struct alm_arena *arena, const Almoner__V1__Standard **out_mark);

#endif /* ALM_LIB_WIRE_STANDARD_SET_H */
