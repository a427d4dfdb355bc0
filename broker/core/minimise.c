/*
 * One pass over the wire bytes, writing as it goes.  A nested message is
 * written after room for its length as it was; its view is never longer, no
 * value that is made coarser is, so at most it is moved a few bytes forward.
 */
#include "broker/core/minimise.h"

#include <string.h>

#include "broker/core/fields.h"
#include "broker/core/generalise.h"
#include "lib/protowire.h"

#define CLASS(name) (1u << ALM_FIELD_##name)
#define WHO_AND_WHERE (CLASS(DIR) | CLASS(LOC))
#define COUNTS (CLASS(AGG) | CLASS(ORG) | CLASS(COMM))
#define CONTENT (CLASS(CLIN) | CLASS(SENS) | CLASS(RESTR) | CLASS(PROT))
#define ALL_CLASSES \
	(COUNTS | CONTENT | WHO_AND_WHERE | CLASS(QID) | CLASS(PSEU) | \
		CLASS(STAFF))

struct minimiser {
	const struct alm_view *view;
	uint32_t classes;        /* allowed, by class */
	uint32_t coarse_classes; /* allowed besides, made coarser */
	bool coarsens;
	bool takes_free_text;
	bool is_restricted;   /* the payload holds RESTR */
	bool gives_pseudonym; /* in place of the sender's */
	struct alm_withheld *withheld;
	uint64_t *told; /* by field index: that it is not in the view */
	uint64_t *told_coarse;
	uint8_t *out;
	size_t bytes;
};

static bool is_released(
	const struct alm_view *view, const struct alm_standard_field *field)
{
	if (field->class == ALM_FIELD_NONE) {
		return true; /* its fields have labels of their own */
	}
	if (strcmp(field->category, "any") == 0) {
		return view->released_count > 0;
	}
	for (size_t i = 0; i < view->released_count; i++) {
		if (strcmp(view->released[i], field->category) == 0) {
			return true;
		}
	}
	return false;
}

static bool goes_on(
	const struct minimiser *m, const struct alm_standard_field *field)
{
	uint32_t class = 1u << field->class;
	bool is_identity = (class & WHO_AND_WHERE) != 0 ||
			   field->format == ALM_FORMAT_BIRTH_DATE;

	if (field->class != ALM_FIELD_NONE && (m->classes & class) == 0 &&
		(field->coarsening == ALM_COARSEN_NONE ||
			(m->coarse_classes & class) == 0)) {
		return false;
	}
	if (field->class == ALM_FIELD_LOC && m->view->strips_location) {
		return false;
	}
	if (field->is_free_text && !m->takes_free_text) {
		return false;
	}
	if (is_identity && m->is_restricted) {
		return false;
	}
	return is_released(m->view, field);
}

/* Once of each field. */
static void tell(
	struct minimiser *m, uint64_t *told, uint32_t index, const char *path)
{
	uint64_t bit = UINT64_C(1) << (index % 64);

	if ((told[index / 64] & bit) != 0) {
		return;
	}
	told[index / 64] |= bit;
	if (m->withheld->count < ALM_WITHHELD_MAX) {
		m->withheld->paths[m->withheld->count++] = path;
	} else {
		m->withheld->paths[ALM_WITHHELD_MAX - 1] = ALM_WITHHELD_MORE;
	}
}

static void withhold(
	struct minimiser *m, const struct alm_standard_field *field)
{
	if (field->class != ALM_FIELD_PSEU || !m->gives_pseudonym) {
		tell(m, m->told, field->index, field->path);
	}
}

static void put(struct minimiser *m, struct alm_bytes bytes)
{
	if (bytes.bytes > 0) {
		memcpy(m->out + m->bytes, bytes.data, bytes.bytes);
	}
	m->bytes += bytes.bytes;
}

/* What is coarse enough already stays as it is, and is not told of.  Apart, so
 * that a field without a rule does not pay for its room. */
static __attribute__((noinline)) void write_coarse(struct minimiser *m,
	const struct alm_standard_field *field,
	const struct alm_proto_field *read)
{
	struct alm_bytes value = read->bytes;
	struct alm_coarse coarse;

	if (!alm_generalise(
		    field->coarsening, value, m->view->made_ms, &coarse) ||
		coarse.bytes > value.bytes) {
		withhold(m, field);
		return;
	}
	if (coarse.bytes == value.bytes &&
		memcmp(coarse.text, value.data, value.bytes) == 0) {
		put(m, read->whole);
		return;
	}
	tell(m, m->told_coarse, field->index, field->coarse_path);
	m->bytes += alm_proto_put_varint(m->out + m->bytes,
		(uint64_t)field->number << 3 | ALM_PROTO_BYTES);
	m->bytes += alm_proto_put_varint(m->out + m->bytes, coarse.bytes);
	put(m, (struct alm_bytes){(const uint8_t *)coarse.text, coarse.bytes});
}

static enum alm_err write_message(struct minimiser *m,
	const struct alm_standard_message *message, struct alm_bytes rest);

/* Tag, length and view of a nested message; nothing if nothing is left. */
static enum alm_err write_nested(struct minimiser *m,
	const struct alm_standard_field *field, struct alm_bytes bytes)
{
	size_t start = m->bytes;
	size_t room = alm_proto_varint_bytes(bytes.bytes);
	size_t length_at;
	size_t written;
	size_t length_bytes;
	enum alm_err err;

	m->bytes += alm_proto_put_varint(m->out + m->bytes,
		(uint64_t)field->number << 3 | ALM_PROTO_BYTES);
	length_at = m->bytes;
	m->bytes += room;
	err = write_message(m, field->message, bytes);
	if (err != ALM_OK) {
		return err;
	}
	written = m->bytes - length_at - room;
	if (written == 0) {
		m->bytes = start;
		return ALM_OK;
	}
	length_bytes = alm_proto_put_varint(m->out + length_at, written);
	if (length_bytes < room) {
		memmove(m->out + length_at + length_bytes,
			m->out + length_at + room, written);
	}
	m->bytes = length_at + length_bytes + written;
	return ALM_OK;
}

static enum alm_err write_message(struct minimiser *m,
	const struct alm_standard_message *message, struct alm_bytes rest)
{
	struct alm_proto_field read;

	while (rest.bytes > 0) {
		const struct alm_standard_field *field;
		enum alm_err err = alm_proto_next(&rest, &read);

		field = err != ALM_OK ? NULL
				      : alm_standard_find(message, read.number);
		if (field == NULL || !alm_standard_takes(field, read.type)) {
			return ALM_NOT_CONFORMANT;
		}
		if (!goes_on(m, field)) {
			withhold(m, field);
		} else if (field->type == ALM_FIELD_MESSAGE) {
			err = write_nested(m, field, read.bytes);
			if (err != ALM_OK) {
				return err;
			}
		} else if (m->coarsens &&
			   field->coarsening != ALM_COARSEN_NONE) {
			write_coarse(m, field, &read);
		} else {
			put(m, read.whole);
		}
	}
	return ALM_OK;
}

/* Judged by the payload and not by the view: withholding what is restricted
 * must not bring back who it is about. */
static bool holds_restricted(
	const struct alm_standard_message *message, struct alm_bytes rest)
{
	struct alm_proto_field read;

	while (rest.bytes > 0 && alm_proto_next(&rest, &read) == ALM_OK) {
		const struct alm_standard_field *field =
			alm_standard_find(message, read.number);

		if (field == NULL) {
			continue;
		}
		if (field->class == ALM_FIELD_RESTR ||
			(field->type == ALM_FIELD_MESSAGE &&
				holds_restricted(field->message, read.bytes))) {
			return true;
		}
	}
	return false;
}

static uint32_t allowed_classes(enum alm_level level, bool is_lowered)
{
	switch (level) {
	case ALM_LEVEL_UNKNOWN:
		return 0;
	case ALM_LEVEL_AGGREGATE:
		return COUNTS;
	case ALM_LEVEL_ANONYMISED:
		return is_lowered ? 0 : COUNTS | CONTENT | CLASS(QID);
	case ALM_LEVEL_PSEUDONYMISED:
		return is_lowered ? COUNTS | CONTENT
				  : COUNTS | CONTENT | CLASS(QID) | CLASS(PSEU);
	case ALM_LEVEL_IDENTIFIABLE:
		return ALL_CLASSES;
	}
	return 0;
}

static void put_pseudonym(
	struct minimiser *m, const struct alm_standard *standard)
{
	struct alm_bytes pseudonym = {m->view->pseudonym, ALM_PSEUDONYM_BYTES};

	if (!m->gives_pseudonym || m->bytes == 0) {
		return;
	}
	m->bytes += alm_proto_put_varint(m->out + m->bytes,
		(uint64_t)standard->pseudonym_number << 3 | ALM_PROTO_BYTES);
	m->bytes += alm_proto_put_varint(m->out + m->bytes, pseudonym.bytes);
	put(m, pseudonym);
}

enum alm_err alm_minimise(const struct alm_standard *standard,
	struct alm_bytes payload, const struct alm_view *view, uint8_t *out,
	size_t out_max, size_t *out_bytes, struct alm_withheld *out_withheld)
{
	enum alm_level level =
		view->level < view->sent ? view->level : view->sent;
	bool is_lowered = level < view->sent;
	uint64_t told[2][ALM_STANDARD_FIELDS_MAX / 64];
	size_t told_bytes =
		(standard->field_count + 63) / 64 * sizeof(told[0][0]);
	struct minimiser m = {.view = view,
		.classes = allowed_classes(level, is_lowered),
		.coarse_classes = level == ALM_LEVEL_PSEUDONYMISED
					  ? CLASS(LOC) | CLASS(QID)
					  : 0,
		.coarsens = level == ALM_LEVEL_PSEUDONYMISED ||
			    level == ALM_LEVEL_ANONYMISED,
		.takes_free_text = level == ALM_LEVEL_IDENTIFIABLE,
		.withheld = out_withheld,
		.told = told[0],
		.told_coarse = told[1],
		.out = out};
	enum alm_err err;

	out_withheld->count = 0;
	out_withheld->is_restricted = false;
	if (m.classes == 0) {
		return ALM_CANNOT_MINIMISE;
	}
	if (out_max < payload.bytes ||
		out_max - payload.bytes < ALM_VIEW_EXTRA_BYTES) {
		return ALM_INTERNAL;
	}
	/* Most standards are small: only what they have fields for. */
	memset(told[0], 0, told_bytes);
	memset(told[1], 0, told_bytes);
	m.gives_pseudonym = level == ALM_LEVEL_PSEUDONYMISED && is_lowered &&
			    view->pseudonym != NULL &&
			    standard->pseudonym_number != 0;
	m.is_restricted = holds_restricted(standard->payload, payload);
	out_withheld->is_restricted = m.is_restricted;
	err = write_message(&m, standard->payload, payload);
	if (err != ALM_OK) {
		return err;
	}
	put_pseudonym(&m, standard);
	*out_bytes = m.bytes;
	return ALM_OK;
}
