/*
 * The bytes, in this order: version, type, subject, then by type the fields
 * as they stand in person.h.  Instants are 64-bit two's complement, lists a
 * u16 count and the texts.  A withdrawal has no fields after `recorded`.
 */
#include "broker/core/record.h"

#include <string.h>

#include "lib/nhs_number.h"

/* A text takes at least its length and its NUL. */
#define TEXT_BYTES_MIN 3u
/* An exception takes at least its effect and three lists of one text. */
#define EXCEPTION_BYTES_MIN 16u

static void write_instant(struct alm_writer *w, int64_t instant_s)
{
	alm_write_u64(w, (uint64_t)instant_s);
}

static void write_period(struct alm_writer *w, const struct alm_period *period)
{
	write_instant(w, period->from_s);
	write_instant(w, period->until_s);
}

static void write_count(struct alm_writer *w, size_t count)
{
	if (count > UINT16_MAX) {
		w->is_bad = true;
		return;
	}
	alm_write_u16(w, (uint16_t)count);
}

static void write_list(struct alm_writer *w, const struct alm_word_list *list)
{
	write_count(w, list->count);
	for (size_t i = 0; i < list->count; i++) {
		alm_write_text(w, list->items[i]);
	}
}

static void write_directive(
	struct alm_writer *w, const struct alm_directive *directive)
{
	alm_write_text(w, directive->id);
	alm_write_text(w, directive->authority);
	alm_write_text(w, directive->scope);
	alm_write_u8(w, (uint8_t)directive->effect);
	write_instant(w, directive->recorded_s);
	if (directive->effect == ALM_WORD_WITHDRAWN) {
		return;
	}
	write_list(w, &directive->purposes);
	write_list(w, &directive->categories);
	write_list(w, &directive->to);
	write_period(w, &directive->valid);
	write_count(w, directive->exception_count);
	for (size_t i = 0; i < directive->exception_count; i++) {
		const struct alm_directive_exception *exception =
			&directive->exceptions[i];

		alm_write_u8(w, (uint8_t)exception->effect);
		write_list(w, &exception->purposes);
		write_list(w, &exception->categories);
		write_list(w, &exception->to);
	}
}

static void write_relationship(
	struct alm_writer *w, const struct alm_relationship *relationship)
{
	alm_write_text(w, relationship->organisation);
	alm_write_text(w, relationship->role);
	alm_write_u8(w, relationship->is_withdrawal ? 1 : 0);
	write_instant(w, relationship->recorded_s);
	if (!relationship->is_withdrawal) {
		write_period(w, &relationship->valid);
	}
}

static void write_opt_out(
	struct alm_writer *w, const struct alm_opt_out *opt_out)
{
	alm_write_u8(w, (uint8_t)opt_out->list);
	alm_write_u8(w, opt_out->is_objecting ? 1 : 0);
	write_instant(w, opt_out->as_of_s);
	write_instant(w, opt_out->recorded_s);
}

static void write_flag(struct alm_writer *w, const struct alm_flag *flag)
{
	alm_write_u8(w, (uint8_t)flag->flag);
	alm_write_u8(w, flag->is_withdrawal ? 1 : 0);
	write_instant(w, flag->recorded_s);
	if (!flag->is_withdrawal) {
		write_period(w, &flag->valid);
	}
}

void alm_record_encode(
	const struct alm_person_record *record, struct alm_writer *writer)
{
	alm_write_u8(writer, ALM_RECORD_VERSION);
	alm_write_u8(writer, (uint8_t)record->type);
	alm_write_text(writer, record->subject);
	switch (record->type) {
	case ALM_RECORD_DIRECTIVE:
		write_directive(writer, &record->directive);
		break;
	case ALM_RECORD_RELATIONSHIP:
		write_relationship(writer, &record->relationship);
		break;
	case ALM_RECORD_OPT_OUT:
		write_opt_out(writer, &record->opt_out);
		break;
	case ALM_RECORD_FLAG:
		write_flag(writer, &record->flag);
		break;
	}
}

/* A reader that also takes from an arena; `is_full` tells the two ends apart.
 */
struct decoder {
	struct alm_reader r;
	struct alm_arena *arena;
	bool is_full;
};

static int64_t read_instant(struct decoder *d)
{
	return (int64_t)alm_read_u64(&d->r);
}

/* When something was recorded or true; the rule subtracts from these. */
static int64_t read_past(struct decoder *d)
{
	int64_t instant_s = read_instant(d);

	if (instant_s < 0) {
		d->r.is_bad = true;
	}
	return instant_s;
}

/* One of 1 to `last`, else the record is bad. */
static unsigned read_word(struct decoder *d, unsigned last)
{
	unsigned word = alm_read_u8(&d->r);

	if (word < 1 || word > last) {
		d->r.is_bad = true;
		return 1;
	}
	return word;
}

static bool read_bool(struct decoder *d)
{
	unsigned value = alm_read_u8(&d->r);

	if (value > 1) {
		d->r.is_bad = true;
	}
	return value == 1;
}

static struct alm_period read_period(struct decoder *d)
{
	struct alm_period period;

	period.from_s = read_instant(d);
	period.until_s = read_instant(d);
	return period;
}

/* Memory for `count` things, which the bytes left could indeed hold. */
static void *take(struct decoder *d, size_t count, size_t bytes_each,
	size_t encoded_bytes_min)
{
	void *at;

	if (d->r.is_bad || count > d->r.bytes_left / encoded_bytes_min) {
		d->r.is_bad = true;
		return NULL;
	}
	at = alm_arena_take(d->arena, count * bytes_each);
	if (at == NULL) {
		d->is_full = true;
		d->r.is_bad = true;
	}
	return at;
}

static struct alm_word_list read_list(struct decoder *d)
{
	struct alm_word_list list = {NULL, 0};
	size_t count = alm_read_u16(&d->r);
	const char **items;

	if (count == 0) {
		d->r.is_bad = true;
		return list;
	}
	items = take(d, count, sizeof(*items), TEXT_BYTES_MIN);
	if (items == NULL) {
		return list;
	}
	for (size_t i = 0; i < count; i++) {
		items[i] = alm_read_text(&d->r);
	}
	list.items = items;
	list.count = count;
	return list;
}

static void read_exceptions(struct decoder *d, struct alm_directive *out)
{
	size_t count = alm_read_u16(&d->r);
	struct alm_directive_exception *items;

	if (count == 0) {
		return;
	}
	items = take(d, count, sizeof(*items), EXCEPTION_BYTES_MIN);
	if (items == NULL) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		items[i].effect =
			(enum alm_effect_word)read_word(d, ALM_WORD_PERMIT);
		items[i].purposes = read_list(d);
		items[i].categories = read_list(d);
		items[i].to = read_list(d);
	}
	out->exceptions = items;
	out->exception_count = count;
}

static void read_directive(struct decoder *d, struct alm_directive *out)
{
	out->id = alm_read_text(&d->r);
	out->authority = alm_read_text(&d->r);
	out->scope = alm_read_text(&d->r);
	out->effect = (enum alm_effect_word)read_word(d, ALM_WORD_WITHDRAWN);
	out->recorded_s = read_past(d);
	if (out->effect == ALM_WORD_WITHDRAWN) {
		return;
	}
	out->purposes = read_list(d);
	out->categories = read_list(d);
	out->to = read_list(d);
	out->valid = read_period(d);
	read_exceptions(d, out);
}

static void read_relationship(struct decoder *d, struct alm_relationship *out)
{
	out->organisation = alm_read_text(&d->r);
	out->role = alm_read_text(&d->r);
	out->is_withdrawal = read_bool(d);
	out->recorded_s = read_past(d);
	if (!out->is_withdrawal) {
		out->valid = read_period(d);
	}
}

static void read_opt_out(struct decoder *d, struct alm_opt_out *out)
{
	out->list = (enum alm_opt_out_list)read_word(d, ALM_OPT_OUT_TYPE_1);
	out->is_objecting = read_bool(d);
	out->as_of_s = read_past(d);
	out->recorded_s = read_past(d);
}

static void read_flag(struct decoder *d, struct alm_flag *out)
{
	out->flag =
		(enum alm_flag_word)read_word(d, ALM_FLAG_LOCATION_WITHHELD);
	out->is_withdrawal = read_bool(d);
	out->recorded_s = read_past(d);
	if (!out->is_withdrawal) {
		out->valid = read_period(d);
	}
}

static void read_subject(struct decoder *d, struct alm_person_record *out)
{
	const char *subject = alm_read_text(&d->r);
	size_t bytes = strlen(subject);

	if (bytes != 0 && bytes != ALM_NHS_NUMBER_BYTES) {
		d->r.is_bad = true;
		return;
	}
	memcpy(out->subject, subject, bytes + 1);
}

static void read_body(struct decoder *d, struct alm_person_record *out)
{
	switch (out->type) {
	case ALM_RECORD_DIRECTIVE:
		read_directive(d, &out->directive);
		break;
	case ALM_RECORD_RELATIONSHIP:
		read_relationship(d, &out->relationship);
		break;
	case ALM_RECORD_OPT_OUT:
		read_opt_out(d, &out->opt_out);
		break;
	case ALM_RECORD_FLAG:
		read_flag(d, &out->flag);
		break;
	}
}

enum alm_err alm_record_decode(struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_person_record *out)
{
	struct decoder d = {.arena = arena};
	struct alm_person_record record = {.type = ALM_RECORD_FLAG};
	unsigned version;

	alm_reader_init(&d.r, bytes.data, bytes.bytes);
	version = alm_read_u8(&d.r);
	if (!d.r.is_bad && version != ALM_RECORD_VERSION) {
		return ALM_STORE_FORMAT;
	}
	record.type = (enum alm_record_type)read_word(&d, ALM_RECORD_FLAG);
	read_subject(&d, &record);
	read_body(&d, &record);
	if (d.is_full) {
		return ALM_NOMEM;
	}
	if (!alm_reader_is_done(&d.r)) {
		return ALM_STORE_CORRUPT;
	}
	*out = record;
	return ALM_OK;
}
