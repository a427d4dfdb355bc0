/*
 * A request is put together from the header and the lines of the private part
 * (alm_replay_describe() writes them).  Of a line that stands twice the first
 * counts: what the broker says stands before what anybody else says.
 */
#include "broker/mail/replay.h"

#include <string.h>

#include "broker/loop/detail.h"
#include "lib/id.h"
#include "lib/wire/texts.h"

/* The rule asks whether the number is one, and nothing else of it: people are
 * found by their place.  This one is nobody's. */
#define SOMEBODY "9990000018"

/* A word that cannot be one may hold what parts words. */
static bool are_words(struct alm_texts texts)
{
	for (size_t i = 0; i < texts.count; i++) {
		if (!alm_id_is_valid(texts.items[i])) {
			return false;
		}
	}
	return true;
}

uint8_t alm_replay_flags(const struct alm_message *message,
	const struct alm_judgement *judgement)
{
	bool is_whole = judgement->effect != ALM_EFFECT_DENY ||
			are_words(message->categories);

	return (uint8_t)((is_whole ? ALM_AUDIT_WHOLE : 0) |
			 (message->basis[0] != '\0' ? ALM_AUDIT_NAMED : 0));
}

void alm_replay_describe(struct alm_turn *turn,
	const struct alm_message *message,
	const struct alm_judgement *judgement)
{
	struct alm_detail *detail = turn->detail;
	uint8_t place[16];

	if (judgement->effect == ALM_EFFECT_DENY ||
		judgement->redact.count > 0) {
		alm_detail_texts(detail, "requested", message->categories);
	}
	if (judgement->basis[0] == '\0') {
		alm_detail_text(detail, "asked-basis", message->basis);
	}
	if (judgement->has_person) {
		alm_store_person_place(
			turn->broker->store, message->subject, place);
		alm_detail_hex(detail, "place",
			(struct alm_bytes){place, sizeof(place)});
	}
}

/* --- the request that a record is about ---------------------------------- */

/* The value of the first line with this key; "" if there is none.  NULL when
 * memory is out. */
static const char *line_of(
	const char *detail, const char *key, struct alm_arena *arena)
{
	size_t bytes = strlen(key);

	while (*detail != '\0') {
		const char *end = strchr(detail, '\n');
		size_t length =
			end != NULL ? (size_t)(end - detail) : strlen(detail);

		if (length >= bytes + 2 && memcmp(detail, key, bytes) == 0 &&
			memcmp(detail + bytes, ": ", 2) == 0) {
			return alm_arena_text(
				arena, detail + bytes + 2, length - bytes - 2);
		}
		detail += length + (end != NULL ? 1 : 0);
	}
	return "";
}

/* What may stand in a private part. */
struct lines {
	const char *requested;
	const char *asked_basis;
	const char *place;
	const char *redacted;
	const char *subject_unknown;
	const char *relationship;
	const char *relationship_ref;
	const char *override;
	const char *override_by;
	const char *override_reason;
	const char *cut;
};

static bool read_lines(
	const char *detail, struct alm_arena *arena, struct lines *out)
{
	const struct {
		const char *key;
		const char **value;
	} all[] = {{"requested", &out->requested},
		{"asked-basis", &out->asked_basis}, {"place", &out->place},
		{"redacted", &out->redacted},
		{"subject-unknown", &out->subject_unknown},
		{"relationship", &out->relationship},
		{"relationship-ref", &out->relationship_ref},
		{"override", &out->override},
		{"override-by", &out->override_by},
		{"override-reason", &out->override_reason}, {"cut", &out->cut}};

	for (size_t i = 0; i < ALM_COUNT(all); i++) {
		*all[i].value = line_of(detail, all[i].key, arena);
		if (*all[i].value == NULL) {
			return false;
		}
	}
	return true;
}

/* What no policy can permit: the request itself was malformed. */
static bool is_malformed(const struct alm_audit_record *record)
{
	return record->kind == ALM_AUDIT_REFUSED &&
	       (record->code == ALM_REASON_101 ||
		       record->code == ALM_REASON_102 ||
		       record->code == ALM_REASON_105 ||
		       record->code == ALM_REASON_107 ||
		       record->code == ALM_REASON_108);
}

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static bool build(const struct alm_audit_record *record,
	const struct lines *lines, struct alm_arena *arena,
	struct alm_request *out)
{
	struct alm_texts categories;
	const char *asked = lines->requested[0] != '\0' ? lines->requested
							: record->categories;
	const char *basis =
		record->basis[0] != '\0' ? record->basis : lines->asked_basis;

	if (!alm_texts_split(asked, arena, &categories)) {
		return false;
	}
	*out = (struct alm_request){
		.id = "replayed",
		.from = or_null(record->sender),
		.to = or_null(record->recipient),
		.purpose = or_null(record->purpose),
		.categories = categories.items,
		.category_count = categories.count,
		.has_payload = record->level_in != 0,
		.payload = (enum alm_level)record->level_in,
		.subject = record->has_person ? SOMEBODY : NULL,
		.subject_unknown = or_null(lines->subject_unknown),
		.basis = (record->flags & ALM_AUDIT_NAMED) != 0 ? or_null(basis)
								: NULL,
		.has_relationship = lines->relationship[0] != '\0',
		.relationship_kind = lines->relationship,
		.relationship_ref = lines->relationship_ref,
		.relationship_organisation = record->recipient,
		.has_override = lines->override[0] != '\0',
		.override_kind = strcmp(lines->override, "emergency") == 0
					 ? ALM_OVERRIDE_EMERGENCY
					 : ALM_OVERRIDE_GUARDIAN,
		.override_by = lines->override_by,
		.override_reason = lines->override_reason,
	};
	return true;
}

/* The private part, or why there is none to go by. */
static enum alm_err read_private(struct alm_store *store,
	struct alm_arena *arena, const struct alm_audit_record *record,
	struct lines *lines, enum alm_replay *out_replay)
{
	struct alm_audit_view view;
	enum alm_err err;

	*out_replay = ALM_REPLAY_NO_REQUEST;
	if (record->kind != ALM_AUDIT_ACCEPTED &&
		record->kind != ALM_AUDIT_REFUSED) {
		return ALM_OK;
	}
	*out_replay = ALM_REPLAY_NOT_WHOLE;
	if ((record->flags & ALM_AUDIT_WHOLE) == 0) {
		return ALM_OK;
	}
	*out_replay = ALM_REPLAY_MALFORMED;
	if (is_malformed(record)) {
		return ALM_OK;
	}
	err = alm_audit_get(store, record->seq, true, arena, &view);
	if (err == ALM_STORE_CORRUPT) {
		*out_replay = ALM_REPLAY_DAMAGED;
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	if (view.detail == NULL) {
		*out_replay = ALM_REPLAY_ERASED;
		return ALM_OK;
	}
	if (!read_lines(view.detail, arena, lines)) {
		return ALM_NOMEM;
	}
	*out_replay = lines->cut[0] != '\0' || (record->has_person &&
						       lines->place[0] == '\0')
			      ? ALM_REPLAY_NOT_WHOLE
			      : ALM_REPLAY_DONE;
	return ALM_OK;
}

/* Whom it is about, as recorded now.  Out: DAMAGED if no place is there. */
static enum alm_err read_person(struct alm_store *store, const char *hex,
	struct alm_arena *arena, struct alm_person *out_person,
	enum alm_replay *out_replay)
{
	uint8_t place[16];

	if (alm_unhex(hex, place, sizeof(place)) != ALM_OK) {
		*out_replay = ALM_REPLAY_DAMAGED;
		return ALM_OK;
	}
	return alm_store_person_at(store, place, arena, out_person);
}

enum alm_err alm_replay_read(struct alm_store *store, struct alm_arena *arena,
	const struct alm_audit_record *record,
	struct alm_recalled *out_recalled, enum alm_replay *out_replay)
{
	struct lines lines;
	enum alm_err err =
		read_private(store, arena, record, &lines, out_replay);

	if (err != ALM_OK || *out_replay != ALM_REPLAY_DONE) {
		return err;
	}
	if (!build(record, &lines, arena, &out_recalled->request)) {
		return ALM_NOMEM;
	}
	out_recalled->has_person = record->has_person;
	return record->has_person ? read_person(store, lines.place, arena,
					    &out_recalled->person, out_replay)
				  : ALM_OK;
}
