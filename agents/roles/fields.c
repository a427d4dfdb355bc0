#include "agents/roles/fields.h"

#include <string.h>

#include "lib/protowire.h"

static void put(struct alm_fields *fields, unsigned number,
	enum alm_proto_type type, uint64_t value, const void *data)
{
	size_t bytes = data == NULL ? 0 : (size_t)value;
	uint8_t head[2 * ALM_PROTO_VARINT_BYTES_MAX];
	size_t n = alm_proto_put_varint(
		head, (uint64_t)number << 3 | (uint64_t)type);

	n += alm_proto_put_varint(head + n, value);
	if (n + bytes > sizeof(fields->data) - fields->bytes) {
		fields->is_bad = true;
		return;
	}
	memcpy(fields->data + fields->bytes, head, n);
	if (bytes > 0) {
		memcpy(fields->data + fields->bytes + n, data, bytes);
	}
	fields->bytes += n + bytes;
}

void alm_fields_text(
	struct alm_fields *fields, unsigned number, const char *text)
{
	put(fields, number, ALM_PROTO_BYTES, strlen(text), text);
}

void alm_fields_number(
	struct alm_fields *fields, unsigned number, uint64_t value)
{
	put(fields, number, ALM_PROTO_VARINT, value, NULL);
}

void alm_fields_message(struct alm_fields *fields, unsigned number,
	const struct alm_fields *inner)
{
	fields->is_bad |= inner->is_bad;
	put(fields, number, ALM_PROTO_BYTES, inner->bytes, inner->data);
}

void alm_fields_person(
	struct alm_fields *fields, unsigned number, const char *nhs_number)
{
	struct alm_fields person = {.bytes = 0};

	alm_fields_text(&person, 1, nhs_number);
	alm_fields_text(&person, 2, "EXAMPLE");
	alm_fields_text(&person, 3, "Avery");
	alm_fields_text(&person, 4, "1961-05-17");
	alm_fields_message(fields, number, &person);
}

void alm_fields_contact(struct alm_fields *fields, unsigned number)
{
	struct alm_fields contact = {.bytes = 0};

	alm_fields_text(&contact, 1, "1 Example Street, Worksop");
	alm_fields_text(&contact, 2, "S80 1AA");
	alm_fields_text(&contact, 3, "01632 960001");
	alm_fields_message(fields, number, &contact);
}
