/*
 * Keys are evenly spread, so their upper 33 bits put nearly all of them in
 * order: three passes by 11 bits each, and then neighbours change places.
 */
#include "broker/store/people_order.h"

#include <string.h>

#include "lib/err.h"

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)

static unsigned digit_of(uint64_t key, unsigned shift)
{
	return (unsigned)(key >> shift) & (DIGITS - 1);
}

static void scatter(const struct alm_people_order *from,
	struct alm_people_order *to, size_t count, unsigned shift)
{
	size_t places[DIGITS] = {0};
	size_t place = 0;

	for (size_t i = 0; i < count; i++) {
		places[digit_of(from[i].key, shift)]++;
	}
	for (size_t i = 0; i < DIGITS; i++) {
		size_t items = places[i];

		places[i] = place;
		place += items;
	}
	for (size_t i = 0; i < count; i++) {
		to[places[digit_of(from[i].key, shift)]++] = from[i];
	}
}

static void settle(struct alm_people_order *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct alm_people_order item = items[i];
		size_t at = i;

		while (at > 0 && items[at - 1].key > item.key) {
			items[at] = items[at - 1];
			at--;
		}
		items[at] = item;
	}
}

void alm_people_sort(struct alm_people_order *items,
	struct alm_people_order *spare_items, size_t count)
{
	scatter(items, spare_items, count, 64 - 3 * DIGIT_BITS);
	scatter(spare_items, items, count, 64 - 2 * DIGIT_BITS);
	scatter(items, spare_items, count, 64 - DIGIT_BITS);
	settle(spare_items, count);
	if (count > 0) {
		memcpy(items, spare_items, count * sizeof(*items));
	}
}
