#include "broker/mail/notice.h"

#include <string.h>

#include "broker/mail/receipt.h"

#define NOTICE_VERSION 1u
#define NOTICE_BYTES_MAX 4096u
#define REASONS_MAX 64u

/* Gives the body of `notice`, in the arena.  Errors: NOMEM. */
static enum alm_err encode(const struct alm_notice *notice,
	struct alm_arena *arena, struct alm_bytes *out_body)
{
	const struct alm_wire_problem *problem = &notice->problem;
	uint8_t *data = alm_arena_take(arena, NOTICE_BYTES_MAX);
	struct alm_writer writer;

	if (data == NULL) {
		return ALM_NOMEM;
	}
	alm_writer_init(&writer, data, NOTICE_BYTES_MAX);
	alm_write_u8(&writer, NOTICE_VERSION);
	alm_write_u8(&writer, (uint8_t)notice->kind);
	alm_write_raw(&writer, notice->message_id.raw, ALM_MESSAGE_ID_BYTES);
	alm_write_u64(&writer, (uint64_t)notice->at_ms);
	alm_write_u32(&writer, (uint32_t)problem->code);
	alm_write_u8(&writer, (uint8_t)problem->reason_count);
	for (size_t i = 0; i < problem->reason_count; i++) {
		alm_write_u32(&writer, problem->reasons[i]);
	}
	alm_write_text(&writer, notice->recipient);
	alm_write_text(&writer, notice->reason);
	out_body->data = data;
	return alm_writer_finish(&writer, &out_body->bytes);
}

enum alm_err alm_notice_decode(struct alm_bytes body, struct alm_arena *arena,
	struct alm_notice *out_notice)
{
	uint32_t *reasons = alm_arena_take(arena, (size_t)REASONS_MAX * 4);
	struct alm_notice notice;
	struct alm_reader reader;

	if (reasons == NULL) {
		return ALM_NOMEM;
	}
	memset(&notice, 0, sizeof(notice));
	alm_reader_init(&reader, body.data, body.bytes);
	if (alm_read_u8(&reader) != NOTICE_VERSION) {
		return ALM_STORE_CORRUPT;
	}
	notice.kind = (enum alm_notice_kind)alm_read_u8(&reader);
	alm_read_raw(&reader, notice.message_id.raw, ALM_MESSAGE_ID_BYTES);
	notice.at_ms = (int64_t)alm_read_u64(&reader);
	notice.problem.code = (enum alm_err)alm_read_u32(&reader);
	notice.problem.reason_count = alm_read_u8(&reader);
	if (notice.problem.reason_count > REASONS_MAX) {
		return ALM_STORE_CORRUPT;
	}
	for (size_t i = 0; i < notice.problem.reason_count; i++) {
		reasons[i] = alm_read_u32(&reader);
	}
	notice.problem.reasons = reasons;
	notice.problem.detail = "";
	notice.problem.nearest = "";
	notice.recipient = alm_read_text(&reader);
	notice.reason = alm_read_text(&reader);
	if (!alm_reader_is_done(&reader) ||
		notice.kind < ALM_NOTICE_KIND_EXPIRED ||
		notice.kind > ALM_NOTICE_KIND_MAX) {
		return ALM_STORE_CORRUPT;
	}
	*out_notice = notice;
	return ALM_OK;
}

/* The record that a notice was written: it stands for its hand-over too. */
static enum alm_err record_notice(struct alm_turn *turn,
	const struct alm_notice_facts *facts, struct alm_mail *mail)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_NOTICE);
	enum alm_err err;

	record.code = (uint32_t)facts->code;
	record.ref = facts->ref;
	record.mail_seq = mail->seq;
	record.has_message_id = true;
	record.message_id = facts->message_id;
	record.sender = facts->recipient;
	record.recipient = facts->to;
	err = alm_turn_audit(turn, &record, "");
	ALM_ASSERT(err != ALM_OK || record.seq == mail->audit_seq);
	return err;
}

enum alm_err alm_send_notice(
	struct alm_turn *turn, const struct alm_notice_facts *facts)
{
	struct alm_notice notice = {
		.kind = facts->kind,
		.message_id = facts->message_id,
		.recipient = facts->recipient,
		.problem.code = alm_shown_code(facts->code),
		.reason = facts->reason,
		.at_ms = turn->now_ms,
	};
	struct alm_mail mail = {
		.kind = ALM_MAIL_NOTICE,
		.recipient = facts->to,
		.sender = "",
		.message_id = facts->message_id,
		.accepted_at_ms = turn->now_ms,
		.expires_ms = turn->now_ms + ALM_EXPIRY_MS_MAX,
		.audit_seq = turn->broker->audit_size + 1,
		.released = "",
	};
	struct alm_mailbox *mailbox =
		alm_mailboxes_get(turn->broker->mailboxes, facts->to);
	enum alm_err err;

	notice.problem.reasons = alm_shown_reasons(facts->reasons,
		facts->reason_count, turn->arena, &notice.problem.reason_count);
	if (mailbox == NULL || notice.problem.reasons == NULL) {
		return ALM_NOMEM;
	}
	err = encode(&notice, turn->arena, &mail.message);
	if (err == ALM_OK) {
		err = alm_store_mail_put(turn->broker->store, &mail);
	}
	if (err == ALM_OK) {
		mailbox->has_more[ALM_MAIL_ROUTINE] = true;
		err = record_notice(turn, facts, &mail);
	}
	return err;
}
