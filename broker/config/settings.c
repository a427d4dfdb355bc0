#include "broker/config/settings.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config/values.h"
#include "lib/arena.h"
#include "lib/base.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/nearest.h"
#include "lib/yaml/read.h"

#define DEFAULT_PATH "/etc/almoner/almonerd.yaml"
#define FILE_BYTES_MAX ((size_t)64 * 1024)
#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define DEPTH_MAX 2u
#define FILES_MAX 256 /* of conf.d */

#define TEXT_BYTES(field) \
	_Generic(((struct alm_settings *)NULL)->field, \
		char * : sizeof(((struct alm_settings *)NULL)->field), \
		default : 0)

#define X(field, name, kind, min, max, otherwise, help) \
	{name, ALM_VALUE_##kind, offsetof(struct alm_settings, field), \
		TEXT_BYTES(field), min, max, otherwise, help},
static const struct alm_value_row rows[ALM_SETTING_COUNT] = {
	ALM_SETTINGS_MAP(X)};
#undef X

void alm_settings_default(struct alm_settings *out_settings)
{
	memset(out_settings, 0, sizeof(*out_settings));
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		enum alm_err err = alm_value_parse(
			&rows[i], rows[i].otherwise, out_settings, NULL);

		ALM_ASSERT(err == ALM_OK);
	}
}

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < ALM_COUNT(rows) && strcmp(rows[i].name, name) != 0) {
		i++;
	}
	return i;
}

enum alm_err alm_settings_set(struct alm_settings *settings, const char *name,
	const char *value, struct alm_problem *problem)
{
	size_t i = find(name);
	struct alm_problem why = {ALM_OK, ""};
	struct alm_nearest nearest;
	enum alm_err err;

	if (i < ALM_COUNT(rows)) {
		err = alm_value_parse(&rows[i], value, settings, &why);
		if (err != ALM_OK) {
			return alm_problem_set(
				problem, err, "%s: %s", name, why.detail);
		}
		settings->origins[i] = ALM_ORIGIN_FLAG;
		return ALM_OK;
	}
	alm_nearest_init(&nearest, name);
	for (i = 0; i < ALM_COUNT(rows); i++) {
		alm_nearest_offer(&nearest, rows[i].name);
	}
	return alm_problem_set(problem, ALM_KEY_UNKNOWN,
		"there is no setting '%.64s'%s%s%s", name,
		nearest.best != NULL ? "; did you mean '" : "",
		nearest.best != NULL ? nearest.best : "",
		nearest.best != NULL ? "'?" : "");
}

static void read_values(const struct alm_yaml_node *const *at,
	struct alm_settings *settings, struct alm_diagnostics *diagnostics)
{
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_problem why = {ALM_OK, ""};

		if (at[i] == NULL) {
			continue;
		}
		if (at[i]->kind != ALM_YAML_SCALAR ||
			strpbrk(at[i]->text, "\n\t") != NULL) {
			(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
				alm_yaml_place(at[i]),
				"%s: a single value in one line is expected",
				rows[i].name);
		} else if (alm_value_parse(&rows[i], at[i]->text, settings,
				   &why) != ALM_OK) {
			(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
				alm_yaml_place(at[i]), "%s: %s", rows[i].name,
				why.detail);
		} else {
			settings->origins[i] = ALM_ORIGIN_FILE;
		}
	}
}

enum alm_err alm_settings_read(const char *name, struct alm_bytes content,
	struct alm_settings *settings, struct alm_problem *problem)
{
	const struct alm_yaml_options options = {
		.file = name,
		.bytes_max = FILE_BYTES_MAX,
		.depth_max = DEPTH_MAX,
	};
	struct alm_yaml_key keys[ALM_COUNT(rows)] = {{NULL, false}};
	const struct alm_yaml_node *at[ALM_COUNT(rows)] = {NULL};
	const struct alm_yaml_node *root = NULL;
	struct alm_diagnostics *found = calloc(1, sizeof(*found));
	struct alm_arena arena;
	enum alm_err err;

	if (found == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", name);
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	alm_diagnostics_init(found, &arena);
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		keys[i].name = rows[i].name;
	}
	err = alm_yaml_parse(&options, content, &arena, found, &root);
	if (err == ALM_OK) {
		(void)alm_yaml_read_map(root, "the configuration", keys,
			ALM_COUNT(keys), at, found);
		read_values(at, settings, found);
		alm_diagnostics_sort(found);
	}
	err = alm_diagnostics_problem(found, problem);
	alm_arena_fini(&arena);
	free(found);
	return err;
}

static enum alm_err read_file(const char *path, struct alm_settings *settings,
	struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err =
		alm_file_read(path, FILE_BYTES_MAX, &data, &bytes, problem);

	if (err == ALM_OK) {
		err = alm_settings_read(path, (struct alm_bytes){data, bytes},
			settings, problem);
	}
	free(data);
	return err;
}

static int is_yaml(const struct dirent *entry)
{
	size_t bytes = strlen(entry->d_name);

	return entry->d_name[0] != '.' && bytes > 5 &&
	       strcmp(entry->d_name + bytes - 5, ".yaml") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* conf.d/(any).yaml beside the file, in order of name; later ones win. */
static enum alm_err read_folder(const char *path, struct alm_settings *settings,
	struct alm_problem *problem)
{
	const char *slash = strrchr(path, '/');
	int stem = slash != NULL ? (int)(slash - path) + 1 : 0;
	char folder[PATH_MAX];
	char file[PATH_MAX + 256];
	struct dirent **entries = NULL;
	enum alm_err err = ALM_OK;
	int count;

	if (snprintf(folder, sizeof(folder), "%.*sconf.d", stem, path) >=
		(int)sizeof(folder)) {
		return alm_problem_set(problem, ALM_IO, "%s: too long", path);
	}
	count = scandir(folder, &entries, is_yaml, by_name);
	if (count < 0) {
		return errno == ENOENT ? ALM_OK
				       : alm_problem_set(problem, ALM_IO,
						 "%s cannot be read", folder);
	}
	if (count > FILES_MAX) {
		err = alm_problem_set(problem, ALM_CONFIG,
			"%s: more than %d files", folder, FILES_MAX);
	}
	for (int i = 0; i < count; i++) {
		if (err == ALM_OK) {
			(void)snprintf(file, sizeof(file), "%s/%s", folder,
				entries[i]->d_name);
			err = read_file(file, settings, problem);
		}
		free(entries[i]);
	}
	free(entries);
	return err;
}

/* store-map is ALMONER_STORE_MAP. */
static void environment_name(const char *name, char *out, size_t out_bytes)
{
	(void)snprintf(out, out_bytes, "ALMONER_%s", name);
	for (char *c = out; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z') {
			*c = (char)(*c - 32);
		} else if (*c == '-') {
			*c = '_';
		}
	}
}

static enum alm_err read_environment(
	struct alm_settings *settings, struct alm_problem *problem)
{
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_problem why = {ALM_OK, ""};
		const char *value;
		char name[64];

		environment_name(rows[i].name, name, sizeof(name));
		value = getenv(name);
		if (value == NULL) {
			continue;
		}
		if (alm_value_parse(&rows[i], value, settings, &why) !=
			ALM_OK) {
			return alm_problem_set(problem, ALM_VALUE_BAD,
				"environment variable %s: %s", name,
				why.detail);
		}
		settings->origins[i] = ALM_ORIGIN_ENVIRONMENT;
	}
	return ALM_OK;
}

enum alm_err alm_settings_load(const char *path,
	struct alm_settings *out_settings, struct alm_problem *problem)
{
	const char *file = path != NULL ? path : DEFAULT_PATH;
	struct alm_settings settings;
	enum alm_err err = ALM_OK;

	alm_settings_default(&settings);
	if (path != NULL || access(file, F_OK) == 0) {
		err = read_file(file, &settings, problem);
	}
	if (err == ALM_OK) {
		err = read_folder(file, &settings, problem);
	}
	if (err == ALM_OK) {
		err = read_environment(&settings, problem);
	}
	if (err == ALM_OK) {
		*out_settings = settings;
	}
	return err;
}

const char *alm_setting_name(enum alm_setting setting)
{
	return rows[setting].name;
}

void alm_setting_write(const struct alm_settings *settings,
	enum alm_setting setting, FILE *out)
{
	alm_value_write(&rows[setting], settings, out);
}

void alm_settings_write_sample(FILE *out)
{
	(void)fputs(
		"# almonerd.yaml - settings of the broker; see "
		"almonerd.yaml(5).\n"
		"# Each line shows the default.  Remove the # to change one; "
		"files in conf.d\n"
		"# beside this one are read after it, in order of name.\n",
		out);
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		(void)fprintf(out, "\n# %s\n#%s: %s\n", rows[i].help,
			rows[i].name,
			rows[i].otherwise[0] != '\0' ? rows[i].otherwise
						     : "\"\"");
	}
}

void alm_settings_write_effective(
	const struct alm_settings *settings, FILE *out)
{
	static const char *const origins[] = {
		[ALM_ORIGIN_DEFAULT] = "default",
		[ALM_ORIGIN_FILE] = "file",
		[ALM_ORIGIN_ENVIRONMENT] = "environment",
		[ALM_ORIGIN_FLAG] = "flag",
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		(void)fprintf(out, "%s: ", rows[i].name);
		alm_value_write(&rows[i], settings, out);
		(void)fprintf(out, "  # %s\n", origins[settings->origins[i]]);
	}
}
