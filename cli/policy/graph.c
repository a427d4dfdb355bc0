/*
 * graph.c - almoner policy graph: the rights that stand at an instant,
 * for Graphviz.  Each basis is a node between the selectors that it names, so
 * that the graph grows with the text of the bundle and not with its pairs.
 *
 * Every text is a quoted string; a backslash in it is doubled, as the labels
 * of Graphviz give it a meaning.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/policy/side.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/policy/bundle_files.h"
#include "cli/policy/decide_json.h"
#include "lib/base.h"
#include "lib/time.h"
#include "lib/words.h"

#define LIMIT_DEFAULT 500
#define ARENA_BYTES_MAX ((size_t)1 << 30)

static const struct alm_option options[] = {
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"the rights that stand at this time instead of now", false,
		false},
	{"basis", 'b', ALM_OPTION_TEXT, "ID",
		"only this basis; may be repeated", false, true},
	{"organisation", 'o', ALM_OPTION_TEXT, "ID",
		"only what this organisation may send or receive", false,
		false},
	{"purpose", 'p', ALM_OPTION_TEXT, "ID", "only what covers this purpose",
		false, false},
	{"prohibitions", 0, ALM_OPTION_FLAG, NULL, "draw these too", false,
		false},
	{"limit", 'n', ALM_OPTION_NUMBER, "N",
		"at most so many bases; 500 unless given, 0: all", false,
		false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy graph",
	.summary = "Draw the standing rights of a policy bundle for Graphviz: "
		   "who may send what to whom, on which basis.  Files or "
		   "folders, or what the broker keeps: the number of an "
		   "epoch, active, or proposal:N.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner policy graph /etc/almoner/policy | dot -Tsvg "
		 ">rights.svg",
};

struct drawing {
	const struct alm_args *args;
	struct alm_side side;
	struct alm_arena arena;
	uint64_t purpose;    /* only bases that cover it; 0: all */
	size_t organisation; /* only what selects it; ALM_INDEX_NONE: all */
	uint64_t *selected;
	size_t limit; /* 0: none */
	size_t drawn;
	size_t left;
	/* which selectors have a node, by number */
	bool has_any;
	bool *has_kind;
	bool *has_organisation;
	bool *has_group;
};

/* The inside of a quoted string. */
static void put_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\') {
			(void)putchar('\\');
		}
		(void)putchar(
			(unsigned char)*c < 0x20 || *c == 0x7F ? ' ' : *c);
	}
}

static void put_words(const char *before, struct alm_words words)
{
	(void)fputs(before, stdout);
	for (size_t i = 0; i < words.count; i++) {
		(void)fputs(i == 0 ? "" : ", ", stdout);
		put_text(words.items[i].text);
	}
}

static void put_node(const char *prefix, const char *id)
{
	(void)printf("\"%s", prefix);
	put_text(id);
	(void)putchar('"');
}

/* --- selectors ----------------------------------------------------------- */

static bool *flag_of(struct drawing *d, const char *text)
{
	if (strcmp(text, "any") == 0) {
		return &d->has_any;
	}
	if (strncmp(text, "kind:", 5) == 0) {
		return &d->has_kind[alm_index_find(&d->side.kinds, text + 5)];
	}
	if (strncmp(text, "group:", 6) == 0) {
		return &d->has_group[alm_index_find(&d->side.groups, text + 6)];
	}
	return &d->has_organisation[alm_index_find(
		&d->side.organisations, text)];
}

/* The node of a selector, once. */
static void draw_selector(struct drawing *d, const char *text)
{
	bool *is_drawn = flag_of(d, text);
	const char *shape = "ellipse";
	size_t at;

	if (*is_drawn) {
		return;
	}
	*is_drawn = true;
	(void)fputs("\t", stdout);
	put_node("party ", text);
	(void)fputs(" [label=\"", stdout);
	put_text(text);
	at = alm_index_find(&d->side.organisations, text);
	if (strchr(text, ':') == NULL && at != ALM_INDEX_NONE) {
		(void)fputs("\\n", stdout);
		put_text(d->side.bundle->organisations[at].name);
		if (!d->side.is_able[at]) {
			(void)fputs("\\n(not able to take part)", stdout);
		}
		shape = "box";
	}
	(void)printf("\", shape=%s];\n", shape);
}

static void draw_edges(struct drawing *d, struct alm_words words,
	const char *prefix, const char *id, bool is_sender, const char *style)
{
	for (size_t i = 0; i < words.count; i++) {
		const char *text = words.items[i].text;

		draw_selector(d, text);
		(void)fputs("\t", stdout);
		if (is_sender) {
			put_node("party ", text);
			(void)fputs(" -> ", stdout);
			put_node(prefix, id);
		} else {
			put_node(prefix, id);
			(void)fputs(" -> ", stdout);
			put_node("party ", text);
		}
		(void)printf("%s;\n", style);
	}
}

/* --- rules --------------------------------------------------------------- */

static const char *level_color(enum alm_level level)
{
	static const char *const colors[] = {
		"white", "white", "palegreen", "khaki", "lightsalmon"};

	return colors[level];
}

static void draw_basis(struct drawing *d, const struct alm_bundle_basis *basis)
{
	(void)fputs("\t", stdout);
	put_node("basis ", basis->id.text);
	(void)fputs(" [label=\"", stdout);
	put_text(basis->id.text);
	(void)fputs("\\n", stdout);
	put_text(basis->title);
	put_words("\\nfor ", basis->purposes);
	put_words("\\nof ", basis->categories);
	(void)printf("\\nup to %s", alm_level_word(basis->identifiability));
	if (basis->requires_relationship) {
		(void)fputs("\\nwith a relationship", stdout);
	}
	if (basis->consent == ALM_CONSENT_REQUIRED) {
		(void)fputs("\\nwith consent", stdout);
	}
	if (basis->opt_out == ALM_OPT_OUT_APPLIES) {
		(void)fputs("\\nopt-outs apply", stdout);
	}
	put_words(basis->lifts.count > 0 ? "\\nlifts " : "", basis->lifts);
	(void)printf("\", shape=%s, style=filled, fillcolor=%s];\n",
		basis->is_mandate ? "component" : "note",
		level_color(basis->identifiability));
	draw_edges(d, basis->from, "basis ", basis->id.text, true, "");
	draw_edges(d, basis->to, "basis ", basis->id.text, false, "");
}

static void draw_prohibition(
	struct drawing *d, const struct alm_bundle_prohibition *p)
{
	static const char style[] = " [color=red, style=dashed]";

	(void)fputs("\t", stdout);
	put_node("prohibition ", p->id.text);
	(void)fputs(" [label=\"", stdout);
	put_text(p->id.text);
	(void)fputs("\\n", stdout);
	put_text(p->title);
	put_words("\\nfor ", p->purposes);
	put_words("\\nof ", p->categories);
	(void)printf("\\n%s %s and above\", shape=octagon, color=red];\n",
		p->de_identifies ? "de-identify" : "withhold",
		alm_level_word(p->at_or_above));
	draw_edges(d, p->from, "prohibition ", p->id.text, true, style);
	draw_edges(d, p->to, "prohibition ", p->id.text, false, style);
}

/* --- what to draw -------------------------------------------------------- */

static bool selects(struct drawing *d, struct alm_words words)
{
	memset(d->selected, 0, d->side.set_words * sizeof(*d->selected));
	alm_side_select(&d->side, words, d->selected);
	return alm_set_has(d->selected, (uint32_t)d->organisation);
}

static bool is_wanted(struct drawing *d, const struct alm_bundle_basis *basis)
{
	const char *given;
	bool is_named = !alm_args_has(d->args, "basis");

	for (size_t i = 0; (given = alm_args_nth(d->args, "basis", i)) != NULL;
		i++) {
		is_named = is_named || strcmp(given, basis->id.text) == 0;
	}
	return is_named && alm_side_is_in_force(&d->side, basis) &&
	       (d->purpose == 0 ||
		       (alm_side_permits(&d->side.purposes, basis->purposes) &
			       d->purpose) != 0) &&
	       (d->organisation == ALM_INDEX_NONE || selects(d, basis->from) ||
		       selects(d, basis->to));
}

static void draw(struct drawing *d)
{
	const struct alm_bundle *b = d->side.bundle;
	char at[ALM_INSTANT_TEXT_BYTES];

	alm_instant_text(d->side.at_s, at);
	(void)fputs("digraph \"", stdout);
	put_text(b->name);
	(void)fputs("\" {\n\tgraph [rankdir=LR, charset=\"UTF-8\", label=\"",
		stdout);
	put_text(b->name);
	(void)printf(": rights that stand at %s\"];\n"
		     "\tnode [fontname=\"Helvetica\"];\n",
		at);
	for (size_t i = 0; i < b->basis_count; i++) {
		if (!is_wanted(d, &b->bases[i])) {
			continue;
		}
		if (d->limit != 0 && d->drawn >= d->limit) {
			d->left++;
			continue;
		}
		d->drawn++;
		draw_basis(d, &b->bases[i]);
	}
	for (size_t i = 0; alm_args_has(d->args, "prohibitions") &&
			   i < b->prohibition_count;
		i++) {
		draw_prohibition(d, &b->prohibitions[i]);
	}
	(void)fputs("}\n", stdout);
}

/* --- the command --------------------------------------------------------- */

static enum alm_err prepare(
	struct drawing *d, const struct alm_bundle *bundle, int64_t at_s)
{
	size_t count = bundle->organisation_count;
	uint32_t *numbers = NULL;
	enum alm_err err = alm_side_init(&d->side, bundle, at_s, &d->arena);

	if (err == ALM_OK) {
		numbers = alm_arena_take(
			&d->arena, (count + 1) * sizeof(*numbers));
		d->has_kind =
			alm_arena_take(&d->arena, bundle->kinds.count + 1);
		d->has_organisation = alm_arena_take(&d->arena, count + 1);
		d->has_group =
			alm_arena_take(&d->arena, bundle->group_count + 1);
	}
	if (numbers == NULL || d->has_kind == NULL ||
		d->has_organisation == NULL || d->has_group == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		numbers[i] = (uint32_t)i;
	}
	err = alm_side_number(&d->side, numbers, (uint32_t)count, &d->arena);
	if (err != ALM_OK) {
		return err;
	}
	d->selected = alm_arena_take(
		&d->arena, d->side.set_words * sizeof(*d->selected));
	return d->selected != NULL ? ALM_OK : ALM_NOMEM;
}

/* The place of a word given as an option; NONE if it is not known, and then
 * the problem says which is near. */
static size_t find_given(const struct drawing *d, const struct alm_index *index,
	const char *option, struct alm_problem *problem)
{
	const char *text = alm_args_text(d->args, option);
	size_t at = text != NULL ? alm_index_find(index, text) : ALM_INDEX_NONE;
	const char *nearest;

	if (text == NULL || at != ALM_INDEX_NONE) {
		return at;
	}
	nearest = alm_index_nearest(index, text);
	(void)alm_problem_set(problem, ALM_NOT_FOUND,
		"the bundle has no %s '%.64s'%s%s%s", option, text,
		nearest != NULL ? "; did you mean '" : "",
		nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
	return at;
}

static enum alm_err read_filters(struct drawing *d, struct alm_problem *problem)
{
	size_t purpose =
		find_given(d, &d->side.purposes.index, "purpose", problem);

	d->organisation =
		find_given(d, &d->side.organisations, "organisation", problem);
	d->purpose = purpose == ALM_INDEX_NONE ? 0 : UINT64_C(1) << purpose;
	return problem->err;
}

static int draw_bundle(struct drawing *d, const struct alm_bundle *bundle)
{
	struct alm_problem problem = {.err = ALM_OK};

	problem.err = prepare(
		d, bundle, alm_args_number(d->args, "at", (int64_t)time(NULL)));
	if (problem.err != ALM_OK || read_filters(d, &problem) != ALM_OK) {
		return alm_print_problem(&d->args->output, &problem);
	}
	draw(d);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		problem.err = ALM_IO;
		return alm_print_problem(&d->args->output, &problem);
	}
	if (d->left > 0) {
		alm_print_warning(&d->args->output,
			"%zu more bases are not drawn; see --limit", d->left);
	}
	return ALM_EXIT_OK;
}

static int draw_files(
	struct alm_bundle_files *files, const struct alm_args *args)
{
	struct drawing d = {.args = args};
	int rc;

	d.limit = (size_t)alm_args_number(args, "limit", LIMIT_DEFAULT);
	alm_arena_init(&d.arena, ARENA_BYTES_MAX);
	rc = draw_bundle(&d, &files->bundle);
	alm_arena_fini(&d.arena);
	return rc;
}

int alm_cmd_policy_graph(int argc, char **argv)
{
	return alm_bundle_files_act(
		argc, argv, &usage, alm_bundle_files_any, draw_files);
}
