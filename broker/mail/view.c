#include "broker/mail/view.h"

#include <string.h>

#include "broker/core/minimise.h"
#include "broker/mail/letter.h"

static enum alm_err keep_faults(const struct alm_faults *faults,
	struct alm_arena *arena, struct alm_judgement *judgement)
{
	const char **items =
		alm_arena_take(arena, (faults->count + 1) * sizeof(*items));

	if (items == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < faults->count; i++) {
		const struct alm_fault *fault = &faults->items[i];

		/* A field that the standard lacks has no path, but a number. */
		items[i] =
			fault->number == 0
				? fault->path
				: alm_arena_printf(arena, "%s#%u", fault->path,
					  (unsigned)fault->number);
		if (items[i] == NULL) {
			return ALM_NOMEM;
		}
	}
	judgement->faults = (struct alm_texts){items, faults->count};
	return ALM_NOT_CONFORMANT;
}

static enum alm_err keep_withheld(const struct alm_withheld *withheld,
	struct alm_arena *arena, struct alm_judgement *judgement)
{
	const char **items =
		alm_arena_take(arena, (withheld->count + 1) * sizeof(*items));

	if (items == NULL) {
		return ALM_NOMEM;
	}
	memcpy(items, withheld->paths, withheld->count * sizeof(*items));
	judgement->withheld = (struct alm_texts){items, withheld->count};
	return ALM_OK;
}

enum alm_err alm_view_make(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	bool is_kept, struct alm_judgement *judgement)
{
	const struct alm_standard *standard =
		alm_standards_find(turn->broker->standards, message->standard,
			message->standard_version);
	struct alm_view view = {
		.released = judgement->release.items,
		.released_count = judgement->release.count,
		.strips_location = judgement->strips_location,
		.sent = (enum alm_level)message->payload_level,
		.level = judgement->level,
		.pseudonym =
			judgement->has_pseudonym ? judgement->pseudonym : NULL,
		.made_ms = alm_message_id_ms(&message->id),
	};
	size_t bytes_max = payload.bytes + ALM_VIEW_EXTRA_BYTES;
	uint8_t *out = alm_arena_take(turn->arena, bytes_max);
	struct alm_withheld withheld;
	struct alm_faults faults;
	size_t bytes = 0;
	enum alm_err err;

	if (standard == NULL) {
		return ALM_STANDARD_UNKNOWN;
	}
	if (out == NULL) {
		return ALM_NOMEM;
	}
	/* What was kept has passed already, and may lack what is withheld. */
	if (!is_kept &&
		alm_standard_conforms(standard, payload, &faults) != ALM_OK) {
		return keep_faults(&faults, turn->arena, judgement);
	}
	err = alm_minimise(
		standard, payload, &view, out, bytes_max, &bytes, &withheld);
	if (err != ALM_OK) {
		return err;
	}
	if (bytes == 0) {
		return ALM_REASON_403;
	}
	if (bytes > ALM_PAYLOAD_BYTES_MAX) {
		return ALM_CANNOT_MINIMISE; /* a pseudonym has made it longer */
	}
	judgement->view = (struct alm_bytes){out, bytes};
	judgement->hides_subject |= withheld.is_restricted;
	return keep_withheld(&withheld, turn->arena, judgement);
}

/* --- of a message to several --------------------------------------------- */

static bool is_same_list(struct alm_texts a, struct alm_texts b)
{
	for (size_t i = 0; i < a.count && i < b.count; i++) {
		if (strcmp(a.items[i], b.items[i]) != 0) {
			return false;
		}
	}
	return a.count == b.count;
}

/* Whether what one recipient may have is what another one gets. */
static bool is_same_view(
	const struct alm_judgement *a, const struct alm_judgement *b)
{
	return a->level == b->level &&
	       a->strips_location == b->strips_location &&
	       a->has_pseudonym == b->has_pseudonym &&
	       (!a->has_pseudonym || memcmp(a->pseudonym, b->pseudonym,
					     sizeof(a->pseudonym)) == 0) &&
	       is_same_list(a->release, b->release);
}

static const struct alm_judgement *find_view(
	const struct alm_judge_common *common, const struct alm_judgement *like)
{
	for (size_t i = 0; i < ALM_JUDGE_VIEWS && i < common->view_count; i++) {
		if (is_same_view(common->views[i], like)) {
			return common->views[i];
		}
	}
	return NULL;
}

static enum alm_err keep_view(struct alm_judge_common *common,
	struct alm_arena *arena, const struct alm_judgement *made,
	enum alm_err err)
{
	struct alm_judgement *kept = alm_arena_take(arena, sizeof(*kept));

	if (kept == NULL) {
		return ALM_NOMEM;
	}
	*kept = *made;
	kept->code = err;
	common->views[common->view_count++ % ALM_JUDGE_VIEWS] = kept;
	return err;
}

enum alm_err alm_view_of_several(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	struct alm_judge_common *common, struct alm_judgement *out)
{
	const struct alm_judgement *like = find_view(common, out);
	enum alm_err err;

	if (common->fault != ALM_OK) {
		out->faults = common->faults;
		return common->fault;
	}
	if (like != NULL) {
		out->view = like->view;
		out->withheld = like->withheld;
		out->hides_subject = like->hides_subject;
		return like->code;
	}
	err = alm_view_make(turn, message, payload, common->is_conformant, out);
	if (err == ALM_NOT_CONFORMANT || err == ALM_STANDARD_UNKNOWN) {
		common->fault = err;
		common->faults = out->faults;
		return err;
	}
	common->is_conformant = true;
	common->view_bytes += payload.bytes;
	return err == ALM_NOMEM ? err
				: keep_view(common, turn->arena, out, err);
}

static bool adds(struct alm_texts all, const char *word)
{
	for (size_t i = 0; i < all.count; i++) {
		if (strcmp(all.items[i], word) == 0) {
			return false;
		}
	}
	return true;
}

static void widen(struct alm_view *view, const struct alm_judgement *judgement,
	const char **released, struct alm_texts *all)
{
	for (size_t i = 0; i < judgement->release.count; i++) {
		const char *word = judgement->release.items[i];

		if (all->count < ALM_CATEGORIES_MAX && adds(*all, word)) {
			released[all->count++] = word;
		}
	}
	view->strips_location &= judgement->strips_location;
	if (judgement->level > view->level) {
		view->level = judgement->level;
	}
}

/* The view that holds the view of each of them, and no more. */
static bool widest_view(const struct alm_letter *letters, size_t count,
	struct alm_arena *arena, struct alm_view *out)
{
	const char **released =
		alm_arena_take(arena, ALM_CATEGORIES_MAX * sizeof(*released));
	struct alm_texts all = {released, 0};

	*out = (struct alm_view){
		.released = released,
		.strips_location = true,
		.sent = (enum alm_level)letters[0].message.payload_level,
		.made_ms = alm_message_id_ms(&letters[0].message.id),
	};
	for (size_t i = 0; released != NULL && i < count; i++) {
		if (letters[i].judgement.effect != ALM_EFFECT_DENY) {
			widen(out, &letters[i].judgement, released, &all);
		}
	}
	out->released_count = all.count;
	return released != NULL;
}

enum alm_err alm_view_for_all(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	const struct alm_letter *letters, size_t count,
	struct alm_bytes *out_payload)
{
	size_t bytes_max = payload.bytes + ALM_VIEW_EXTRA_BYTES;
	const struct alm_standard *standard;
	struct alm_withheld *withheld;
	struct alm_view view;
	uint8_t *out;

	if (message->standard[0] == '\0') {
		*out_payload = payload;
		return ALM_OK;
	}
	standard = alm_standards_find(turn->broker->standards,
		message->standard, message->standard_version);
	out = alm_arena_take(turn->arena, bytes_max);
	withheld = alm_arena_take(turn->arena, sizeof(*withheld));
	if (standard == NULL) {
		return ALM_STANDARD_UNKNOWN;
	}
	if (out == NULL || withheld == NULL ||
		!widest_view(letters, count, turn->arena, &view)) {
		return ALM_NOMEM;
	}
	out_payload->data = out;
	return alm_minimise(standard, payload, &view, out, bytes_max,
		&out_payload->bytes, withheld);
}
