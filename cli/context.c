#include "cli/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/id.h"

enum alm_err alm_context_folder(
	const char *tail, char out[PATH_MAX], struct alm_problem *problem)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	int n;

	if (config != NULL && *config == '/') {
		n = snprintf(out, PATH_MAX, "%s/almoner/%s", config, tail);
	} else {
		n = snprintf(out, PATH_MAX, "%s/.config/almoner/%s",
			home != NULL ? home : "", tail);
	}
	return n < PATH_MAX ? ALM_OK
			    : alm_problem_set(problem, ALM_CONTEXT,
				      "the path is too long");
}

enum alm_err alm_context_file(
	const char *name, char out[PATH_MAX], struct alm_problem *problem)
{
	char tail[PATH_MAX];
	bool is_path = strchr(name, '/') != NULL;
	int n = snprintf(
		tail, sizeof(tail), is_path ? "%s" : "contexts/%s.yaml", name);

	if (n >= PATH_MAX) {
		return alm_problem_set(
			problem, ALM_CONTEXT, "the path is too long");
	}
	if (is_path) {
		memcpy(out, tail, (size_t)n + 1);
		return ALM_OK;
	}
	return alm_context_folder(tail, out, problem);
}

enum alm_err alm_context_selected(
	char out[ALM_ID_BYTES_MAX + 1], struct alm_problem *problem)
{
	struct alm_problem why = {.err = ALM_OK};
	char path[PATH_MAX];
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err = alm_context_folder("context", path, problem);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_file_read(path, ALM_ID_BYTES_MAX + 1, &data, &bytes, &why);
	if (err == ALM_NOT_FOUND) {
		out[0] = '\0';
		return ALM_OK;
	}
	if (err == ALM_OK) {
		data[strcspn((const char *)data, "\n")] = '\0';
		err = alm_id_is_valid((const char *)data) ? ALM_OK
							  : ALM_CONTEXT;
	}
	if (err == ALM_OK) {
		alm_text_copy(out, ALM_ID_BYTES_MAX + 1, (const char *)data);
	} else {
		err = alm_problem_set(problem, ALM_CONTEXT,
			"%s names no context; almoner ctx select does", path);
	}
	free(data);
	return err;
}

enum alm_err alm_context_chosen(const struct alm_args *args, char out[PATH_MAX],
	enum alm_context_origin *out_origin, struct alm_problem *problem)
{
	char selected[ALM_ID_BYTES_MAX + 1] = "";
	enum alm_context_origin origin = ALM_CONTEXT_GIVEN;
	const char *name = alm_args_text(args, "context");
	enum alm_err err = ALM_OK;

	if (name == NULL || *name == '\0') {
		origin = ALM_CONTEXT_ENVIRONMENT;
		name = getenv("ALMONER_CONTEXT");
	}
	if (name == NULL || *name == '\0') {
		origin = ALM_CONTEXT_SELECTED;
		err = alm_context_selected(selected, problem);
		name = selected;
	}
	if (*name == '\0') {
		origin = ALM_CONTEXT_DEFAULT;
		name = "default";
	}
	if (err == ALM_OK) {
		alm_text_copy(out, PATH_MAX, name);
		*out_origin = origin;
	}
	return err;
}

enum alm_err alm_context_path(const struct alm_args *args, char out[PATH_MAX],
	struct alm_problem *problem)
{
	enum alm_context_origin origin;
	char name[PATH_MAX];
	enum alm_err err = alm_context_chosen(args, name, &origin, problem);

	return err == ALM_OK ? alm_context_file(name, out, problem) : err;
}

/** Out: NULL if no context is named and there is none by default. */
static enum alm_err read_chosen(const struct alm_args *args,
	struct alm_context_card **out_card, struct alm_problem *problem)
{
	struct alm_context_card *card = NULL;
	enum alm_context_origin origin;
	char name[PATH_MAX];
	char path[PATH_MAX];
	enum alm_err err = alm_context_chosen(args, name, &origin, problem);

	if (err == ALM_OK) {
		err = alm_context_file(name, path, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (origin == ALM_CONTEXT_DEFAULT && access(path, F_OK) != 0) {
		*out_card = NULL;
		return ALM_OK;
	}
	card = calloc(1, sizeof(*card));
	if (card == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", path);
	}
	err = alm_context_card_read(path, card, problem);
	if (err == ALM_OK) {
		*out_card = card;
	} else {
		free(card);
	}
	return err;
}

enum alm_err alm_context_value(const struct alm_args *args,
	enum alm_context_key key, char out[PATH_MAX],
	struct alm_problem *problem)
{
	struct alm_context_card *card = NULL;
	enum alm_err err = read_chosen(args, &card, problem);

	if (err == ALM_OK) {
		alm_text_copy(
			out, PATH_MAX, card != NULL ? card->values[key] : "");
	}
	free(card);
	return err;
}

enum alm_err alm_context_secret(const struct alm_args *args,
	enum alm_context_key key, bool *out_is_named,
	uint8_t out[ALM_KEY_BYTES], struct alm_problem *problem)
{
	const char *given = alm_args_text(args, "key");
	char path[PATH_MAX] = "";
	enum alm_err err = ALM_OK;

	if (given == NULL) {
		err = alm_context_value(args, key, path, problem);
		given = path;
	}
	if (err == ALM_OK && *given != '\0') {
		err = alm_key_file_read(given, out, problem);
	}
	if (err == ALM_OK) {
		*out_is_named = *given != '\0';
	}
	return err;
}

bool alm_context_is_agents(const struct alm_args *args)
{
	bool is_given = alm_args_has(args, "context");
	const char *admin = getenv("ALMONER_ADMIN");
	struct alm_context_card *card = NULL;
	bool is_agents;

	if (!is_given && (alm_args_has(args, "admin") ||
				 (admin != NULL && *admin != '\0'))) {
		return false;
	}
	/* What is wrong with it is told by whoever opens it. */
	if (read_chosen(args, &card, NULL) != ALM_OK) {
		return is_given;
	}
	is_agents = card != NULL &&
		    card->values[ALM_CONTEXT_ADMIN][0] == '\0' &&
		    (is_given || card->values[ALM_CONTEXT_AGENT][0] != '\0');
	free(card);
	return is_agents;
}

void alm_context_warn_of_move(
	const struct alm_args *args, const char *next_endpoint)
{
	if (*next_endpoint != '\0') {
		alm_print_warning(&args->output,
			"the broker moves to %s: change the context over with "
			"almoner-agent follow --context FILE",
			next_endpoint);
	}
}
