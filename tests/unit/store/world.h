/* world.h - a log of random records, random questions, and their answers by
 * looking at every record; for the tests of finding. */
#ifndef ALM_TESTS_UNIT_STORE_WORLD_H
#define ALM_TESTS_UNIT_STORE_WORLD_H

#include <stdio.h>

#include "broker/store/find.h"
#include "tests/unit/store/fixture.h"

static uint64_t dice_state = 1;

/* xorshift64*: seeded, so that a failure can be repeated. */
static inline uint64_t dice(uint64_t sides)
{
	dice_state ^= dice_state >> 12;
	dice_state ^= dice_state << 25;
	dice_state ^= dice_state >> 27;
	return (dice_state * UINT64_C(2685821657736338717)) % sides;
}

static inline const char *pick(const char *stem, uint64_t count)
{
	static char texts[8][16];
	static unsigned at;
	char *text = texts[at++ % 8];

	(void)snprintf(
		text, sizeof(texts[0]), "%s%u", stem, (unsigned)dice(count));
	return text;
}

/* Few organisations say much, many say little. */
static inline uint64_t skewed(uint64_t count)
{
	return dice(1 + dice(1 + dice(count)));
}

static inline struct alm_audit_record random_record(void)
{
	static const enum alm_audit_kind kinds[] = {ALM_AUDIT_ACCEPTED,
		ALM_AUDIT_DELIVERED, ALM_AUDIT_ACKNOWLEDGED, ALM_AUDIT_REFUSED};
	struct alm_audit_record record = plain_record();

	record.kind = kinds[skewed(ALM_COUNT(kinds))];
	record.effect = (uint8_t)dice(4);
	record.code = dice(10) == 0 ? (uint32_t)(4300 + dice(4)) : 0;
	record.sender = pick("S", 1 + skewed(40));
	record.recipient = dice(5) == 0 ? record.sender : pick("R", 12);
	record.purpose = pick("P", 4);
	record.basis = dice(3) == 0 ? "" : pick("B", 30);
	record.has_person = dice(4) != 0;
	if (record.has_person) {
		record.person[0] = (uint8_t)skewed(200);
		record.person[9] = 7;
	}
	record.has_message_id = dice(8) != 0;
	if (record.has_message_id) {
		alm_put_u64(record.message_id.raw, dice(5000));
	}
	return record;
}

/* Times repeat, and jump. */
static inline void grow(uint64_t count)
{
	int64_t now_us = alm_store_last_time_us(store);

	now_us = now_us == 0 ? NOW_US : now_us;
	while (count > 0) {
		begin_at(now_us += (int64_t)dice(3000000));
		for (uint64_t i = 1 + dice(500); i > 0 && count > 0; i--) {
			struct alm_audit_record record = random_record();

			cr_assert_eq(alm_store_audit_append(store, &record, ""),
				ALM_OK);
			count--;
		}
		commit();
	}
}

/* One to four conditions, most of which something fulfils. */
static inline struct alm_audit_filter random_filter(uint64_t size)
{
	struct alm_audit_filter filter = {.sender = "",
		.recipient = "",
		.either = "",
		.purpose = "",
		.basis = ""};
	struct alm_audit_view view;

	for (uint64_t i = 1 + dice(4); i > 0; i--) {
		const struct alm_audit_record *like = &view.record;

		cr_assert_eq(alm_audit_get(store, 1 + dice(size), false, &arena,
				     &view),
			ALM_OK);
		switch (dice(11)) {
		case 0:
			filter.has_person = like->has_person;
			memcpy(filter.person, like->person, 16);
			break;
		case 1:
			filter.sender = like->sender;
			break;
		case 2:
			filter.recipient = like->recipient;
			break;
		case 3:
			filter.either =
				dice(2) ? like->sender : like->recipient;
			break;
		case 4:
			filter.purpose = like->purpose;
			break;
		case 5:
			filter.basis = like->basis;
			break;
		case 6:
			filter.effect = like->effect;
			break;
		case 7:
			filter.has_code = true;
			filter.code = like->code;
			break;
		case 8:
			filter.kind = like->kind;
			break;
		case 9:
			filter.has_message_id = like->has_message_id;
			filter.message_id = like->message_id;
			break;
		default:
			filter.since_us = like->time_us;
			filter.until_us =
				dice(2) ? 0
					: filter.since_us +
						  (int64_t)dice(60000000);
		}
	}
	return filter;
}

/* Every record of the log, read once; `list` is heap. */
static inline struct alm_audit_record *all_records(uint64_t size)
{
	struct alm_audit_record *list = calloc(size, sizeof(*list));

	for (uint64_t i = 0; i < size; i++) {
		struct alm_audit_view view;

		cr_assert_eq(alm_audit_get(store, i + 1, false, &arena, &view),
			ALM_OK);
		list[i] = view.record;
	}
	return list;
}

/* The whole answer, in pages of random size, against a look at everything. */
static inline void check_answer(const struct alm_audit_filter *filter,
	const struct alm_audit_record *all, uint64_t size)
{
	struct alm_audit_find find = {.filter = *filter,
		.size = size,
		.is_newest_first = dice(2) == 0,
		.work_max = 1 + dice(50000)};
	uint64_t at = find.is_newest_first ? size : 1;
	struct alm_arena page_arena;
	struct alm_audit_found found = {.next = 1};

	alm_arena_init(&page_arena, (size_t)64 << 20);
	for (unsigned pages = 0; found.next != 0; pages++) {
		cr_assert_lt(pages, 100000, "it goes on");
		alm_arena_reset(&page_arena);
		find.row_max = 1 + dice(300);
		cr_assert_eq(alm_audit_find(store, &find, &page_arena, &found),
			ALM_OK);
		cr_assert_eq(found.damaged, 0);
		for (size_t i = 0; i < found.row_count; i++) {
			while (at >= 1 && at <= size &&
				!alm_audit_filter_matches(
					filter, &all[at - 1])) {
				at += find.is_newest_first ? UINT64_MAX : 1;
			}
			cr_assert_eq(found.rows[i].record.seq, at,
				"%llu instead of %llu",
				(unsigned long long)found.rows[i].record.seq,
				(unsigned long long)at);
			at += find.is_newest_first ? UINT64_MAX : 1;
		}
		find.next = found.next;
	}
	for (; at >= 1 && at <= size;
		at += find.is_newest_first ? UINT64_MAX : 1) {
		cr_assert(!alm_audit_filter_matches(filter, &all[at - 1]),
			"%llu was left out", (unsigned long long)at);
	}
	alm_arena_fini(&page_arena);
}

#endif /* ALM_TESTS_UNIT_STORE_WORLD_H */
