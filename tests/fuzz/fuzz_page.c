/*
 * fuzz_page.c - whoever checks a page of `almoner audit query --proof --json`
 * reads what anybody may have written: it never crashes the reader, and none
 * is good but under a head that was signed.  The key is that of the seeds.
 */
#include <stdlib.h>

#include "cli/audit/evidence.h"
#include "lib/id.h"
#include "lib/note.h"

#define KEY_TEXT \
	"8751c8edcb7589908ce95ab9933a5dd6" \
	"011bebe741a714eac6021a9e3dc02ee4"
/* Of the one head that the seeds have. */
#define HEAD_SIZE 22u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_trust trust = {.key_count = 1};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_checked checked = {.records = 0};
	struct alm_arena arena;

	if (alm_unhex(KEY_TEXT, trust.keys[0], 32) != ALM_OK) {
		abort();
	}
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	if (alm_audit_check_page(&trust, (struct alm_bytes){data, bytes},
		    &arena, &checked, &problem) == ALM_OK &&
		(checked.head.size != HEAD_SIZE ||
			!alm_note_name_is_valid(checked.head.origin))) {
		abort();
	}
	alm_arena_fini(&arena);
	return 0;
}
