#include "cli/duty/duties.h"

#include <stdlib.h>
#include <string.h>

#include "lib/id.h"
#include "lib/time.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define HANDED_MAX 1000000u
#define DAY_BYTES 10u

enum alm_err alm_duties_init(struct alm_duties *duties, uint64_t size)
{
	*duties = (struct alm_duties){.seen_max = size};
	alm_arena_init(&duties->arena, ARENA_BYTES_MAX);
	duties->seen = calloc(size / 8 + 1, 1);
	return duties->seen != NULL ? ALM_OK : ALM_NOMEM;
}

void alm_duties_fini(struct alm_duties *duties)
{
	free(duties->seen);
	free(duties->items);
	alm_arena_fini(&duties->arena);
}

/** Whether the message was handed over before, to the same recipient: each has
 * a record of its acceptance, to which hand-overs refer. */
static bool was_seen(struct alm_duties *duties, uint64_t ref)
{
	uint8_t bit = (uint8_t)(1u << ref % 8);
	bool was;

	if (ref > duties->seen_max) {
		return false;
	}
	was = (duties->seen[ref / 8] & bit) != 0;
	duties->seen[ref / 8] |= bit;
	return was;
}

static int compare(const struct alm_handed *a, const struct alm_handed *b)
{
	int order = strcmp(a->basis, b->basis);

	order = order != 0 ? order : strcmp(a->sender, b->sender);
	order = order != 0 ? order : strcmp(a->recipient, b->recipient);
	return order != 0             ? order
	       : a->epoch != b->epoch ? (a->epoch < b->epoch ? -1 : 1)
				      : 0;
}

static bool has_room(struct alm_duties *duties)
{
	size_t more = duties->capacity * 2 + 64;
	void *grown;

	if (duties->count < duties->capacity) {
		return true;
	}
	grown = duties->count < HANDED_MAX
			? realloc(duties->items, more * sizeof(*duties->items))
			: NULL;
	if (grown == NULL) {
		return false;
	}
	duties->items = grown;
	duties->capacity = more;
	return true;
}

static const char *keep(struct alm_duties *duties, const char *text)
{
	return alm_arena_text(&duties->arena, text, strlen(text));
}

/** Kept sorted: agreements and partners are few. */
static struct alm_handed *place(
	struct alm_duties *duties, const struct alm_handed *wanted)
{
	struct alm_handed *item;
	size_t low = 0;
	size_t high = duties->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&duties->items[middle], wanted);

		if (order == 0) {
			return &duties->items[middle];
		}
		low = order < 0 ? middle + 1 : low;
		high = order < 0 ? high : middle;
	}
	if (!has_room(duties)) {
		return NULL;
	}
	item = &duties->items[low];
	memmove(item + 1, item, (duties->count - low) * sizeof(*item));
	duties->count++;
	*item = (struct alm_handed){.epoch = wanted->epoch,
		.basis = keep(duties, wanted->basis),
		.sender = keep(duties, wanted->sender),
		.recipient = keep(duties, wanted->recipient)};
	return item->basis != NULL && item->sender != NULL &&
			       item->recipient != NULL
		       ? item
		       : NULL;
}

bool alm_duties_add(struct alm_duties *duties, const struct alm_log_row *row)
{
	const struct alm_handed wanted = {.epoch = row->epoch,
		.basis = row->basis,
		.sender = row->sender,
		.recipient = row->recipient};
	struct alm_handed *item;

	if (*row->basis == '\0' || was_seen(duties, row->ref)) {
		return true;
	}
	item = place(duties, &wanted);
	if (item == NULL) {
		duties->is_short = true;
		return false;
	}
	if (item->messages++ == 0) {
		item->seq = row->seq;
		alm_text_copy(item->first, sizeof(item->first), row->time);
	}
	alm_text_copy(item->last, sizeof(item->last), row->time);
	return true;
}

const struct alm_bundle_basis *alm_duties_basis(
	const struct alm_bundle *bundle, const char *id)
{
	for (size_t i = 0; i < bundle->basis_count; i++) {
		if (strcmp(bundle->bases[i].id.text, id) == 0) {
			return &bundle->bases[i];
		}
	}
	return NULL;
}

enum alm_duty_state alm_duty_state(
	const char *duty, int64_t now_s, char out_day[11])
{
	size_t bytes = strlen(duty);
	struct alm_period day;

	out_day[0] = '\0';
	if (bytes < DAY_BYTES + 2 || duty[bytes - DAY_BYTES - 1] != ':' ||
		alm_day_parse(duty + bytes - DAY_BYTES, &day) != ALM_OK) {
		return ALM_DUTY_STANDING;
	}
	memcpy(out_day, duty + bytes - DAY_BYTES, DAY_BYTES + 1);
	return now_s < day.until_s ? ALM_DUTY_OPEN : ALM_DUTY_DUE;
}
