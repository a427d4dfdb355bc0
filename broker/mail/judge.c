/*
 * What a recipient gets never grows between acceptance and hand-over: the
 * later decision is intersected with the earlier one, whose view is what the
 * store has kept.
 */
#include "broker/mail/judge.h"

#include <string.h>

#include "broker/mail/view.h"
#include "lib/nhs_number.h"
#include "lib/wire/texts.h"

/* Read, all records of most people are some hundred bytes. */
#define PERSON_USUAL_BYTES ((size_t)64 * 1024)

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* The wire has no "absent" for texts: an empty one is absent. */
static struct alm_request request_from(const struct alm_message *message)
{
	return (struct alm_request){
		.id = "message",
		.from = or_null(message->sender),
		.to = or_null(message->recipient),
		.purpose = or_null(message->purpose),
		.categories = message->categories.items,
		.category_count = message->categories.count,
		.has_payload = message->payload_level != ALM_WIRE_LEVEL_NONE,
		.payload = (enum alm_level)message->payload_level,
		.subject = or_null(message->subject),
		.subject_unknown = or_null(message->subject_unknown),
		.basis = or_null(message->basis),
		.has_relationship = message->has_relationship,
		.relationship_kind = message->relationship_kind,
		.relationship_ref = message->relationship_ref,
		.relationship_organisation = message->relationship_organisation,
		.has_override = message->has_override,
		.lacks_override_kind =
			message->has_override &&
			message->override_kind == ALM_WIRE_OVERRIDE_NONE,
		.override_kind = (enum alm_override_kind)message->override_kind,
		.override_by = message->override_by,
		.override_reason = message->override_reason,
		.has_not_before = message->has_not_before,
		.not_before_epoch = message->not_before_epoch,
		.not_before_seq = message->not_before_seq,
	};
}

static bool copy_ids(
	struct alm_ids ids, struct alm_arena *arena, struct alm_texts *out)
{
	const char **items;

	*out = (struct alm_texts){NULL, 0};
	if (ids.count == 0) {
		return true;
	}
	items = alm_arena_take(arena, ids.count * sizeof(*items));
	if (items == NULL) {
		return false;
	}
	for (size_t i = 0; i < ids.count; i++) {
		items[i] = alm_arena_text(
			arena, ids.items[i], strlen(ids.items[i]));
		if (items[i] == NULL) {
			return false;
		}
	}
	*out = (struct alm_texts){items, ids.count};
	return true;
}

static bool copy_reasons(const struct alm_decision *decision,
	struct alm_arena *arena, struct alm_judgement *out)
{
	uint32_t *reasons = alm_arena_take(
		arena, (decision->reason_count + 1) * sizeof(*reasons));

	if (reasons == NULL) {
		return false;
	}
	for (size_t i = 0; i < decision->reason_count; i++) {
		reasons[i] = decision->reasons[i];
		out->is_override_used |= reasons[i] == 408 || reasons[i] == 503;
	}
	out->reasons = reasons;
	out->reason_count = decision->reason_count;
	return true;
}

/* The decision's lists live in the scratch, which the next one overwrites. */
static enum alm_err keep_decision(const struct alm_decision *decision,
	struct alm_arena *arena, struct alm_judgement *out)
{
	struct alm_ids basis = {&decision->basis, 1};
	struct alm_ids nearest = {&decision->nearest, 1};
	struct alm_texts one;

	out->effect = decision->effect;
	out->rule_code = decision->code;
	out->code = decision->effect == ALM_EFFECT_DENY
			    ? alm_err_from_reason(decision->code)
			    : ALM_OK;
	out->strips_location = decision->strips_location;
	out->level = decision->level;
	out->basis = "";
	out->nearest = "";
	if (!copy_reasons(decision, arena, out) ||
		!copy_ids(decision->candidates, arena, &out->candidates) ||
		!copy_ids(decision->release, arena, &out->release) ||
		!copy_ids(decision->redact, arena, &out->redact) ||
		!copy_ids(decision->obligations, arena, &out->obligations) ||
		!copy_ids(decision->directives, arena, &out->directives) ||
		!copy_ids(decision->prohibitions, arena, &out->prohibitions) ||
		!copy_ids(decision->lifts, arena, &out->lifts)) {
		return ALM_NOMEM;
	}
	if (decision->basis != NULL) {
		if (!copy_ids(basis, arena, &one)) {
			return ALM_NOMEM;
		}
		out->basis = one.items[0];
	}
	if (decision->nearest != NULL) {
		if (!copy_ids(nearest, arena, &one)) {
			return ALM_NOMEM;
		}
		out->nearest = one.items[0];
	}
	return ALM_OK;
}

/* A few people have so many records that one turn's mail about them would take
 * all its memory: those are read apart, and kept until they are decided on. */
static enum alm_err read_person(struct alm_turn *turn, const char *subject,
	struct alm_arena *large, struct alm_person *person, uint8_t name[16])
{
	struct alm_arena_mark mark = alm_arena_mark(turn->arena);
	size_t bytes_max = turn->arena->bytes_max;
	enum alm_err err;

	if (large != NULL &&
		bytes_max - turn->arena->bytes > PERSON_USUAL_BYTES) {
		turn->arena->bytes_max =
			turn->arena->bytes + PERSON_USUAL_BYTES;
	}
	err = alm_store_person_get(
		turn->broker->store, subject, turn->arena, person);
	turn->arena->bytes_max = bytes_max;
	if (err == ALM_NOMEM && large != NULL) {
		alm_arena_rewind(turn->arena, &mark);
		err = alm_store_person_get(
			turn->broker->store, subject, large, person);
	}

	if (err == ALM_OK) {
		alm_store_pseudonym(turn->broker->store, subject, name);
	}
	return err;
}

static enum alm_err decide(struct alm_turn *turn,
	const struct alm_message *message, struct alm_judge_common *common,
	struct alm_judgement *out)
{
	struct alm_broker *broker = turn->broker;
	struct alm_request request = request_from(message);
	struct alm_person person;
	const struct alm_person *known = NULL;
	struct alm_decision decision;
	struct alm_arena large;
	enum alm_err err;

	alm_arena_init(&large, ALM_TURN_ARENA_BYTES_MAX);
	if (common != NULL && common->has_person) {
		known = &common->person;
		out->has_person = true;
		memcpy(out->person, common->person_name, sizeof(out->person));
	} else if (request.subject != NULL &&
		   alm_nhs_number_is_valid(request.subject)) {
		/* Of several recipients it is kept for the next. */
		err = read_person(turn, request.subject,
			common == NULL ? &large : NULL, &person, out->person);
		if (err != ALM_OK) {
			alm_arena_fini(&large);
			return err;
		}
		known = &person;
		out->has_person = true;
	}
	if (common != NULL && known == &person) {
		common->has_person = true;
		common->person = person;
		memcpy(common->person_name, out->person, sizeof(out->person));
	}
	alm_decide(&broker->world, known, &request, turn->now_s,
		broker->scratch, &decision);
	err = keep_decision(&decision, turn->arena, out);
	alm_arena_fini(&large);
	return err;
}

static bool contains(struct alm_texts texts, const char *word)
{
	for (size_t i = 0; i < texts.count; i++) {
		if (strcmp(texts.items[i], word) == 0) {
			return true;
		}
	}
	return false;
}

static void deny(struct alm_judgement *out, enum alm_err code)
{
	out->effect = ALM_EFFECT_DENY;
	out->code = code;
}

static enum alm_err apply_cap(const struct alm_cap *cap,
	struct alm_arena *arena, struct alm_judgement *out)
{
	struct alm_texts earlier;
	const char **kept;
	size_t count = 0;

	kept = alm_arena_take(arena, (out->release.count + 1) * sizeof(*kept));
	if (kept == NULL || !alm_texts_split(cap->released, arena, &earlier)) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < out->release.count; i++) {
		if (contains(earlier, out->release.items[i])) {
			kept[count++] = out->release.items[i];
		}
	}
	out->release = (struct alm_texts){kept, count};
	if (cap->level < out->level) {
		out->level = cap->level;
	}
	out->strips_location |= cap->strips_location;
	out->hides_subject |= cap->hides_subject;
	if (count == 0) {
		deny(out, ALM_REASON_403);
	}
	return ALM_OK;
}

static bool covers(struct alm_texts part, struct alm_texts whole)
{
	for (size_t i = 0; i < whole.count; i++) {
		if (!contains(part, whole.items[i])) {
			return false;
		}
	}
	return true;
}

/* Whether the payload may go on as it is: all that it holds is released, and
 * nothing must be taken out of it. */
static bool is_whole(const struct alm_message *message,
	const struct alm_cap *cap, const struct alm_judgement *out,
	struct alm_arena *arena)
{
	struct alm_texts held = message->categories;
	enum alm_level level = (enum alm_level)message->payload_level;

	if (cap != NULL) {
		if (!alm_texts_split(cap->released, arena, &held)) {
			return false;
		}
		level = cap->level;
	}
	return covers(out->release, held) && out->level == level &&
	       !out->strips_location;
}

static enum alm_err minimise(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	const struct alm_cap *cap, struct alm_judge_common *common,
	struct alm_judgement *out)
{
	enum alm_err err;

	if (out->level == ALM_LEVEL_PSEUDONYMISED &&
		message->subject[0] != '\0') {
		out->has_pseudonym = true;
		alm_store_agreement_pseudonym(turn->broker->store, out->basis,
			message->subject, out->pseudonym);
	}
	if (message->standard[0] == '\0') {
		if (!is_whole(message, cap, out, turn->arena)) {
			deny(out, ALM_CANNOT_MINIMISE);
		}
		out->view = payload;
		return ALM_OK;
	}
	err = common != NULL
		      ? alm_view_of_several(turn, message, payload, common, out)
		      : alm_view_make(turn, message, payload, cap != NULL, out);
	switch (err) {
	case ALM_OK:
	case ALM_NOMEM:
		return err;
	default:
		deny(out, err);
		return ALM_OK;
	}
}

/* The code with which a party is out of it; OK: it is active. */
static enum alm_err party_code(const struct alm_broker *broker, const char *id,
	enum alm_err unknown, enum alm_err inactive)
{
	struct alm_organisation_view view;

	if (broker->snapshot == NULL) {
		return ALM_NO_BUNDLE;
	}
	if (!alm_snapshot_find_organisation(broker->snapshot, id, &view)) {
		return unknown;
	}
	return view.status == ALM_STATUS_ACTIVE ? ALM_OK : inactive;
}

/* A business receipt tells a sender what became of its own message, and
 * nothing of a person: what is left to ask is who takes part. */
static void judge_receipt(struct alm_turn *turn,
	const struct alm_message *message, struct alm_judgement *out)
{
	enum alm_err code = party_code(
		turn->broker, message->sender, ALM_REASON_201, ALM_REASON_202);

	if (code == ALM_OK) {
		code = party_code(turn->broker, message->recipient,
			ALM_REASON_203, ALM_REASON_204);
	}
	memset(out, 0, sizeof(*out));
	out->effect = ALM_EFFECT_PERMIT;
	out->basis = out->nearest = "";
	if (code != ALM_OK) {
		deny(out, code);
	}
}

static enum alm_err judge(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	const struct alm_cap *cap, struct alm_judge_common *common,
	struct alm_judgement *out_judgement)
{
	struct alm_judgement judgement;
	enum alm_err err;

	memset(&judgement, 0, sizeof(judgement));
	if (alm_kind_is_receipt(message->kind)) {
		judge_receipt(turn, message, out_judgement);
		return ALM_OK;
	}
	err = decide(turn, message, common, &judgement);
	if (err == ALM_OK && judgement.effect != ALM_EFFECT_DENY &&
		cap != NULL) {
		err = apply_cap(cap, turn->arena, &judgement);
	}
	if (err == ALM_OK && judgement.effect != ALM_EFFECT_DENY &&
		judgement.obligations.count > ALM_OBLIGATIONS_MAX) {
		deny(&judgement, ALM_TOO_MANY_OBLIGATIONS);
	}
	if (err == ALM_OK && judgement.effect != ALM_EFFECT_DENY) {
		err = minimise(turn, message, payload, cap, common, &judgement);
	}
	if (err != ALM_OK) {
		return err;
	}
	judgement.is_partial = judgement.effect == ALM_EFFECT_TRANSFORM ||
			       judgement.withheld.count > 0;
	*out_judgement = judgement;
	return ALM_OK;
}

enum alm_err alm_judge(struct alm_turn *turn, const struct alm_message *message,
	struct alm_bytes payload, const struct alm_cap *cap,
	struct alm_judgement *out_judgement)
{
	return judge(turn, message, payload, cap, NULL, out_judgement);
}

enum alm_err alm_judge_each(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	struct alm_judge_common *common, struct alm_judgement *out_judgement)
{
	return judge(turn, message, payload, NULL, common, out_judgement);
}
