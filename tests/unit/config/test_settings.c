/* test_settings.c - defaults, files, environment, and what is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/config/settings.h"
#include "tests/support/tempdir.h"

static struct alm_settings settings;
static struct alm_problem problem;

static enum alm_err read_text(const char *text)
{
	alm_settings_default(&settings);
	memset(&problem, 0, sizeof(problem));
	return alm_settings_read("a.yaml",
		(struct alm_bytes){(const uint8_t *)text, strlen(text)},
		&settings, &problem);
}

Test(settings, starts_from_an_empty_file)
{
	cr_assert_eq(read_text(""), ALM_OK);
	cr_expect_str_eq(settings.endpoint, "tcp://127.0.0.1:7301");
	cr_expect_str_eq(
		settings.admin_endpoint, "ipc:///run/almoner/admin.sock");
	cr_expect_eq(settings.admin_mode, 0660);
	cr_expect_str_eq(settings.http_endpoint, "");
	cr_expect_eq(settings.store_map_bytes, UINT64_C(64) << 30);
	cr_expect_eq(settings.opt_out_age_max_s, 168 * 3600);
	cr_expect_eq(settings.acknowledge_timeout_ms, 30000);
	cr_expect_eq(settings.redeliver_max_ms, 600000);
	cr_expect_eq(settings.send_window, 4096);
	cr_expect_eq(settings.log_level, 6);
	cr_expect_eq(settings.drain_timeout_ms, 10000);
}

Test(settings, reads_every_kind_of_value)
{
	cr_assert_eq(read_text("endpoint: tcp://0.0.0.0:7400\n"
			       "admin-endpoint: ipc:///tmp/a.sock\n"
			       "admin-mode: 0600\n"
			       "http-endpoint: 127.0.0.1:9000\n"
			       "store-map: 2GiB\n"
			       "opt-out-age-max: 2h\n"
			       "acknowledge-timeout: 1500ms\n"
			       "send-window: 8192\n"
			       "log-level: warning\n"),
		ALM_OK, "%s", problem.detail);
	cr_expect_str_eq(settings.endpoint, "tcp://0.0.0.0:7400");
	cr_expect_eq(settings.admin_mode, 0600);
	cr_expect_eq(settings.store_map_bytes, UINT64_C(2) << 30);
	cr_expect_eq(settings.opt_out_age_max_s, 7200);
	cr_expect_eq(settings.acknowledge_timeout_ms, 1500);
	cr_expect_eq(settings.send_window, 8192);
	cr_expect_eq(settings.log_level, 4);
	cr_expect_eq(
		settings.origins[ALM_SETTING_send_window], ALM_ORIGIN_FILE);
	cr_expect_eq(settings.origins[ALM_SETTING_store], ALM_ORIGIN_DEFAULT);
}

Test(settings, names_file_line_and_the_nearest_word)
{
	static const struct {
		const char *text;
		enum alm_err err;
		const char *detail;
	} rows[] = {
		{"\nstore-mpa: 1GiB\n", ALM_KEY_UNKNOWN,
			"a.yaml:2:1: the configuration has no key 'store-mpa';"
			" did you mean 'store-map'?"},
		{"store: a\nstore: b\n", ALM_KEY_DUPLICATE,
			"a.yaml:2:1: the key 'store' stands twice; first in "
			"line 1"},
		{"store-map: 64GB\n", ALM_VALUE_BAD,
			"a.yaml:1:12: store-map: '64GB' is not a size; write "
			"a number and KiB, MiB, GiB or TiB"},
		{"store-map: 64KiB\n", ALM_VALUE_BAD,
			"a.yaml:1:12: store-map: '64KiB' is outside 1MiB to "
			"16TiB"},
		{"session-idle: 60\n", ALM_VALUE_BAD,
			"a.yaml:1:15: session-idle: '60' is not a duration; "
			"write a number and ms, s, m, h or d"},
		{"session-idle: 100ms\n", ALM_VALUE_BAD,
			"a.yaml:1:15: session-idle: '100ms' is outside 1s to "
			"1d"},
		{"send-window: 8193\n", ALM_VALUE_BAD,
			"a.yaml:1:14: send-window: '8193' is outside 1 to "
			"8192"},
		{"send-window: -1\n", ALM_VALUE_BAD,
			"a.yaml:1:14: send-window: '-1' is not a number"},
		{"log-level: inof\n", ALM_VALUE_BAD,
			"a.yaml:1:12: log-level: 'inof' is not one of error, "
			"warning, notice, info, debug; did you mean 'info'?"},
		{"endpoint: 127.0.0.1:1\n", ALM_VALUE_BAD,
			"a.yaml:1:11: endpoint: '127.0.0.1:1' is not an "
			"endpoint; write tcp://ADDRESS:PORT or ipc:///PATH"},
		{"admin-mode: 0999\n", ALM_VALUE_BAD,
			"a.yaml:1:13: admin-mode: '0999' is not permissions; "
			"write them as 0660"},
		{"store: [a]\n", ALM_VALUE_BAD,
			"a.yaml:1:8: store: a single value in one line is "
			"expected"},
		{"store: &x a\n", ALM_YAML_UNSUPPORTED,
			"a.yaml:1:8: an anchor (&) is not allowed; write the "
			"value out"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_expect_eq(
			read_text(rows[i].text), rows[i].err, "row %zu", i);
		cr_expect_str_eq(problem.detail, rows[i].detail);
	}
}

Test(settings, keeps_http_on_this_machine)
{
	cr_expect_eq(read_text("http-endpoint: \"[::1]:80\"\n"), ALM_OK);
	cr_expect_eq(read_text("http-endpoint: unix:/run/x\n"), ALM_OK);
	cr_expect_eq(read_text("http-endpoint: \"\"\n"), ALM_OK);
	cr_expect_eq(read_text("http-endpoint: 0.0.0.0:80\n"), ALM_VALUE_BAD);
	cr_expect_eq(read_text("http-endpoint: 127.0.0.1:0\n"), ALM_VALUE_BAD);
	cr_expect_eq(read_text("admin-endpoint: tcp://h:1\n"), ALM_VALUE_BAD);
}

Test(settings, refuses_numbers_that_would_overflow)
{
	cr_expect_eq(
		read_text("store-map: 999999999999999TiB\n"), ALM_VALUE_BAD);
	cr_expect_eq(
		read_text("store-map: 18446744073709551616\n"), ALM_VALUE_BAD);
	cr_expect_eq(
		read_text("session-idle: 999999999999999d\n"), ALM_VALUE_BAD);
}

Test(settings, sets_one_as_a_flag_does)
{
	alm_settings_default(&settings);
	cr_expect_eq(
		alm_settings_set(&settings, "store", "/x", &problem), ALM_OK);
	cr_expect_str_eq(settings.store, "/x");
	cr_expect_eq(settings.origins[ALM_SETTING_store], ALM_ORIGIN_FLAG);
	cr_expect_eq(alm_settings_set(&settings, "stor", "/x", &problem),
		ALM_KEY_UNKNOWN);
	cr_expect_str_eq(problem.detail,
		"there is no setting 'stor'; did you mean 'store'?");
	cr_expect_eq(alm_settings_set(&settings, "store", "", &problem),
		ALM_VALUE_BAD);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

Test(settings, lets_folder_and_environment_override_the_file)
{
	char folder[ALM_TEMPDIR_BYTES];
	char path[256];

	alm_tempdir_make(folder);
	cr_assert_eq(chdir(folder), 0);
	cr_assert_eq(mkdir("conf.d", 0700), 0);
	put("m.yaml", "store: /a\nsend-window: 1\nlog-level: debug\n");
	put("conf.d/20.yaml", "send-window: 3\n");
	put("conf.d/10.yaml", "send-window: 2\nlog-level: error\n");
	put("conf.d/30.txt", "nonsense: 1\n");
	setenv("ALMONER_LOG_LEVEL", "notice", 1);
	(void)snprintf(path, sizeof(path), "%s/m.yaml", folder);
	cr_assert_eq(alm_settings_load(path, &settings, &problem), ALM_OK, "%s",
		problem.detail);
	cr_expect_str_eq(settings.store, "/a");
	cr_expect_eq(settings.send_window, 3);
	cr_expect_eq(settings.log_level, 5);
	cr_expect_eq(settings.origins[ALM_SETTING_log_level],
		ALM_ORIGIN_ENVIRONMENT);
	setenv("ALMONER_LOG_LEVEL", "loud", 1);
	cr_expect_eq(
		alm_settings_load(path, &settings, &problem), ALM_VALUE_BAD);
	cr_expect_not_null(strstr(problem.detail, "ALMONER_LOG_LEVEL"));
	unsetenv("ALMONER_LOG_LEVEL");
	cr_expect_eq(alm_settings_load("m.yaml", &settings, &problem), ALM_OK);
	put("conf.d/20.yaml", "x: 1\n");
	cr_expect_eq(
		alm_settings_load(path, &settings, &problem), ALM_KEY_UNKNOWN);
	cr_expect_not_null(strstr(problem.detail, "conf.d/20.yaml:1:1"));
	cr_expect_eq(alm_settings_load("none.yaml", &settings, &problem),
		ALM_NOT_FOUND);
	alm_tempdir_remove(folder);
}

Test(settings, reads_what_is_kept_how_long)
{
	cr_assert_eq(read_text(""), ALM_OK);
	cr_expect_eq(settings.audit_keep_disclosures_s, 2922 * INT64_C(86400));
	cr_expect_str_eq(settings.audit_keep_long_words, "cancer*,*oncology*");
	cr_expect_eq(read_text("audit-keep-long-words: ''\n"), ALM_OK);
	cr_expect_eq(read_text("audit-keep-long-words: 'a,*b*,C-1'\n"), ALM_OK);
	cr_expect_neq(read_text("audit-keep-long-words: 'a,,b'\n"), ALM_OK);
	cr_expect_neq(read_text("audit-keep-long-words: 'a,'\n"), ALM_OK);
	cr_expect_neq(read_text("audit-keep-long-words: 'a b'\n"), ALM_OK);
	cr_expect_neq(read_text("audit-keep-long-words: '[a]'\n"), ALM_OK);
	/* A slip of the pen must not cost the evidence of years. */
	cr_expect_eq(read_text("audit-keep-disclosures: 2922d\n"), ALM_OK);
	cr_expect_neq(read_text("audit-keep-disclosures: 2921d\n"), ALM_OK);
	cr_expect_eq(read_text("audit-keep-security: 183d\n"), ALM_OK);
	cr_expect_neq(read_text("audit-keep-security: 182d\n"), ALM_OK);
}

static const struct alm_own_quota *quota(size_t i)
{
	return &settings.organisation_quotas.items[i];
}

Test(settings, reads_who_has_a_quota_of_its_own)
{
	cr_assert_eq(read_text(""), ALM_OK);
	cr_expect_eq(settings.organisation_quotas.count, 0);
	cr_assert_eq(read_text("organisation-quotas:\n"
			       "  RX1 2000/s 10MiB/s,\n"
			       "  C84001 64KiB/s, C84009 1/s\n"),
		ALM_OK, "%s", problem.detail);
	cr_assert_eq(settings.organisation_quotas.count, 3);
	cr_expect_str_eq(quota(0)->organisation, "RX1");
	cr_expect_eq(quota(0)->messages_per_s, 2000);
	cr_expect_eq(quota(0)->bytes_per_s, 10 << 20);
	cr_expect_str_eq(quota(1)->organisation, "C84001");
	cr_expect_eq(quota(1)->messages_per_s, 0);
	cr_expect_eq(quota(1)->bytes_per_s, 65536);
	cr_expect_eq(quota(2)->messages_per_s, 1);
	cr_expect_eq(quota(2)->bytes_per_s, 0);
	cr_expect_eq(read_text("organisation-quotas: RX1 1TiB/s 10000000/s\n"),
		ALM_OK);
	cr_expect_eq(quota(0)->messages_per_s, 10000000);
}

/* As bytes, too, which is how settings are compared. */
Test(settings, a_quota_is_the_same_whatever_stands_before_it)
{
	struct alm_own_quota alone;

	cr_assert_eq(read_text("organisation-quotas: RX1 1/s\n"), ALM_OK);
	alone = *quota(0);
	cr_assert_eq(read_text("organisation-quotas:\n"
			       "  an-id-that-is-long 1/s, RX1 1/s\n"),
		ALM_OK);
	cr_expect_arr_eq(quota(1), &alone, sizeof(alone));
}

Test(settings, refuses_quotas_that_may_mean_something_else)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{"RX1", "'RX1' has no rate"},
		{"RX1 2000", "'2000' is no rate"},
		{"RX1 /s", "'/s' is no rate"},
		{"RX1 ten/s", "'ten' is neither"},
		{"RX1 10MB/s", "'10MB' is neither"},
		{"RX1 0/s", "'0' is outside 1 to 10000000 messages"},
		{"RX1 10000001/s", "'10000001' is outside"},
		{"RX1 63KiB/s", "'63KiB' is outside 64KiB to 1TiB"},
		{"RX1 2TiB/s", "'2TiB' is outside"},
		{"RX1 1/s 2/s", "'2' is one rate too many"},
		{"RX1 1/s 1MiB/s 1MiB/s", "'1MiB' is one rate too many"},
		{"RX1 1/s, RX1 2/s", "'RX1' stands there twice"},
		{"RX1 1/s,", "does not begin with the id"},
		{",RX1 1/s", "does not begin with the id"},
		{"RX1 1/s,, RY2 1/s", "does not begin with the id"},
		{"R;X 1/s", "does not begin with the id"},
	};
	char text[128];

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text),
			"organisation-quotas: '%s'\n", rows[i].text);
		cr_expect_eq(
			read_text(text), ALM_VALUE_BAD, "%s", rows[i].text);
		cr_expect_not_null(strstr(problem.detail, rows[i].why),
			"%s: %s", rows[i].text, problem.detail);
		cr_expect_eq(settings.organisation_quotas.count, 0);
	}
}

Test(settings, bounds_who_may_have_a_quota_of_its_own)
{
	static char text[32 * ALM_QUOTAS_MAX];
	size_t used = 0;

	for (unsigned i = 0; i <= ALM_QUOTAS_MAX; i++) {
		cr_assert_eq(alm_settings_set(&settings, "organisation-quotas",
				     text, &problem),
			ALM_OK, "%s", problem.detail);
		cr_assert_eq(settings.organisation_quotas.count, i);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%sO%u 1/s 1MiB/s", i == 0 ? "" : ", ", i);
	}
	cr_expect_eq(alm_settings_set(
			     &settings, "organisation-quotas", text, &problem),
		ALM_VALUE_BAD);
}

static char *capture(void (*write)(FILE *out))
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	write(out);
	fclose(out);
	return text;
}

static void write_defaults(FILE *out)
{
	alm_settings_default(&settings);
	alm_settings_write_effective(&settings, out);
}

static void write_quotas(FILE *out)
{
	cr_assert_eq(read_text("organisation-quotas: RX1 2048KiB/s 7/s,RY2 "
			       "9/s\n"),
		ALM_OK);
	alm_settings_write_effective(&settings, out);
}

Test(settings, writes_quotas_as_it_reads_them)
{
	char *text = capture(write_quotas);

	cr_expect_not_null(strstr(text, "\norganisation-quotas: "
					"RX1 7/s 2MiB/s, RY2 9/s  # file\n"),
		"%s", text);
	free(text);
}

Test(settings, writes_what_it_reads)
{
	char *text = capture(write_defaults);

	cr_expect_not_null(
		strstr(text, "\nstore-map: 64GiB  # default\n"), "%s", text);
	cr_expect_not_null(
		strstr(text, "\nopt-out-age-max: 7d  # default\n"), "%s", text);
	cr_expect_eq(read_text(text), ALM_OK, "%s", problem.detail);
	free(text);
}

Test(settings, keeps_the_sample_file_up_to_date)
{
	char *text = capture(alm_settings_write_sample);
	FILE *file = fopen("config/almonerd.yaml", "r");
	static char kept[16384];

	cr_assert_not_null(file, "run from the root of the tree");
	kept[fread(kept, 1, sizeof(kept) - 1, file)] = '\0';
	fclose(file);
	cr_expect_str_eq(
		kept, text, "make it again: almonerd --print-sample-config");
	cr_expect_eq(read_text(text), ALM_OK);
	/* With every key enabled it still says the defaults. */
	for (char *at = text; (at = strstr(at, "\n#")) != NULL; at++) {
		at[1] = at[2] == ' ' ? '#' : ' ';
	}
	cr_expect_eq(read_text(text), ALM_OK, "%s", problem.detail);
	free(text);
}
