/*
 * Writes the seeds of the wire targets, and golden frames where there are none
 * yet: `make corpus`.  The same bytes each time.  A golden frame is of the past
 * and is never made again, whatever words the catalogue has now; what it holds
 * is the seed as well.
 * usage: make_corpus FUZZ-CORPUS-FOLDER GOLDEN-FOLDER
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/protowire.h"
#include "tests/fuzz/conversation.h"
#include "tests/unit/core/standard_table.h"
#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;

static void write_file(const char *folder, const char *target, const char *name,
	struct alm_bytes bytes)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, target);
	if (mkdir(path, 0755) != 0 && errno != EEXIST) {
		perror(path);
		exit(1);
	}
	snprintf(path, sizeof(path), "%s/%s/%s", folder, target, name);
	file = fopen(path, "wb");
	if (file == NULL ||
		fwrite(bytes.data, 1, bytes.bytes, file) != bytes.bytes ||
		fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

/* The golden frame of that name: what the file holds, or from now on these
 * bytes. */
static struct alm_bytes keep_golden(
	const char *folder, const char *name, struct alm_bytes bytes)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t *data = NULL;
	char path[512];
	enum alm_err err;

	snprintf(path, sizeof(path), "%s/v1/%s", folder, name);
	err = alm_file_read(
		path, ALM_FRAME_BYTES_MAX, &data, &bytes.bytes, &problem);
	if (err == ALM_NOT_FOUND) {
		write_file(folder, "v1", name, bytes);
		return bytes;
	}
	if (err != ALM_OK) {
		fprintf(stderr, "%s\n", problem.detail);
		exit(1);
	}
	bytes.data = data;
	bytes.data = alm_arena_copy(&arena, bytes);
	free(data);
	return bytes;
}

static struct alm_bytes message_bytes(void)
{
	struct alm_message message = sample_message();
	struct alm_bytes bytes;

	if (alm_wire_encode_message(&message, &arena, &bytes) != ALM_OK) {
		exit(1);
	}
	return bytes;
}

static struct alm_bytes frame_of(const struct alm_envelope *envelope)
{
	struct alm_frame_builder frame;
	struct alm_bytes bytes;

	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	if (alm_frame_add(&frame, envelope, &arena) != ALM_OK) {
		exit(1);
	}
	bytes = alm_frame_bytes(&frame);
	bytes.data = alm_arena_copy(&arena, bytes);
	alm_frame_fini(&frame);
	return bytes;
}

/* A message to several, and its receipt. */
static void write_several(const char *corpus, const char *golden)
{
	struct alm_message message = sample_message_to_several();
	struct alm_envelope e = {.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = sample_receipt_of_several()};
	struct alm_bytes bytes;

	if (alm_wire_encode_message(&message, &arena, &bytes) != ALM_OK) {
		exit(1);
	}
	write_file(corpus, "message", "to-several",
		keep_golden(golden, "message-to-several", bytes));
	write_file(corpus, "frame_agent", "receipt-of-several",
		keep_golden(golden, "receipt-of-several", frame_of(&e)));
}

static void write_kinds(const char *corpus, const char *golden)
{
	for (size_t i = 0; i < ALM_COUNT(sample_kinds); i++) {
		enum alm_envelope_kind kind = sample_kinds[i].kind;
		struct alm_envelope e = sample_envelope(kind, message_bytes());
		bool is_agent = sample_side(kind) == ALM_WIRE_AGENT;

		write_file(corpus, is_agent ? "frame_agent" : "frame_broker",
			sample_kinds[i].name,
			keep_golden(
				golden, sample_kinds[i].name, frame_of(&e)));
	}
	write_several(corpus, golden);
	write_file(corpus, "message", "full",
		keep_golden(golden, "message", message_bytes()));
}

static void hostile(
	const char *corpus, const char *name, const char *text, size_t bytes)
{
	struct alm_bytes seed = {(const uint8_t *)text, bytes};

	write_file(corpus, "frame_broker", name, seed);
	write_file(corpus, "frame_agent", name, seed);
	write_file(corpus, "message", name, seed);
}

#define HOSTILE(corpus, name, text) \
	hostile((corpus), (name), (text), sizeof(text) - 1)

/* Field `number` of bytes around itself, `levels` deep, or side by side. */
static void write_piles(const char *corpus)
{
	static char deep[8192];
	static char wide[4096];
	size_t at = sizeof(deep);

	while (at > 4) {
		uint8_t header[8];
		size_t bytes =
			1 + alm_proto_put_varint(header + 1, sizeof(deep) - at);

		header[0] = 0x0A;
		at -= bytes;
		memcpy(deep + at, header, bytes);
	}
	hostile(corpus, "deep", deep + at, sizeof(deep) - at);
	for (size_t i = 0; i < sizeof(wide); i += 2) {
		wide[i] = 0x0A;
	}
	hostile(corpus, "wide", wide, sizeof(wide));
	memset(wide, 0xFF, sizeof(wide));
	hostile(corpus, "endless-varint", wide, 64);
}

static void write_hostile(const char *corpus)
{
	HOSTILE(corpus, "empty", "");
	HOSTILE(corpus, "truncated-tag", "\x0A");
	HOSTILE(corpus, "truncated-length", "\x0A\x80");
	HOSTILE(corpus, "length-past-end", "\x0A\xFF\xFF\xFF\xFF\x0F");
	HOSTILE(corpus, "two-bodies", "\x0A\x04\x62\x00\x4A\x00");
	HOSTILE(corpus, "twice", "\x0A\x06\x62\x04\x08\x01\x08\x02");
	HOSTILE(corpus, "unknown-field", "\x0A\x04\x62\x02\x78\x01");
	HOSTILE(corpus, "group", "\x0A\x02\x0B\x0C");
	HOSTILE(corpus, "number-zero", "\x02\x00");
	HOSTILE(corpus, "ten-byte-varint",
		"\x0A\x0D\x62\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02");
	HOSTILE(corpus, "control-character",
		"\x0A\x07\x0A\x05\x08\x01\x12\x01\x0A");
	HOSTILE(corpus, "packed-and-not",
		"\x0A\x08\x3A\x06\x0A\x02\x01\x02\x08\x03");
	write_piles(corpus);
}

/* A message and a part whose data is packed: 2,560 times one letter, and bytes
 * that say of themselves that they are one. */
static void write_packed(const char *corpus)
{
	static const char small[] = "\x28\xB5\x2F\xFD\x60\x00\x09\x03\x50\x00"
				    "a";
	static const char lie[] = "\x28\xB5\x2F\xFD\x20\x01\x41\x00\x00"
				  "too long";
	struct alm_envelope send =
		sample_envelope(ALM_ENVELOPE_SEND, message_bytes());
	struct alm_envelope part =
		sample_envelope(ALM_ENVELOPE_PART, message_bytes());

	send.send.payload =
		(struct alm_bytes){(const uint8_t *)small, sizeof(small) - 1};
	send.send.encoding = ALM_ENCODING_ZSTD;
	write_file(corpus, "frame_broker", "send-packed", frame_of(&send));
	part.part.data = send.send.payload;
	write_file(corpus, "frame_broker", "part-packed", frame_of(&part));
	part.part.data =
		(struct alm_bytes){(const uint8_t *)lie, sizeof(lie) - 1};
	write_file(corpus, "frame_broker", "part-says-less", frame_of(&part));
}

/* Hello or welcome with fields of a later release, number 1000: a text, then a
 * number. */
static void write_grown(const char *corpus, const char *target,
	const char *name, char kind, size_t field_count)
{
	static const char text[] = "\xC2\x3E\x01!";
	static const char number[] = "\xC0\x3E\x07";
	char frame[256] = {0x0A, 0, kind, 0, 0x08, 1};
	size_t at = 6;

	for (size_t i = 0; i < field_count; i++) {
		const char *field = i % 2 == 0 ? text : number;

		memcpy(frame + at, field, strlen(field));
		at += strlen(field);
	}
	frame[1] = (char)(at - 2);
	frame[3] = (char)(at - 4);
	write_file(corpus, target, name,
		(struct alm_bytes){(const uint8_t *)frame, at});
}

/* With as many as are passed over, and one more. */
static void write_all_grown(const char *corpus)
{
	const size_t most = ALM_WIRE_UNKNOWN_MAX;

	write_grown(corpus, "frame_broker", "hello-grown", 0x0A, most);
	write_grown(corpus, "frame_broker", "hello-overgrown", 0x0A, most + 1);
	write_grown(corpus, "frame_agent", "welcome-grown", 0x12, most);
	write_grown(corpus, "frame_agent", "welcome-overgrown", 0x12, most + 1);
}

static void write_payloads(const char *corpus)
{
	/* categories and pseudonym; sent and allowed level */
	static const uint8_t choices[][2] = {{63, 15}, {47, 11}, {7, 15},
		{63, 3}, {48, 15}, {47, 10}, {47, 15}, {47, 11}};

	for (size_t i = 0; i < ALM_COUNT(choices); i++) {
		struct scribe s = scribe_full();
		char name[16];
		uint8_t seed[sizeof(s.data) + 2];

		if (i % 2 == 1) {
			scribe_text(&s, 6, "a history");
		}
		if (i >= 6) {
			scribe_fine(&s);
		}
		memcpy(seed, choices[i], 2);
		memcpy(seed + 2, s.data, s.bytes);
		snprintf(name, sizeof(name), "view-%zu", i);
		write_file(corpus, "minimise", name,
			(struct alm_bytes){seed, s.bytes + 2});
	}
}

/* One envelope, about what the client of fuzz_client has under way. */
static void write_talk(const char *corpus, const char *name,
	const struct alm_envelope *envelopes, size_t count)
{
	static uint8_t all[ALM_FRAME_BYTES_MAX];
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		struct alm_bytes frame = frame_of(&envelopes[i]);

		all[bytes++] = (uint8_t)(frame.bytes >> 8);
		all[bytes++] = (uint8_t)frame.bytes;
		memcpy(all + bytes, frame.data, frame.bytes);
		bytes += frame.bytes;
	}
	write_file(corpus, "client", name, (struct alm_bytes){all, bytes});
}

static void write_talks(const char *corpus)
{
	static const uint8_t part[TALK_PART_BYTES];
	uint64_t sequences[] = {TALK_HELD, TALK_SEQUENCE};
	struct alm_envelope e[] = {
		sample_envelope(ALM_ENVELOPE_RECEIPT, message_bytes()),
		sample_envelope(ALM_ENVELOPE_DELIVER, message_bytes()),
		sample_envelope(ALM_ENVELOPE_ANSWER, message_bytes()),
		{.kind = ALM_ENVELOPE_PART,
			.part = {.sequence = TALK_SEQUENCE,
				.data = {part, sizeof(part)}}},
		{.kind = ALM_ENVELOPE_ACKNOWLEDGED,
			.acknowledged = {sequences, 2}},
		{.kind = ALM_ENVELOPE_PROGRESS,
			.progress = {.message_id = {talk_id, 16},
				.next = 7,
				.until = 9,
				.is_again = true}},
		sample_envelope(ALM_ENVELOPE_NOTICE, message_bytes()),
		sample_envelope(ALM_ENVELOPE_ERROR, message_bytes()),
		sample_envelope(ALM_ENVELOPE_WELCOME, message_bytes()),
		sample_envelope(ALM_ENVELOPE_PING, message_bytes())};

	memcpy(e[0].receipt.message_id.raw, talk_id, 16);
	e[1].deliver.recipient = "RX1";
	e[2].answer.id = TALK_QUESTION;
	e[8].welcome.organisation = "RX1";
	e[8].welcome.agent = "agent";
	for (size_t i = 0; i < ALM_COUNT(e); i++) {
		char name[16];

		snprintf(name, sizeof(name), "talk-%zu", i);
		write_talk(corpus, name, &e[i], 1);
	}
	write_talk(corpus, "talk", e, ALM_COUNT(e));
	e[7].error.code = ALM_HELLO_REQUIRED;
	write_talk(corpus, "greet-again", &e[7], 2);
	e[7].error.code = ALM_MALFORMED;
	write_talk(corpus, "refused-frame", &e[7], 1);
	e[6] = e[7];
	e[6].error.code = ALM_HELLO_REQUIRED;
	e[7].error.code = ALM_UNKNOWN_FIELD;
	e[8] = e[7];
	e[9] = e[7];
	write_talk(corpus, "greet-plainly", &e[6], 4);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: %s CORPUS GOLDEN\n", argv[0]);
		return 2;
	}
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	write_kinds(argv[1], argv[2]);
	write_hostile(argv[1]);
	write_packed(argv[1]);
	write_all_grown(argv[1]);
	write_payloads(argv[1]);
	write_talks(argv[1]);
	alm_arena_fini(&arena);
	return 0;
}
