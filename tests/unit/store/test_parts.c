/*
 * test_parts.c - large payloads in the store: begun, gathered part by part,
 * given to mail, and removed a few parts at a time.
 */
#include <stdio.h>

#include "broker/store/dead.h"
#include "broker/store/parts.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_parts, .init = set_up, .fini = tear_down);

static const uint8_t MESSAGE[] = "signed part";
static const uint8_t PATH[64] = {9, 8, 7};
static uint8_t content[ALM_PART_BYTES];

static struct alm_message_id id_of(uint8_t n)
{
	struct alm_message_id id;

	memset(id.raw, n, sizeof(id.raw));
	return id;
}

static struct alm_upload upload_of(uint64_t number)
{
	return (struct alm_upload){
		.number = number,
		.sender = "RX1",
		.message_id = id_of((uint8_t)number),
		.begun_at_ms = 1000,
		.payload_bytes = 2 * ALM_PART_BYTES + 5,
		.message = {MESSAGE, sizeof(MESSAGE)},
		.signature = {PATH, 30},
	};
}

static void put_part(uint64_t number, uint32_t index, size_t bytes)
{
	struct alm_stored_part part = {.encoding = 1,
		.path = {PATH, sizeof(PATH)},
		.data = {content, bytes}};

	memset(content, (int)(number * 16 + index), sizeof(content));
	cr_assert_eq(alm_store_part_put(store, number, index, &part), ALM_OK);
}

static void put_whole(uint64_t number)
{
	struct alm_upload upload = upload_of(number);

	cr_assert_eq(alm_store_upload_begin(store, &upload), ALM_OK);
	put_part(number, 0, ALM_PART_BYTES);
	put_part(number, 1, ALM_PART_BYTES);
	put_part(number, 2, 5);
}

static uint64_t mail_with(uint64_t number)
{
	struct alm_upload upload = upload_of(number);
	struct alm_mail mail = {
		.kind = ALM_MAIL_MESSAGE,
		.recipient = "RY2",
		.sender = "RX1",
		.message_id = upload.message_id,
		.expires_ms = 2000,
		.message = upload.message,
		.released = "",
		.payload_bytes = upload.payload_bytes,
	};

	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	cr_assert_eq(alm_store_upload_finish(store, &upload, mail.seq), ALM_OK);
	return mail.seq;
}

static uint32_t count_of(uint64_t number)
{
	uint32_t count = 99;

	cr_assert_eq(alm_store_part_count(store, number, &count), ALM_OK);
	return count;
}

static unsigned remove_waste(unsigned part_max, bool *has_more)
{
	unsigned removed = 0;

	cr_assert_eq(
		alm_store_waste_remove(store, part_max, &removed, has_more),
		ALM_OK);
	return removed;
}

Test(store_parts, what_is_begun_is_found_by_its_message)
{
	const struct alm_message_id id = id_of(7);
	const struct alm_message_id other = id_of(8);
	struct alm_upload found;

	begin();
	put_whole(7);
	commit();
	reopen();
	cr_assert_eq(alm_store_upload_get(store, "RX1", &id, &arena, &found),
		ALM_OK);
	cr_assert_eq(found.number, 7);
	cr_assert(!found.is_damaged);
	cr_assert_str_eq(found.sender, "RX1");
	cr_assert_eq(found.begun_at_ms, 1000);
	cr_assert_eq(found.payload_bytes, 2 * ALM_PART_BYTES + 5);
	cr_assert_eq(found.message.bytes, sizeof(MESSAGE));
	cr_assert_eq(found.signature.bytes, 30);
	cr_assert_eq(alm_store_upload_get(store, "RX1", &other, &arena, &found),
		ALM_NOT_FOUND);
	cr_assert_eq(alm_store_upload_get(store, "RX", &id, &arena, &found),
		ALM_NOT_FOUND);
}

Test(store_parts, parts_come_back_as_they_were_put)
{
	struct alm_stored_part part;

	begin();
	put_whole(7);
	put_whole(8);
	commit();
	reopen();
	cr_assert_eq(count_of(6), 0);
	cr_assert_eq(count_of(7), 3);
	cr_assert_eq(count_of(8), 3);
	cr_assert_eq(count_of(9), 0);
	cr_assert_eq(alm_store_part_get(store, 7, 1, &arena, &part), ALM_OK);
	cr_assert_eq(part.encoding, 1);
	cr_assert_eq(part.path.bytes, sizeof(PATH));
	cr_assert_arr_eq(part.path.data, PATH, sizeof(PATH));
	cr_assert_eq(part.data.bytes, ALM_PART_BYTES);
	cr_assert_eq(part.data.data[ALM_PART_BYTES - 1], 7 * 16 + 1);
	cr_assert_eq(
		alm_store_part_get(store, 7, 3, &arena, &part), ALM_NOT_FOUND);
}

Test(store_parts, usage_is_counted_for_each_organisation)
{
	struct alm_upload other = upload_of(9);
	struct alm_upload_usage usage;

	other.sender = "RX";
	begin();
	put_whole(7);
	put_whole(8);
	cr_assert_eq(alm_store_upload_begin(store, &other), ALM_OK);
	cr_assert_eq(alm_store_upload_usage(store, "RX1", &usage), ALM_OK);
	cr_assert_eq(usage.count, 2);
	cr_assert_eq(usage.bytes, 2 * (2 * ALM_PART_BYTES + 5));
	cr_assert_eq(alm_store_upload_usage(store, "RX", &usage), ALM_OK);
	cr_assert_eq(usage.count, 1);
	(void)mail_with(7);
	cr_assert_eq(alm_store_upload_usage(store, "RX1", &usage), ALM_OK);
	cr_assert_eq(usage.count, 1);
	commit();
}

Test(store_parts, all_that_is_received_can_be_walked)
{
	struct alm_upload at;

	begin();
	put_whole(7);
	put_whole(8);
	commit();
	cr_assert_eq(alm_store_upload_next(store, NULL, &arena, &at), ALM_OK);
	cr_assert_eq(at.number, 7);
	cr_assert_eq(alm_store_upload_next(store, &at, &arena, &at), ALM_OK);
	cr_assert_eq(at.number, 8);
	cr_assert_eq(
		alm_store_upload_next(store, &at, &arena, &at), ALM_NOT_FOUND);
}

Test(store_parts, parts_go_with_their_mail_a_few_at_a_time)
{
	struct alm_mailbox_state state;
	struct alm_queue_entry entry;
	uint64_t number = 0;
	uint64_t bytes = 0;
	uint64_t seq;
	bool has_more = false;

	begin();
	put_whole(7);
	put_whole(8);
	seq = mail_with(7);
	commit();
	cr_assert_eq(alm_store_queue_get(store, "RY2", seq, &entry), ALM_OK);
	cr_assert(entry.has_parts);
	cr_assert_eq(entry.kind, ALM_MAIL_MESSAGE);
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_assert_eq(state.bytes, sizeof(MESSAGE) + 2 * ALM_PART_BYTES + 5);
	cr_assert_eq(alm_store_parts_of(store, seq, &number, &bytes), ALM_OK);
	cr_assert_eq(number, 7);
	cr_assert_eq(bytes, 2 * ALM_PART_BYTES + 5);
	begin();
	cr_assert_eq(remove_waste(9, &has_more), 0);
	cr_assert(!has_more);
	cr_assert_eq(alm_store_mail_remove(store, "RY2", seq), ALM_OK);
	cr_assert_eq(
		alm_store_parts_of(store, seq, &number, &bytes), ALM_NOT_FOUND);
	cr_assert_eq(count_of(7), 3);
	cr_assert_eq(remove_waste(2, &has_more), 2);
	cr_assert(has_more);
	commit();
	begin();
	cr_assert_eq(remove_waste(9, &has_more), 2); /* a part and the row */
	cr_assert(!has_more);
	commit();
	cr_assert_eq(count_of(7), 0);
	cr_assert_eq(count_of(8), 3);
	reopen();
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_assert_eq(state.bytes, 0);
}

/* A piece of mail that has what that of `of_seq` has. */
static uint64_t share_of(uint64_t of_seq, const char *recipient)
{
	struct alm_mail mail = {
		.kind = ALM_MAIL_MESSAGE,
		.recipient = recipient,
		.sender = "RX1",
		.message_id = id_of(7),
		.expires_ms = 2000,
		.message = {MESSAGE, sizeof(MESSAGE)},
		.released = "",
		.payload_bytes = 2 * ALM_PART_BYTES + 5,
	};

	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	cr_assert_eq(alm_store_parts_share(store, of_seq, mail.seq), ALM_OK);
	return mail.seq;
}

static void remove_mail(const char *recipient, uint64_t seq)
{
	cr_assert_eq(alm_store_mail_remove(store, recipient, seq), ALM_OK);
}

Test(store_parts, shared_parts_stay_until_the_last_mail_is_gone)
{
	uint64_t number = 0;
	uint64_t bytes = 0;
	bool has_more = false;
	uint64_t first;
	uint64_t second;
	uint64_t third;

	begin();
	put_whole(7);
	put_whole(8);
	first = mail_with(7);
	second = share_of(first, "RY3");
	third = share_of(second, "RY2");
	(void)mail_with(8);
	commit();
	reopen();
	cr_assert_eq(alm_store_parts_of(store, third, &number, &bytes), ALM_OK);
	cr_assert_eq(number, 7);
	cr_assert_eq(bytes, 2 * ALM_PART_BYTES + 5);
	begin();
	remove_mail("RY2", first);
	remove_mail("RY2", third);
	cr_assert_eq(remove_waste(9, &has_more), 0, "one still has them");
	commit();
	reopen();
	cr_assert_eq(count_of(7), 3);
	begin();
	remove_mail("RY3", second);
	cr_assert_eq(remove_waste(9, &has_more), 4, "three, and the row");
	commit();
	cr_assert_eq(count_of(7), 0);
	cr_assert_eq(alm_store_parts_stored(store), 3);
	cr_assert_eq(count_of(8), 3);
}

Test(store_parts, a_dead_letter_keeps_its_share)
{
	struct alm_dead_letter dead = {.died_at_ms = 1, .code = 8006};
	bool has_more = false;
	uint64_t first;
	uint64_t second;

	begin();
	put_whole(7);
	first = mail_with(7);
	second = share_of(first, "RY3");
	cr_assert_eq(
		alm_store_queue_get(store, "RY3", second, &dead.entry), ALM_OK);
	cr_assert_eq(alm_store_dead_put(store, "RY3", &dead), ALM_OK);
	remove_mail("RY2", first);
	cr_assert_eq(remove_waste(9, &has_more), 0);
	cr_assert_eq(alm_store_dead_rerun(store, "RY3", second), ALM_OK);
	cr_assert_eq(alm_store_dead_put(store, "RY3", &dead), ALM_OK);
	cr_assert_eq(alm_store_dead_remove(store, "RY3", second), ALM_OK);
	cr_assert_eq(remove_waste(9, &has_more), 4);
	commit();
	cr_assert_eq(count_of(7), 0);
}

Test(store_parts, nothing_is_shared_of_mail_without_parts)
{
	begin();
	cr_assert_eq(alm_store_parts_share(store, 77, 78), ALM_NOT_FOUND);
	commit();
}

Test(store_parts, what_is_dropped_is_gone_at_once_and_removed_later)
{
	struct alm_upload upload = upload_of(7);
	struct alm_upload found;
	bool has_more = false;

	begin();
	put_whole(7);
	cr_assert_eq(alm_store_upload_drop(store, &upload), ALM_OK);
	cr_assert_eq(alm_store_upload_get(
			     store, "RX1", &upload.message_id, &arena, &found),
		ALM_NOT_FOUND);
	cr_assert_eq(remove_waste(64, &has_more), 4);
	commit();
	cr_assert_eq(count_of(7), 0);
}

Test(store_parts, an_aborted_turn_leaves_nothing)
{
	begin();
	put_whole(7);
	alm_store_abort(store);
	cr_assert_eq(count_of(7), 0);
}

Test(store_parts, no_room_is_told_before_anything_is_written)
{
	struct alm_upload upload = upload_of(7);

	upload.payload_bytes = MAP_BYTES; /* as large as the map */
	begin();
	cr_assert_eq(alm_store_upload_begin(store, &upload), ALM_STORE_FULL);
	commit();
}

Test(store_parts, parts_fill_the_store_up_to_the_reserve)
{
	struct alm_stored_part part = {.data = {content, ALM_PART_BYTES}};
	struct alm_upload upload = upload_of(7);
	enum alm_err err = ALM_OK;
	uint32_t index = 0;
	bool has_more = true;

	begin();
	cr_assert_eq(alm_store_upload_begin(store, &upload), ALM_OK);
	commit();
	while (err == ALM_OK) {
		begin();
		for (unsigned i = 0; i < 8 && err == ALM_OK; i++) {
			err = alm_store_part_put(store, 7, index++, &part);
		}
		commit();
	}
	cr_assert_eq(err, ALM_STORE_FULL);
	cr_assert_gt(index, 150);
	begin();
	cr_assert_eq(alm_store_upload_drop(store, &upload), ALM_OK);
	commit();
	while (has_more) {
		begin();
		(void)remove_waste(8, &has_more);
		commit();
	}
	begin();
	err = alm_store_part_put(store, 8, 0, &part);
	commit();
	cr_assert_eq(err, ALM_OK);
}
