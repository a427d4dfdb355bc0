/*
 * Pruning cosignatures.  A head says of every record before it what an older
 * one does, so the newest head that a witness has cosigned stands for all that
 * it ever cosigned: that one stays, and older ones go when they were made
 * before what is kept of security.  Heads stay.
 */
#include "broker/store/evidence.h"
#include "broker/store/prune.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024)

/* Whether it is the last one of its witness; also if nobody can tell. */
static enum alm_err is_newest(struct alm_store *store, uint64_t size,
	uint64_t agent, bool *out_is_newest)
{
	struct alm_witness witness = {.agent = 0};
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_store_witness_next(store, agent - 1, &arena, &witness);
	*out_is_newest = err != ALM_OK || witness.agent != agent ||
			 witness.cosigned_size <= size;
	alm_arena_fini(&arena);
	return err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ? ALM_OK : err;
}

static enum alm_err look_at(struct alm_store *store, struct alm_prune *prune)
{
	bool stays = true;
	enum alm_err err =
		is_newest(store, prune->next, prune->next_agent, &stays);

	if (err != ALM_OK || stays) {
		return err;
	}
	prune->counts.cosignatures++;
	return prune->is_dry ? ALM_OK
			     : alm_store_cosignature_remove(
				       store, prune->next, prune->next_agent);
}

enum alm_err alm_prune_cosignatures(
	struct alm_store *store, unsigned row_max, struct alm_prune *prune)
{
	for (unsigned i = 0; i < row_max; i++) {
		enum alm_err err = alm_store_cosignature_next(
			store, &prune->next, &prune->next_agent);

		if (err == ALM_NOT_FOUND ||
			(err == ALM_OK &&
				prune->next >
					prune->last[ALM_RETENTION_SECURITY])) {
			prune->is_done = true;
			return ALM_OK;
		}
		if (err == ALM_OK) {
			err = look_at(store, prune);
		}
		if (err != ALM_OK) {
			return err;
		}
		prune->next_agent++;
	}
	return ALM_OK;
}
