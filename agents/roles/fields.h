/*
 * fields.h - payloads of the information standards, written field by field.
 * The people in them are invented.
 */
#ifndef ALM_AGENTS_ROLES_FIELDS_H
#define ALM_AGENTS_ROLES_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALM_FIELDS_BYTES_MAX ((size_t)4 * 1024)

/** A protobuf message being written, field by field.  Zeroed is empty. */
struct alm_fields {
	uint8_t data[ALM_FIELDS_BYTES_MAX];
	size_t bytes;
	bool is_bad; /* something did not fit */
};

void alm_fields_text(
	struct alm_fields *fields, unsigned number, const char *text);
void alm_fields_number(
	struct alm_fields *fields, unsigned number, uint64_t value);
void alm_fields_message(struct alm_fields *fields, unsigned number,
	const struct alm_fields *inner);

/** A person as all standards know one: number, names, date of birth. */
void alm_fields_person(
	struct alm_fields *fields, unsigned number, const char *nhs_number);
void alm_fields_contact(struct alm_fields *fields, unsigned number);

#endif /* ALM_AGENTS_ROLES_FIELDS_H */
