/*
 * fuzz_stored_record.c - the decoders of what the store keeps: headers of
 * audit records, bodies of mail, records about people.  The first byte says
 * which.  A header that decodes must encode to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/record.h"
#include "broker/store/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_header(struct alm_bytes bytes)
{
	static uint8_t again[ALM_AUDIT_HEADER_BYTES_MAX];
	static const struct alm_audit_filter filter = {.either = "RX1"};
	struct alm_audit_record record;
	struct alm_writer w;

	if (alm_audit_record_decode(bytes, &record) != ALM_OK) {
		return;
	}
	(void)alm_audit_filter_matches(&filter, &record);
	(void)alm_audit_kind_word(record.kind);
	alm_writer_init(&w, again, sizeof(again));
	alm_audit_record_encode(&record, &w);
	if (!w.is_bad) {
		ALM_ASSERT(alm_bytes_equal(
			bytes, (struct alm_bytes){again, w.bytes}));
	}
}

static void try_person(struct alm_bytes bytes)
{
	struct alm_person_record record;
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)1 << 20);
	if (alm_record_decode(bytes, &arena, &record) == ALM_OK) {
		(void)!alm_record_check(&record, NULL);
	}
	alm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alm_bytes bytes = {data + 1, size - 1};
	struct alm_mail mail;

	if (size == 0) {
		return 0;
	}
	switch (data[0] % 3) {
	case 0:
		try_header(bytes);
		break;
	case 1:
		(void)!alm_mail_body_decode(bytes, 1, &mail);
		(void)!alm_shared_decode(bytes, &mail);
		break;
	default:
		try_person(bytes);
		break;
	}
	return 0;
}
