/*
 * A doctor's letter to itself.  The rule lets nobody send to itself (206), so
 * it is no message: it goes the way of one (signed, judged, recorded, kept,
 * read back, taken out), but into no mailbox and to nobody else.  Whoever the
 * rule has anything else against than 206 cannot even do that.
 *
 * With it goes a question: what a message without a person to somebody would
 * be answered.  It is judged and recorded like one, and goes nowhere.
 */
#include "broker/store/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "broker/admin/question.h"
#include "broker/admin/verbs.h"
#include "broker/edge/clock.h"
#include "broker/identity/role.h"
#include "broker/loop/detail.h"
#include "broker/mail/judge.h"
#include "broker/mail/receipt.h"
#include "lib/id.h"
#include "lib/join.h"
#include "lib/wire/texts.h"
#include "lib/words.h"

#define TRIALS_APART_US 1000000
#define RULE_SENDER_IS_RECIPIENT 206u
#define NO_PERSON "path trial"

/* --- the rule ------------------------------------------------------------- */

static struct alm_message draft(const struct alm_call *call, const char *to)
{
	struct alm_message message = alm_message_empty();

	message.sender = call->request->agent->organisation;
	message.recipient = to;
	return message;
}

/* What the rule says of the organisation and itself; only a category without
 * children gets that far. */
static enum alm_err judge_own(
	struct alm_call *call, struct alm_judgement *out_judgement)
{
	const struct alm_snapshot *snapshot = call->turn->broker->snapshot;
	struct alm_message message =
		draft(call, call->request->agent->organisation);
	struct alm_bytes nothing = {NULL, 0};
	size_t count =
		snapshot == NULL ? 1 : alm_snapshot_category_count(snapshot);
	enum alm_err err = ALM_OK;

	message.payload_level = ALM_WIRE_LEVEL_AGGREGATE;
	for (size_t i = 0; err == ALM_OK && i < count; i++) {
		const char *category =
			snapshot == NULL ? ""
					 : alm_snapshot_category(snapshot, i);

		if (snapshot != NULL) {
			message.purpose = alm_snapshot_purpose(snapshot, 0);
		}
		message.categories = (struct alm_texts){&category, 1};
		err = alm_judge(
			call->turn, &message, nothing, NULL, out_judgement);
		if (out_judgement->rule_code != 104) {
			break;
		}
	}
	return err;
}

static enum alm_err record_answer(struct alm_call *call,
	const struct alm_message *message,
	const struct alm_judgement *judgement, const char *released)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_TRIAL);
	struct alm_detail *detail;

	record.agent = call->request->agent->number;
	record.sender = call->request->agent->organisation;
	record.purpose = message->purpose;
	record.categories = released;
	record.basis = judgement->basis;
	record.effect = (uint8_t)judgement->effect;
	record.code = judgement->effect == ALM_EFFECT_DENY
			      ? (uint32_t)judgement->code
			      : judgement->rule_code;
	record.level_in = (uint8_t)message->payload_level;
	record.level_out = judgement->effect == ALM_EFFECT_DENY
				   ? 0
				   : (uint8_t)judgement->level;
	/* Nothing was sent: whom it was about is none of theirs to see. */
	detail = alm_call_detail(call, "asked what a message would be");
	alm_detail_text(detail, "to", message->recipient);
	for (size_t i = 0; i < judgement->reason_count; i++) {
		alm_detail_number(detail, "reason", judgement->reasons[i]);
	}
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}

static enum alm_err tell_reasons(
	struct alm_call *call, const struct alm_judgement *judgement)
{
	char text[16 * ALM_REASONS_MAX] = "";
	size_t used = 0;
	size_t count = 0;
	const uint32_t *shown = alm_shown_reasons(judgement->reasons,
		judgement->reason_count, call->turn->arena, &count);

	if (shown == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < count && used < sizeof(text); i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s%" PRIu32, i == 0 ? "" : ",", shown[i]);
	}
	alm_table_fact(call->table, "reasons", text);
	return ALM_OK;
}

static enum alm_err tell_answer(struct alm_call *call,
	const struct alm_message *message,
	const struct alm_judgement *judgement)
{
	bool is_denied = judgement->effect == ALM_EFFECT_DENY;
	struct alm_table *table = call->table;
	const char *released = alm_texts_join(
		is_denied ? (struct alm_texts){NULL, 0} : judgement->release,
		call->turn->arena);
	enum alm_err err;

	if (released == NULL) {
		return ALM_NOMEM;
	}
	alm_table_fact(table, "effect", alm_effect_word(judgement->effect));
	alm_table_number(table, "code",
		is_denied ? (uint64_t)alm_shown_code(judgement->code)
			  : judgement->rule_code);
	alm_table_fact(table, "basis", judgement->basis);
	alm_table_fact(table, "nearest", judgement->nearest);
	alm_table_fact(table, "release", released);
	alm_table_fact(table, "level",
		is_denied ? "" : alm_level_word(judgement->level));
	err = tell_reasons(call, judgement);
	return err == ALM_OK ? record_answer(call, message, judgement, released)
			     : err;
}

static enum alm_err bad_word(struct alm_call *call, const char *key)
{
	return alm_problem_set(
		call->problem, ALM_BAD_ARGUMENT, "%s is not an id", key);
}

/* Whether they can be words of a policy; whether they are, the rule says. */
static enum alm_err check_words(
	struct alm_call *call, const struct alm_message *message)
{
	if (!alm_id_is_valid(message->recipient)) {
		return bad_word(call, "to");
	}
	if (!alm_id_is_valid(message->purpose)) {
		return bad_word(call, "purpose");
	}
	if (message->basis[0] != '\0' && !alm_id_is_valid(message->basis)) {
		return bad_word(call, "basis");
	}
	for (size_t i = 0; i < message->categories.count; i++) {
		if (!alm_id_is_valid(message->categories.items[i])) {
			return bad_word(call, "categories");
		}
	}
	return message->categories.count <= ALM_CATEGORIES_MAX
		       ? ALM_OK
		       : bad_word(call, "categories");
}

static enum alm_err read_message(
	struct alm_call *call, const char *to, struct alm_message *out)
{
	struct alm_message message = draft(call, to);

	message.purpose = alm_call_argument(call, "purpose");
	message.basis = alm_call_argument(call, "basis");
	message.payload_level = (enum alm_wire_level)alm_level_of(
		alm_call_argument(call, "level"));
	if (message.payload_level >= ALM_WIRE_LEVEL_PSEUDONYMISED) {
		message.subject_unknown = NO_PERSON;
	}
	if (!alm_texts_split(alm_call_argument(call, "categories"),
		    call->turn->arena, &message.categories)) {
		return ALM_NOMEM;
	}
	*out = message;
	return check_words(call, out);
}

/* What a message to somebody would be answered; nothing if nobody is named. */
static enum alm_err answer_question(struct alm_call *call)
{
	const char *to = alm_call_argument(call, "to");
	struct alm_bytes nothing = {NULL, 0};
	struct alm_judgement judgement;
	struct alm_message message;
	enum alm_err code;
	enum alm_err err;

	if (to[0] == '\0') {
		return ALM_OK;
	}
	err = read_message(call, to, &message);
	if (err != ALM_OK) {
		return err;
	}
	code = alm_role_check_send(call->request->agent, &message);
	if (code == ALM_OK) {
		err = alm_judge(
			call->turn, &message, nothing, NULL, &judgement);
	} else {
		memset(&judgement, 0, sizeof(judgement));
		judgement.effect = ALM_EFFECT_DENY;
		judgement.code = code;
		judgement.basis = judgement.nearest = "";
	}
	return err == ALM_OK ? tell_answer(call, &message, &judgement) : err;
}

/* --- there --------------------------------------------------------------- */

static uint64_t own_number(const struct alm_call *call)
{
	return call->request->agent == NULL ? 0 : call->request->agent->number;
}

/* In the organisation's own name on both sides, and of this kind alone. */
static struct alm_audit_record own_record(
	const struct alm_call *call, uint64_t ref)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_TRIAL);

	record.agent = own_number(call);
	record.ref = ref;
	if (call->request->agent != NULL) {
		record.sender = call->request->agent->organisation;
		record.recipient = record.sender;
	}
	return record;
}

static enum alm_err refuse(struct alm_call *call, enum alm_err code)
{
	struct alm_audit_record record = own_record(call, 0);
	enum alm_err err;

	record.effect = ALM_EFFECT_DENY;
	record.code = (uint32_t)code;
	err = alm_call_record(call, &record, "a trial of the path, refused");
	return err == ALM_OK ? alm_problem_set(call->problem,
				       alm_shown_code(code), "%s", "")
			     : err;
}

static enum alm_err read_content(
	struct alm_call *call, struct alm_trial *out_trial)
{
	const char *text = alm_call_argument(call, "content");
	size_t bytes = strlen(text) / 2;

	if (bytes == 0 || bytes > ALM_TRIAL_BYTES_MAX ||
		alm_unhex(text, out_trial->content, bytes) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"content is 1 to %u bytes in hex", ALM_TRIAL_BYTES_MAX);
	}
	out_trial->content_bytes = (uint16_t)bytes;
	return ALM_OK;
}

/* The agent signs SHA-256 of its time, as 64 bits, and the content. */
static enum alm_err check_agent(
	struct alm_call *call, const struct alm_trial *trial, uint64_t at_ms)
{
	int64_t skew_ms = call->turn->now_ms - (int64_t)at_ms;
	uint8_t digest[ALM_DIGEST_BYTES];
	crypto_hash_sha256_state state;
	uint8_t raw[8];
	const char *word;

	alm_put_u64(raw, at_ms);
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, raw, sizeof(raw));
	(void)crypto_hash_sha256_update(
		&state, trial->content, trial->content_bytes);
	(void)crypto_hash_sha256_final(&state, digest);
	word = alm_agent_signature_word(call->request->agent, ALM_TRIAL_CONTEXT,
		digest, alm_call_argument(call, "signature"));
	if (strcmp(word, "good") != 0 && strcmp(word, "old") != 0) {
		return ALM_BAD_SIGNATURE;
	}
	return skew_ms > ALM_CLOCK_SKEW_MS_MAX ||
			       skew_ms < -ALM_CLOCK_SKEW_MS_MAX
		       ? ALM_CLOCK_SKEW
		       : ALM_OK;
}

static enum alm_err keep(
	struct alm_call *call, struct alm_trial *trial, unsigned rule_code)
{
	struct alm_audit_record record = own_record(call, 0);
	struct alm_detail *detail =
		alm_call_detail(call, "a trial of the path, taken in");
	enum alm_err err;

	(void)crypto_hash_sha256(
		record.content.raw, trial->content, trial->content_bytes);
	if (rule_code != 0) {
		alm_detail_number(detail, "rule", rule_code);
	}
	err = alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
	if (err != ALM_OK) {
		return err;
	}
	trial->at_us = call->turn->now_us;
	trial->audit_seq = record.seq;
	err = alm_store_trial_put(
		call->turn->broker->store, own_number(call), trial);
	alm_table_number(call->table, "seq", trial->audit_seq);
	alm_table_fact(call->table, "accepted-at",
		alm_table_instant(call->table, trial->at_us));
	return err;
}

/* One of its own at a time, and not more than one a second. */
static enum alm_err check_before(struct alm_call *call)
{
	struct alm_trial before;
	enum alm_err err = alm_store_trial_get(
		call->turn->broker->store, own_number(call), &before);

	if (call->turn->broker->is_draining) {
		return alm_problem_set(call->problem, ALM_DRAINING, "%s", "");
	}
	if (err == ALM_OK && before.at_us <= call->turn->now_us &&
		call->turn->now_us - before.at_us < TRIALS_APART_US) {
		return alm_problem_set(call->problem, ALM_TRIAL_SOON, "%s", "");
	}
	return err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ? ALM_OK : err;
}

/* OK: whatever the rule has against it is that nobody sends to itself. */
static enum alm_err ask_rule(struct alm_call *call, unsigned *out_rule_code)
{
	int64_t from_us = alm_clock_monotonic_us();
	struct alm_judgement judgement = {.rule_code = 0};
	enum alm_err err = judge_own(call, &judgement);

	if (err != ALM_OK) {
		return err;
	}
	if (judgement.rule_code != RULE_SENDER_IS_RECIPIENT) {
		return refuse(call, judgement.code);
	}
	*out_rule_code = judgement.rule_code;
	alm_table_number(call->table, "rule", judgement.rule_code);
	alm_table_number(call->table, "decide-us",
		(uint64_t)(alm_clock_monotonic_us() - from_us));
	return ALM_OK;
}

enum alm_err alm_verb_trial(struct alm_call *call)
{
	struct alm_trial trial = {.at_us = 0};
	unsigned rule_code = 0;
	uint64_t at_ms = 0;
	enum alm_err err = alm_question_number(call, "at", &at_ms);

	if (err == ALM_OK) {
		err = read_content(call, &trial);
	}
	if (err == ALM_OK) {
		err = check_before(call);
	}
	if (err == ALM_OK && call->request->agent != NULL) {
		enum alm_err code = check_agent(call, &trial, at_ms);

		if (code != ALM_OK) {
			return refuse(call, code);
		}
		err = ask_rule(call, &rule_code);
		if (err == ALM_OK) {
			err = answer_question(call);
		}
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "commit-us",
		(uint64_t)call->turn->broker->fair.commit_us);
	return keep(call, &trial, rule_code);
}

/* --- and back ------------------------------------------------------------ */

static enum alm_err find(struct alm_call *call, struct alm_trial *out_trial)
{
	uint64_t seq = 0;
	enum alm_err err = alm_question_number(call, "seq", &seq);

	if (err == ALM_OK) {
		err = alm_store_trial_get(
			call->turn->broker->store, own_number(call), out_trial);
	}
	if (err == ALM_NOT_FOUND ||
		(err == ALM_OK && (out_trial->audit_seq != seq ||
					  out_trial->content_bytes == 0))) {
		return alm_problem_set(
			call->problem, ALM_UNKNOWN_SEQUENCE, "%s", "");
	}
	return err == ALM_STORE_CORRUPT
		       ? alm_problem_set(call->problem, err, "%s", "")
		       : err;
}

enum alm_err alm_verb_trial_take(struct alm_call *call)
{
	struct alm_audit_record record;
	struct alm_trial trial = {.at_us = 0};
	enum alm_err err = find(call, &trial);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_fact(call->table, "content",
		alm_table_hex(call->table, (struct alm_bytes){trial.content,
						   trial.content_bytes}));
	record = own_record(call, trial.audit_seq);
	return alm_call_record(
		call, &record, "a trial of the path, handed over");
}

enum alm_err alm_verb_trial_end(struct alm_call *call)
{
	struct alm_audit_record record;
	struct alm_trial trial = {.at_us = 0};
	enum alm_err err = find(call, &trial);

	if (err != ALM_OK) {
		return err;
	}
	trial.content_bytes = 0;
	err = alm_store_trial_put(
		call->turn->broker->store, own_number(call), &trial);
	record = own_record(call, trial.audit_seq);
	return err == ALM_OK ? alm_call_record(call, &record,
				       "a trial of the path, acknowledged")
			     : err;
}
