#include "cli/bench/log.h"

#include <stdio.h>
#include <string.h>

#include "lib/err.h"

#define BEGIN_US INT64_C(1780315200000000) /* 2026-06-01T12:00:00Z */
#define ORGANISATIONS 400u
#define PARTNERS 12u
#define BASES 60u
#define MESSAGES_EACH 10u /* of one person */
#define REFUSED_OF 50u

static const char *const purposes[] = {"direct-care", "direct-care",
	"direct-care", "direct-care", "medication-review", "social-care",
	"population-health", "planning"};
static const uint32_t codes[] = {
	ALM_REASON_304, ALM_REASON_300, ALM_REASON_402};

/* The texts of one record; borrowed until the next. */
struct words {
	char sender[8];
	char recipient[8];
	char basis[12];
	char detail[256];
};

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* Small numbers are more frequent: the square of an even choice. */
static uint64_t skew(uint64_t random, uint64_t count)
{
	uint64_t even = random % count;

	return even * (1 + (random >> 32) % count) / count;
}

/* How many people, so that each has some ten messages. */
static uint64_t people_of(uint64_t records)
{
	return records / 3 / MESSAGES_EACH + 1;
}

static void make_message(uint64_t m, uint64_t records, struct words *words,
	struct alm_audit_record *record)
{
	uint64_t dice = mix(m);
	uint64_t sender = skew(dice, ORGANISATIONS);
	uint64_t partner = (sender * 7 + mix(dice) % PARTNERS) % ORGANISATIONS;
	uint64_t person = mix(skew(mix(dice + 1), people_of(records)));
	uint8_t random[10];

	memcpy(random, &dice, 8);
	memcpy(random + 8, &m, 2);
	(void)snprintf(words->sender, sizeof(words->sender), "R%03u",
		(unsigned)sender);
	(void)snprintf(words->recipient, sizeof(words->recipient), "Y%03u",
		(unsigned)partner);
	(void)snprintf(words->basis, sizeof(words->basis), "dsa-%u",
		(unsigned)(mix(sender) % BASES));
	record->sender = words->sender;
	record->recipient = words->recipient;
	record->basis = words->basis;
	record->purpose = purposes[mix(dice + 2) % ALM_COUNT(purposes)];
	record->has_person = true;
	memcpy(record->person, &person, 8);
	memcpy(record->person + 8, &person, 8);
	record->has_message_id = true;
	record->message_id =
		alm_message_id_make(BEGIN_US / 1000 + (int64_t)m, random);
	record->agent = sender + 1;
	record->policy_epoch = 1 + m / 1000000;
	memset(record->content.raw, (int)(dice & 0xff), 32);
}

static bool is_refused(uint64_t m)
{
	return mix(m + 3) % REFUSED_OF == 0;
}

/* Of three records of a message, or three refusals. */
static void make_step(uint64_t n, struct alm_audit_record *record)
{
	static const enum alm_audit_kind kinds[] = {ALM_AUDIT_ACCEPTED,
		ALM_AUDIT_DELIVERED, ALM_AUDIT_ACKNOWLEDGED};

	if (is_refused(n / 3)) {
		record->kind = ALM_AUDIT_REFUSED;
		record->effect = 3;
		record->code = codes[mix(n / 3 + 4) % ALM_COUNT(codes)];
		record->categories = "";
		return;
	}
	record->kind = kinds[n % 3];
	record->effect = n % 3 == 2 ? 0 : 1;
	record->categories = "demographics,medication";
	record->level_in = 4;
	record->level_out = 4;
	record->mail_seq = n / 3 + 1;
	record->ref = n % 3 == 0 ? 0 : n - n % 3 + 1;
}

static enum alm_err append_one(
	struct alm_store *store, uint64_t n, uint64_t records)
{
	uint8_t raw[ALM_AUDIT_SIGNATURE_BYTES_MAX];
	struct alm_audit_signature signature = {
		.sent_at_ms = BEGIN_US / 1000 + (int64_t)n, .tree_size = 1};
	struct alm_audit_record record = {.sender = "", .standard = ""};
	struct words words;

	make_message(n / 3, records, &words, &record);
	make_step(n, &record);
	words.detail[0] = '\0';
	if (record.kind == ALM_AUDIT_ACCEPTED ||
		record.kind == ALM_AUDIT_REFUSED) {
		memset(signature.ed25519, (int)(n & 0xff), ALM_SIGNATURE_BYTES);
		record.signature = alm_audit_signature_encode(&signature, raw);
		(void)snprintf(words.detail, sizeof(words.detail),
			"agent: %s-pas-1\nrequested: demographics,medication,"
			"mental-health\nplace: "
			"00112233445566778899aabbccddeeff\ntrace: %016llx\n",
			words.sender, (unsigned long long)mix(n));
	}
	return alm_store_audit_append(store, &record, words.detail);
}

enum alm_err alm_bench_log_append(
	struct alm_store *store, uint64_t n, uint64_t count, uint64_t records)
{
	uint8_t seed[32] = {0};
	enum alm_err err;

	memcpy(seed, &n, sizeof(n));
	err = alm_store_begin(store, BEGIN_US + (int64_t)n * 1000, seed);
	for (uint64_t i = 0; i < count && err == ALM_OK; i++) {
		err = append_one(store, n + i, records);
	}
	if (err != ALM_OK) {
		alm_store_abort(store);
		return err;
	}
	return alm_store_commit(store);
}

/* --- questions ------------------------------------------------------------ */

const char *alm_bench_question_name(enum alm_bench_question question)
{
	static const char *const names[ALM_BENCH_QUESTIONS] = {
		[ALM_BENCH_PERSON] = "person",
		[ALM_BENCH_NOBODY] = "person-unknown",
		[ALM_BENCH_MESSAGE] = "message",
		[ALM_BENCH_PAIR] = "pair",
		[ALM_BENCH_SENDER] = "sender",
		[ALM_BENCH_PURPOSE] = "purpose",
		[ALM_BENCH_CODE] = "code",
		[ALM_BENCH_KIND] = "kind",
		[ALM_BENCH_REFUSED_TO] = "refused-to",
		[ALM_BENCH_PERSON_FROM] = "person-and-sender",
	};

	return names[question];
}

/* What a question asks for: some of what a record is like. */
static void ask_for(enum alm_bench_question question,
	const struct alm_audit_record *like, struct alm_audit_filter *out)
{
	switch (question) {
	case ALM_BENCH_PERSON_FROM:
		out->sender = like->sender;
		out->has_person = true;
		break;
	case ALM_BENCH_NOBODY:
	case ALM_BENCH_PERSON:
		out->has_person = true;
		break;
	case ALM_BENCH_MESSAGE:
		out->has_message_id = true;
		out->message_id = like->message_id;
		break;
	case ALM_BENCH_PAIR:
		out->sender = like->sender;
		out->recipient = like->recipient;
		break;
	case ALM_BENCH_SENDER:
		out->sender = like->sender;
		break;
	case ALM_BENCH_PURPOSE:
		out->purpose = like->purpose;
		break;
	case ALM_BENCH_CODE:
		out->has_code = true;
		out->code = like->code;
		break;
	case ALM_BENCH_KIND:
		out->kind = like->kind;
		break;
	case ALM_BENCH_REFUSED_TO:
		out->recipient = like->recipient;
		out->effect = 3;
		break;
	case ALM_BENCH_QUESTIONS:
		break;
	}
}

void alm_bench_log_question(enum alm_bench_question question, uint64_t n,
	uint64_t records, struct alm_audit_filter *out)
{
	static struct words words;
	struct alm_audit_record like = {.sender = ""};
	uint64_t m = mix(n) % (records / 3 + 1);

	while (question == ALM_BENCH_CODE && !is_refused(m)) {
		m++;
	}
	make_message(m, records, &words, &like);
	make_step(3 * m, &like);
	*out = (struct alm_audit_filter){.sender = ""};
	ask_for(question, &like, out);
	memcpy(out->person, like.person, sizeof(out->person));
	if (question == ALM_BENCH_NOBODY) {
		out->person[0] ^= 1;
	}
}
