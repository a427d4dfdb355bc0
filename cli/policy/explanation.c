#include "cli/policy/explanation.h"

#include <stdio.h>
#include <string.h>

#include "cli/policy/decide_json.h"
#include "lib/err.h"
#include "lib/words.h"

static const struct alm_err_info *info_of(unsigned code)
{
	return alm_err_info(alm_err_from_reason(code));
}

/* --- what is said --------------------------------------------------------- */

static const struct alm_bundle_basis *basis_of(
	const struct alm_explanation *e, const char *id)
{
	const struct alm_bundle *b = e->question->bundle;

	for (size_t i = 0; id != NULL && i < b->basis_count; i++) {
		if (strcmp(b->bases[i].id.text, id) == 0) {
			return &b->bases[i];
		}
	}
	return NULL;
}

/*
 * The reason whose step decided.  403 only states that nothing is left; what
 * took the last of it says more.
 */
static unsigned deciding_code(const struct alm_decision *decision)
{
	unsigned code = decision->code;

	for (size_t i = 0; code == 403 && i < decision->reason_count; i++) {
		if (decision->reasons[i] == 211 ||
			decision->reasons[i] == 402 ||
			decision->reasons[i] == 406) {
			code = decision->reasons[i];
		}
	}
	return code;
}

static void join(const struct alm_ids *ids, char *out, size_t out_bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ids->count && used + 72 < out_bytes; i++) {
		int wrote = snprintf(out + used, out_bytes - used, "%s%.64s",
			i > 0 ? ", " : "", ids->items[i]);

		used += wrote > 0 ? (size_t)wrote : 0;
	}
}

static bool has_reason(const struct alm_decision *decision, unsigned code)
{
	for (size_t i = 0; i < decision->reason_count; i++) {
		if (decision->reasons[i] == code) {
			return true;
		}
	}
	return false;
}

/* How near the request came to a basis; "" if it went through. */
static void nearest_miss(
	const struct alm_explanation *e, char *out, size_t out_bytes)
{
	const struct alm_decision *d = e->decision;
	const struct alm_remedies *r = e->remedies;
	char ids[512];

	out[0] = '\0';
	if (d->effect != ALM_EFFECT_DENY) {
		return;
	}
	join(&d->candidates, ids, sizeof(ids));
	if (d->basis != NULL) {
		(void)snprintf(out, out_bytes,
			"%s fits; it was stopped at step %u", d->basis,
			alm_reason_step(deciding_code(d)));
	} else if (d->nearest != NULL) {
		(void)snprintf(out, out_bytes,
			"%s is between these parties and does not fit",
			d->nearest);
	} else if (d->candidates.count > 0) {
		(void)snprintf(out, out_bytes, "each of %s fits", ids);
	} else if (has_reason(d, 300) && r->nearest != NULL) {
		(void)snprintf(out, out_bytes, "%s names the %s and not the %s",
			r->nearest,
			r->nearest_selects_sender ? "sender" : "recipient",
			r->nearest_selects_sender ? "recipient" : "sender");
	} else if (alm_reason_step(d->code) < 5) {
		(void)snprintf(out, out_bytes,
			"no basis was looked at, as step %u ended it",
			alm_reason_step(d->code));
	} else if (d->code >= 301 && d->code <= 307) {
		(void)snprintf(out, out_bytes,
			"%.64s, which the message names, does not fit",
			e->question->request->basis != NULL
				? e->question->request->basis
				: "");
	}
}

/* What happens, in one sentence. */
static void outcome(
	const struct alm_explanation *e, char *out, size_t out_bytes)
{
	const struct alm_decision *d = e->decision;
	char release[512];
	char redact[512];

	join(&d->release, release, sizeof(release));
	join(&d->redact, redact, sizeof(redact));
	if (d->effect == ALM_EFFECT_DENY) {
		(void)snprintf(
			out, out_bytes, "%s", info_of(d->code)->sentence);
		return;
	}
	(void)snprintf(out, out_bytes, "%s is released, %s%s%s%s.", release,
		alm_level_word(d->level),
		d->redact.count > 0 ? "; withheld: " : "", redact,
		d->strips_location ? "; whereabouts are taken out" : "");
}

/* --- lines ---------------------------------------------------------------- */

static void print_line(FILE *out, const char *name, const char *text)
{
	if (text[0] != '\0') {
		(void)fprintf(out, "%-16s", name);
		alm_print_safe(out, text);
		(void)fputc('\n', out);
	}
}

static void print_basis(FILE *out, const struct alm_explanation *e)
{
	const struct alm_bundle_basis *basis = basis_of(e, e->decision->basis);
	char text[512];

	if (basis != NULL) {
		(void)snprintf(text, sizeof(text), "%s, %.256s (%.128s:%u)",
			basis->id.text, basis->title, basis->id.place.file,
			basis->id.place.line);
		print_line(out, "basis", text);
	}
}

static void print_ids(FILE *out, const char *name, const struct alm_ids *ids)
{
	char text[1024];

	join(ids, text, sizeof(text));
	print_line(out, name, text);
}

static void print_reasons(FILE *out, const struct alm_decision *decision)
{
	for (size_t i = 0; i < decision->reason_count; i++) {
		char text[512];

		(void)snprintf(text, sizeof(text), "%u %s",
			(unsigned)decision->reasons[i],
			info_of(decision->reasons[i])->sentence);
		print_line(out, i == 0 ? "because" : "", text);
	}
}

static void print_remedy(
	FILE *out, const char *name, const struct alm_remedy *remedy)
{
	char text[ALM_CHANGE_TEXT_BYTES];

	for (size_t i = 0; i < remedy->count; i++) {
		const struct alm_change *change = &remedy->changes[i];

		alm_change_text(change, text);
		(void)fprintf(out, "%-16s%s", i == 0 ? name : "",
			i == 0 ? "" : "and ");
		alm_print_safe(out, text);
		(void)fprintf(out, " [%s]\n",
			alm_desk_name(alm_change_desk(change->kind)));
	}
}

static void print_remedies(FILE *out, const struct alm_explanation *e)
{
	const struct alm_remedies *r = e->remedies;

	if (r->count == 0 && e->decision->effect == ALM_EFFECT_DENY) {
		print_line(out, "what to do", info_of(e->decision->code)->hint);
	}
	for (size_t i = 0; i < r->count; i++) {
		print_remedy(
			out, i == 0 ? "smallest change" : "or", &r->items[i]);
	}
}

static int print_text(FILE *out, const struct alm_explanation *e)
{
	const struct alm_decision *d = e->decision;
	unsigned step = alm_reason_step(deciding_code(d));
	char text[2048];

	(void)fputs(alm_effect_word(d->effect), out);
	if (d->effect == ALM_EFFECT_DENY) {
		(void)fprintf(out, " %u %s", d->code, info_of(d->code)->name);
	}
	(void)fputs(": ", out);
	outcome(e, text, sizeof(text));
	alm_print_safe(out, text);
	(void)fputs("\n\n", out);
	(void)snprintf(
		text, sizeof(text), "step %u, %s", step, alm_step_name(step));
	print_line(out, "decided at", text);
	print_basis(out, e);
	print_reasons(out, d);
	print_ids(out, "directives", &d->directives);
	print_ids(out, "prohibitions", &d->prohibitions);
	print_ids(out, "lifted", &d->lifts);
	print_ids(out, "obligations", &d->obligations);
	nearest_miss(e, text, sizeof(text));
	print_line(out, "nearest miss", text);
	print_remedies(out, e);
	return fflush(out) != 0 || ferror(out) != 0 ? ALM_EXIT_FAILURE
						    : ALM_EXIT_OK;
}

/* --- data ----------------------------------------------------------------- */

static void add_facts(struct alm_sheet *sheet, const struct alm_explanation *e)
{
	const struct alm_decision *d = e->decision;
	unsigned step = alm_reason_step(deciding_code(d));
	char text[2048];

	alm_sheet_fact(sheet, "effect", alm_effect_word(d->effect));
	alm_sheet_number(sheet, "code", d->code);
	outcome(e, text, sizeof(text));
	alm_sheet_fact(sheet, "sentence", text);
	alm_sheet_number(sheet, "step", step);
	alm_sheet_fact(sheet, "step-name", alm_step_name(step));
	alm_sheet_fact(sheet, "basis", d->basis != NULL ? d->basis : "");
	nearest_miss(e, text, sizeof(text));
	alm_sheet_fact(sheet, "nearest-miss", text);
}

static void add_rows(struct alm_sheet *sheet, const struct alm_explanation *e)
{
	char text[ALM_CHANGE_TEXT_BYTES];
	char number[24];

	for (size_t i = 0; i < e->decision->reason_count; i++) {
		unsigned code = e->decision->reasons[i];

		(void)snprintf(number, sizeof(number), "%u", code);
		alm_sheet_row(sheet, (const char *const[]){"reason", number,
					     info_of(code)->sentence, ""});
	}
	for (size_t i = 0; i < e->remedies->count; i++) {
		const struct alm_remedy *remedy = &e->remedies->items[i];

		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		for (size_t j = 0; j < remedy->count; j++) {
			const struct alm_change *change = &remedy->changes[j];

			alm_change_text(change, text);
			alm_sheet_row(sheet,
				(const char *const[]){"change", number, text,
					alm_desk_name(alm_change_desk(
						change->kind))});
		}
	}
}

int alm_explain_print(const struct alm_explanation *explanation,
	const struct alm_output *output)
{
	static const char *const columns[] = {"sort", "number", "text", "desk"};
	struct alm_sheet *sheet;
	int rc;

	if (output->format == ALM_FORMAT_TABLE) {
		return print_text(output->out != NULL ? output->out : stdout,
			explanation);
	}
	sheet = alm_sheet_new(
		"almoner.policy.explain/1", columns, ALM_COUNT(columns));
	add_facts(sheet, explanation);
	add_rows(sheet, explanation);
	rc = alm_sheet_print(sheet, output);
	alm_sheet_free(sheet);
	return rc;
}
