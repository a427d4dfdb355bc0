/* What the broker sends. */
#include "lib/wire/decode.h"

void alm_wire_take_welcome(struct alm_wire_decoder *d,
	const Almoner__V1__Welcome *in, struct alm_welcome *out)
{
	alm_wire_need(d, in->version != 0, "version");
	alm_wire_need(d, in->organisation[0] != '\0', "organisation");
	alm_wire_need(d, in->agent[0] != '\0', "agent");
	*out = (struct alm_welcome){.version = in->version,
		.credit = in->credit,
		.broker_time_ms =
			alm_wire_time(d, in->broker_time_ms, "broker_time_ms"),
		.frame_bytes_max = in->frame_bytes_max,
		.frame_envelopes_max = in->frame_envelopes_max,
		.payload_bytes_max = in->payload_bytes_max,
		.organisation = in->organisation,
		.agent = in->agent,
		.policy_epoch = in->policy_epoch,
		.people_sequence = in->people_sequence,
		.encodings = in->encodings,
		.parts_bytes_max = in->parts_bytes_max,
		.next_endpoint = ""};
	if (in->next != NULL) {
		alm_wire_need(
			d, in->next->endpoint[0] != '\0', "next.endpoint");
		alm_wire_need(
			d, in->next->broker_key.len > 0, "next.broker_key");
		out->next_endpoint = in->next->endpoint;
		out->next_broker_key =
			alm_wire_optional(d, in->next->broker_key,
				ALM_DIGEST_BYTES, "next.broker_key");
	}
}

void alm_wire_take_joined(struct alm_wire_decoder *d,
	const Almoner__V1__Joined *in, struct alm_joined *out)
{
	alm_wire_need(d, in->invite != 0, "invite");
	out->invite = in->invite;
	out->organisation = in->organisation;
	out->agent = in->agent;
	alm_wire_exact(d, in->check, out->check, ALM_DIGEST_BYTES, "check");
	out->is_approved = in->is_approved != 0;
}

void alm_wire_take_problem(struct alm_wire_decoder *d,
	const Almoner__V1__Problem *in, struct alm_wire_problem *out)
{
	alm_wire_need(d, in->code != 0, "code");
	*out = (struct alm_wire_problem){.code = (enum alm_err)in->code,
		.detail = in->detail,
		.reasons = in->reasons,
		.reason_count = in->n_reasons,
		.withheld = alm_wire_texts(in->withheld, in->n_withheld),
		.nearest = in->nearest,
		.candidates = alm_wire_texts(in->candidates, in->n_candidates),
		.message_id = alm_wire_optional(
			d, in->message_id, ALM_MESSAGE_ID_BYTES, "message_id"),
		.retry_after_ms = in->retry_after_ms,
		.name = in->name,
		.sentence = in->sentence,
		.hint = in->hint,
		.is_retryable = in->is_retryable != 0};
}

static enum alm_wire_level take_level(
	struct alm_wire_decoder *d, Almoner__V1__Level level)
{
	return (enum alm_wire_level)alm_wire_number(
		d, (uint32_t)level, ALM_WIRE_LEVEL_IDENTIFIABLE, "level");
}

static void take_accepted(struct alm_wire_decoder *d,
	const Almoner__V1__Accepted *in, struct alm_accepted *out)
{
	alm_wire_need(d, in->sequence != 0, "accepted.sequence");
	*out = (struct alm_accepted){.sequence = in->sequence,
		.audit_sequence = in->audit_sequence,
		.accepted_at_ms = alm_wire_time(
			d, in->accepted_at_ms, "accepted.accepted_at_ms"),
		.is_duplicate = in->is_duplicate != 0,
		.is_transformed = in->is_transformed != 0,
		.basis = in->basis,
		.level = take_level(d, in->level),
		.released = alm_wire_texts(in->released, in->n_released),
		.withheld = alm_wire_texts(in->withheld, in->n_withheld),
		.obligations =
			alm_wire_texts(in->obligations, in->n_obligations)};
}

static void take_outcomes(struct alm_wire_decoder *d,
	const Almoner__V1__Receipt *in, struct alm_receipt *out)
{
	struct alm_send_outcome *items =
		alm_arena_take(d->arena, in->n_outcomes * sizeof(items[0]));

	if (items == NULL) {
		alm_wire_fault(d, ALM_NOMEM, "outcomes", "");
		return;
	}
	for (size_t i = 0; i < in->n_outcomes; i++) {
		const Almoner__V1__Outcome *from = in->outcomes[i];

		alm_wire_need(
			d, from->recipient[0] != '\0', "outcomes.recipient");
		items[i] =
			(struct alm_send_outcome){.recipient = from->recipient,
				.code = (enum alm_err)from->code,
				.sequence = from->sequence,
				.audit_sequence = from->audit_sequence,
				.is_transformed = from->is_transformed != 0,
				.level = take_level(d, from->level)};
	}
	out->outcomes = items;
	out->outcome_count = in->n_outcomes;
}

static void take_problems(struct alm_wire_decoder *d,
	const Almoner__V1__Receipt *in, struct alm_receipt *out)
{
	struct alm_wire_problem *items =
		alm_arena_take(d->arena, in->n_problems * sizeof(items[0]));

	if (items == NULL) {
		alm_wire_fault(d, ALM_NOMEM, "problems", "");
		return;
	}
	for (size_t i = 0; i < in->n_problems; i++) {
		alm_wire_take_problem(d, in->problems[i], &items[i]);
	}
	out->problems = items;
	out->problem_count = in->n_problems;
}

void alm_wire_take_receipt(struct alm_wire_decoder *d,
	const Almoner__V1__Receipt *in, struct alm_receipt *out)
{
	alm_wire_exact(d, in->message_id, out->message_id.raw,
		ALM_MESSAGE_ID_BYTES, "message_id");
	if (in->outcome_case == ALMONER__V1__RECEIPT__OUTCOME_ACCEPTED) {
		out->is_accepted = true;
		take_accepted(d, in->accepted, &out->accepted);
	} else if (in->outcome_case == ALMONER__V1__RECEIPT__OUTCOME_REFUSED) {
		alm_wire_take_problem(d, in->refused, &out->refused);
	} else {
		alm_wire_fault(d, ALM_MISSING_FIELD, "outcome", "");
	}
	take_outcomes(d, in, out);
	take_problems(d, in, out);
}

static void take_parties(
	const Almoner__V1__Deliver *in, struct alm_deliver *out)
{
	out->sender = in->sender;
	out->recipient = in->recipient;
	out->purpose = in->purpose;
	out->categories = alm_wire_texts(in->categories, in->n_categories);
	out->standard = in->standard;
	out->standard_version = in->standard_version;
	out->subject = in->subject;
	out->basis = in->basis;
	out->obligations = alm_wire_texts(in->obligations, in->n_obligations);
	out->traceparent = in->traceparent;
}

void alm_wire_take_deliver(struct alm_wire_decoder *d,
	const Almoner__V1__Deliver *in, struct alm_deliver *out)
{
	alm_wire_need(d, in->sequence != 0, "sequence");
	alm_wire_need(d, in->sender[0] != '\0', "sender");
	alm_wire_need(d, in->recipient[0] != '\0', "recipient");
	take_parties(in, out);
	alm_wire_exact(d, in->message_id, out->message_id.raw,
		ALM_MESSAGE_ID_BYTES, "message_id");
	out->sequence = in->sequence;
	out->attempt = in->attempt;
	out->is_repeat = in->is_repeat != 0;
	out->level = take_level(d, in->level);
	out->pseudonym = alm_wire_optional(
		d, in->pseudonym, ALM_MESSAGE_ID_BYTES, "pseudonym");
	out->is_partial = in->is_partial != 0;
	out->correlation_id = alm_wire_optional(
		d, in->correlation_id, ALM_MESSAGE_ID_BYTES, "correlation_id");
	out->deadline_ms = alm_wire_time(d, in->deadline_ms, "deadline_ms");
	out->expires_ms = alm_wire_time(d, in->expires_ms, "expires_ms");
	out->priority = (enum alm_priority)alm_wire_number(
		d, (uint32_t)in->priority, ALM_PRIORITY_BULK, "priority");
	out->accepted_at_ms =
		alm_wire_time(d, in->accepted_at_ms, "accepted_at_ms");
	out->payload = alm_wire_bytes(in->payload);
	out->payload_bytes =
		(uint64_t)alm_wire_time(d, in->payload_bytes, "payload_bytes");
	out->payload_root = alm_wire_optional(
		d, in->payload_root, ALM_DIGEST_BYTES, "payload_root");
	out->encoding = alm_wire_take_encoding(d, in->encoding);
	out->kind = (enum alm_message_kind)alm_wire_number(
		d, (uint32_t)in->kind, ALM_KIND_ACTED, "kind");
	out->escalated_from = in->escalated_from;
}

void alm_wire_take_notice(struct alm_wire_decoder *d,
	const Almoner__V1__Notice *in, struct alm_notice *out)
{
	alm_wire_need(d, in->sequence != 0, "sequence");
	alm_wire_need(d, in->kind != 0, "kind");
	alm_wire_need(d, in->problem != NULL, "problem");
	alm_wire_exact(d, in->message_id, out->message_id.raw,
		ALM_MESSAGE_ID_BYTES, "message_id");
	out->sequence = in->sequence;
	out->attempt = in->attempt;
	out->is_repeat = in->is_repeat != 0;
	out->kind = (enum alm_notice_kind)alm_wire_number(
		d, (uint32_t)in->kind, ALM_NOTICE_KIND_MAX, "kind");
	out->recipient = in->recipient;
	out->reason = in->reason;
	out->at_ms = alm_wire_time(d, in->at_ms, "at_ms");
	if (in->problem != NULL) {
		alm_wire_take_problem(d, in->problem, &out->problem);
	}
}

static const struct alm_texts *take_rows(
	struct alm_wire_decoder *d, const Almoner__V1__Answer *in)
{
	struct alm_texts *rows =
		alm_arena_take(d->arena, in->n_rows * sizeof(rows[0]));

	if (rows == NULL) {
		alm_wire_fault(d, ALM_NOMEM, "rows", "");
		return NULL;
	}
	for (size_t i = 0; i < in->n_rows; i++) {
		rows[i] = alm_wire_texts(
			in->rows[i]->cells, in->rows[i]->n_cells);
		if (rows[i].count != in->n_columns) {
			alm_wire_fault(d, ALM_MALFORMED, "rows",
				"not one cell for each column");
		}
	}
	return rows;
}

void alm_wire_take_answer(struct alm_wire_decoder *d,
	const Almoner__V1__Answer *in, struct alm_answer *out)
{
	out->id = in->id;
	out->code = (enum alm_err)in->code;
	out->detail = in->detail;
	out->columns = alm_wire_texts(in->columns, in->n_columns);
	out->rows = take_rows(d, in);
	out->row_count = in->n_rows;
	out->cursor = in->cursor;
	out->facts =
		alm_wire_take_arguments(d, in->facts, in->n_facts, "facts");
	out->fact_count = in->n_facts;
}
