/*
 * people_order.h - people in the order of their keys, for this folder alone.
 */
#ifndef ALM_BROKER_STORE_PEOPLE_ORDER_H
#define ALM_BROKER_STORE_PEOPLE_ORDER_H

#include <stddef.h>
#include <stdint.h>

/** The first eight bytes of a key, as a number, and whose it is. */
struct alm_people_order {
	uint64_t key;
	uint32_t number;
	uint32_t spare;
};

/** Sorts by key; `spare_items` is room for as many.  Equal keys stand in the
 * order of their numbers if they stood so. */
void alm_people_sort(struct alm_people_order *items,
	struct alm_people_order *spare_items, size_t count);

#endif /* ALM_BROKER_STORE_PEOPLE_ORDER_H */
