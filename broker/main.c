/*
 * almonerd: options, the loop, and the end.
 */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <sodium.h>

#include "broker/broker.h"
#include "broker/edge/clock.h"
#include "broker/edge/log.h"
#include "broker/edge/notify.h"
#include "broker/edge/signals.h"
#include "broker/errands.h"
#include "broker/evidence/checkpoint.h"
#include "broker/loop/reload.h"
#include "broker/loop/turn.h"
#include "broker/watch/pulse.h"
#include "lib/version.h"

/* The loop wakes at least so often, for redelivery, expiry and watchdog. */
#define WAKE_MS 500
#define WAKE_SOON_MS 10

/* Frames of megabytes come and go with every turn under load; memory up to
 * this is kept for the next instead of being mapped and zeroed anew. */
#define KEPT_MEMORY_BYTES_MAX (64 * 1024 * 1024)
#define MAPPED_BYTES_MIN (32 * 1024 * 1024)

enum mode {
	MODE_RUN,
	MODE_CHECK,
	MODE_SHOW,
	MODE_SAMPLE,
	MODE_KEYS,
	MODE_ORIGIN,
	MODE_VERSION,
	MODE_HELP,
	MODE_USAGE,
};

struct options {
	enum mode mode;
	struct alm_settings_source source;
	const char *keys_folder;
	const char *reason; /* of a new origin */
};

static const char help[] =
	"usage: almonerd [--config FILE] [--set NAME=VALUE]...\n"
	"       almonerd --check-config [--config FILE]\n"
	"       almonerd --generate-keys FOLDER\n"
	"       almonerd --new-origin REASON [--config FILE]\n"
	"\n"
	"  --config FILE          settings; default "
	"/etc/almoner/almonerd.yaml\n"
	"  --set NAME=VALUE       one setting, before file and environment\n"
	"  --check-config         check the settings and stop\n"
	"  --show-config          print the settings in effect\n"
	"  --print-sample-config  print every setting with its meaning\n"
	"  --generate-keys FOLDER make curve.key, store.key and audit.key "
	"there\n"
	"  --new-origin REASON    go on as another log, after records were "
	"lost\n"
	"  --version, --help\n";

static struct options read_options(int argc, char **argv, char **settings)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"check-config", no_argument, NULL, MODE_CHECK},
		{"show-config", no_argument, NULL, MODE_SHOW},
		{"print-sample-config", no_argument, NULL, MODE_SAMPLE},
		{"generate-keys", required_argument, NULL, MODE_KEYS},
		{"new-origin", required_argument, NULL, MODE_ORIGIN},
		{"version", no_argument, NULL, MODE_VERSION},
		{"help", no_argument, NULL, MODE_HELP},
		{NULL, 0, NULL, 0},
	};
	struct options options = {
		.mode = MODE_RUN, .source = {.overrides = settings}};
	int c;

	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			options.source.config = optarg;
			break;
		case 's':
			settings[options.source.override_count++] = optarg;
			break;
		case MODE_KEYS:
			options.keys_folder = optarg;
			options.mode = MODE_KEYS;
			break;
		case MODE_ORIGIN:
			options.reason = optarg;
			options.mode = MODE_ORIGIN;
			break;
		case '?':
			options.mode = MODE_USAGE;
			return options;
		default:
			options.mode = (enum mode)c;
			break;
		}
	}
	if (optind < argc) {
		options.mode = MODE_USAGE;
	}
	return options;
}

static int fail(const struct alm_problem *problem)
{
	alm_log_problem(ALM_LOG_ERROR, "start.failed", problem);
	return alm_err_info(problem->err)->exit_code;
}

/* True when the daemon shall end. */
static bool take_signals(struct alm_broker *broker, int signal_fd)
{
	struct alm_signal got;

	while ((got = alm_signals_next(signal_fd)).number != 0) {
		if (got.number == SIGTERM || got.number == SIGINT) {
			return true;
		}
		broker->reload.is_asked = true;
		broker->reload.user = got.user;
		broker->reload.process = got.process;
	}
	return false;
}

/* Take what had arrived: acknowledgements are taken, new mail is refused for
 * a moment.  Ends when nothing waits, or when the time is up. */
static enum alm_err drain(
	struct alm_broker *broker, struct alm_problem *problem)
{
	int64_t until_ms =
		alm_clock_monotonic_ms() + broker->settings.drain_timeout_ms;
	enum alm_err err = ALM_OK;

	broker->is_draining = true;
	while (err == ALM_OK && alm_clock_monotonic_ms() < until_ms) {
		struct alm_edge_ready ready;
		bool is_ready;

		alm_edge_wait(broker->edge, 0, &ready);
		if (!ready.agents && !ready.admin &&
			!alm_fair_is_waiting(broker, &is_ready)) {
			return ALM_OK;
		}
		err = alm_turn_run(broker, &ready, problem);
	}
	return err;
}

static int wait_ms(const struct alm_broker *broker)
{
	bool is_ready = false;
	bool is_waiting = alm_fair_is_waiting(broker, &is_ready);

	if (broker->is_in_haste || is_ready) {
		return 0;
	}
	if (is_waiting) {
		return WAKE_SOON_MS; /* for a quota to fill */
	}
	return alm_redecide_is_due(&broker->redecider) ||
			       alm_checkpoint_is_waiting(broker)
		       ? WAKE_SOON_MS
		       : WAKE_MS;
}

static enum alm_err run_loop(
	struct alm_broker *broker, int signal_fd, struct alm_problem *problem)
{
	struct alm_pulse pulse = {.watchdog_ms = alm_notify_watchdog_ms()};
	enum alm_err err = ALM_OK;

	while (err == ALM_OK) {
		struct alm_edge_ready ready;
		int64_t now_ms;

		alm_edge_wait(broker->edge, wait_ms(broker), &ready);
		broker->is_in_haste = false;
		if (ready.signal && take_signals(broker, signal_fd)) {
			alm_notify_stopping();
			return drain(broker, problem);
		}
		if (ready.zap) {
			alm_broker_serve_zap(broker);
		}
		if (ready.extra) {
			alm_http_serve(broker->http);
		}
		err = alm_turn_run(broker, &ready, problem);
		alm_pulse_beat(&pulse, broker);
		now_ms = alm_clock_monotonic_ms();
		alm_alarms_tell(broker, now_ms);
		alm_http_look_after(broker->http, now_ms);
	}
	return err;
}

static int serve(const struct alm_settings *settings,
	const struct alm_settings_source *source)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_broker *broker = NULL;
	int signal_fd = -1;
	enum alm_err err = alm_signals_open(&signal_fd);

	if (err == ALM_OK) {
		err = alm_broker_open(settings, signal_fd, &broker, &problem);
	}
	if (err != ALM_OK) {
		return fail(&problem);
	}
	broker->reload.source = source;
	alm_log(ALM_LOG_NOTICE, "start.ready", "%s listens on %s",
		ALM_VERSION_TEXT, alm_edge_endpoint(broker->edge));
	alm_say_status(broker);
	alm_notify_ready();
	err = run_loop(broker, signal_fd, &problem);
	if (err != ALM_OK) {
		broker->is_broken = true;
		alm_log_problem(ALM_LOG_ERROR, "turn.failed", &problem);
	} else {
		alm_log(ALM_LOG_NOTICE, "stop.clean", "stopping");
	}
	alm_broker_close(broker);
	return err == ALM_OK ? ALM_EXIT_OK : ALM_EXIT_FAILURE;
}

static int run(const struct options *options)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_settings settings;
	enum alm_err err =
		alm_settings_gather(&options->source, &settings, &problem);

	if (err != ALM_OK) {
		return fail(&problem);
	}
	alm_log_open((enum alm_log_level)settings.log_level);
	if (options->mode == MODE_CHECK) {
		printf("the settings are valid\n");
		return ALM_EXIT_OK;
	}
	if (options->mode == MODE_SHOW) {
		alm_settings_write_effective(&settings, stdout);
		return ALM_EXIT_OK;
	}
	if (options->mode == MODE_ORIGIN) {
		return alm_new_origin(&settings, options->reason);
	}
	return serve(&settings, &options->source);
}

static int say(FILE *out, const char *text, int exit_code)
{
	(void)fputs(text, out);
	return exit_code;
}

static int act(const struct options *options)
{
	switch (options->mode) {
	case MODE_RUN:
	case MODE_CHECK:
	case MODE_SHOW:
	case MODE_ORIGIN:
		return run(options);
	case MODE_SAMPLE:
		alm_settings_write_sample(stdout);
		return ALM_EXIT_OK;
	case MODE_KEYS:
		return alm_generate_keys(options->keys_folder);
	case MODE_VERSION:
		return say(
			stdout, "almonerd " ALM_VERSION_TEXT "\n", ALM_EXIT_OK);
	case MODE_HELP:
		return say(stdout, help, ALM_EXIT_OK);
	case MODE_USAGE:
		return say(stderr, help, ALM_EXIT_USAGE);
	}
	return ALM_EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	/* Keys live in this process: no core file, no debugger. */
	struct options options;
	char **given = calloc((size_t)argc + 1, sizeof(*given));
	int rc;

	/* A file that may grow no further is an error like a full disk. */
	(void)signal(SIGXFSZ, SIG_IGN);
	alm_alarms_raise_files();
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY_BYTES_MAX);
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
	alm_log_open(ALM_LOG_INFO);
	if (given == NULL || sodium_init() < 0) {
		free(given);
		return ALM_EXIT_FAILURE;
	}
	options = read_options(argc, argv, given);
	rc = act(&options);
	free(given);
	return rc;
}
