/*
 * explain.c - almoner policy explain: one request, decided offline and
 * explained.  The request is given by options, or as JSON on standard input.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/core/snapshot.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/people/json.h"
#include "cli/people/words.h"
#include "cli/policy/bundle_files.h"
#include "cli/policy/decide_json.h"
#include "cli/policy/explanation.h"
#include "lib/words.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

static const struct alm_option options[] = {
	{"bundle", 'b', ALM_OPTION_TEXT, "FILE",
		"a file or folder of the policy; more may follow", true, true},
	{"people", 'p', ALM_OPTION_TEXT, "FILE.ndjson",
		"what is known about people", false, false},
	{"max-opt-out-age", 0, ALM_OPTION_DURATION, "DURATION",
		"how old an opt-out check may be; 168h unless given", false,
		false},
	{"from", 0, ALM_OPTION_TEXT, "ORG",
		"the sender; without it the request is read as JSON", false,
		false},
	{"to", 't', ALM_OPTION_TEXT, "ORG", "the recipient", false, false},
	{"purpose", 0, ALM_OPTION_TEXT, "PURPOSE", "what for", false, false},
	{"category", 0, ALM_OPTION_TEXT, "CATEGORY",
		"what it holds; may be repeated", false, true},
	{"level", 'l', ALM_OPTION_TEXT, "LEVEL",
		"identifiable, pseudonymised, anonymised or aggregate", false,
		false},
	{"subject", 's', ALM_OPTION_TEXT, "NHS-NUMBER|-",
		"the person; - reads the number from standard input", false,
		false},
	{"subject-unknown", 0, ALM_OPTION_TEXT, "REASON",
		"why the person has no number", false, false},
	{"basis", 0, ALM_OPTION_TEXT, "ID", "the basis that is named", false,
		false},
	{"batch", 0, ALM_OPTION_FLAG, NULL, "it is a record set", false, false},
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"decide as at this time instead of now", false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy explain",
	.summary = "Decide one request offline and say why: the step that "
		   "decided, the nearest miss, and the smallest changes that "
		   "would let it through, with whose desk they are on.",
	.positionals = "[FILE...]",
	.positional_max = ALM_ATTACHMENTS_MAX,
	.options = options,
	.notes = "  almoner policy explain --bundle policy/ --people p.ndjson "
		 "<request.json\n"
		 "  almoner policy explain --bundle policy/ --from RX1 \\\n"
		 "    --to C84001 --purpose direct-care --category discharge "
		 "\\\n    --level identifiable --subject -",
};

struct explaining {
	struct alm_bundle_files *files;
	struct alm_people people;
	struct alm_arena arena;
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
	struct alm_request request;
	int64_t at_s;
	char subject[ALM_NHS_NUMBER_BYTES + 1];
};

/* --- the request ---------------------------------------------------------- */

static enum alm_err read_json(struct explaining *e, struct alm_problem *problem)
{
	uint8_t *data =
		alm_arena_take(&e->arena, ALM_REQUEST_LINE_BYTES_MAX + 1);
	size_t bytes = 0;

	if (data == NULL) {
		return ALM_NOMEM;
	}
	while (bytes <= ALM_REQUEST_LINE_BYTES_MAX) {
		ssize_t got = read(STDIN_FILENO, data + bytes,
			ALM_REQUEST_LINE_BYTES_MAX + 1 - bytes);

		if (got < 0) {
			return alm_problem_set(
				problem, ALM_IO, "standard input");
		}
		if (got == 0) {
			break;
		}
		bytes += (size_t)got;
	}
	alm_request_json_read((struct alm_bytes){data, bytes}, &e->arena,
		&e->request, &e->at_s);
	sodium_memzero(data, ALM_REQUEST_LINE_BYTES_MAX + 1);
	return ALM_OK;
}

static enum alm_err read_categories(
	struct explaining *e, const struct alm_args *args)
{
	const char **items =
		alm_arena_take(&e->arena, ALM_ARGS_GIVEN_MAX * sizeof(*items));
	const char *category;
	size_t count = 0;

	if (items == NULL) {
		return ALM_NOMEM;
	}
	while ((category = alm_args_nth(args, "category", count)) != NULL) {
		items[count++] = category;
	}
	e->request.categories = items;
	e->request.category_count = count;
	return ALM_OK;
}

static enum alm_err read_options(struct explaining *e,
	const struct alm_args *args, struct alm_problem *problem)
{
	const char *subject = alm_args_text(args, "subject");
	struct alm_request *r = &e->request;

	r->id = "explain";
	r->from = alm_args_text(args, "from");
	r->to = alm_args_text(args, "to");
	r->purpose = alm_args_text(args, "purpose");
	r->has_payload = true;
	r->payload = (enum alm_level)alm_level_of(alm_args_text(args, "level"));
	r->subject_unknown = alm_args_text(args, "subject-unknown");
	r->basis = alm_args_text(args, "basis");
	r->is_batch = alm_args_has(args, "batch");
	e->at_s = (int64_t)time(NULL);
	if (subject != NULL) {
		enum alm_err err =
			alm_take_nhs_number(subject, e->subject, problem);

		if (err != ALM_OK) {
			return err;
		}
		r->subject = e->subject;
	}
	return read_categories(e, args);
}

/* A request by options has every part that a request must have. */
static int check_options(const struct alm_args *args)
{
	static const char *const needed[] = {
		"to", "purpose", "category", "level"};

	if (!alm_args_has(args, "from")) {
		return -1;
	}
	for (size_t i = 0; i < ALM_COUNT(needed); i++) {
		if (!alm_args_has(args, needed[i])) {
			return alm_args_complain(
				args, "--from needs --%s as well", needed[i]);
		}
	}
	if (alm_level_of(alm_args_text(args, "level")) == 0) {
		return alm_args_complain(args,
			"--level is identifiable, pseudonymised, anonymised "
			"or aggregate");
	}
	return -1;
}

/* --- the answer ----------------------------------------------------------- */

static enum alm_err prepare(struct explaining *e, const struct alm_args *args,
	struct alm_problem *problem)
{
	const char *people = alm_args_text(args, "people");
	enum alm_err err = ALM_OK;

	if (people != NULL) {
		err = alm_people_load(people, &e->people, problem);
	}
	if (err == ALM_OK) {
		err = alm_args_has(args, "from")
			      ? read_options(e, args, problem)
			      : read_json(e, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	e->at_s = alm_args_number(args, "at", e->at_s);
	e->snapshot = alm_snapshot_compile(&e->files->bundle);
	if (e->snapshot != NULL) {
		alm_people_warn_of_words(
			&e->people, e->snapshot, &args->output);
		e->scratch = alm_scratch_new(e->snapshot);
	}
	return e->scratch == NULL ? ALM_NOMEM : ALM_OK;
}

static int answer(struct explaining *e, const struct alm_args *args,
	struct alm_problem *problem)
{
	const struct alm_question question = {
		.bundle = &e->files->bundle,
		.person = e->request.subject == NULL
				  ? NULL
				  : alm_people_find(
					    &e->people, e->request.subject),
		.request = &e->request,
		.t_s = e->at_s,
		.opt_out_age_max_s = alm_args_number(
			args, "max-opt-out-age", ALM_OPT_OUT_AGE_DEFAULT_S),
	};
	const struct alm_world world = {.snapshot = e->snapshot,
		.opt_out_age_max_s = question.opt_out_age_max_s};
	struct alm_remedies remedies;
	struct alm_decision decision;

	alm_decide(&world, question.person, &e->request, e->at_s, e->scratch,
		&decision);
	problem->err = alm_remedies_find(&question, &e->arena, &remedies);
	if (problem->err != ALM_OK) {
		return alm_print_problem(&args->output, problem);
	}
	return alm_explain_print(
		&(struct alm_explanation){&question, &decision, &remedies},
		&args->output);
}

int alm_cmd_policy_explain(int argc, char **argv)
{
	struct explaining e = {.files = NULL};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc < 0) {
		rc = check_options(&args);
	}
	if (rc >= 0) {
		return rc;
	}
	alm_arena_init(&e.arena, ARENA_BYTES_MAX);
	e.files = alm_bundle_files_given(&args, &rc);
	if (e.files != NULL) {
		problem.err = prepare(&e, &args, &problem);
		rc = problem.err == ALM_OK
			     ? answer(&e, &args, &problem)
			     : alm_print_problem(&args.output, &problem);
	}
	alm_scratch_free(e.scratch);
	alm_snapshot_free(e.snapshot);
	alm_people_fini(&e.people);
	alm_bundle_files_free(e.files);
	alm_arena_fini(&e.arena);
	sodium_memzero(e.subject, sizeof(e.subject));
	return rc;
}
