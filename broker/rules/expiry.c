#include "broker/rules/expiry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/id.h"

static bool ends(const struct alm_bundle_basis *basis)
{
	return basis->status == ALM_STATUS_ACTIVE &&
	       basis->valid.until_s != ALM_INSTANT_NEVER;
}

static int by_instant(const void *a, const void *b)
{
	const struct alm_expiry *x = a;
	const struct alm_expiry *y = b;

	if (x->until_s != y->until_s) {
		return x->until_s < y->until_s ? -1 : 1;
	}
	return strcmp(x->id, y->id);
}

struct alm_expiries *alm_expiries_new(const struct alm_bundle *bundle)
{
	struct alm_expiries *expiries;
	size_t count = 0;

	for (size_t i = 0; i < bundle->basis_count; i++) {
		count += ends(&bundle->bases[i]) ? 1 : 0;
	}
	expiries = calloc(
		1, sizeof(*expiries) + count * sizeof(expiries->items[0]));
	if (expiries == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < bundle->basis_count; i++) {
		const struct alm_bundle_basis *basis = &bundle->bases[i];
		struct alm_expiry *item = &expiries->items[expiries->count];

		if (ends(basis)) {
			alm_text_copy(
				item->id, sizeof(item->id), basis->id.text);
			item->until_s = basis->valid.until_s;
			expiries->count++;
		}
	}
	qsort(expiries->items, expiries->count, sizeof(expiries->items[0]),
		by_instant);
	return expiries;
}

void alm_expiries_free(struct alm_expiries *expiries)
{
	free(expiries);
}

size_t alm_expiries_soon(const struct alm_expiries *expiries, int64_t now_s,
	const struct alm_expiry **out_first)
{
	size_t count = 0;

	for (size_t i = 0; expiries != NULL && i < expiries->count; i++) {
		const struct alm_expiry *item = &expiries->items[i];

		if (item->until_s > now_s + ALM_EXPIRES_SOON_S) {
			break;
		}
		if (item->until_s > now_s) {
			*out_first = count == 0 ? item : *out_first;
			count++;
		}
	}
	return count;
}
