/*
 * A request is put together from the header and the lines of the private part
 * (alm_replay_describe() writes them).  Of a line that stands twice the first
 * counts: what the broker says stands before what anybody else says.
 */
#include "broker/rules/impact.h"

#include <stdlib.h>
#include <string.h>

#include "broker/loop/detail.h"
#include "lib/id.h"
#include "lib/wire/texts.h"

#define ARENA_BYTES_MAX ((size_t)384 * 1024 * 1024)
#define IDLE_MS 60000

/* The rule asks whether the number is one, and nothing else of it: people are
 * found by their place.  This one is nobody's. */
#define SOMEBODY "9990000018"

const char *alm_impact_change_word(enum alm_impact_change change)
{
	switch (change) {
	case ALM_IMPACT_SAME:
		return "same";
	case ALM_IMPACT_GAINED:
		return "gained";
	case ALM_IMPACT_LOST:
		return "lost";
	case ALM_IMPACT_WIDENED:
		return "widened";
	case ALM_IMPACT_NARROWED:
		return "narrowed";
	case ALM_IMPACT_ALTERED:
		return "altered";
	case ALM_IMPACT_REASON:
		return "other-reason";
	}
	return "";
}

struct alm_impact *alm_impact_new(struct alm_snapshot **take_snapshot)
{
	struct alm_impact *impact = calloc(1, sizeof(*impact));
	struct alm_snapshot *snapshot = *take_snapshot;

	*take_snapshot = NULL;
	if (impact == NULL) {
		alm_snapshot_free(snapshot);
		return NULL;
	}
	alm_arena_init(&impact->arena, ARENA_BYTES_MAX);
	impact->snapshot = snapshot;
	impact->scratch = alm_scratch_new(snapshot);
	if (impact->scratch == NULL) {
		alm_impact_free(impact);
		return NULL;
	}
	return impact;
}

void alm_impact_free(struct alm_impact *impact)
{
	if (impact != NULL) {
		alm_scratch_free(impact->scratch);
		alm_snapshot_free(impact->snapshot);
		alm_arena_fini(&impact->arena);
	}
	free(impact);
}

void alm_impact_sweep(struct alm_broker *broker, int64_t monotonic_ms)
{
	if (broker->impact != NULL &&
		monotonic_ms - broker->impact->used_ms > IDLE_MS) {
		alm_impact_free(broker->impact);
		broker->impact = NULL;
	}
}

/* --- what a record says of its request --------------------------------------
 */

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

/* --- the request that a record is about ------------------------------------
 */

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
static enum alm_err read_request(struct alm_broker *broker,
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
	err = alm_audit_get(broker->store, record->seq, true, arena, &view);
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

/* --- comparing -------------------------------------------------------------
 */

/* Whether every word of `a` stands in `b`; both are sorted. */
static bool is_within(struct alm_ids a, struct alm_ids b)
{
	size_t at = 0;

	for (size_t i = 0; i < a.count; i++) {
		while (at < b.count && strcmp(b.items[at], a.items[i]) < 0) {
			at++;
		}
		if (at == b.count || strcmp(b.items[at], a.items[i]) != 0) {
			return false;
		}
	}
	return true;
}

static enum alm_impact_change compare_released(
	const struct alm_decision *a, const struct alm_decision *b)
{
	bool more = !is_within(b->release, a->release) || b->level > a->level ||
		    (a->strips_location && !b->strips_location);
	bool less = !is_within(a->release, b->release) || b->level < a->level ||
		    (!a->strips_location && b->strips_location);
	bool is_other = a->smallest_group != b->smallest_group ||
			!is_within(a->obligations, b->obligations) ||
			!is_within(b->obligations, a->obligations);

	if (is_other || (more && less)) {
		return ALM_IMPACT_ALTERED;
	}
	return more   ? ALM_IMPACT_WIDENED
	       : less ? ALM_IMPACT_NARROWED
		      : ALM_IMPACT_SAME;
}

static enum alm_impact_change compare(
	const struct alm_decision *a, const struct alm_decision *b)
{
	bool is_denied = a->effect == ALM_EFFECT_DENY;

	if (is_denied != (b->effect == ALM_EFFECT_DENY)) {
		return is_denied ? ALM_IMPACT_GAINED : ALM_IMPACT_LOST;
	}
	if (is_denied) {
		return a->code == b->code ? ALM_IMPACT_SAME : ALM_IMPACT_REASON;
	}
	return compare_released(a, b);
}

static uint32_t code_of(const struct alm_decision *decision)
{
	return decision->effect == ALM_EFFECT_DENY
		       ? (uint32_t)alm_err_from_reason(decision->code)
		       : decision->code;
}

/* Whether the log has another answer.  What the rule let pass may have been
 * refused for what was in it. */
static bool has_drifted(const struct alm_audit_record *record,
	const struct alm_decision *decision)
{
	bool is_denied = decision->effect == ALM_EFFECT_DENY;

	if (record->kind == ALM_AUDIT_ACCEPTED) {
		return is_denied;
	}
	return !is_denied && record->code >= ALM_REASON_101 &&
	       record->code <= ALM_REASON_903;
}

static void keep_basis(const char *basis, char out[ALM_ID_BYTES_MAX + 1])
{
	alm_text_copy(out, ALM_ID_BYTES_MAX + 1, basis != NULL ? basis : "");
}

enum alm_err alm_impact_replay(struct alm_broker *broker,
	struct alm_impact *impact, const struct alm_audit_record *record,
	struct alm_replayed *out_replayed, enum alm_replay *out_replay)
{
	struct alm_world other = broker->world;
	struct alm_decision before;
	struct alm_decision after;
	struct alm_request request;
	struct alm_person person;
	struct lines lines;
	uint8_t place[16];
	enum alm_err err;

	alm_arena_reset(&impact->arena);
	err = read_request(broker, &impact->arena, record, &lines, out_replay);
	if (err != ALM_OK || *out_replay != ALM_REPLAY_DONE) {
		return err;
	}
	if (!build(record, &lines, &impact->arena, &request)) {
		return ALM_NOMEM;
	}
	if (record->has_person) {
		if (alm_unhex(lines.place, place, sizeof(place)) != ALM_OK) {
			*out_replay = ALM_REPLAY_DAMAGED;
			return ALM_OK;
		}
		err = alm_store_person_at(
			broker->store, place, &impact->arena, &person);
		if (err != ALM_OK) {
			return err;
		}
	}
	other.snapshot = impact->snapshot;
	alm_decide(&broker->world, record->has_person ? &person : NULL,
		&request, impact->at_s, broker->scratch, &before);
	alm_decide(&other, record->has_person ? &person : NULL, &request,
		impact->at_s, impact->scratch, &after);
	out_replayed->change = compare(&before, &after);
	out_replayed->code_before = code_of(&before);
	out_replayed->code_after = code_of(&after);
	keep_basis(before.basis, out_replayed->basis_before);
	keep_basis(after.basis, out_replayed->basis_after);
	out_replayed->has_drifted = has_drifted(record, &before);
	return ALM_OK;
}
