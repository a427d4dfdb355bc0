/* changes.c - see changes.h. */
#include "cli/ctx/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/paths.h"
#include "lib/id.h"

/** Files are named whole: the context stands elsewhere. */
static enum alm_err set_file(struct alm_ctx_changes *changes,
	enum alm_context_key key, const char *value,
	struct alm_problem *problem)
{
	char *out = changes->files[key];
	char folder[PATH_MAX];

	alm_text_copy(out, PATH_MAX, value);
	changes->values[key] = out;
	if (*value == '/' || *value == '\0') {
		return ALM_OK;
	}
	if (getcwd(folder, sizeof(folder)) == NULL) {
		return alm_problem_set(
			problem, ALM_IO, "this folder: %s", strerror(errno));
	}
	return alm_path_join(folder, value, out)
		       ? ALM_OK
		       : alm_problem_set(
				 problem, ALM_CONTEXT, "the path is too long");
}

static enum alm_err set_value(struct alm_ctx_changes *changes,
	enum alm_context_key key, const char *value,
	struct alm_problem *problem)
{
	for (const char *c = value; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7F) {
			return alm_problem_set(problem, ALM_USAGE,
				"--%s has a control character",
				alm_context_keys[key].name);
		}
	}
	if (alm_context_keys[key].form == ALM_CONTEXT_FORM_FILE) {
		return set_file(changes, key, value, problem);
	}
	changes->values[key] = value;
	return ALM_OK;
}

enum alm_err alm_ctx_take_options(const struct alm_args *args,
	struct alm_ctx_changes *changes, size_t *out_count,
	struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	*out_count = 0;
	for (size_t i = 0; err == ALM_OK && i < ALM_CONTEXT_KEYS; i++) {
		const char *value =
			alm_args_text(args, alm_context_keys[i].name);

		if (value != NULL) {
			++*out_count;
			err = set_value(changes, (enum alm_context_key)i, value,
				problem);
		}
	}
	/* Who says where the broker is, says it for good. */
	if ((alm_args_has(args, "endpoint") ||
		    alm_args_has(args, "broker-key")) &&
		!alm_args_has(args, "broker-from")) {
		changes->values[ALM_CONTEXT_BROKER_FROM] = "";
	}
	return err;
}

enum alm_err alm_ctx_take_from(const char *file,
	struct alm_ctx_changes *changes, struct alm_problem *problem)
{
	char path[PATH_MAX];
	enum alm_err err;

	if (realpath(file, path) == NULL) {
		return alm_problem_set(
			problem, ALM_CONTEXT, "%s: %s", file, strerror(errno));
	}
	err = alm_context_card_read(path, &changes->from, problem);
	for (size_t i = 0; err == ALM_OK && i < ALM_CONTEXT_KEYS; i++) {
		if (changes->from.values[i][0] != '\0') {
			changes->values[i] = changes->from.values[i];
		}
	}
	if (err == ALM_OK && changes->values[ALM_CONTEXT_ENDPOINT] != NULL &&
		changes->values[ALM_CONTEXT_BROKER_FROM] == NULL) {
		err = set_file(changes, ALM_CONTEXT_BROKER_FROM, path, problem);
	}
	return err;
}

enum alm_err alm_ctx_take_keys(const char *folder,
	struct alm_ctx_changes *changes, struct alm_problem *problem)
{
	static const struct {
		enum alm_context_key key;
		const char *name;
	} files[] = {{ALM_CONTEXT_CURVE_KEY, "curve.key"},
		{ALM_CONTEXT_SIGNING_KEY, "signing.key"}};
	enum alm_err err = ALM_OK;

	for (size_t i = 0; err == ALM_OK && i < ALM_COUNT(files); i++) {
		char path[PATH_MAX];

		if (!alm_path_join(folder, files[i].name, path)) {
			return alm_problem_set(
				problem, ALM_CONTEXT, "the path is too long");
		}
		err = set_file(changes, files[i].key, path, problem);
	}
	return err;
}
