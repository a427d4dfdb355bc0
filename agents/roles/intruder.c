/*
 * almoner-role-intruder - sends what a careful program would not: a message
 * in another organisation's name, signed with the agent's own, valid key, or
 * about an NHS number that nobody has checked.  For demonstrations and tests
 * of the broker's refusals.
 *
 * usage: almoner-role-intruder ENDPOINT BROKER-KEY KEY-FOLDER SENDER \
 *                              RECIPIENT SUBJECT
 *
 * KEY-FOLDER holds curve.key and signing.key.  Prints one line: the number of
 * the broker's answer and its name, or `handshake-refused`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>
#include <zmq.h>

#include "lib/file.h"
#include "lib/merkle.h"
#include "lib/wire/wire.h"

#define WAIT_MS 120000
#define HANDSHAKES_MAX 10u
#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define SIGNED_TEXT "almoner.v1.send" /* its NUL is signed as well */

struct intruder {
	void *context;
	void *socket;
	void *monitor;
	struct alm_hash *hash;
	struct alm_arena arena;
	struct alm_frame_builder frame;
	uint8_t signing_secret[crypto_sign_SECRETKEYBYTES];
};

static int fail(const char *what)
{
	(void)fprintf(stderr, "almoner-role-intruder: %s\n", what);
	return 1;
}

/** Read the keys of `folder` and set the secure connection up. */
static bool prepare(
	struct intruder *self, const char *broker_key, const char *folder)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t secret[ALM_KEY_BYTES];
	uint8_t seed[ALM_KEY_BYTES];
	uint8_t own[ALM_KEY_BYTES];
	uint8_t server[ALM_KEY_BYTES];
	uint8_t unused[crypto_sign_PUBLICKEYBYTES];
	char path[4096];
	bool is_set;

	(void)snprintf(path, sizeof(path), "%s/curve.key", folder);
	if (alm_key_file_read(path, secret, &problem) != ALM_OK) {
		return fail(problem.detail) == 0;
	}
	(void)snprintf(path, sizeof(path), "%s/signing.key", folder);
	if (alm_key_file_read(path, seed, &problem) != ALM_OK ||
		alm_unhex(broker_key, server, sizeof(server)) != ALM_OK) {
		return fail(problem.detail) == 0;
	}
	(void)crypto_scalarmult_base(own, secret);
	(void)crypto_sign_seed_keypair(unused, self->signing_secret, seed);
	is_set = zmq_setsockopt(self->socket, ZMQ_CURVE_SERVERKEY, server,
			 sizeof(server)) == 0 &&
		 zmq_setsockopt(self->socket, ZMQ_CURVE_PUBLICKEY, own,
			 sizeof(own)) == 0 &&
		 zmq_setsockopt(self->socket, ZMQ_CURVE_SECRETKEY, secret,
			 sizeof(secret)) == 0;
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(seed, sizeof(seed));
	return is_set;
}

/** Wait for the handshake's end: the last event.  One that is broken off
 * without a verdict, as by a machine that stands still, is tried again. */
static uint16_t shake_hands(struct intruder *self)
{
	uint8_t head[6];
	char address[256];
	uint16_t event = 0;

	for (unsigned i = 0;
		i < HANDSHAKES_MAX && event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED &&
		event != ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
		i++) {
		if (zmq_recv(self->monitor, head, sizeof(head), 0) !=
			(int)sizeof(head)) {
			return 0;
		}
		memcpy(&event, head, sizeof(event));
		(void)zmq_recv(self->monitor, address, sizeof(address), 0);
	}
	return event;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Sign a tree of one leaf, as docs/PROTOCOL.md says. */
static void sign(struct intruder *self, struct alm_send *send)
{
	uint8_t leaf[8 + ALM_DIGEST_BYTES];
	uint8_t text[sizeof(SIGNED_TEXT) + ALM_DIGEST_BYTES];
	struct alm_digest root;

	alm_put_u64(leaf, (uint64_t)send->sent_at_ms);
	alm_hash_bytes(self->hash, send->message, leaf + 8);
	alm_merkle_leaf(
		self->hash, (struct alm_bytes){leaf, sizeof(leaf)}, &root);
	memcpy(text, SIGNED_TEXT, sizeof(SIGNED_TEXT));
	memcpy(text + sizeof(SIGNED_TEXT), root.raw, sizeof(root.raw));
	(void)crypto_sign_detached(send->signature.ed25519, NULL, text,
		sizeof(text), self->signing_secret);
	send->signature.tree_size = 1;
}

/** Put hello and the message into the frame; `words`: sender, recipient and
 * subject. */
static enum alm_err forge(struct intruder *self, char **words)
{
	static const char *const categories[] = {"treatment-summary"};
	static const char payload[] = "Please send all notes to me.";
	struct alm_message message = alm_message_empty();
	struct alm_envelope hello = {.kind = ALM_ENVELOPE_HELLO,
		.hello = {ALM_PROTOCOL_VERSION, "almoner-role-intruder", 0}};
	struct alm_envelope letter = {.kind = ALM_ENVELOPE_SEND};
	uint8_t random[10];
	enum alm_err err;

	message.sender = words[0];
	message.recipient = words[1];
	message.purpose = "direct-care";
	message.categories = (struct alm_texts){categories, 1};
	message.payload_level = ALM_WIRE_LEVEL_IDENTIFIABLE;
	message.subject = words[2];
	randombytes_buf(random, sizeof(random));
	letter.send.sent_at_ms = now_ms();
	letter.send.payload = (struct alm_bytes){
		(const uint8_t *)payload, sizeof(payload) - 1};
	message.id = alm_message_id_make(letter.send.sent_at_ms, random);
	alm_hash_bytes(self->hash, letter.send.payload, message.payload_sha256);
	err = alm_wire_encode_message(
		&message, &self->arena, &letter.send.message);
	if (err != ALM_OK) {
		return err;
	}
	sign(self, &letter.send);
	err = alm_frame_add(&self->frame, &hello, &self->arena);
	return err != ALM_OK
		       ? err
		       : alm_frame_add(&self->frame, &letter, &self->arena);
}

/** The answer in one frame; false if it is not there. */
static bool print_answer(const struct alm_envelope *envelopes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct alm_envelope *e = &envelopes[i];

		if (e->kind == ALM_ENVELOPE_RECEIPT) {
			enum alm_err code = e->receipt.is_accepted
						    ? ALM_OK
						    : e->receipt.refused.code;

			return printf("%d %s\n", (int)code,
				       code == ALM_OK
					       ? "accepted"
					       : alm_err_info(code)->name) > 0;
		}
		if (e->kind == ALM_ENVELOPE_ERROR) {
			return printf("%d %s\n", (int)e->error.code,
				       alm_err_info(e->error.code)->name) > 0;
		}
	}
	return false;
}

/** Send the frame and wait for a receipt or an error. */
static int converse(struct intruder *self)
{
	struct alm_bytes frame = alm_frame_bytes(&self->frame);
	const struct alm_envelope *envelopes;
	struct alm_problem problem;
	zmq_msg_t answer;
	size_t count;
	bool is_done = false;

	if (zmq_send(self->socket, frame.data, frame.bytes, 0) < 0) {
		return fail("cannot send");
	}
	while (!is_done) {
		(void)zmq_msg_init(&answer);
		if (zmq_msg_recv(&answer, self->socket, 0) < 0) {
			return fail("no answer");
		}
		if (alm_wire_decode(ALM_WIRE_AGENT,
			    (struct alm_bytes){zmq_msg_data(&answer),
				    zmq_msg_size(&answer)},
			    &self->arena, &envelopes, &count,
			    &problem) == ALM_OK) {
			is_done = print_answer(envelopes, count);
		}
		(void)zmq_msg_close(&answer);
	}
	return 0;
}

static bool open_sockets(struct intruder *self)
{
	static const char address[] = "inproc://monitor";
	int wait_ms = WAIT_MS;
	int zero = 0;
	int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
		     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
		     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
		     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

	self->context = zmq_ctx_new();
	self->socket = zmq_socket(self->context, ZMQ_DEALER);
	self->monitor = zmq_socket(self->context, ZMQ_PAIR);
	return self->socket != NULL && self->monitor != NULL &&
	       zmq_setsockopt(self->socket, ZMQ_LINGER, &zero, sizeof(zero)) ==
		       0 &&
	       zmq_setsockopt(self->socket, ZMQ_RCVTIMEO, &wait_ms,
		       sizeof(wait_ms)) == 0 &&
	       zmq_setsockopt(self->monitor, ZMQ_RCVTIMEO, &wait_ms,
		       sizeof(wait_ms)) == 0 &&
	       zmq_socket_monitor(self->socket, address, events) == 0 &&
	       zmq_connect(self->monitor, address) == 0;
}

static void close_all(struct intruder *self)
{
	sodium_memzero(self->signing_secret, sizeof(self->signing_secret));
	if (self->monitor != NULL) {
		(void)zmq_close(self->monitor);
	}
	if (self->socket != NULL) {
		(void)zmq_close(self->socket);
	}
	if (self->context != NULL) {
		(void)zmq_ctx_term(self->context);
	}
	alm_frame_fini(&self->frame);
	alm_arena_fini(&self->arena);
	alm_hash_free(self->hash);
}

int main(int argc, char **argv)
{
	struct intruder self = {.hash = alm_hash_new()};
	uint16_t event = 0;
	int rc = 1;

	alm_arena_init(&self.arena, ARENA_BYTES_MAX);
	alm_frame_init(&self.frame, ALM_FRAME_BYTES_MAX);
	if (argc != 7) {
		rc = fail("give ENDPOINT BROKER-KEY KEY-FOLDER SENDER "
			  "RECIPIENT SUBJECT");
	} else if (self.hash == NULL || sodium_init() < 0 ||
		   !open_sockets(&self) || !prepare(&self, argv[2], argv[3]) ||
		   zmq_connect(self.socket, argv[1]) != 0) {
		rc = fail("cannot connect");
	} else if ((event = shake_hands(&self)) ==
		   ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
		rc = puts("handshake-refused") < 0;
	} else if (event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
		rc = fail("no handshake");
	} else if (forge(&self, argv + 4) != ALM_OK) {
		rc = fail("cannot encode");
	} else {
		rc = converse(&self);
	}
	close_all(&self);
	return rc;
}
