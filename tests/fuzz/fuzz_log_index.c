/*
 * fuzz_log_index.c - what is read of an index and of a cursor.  The first byte
 * says which; a block's next sixteen bytes are where it belongs.  What decodes
 * must be in order, and a cursor must be one that was given.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "broker/store/find.h"
#include "broker/store/index/run.h"
#include "broker/store/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_block(struct alm_bytes bytes)
{
	static uint64_t keys[ALM_RUN_KEYS_MAX];
	uint64_t first;
	uint64_t end;
	size_t count = 0;

	if (bytes.bytes < 16 ||
		bytes.bytes > 16 + ALM_RUN_BLOCK_BYTES - ALM_SEAL_BYTES) {
		return;
	}
	first = alm_get_u64(bytes.data);
	end = alm_get_u64(bytes.data + 8);
	if (alm_run_block_decode(
		    (struct alm_bytes){bytes.data + 16, bytes.bytes - 16},
		    first, end, keys, &count) != ALM_OK) {
		return;
	}
	ALM_ASSERT(count > 0 && count <= ALM_RUN_KEYS_MAX && keys[0] == first &&
		   keys[count - 1] < end);
	for (size_t i = 1; i < count; i++) {
		ALM_ASSERT(keys[i - 1] < keys[i]);
	}
}

static void try_head(struct alm_bytes bytes)
{
	uint8_t again[ALM_RUN_BLOCK_BYTES];
	struct alm_run_head head;
	size_t written;

	if (alm_run_head_decode(bytes, &head) != ALM_OK) {
		return;
	}
	written = alm_run_head_encode(&head, again);
	ALM_ASSERT(alm_bytes_equal(bytes, (struct alm_bytes){again, written}));
}

static void try_cursor(struct alm_bytes bytes)
{
	static const uint8_t secret[32] = {1};
	static const uint8_t id[ALM_STORE_ID_BYTES] = {2};
	struct alm_store store = {.env = NULL};
	struct alm_audit_find find = {.filter = {.sender = "RX1"}};
	char again[ALM_CURSOR_TEXT_BYTES];
	char text[2 * ALM_CURSOR_TEXT_BYTES] = "";
	struct alm_cursor_given given = {.at_us = 0};

	if (bytes.bytes >= sizeof(text)) {
		return;
	}
	ALM_ASSERT(sodium_init() >= 0);
	store.keys = alm_store_keys_new(secret, id);
	ALM_ASSERT(store.keys != NULL);
	memcpy(text, bytes.data, bytes.bytes);
	if (alm_audit_cursor_read(&store, text, "RX1", &find, &given) ==
		ALM_OK) {
		alm_audit_cursor_text(&store, &find, "RX1", given, again);
		ALM_ASSERT(strcasecmp(text, again) == 0);
	}
	alm_store_keys_free(store.keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alm_bytes bytes = {data + 1, size - 1};

	if (size == 0) {
		return 0;
	}
	switch (data[0] % 3) {
	case 0:
		try_block(bytes);
		break;
	case 1:
		try_head(bytes);
		break;
	default:
		try_cursor(bytes);
		break;
	}
	return 0;
}
