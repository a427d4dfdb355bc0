#include "cli/audit/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "broker/store/audit.h"
#include "cli/confirm.h"
#include "lib/nearest.h"
#include "lib/words.h"

const char *const alm_audit_columns[] = {
#define X(name, word) word,
	ALM_AUDIT_COLUMN_MAP(X)
#undef X
};
const size_t alm_audit_column_count = ALM_COUNT(alm_audit_columns);

void alm_audit_narrow(const struct alm_args *args, struct alm_sheet *sheet)
{
	static const char *const rare[] = {"level-in", "mail", "ref", "epoch",
		"people-seq", "standard", "agent", "person", "evidence"};

	if (alm_args_has(args, "wide")) {
		return;
	}
	for (size_t i = 0; i < ALM_COUNT(rare); i++) {
		alm_sheet_hide(sheet, rare[i]);
	}
	if (!alm_args_has(args, "reveal") && !alm_args_has(args, "records")) {
		alm_sheet_hide(sheet, "detail");
		alm_sheet_hide(sheet, "signature");
	}
}

void alm_audit_tell_root(const struct alm_args *args, struct alm_sheet *sheet,
	const char *size, const char *root, const char *checkpoint)
{
	if (args->output.format == ALM_FORMAT_JSON) {
		alm_sheet_fact(sheet, "size", size);
		alm_sheet_fact(sheet, "root", root);
		alm_sheet_fact(sheet, "checkpoint", checkpoint);
	} else {
		alm_print_warning(&args->output,
			"the proofs lead to the root %s of %s records%s", root,
			size,
			*checkpoint == '\0' ? ", which no head signs yet"
					    : ": almoner audit head --size "
					      "gives its signatures");
	}
}

void alm_audit_tell_none(const struct alm_args *args)
{
	alm_print_warning(&args->output, "no record matches");
}

void alm_audit_tell_damage(
	const struct alm_args *args, uint64_t count, uint64_t first)
{
	alm_print_warning(&args->output,
		"%llu records are damaged and left out, the first is %llu: "
		"almoner audit verify",
		(unsigned long long)count, (unsigned long long)first);
}

static enum alm_err read_effect(
	const char *word, unsigned *out, struct alm_problem *problem)
{
	*out = alm_effect_of(word);
	return *out != 0 ? ALM_OK
			 : alm_problem_set(problem, ALM_USAGE,
				   "--effect is permit, transform or deny");
}

static enum alm_err read_kind(
	const char *word, unsigned *out, struct alm_problem *problem)
{
	static const char *const words[] = {
#define X(name, number, kind_word) kind_word,
		ALM_AUDIT_KIND_MAP(X)
#undef X
	};
	const char *nearest;

	*out = alm_audit_kind_from_word(word);
	if (*out != 0) {
		return ALM_OK;
	}
	nearest = alm_nearest_of(word, words, ALM_COUNT(words));
	return alm_problem_set(problem, ALM_USAGE,
		"--kind: there is no kind '%s'; %s%s", word,
		nearest != NULL ? "the nearest is "
				: "audit query --help lists them",
		nearest != NULL ? nearest : "");
}

/** ALM-4302, 4302, 302 (a reason of the rule), 1 or a name of the catalogue. */
static enum alm_err read_code(
	const char *word, unsigned *out, struct alm_problem *problem)
{
	const char *digits =
		strncasecmp(word, "ALM-", 4) == 0 ? word + 4 : word;
	const struct alm_err_info *info;
	char *end = NULL;
	unsigned long number = strtoul(digits, &end, 10);

	if (*digits >= '0' && *digits <= '9' && *end == '\0' &&
		number < 10000) {
		*out = (unsigned)(number > 1 && number < 1000 ? 4000 + number
							      : number);
		return ALM_OK;
	}
	for (size_t i = 0; (info = alm_err_at(i)) != NULL; i++) {
		if (strcmp(info->name, word) == 0) {
			*out = (unsigned)info->err;
			return ALM_OK;
		}
	}
	return alm_problem_set(problem, ALM_USAGE,
		"--code: '%s' is no code or name of almoner errors", word);
}

static const char *text_or_none(const struct alm_args *args, const char *name)
{
	const char *text = alm_args_text(args, name);

	return text != NULL ? text : "";
}

static enum alm_err read_words(const struct alm_args *args,
	struct alm_audit_question *q, struct alm_problem *problem)
{
	const char *text = alm_args_text(args, "effect");
	enum alm_err err = ALM_OK;

	if (text != NULL) {
		err = read_effect(text, &q->effect, problem);
	}
	text = alm_args_text(args, "kind");
	if (err == ALM_OK && text != NULL) {
		err = read_kind(text, &q->kind, problem);
	}
	text = alm_args_text(args, "code");
	if (err == ALM_OK && text != NULL) {
		q->has_code = true;
		err = read_code(text, &q->code, problem);
	}
	text = alm_args_text(args, "message");
	if (err == ALM_OK && text != NULL) {
		q->has_message = true;
		err = alm_message_id_parse(text, &q->message);
	}
	text = alm_args_text(args, "person");
	if (err == ALM_OK && text != NULL) {
		err = alm_take_nhs_number(text, q->person, problem);
	}
	return err;
}

enum alm_err alm_audit_question_read(const struct alm_args *args,
	struct alm_audit_question *out, struct alm_problem *problem)
{
	struct alm_audit_question q = {
		.from = text_or_none(args, "from"),
		.to = text_or_none(args, "to"),
		.either = text_or_none(args, "either"),
		.purpose = text_or_none(args, "purpose"),
		.basis = text_or_none(args, "basis"),
		.since_us = alm_args_number(args, "since", 0),
		.until_us = alm_args_number(args, "until", 0),
		.limit = (size_t)alm_args_number(
			args, "limit", ALM_AUDIT_LIMIT_DEFAULT),
		.after = text_or_none(args, "after"),
		.is_newest_first = alm_args_has(args, "reverse"),
		.reveals = alm_args_has(args, "reveal"),
		.proves = alm_args_has(args, "proof"),
		.reason = alm_args_text(args, "reason"),
	};
	enum alm_err err = read_words(args, &q, problem);

	if (err != ALM_OK) {
		return err;
	}
	*out = q;
	return ALM_OK;
}
