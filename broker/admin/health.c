/*
 * health - what the daemon alone can tell of itself for the operator's doctor:
 * the room it has, how it is confined, and whether it could start again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "broker/admin/verbs.h"
#include "broker/config/credential.h"
#include "broker/evidence/checkpoint.h"

/* Whole, for who asks from another folder. */
static void add_path(
	struct alm_table *table, const char *fact, const char *name)
{
	char path[PATH_MAX];

	alm_table_fact(table, fact, realpath(name, path) != NULL ? path : name);
}

static void add_disk(struct alm_table *table, const struct alm_broker *broker)
{
	struct statvfs disk;

	add_path(table, "store", broker->settings.store);
	alm_table_number(
		table, "store-map-bytes", broker->settings.store_map_bytes);
	if (statvfs(broker->settings.store, &disk) == 0) {
		alm_table_number(table, "disk-bytes",
			(uint64_t)disk.f_blocks * disk.f_frsize);
		alm_table_number(table, "disk-free-bytes",
			(uint64_t)disk.f_bavail * disk.f_frsize);
	}
	alm_table_number(table, "commit-us", (uint64_t)broker->fair.commit_us);
}

/* As /proc/self/status has it; "" when it is not there. */
static void add_confinement(struct alm_table *table)
{
	static const struct {
		const char *line;
		const char *fact;
	} lines[] = {{"NoNewPrivs:", "no-new-privileges"},
		{"Seccomp:", "seccomp"}, {"CapEff:", "capabilities"}};
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		for (size_t i = 0; i < ALM_COUNT(lines); i++) {
			size_t bytes = strlen(lines[i].line);

			if (strncmp(line, lines[i].line, bytes) == 0) {
				const char *at = line + bytes +
						 strspn(line + bytes, " \t");

				line[strcspn(line, "\n")] = '\0';
				alm_table_fact(table, lines[i].fact, at);
			}
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
}

static void add_limits(struct alm_table *table)
{
	struct rlimit limit;

	alm_table_number(table, "process", (uint64_t)getpid());
	alm_table_number(table, "user", (uint64_t)geteuid());
	alm_table_number(table, "open-files", alm_alarms_files_open());
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		alm_table_number(table, "open-files-max", limit.rlim_cur);
	}
	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		alm_table_number(table, "core-bytes-max", limit.rlim_cur);
	}
}

/* A log that was never signed needs none. */
static bool has_audit_key(const struct alm_broker *broker)
{
	return broker->signer != NULL && broker->signer->key_count > 0;
}

/* Whether a restart would find the keys; their content is not looked at. */
static void add_keys(struct alm_table *table, const struct alm_broker *broker)
{
	const char *const names[] = {broker->settings.curve_key_file,
		broker->settings.store_key_file,
		broker->settings.audit_key_file,
		broker->settings.curve_key_file_next,
		broker->settings.audit_key_next_file};
	const char *missing = "";
	char store_key[PATH_MAX];

	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		char path[PATH_MAX];
		bool is_used = i < 2 || (i == 2          ? has_audit_key(broker)
						: i == 3 ? alm_edge_has_next(
								   broker->edge)
							 : names[i][0] != '\0');

		alm_credential_path(names[i], path);
		if (is_used && missing[0] == '\0' && access(path, R_OK) != 0) {
			missing = names[i];
		}
	}
	alm_credential_path(broker->settings.store_key_file, store_key);
	add_path(table, "store-key-file", store_key);
	alm_table_fact(table, "key-not-readable", missing);
	alm_table_number(table, "key-age-max-s",
		(uint64_t)broker->settings.key_age_max_s);
}

static void add_signer(struct alm_call *call)
{
	const struct alm_signer *signer = call->turn->broker->signer;
	struct alm_table *table = call->table;

	if (!has_audit_key(call->turn->broker)) {
		return;
	}
	alm_table_number(table, "signed-size", signer->size);
	alm_table_fact(
		table, "signed-at", alm_table_instant(table, signer->at_us));
	alm_table_number(table, "sign-failures", signer->failed_count);
	alm_table_fact(
		table, "sign-failing", signer->is_failing ? "yes" : "no");
	alm_table_number(table, "unsigned-s",
		(uint64_t)alm_checkpoint_unsigned_us(call->turn->broker) /
			1000000);
	alm_table_number(table, "audit-size", call->turn->broker->audit_size);
}

enum alm_err alm_verb_health(struct alm_call *call)
{
	const struct alm_broker *broker = call->turn->broker;

	alm_table_fact(call->table, "now",
		alm_table_instant(call->table, call->turn->now_us));
	alm_table_fact(
		call->table, "http-endpoint", broker->settings.http_endpoint);
	add_disk(call->table, broker);
	add_limits(call->table);
	add_confinement(call->table);
	add_keys(call->table, broker);
	add_signer(call);
	return ALM_OK;
}
