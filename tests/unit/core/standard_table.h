/*
 * standard_table.h - a standard written by hand, with every class and a
 * message inside a message, and payloads of it.  For the tests of core,
 * which link with nothing but libc.
 */
#ifndef ALM_TESTS_UNIT_CORE_STANDARD_TABLE_H
#define ALM_TESTS_UNIT_CORE_STANDARD_TABLE_H

#include <string.h>

#include "lib/protowire.h"
#include "lib/standard.h"

#define FIELD_TEXT(n, i, p, c, cat) \
	{ \
		.number = (n), .index = (i), .path = (p), \
		.type = ALM_FIELD_TEXT, .class = ALM_FIELD_##c, \
		.category = (cat), .bytes_max = 64, .count_max = 1 \
	}

/* A text that is made coarser, and may stand several times. */
#define FIELD_COARSE(n, i, p, c, cat, f, rule, form) \
	{ \
		.number = (n), .index = (i), .path = (p), \
		.type = ALM_FIELD_TEXT, .class = ALM_FIELD_##c, \
		.category = (cat), .format = ALM_FORMAT_##f, \
		.coarsening = ALM_COARSEN_##rule, .coarse_path = p ":" form, \
		.is_repeated = true, .bytes_max = 16, .count_max = 3 \
	}

static const struct alm_standard_field place_fields[] = {
	FIELD_TEXT(1, 0, "contact.place.address", LOC, "contact"),
	FIELD_TEXT(2, 1, "contact.place.note", SENS, "contact"),
	FIELD_COARSE(3, 16, "contact.place.postcode", LOC, "contact", POSTCODE,
		DISTRICT, "district"),
};
static const struct alm_standard_message place = {
	"contact.place", place_fields, 3};

static const struct alm_standard_field contact_fields[] = {
	{.number = 1,
		.index = 2,
		.path = "contact.place",
		.type = ALM_FIELD_MESSAGE,
		.category = "",
		.bytes_max = 4096,
		.count_max = 1,
		.message = &place},
	FIELD_TEXT(2, 3, "contact.practice", ORG, "any"),
};
static const struct alm_standard_message contact = {
	"contact", contact_fields, 2};

static const int32_t table_values[] = {0, 1, -2};

static const struct alm_standard_field payload_fields[] = {
	{.number = 1,
		.index = 4,
		.path = "nhs_number",
		.type = ALM_FIELD_TEXT,
		.class = ALM_FIELD_DIR,
		.category = "any",
		.format = ALM_FORMAT_NHS_NUMBER,
		.is_mandatory = true,
		.bytes_max = 10,
		.count_max = 1},
	{.number = 2,
		.index = 5,
		.path = "contact",
		.type = ALM_FIELD_MESSAGE,
		.category = "",
		.is_repeated = true,
		.bytes_max = 4096,
		.count_max = 3,
		.message = &contact},
	{.number = 3,
		.index = 6,
		.path = "born",
		.type = ALM_FIELD_TEXT,
		.class = ALM_FIELD_QID,
		.category = "diagnosis",
		.format = ALM_FORMAT_BIRTH_DATE,
		.bytes_max = 10,
		.count_max = 1},
	FIELD_TEXT(4, 7, "diagnosis", CLIN, "diagnosis"),
	{.number = 5,
		.index = 8,
		.path = "story",
		.type = ALM_FIELD_TEXT,
		.class = ALM_FIELD_CLIN,
		.category = "diagnosis",
		.is_free_text = true,
		.bytes_max = 200,
		.count_max = 1},
	FIELD_TEXT(6, 9, "restricted", RESTR, "restricted"),
	{.number = 7,
		.index = 10,
		.path = "pseudonym",
		.type = ALM_FIELD_BYTES,
		.class = ALM_FIELD_PSEU,
		.category = "any",
		.bytes_max = 16,
		.count_max = 1},
	{.number = 8,
		.index = 11,
		.path = "counts",
		.type = ALM_FIELD_NUMBER,
		.class = ALM_FIELD_AGG,
		.category = "counts",
		.is_repeated = true,
		.count_max = 4},
	FIELD_TEXT(9, 12, "worker", STAFF, "contact"),
	{.number = 10,
		.index = 13,
		.path = "kind",
		.type = ALM_FIELD_ENUM,
		.class = ALM_FIELD_COMM,
		.category = "counts",
		.count_max = 1,
		.values = table_values,
		.value_count = 3},
	FIELD_TEXT(11, 14, "protected", PROT, "restricted"),
	{.number = 12,
		.index = 15,
		.path = "weight",
		.type = ALM_FIELD_FIXED32,
		.class = ALM_FIELD_CLIN,
		.category = "diagnosis",
		.count_max = 1},
	FIELD_COARSE(13, 17, "postcode", LOC, "contact", POSTCODE, DISTRICT,
		"district"),
	FIELD_COARSE(14, 18, "seen", QID, "diagnosis", DATE, MONTH, "month"),
	FIELD_COARSE(
		15, 19, "birth", QID, "diagnosis", BIRTH_DATE, YEAR, "year"),
	FIELD_COARSE(16, 20, "age", QID, "diagnosis", BIRTH_DATE, AGE_BAND,
		"age-band"),
	FIELD_COARSE(17, 21, "ethnicity", QID, "diagnosis", CODE, ETHNIC_GROUP,
		"ethnic-group"),
	FIELD_COARSE(18, 22, "icd10", CLIN, "diagnosis", CODE, ICD10,
		"icd10-category"),
};
static const struct alm_standard_message table_payload = {
	"", payload_fields, ALM_COUNT(payload_fields)};
static const struct alm_standard table = {"table", "1", &table_payload, 23, 7};

/* A payload being written. */
struct scribe {
	uint8_t data[4096];
	size_t bytes;
};

static inline void scribe_raw(
	struct scribe *s, uint32_t number, const void *data, size_t bytes)
{
	s->bytes += alm_proto_put_varint(
		s->data + s->bytes, (uint64_t)number << 3 | ALM_PROTO_BYTES);
	s->bytes += alm_proto_put_varint(s->data + s->bytes, bytes);
	memcpy(s->data + s->bytes, data, bytes);
	s->bytes += bytes;
}

static inline void scribe_text(
	struct scribe *s, uint32_t number, const char *text)
{
	scribe_raw(s, number, text, strlen(text));
}

static inline void scribe_number(
	struct scribe *s, uint32_t number, uint64_t value)
{
	s->bytes +=
		alm_proto_put_varint(s->data + s->bytes, (uint64_t)number << 3);
	s->bytes += alm_proto_put_varint(s->data + s->bytes, value);
}

static inline void scribe_fixed(struct scribe *s, uint32_t number)
{
	s->bytes += alm_proto_put_varint(
		s->data + s->bytes, (uint64_t)number << 3 | ALM_PROTO_FIXED32);
	memcpy(s->data + s->bytes, "\1\2\3\4", 4);
	s->bytes += 4;
}

static inline void scribe_contact(struct scribe *s)
{
	struct scribe inner = {.bytes = 0};
	struct scribe outer = {.bytes = 0};

	scribe_text(&inner, 1, "1 High Street");
	scribe_text(&inner, 2, "dog");
	scribe_raw(&outer, 1, inner.data, inner.bytes);
	scribe_text(&outer, 2, "C84001");
	scribe_raw(s, 2, outer.data, outer.bytes);
}

/* Every field but the restricted one. */
static inline struct scribe scribe_full(void)
{
	struct scribe s = {.bytes = 0};

	scribe_text(&s, 1, "9990000018");
	scribe_contact(&s);
	scribe_text(&s, 3, "1950-02-28");
	scribe_text(&s, 4, "lung cancer");
	scribe_text(&s, 5, "Two lines\nof a story.");
	scribe_raw(&s, 7, "0123456789abcdef", 16);
	scribe_raw(&s, 8, "\1\2\3", 3);
	scribe_text(&s, 9, "Nurse Joy");
	scribe_number(&s, 10, 1);
	scribe_text(&s, 11, "draft report");
	scribe_fixed(&s, 12);
	return s;
}

/* A message of 2026. */
#define TABLE_MADE_MS INT64_C(1774000000000)

/* The fields that are made coarser, one of them in a message in a message. */
static inline void scribe_fine(struct scribe *s)
{
	struct scribe inner = {.bytes = 0};
	struct scribe outer = {.bytes = 0};

	scribe_text(&inner, 3, "S80 2AB");
	scribe_raw(&outer, 1, inner.data, inner.bytes);
	scribe_raw(s, 2, outer.data, outer.bytes);
	scribe_text(s, 13, "NG5 1PB");
	scribe_text(s, 14, "2026-03-17");
	scribe_text(s, 14, "2025-12-31");
	scribe_text(s, 15, "1957-05-06");
	scribe_text(s, 16, "1957-05-06");
	scribe_text(s, 17, "H");
	scribe_text(s, 18, "C34.1");
}

static inline struct alm_bytes scribe_bytes(const struct scribe *s)
{
	return (struct alm_bytes){s->data, s->bytes};
}

#endif /* ALM_TESTS_UNIT_CORE_STANDARD_TABLE_H */
