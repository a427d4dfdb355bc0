#include "lib/wire/unpack.h"

struct budget {
	struct alm_arena *arena;
	size_t bytes_left;
	bool is_spent;
};

static void *take(void *data, size_t bytes)
{
	struct budget *budget = data;

	if (bytes > budget->bytes_left) {
		budget->is_spent = true;
		return NULL;
	}
	budget->bytes_left -= bytes;
	return alm_arena_take(budget->arena, bytes);
}

/* The arena gives everything back at once. */
static void give_back(void *data, void *memory)
{
	(void)data;
	(void)memory;
}

enum alm_err alm_wire_unpack(const ProtobufCMessageDescriptor *descriptor,
	struct alm_bytes bytes, struct alm_arena *arena,
	ProtobufCMessage **out_message, struct alm_problem *problem)
{
	size_t fair = ALM_WIRE_ARENA_FACTOR * bytes.bytes +
		      ALM_WIRE_ARENA_FLOOR_BYTES;
	struct budget budget = {.arena = arena, .bytes_left = fair};
	ProtobufCAllocator allocator = {take, give_back, &budget};
	ProtobufCMessage *message = protobuf_c_message_unpack(
		descriptor, &allocator, bytes.bytes, bytes.data);

	if (message != NULL) {
		*out_message = message;
		return ALM_OK;
	}
	if (budget.is_spent) {
		return alm_problem_set(problem, ALM_TOO_MANY_VALUES,
			"%zu bytes unpack to more than %zu", bytes.bytes, fair);
	}
	/* After a scan nothing but memory is left to fail. */
	return alm_problem_set(
		problem, ALM_NOMEM, "frame of %zu bytes", bytes.bytes);
}
