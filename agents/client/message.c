#include <string.h>

#include <sodium.h>

#include "agents/client/client.h"
#include "agents/client/clock.h"
#include "lib/words.h"

static const char *const priorities[] = {"routine", "urgent", "bulk"};
static const char *const overrides[] = {"", "emergency", "guardian"};
static const char *const notice_kinds[] = {"", "expired", "stopped", "rejected",
	"override", "dead-letter", "timed-out", "deadline"};
static const char *const message_kinds[] = {
	"", "request", "reply", "delivered", "opened", "acted"};

const char *alm_priority_word(enum alm_priority priority)
{
	return (size_t)priority < ALM_COUNT(priorities) ? priorities[priority]
							: "";
}

const char *alm_notice_kind_word(enum alm_notice_kind kind)
{
	return (size_t)kind < ALM_COUNT(notice_kinds) ? notice_kinds[kind] : "";
}

const char *alm_message_kind_word(enum alm_message_kind kind)
{
	return (size_t)kind < ALM_COUNT(message_kinds) ? message_kinds[kind]
						       : "";
}

/** The word's number; `count` if it is none of them.  None at all is 0. */
static size_t number_of(
	const char *word, const char *const *words, size_t count)
{
	size_t i = 0;

	if (word == NULL || word[0] == '\0') {
		return 0;
	}
	while (i < count && strcmp(word, words[i]) != 0) {
		i++;
	}
	return i;
}

static const char *text_or_none(const char *text)
{
	return text == NULL ? "" : text;
}

static bool is_text(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static enum alm_err set_words(
	struct alm_message *message, const struct alm_outgoing *outgoing)
{
	unsigned level = alm_level_of(outgoing->level);
	size_t priority = number_of(
		outgoing->priority, priorities, ALM_COUNT(priorities));
	size_t override = number_of(
		outgoing->override_kind, overrides, ALM_COUNT(overrides));
	size_t kind = number_of(
		outgoing->kind, message_kinds, ALM_COUNT(message_kinds));

	if ((level == 0 && is_text(outgoing->level)) ||
		kind == ALM_COUNT(message_kinds) ||
		priority == ALM_COUNT(priorities) ||
		override == ALM_COUNT(overrides)) {
		return ALM_BAD_ARGUMENT;
	}
	message->payload_level = (enum alm_wire_level)level;
	message->priority = (enum alm_priority)priority;
	message->kind = (enum alm_message_kind)kind;
	message->has_override = override != 0;
	message->override_kind = (enum alm_wire_override) override;
	return ALM_OK;
}

static void set_texts(
	struct alm_message *message, const struct alm_outgoing *outgoing)
{
	message->recipient = text_or_none(outgoing->recipient);
	message->recipients = (struct alm_texts){
		outgoing->recipients, outgoing->recipient_count};
	message->purpose = text_or_none(outgoing->purpose);
	message->standard = text_or_none(outgoing->standard);
	message->standard_version = text_or_none(outgoing->standard_version);
	message->subject = text_or_none(outgoing->subject);
	message->subject_unknown = text_or_none(outgoing->subject_unknown);
	message->basis = text_or_none(outgoing->basis);
	message->traceparent = text_or_none(outgoing->traceparent);
	message->override_by = text_or_none(outgoing->override_by);
	message->override_reason = text_or_none(outgoing->override_reason);
	message->has_relationship = is_text(outgoing->relationship_kind);
	message->relationship_kind = text_or_none(outgoing->relationship_kind);
	message->relationship_ref = text_or_none(outgoing->relationship_ref);
	message->relationship_organisation =
		message->has_relationship ? message->recipient : "";
}

/** A relationship is asserted of one organisation: not of a list. */
static enum alm_err check_recipients(const struct alm_outgoing *outgoing)
{
	if (outgoing->recipient_count > ALM_ADDRESSES_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	for (size_t i = 0; i < outgoing->recipient_count; i++) {
		if (outgoing->recipients[i] == NULL) {
			return ALM_BAD_ARGUMENT;
		}
	}
	return outgoing->recipient_count > 0 &&
			       (is_text(outgoing->recipient) ||
				       is_text(outgoing->relationship_kind))
		       ? ALM_BAD_ARGUMENT
		       : ALM_OK;
}

/** What the encoder does not look at and the broker's decoder does: a frame
 * with one bad message would be refused whole. */
static enum alm_err check(const struct alm_message *message)
{
	if (!alm_message_id_is_valid(&message->id)) {
		return ALM_BAD_MESSAGE_ID;
	}
	return message->deadline_ms < 0 || message->expires_ms < 0
		       ? ALM_MALFORMED
		       : ALM_OK;
}

/** The id given, or the next. */
static void set_id(struct alm_client *client,
	const struct alm_outgoing *outgoing, struct alm_message *message)
{
	if (outgoing->id == NULL) {
		message->id =
			alm_message_id_next(&client->ids, alm_client_wall_ms(),
				alm_random_for_id(&client->random));
	} else {
		memcpy(message->id.raw, outgoing->id, sizeof(message->id.raw));
	}
}

/** Borrowed from `outgoing`, as all texts are. */
static void set_facts(
	struct alm_message *message, const struct alm_outgoing *outgoing)
{
	message->categories = (struct alm_texts){
		outgoing->categories, outgoing->category_count};
	message->has_not_before = outgoing->has_not_before;
	message->not_before_epoch = outgoing->not_before_epoch;
	message->not_before_seq = outgoing->not_before_seq;
	if (outgoing->correlation_id != NULL) {
		message->correlation_id = (struct alm_bytes){
			outgoing->correlation_id, ALM_MESSAGE_ID_BYTES};
	}
	message->deadline_ms = outgoing->deadline_ms;
	message->expires_ms = outgoing->expires_ms;
}

/** What binds the payload to the message: its parts' root, or its hash. */
static void set_digest(struct alm_client *client,
	const struct alm_outgoing *outgoing, const struct alm_sending *sending,
	struct alm_message *message)
{
	if (sending != NULL) {
		message->payload_bytes = sending->source.bytes;
		memcpy(message->payload_sha256,
			alm_part_tree_root(sending->tree)->raw,
			ALM_DIGEST_BYTES);
	} else {
		alm_hash_bytes(client->hash,
			(struct alm_bytes){
				outgoing->payload, outgoing->payload_bytes},
			message->payload_sha256);
	}
}

enum alm_err alm_message_from_outgoing(struct alm_client *client,
	const struct alm_outgoing *outgoing, const struct alm_sending *sending,
	struct alm_message *out_message, struct alm_bytes *out_bytes)
{
	struct alm_message message = {.sender = client->organisation};
	enum alm_err err = check_recipients(outgoing);

	if (err == ALM_OK) {
		err = set_words(&message, outgoing);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (outgoing->payload_bytes > ALM_PAYLOAD_BYTES_MAX) {
		return ALM_PAYLOAD_TOO_LARGE;
	}
	set_id(client, outgoing, &message);
	set_texts(&message, outgoing);
	set_facts(&message, outgoing);
	set_digest(client, outgoing, sending, &message);
	err = check(&message);
	if (err == ALM_OK) {
		err = alm_wire_encode_message(
			&message, &client->scratch, out_bytes);
	}
	if (err == ALM_OK) {
		*out_message = message;
	}
	return err;
}

void alm_make_id(uint8_t out_id[16])
{
	static _Thread_local struct alm_id_series series;
	uint8_t random[10];
	struct alm_message_id id;

	randombytes_buf(random, sizeof(random));
	id = alm_message_id_next(&series, alm_client_wall_ms(), random);
	memcpy(out_id, id.raw, sizeof(id.raw));
}

void alm_id_text(const uint8_t id[16], char out_text[37])
{
	struct alm_message_id copy;

	memcpy(copy.raw, id, sizeof(copy.raw));
	alm_message_id_text(&copy, out_text);
}
