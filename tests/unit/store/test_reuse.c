/*
 * test_reuse.c - when freed pages are used again: what a commit writes lies
 * side by side, and the file does not grow for want of using them.  The calls
 * that liblmdb makes are counted by this program's own functions.
 */
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "broker/store/retention.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_reuse, .init = set_up, .fini = tear_down, .timeout = 1800);

#define LETTERS 256u

static unsigned writes;
static const uint8_t payload[1300];

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at)
{
	writes++;
	return syscall(SYS_pwrite64, fd, data, bytes, at);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at)
{
	return pwrite(fd, data, bytes, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	writes++;
	return syscall(SYS_writev, fd, parts, count);
}

static enum alm_err put(uint64_t *out_seq)
{
	struct alm_mail mail = {.kind = ALM_MAIL_MESSAGE,
		.recipient = "RY2",
		.sender = "RX1",
		.released = "",
		.payload = {payload, sizeof(payload)}};
	enum alm_err err = alm_store_mail_put(store, &mail);

	*out_seq = mail.seq;
	return err;
}

static void open_anew(uint64_t map_bytes)
{
	struct alm_store_options with = options();

	with.map_bytes_max = map_bytes;
	alm_store_close(store);
	store = NULL;
	alm_tempdir_remove(folder);
	alm_tempdir_make(folder);
	reopen_with(&with);
}

/* What each message leaves for a month. */
static void remember(uint64_t seq)
{
	static uint8_t receipt[100];
	struct alm_duplicate duplicate = {
		.seq = seq, .receipt = {receipt, sizeof(receipt)}};
	struct alm_message_id id = {{0}};

	alm_put_u64(id.raw, seq);
	cr_assert_eq(
		alm_store_duplicate_put(store, "RX1", &id, &duplicate), ALM_OK);
}

/* Letters come and those of some turns before go, with their records. */
static void turn(uint64_t seqs[LETTERS])
{
	begin();
	for (unsigned i = 0; i < LETTERS; i++) {
		uint64_t *seq = &seqs[i];

		if (*seq != 0) {
			cr_assert_eq(alm_store_mail_remove(store, "RY2", *seq),
				ALM_OK);
			append("");
		}
		cr_assert_eq(put(seq), ALM_OK);
		append("");
		remember(*seq);
		append("");
	}
	commit();
}

Test(store_reuse, a_commit_writes_pages_that_lie_side_by_side)
{
	static uint64_t seqs[3][LETTERS];
	unsigned total = 0;

	open_anew((uint64_t)1 << 30);
	for (unsigned i = 0; i < 60; i++) {
		turn(seqs[i % 3]);
	}
	for (unsigned i = 0; i < 40; i++) {
		writes = 0;
		turn(seqs[i % 3]);
		total += writes;
	}
	cr_expect_lt(total / 40, 70, "%u writes a commit", total / 40);
}

Test(store_reuse, the_file_grows_by_what_is_kept_and_a_part_of_the_map)
{
	const uint64_t map_bytes = (uint64_t)256 << 20;
	struct alm_store_space space;
	uint64_t seqs[LETTERS] = {0};

	open_anew(map_bytes);
	for (unsigned i = 0; i < 60; i++) {
		turn(seqs);
	}
	cr_assert_eq(alm_store_space(store, &space), ALM_OK);
	cr_expect_lt(space.free, map_bytes / 16, "%llu of %llu are free",
		(unsigned long long)space.free, (unsigned long long)space.file);
}

/* So much mail of the largest size in one turn; what it has no room for is an
 * error. */
static enum alm_err put_large(uint64_t *seqs, unsigned count)
{
	static uint8_t large[ALM_PAYLOAD_BYTES_MAX];
	enum alm_err err = ALM_OK;

	begin();
	for (unsigned i = 0; err == ALM_OK && i < count; i++) {
		struct alm_mail mail = {.kind = ALM_MAIL_MESSAGE,
			.recipient = "RY2",
			.sender = "RX1",
			.released = "",
			.payload = {large, sizeof(large)}};

		err = alm_store_mail_put(store, &mail);
		seqs[i] = mail.seq;
	}
	if (err != ALM_OK) {
		alm_store_abort(store);
		return err;
	}
	return alm_store_commit(store);
}

Test(store_reuse, what_waits_is_used_when_a_turn_needs_it)
{
	uint64_t seqs[40];

	open_anew(MAP_BYTES);
	cr_assert_eq(put_large(seqs, 40), ALM_OK);
	begin();
	for (unsigned i = 0; i < 40; i++) {
		cr_assert_eq(
			alm_store_mail_remove(store, "RY2", seqs[i]), ALM_OK);
	}
	commit();
	begin();
	append("");
	commit();
	/* There is room, but it waits: once a turn may fail of it. */
	if (put_large(seqs, 30) != ALM_OK) {
		cr_assert_eq(put_large(seqs, 30), ALM_OK);
	}
}
