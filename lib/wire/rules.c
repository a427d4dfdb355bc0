/*
 * The limits of lib/limits.h, field by field.  Rows stand in the order of
 * the field numbers; tests compare names and numbers with the descriptors.
 */
#include "lib/wire/rules.h"

#include "almoner/v1/envelope.pb-c.h"
#include "almoner/v1/message.pb-c.h"
#include "almoner/v1/request.pb-c.h"
#include "lib/base.h"
#include "lib/limits.h"
#include "lib/wire/body_map.h"

/* clang-format off */
#define NUMBER(name) {#name, 0, 1, NULL}
#define NUMBERS(name, count) {#name, 0, (count), NULL}
#define BYTES(name, bytes) {#name, (uint32_t)(bytes), 1, NULL}
#define TEXTS(name, bytes, count) {#name, (uint32_t)(bytes), (count), NULL}
#define ID(name) {#name, ALM_ID_BYTES_MAX, 1, NULL}
#define ONE(name, rules) {#name, UINT32_MAX, 1, &(rules)}
#define MANY(name, count, rules) {#name, UINT32_MAX, (count), &(rules)}
/* A row of body_map.h. */
#define FIELD(number, kind, name, max, count) \
	[number] = FIELD_##kind(name, max, count),
#define FIELD_U64(name, max, count) NUMBER(name)
#define FIELD_U32(name, max, count) NUMBER(name)
#define FIELD_FLAG(name, max, count) NUMBER(name)
#define FIELD_TEXT(name, max, count) BYTES(name, max)
#define FIELD_TEXTS(name, max, count) TEXTS(name, max, count)
#define FIELD_COPY(name, max, count) BYTES(name, max)
#define FIELD_EXACT(name, max, count) BYTES(name, max)
#define FIELD_BYTES(name, max, count) BYTES(name, max)
#define CHILD(number, name) [number] = ONE(name, name),
#define RULES(variable, type) \
	{&almoner__v1__##type##__descriptor, variable, \
		ALM_COUNT(variable) - 1, false}
/* In which the two sides tell each other what they can. */
#define OPEN_RULES(variable, type) \
	{&almoner__v1__##type##__descriptor, variable, \
		ALM_COUNT(variable) - 1, true}

static const struct alm_wire_field relationship_fields[] = {
	{0},
	ID(kind),
	BYTES(ref, ALM_REF_BYTES_MAX),
	ID(organisation),
};
static const struct alm_wire_rules relationship =
	RULES(relationship_fields, relationship);

static const struct alm_wire_field override_fields[] = {
	{0},
	NUMBER(kind),
	BYTES(by, ALM_REF_BYTES_MAX),
	BYTES(reason, ALM_TEXT_BYTES_MAX),
};
static const struct alm_wire_rules override =
	RULES(override_fields, override);

static const struct alm_wire_field not_before_fields[] = {
	{0},
	NUMBER(epoch),
	NUMBER(seq),
};
static const struct alm_wire_rules not_before =
	RULES(not_before_fields, not_before);

static const struct alm_wire_field message_fields[] = {
	ALM_MESSAGE_FIELDS(FIELD, CHILD)
};
const struct alm_wire_rules alm_wire_message_rules =
	RULES(message_fields, message);

static const struct alm_wire_field problem_fields[] = {
	{0},
	NUMBER(code),
	ID(name),
	BYTES(sentence, ALM_TEXT_BYTES_MAX),
	BYTES(hint, ALM_TEXT_BYTES_MAX),
	NUMBER(is_retryable),
	BYTES(detail, ALM_TEXT_BYTES_MAX),
	NUMBERS(reasons, ALM_REASONS_MAX),
	TEXTS(withheld, ALM_REF_BYTES_MAX, ALM_WITHHELD_MAX),
	ID(nearest),
	TEXTS(candidates, ALM_ID_BYTES_MAX, ALM_CATEGORIES_MAX),
	BYTES(message_id, ALM_MESSAGE_ID_BYTES),
	NUMBER(retry_after_ms),
};
static const struct alm_wire_rules problem = RULES(problem_fields, problem);

static const struct alm_wire_field hello_fields[] = {
	{0},
	NUMBER(version),
	BYTES(software, ALM_ID_BYTES_MAX),
	NUMBER(credit),
	NUMBER(encodings),
	NUMBER(takes_parts),
	NUMBER(keeps_order),
};
static const struct alm_wire_rules hello = OPEN_RULES(hello_fields, hello);

static const struct alm_wire_field whereabouts_fields[] = {
	{0},
	BYTES(endpoint, ALM_ENDPOINT_BYTES_MAX),
	BYTES(broker_key, ALM_DIGEST_BYTES),
};
static const struct alm_wire_rules whereabouts =
	RULES(whereabouts_fields, whereabouts);

static const struct alm_wire_field welcome_fields[] = {
	{0},
	NUMBER(version),
	NUMBER(credit),
	NUMBER(broker_time_ms),
	NUMBER(frame_bytes_max),
	NUMBER(frame_envelopes_max),
	NUMBER(payload_bytes_max),
	ID(organisation),
	ID(agent),
	NUMBER(policy_epoch),
	NUMBER(people_sequence),
	NUMBER(encodings),
	NUMBER(parts_bytes_max),
	[14] = ONE(next, whereabouts),
};
static const struct alm_wire_rules welcome =
	OPEN_RULES(welcome_fields, welcome);

static const struct alm_wire_field signature_fields[] = {
	ALM_SIGNATURE_FIELDS(FIELD)
};
static const struct alm_wire_rules signature =
	RULES(signature_fields, signature);

static const struct alm_wire_field send_fields[] = {
	{0},
	BYTES(message, ALM_MESSAGE_BYTES_MAX),
	BYTES(payload, ALM_PAYLOAD_BYTES_MAX),
	NUMBER(sent_at_ms),
	ONE(signature, signature),
	NUMBER(encoding),
};
static const struct alm_wire_rules send = RULES(send_fields, send);

static const struct alm_wire_field accepted_fields[] = {
	ALM_ACCEPTED_FIELDS(FIELD)
};
static const struct alm_wire_rules accepted =
	RULES(accepted_fields, accepted);

static const struct alm_wire_field outcome_fields[] = {
	{0},
	ID(recipient),
	NUMBER(code),
	NUMBER(sequence),
	NUMBER(audit_sequence),
	NUMBER(is_transformed),
	NUMBER(level),
};
static const struct alm_wire_rules outcome = RULES(outcome_fields, outcome);

static const struct alm_wire_field receipt_fields[] = {
	{0},
	BYTES(message_id, ALM_MESSAGE_ID_BYTES),
	ONE(accepted, accepted),
	ONE(refused, problem),
	MANY(outcomes, ALM_MULTICAST_RECIPIENTS_MAX, outcome),
	MANY(problems, ALM_RECEIPT_PROBLEMS_MAX, problem),
};
static const struct alm_wire_rules receipt = RULES(receipt_fields, receipt);

static const struct alm_wire_field deliver_fields[] = {
	ALM_DELIVER_FIELDS(FIELD)
};
static const struct alm_wire_rules deliver = RULES(deliver_fields, deliver);

static const struct alm_wire_field part_fields[] = {
	{0},
	BYTES(message_id, ALM_MESSAGE_ID_BYTES),
	NUMBER(sequence),
	NUMBER(index),
	BYTES(path, ALM_PART_PATH_MAX * ALM_DIGEST_BYTES),
	NUMBER(encoding),
	BYTES(data, ALM_PART_BYTES),
};
static const struct alm_wire_rules part = RULES(part_fields, part);

static const struct alm_wire_field progress_fields[] = {
	{0},
	BYTES(message_id, ALM_MESSAGE_ID_BYTES),
	NUMBER(sequence),
	NUMBER(next),
	NUMBER(until),
	NUMBER(is_again),
};
static const struct alm_wire_rules progress =
	RULES(progress_fields, progress);

static const struct alm_wire_field acknowledgement_fields[] = {
	ALM_ACKNOWLEDGEMENT_FIELDS(FIELD)
};
static const struct alm_wire_rules acknowledgement =
	RULES(acknowledgement_fields, acknowledgement);

static const struct alm_wire_field acknowledge_fields[] = {
	{0},
	MANY(items, ALM_ACKS_PER_ENVELOPE_MAX, acknowledgement),
};
static const struct alm_wire_rules acknowledge =
	RULES(acknowledge_fields, acknowledge);

static const struct alm_wire_field acknowledged_fields[] = {
	{0},
	NUMBERS(sequences, ALM_ACKS_PER_ENVELOPE_MAX),
};
static const struct alm_wire_rules acknowledged =
	RULES(acknowledged_fields, acknowledged);

static const struct alm_wire_field notice_fields[] = {
	{0},
	NUMBER(sequence),
	NUMBER(attempt),
	NUMBER(is_repeat),
	NUMBER(kind),
	BYTES(message_id, ALM_MESSAGE_ID_BYTES),
	ID(recipient),
	ONE(problem, problem),
	BYTES(reason, ALM_REF_BYTES_MAX),
	NUMBER(at_ms),
};
static const struct alm_wire_rules notice = RULES(notice_fields, notice);

static const struct alm_wire_field ping_fields[] = {
	{0},
	BYTES(context, ALM_PING_BYTES_MAX),
};
static const struct alm_wire_rules ping = RULES(ping_fields, ping);

static const struct alm_wire_field pong_fields[] = {
	{0},
	BYTES(context, ALM_PING_BYTES_MAX),
	NUMBER(broker_time_ms),
};
static const struct alm_wire_rules pong = RULES(pong_fields, pong);

static const struct alm_wire_field credit_fields[] = {
	{0},
	NUMBER(window),
};
static const struct alm_wire_rules credit = RULES(credit_fields, credit);

static const struct alm_wire_field goodbye_fields[] = {
	{0},
};
static const struct alm_wire_rules goodbye = RULES(goodbye_fields, goodbye);

static const struct alm_wire_field join_fields[] = {
	{0},
	NUMBER(invite),
	BYTES(proof, ALM_DIGEST_BYTES),
	BYTES(curve_key, ALM_DIGEST_BYTES),
	BYTES(signing_key, ALM_DIGEST_BYTES),
	BYTES(signature, ALM_SIGNATURE_BYTES),
};
static const struct alm_wire_rules join = RULES(join_fields, join);

static const struct alm_wire_field joined_fields[] = {
	{0},
	NUMBER(invite),
	ID(organisation),
	ID(agent),
	BYTES(check, ALM_DIGEST_BYTES),
	NUMBER(is_approved),
};
static const struct alm_wire_rules joined = RULES(joined_fields, joined);

static const struct alm_wire_field argument_fields[] = {
	{0},
	ID(key),
	BYTES(value, ALM_TEXT_BYTES_MAX),
};
static const struct alm_wire_rules argument =
	RULES(argument_fields, argument);

static const struct alm_wire_field attachment_fields[] = {
	{0},
	BYTES(name, ALM_REF_BYTES_MAX),
	BYTES(content, ALM_BUNDLE_BYTES_MAX),
};
static const struct alm_wire_rules attachment =
	RULES(attachment_fields, attachment);

static const struct alm_wire_field request_fields[] = {
	{0},
	NUMBER(id),
	ID(verb),
	MANY(arguments, ALM_ARGUMENTS_MAX, argument),
	MANY(attachments, ALM_ATTACHMENTS_MAX, attachment),
};
static const struct alm_wire_rules request = RULES(request_fields, request);

static const struct alm_wire_field row_fields[] = {
	{0},
	TEXTS(cells, ALM_CELL_BYTES_MAX, ALM_COLUMNS_MAX),
};
static const struct alm_wire_rules row = RULES(row_fields, row);

static const struct alm_wire_field answer_fields[] = {
	{0},
	NUMBER(id),
	NUMBER(code),
	BYTES(detail, ALM_TEXT_BYTES_MAX),
	TEXTS(columns, ALM_ID_BYTES_MAX, ALM_COLUMNS_MAX),
	MANY(rows, ALM_ROWS_PER_ANSWER_MAX, row),
	BYTES(cursor, ALM_TEXT_BYTES_MAX),
	MANY(facts, ALM_FACTS_MAX, argument),
};
static const struct alm_wire_rules answer = RULES(answer_fields, answer);

static const struct alm_wire_field envelope_fields[] = {
	{0},
	ONE(hello, hello),
	ONE(welcome, welcome),
	ONE(send, send),
	ONE(receipt, receipt),
	ONE(deliver, deliver),
	ONE(acknowledge, acknowledge),
	ONE(acknowledged, acknowledged),
	ONE(notice, notice),
	ONE(ping, ping),
	ONE(pong, pong),
	ONE(error, problem),
	ONE(credit, credit),
	ONE(query, request),
	ONE(administer, request),
	ONE(answer, answer),
	ONE(goodbye, goodbye),
	ONE(part, part),
	ONE(progress, progress),
	[22] = ONE(join, join),
	[23] = ONE(joined, joined),
};
static const struct alm_wire_rules envelope =
	RULES(envelope_fields, envelope);

static const struct alm_wire_field frame_fields[] = {
	{0},
	MANY(envelopes, ALM_FRAME_ENVELOPES_MAX, envelope),
};
const struct alm_wire_rules alm_wire_frame_rules =
	RULES(frame_fields, frame);
/* clang-format on */

const struct alm_wire_rules *alm_wire_body_rules(uint32_t number)
{
	return number >= 1 && number < ALM_COUNT(envelope_fields)
		       ? envelope_fields[number].child
		       : NULL;
}

const char *alm_wire_body_name(uint32_t number)
{
	return number >= 1 && number < ALM_COUNT(envelope_fields)
		       ? envelope_fields[number].name
		       : "";
}
