/*
 * Lanes work in step, so a long text among short ones keeps the others' lanes
 * empty: it is hashed alone.  So are few texts, as a step of all lanes takes
 * as long as some four steps of one text.
 */
#include "lib/hash_many.h"

#include <stdlib.h>

#include "lib/hash.h"

#if defined(__x86_64__)
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>
#endif

#define FEW 5u
#define LONG_BYTES ((size_t)8192)

struct alm_hash_many {
	struct alm_hash *one;
#if defined(__x86_64__)
	IMB_MGR *lanes;
#endif
};

static void hash_alone(
	struct alm_hash_many *many, const struct alm_hash_job *job)
{
	alm_hash_bytes(many->one, job->bytes, job->out);
}

#if defined(__x86_64__)

static bool open_lanes(struct alm_hash_many *many)
{
	IMB_ARCH arch = IMB_ARCH_NONE;

	many->lanes = alloc_mb_mgr(0);
	if (many->lanes != NULL) {
		init_mb_mgr_auto(many->lanes, &arch);
	}
	return many->lanes != NULL && imb_get_errno(many->lanes) == 0;
}

static void close_lanes(struct alm_hash_many *many)
{
	if (many->lanes != NULL) {
		free_mb_mgr(many->lanes);
	}
}

static void submit(IMB_MGR *lanes, const struct alm_hash_job *job)
{
	IMB_JOB *next = IMB_GET_NEXT_JOB(lanes);

	next->cipher_mode = IMB_CIPHER_NULL;
	next->cipher_direction = IMB_DIR_ENCRYPT;
	next->chain_order = IMB_ORDER_HASH_CIPHER;
	next->hash_alg = IMB_AUTH_SHA_256;
	next->src = job->bytes.data;
	next->hash_start_src_offset_in_bytes = 0;
	next->msg_len_to_hash_in_bytes = job->bytes.bytes;
	next->auth_tag_output = job->out;
	next->auth_tag_output_len_in_bytes = ALM_DIGEST_BYTES;
	/* A job that comes back was written to its `out`. */
	for (next = IMB_SUBMIT_JOB(lanes); next != NULL;
		next = IMB_GET_COMPLETED_JOB(lanes)) {
		ALM_ASSERT(next->status == IMB_STATUS_COMPLETED);
	}
}

static bool fits_lane(const struct alm_hash_job *job)
{
	return job->bytes.bytes > 0 && job->bytes.bytes <= LONG_BYTES;
}

void alm_hash_many(struct alm_hash_many *many, const struct alm_hash_job *jobs,
	size_t count)
{
	bool is_few = count < FEW;

	for (size_t i = 0; i < count; i++) {
		if (is_few || !fits_lane(&jobs[i])) {
			hash_alone(many, &jobs[i]);
		} else {
			submit(many->lanes, &jobs[i]);
		}
	}
	while (!is_few && IMB_FLUSH_JOB(many->lanes) != NULL) {
	}
}

#else

static bool open_lanes(struct alm_hash_many *many)
{
	(void)many;
	return true;
}

static void close_lanes(struct alm_hash_many *many)
{
	(void)many;
}

void alm_hash_many(struct alm_hash_many *many, const struct alm_hash_job *jobs,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		hash_alone(many, &jobs[i]);
	}
}

#endif

struct alm_hash_many *alm_hash_many_new(void)
{
	struct alm_hash_many *many = calloc(1, sizeof(*many));

	if (many == NULL) {
		return NULL;
	}
	many->one = alm_hash_new();
	if (many->one == NULL || !open_lanes(many)) {
		alm_hash_many_free(many);
		return NULL;
	}
	return many;
}

void alm_hash_many_free(struct alm_hash_many *many)
{
	if (many != NULL) {
		close_lanes(many);
		alm_hash_free(many->one);
		free(many);
	}
}
