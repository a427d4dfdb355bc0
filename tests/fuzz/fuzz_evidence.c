/*
 * fuzz_evidence.c - whoever reads evidence reads what anybody may have
 * written: notes, receipts, proofs of growth, and bundles with what is shown
 * of their records, never crash a reader.  The key is the one that signed the
 * seeds; a bundle is also read with its last line put right, which else refuses
 * everything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/check.h"
#include "lib/id.h"

#define KEY_TEXT \
	"105ecd5f9415408534e1e1e850f3d755" \
	"8ed805b768b91ab2784956cc947172f3"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Whoever prints a record relies on this of what is handed over. */
static void see(void *cookie, struct alm_bytes header, struct alm_bytes salted)
{
	struct alm_arena *arena = cookie;
	struct alm_audit_record record;

	if (alm_audit_header_read(header, &record) != ALM_OK ||
		(salted.bytes > 0 && salted.bytes <= ALM_AUDIT_SALT_BYTES)) {
		abort();
	}
	(void)alm_audit_signature_text(record.signature, arena);
}

static void read_all(const struct alm_trust *trust, struct alm_bytes file)
{
	const struct alm_checkpoint old = {.size = 1, .origin = "almoner"};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_checked checked;
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	if (alm_check_head(trust, file, &checked, &problem) == ALM_OK &&
		!alm_note_name_is_valid(checked.head.origin)) {
		abort();
	}
	if (alm_check_receipt(trust, file, &arena, &checked, &problem) ==
			ALM_OK &&
		checked.seq > checked.head.size) {
		abort();
	}
	if (alm_check_growth(trust, &old, file, &checked, &problem) == ALM_OK) {
		abort(); /* no log has a root of zeros */
	}
	if (alm_check_bundle(trust, file, &arena, see, &arena, &checked,
		    &problem) == ALM_OK &&
		checked.end > checked.head.size) {
		abort();
	}
	alm_arena_fini(&arena);
}

/* In place of its last line, or behind it. */
static void read_sealed(const struct alm_trust *trust, struct alm_bytes file)
{
	size_t room = file.bytes + 128;
	size_t kept = file.bytes > 69 ? file.bytes - 69 : file.bytes;
	uint8_t digest[32];
	char text[65];
	uint8_t *copy = malloc(room);
	int n;

	if (copy == NULL) {
		return;
	}
	if (kept > 0) {
		memcpy(copy, file.data, kept);
	}
	crypto_hash_sha256(digest, copy, kept);
	alm_hex(digest, sizeof(digest), text);
	n = snprintf((char *)copy + kept, room - kept, "end %s\n", text);
	read_all(trust, (struct alm_bytes){copy, kept + (size_t)n});
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_trust trust = {.key_count = 1};

	if (sodium_init() < 0 ||
		alm_unhex(KEY_TEXT, trust.keys[0], 32) != ALM_OK) {
		abort();
	}
	read_all(&trust, (struct alm_bytes){data, bytes});
	read_sealed(&trust, (struct alm_bytes){data, bytes});
	return 0;
}
