/*
 * diff.c - almoner policy diff: what could newly be sent under another
 * bundle, and what no longer; blocks of cells, or every cell with --cells.
 */
#include "broker/policy/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/policy/bundle_files.h"
#include "cli/policy/decide_json.h"
#include "lib/base.h"
#include "lib/time.h"
#include "lib/words.h"

#define LIMIT_DEFAULT 200
#define IDS_SHOWN 4u

static const struct alm_option options[] = {
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"judge periods at this time instead of now", false, false},
	{"basis", 'b', ALM_OPTION_TEXT, "ID",
		"only this basis; may be repeated", false, true},
	{"change", 0, ALM_OPTION_TEXT, "CHANGE",
		"only gained, lost, widened, narrowed or altered; may be "
		"repeated",
		false, true},
	{"cells", 0, ALM_OPTION_FLAG, NULL, "one row for each cell", false,
		false},
	{"limit", 'n', ALM_OPTION_NUMBER, "N",
		"at most so many rows; 200 unless given, 0: all", false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy diff",
	.summary = "Show exactly what bundle B lets be sent and A does not, "
		   "and the reverse: who to whom, for what, on which basis, "
		   "up to which level.  Each is a file, a folder, or what the "
		   "broker keeps: the number of an epoch, active, or "
		   "proposal:N.",
	.positionals = "A B",
	.positional_min = 2,
	.positional_max = 2,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner policy diff active proposed/\n"
		 "  almoner policy diff 3 4 --at 2026-05-01\n"
		 "  almoner policy diff old.yaml new.yaml --change gained "
		 "--cells --csv",
};

static const char *const block_columns[] = {"change", "basis", "from", "to",
	"purposes", "categories", "level-before", "level-after", "terms",
	"senders", "recipients", "cells"};
static const char *const cell_columns[] = {"change", "basis", "from", "to",
	"purpose", "category", "level-before", "level-after", "terms"};

struct showing {
	const struct alm_args *args;
	struct alm_diff *diff;
	struct alm_sheet *sheet;
	bool has_cells;
	uint64_t limit; /* 0: none */
	uint64_t shown;
	uint64_t left;
	bool is_short; /* memory ran out */
};

static const char *consent_text(enum alm_consent consent)
{
	return consent == ALM_CONSENT_REQUIRED ? "required" : "not-required";
}

static const char *opt_out_text(const struct alm_bundle_basis *basis)
{
	return basis->opt_out == ALM_OPT_OUT_APPLIES  ? "applies"
	       : basis->opt_out == ALM_OPT_OUT_EXEMPT ? "exempt"
						      : "not-applicable";
}

static bool lifts(const struct alm_bundle_basis *basis, const char *what)
{
	for (size_t i = 0; i < basis->lifts.count; i++) {
		if (strcmp(basis->lifts.items[i].text, what) == 0) {
			return true;
		}
	}
	return false;
}

static void write_words(struct alm_words words, char *out, size_t out_bytes)
{
	size_t used = 0;

	(void)snprintf(out, out_bytes, "none");
	for (size_t i = 0; i < words.count && used < out_bytes; i++) {
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s",
			i == 0 ? "" : "+", words.items[i].text);
	}
}

static void write_day(int64_t until_s, char *out, size_t out_bytes)
{
	char text[ALM_INSTANT_TEXT_BYTES];

	if (until_s == ALM_INSTANT_NEVER) {
		(void)snprintf(out, out_bytes, "further-notice");
		return;
	}
	alm_instant_text(until_s, text);
	(void)snprintf(out, out_bytes, "%s", text);
}

/* What the basis says of a term; "" where it is not the basis that says. */
static void write_term(const struct alm_bundle_basis *basis,
	enum alm_diff_term term, char *out, size_t out_bytes)
{
	const char *text = "";

	out[0] = '\0';
	switch (term) {
	case ALM_TERM_LEVEL:
	case ALM_TERM_PAYLOADS:
	case ALM_TERMS:
		break;
	case ALM_TERM_RELATIONSHIP:
		text = basis->requires_relationship ? "required"
						    : "not-required";
		break;
	case ALM_TERM_CONSENT:
		text = consent_text(basis->consent);
		break;
	case ALM_TERM_OPT_OUT:
		text = opt_out_text(basis);
		break;
	case ALM_TERM_TYPE_1:
		text = lifts(basis, "type-1") ? "lifted" : "applies";
		break;
	case ALM_TERM_OBJECTION:
		text = lifts(basis, "objection") ? "lifted" : "applies";
		break;
	case ALM_TERM_EMERGENCY:
		text = basis->accepts_emergency ? "accepted" : "not-accepted";
		break;
	case ALM_TERM_GUARDIAN:
		text = basis->accepts_guardian ? "accepted" : "not-accepted";
		break;
	case ALM_TERM_LOCATION:
		text = basis->refuses_withheld_location ? "refuse" : "strip";
		break;
	case ALM_TERM_SMALLEST_GROUP:
		(void)snprintf(
			out, out_bytes, "%" PRIu32, basis->smallest_group);
		return;
	case ALM_TERM_OBLIGATIONS:
		write_words(basis->obligations, out, out_bytes);
		return;
	case ALM_TERM_VALID_UNTIL:
		write_day(basis->valid.until_s, out, out_bytes);
		return;
	}
	(void)snprintf(out, out_bytes, "%s", text);
}

/* `relationship required->not-required, ...`; where both bases say the same,
 * the words around them differ, and the term's name alone stands. */
static void write_terms(
	const struct alm_diff_block *block, char *out, size_t out_bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned t = 0; t < ALM_TERMS && used < out_bytes; t++) {
		enum alm_diff_term term = (enum alm_diff_term)t;
		char before[512];
		char after[512];

		if ((block->terms >> t & 1) == 0 || block->before == NULL ||
			block->after == NULL) {
			continue;
		}
		write_term(block->before, term, before, sizeof(before));
		write_term(block->after, term, after, sizeof(after));
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s",
			used == 0 ? "" : ", ", alm_diff_term_name(term));
		if (strcmp(before, after) != 0 && used < out_bytes) {
			used += (size_t)snprintf(out + used, out_bytes - used,
				" %s->%s", before, after);
		}
	}
}

static bool has_bit(const struct alm_diff_mask *mask, unsigned bit)
{
	return (mask->bits[bit / 64] >> bit % 64 & 1) != 0;
}

static void write_mask(const struct alm_diff *diff,
	const struct alm_diff_mask *mask, bool is_purpose, char *out,
	size_t out_bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < 128 && used < out_bytes; i++) {
		if (has_bit(mask, i)) {
			used += (size_t)snprintf(out + used, out_bytes - used,
				"%s%s", used == 0 ? "" : " ",
				is_purpose ? alm_diff_purpose(diff, i)
					   : alm_diff_category(diff, i));
		}
	}
}

static bool has_room(struct showing *s)
{
	if (s->limit != 0 && s->shown >= s->limit) {
		return false;
	}
	s->shown++;
	return true;
}

/* --- rows ---------------------------------------------------------------- */

static void show_block(struct showing *s, const struct alm_diff_block *block)
{
	const struct alm_bundle_basis *basis =
		block->before != NULL ? block->before : block->after;
	char *from = alm_diff_describe(s->diff, block, false, IDS_SHOWN);
	char *to = alm_diff_describe(s->diff, block, true, IDS_SHOWN);
	char purposes[128 * (ALM_ID_BYTES_MAX + 1)];
	char categories[128 * (ALM_ID_BYTES_MAX + 1)];
	char terms[4096];
	char senders[16];
	char recipients[16];
	char cells[24];

	write_mask(s->diff, &block->purposes, true, purposes, sizeof(purposes));
	write_mask(s->diff, &block->categories, false, categories,
		sizeof(categories));
	write_terms(block, terms, sizeof(terms));
	(void)snprintf(senders, sizeof(senders), "%" PRIu32, block->from_count);
	(void)snprintf(
		recipients, sizeof(recipients), "%" PRIu32, block->to_count);
	(void)snprintf(cells, sizeof(cells), "%" PRIu64, block->cells);
	s->is_short = s->is_short || from == NULL || to == NULL;
	alm_sheet_row(s->sheet,
		(const char *const[]){alm_diff_change_name(block->change),
			basis->id.text, from, to, purposes, categories,
			alm_level_word(block->level_before),
			alm_level_word(block->level_after), terms, senders,
			recipients, cells});
	free(to);
	free(from);
}

/* The cells of one pair; gives false when the limit is reached. */
static bool show_pair(struct showing *s, const struct alm_diff_block *block,
	const char *terms, uint32_t from, uint32_t to)
{
	const struct alm_bundle_basis *basis =
		block->before != NULL ? block->before : block->after;

	for (unsigned p = 0; p < 128; p++) {
		for (unsigned c = 0; c < 128; c++) {
			if (!has_bit(&block->purposes, p) ||
				!has_bit(&block->categories, c)) {
				continue;
			}
			if (!has_room(s)) {
				return false;
			}
			alm_sheet_row(s->sheet,
				(const char *const[]){
					alm_diff_change_name(block->change),
					basis->id.text,
					alm_diff_organisation(s->diff, from),
					alm_diff_organisation(s->diff, to),
					alm_diff_purpose(s->diff, p),
					alm_diff_category(s->diff, c),
					alm_level_word(block->level_before),
					alm_level_word(block->level_after),
					terms});
		}
	}
	return true;
}

static void show_cells(struct showing *s, const struct alm_diff_block *block)
{
	uint64_t before = s->shown;
	char terms[4096];
	bool goes_on = true;

	write_terms(block, terms, sizeof(terms));
	for (uint32_t f = 0; f < block->from_count && goes_on; f++) {
		for (uint32_t t = 0; t < block->to_count && goes_on; t++) {
			goes_on = block->from[f] == block->to[t] ||
				  show_pair(s, block, terms, block->from[f],
					  block->to[t]);
		}
	}
	s->left += block->cells - (s->shown - before);
}

static bool is_among(
	const struct alm_args *args, const char *option, const char *text)
{
	const char *given;

	if (!alm_args_has(args, option)) {
		return true;
	}
	for (size_t i = 0; (given = alm_args_nth(args, option, i)) != NULL;
		i++) {
		if (strcmp(given, text) == 0) {
			return true;
		}
	}
	return false;
}

static void take(void *context, const struct alm_diff *diff,
	const struct alm_diff_block *block)
{
	struct showing *s = context;
	const struct alm_bundle_basis *basis =
		block->before != NULL ? block->before : block->after;

	(void)diff;
	if (!is_among(s->args, "basis", basis->id.text) ||
		!is_among(s->args, "change",
			alm_diff_change_name(block->change))) {
		return;
	}
	if (s->has_cells) {
		show_cells(s, block);
	} else if (has_room(s)) {
		show_block(s, block);
	} else {
		s->left++;
	}
}

/* --- the command --------------------------------------------------------- */

static void add_facts(
	struct showing *s, int64_t at_s, const struct alm_diff_totals *totals)
{
	char at[ALM_INSTANT_TEXT_BYTES];

	alm_instant_text(at_s, at);
	alm_sheet_fact(s->sheet, "at", at);
	for (unsigned c = ALM_DIFF_GAINED; c < ALM_DIFF_CHANGES; c++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "cells-%s",
			alm_diff_change_name((enum alm_diff_change)c));
		alm_sheet_number(s->sheet, key, totals->cells[c]);
	}
	alm_sheet_number(s->sheet, "bases-added", totals->bases_added);
	alm_sheet_number(s->sheet, "bases-removed", totals->bases_removed);
	alm_sheet_number(s->sheet, "bases-changed", totals->bases_changed);
	alm_sheet_number(s->sheet, "bases-judged", totals->bases_judged);
	alm_sheet_number(s->sheet, "bases-not-compared", totals->bases_left);
	alm_sheet_number(s->sheet, "rows-left", s->left);
}

static int show(struct showing *s, const struct alm_bundle *before,
	const struct alm_bundle *after, int64_t at_s)
{
	const struct alm_output *output = &s->args->output;
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_diff_totals totals;
	int rc;

	problem.err = alm_diff_open(before, after, at_s, &s->diff);
	if (problem.err != ALM_OK) {
		return alm_print_problem(output, &problem);
	}
	s->sheet = s->has_cells
			   ? alm_sheet_new("almoner.policy.diff.cells/1",
				     cell_columns, ALM_COUNT(cell_columns))
			   : alm_sheet_new("almoner.policy.diff/1",
				     block_columns, ALM_COUNT(block_columns));
	problem.err = alm_diff_run(s->diff, take, s, &totals);
	if (problem.err == ALM_OK && (s->is_short || s->sheet == NULL)) {
		problem.err = ALM_NOMEM;
	}
	if (problem.err != ALM_OK) {
		rc = alm_print_problem(output, &problem);
	} else {
		add_facts(s, at_s, &totals);
		alm_sheet_hide(s->sheet, "senders");
		alm_sheet_hide(s->sheet, "recipients");
		rc = alm_sheet_print(s->sheet, output);
	}
	if (s->left > 0) {
		alm_print_warning(output,
			"%" PRIu64 " more rows are not shown; see --limit",
			s->left);
	}
	if (problem.err == ALM_OK && totals.bases_left > 0) {
		alm_print_warning(output,
			"%zu bases reach too many sorts of organisations and "
			"were not compared",
			totals.bases_left);
	}
	alm_sheet_free(s->sheet);
	alm_diff_close(s->diff);
	return rc;
}

static int check_changes(const struct alm_args *args)
{
	const char *given;

	for (size_t i = 0; (given = alm_args_nth(args, "change", i)) != NULL;
		i++) {
		unsigned c = ALM_DIFF_GAINED;

		while (c < ALM_DIFF_CHANGES &&
			strcmp(alm_diff_change_name((enum alm_diff_change)c),
				given) != 0) {
			c++;
		}
		if (c == ALM_DIFF_CHANGES) {
			return alm_args_complain(args,
				"--change is gained, lost, widened, narrowed "
				"or altered");
		}
	}
	return -1;
}

int alm_cmd_policy_diff(int argc, char **argv)
{
	struct alm_bundle_files *files[2] = {NULL, NULL};
	struct alm_args args;
	struct showing s = {.args = &args};
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc < 0) {
		rc = check_changes(&args);
	}
	if (rc >= 0) {
		return rc;
	}
	s.has_cells = alm_args_has(&args, "cells");
	s.limit = (uint64_t)alm_args_number(&args, "limit", LIMIT_DEFAULT);
	for (size_t i = 0; i < 2; i++) {
		files[i] =
			alm_bundle_files_named(&args, args.positionals[i], &rc);
		if (files[i] == NULL) {
			goto out;
		}
	}
	rc = show(&s, &files[0]->bundle, &files[1]->bundle,
		alm_args_number(&args, "at", (int64_t)time(NULL)));
out:
	alm_bundle_files_free(files[1]);
	alm_bundle_files_free(files[0]);
	return rc;
}
