/*
 * Goal: payloads travel compressed only where both sides said so, are what
 * they were at the other end, and no frame makes the broker hold more than it
 * says.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "lib/zip.h"
#include "tests/support/peer.h"

#define TEXT_BYTES ((size_t)50000)

static struct test_broker broker;
static struct test_peer sender;
static struct test_peer receiver;
static char text[TEXT_BYTES + 1];
static struct alm_zip *zip;

static void open_all(void)
{
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < TEXT_BYTES; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		text[i] = (char)('a' + x % 7);
	}
	zip = alm_zip_new();
	test_broker_open(&broker, "");
	test_broker_activate(&broker, test_policy);
	test_peer_enrol(&sender, &broker, "RX1");
	test_peer_connect(&sender, &broker);
	test_peer_enrol(&receiver, &broker, "C84001");
	test_peer_connect(&receiver, &broker);
}

static void close_all(void)
{
	test_peer_free(&sender);
	test_peer_free(&receiver);
	test_broker_close(&broker);
	alm_zip_free(zip);
}

TestSuite(compressed, .init = open_all, .fini = close_all, .timeout = 1800);

static uint32_t hello(struct test_peer *peer, uint32_t encodings)
{
	struct alm_envelope e = {.kind = ALM_ENVELOPE_HELLO,
		.hello = {.version = 1, .credit = 8, .encodings = encodings}};

	test_peer_say(peer, &e);
	return test_peer_expect(peer, ALM_ENVELOPE_WELCOME)->welcome.encodings;
}

/* Send `text` as these bytes under this encoding; the code of the receipt. */
static enum alm_err send_as(
	struct alm_bytes payload, enum alm_encoding encoding)
{
	struct alm_message message = test_message(&sender, "C84001");
	const struct alm_receipt *receipt;

	test_peer_send_as(&sender, &message, text, payload, encoding);
	receipt = &test_peer_expect(&sender, ALM_ENVELOPE_RECEIPT)->receipt;
	return receipt->is_accepted ? ALM_OK : receipt->refused.code;
}

static struct alm_bytes pack(uint8_t room[TEXT_BYTES])
{
	struct alm_bytes clear = {(const uint8_t *)text, TEXT_BYTES};

	return (struct alm_bytes){room, alm_zip_pack(zip, clear, room)};
}

static const struct alm_deliver *take(void)
{
	return &test_peer_expect(&receiver, ALM_ENVELOPE_DELIVER)->deliver;
}

Test(compressed, a_payload_goes_through_compressed_on_both_sides)
{
	static uint8_t room[TEXT_BYTES];
	static uint8_t clear[TEXT_BYTES];
	const struct alm_deliver *mail;

	cr_assert_eq(hello(&sender, 2), 2);
	cr_assert_eq(hello(&receiver, 6), 2, "only what the broker has too");
	cr_assert_eq(send_as(pack(room), ALM_ENCODING_ZSTD), ALM_OK);
	mail = take();
	cr_assert_eq(mail->encoding, ALM_ENCODING_ZSTD);
	cr_assert_lt(mail->payload.bytes, TEXT_BYTES / 2);
	cr_assert_eq(
		alm_zip_unpack(zip, mail->payload, clear, TEXT_BYTES), ALM_OK);
	cr_assert_arr_eq(clear, text, TEXT_BYTES);
}

Test(compressed, who_did_not_agree_gets_it_clear)
{
	static uint8_t room[TEXT_BYTES];
	const struct alm_deliver *mail;

	cr_assert_eq(hello(&sender, 2), 2);
	cr_assert_eq(hello(&receiver, 0), 0);
	cr_assert_eq(send_as(pack(room), ALM_ENCODING_ZSTD), ALM_OK);
	mail = take();
	cr_assert_eq(mail->encoding, ALM_ENCODING_NONE);
	cr_assert_eq(mail->payload.bytes, TEXT_BYTES);
	cr_assert_arr_eq(mail->payload.data, text, TEXT_BYTES);
}

Test(compressed, what_was_not_agreed_is_refused)
{
	static uint8_t room[TEXT_BYTES];

	cr_assert_eq(hello(&sender, 0), 0);
	cr_assert_eq(send_as(pack(room), ALM_ENCODING_ZSTD),
		ALM_ENCODING_NOT_AGREED);
}

Test(compressed, a_bomb_and_rubbish_are_refused)
{
	size_t bytes = 8 * 1024 * 1024;
	uint8_t *zeroes = calloc(1, bytes);
	static uint8_t room[TEXT_BYTES];
	struct alm_bytes bomb = {room, 0};

	cr_assert_eq(hello(&sender, 2), 2);
	bomb.bytes = ZSTD_compress(room, sizeof(room), zeroes, bytes, 1);
	free(zeroes);
	cr_assert_lt(bomb.bytes, 2000);
	cr_assert_eq(send_as(bomb, ALM_ENCODING_ZSTD), ALM_ENCODING_BROKEN);
	cr_assert_eq(send_as((struct alm_bytes){(const uint8_t *)text, 500},
			     ALM_ENCODING_ZSTD),
		ALM_ENCODING_BROKEN);
	bomb = pack(room);
	room[bomb.bytes / 2] ^= 1;
	cr_assert_neq(send_as(bomb, ALM_ENCODING_ZSTD), ALM_OK);
	cr_assert_eq(
		send_as((struct alm_bytes){(const uint8_t *)text, TEXT_BYTES},
			ALM_ENCODING_NONE),
		ALM_OK);
}

/* A letter here and there, so that it shrinks to a twentieth or less. */
static void thin_out(void)
{
	for (size_t i = 0; i < TEXT_BYTES; i++) {
		text[i] = i % 64 == 0 ? text[i] : 'x';
	}
}

Test(compressed, a_quota_of_bytes_is_of_what_is_in_them)
{
	static uint8_t room[TEXT_BYTES];
	struct alm_bytes packed;

	test_broker_stop(&broker);
	test_broker_add_settings(
		&broker, "organisation-bytes-per-second: 64KiB\n");
	test_broker_start(&broker);
	cr_assert_eq(hello(&sender, 2), 2);
	thin_out();
	packed = pack(room);
	cr_assert_lt(4 * packed.bytes, 16 * 1024);
	for (int i = 0; i < 4; i++) {
		cr_assert_eq(send_as(packed, ALM_ENCODING_ZSTD), ALM_OK);
	}
	cr_expect_gt(test_broker_figure(&broker, "quota-waits"), 0);
}
