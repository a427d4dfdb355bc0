/*
 * When the pages that a commit has freed are used again.  LMDB would do so two
 * commits later, and what a commit writes would be strewn over the file, page
 * by page; a disk takes a few long writes in a fraction of the time.  So a
 * reader is held open: while it is, freed pages wait and new ones are taken
 * from the end of the file, side by side.  When many wait it is renewed, and
 * they are used again in lots; and when a turn meets the end of the map.
 */
#include "broker/store/inside.h"

/* What may wait: the pages of so many commits, or of so much growth of the
 * file; of a small map a part. */
#define COMMITS_MAX 256u
#define GROWTH_BYTES_MAX ((uint64_t)256 << 20)
#define GROWTH_PART 64u
/* With less behind the end of the file nothing waits. */
#define SPARE_GROWTHS 3u

static uint64_t growth_max(const MDB_envinfo *info)
{
	uint64_t part = info->me_mapsize / GROWTH_PART;

	return part < GROWTH_BYTES_MAX ? part : GROWTH_BYTES_MAX;
}

void alm_reuse_free(struct alm_store *store)
{
	if (store->reuse.reader != NULL) {
		mdb_txn_abort(store->reuse.reader);
	}
	store->reuse = (struct alm_reuse){.reader = NULL};
}

static bool may_wait(const struct alm_store *store, const MDB_envinfo *info)
{
	uint64_t end = ((uint64_t)info->me_last_pgno + 1) * store->page_bytes;

	return !store->space.is_low &&
	       end + SPARE_GROWTHS * growth_max(info) <= info->me_mapsize;
}

static bool is_enough(const struct alm_store *store, const MDB_envinfo *info)
{
	const struct alm_reuse *reuse = &store->reuse;
	uint64_t pages = (uint64_t)info->me_last_pgno - reuse->last_page;

	return reuse->commits >= COMMITS_MAX ||
	       pages * store->page_bytes >= growth_max(info);
}

static void renew(struct alm_store *store, const MDB_envinfo *info)
{
	struct alm_reuse *reuse = &store->reuse;
	int rc;

	if (reuse->reader == NULL) {
		rc = mdb_txn_begin(
			store->env, NULL, MDB_RDONLY, &reuse->reader);
	} else {
		mdb_txn_reset(reuse->reader);
		rc = mdb_txn_renew(reuse->reader);
	}
	if (rc != MDB_SUCCESS) {
		alm_reuse_free(store); /* slower, and nothing else */
		return;
	}
	reuse->commits = 0;
	reuse->last_page = info->me_last_pgno;
}

void alm_reuse_committed(struct alm_store *store)
{
	MDB_envinfo info;

	(void)mdb_env_info(store->env, &info);
	if (!may_wait(store, &info)) {
		alm_reuse_free(store);
		return;
	}
	store->reuse.commits++;
	if (store->reuse.reader == NULL || is_enough(store, &info)) {
		renew(store, &info);
	}
}
