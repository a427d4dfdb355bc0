/* fields.h - look-up in a standard's tables.  Private to broker/core. */
#ifndef ALM_BROKER_CORE_FIELDS_H
#define ALM_BROKER_CORE_FIELDS_H

#include "lib/protowire.h"
#include "lib/standard.h"

/** The field with this number; NULL if the standard has none. */
const struct alm_standard_field *alm_standard_find(
	const struct alm_standard_message *message, uint32_t number);

/** Does the value's wire type fit; packed numbers do. */
bool alm_standard_takes(
	const struct alm_standard_field *field, enum alm_proto_type type);

#endif /* ALM_BROKER_CORE_FIELDS_H */
