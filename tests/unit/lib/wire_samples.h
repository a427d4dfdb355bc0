/*
 * wire_samples.h - one full envelope of every kind, with nothing left at its
 * default, for tests, golden frames and fuzzing seeds.
 */
#ifndef ALM_TESTS_UNIT_LIB_WIRE_SAMPLES_H
#define ALM_TESTS_UNIT_LIB_WIRE_SAMPLES_H

#include <string.h>

#include "lib/wire/wire.h"

#define SAMPLE_TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define SAMPLE_BYTES(array) ((struct alm_bytes){(array), sizeof(array)})
#define SAMPLE_TEXTS(array) ((struct alm_texts){(array), ALM_COUNT(array)})

static const uint8_t sample_raw[256] = {0xA1, 0xB2, 0xC3, 0xD4, 0x05};
static const uint8_t sample_correlation[16] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 1};
static const char *const sample_categories[] = {
	"treatment-summary", "medications"};
static const char *const sample_withheld[] = {
	"person.address", "medications.note"};
static const char *const sample_obligations[] = {"review:72h"};
static const uint32_t sample_reasons[] = {203, 501};

static struct alm_message_id sample_id(void)
{
	static const uint8_t random[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

	return alm_message_id_make(1790000000000, random);
}

static inline struct alm_message sample_message(void)
{
	struct alm_message message = {.id = sample_id(),
		.sender = "RX1",
		.recipient = "LA-312",
		.purpose = "direct-care",
		.categories = SAMPLE_TEXTS(sample_categories),
		.standard = "treatment-summary",
		.standard_version = "1.2.0",
		.payload_level = ALM_WIRE_LEVEL_IDENTIFIABLE,
		.subject = "9990000018",
		.subject_unknown = "",
		.basis = "icb-care-2026",
		.has_relationship = true,
		.relationship_kind = "referral",
		.relationship_ref = "UBRN 0000 4957 1234 é",
		.relationship_organisation = "LA-312",
		.has_override = true,
		.override_kind = ALM_WIRE_OVERRIDE_EMERGENCY,
		.override_by = "duty consultant",
		.override_reason = "unconscious on arrival",
		.has_not_before = true,
		.not_before_epoch = 7,
		.not_before_seq = 70000,
		.correlation_id = SAMPLE_BYTES(sample_correlation),
		.deadline_ms = 1790000600000,
		.expires_ms = 1790100000000,
		.priority = ALM_PRIORITY_URGENT,
		.traceparent = SAMPLE_TRACE};

	memset(message.payload_sha256, 0x5A, sizeof(message.payload_sha256));
	return message;
}

static const char *const sample_recipients[] = {
	"LA-312", "group:ics-QT1", "kind:gp-practice@group:ics-QT1"};

static inline struct alm_message sample_message_to_several(void)
{
	struct alm_message message = sample_message();

	message.recipient = "";
	message.recipients = SAMPLE_TEXTS(sample_recipients);
	return message;
}

static const struct alm_send_outcome sample_outcomes[] = {
	{"C84001", ALM_OK, 4243, 8485, true, ALM_WIRE_LEVEL_PSEUDONYMISED},
	{"LA-312", ALM_REASON_300, 0, 8486, false, ALM_WIRE_LEVEL_NONE},
	{"RHA", ALM_MAILBOX_FULL, 0, 8487, false, ALM_WIRE_LEVEL_NONE},
	{"RX2", ALM_REASON_300, 0, 8488, false, ALM_WIRE_LEVEL_NONE},
};

static inline struct alm_receipt sample_receipt_of_several(void)
{
	return (struct alm_receipt){.message_id = sample_id(),
		.is_accepted = true,
		.accepted = {.sequence = 4242,
			.audit_sequence = 8484,
			.accepted_at_ms = 1790000000123,
			.is_transformed = true,
			.basis = ""},
		.outcomes = sample_outcomes,
		.outcome_count = ALM_COUNT(sample_outcomes)};
}

static inline struct alm_wire_problem sample_problem(void)
{
	return (struct alm_wire_problem){.code = ALM_NOT_CONFORMANT,
		.detail = "person.birth_date: not a date",
		.reasons = sample_reasons,
		.reason_count = ALM_COUNT(sample_reasons),
		.withheld = SAMPLE_TEXTS(sample_withheld),
		.nearest = "icb-care-2025",
		.retry_after_ms = 30000,
		.candidates = SAMPLE_TEXTS(sample_categories),
		.message_id = SAMPLE_BYTES(sample_correlation)};
}

static inline struct alm_accepted sample_accepted(void)
{
	return (struct alm_accepted){.sequence = 4242,
		.audit_sequence = 8484,
		.accepted_at_ms = 1790000000123,
		.is_duplicate = true,
		.is_transformed = true,
		.basis = "icb-care-2026",
		.level = ALM_WIRE_LEVEL_PSEUDONYMISED,
		.released = SAMPLE_TEXTS(sample_categories),
		.withheld = SAMPLE_TEXTS(sample_withheld),
		.obligations = SAMPLE_TEXTS(sample_obligations)};
}

static inline struct alm_deliver sample_deliver(void)
{
	return (struct alm_deliver){.sequence = 99,
		.attempt = 2,
		.is_repeat = true,
		.message_id = sample_id(),
		.sender = "RX1",
		.recipient = "LA-312",
		.purpose = "direct-care",
		.categories = SAMPLE_TEXTS(sample_categories),
		.standard = "treatment-summary",
		.standard_version = "1.2.0",
		.level = ALM_WIRE_LEVEL_IDENTIFIABLE,
		.subject = "9990000018",
		.pseudonym = SAMPLE_BYTES(sample_correlation),
		.basis = "icb-care-2026",
		.obligations = SAMPLE_TEXTS(sample_obligations),
		.is_partial = true,
		.correlation_id = SAMPLE_BYTES(sample_correlation),
		.deadline_ms = 1790000600000,
		.expires_ms = 1790100000000,
		.priority = ALM_PRIORITY_BULK,
		.traceparent = SAMPLE_TRACE,
		.accepted_at_ms = 1790000000123,
		.payload = {sample_raw, 100}};
}

static inline struct alm_notice sample_notice(void)
{
	return (struct alm_notice){.sequence = 100,
		.attempt = 3,
		.is_repeat = true,
		.kind = ALM_NOTICE_KIND_REJECTED,
		.message_id = sample_id(),
		.recipient = "LA-312",
		.problem = sample_problem(),
		.reason = "not our patient",
		.at_ms = 1790000700000};
}

static inline struct alm_send sample_send(struct alm_bytes message)
{
	struct alm_send send = {.message = message,
		.payload = SAMPLE_BYTES(sample_raw),
		.sent_at_ms = 1790000000100,
		.signature = {.leaf_index = 2,
			.tree_size = 4,
			.path = {sample_raw, 64}}};

	memset(send.signature.ed25519, 0xE5, ALM_SIGNATURE_BYTES);
	return send;
}

static inline struct alm_request_call sample_request(bool is_admin)
{
	static const struct alm_argument arguments[] = {
		{"person", "9990000026"}, {"reason", "complaint 12"}};
	static const struct alm_attachment attachments[] = {
		{"10-purposes.yaml", {sample_raw, 40}}, {"empty", {NULL, 0}}};

	return (struct alm_request_call){.id = 77,
		.verb = is_admin ? "policy.activate" : "audit.query",
		.arguments = arguments,
		.argument_count = ALM_COUNT(arguments),
		.attachments = attachments,
		.attachment_count = is_admin ? ALM_COUNT(attachments) : 0};
}

static inline struct alm_answer sample_answer(void)
{
	static const char *const columns[] = {"seq", "time"};
	static const char *const first[] = {"1", "2026-11-22T20:00:00Z"};
	static const char *const second[] = {"2", ""};
	static const struct alm_texts rows[] = {{first, 2}, {second, 2}};
	static const struct alm_argument facts[] = {{"size", "2"}};

	return (struct alm_answer){.id = 77,
		.code = ALM_NOT_FOUND,
		.detail = "nothing after 2",
		.columns = SAMPLE_TEXTS(columns),
		.rows = rows,
		.row_count = ALM_COUNT(rows),
		.cursor = "2",
		.facts = facts,
		.fact_count = ALM_COUNT(facts)};
}

static const uint64_t sample_sequences[] = {1, 300, 70000, UINT64_MAX};
static const struct alm_acknowledgement sample_items[] = {
	{1, false, ""}, {300, true, "not ours"}};

static inline struct alm_welcome sample_welcome(void)
{
	return (struct alm_welcome){.version = 1,
		.credit = 4096,
		.broker_time_ms = 1790000000000,
		.frame_bytes_max = ALM_FRAME_BYTES_MAX,
		.frame_envelopes_max = 256,
		.payload_bytes_max = ALM_PAYLOAD_BYTES_MAX,
		.organisation = "RX1",
		.agent = "ward-system",
		.policy_epoch = 7,
		.people_sequence = 70000};
}

static inline struct alm_payload_part sample_part(void)
{
	return (struct alm_payload_part){
		.message_id = SAMPLE_BYTES(sample_correlation),
		.index = 4095,
		.path = {sample_raw, 64},
		.encoding = ALM_ENCODING_ZSTD,
		.data = SAMPLE_BYTES(sample_raw)};
}

/* Every kind and its name in tests/data/wire. */
static const struct {
	enum alm_envelope_kind kind;
	const char *name;
} sample_kinds[] = {
	{ALM_ENVELOPE_HELLO, "hello"},
	{ALM_ENVELOPE_WELCOME, "welcome"},
	{ALM_ENVELOPE_SEND, "send"},
	{ALM_ENVELOPE_RECEIPT, "receipt"},
	{ALM_ENVELOPE_DELIVER, "deliver"},
	{ALM_ENVELOPE_ACKNOWLEDGE, "acknowledge"},
	{ALM_ENVELOPE_ACKNOWLEDGED, "acknowledged"},
	{ALM_ENVELOPE_NOTICE, "notice"},
	{ALM_ENVELOPE_PING, "ping"},
	{ALM_ENVELOPE_PONG, "pong"},
	{ALM_ENVELOPE_ERROR, "error"},
	{ALM_ENVELOPE_CREDIT, "credit"},
	{ALM_ENVELOPE_QUERY, "query"},
	{ALM_ENVELOPE_ADMINISTER, "administer"},
	{ALM_ENVELOPE_ANSWER, "answer"},
	{ALM_ENVELOPE_GOODBYE, "goodbye"},
	{ALM_ENVELOPE_PART, "part"},
	{ALM_ENVELOPE_PROGRESS, "progress"},
	{ALM_ENVELOPE_JOIN, "join"},
	{ALM_ENVELOPE_JOINED, "joined"},
};

/* Those that came after the first sixteen. */
static inline struct alm_envelope sample_later(enum alm_envelope_kind kind)
{
	struct alm_envelope e = {.kind = kind};

	switch ((int)kind) {
	case ALM_ENVELOPE_PART:
		e.part = sample_part();
		break;
	case ALM_ENVELOPE_PROGRESS:
		e.progress = (struct alm_progress){.sequence = 99,
			.next = 17,
			.until = 25,
			.is_again = true};
		break;
	case ALM_ENVELOPE_JOIN:
		e.join = (struct alm_join){.invite = 17,
			.proof = {1},
			.curve_key = {2},
			.signing_key = {3},
			.signature = {4}};
		break;
	case ALM_ENVELOPE_JOINED:
		e.joined = (struct alm_joined){
			17, "RX1", "ward-system", {5}, true};
		break;
	}
	return e;
}

/* The sample of a kind; `message` is the signed part of a send. */
static inline struct alm_envelope sample_envelope(
	enum alm_envelope_kind kind, struct alm_bytes message)
{
	struct alm_envelope e = {.kind = kind};

	switch (kind) {
	case ALM_ENVELOPE_HELLO:
		e.hello = (struct alm_hello){.version = 1,
			.software = "libalmoner 0.1",
			.credit = 512};
		break;
	case ALM_ENVELOPE_WELCOME:
		e.welcome = sample_welcome();
		break;
	case ALM_ENVELOPE_SEND:
		e.send = sample_send(message);
		break;
	case ALM_ENVELOPE_RECEIPT:
		e.receipt = (struct alm_receipt){.message_id = sample_id(),
			.is_accepted = true,
			.accepted = sample_accepted()};
		break;
	case ALM_ENVELOPE_DELIVER:
		e.deliver = sample_deliver();
		break;
	case ALM_ENVELOPE_ACKNOWLEDGE:
		e.acknowledge = (struct alm_acknowledge){
			sample_items, ALM_COUNT(sample_items)};
		break;
	case ALM_ENVELOPE_ACKNOWLEDGED:
		e.acknowledged = (struct alm_acknowledged){
			sample_sequences, ALM_COUNT(sample_sequences)};
		break;
	case ALM_ENVELOPE_NOTICE:
		e.notice = sample_notice();
		break;
	case ALM_ENVELOPE_PING:
		e.ping.context = SAMPLE_BYTES(sample_correlation);
		break;
	case ALM_ENVELOPE_PONG:
		e.ping.context = SAMPLE_BYTES(sample_correlation);
		e.ping.broker_time_ms = 1790000000000;
		break;
	case ALM_ENVELOPE_ERROR:
		e.error = sample_problem();
		break;
	case ALM_ENVELOPE_CREDIT:
		e.credit = 1024;
		break;
	case ALM_ENVELOPE_QUERY:
		e.request = sample_request(false);
		break;
	case ALM_ENVELOPE_ADMINISTER:
		e.request = sample_request(true);
		break;
	case ALM_ENVELOPE_ANSWER:
		e.answer = sample_answer();
		break;
	case ALM_ENVELOPE_GOODBYE:
		break;
	case ALM_ENVELOPE_PART:
	case ALM_ENVELOPE_PROGRESS:
	case ALM_ENVELOPE_JOIN:
	case ALM_ENVELOPE_JOINED:
		return sample_later(kind);
	}
	return e;
}

/* A side that takes the kind. */
static inline enum alm_wire_side sample_side(enum alm_envelope_kind kind)
{
	switch (kind) {
	case ALM_ENVELOPE_HELLO:
	case ALM_ENVELOPE_SEND:
	case ALM_ENVELOPE_ACKNOWLEDGE:
	case ALM_ENVELOPE_CREDIT:
	case ALM_ENVELOPE_QUERY:
	case ALM_ENVELOPE_GOODBYE:
	case ALM_ENVELOPE_PART:
	case ALM_ENVELOPE_PROGRESS:
	case ALM_ENVELOPE_JOIN:
		return ALM_WIRE_BROKER_AGENTS;
	case ALM_ENVELOPE_ADMINISTER:
		return ALM_WIRE_BROKER_ADMIN;
	default:
		return ALM_WIRE_AGENT;
	}
}

#endif /* ALM_TESTS_UNIT_LIB_WIRE_SAMPLES_H */
