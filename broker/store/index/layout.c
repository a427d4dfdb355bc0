/*
 * The bytes of a run's blocks; docs/FORMAT.md has them too.  Pure but for the
 * seal, and every number that is read is bounded.
 */
#include <string.h>

#include "broker/store/index/run.h"
#include "broker/store/inside.h"

#define RUN_VERSION 1u

static const uint8_t MAGIC[8] = {'a', 'l', 'm', 'i', 'n', 'd', 'e', 'x'};

void alm_run_seal(const struct alm_store_keys *keys,
	const struct alm_run_place *place, uint32_t number,
	struct alm_bytes content, uint8_t out[ALM_SEAL_BYTES])
{
	uint8_t raw[1 + 8 + 4 + 4];
	struct alm_writer w;

	alm_writer_init(&w, raw, sizeof(raw));
	alm_write_u8(&w, (uint8_t)place->level);
	alm_write_u64(&w, place->first);
	alm_write_u32(&w, place->count);
	alm_write_u32(&w, number);
	alm_store_keys_seal(keys, ALM_SEAL_RUN,
		(struct alm_bytes){raw, sizeof(raw)}, content, out);
}

/* One number of seven bits a byte, the lowest first.  0 is none: numbers
 * grow. */
static uint64_t take_step(const uint8_t **at, const uint8_t *end)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			return value;
		}
	}
	return 0;
}

enum alm_err alm_run_block_decode(struct alm_bytes bytes, uint64_t first,
	uint64_t end, uint64_t keys[ALM_RUN_KEYS_MAX], size_t *out_count)
{
	const uint8_t *at = bytes.data + 2 + 8;
	const uint8_t *stop = bytes.data + bytes.bytes;
	uint64_t key;
	size_t count;

	if (bytes.bytes < 2 + 8) {
		return ALM_STORE_CORRUPT;
	}
	count = alm_get_u16(bytes.data);
	key = alm_get_u64(bytes.data + 2);
	if (count == 0 || count > ALM_RUN_KEYS_MAX || key != first ||
		key >= end) {
		return ALM_STORE_CORRUPT;
	}
	keys[0] = key;
	for (size_t i = 1; i < count; i++) {
		uint64_t step = take_step(&at, stop);

		if (step == 0 || step >= end - key) {
			return ALM_STORE_CORRUPT;
		}
		key += step;
		keys[i] = key;
	}
	*out_count = count;
	return ALM_OK;
}

size_t alm_run_head_encode(
	const struct alm_run_head *head, uint8_t out[ALM_RUN_BLOCK_BYTES])
{
	struct alm_writer w;

	alm_writer_init(&w, out, ALM_RUN_BLOCK_BYTES);
	alm_write_raw(&w, MAGIC, sizeof(MAGIC));
	alm_write_u32(&w, RUN_VERSION);
	alm_write_raw(&w, head->store_id, ALM_STORE_ID_BYTES);
	alm_write_u8(&w, (uint8_t)head->place.level);
	alm_write_u64(&w, head->place.first);
	alm_write_u32(&w, head->place.count);
	alm_write_u32(&w, head->block_count);
	for (size_t i = 0; i < ALM_DIMENSIONS; i++) {
		alm_write_u64(&w, head->counts[i]);
	}
	alm_write_raw(&w, head->anchor.raw, ALM_DIGEST_BYTES);
	return w.bytes;
}

enum alm_err alm_run_head_decode(
	struct alm_bytes bytes, struct alm_run_head *out)
{
	struct alm_run_head head;
	uint8_t magic[sizeof(MAGIC)];
	struct alm_reader r;
	uint32_t version;

	memset(&head, 0, sizeof(head));
	alm_reader_init(&r, bytes.data, bytes.bytes);
	alm_read_raw(&r, magic, sizeof(magic));
	version = alm_read_u32(&r);
	alm_read_raw(&r, head.store_id, ALM_STORE_ID_BYTES);
	head.place.level = alm_read_u8(&r);
	head.place.first = alm_read_u64(&r);
	head.place.count = alm_read_u32(&r);
	head.block_count = alm_read_u32(&r);
	for (size_t i = 0; i < ALM_DIMENSIONS; i++) {
		head.counts[i] = alm_read_u64(&r);
	}
	alm_read_raw(&r, head.anchor.raw, ALM_DIGEST_BYTES);
	if (!alm_reader_is_done(&r) ||
		memcmp(magic, MAGIC, sizeof(magic)) != 0 ||
		version != RUN_VERSION || head.place.count == 0 ||
		head.place.count > ALM_PLACE_MASK + 1 ||
		head.block_count >= ALM_RUN_FENCES) {
		return ALM_STORE_CORRUPT;
	}
	*out = head;
	return ALM_OK;
}
