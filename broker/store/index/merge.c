/*
 * One run of sixteen that follow each other.  A part's postings keep their
 * order when its offset is added to their places, so this is a merge of
 * sorted lists of numbers.
 */
#include <stdlib.h>

#include "broker/store/index/index.h"

struct part {
	const struct alm_log_index *index;
	struct alm_run *run;
	uint64_t offset; /* of its places in the whole */
	uint64_t head;   /* the next posting; UINT64_MAX: no more */
	size_t at;       /* in the block */
	struct alm_run_block block;
};

/* The posting behind the head. */
static enum alm_err advance(struct part *part)
{
	enum alm_err err;

	if (part->at == part->block.count) {
		uint32_t next = part->block.number_and_1;

		if (next == part->run->block_count) {
			part->head = UINT64_MAX;
			return ALM_OK;
		}
		/* The largest merge takes seconds: nobody waits for it. */
		if (atomic_load(&part->index->is_ending)) {
			return ALM_INTERRUPTED;
		}
		err = alm_run_load(part->run, next, &part->block);
		if (err != ALM_OK) {
			atomic_store(&part->run->is_damaged, true);
			return err;
		}
		part->at = 0;
	}
	part->head = part->block.keys[part->at++] + part->offset;
	return ALM_OK;
}

static enum alm_err merge(struct part *parts, struct alm_run_writer *writer)
{
	for (;;) {
		struct part *least = &parts[0];
		uint64_t second = UINT64_MAX;
		enum alm_err err = ALM_OK;

		for (size_t i = 1; i < ALM_LOG_INDEX_FAN; i++) {
			if (parts[i].head < least->head) {
				second = least->head;
				least = &parts[i];
			} else if (parts[i].head < second) {
				second = parts[i].head;
			}
		}
		if (least->head == UINT64_MAX) {
			return ALM_OK;
		}
		while (least->head < second && err == ALM_OK) {
			alm_run_writer_put(writer, least->head);
			err = advance(least);
		}
		if (err != ALM_OK) {
			return err;
		}
	}
}

enum alm_err alm_log_index_merge(struct alm_log_index *index,
	const struct alm_run_place *place, struct alm_run *const *parts,
	struct alm_run **out_run)
{
	struct part *streams = calloc(ALM_LOG_INDEX_FAN, sizeof(*streams));
	struct alm_run_writer *writer = NULL;
	enum alm_err err = streams == NULL ? ALM_NOMEM : ALM_OK;

	for (size_t i = 0; i < ALM_LOG_INDEX_FAN && err == ALM_OK; i++) {
		streams[i].index = index;
		streams[i].run = parts[i];
		streams[i].offset = parts[i]->place.first - place->first;
		err = advance(&streams[i]);
	}
	if (err == ALM_OK) {
		err = alm_run_writer_open(&index->home, place, &writer);
	}
	if (err == ALM_OK) {
		err = merge(streams, writer);
	}
	free(streams);
	if (err != ALM_OK) {
		alm_run_writer_abort(writer);
		return err;
	}
	err = alm_run_writer_finish(
		&writer, &parts[ALM_LOG_INDEX_FAN - 1]->anchor);
	if (err == ALM_OK) {
		err = alm_run_open(&index->home, place, out_run);
	}
	return err;
}
