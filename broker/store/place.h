/*
 * place.h - where mail stands in a mailbox.
 */
#ifndef ALM_BROKER_STORE_PLACE_H
#define ALM_BROKER_STORE_PLACE_H

#include <stdint.h>

/** As on the wire.  Order is kept within each. */
enum alm_mail_priority {
	ALM_MAIL_ROUTINE = 0,
	ALM_MAIL_URGENT = 1,
	ALM_MAIL_BULK = 2,
	ALM_MAIL_PRIORITIES
};

/* The place of mail in a mailbox: its priority, then its sequence.  Places of
 * routine mail are its sequences. */
#define ALM_PLACE_SHIFT 56u

static inline uint64_t alm_mail_place(uint8_t priority, uint64_t seq)
{
	return (uint64_t)priority << ALM_PLACE_SHIFT | seq;
}

static inline uint64_t alm_place_seq(uint64_t place)
{
	return place & ((UINT64_C(1) << ALM_PLACE_SHIFT) - 1);
}

#endif /* ALM_BROKER_STORE_PLACE_H */
