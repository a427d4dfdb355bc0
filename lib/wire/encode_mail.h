/*
 * encode_mail.h - what the broker sends most, receipts for accepted messages
 * and mail, measured and then written straight into the frame.  Private to
 * lib/wire.  Golden frames hold these to the bytes that protobuf-c would
 * write.
 */
#ifndef ALM_LIB_WIRE_ENCODE_MAIL_H
#define ALM_LIB_WIRE_ENCODE_MAIL_H

#include "lib/wire/wire.h"

/** How many bytes alm_wire_put_receipt() will write, of one that accepts.
 * Errors: FIELD_TOO_LARGE, TOO_MANY_VALUES, NOT_TEXT. */
ALM_MUST_USE enum alm_err alm_wire_measure_receipt(
	const struct alm_receipt *receipt, size_t *out_bytes);
void alm_wire_put_receipt(const struct alm_receipt *receipt, uint8_t *at);

/** The same of a piece of mail. */
ALM_MUST_USE enum alm_err alm_wire_measure_deliver(
	const struct alm_deliver *deliver, size_t *out_bytes);
void alm_wire_put_deliver(const struct alm_deliver *deliver, uint8_t *at);

#endif /* ALM_LIB_WIRE_ENCODE_MAIL_H */
