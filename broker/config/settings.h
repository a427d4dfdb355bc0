/*
 * settings.h - the settings of almonerd: one table row each, from which the
 * parser, --check-config, the sample file and the manual are made.
 * Order of precedence: flag, environment (ALMONER_...), file, default.
 */
#ifndef ALM_BROKER_CONFIG_SETTINGS_H
#define ALM_BROKER_CONFIG_SETTINGS_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "broker/config/quotas.h"
#include "broker/config/settings_map.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/limits.h"

#define ALM_ENDPOINT_TEXT_MAX 256u

#define X(field, name, kind, min, max, otherwise, help) ALM_SETTING_##field,
enum alm_setting {
	ALM_SETTINGS_MAP(X) ALM_SETTING_COUNT,
};
#undef X

/** Where the value of a setting comes from. */
enum alm_origin {
	ALM_ORIGIN_DEFAULT = 0,
	ALM_ORIGIN_FILE,
	ALM_ORIGIN_ENVIRONMENT,
	ALM_ORIGIN_FLAG,
};

/** Everything that can be set.  Plain value. */
struct alm_settings {
	char endpoint[ALM_ENDPOINT_TEXT_MAX];
	char public_endpoint[ALM_ENDPOINT_TEXT_MAX]; /* "": as above */
	char endpoint_next[ALM_ENDPOINT_TEXT_MAX];   /* "": none */
	char public_endpoint_next[ALM_ENDPOINT_TEXT_MAX];
	char admin_endpoint[ALM_ENDPOINT_TEXT_MAX];
	uint32_t admin_mode; /* of the socket file, e.g. 0660 */
	char http_endpoint[ALM_ENDPOINT_TEXT_MAX]; /* "": off */
	char store[PATH_MAX];
	uint64_t store_map_bytes;
	/* Names without a slash are looked up among the credentials. */
	char store_key_file[PATH_MAX];
	char curve_key_file[PATH_MAX];
	char curve_key_file_next[PATH_MAX];
	int64_t key_overlap_s;
	int64_t key_age_max_s;
	char audit_key_file[PATH_MAX];
	char audit_key_next_file[PATH_MAX];  /* "": the key is not changed */
	char audit_head_file[PATH_MAX];      /* "": beside the store */
	char audit_publish_folder[PATH_MAX]; /* "": none */
	int64_t opt_out_age_max_s;
	int64_t override_review_s;
	char guardian_mailbox[ALM_ID_BYTES_MAX + 1]; /* "": nobody's */
	int64_t policy_emergency_s;
	int64_t audit_keep_disclosures_s;
	int64_t audit_keep_long_s;
	char audit_keep_long_words[1024];
	int64_t audit_keep_security_s;
	uint32_t audit_verify_rate; /* rows a second; 0: none */
	int64_t audit_publish_ms;
	int64_t acknowledge_timeout_ms;
	int64_t redeliver_max_ms;
	uint32_t attempts_max;
	int64_t dead_letter_keep_s;
	uint32_t mailbox_messages_max;
	uint64_t mailbox_bytes_max;
	int64_t mailbox_age_max_ms; /* 0: no limit */
	int64_t session_idle_ms;
	int64_t drain_timeout_ms;
	int64_t clock_behind_max_s;
	uint32_t send_window;
	uint32_t organisation_messages_per_s;
	uint32_t organisation_refusals_per_s;
	uint64_t organisation_bytes_per_s;
	struct alm_quotas organisation_quotas; /* their own */
	uint64_t organisation_waiting_bytes;
	uint32_t handshakes_per_second;
	uint32_t handshakes_per_address;
	uint64_t large_payload_bytes_max; /* 0: none */
	uint64_t compress_from_bytes;     /* 0: never */
	uint32_t log_level;               /* as syslog(3) numbers them */
	enum alm_origin origins[ALM_SETTING_COUNT];
};

/** The defaults: an empty file starts a broker. */
void alm_settings_default(struct alm_settings *out_settings);

/**
 * Defaults, then FILE and the conf.d folder beside it, then the environment.
 *
 * In:      path  NULL: /etc/almoner/almonerd.yaml if it is there
 * Errors:  CONFIG and the 50xx of its YAML, NOT_FOUND (a named file), IO;
 *          `problem` has file, line and the nearest valid name
 */
ALM_MUST_USE enum alm_err alm_settings_load(const char *path,
	struct alm_settings *out_settings, struct alm_problem *problem);

/**
 * One file's text over what `settings` says; a faulty one may be half read.
 * Errors:  the 50xx of its YAML; `problem` names file, line and near words
 */
ALM_MUST_USE enum alm_err alm_settings_read(const char *name,
	struct alm_bytes content, struct alm_settings *settings,
	struct alm_problem *problem);

/** Set one from text, as a flag does.  Errors: KEY_UNKNOWN, VALUE_BAD. */
ALM_MUST_USE enum alm_err alm_settings_set(struct alm_settings *settings,
	const char *name, const char *value, struct alm_problem *problem);

/** How it is named in files. */
const char *alm_setting_name(enum alm_setting setting);

/** Its value, as a file has it. */
void alm_setting_write(const struct alm_settings *settings,
	enum alm_setting setting, FILE *out);

/** The sample file: every key with its meaning, commented out. */
void alm_settings_write_sample(FILE *out);

/** Every setting with its value and where that comes from, a line each. */
void alm_settings_write_effective(
	const struct alm_settings *settings, FILE *out);

#endif /* ALM_BROKER_CONFIG_SETTINGS_H */
