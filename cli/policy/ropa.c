/*
 * ropa.c - almoner policy ropa: the record of processing activities of
 * a bundle, as Markdown for people, or as a table with --csv and --json.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/policy/activity.h"
#include "cli/policy/bundle_files.h"
#include "lib/time.h"

#define ARENA_BYTES_MAX ((size_t)1 << 30)
#define ROWS_PER_FLUSH 500u

static const struct alm_option options[] = {
	{"at", 0, ALM_OPTION_INSTANT, "TIME", "as at this time instead of now",
		false, false},
	{"organisation", 'o', ALM_OPTION_TEXT, "ID",
		"only what this organisation controls, processes, sends or "
		"receives",
		false, false},
	{"in-force", 0, ALM_OPTION_FLAG, NULL,
		"leave out what is suspended, expired or not yet valid", false,
		false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy ropa",
	.summary = "Print the record of processing activities (UK GDPR, "
		   "Article 30) of a policy bundle: Markdown, or a table with "
		   "--csv, --json or --jsonl.  Files or folders, or what the "
		   "broker keeps: the number of an epoch, active, or "
		   "proposal:N.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner policy ropa /etc/almoner/policy >ropa.md\n"
		 "  almoner policy ropa /etc/almoner/policy --csv "
		 "--organisation RX1 >ropa.csv",
};

struct recording {
	const struct alm_args *args;
	struct alm_side side;
	struct alm_arena arena;
	uint64_t *selected;
	size_t organisation;     /* ALM_INDEX_NONE: all */
	struct alm_sheet *sheet; /* NULL: Markdown */
	size_t rows;
	size_t incomplete;
	bool is_short;
	int rc;
};

/* --- Markdown ------------------------------------------------------------ */

/* A text that Markdown shows as it is, in one line of a table. */
static void put_markdown(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		switch (*c) {
		case '&':
			(void)fputs("&amp;", stdout);
			break;
		case '<':
			(void)fputs("&lt;", stdout);
			break;
		case '>':
			(void)fputs("&gt;", stdout);
			break;
		default:
			if (strchr("\\`*_[]|~", *c) != NULL) {
				(void)putchar('\\');
			}
			(void)putchar((unsigned char)*c < 0x20 || *c == 0x7F
					      ? ' '
					      : *c);
			break;
		}
	}
}

static void put_activity(char *const *cells)
{
	(void)fputs("\n## ", stdout);
	put_markdown(cells[0]);
	(void)fputs(": ", stdout);
	put_markdown(cells[1]);
	(void)fputs("\n\n| | |\n|---|---|\n", stdout);
	for (size_t i = 2; i < ALM_ROPA_COLUMNS; i++) {
		if (*cells[i] == '\0') {
			continue;
		}
		(void)printf("| %s | ", alm_ropa_columns[i].title);
		put_markdown(cells[i]);
		(void)fputs(" |\n", stdout);
	}
}

static void put_heading(const struct recording *r)
{
	char at[ALM_INSTANT_TEXT_BYTES];

	alm_instant_text(r->side.at_s, at);
	(void)fputs("# Record of processing activities: ", stdout);
	put_markdown(r->side.bundle->name);
	(void)printf("\n\nUK GDPR, Article 30, as at %s.", at);
	if (r->organisation != ALM_INDEX_NONE) {
		const struct alm_bundle_organisation *o =
			&r->side.bundle->organisations[r->organisation];

		(void)fputs(" What ", stdout);
		put_markdown(o->id.text);
		(void)fputs(" (", stdout);
		put_markdown(o->name);
		(void)fputs(
			") controls, processes, sends or receives.", stdout);
	}
	(void)putchar('\n');
}

/* --- rows ---------------------------------------------------------------- */

static char *write_cell(const struct alm_ropa_column *column,
	const struct alm_activity *activity)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (out == NULL) {
		return NULL;
	}
	column->write(activity, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void add_row(struct recording *r, char *const *cells)
{
	bool is_stream = r->args->output.format != ALM_FORMAT_JSON;

	if (r->sheet == NULL) {
		put_activity(cells);
		r->rows++;
		return;
	}
	alm_sheet_row(r->sheet, (const char *const *)cells);
	r->rows++;
	if (is_stream && r->rows % ROWS_PER_FLUSH == 0 && r->rc == 0) {
		r->rc = alm_sheet_flush(
			r->sheet, &r->args->output, r->rows == ROWS_PER_FLUSH);
	}
}

static void record(struct recording *r, const struct alm_bundle_basis *basis)
{
	const struct alm_activity activity = {&r->side, basis};
	char *cells[ALM_ROPA_COLUMNS] = {NULL};
	size_t count = 0;

	while (count < ALM_ROPA_COLUMNS) {
		cells[count] = write_cell(&alm_ropa_columns[count], &activity);
		if (cells[count] == NULL) {
			r->is_short = true;
			goto out;
		}
		count++;
	}
	r->incomplete += *cells[count - 1] != '\0' ? 1 : 0;
	add_row(r, cells);
out:
	for (size_t i = 0; i < count; i++) {
		free(cells[i]);
	}
}

/* --- which activities ---------------------------------------------------- */

static bool selects(struct recording *r, struct alm_words words)
{
	memset(r->selected, 0, r->side.set_words * sizeof(*r->selected));
	alm_side_select(&r->side, words, r->selected);
	return alm_set_has(r->selected, (uint32_t)r->organisation);
}

static bool is_wanted(struct recording *r, const struct alm_bundle_basis *basis)
{
	if (alm_args_has(r->args, "in-force") &&
		!alm_side_is_in_force(&r->side, basis)) {
		return false;
	}
	return r->organisation == ALM_INDEX_NONE || selects(r, basis->from) ||
	       selects(r, basis->to) ||
	       (basis->entry != NULL &&
		       (selects(r, basis->entry->controllers) ||
			       selects(r, basis->entry->processors)));
}

static enum alm_err prepare(struct recording *r,
	const struct alm_bundle *bundle, struct alm_problem *problem)
{
	const char *id = alm_args_text(r->args, "organisation");
	int64_t at_s = alm_args_number(r->args, "at", (int64_t)time(NULL));
	size_t count = bundle->organisation_count;
	uint32_t *numbers =
		alm_arena_take(&r->arena, (count + 1) * sizeof(*numbers));
	enum alm_err err = alm_side_init(&r->side, bundle, at_s, &r->arena);

	if (err != ALM_OK || numbers == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	for (size_t i = 0; i < count; i++) {
		numbers[i] = (uint32_t)i;
	}
	err = alm_side_number(&r->side, numbers, (uint32_t)count, &r->arena);
	r->selected = alm_arena_take(
		&r->arena, (count / 64 + 1) * sizeof(*r->selected));
	if (err != ALM_OK || r->selected == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	r->organisation = ALM_INDEX_NONE;
	if (id != NULL) {
		const char *nearest =
			alm_index_nearest(&r->side.organisations, id);

		r->organisation = alm_index_find(&r->side.organisations, id);
		if (r->organisation == ALM_INDEX_NONE) {
			return alm_problem_set(problem, ALM_NOT_FOUND,
				"the bundle has no organisation '%.64s'%s%s%s",
				id, nearest != NULL ? "; did you mean '" : "",
				nearest != NULL ? nearest : "",
				nearest != NULL ? "'?" : "");
		}
	}
	return ALM_OK;
}

static int open_sheet(struct recording *r)
{
	const char *names[ALM_ROPA_COLUMNS];

	if (r->args->output.format == ALM_FORMAT_TABLE) {
		put_heading(r);
		return ALM_EXIT_OK;
	}
	for (size_t i = 0; i < ALM_ROPA_COLUMNS; i++) {
		names[i] = alm_ropa_columns[i].name;
	}
	r->sheet =
		alm_sheet_new("almoner.policy.ropa/1", names, ALM_ROPA_COLUMNS);
	return r->sheet != NULL ? ALM_EXIT_OK : ALM_EXIT_UNAVAILABLE;
}

static int finish(struct recording *r)
{
	const struct alm_output *output = &r->args->output;
	struct alm_problem problem = {.err = ALM_OK};

	if (r->is_short) {
		problem.err = ALM_NOMEM;
	} else if (r->sheet == NULL &&
		   (fflush(stdout) != 0 || ferror(stdout) != 0)) {
		problem.err = ALM_IO;
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(output, &problem);
	}
	if (r->sheet != NULL && r->rc == ALM_EXIT_OK) {
		r->rc = output->format == ALM_FORMAT_JSON
				? alm_sheet_print(r->sheet, output)
				: alm_sheet_flush(r->sheet, output,
					  r->rows < ROWS_PER_FLUSH);
	}
	if (r->incomplete > 0) {
		alm_print_warning(output,
			"%zu of %zu activities lack something that Article 30 "
			"asks for; see 'missing'",
			r->incomplete, r->rows);
	}
	return r->rc;
}

static int record_all(
	struct alm_bundle_files *files, const struct alm_args *args)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct recording r = {.args = args};
	int rc;

	alm_arena_init(&r.arena, ARENA_BYTES_MAX);
	if (prepare(&r, &files->bundle, &problem) != ALM_OK) {
		rc = alm_print_problem(&args->output, &problem);
		goto out;
	}
	rc = open_sheet(&r);
	if (rc == ALM_EXIT_OK) {
		for (size_t i = 0; i < files->bundle.basis_count; i++) {
			if (is_wanted(&r, &files->bundle.bases[i])) {
				record(&r, &files->bundle.bases[i]);
			}
		}
		rc = finish(&r);
	}
out:
	alm_sheet_free(r.sheet);
	alm_arena_fini(&r.arena);
	return rc;
}

int alm_cmd_policy_ropa(int argc, char **argv)
{
	return alm_bundle_files_act(
		argc, argv, &usage, alm_bundle_files_any, record_all);
}
