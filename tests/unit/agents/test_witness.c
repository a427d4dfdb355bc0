/*
 * test_witness.c - a witness signs a head that extends the last one, after it
 * has remembered it, and no other; also after it was started again.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "agents/client/witness.h"
#include "lib/tlog.h"
#include "tests/support/tempdir.h"

#define LEAVES 20u

static char folder[ALM_TEMPDIR_BYTES];
static char state[ALM_TEMPDIR_BYTES + 16];
static struct alm_hash *hash;
static uint8_t log_public[32];
static uint8_t log_secret[64];
static uint8_t witness_public[32];
static struct alm_client_witness *witness;
static struct alm_digest leaves[LEAVES];

static const uint8_t LOG_SEED[32] = {1};
static const uint8_t WITNESS_SEED[32] = {2};

static void start(void)
{
	const struct alm_witness_options options = {.key = WITNESS_SEED,
		.log_keys = log_public,
		.log_key_count = 1,
		.state_file = state};
	struct alm_problem problem = {.err = ALM_OK};

	alm_witness_free(witness);
	witness = NULL;
	cr_assert_eq(alm_witness_new(&options, &witness, &problem), ALM_OK,
		"%s", problem.detail);
}

static void set_up(void)
{
	uint8_t secret[64];

	cr_assert_geq(sodium_init(), 0);
	alm_tempdir_make(folder);
	snprintf(state, sizeof(state), "%s/seen", folder);
	hash = alm_hash_new();
	crypto_sign_seed_keypair(log_public, log_secret, LOG_SEED);
	crypto_sign_seed_keypair(witness_public, secret, WITNESS_SEED);
	for (unsigned i = 0; i < LEAVES; i++) {
		memset(leaves[i].raw, (int)i + 1, sizeof(leaves[i].raw));
	}
	start();
}

static void tear_down(void)
{
	alm_witness_free(witness);
	alm_hash_free(hash);
	alm_tempdir_remove(folder);
}

TestSuite(witness, .init = set_up, .fini = tear_down);

static void root_of(size_t first, size_t end, struct alm_digest *out)
{
	struct alm_frontier frontier = {.size = 0};

	for (size_t i = first; i < end; i++) {
		alm_frontier_append(hash, &frontier, &leaves[i]);
	}
	alm_frontier_root(hash, &frontier, out);
}

/* RFC 9162 2.1.4.1, as it stands there. */
static size_t prove(size_t m, size_t first, size_t end, bool is_whole,
	struct alm_digest *path)
{
	size_t n = end - first;
	size_t k = 1;
	size_t count;

	if (m == n) {
		if (!is_whole) {
			root_of(first, end, &path[0]);
		}
		return is_whole ? 0 : 1;
	}
	while (2 * k < n) {
		k *= 2;
	}
	if (m <= k) {
		count = prove(m, first, first + k, is_whole, path);
		root_of(first + k, end, &path[count]);
	} else {
		count = prove(m - k, first + k, end, false, path);
		root_of(first, first + k, &path[count]);
	}
	return count + 1;
}

static struct alm_bytes file_of(const char *origin, size_t old, size_t size,
	uint8_t *data, size_t bytes)
{
	struct alm_tlog_growth growth = {.old_size = old};
	struct alm_checkpoint head = {.size = size};
	struct alm_note_key key;
	uint8_t note[1024];
	struct alm_writer w;

	snprintf(head.origin, sizeof(head.origin), "%s", origin);
	root_of(0, size, &head.root);
	cr_assert_eq(
		alm_note_key_make(origin, ALM_NOTE_ED25519, log_public, &key),
		ALM_OK);
	alm_writer_init(&w, note, sizeof(note));
	alm_checkpoint_write(&w, &head);
	alm_write_u8(&w, '\n');
	alm_note_sign(
		&w, (struct alm_bytes){note, w.bytes - 1}, &key, log_secret);
	growth.note = (struct alm_bytes){note, w.bytes};
	if (old > 0) {
		growth.path_count = prove(old, 0, size, true, growth.path);
	}
	alm_writer_init(&w, data, bytes);
	alm_tlog_growth_write(&w, &growth);
	return (struct alm_bytes){data, w.bytes};
}

static enum alm_witness_step offer(const char *origin, size_t old, size_t size)
{
	enum alm_witness_step step;
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t raw[ALM_COSIGNATURE_BYTES];
	uint8_t data[4096];
	uint64_t signed_size = 0;

	cr_assert_eq(alm_witness_take(witness,
			     file_of(origin, old, size, data, sizeof(data)), 77,
			     &step, &signed_size, raw, &problem),
		ALM_OK);
	cr_assert(step != ALM_WITNESS_COSIGN || signed_size == size);
	cr_assert(step != ALM_WITNESS_ALARM || problem.err != ALM_OK);
	return step;
}

Test(witness, signs_each_head_that_extends_the_last)
{
	cr_assert_eq(offer("log", 0, 3), ALM_WITNESS_COSIGN);
	cr_assert_eq(alm_witness_size(witness), 3);
	cr_assert_eq(offer("log", 3, 3), ALM_WITNESS_NOTHING);
	cr_assert_eq(offer("log", 3, 8), ALM_WITNESS_COSIGN);
	cr_assert_eq(offer("log", 8, 20), ALM_WITNESS_COSIGN);
}

Test(witness, remembers_over_a_start)
{
	cr_assert_eq(offer("log", 0, 5), ALM_WITNESS_COSIGN);
	start();
	cr_assert_eq(alm_witness_size(witness), 5);
	leaves[2].raw[0] ^= 1;
	cr_assert_eq(offer("log", 5, 9), ALM_WITNESS_ALARM);
	cr_assert_eq(alm_witness_size(witness), 5);
	leaves[2].raw[0] ^= 1;
	cr_assert_eq(offer("log", 5, 9), ALM_WITNESS_COSIGN);
}

Test(witness, signs_no_other_history)
{
	cr_assert_eq(offer("log", 0, 9), ALM_WITNESS_COSIGN);
	cr_expect_eq(offer("log", 8, 12), ALM_WITNESS_ALARM, "another size");
	cr_expect_eq(offer("log", 0, 12), ALM_WITNESS_ALARM, "no proof");
	cr_expect_eq(offer("log/2", 9, 12), ALM_WITNESS_ALARM, "another log");
	leaves[8].raw[0] ^= 1;
	cr_expect_eq(offer("log", 9, 9), ALM_WITNESS_ALARM, "another root");
	cr_expect_eq(offer("log", 9, 12), ALM_WITNESS_ALARM, "another past");
	leaves[8].raw[0] ^= 1;
	log_secret[0] ^= 1;
	cr_expect_eq(offer("log", 9, 12), ALM_WITNESS_ALARM, "not signed");
	log_secret[0] ^= 1;
	cr_expect_eq(offer("log", 9, 12), ALM_WITNESS_COSIGN);
}

Test(witness, signs_nothing_that_it_cannot_remember)
{
	enum alm_witness_step step;
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t raw[ALM_COSIGNATURE_BYTES];
	uint8_t data[4096];
	uint64_t size = 0;

	snprintf(state, sizeof(state), "%s/none/seen", folder);
	start();
	cr_assert_neq(alm_witness_take(witness,
			      file_of("log", 0, 3, data, sizeof(data)), 77,
			      &step, &size, raw, &problem),
		ALM_OK);
	cr_assert_eq(alm_witness_size(witness), 0);
}
