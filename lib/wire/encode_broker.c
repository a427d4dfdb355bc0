/* What the broker sends. */
#include "lib/wire/encode.h"

ProtobufCMessage *alm_wire_give_welcome(
	const struct alm_welcome *in, struct alm_arena *arena)
{
	Almoner__V1__Welcome *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__welcome__init(out);
	out->version = in->version;
	out->credit = in->credit;
	out->broker_time_ms = (uint64_t)in->broker_time_ms;
	out->frame_bytes_max = in->frame_bytes_max;
	out->frame_envelopes_max = in->frame_envelopes_max;
	out->payload_bytes_max = in->payload_bytes_max;
	out->organisation = alm_wire_give_text(in->organisation);
	out->agent = alm_wire_give_text(in->agent);
	out->policy_epoch = in->policy_epoch;
	out->people_sequence = in->people_sequence;
	out->encodings = in->encodings;
	out->parts_bytes_max = in->parts_bytes_max;
	if (in->next_endpoint != NULL && in->next_endpoint[0] != '\0') {
		Almoner__V1__Whereabouts *next =
			alm_arena_take(arena, sizeof(*next));

		if (next == NULL) {
			return NULL;
		}
		almoner__v1__whereabouts__init(next);
		next->endpoint = alm_wire_give_text(in->next_endpoint);
		next->broker_key = alm_wire_give_bytes(in->next_broker_key);
		out->next = next;
	}
	return &out->base;
}

ProtobufCMessage *alm_wire_give_joined(
	const struct alm_joined *in, struct alm_arena *arena)
{
	Almoner__V1__Joined *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__joined__init(out);
	out->invite = in->invite;
	out->organisation = alm_wire_give_text(in->organisation);
	out->agent = alm_wire_give_text(in->agent);
	out->check = alm_wire_give_raw(in->check, ALM_DIGEST_BYTES);
	out->is_approved = in->is_approved;
	return &out->base;
}

static uint32_t *give_numbers(
	const uint32_t *numbers, size_t count, struct alm_arena *arena)
{
	uint32_t *copy = alm_arena_take(arena, count * sizeof(copy[0]));

	for (size_t i = 0; copy != NULL && i < count; i++) {
		copy[i] = numbers[i];
	}
	return copy;
}

static Almoner__V1__Problem *give_problem(
	const struct alm_wire_problem *in, struct alm_arena *arena)
{
	const struct alm_err_info *info = alm_err_info(in->code);
	Almoner__V1__Problem *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__problem__init(out);
	out->code = (uint32_t)in->code;
	out->name = alm_wire_give_text(info->name);
	out->sentence = alm_wire_give_text(info->sentence);
	out->hint = alm_wire_give_text(info->hint);
	out->is_retryable = info->is_retryable;
	out->detail = alm_wire_give_text(in->detail);
	out->n_reasons = in->reason_count;
	out->reasons = give_numbers(in->reasons, in->reason_count, arena);
	out->n_withheld = in->withheld.count;
	out->withheld = alm_wire_give_texts(in->withheld);
	out->nearest = alm_wire_give_text(in->nearest);
	out->n_candidates = in->candidates.count;
	out->candidates = alm_wire_give_texts(in->candidates);
	out->message_id = alm_wire_give_bytes(in->message_id);
	out->retry_after_ms = in->retry_after_ms;
	return out->reasons == NULL ? NULL : out;
}

ProtobufCMessage *alm_wire_give_problem(
	const struct alm_wire_problem *in, struct alm_arena *arena)
{
	Almoner__V1__Problem *out = give_problem(in, arena);

	return out == NULL ? NULL : &out->base;
}

static Almoner__V1__Accepted *give_accepted(
	const struct alm_accepted *in, struct alm_arena *arena)
{
	Almoner__V1__Accepted *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__accepted__init(out);
	out->sequence = in->sequence;
	out->audit_sequence = in->audit_sequence;
	out->accepted_at_ms = (uint64_t)in->accepted_at_ms;
	out->is_duplicate = in->is_duplicate;
	out->is_transformed = in->is_transformed;
	out->basis = alm_wire_give_text(in->basis);
	out->level = (Almoner__V1__Level)in->level;
	out->n_released = in->released.count;
	out->released = alm_wire_give_texts(in->released);
	out->n_withheld = in->withheld.count;
	out->withheld = alm_wire_give_texts(in->withheld);
	out->n_obligations = in->obligations.count;
	out->obligations = alm_wire_give_texts(in->obligations);
	return out;
}

static bool give_outcomes(const struct alm_receipt *in, struct alm_arena *arena,
	Almoner__V1__Receipt *out)
{
	size_t count = in->outcome_count;
	Almoner__V1__Outcome **pointers =
		alm_arena_take(arena, count * sizeof(void *));
	Almoner__V1__Outcome *items =
		alm_arena_take(arena, count * sizeof(items[0]));

	if (pointers == NULL || items == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_send_outcome *from = &in->outcomes[i];

		almoner__v1__outcome__init(&items[i]);
		items[i].recipient = alm_wire_give_text(from->recipient);
		items[i].code = (uint32_t)from->code;
		items[i].sequence = from->sequence;
		items[i].audit_sequence = from->audit_sequence;
		items[i].is_transformed = from->is_transformed;
		items[i].level = (Almoner__V1__Level)from->level;
		pointers[i] = &items[i];
	}
	out->n_outcomes = count;
	out->outcomes = pointers;
	return true;
}

static bool has_problem(const Almoner__V1__Receipt *receipt, enum alm_err code)
{
	for (size_t i = 0; i < receipt->n_problems; i++) {
		if (receipt->problems[i]->code == (uint32_t)code) {
			return true;
		}
	}
	return false;
}

/* What was said of a code already: when another try is worth it. */
static uint32_t retry_after_ms(const struct alm_receipt *in, enum alm_err code)
{
	for (size_t i = 0; i < in->problem_count; i++) {
		if (in->problems[i].code == code) {
			return in->problems[i].retry_after_ms;
		}
	}
	return 0;
}

/* What the codes of the outcomes mean, once for each; of more codes than
 * there is room for, the last go without. */
static bool give_problems(const struct alm_receipt *in, struct alm_arena *arena,
	Almoner__V1__Receipt *out)
{
	Almoner__V1__Problem **pointers = alm_arena_take(
		arena, ALM_RECEIPT_PROBLEMS_MAX * sizeof(void *));

	if (pointers == NULL) {
		return false;
	}
	out->problems = pointers;
	for (size_t i = 0; i < in->outcome_count; i++) {
		const struct alm_wire_problem problem = {
			.code = in->outcomes[i].code,
			.retry_after_ms =
				retry_after_ms(in, in->outcomes[i].code),
			.detail = "",
			.nearest = ""};

		if (problem.code == ALM_OK ||
			out->n_problems == ALM_RECEIPT_PROBLEMS_MAX ||
			has_problem(out, problem.code)) {
			continue;
		}
		pointers[out->n_problems] = give_problem(&problem, arena);
		if (pointers[out->n_problems++] == NULL) {
			return false;
		}
	}
	return true;
}

static bool give_outcome(const struct alm_receipt *in, struct alm_arena *arena,
	Almoner__V1__Receipt *out)
{
	if (in->is_accepted) {
		out->outcome_case = ALMONER__V1__RECEIPT__OUTCOME_ACCEPTED;
		out->accepted = give_accepted(&in->accepted, arena);
		return out->accepted != NULL;
	}
	out->outcome_case = ALMONER__V1__RECEIPT__OUTCOME_REFUSED;
	out->refused = give_problem(&in->refused, arena);
	return out->refused != NULL;
}

/* A refusal, or what became of a message to several. */
ProtobufCMessage *alm_wire_give_receipt(
	const struct alm_receipt *in, struct alm_arena *arena)
{
	Almoner__V1__Receipt *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__receipt__init(out);
	out->message_id =
		alm_wire_give_raw(in->message_id.raw, ALM_MESSAGE_ID_BYTES);
	return give_outcome(in, arena, out) && give_outcomes(in, arena, out) &&
			       give_problems(in, arena, out)
		       ? &out->base
		       : NULL;
}

ProtobufCMessage *alm_wire_give_notice(
	const struct alm_notice *in, struct alm_arena *arena)
{
	Almoner__V1__Notice *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__notice__init(out);
	out->sequence = in->sequence;
	out->attempt = in->attempt;
	out->is_repeat = in->is_repeat;
	out->kind = (Almoner__V1__NoticeKind)in->kind;
	out->message_id =
		alm_wire_give_raw(in->message_id.raw, ALM_MESSAGE_ID_BYTES);
	out->recipient = alm_wire_give_text(in->recipient);
	out->problem = give_problem(&in->problem, arena);
	out->reason = alm_wire_give_text(in->reason);
	out->at_ms = (uint64_t)in->at_ms;
	return out->problem == NULL ? NULL : &out->base;
}

static Almoner__V1__Row **give_rows(
	const struct alm_answer *in, struct alm_arena *arena)
{
	Almoner__V1__Row **pointers =
		alm_arena_take(arena, in->row_count * sizeof(void *));
	Almoner__V1__Row *rows =
		alm_arena_take(arena, in->row_count * sizeof(rows[0]));

	if (pointers == NULL || rows == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < in->row_count; i++) {
		almoner__v1__row__init(&rows[i]);
		rows[i].n_cells = in->rows[i].count;
		rows[i].cells = alm_wire_give_texts(in->rows[i]);
		pointers[i] = &rows[i];
	}
	return pointers;
}

ProtobufCMessage *alm_wire_give_answer(
	const struct alm_answer *in, struct alm_arena *arena)
{
	Almoner__V1__Answer *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__answer__init(out);
	out->id = in->id;
	out->code = (uint32_t)in->code;
	out->detail = alm_wire_give_text(in->detail);
	out->n_columns = in->columns.count;
	out->columns = alm_wire_give_texts(in->columns);
	out->n_rows = in->row_count;
	out->rows = give_rows(in, arena);
	out->cursor = alm_wire_give_text(in->cursor);
	out->n_facts = in->fact_count;
	out->facts = alm_wire_give_arguments(in->facts, in->fact_count, arena);
	return out->rows == NULL || out->facts == NULL ? NULL : &out->base;
}
