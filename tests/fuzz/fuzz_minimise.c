/*
 * Payloads against a standard and a view; the first two bytes choose the
 * view.  Whatever the payload: the view of a view is that view, a lowered
 * one holds no fields of other classes and nothing finer than the rules leave,
 * and nothing is written past the end.
 */
#include <string.h>

#include "broker/core/minimise.h"
#include "tests/fuzz/frame.h"
#include "tests/unit/core/standard_table.h"

static const char *const categories[] = {
	"contact", "diagnosis", "restricted", "counts"};
static const uint8_t pseudonym[ALM_PSEUDONYM_BYTES] = "PSEUDONYMPSEUDO";

static struct alm_view make_view(
	const uint8_t choice[2], const char *released[4])
{
	struct alm_view view = {.released = released,
		.strips_location = (choice[0] & 16) != 0,
		.sent = (enum alm_level)(1 + (choice[1] & 3)),
		.level = (enum alm_level)(1 + (choice[1] >> 2 & 3)),
		.pseudonym = (choice[0] & 32) != 0 ? pseudonym : NULL,
		.made_ms = TABLE_MADE_MS};

	for (size_t i = 0; i < 4; i++) {
		if ((choice[0] & 1u << i) != 0) {
			released[view.released_count++] = categories[i];
		}
	}
	return view;
}

/* Below identifiable each is as short as its rule leaves it. */
static void check_coarse(
	const struct alm_view *view, const uint8_t *data, size_t bytes)
{
	static const size_t bytes_max[] = {4, 7, 4, 5, 1, 3};
	struct alm_bytes rest = {data, bytes};
	struct alm_proto_field read;

	while (rest.bytes > 0 && view->sent != ALM_LEVEL_IDENTIFIABLE &&
		view->level != ALM_LEVEL_IDENTIFIABLE) {
		FUZZ_ASSERT(alm_proto_next(&rest, &read) == ALM_OK);
		FUZZ_ASSERT(read.number < 13 ||
			    read.bytes.bytes <= bytes_max[read.number - 13]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *released[4];
	struct alm_bytes payload;
	struct alm_faults faults;
	struct alm_withheld withheld;
	struct alm_view view;
	size_t once_bytes = 0;
	size_t twice_bytes = 0;
	size_t max = bytes + 2 * ALM_VIEW_EXTRA_BYTES;
	uint8_t *once;
	uint8_t *twice;

	if (bytes < 2) {
		return 0;
	}
	view = make_view(data, released);
	payload = (struct alm_bytes){data + 2, bytes - 2};
	FUZZ_ASSERT((alm_standard_conforms(&table, payload, &faults) ==
			    ALM_OK) == (faults.count == 0));
	once = malloc(payload.bytes + ALM_VIEW_EXTRA_BYTES);
	twice = malloc(max);
	FUZZ_ASSERT(once != NULL && twice != NULL);
	if (alm_minimise(&table, payload, &view, once,
		    payload.bytes + ALM_VIEW_EXTRA_BYTES, &once_bytes,
		    &withheld) == ALM_OK) {
		FUZZ_ASSERT(once_bytes <= payload.bytes + ALM_VIEW_EXTRA_BYTES);
		check_coarse(&view, once, once_bytes);
		FUZZ_ASSERT(
			alm_minimise(&table,
				(struct alm_bytes){once, once_bytes}, &view,
				twice, max, &twice_bytes, &withheld) == ALM_OK);
		FUZZ_ASSERT(withheld.count == 0);
		FUZZ_ASSERT(once_bytes == twice_bytes &&
			    memcmp(once, twice, once_bytes) == 0);
	}
	free(once);
	free(twice);
	return 0;
}
