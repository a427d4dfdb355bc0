#include "broker/watch/alarm.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/broker.h"
#include "broker/edge/log.h"
#include "broker/watch/figure.h"

#define FILES_EVERY_MS 5000
/* More than anybody's partners need, where the system has no limit. */
#define FILES_MAX 65536u

/* libzmq wrote it, but it goes into the log. */
static void keep_address(struct alm_alarms *alarms, struct alm_bytes address)
{
	size_t bytes = address.bytes < ALM_ALARM_ADDRESS_BYTES_MAX
			       ? address.bytes
			       : ALM_ALARM_ADDRESS_BYTES_MAX;

	for (size_t i = 0; i < bytes; i++) {
		char c = (char)address.data[i];

		alarms->address[i] =
			isalnum((unsigned char)c) || strchr(".:%-", c) != NULL
				? c
				: '?';
	}
	alarms->address[bytes] = '\0';
}

void alm_alarms_count(struct alm_broker *broker,
	const struct alm_zap_verdict *verdict, struct alm_bytes address)
{
	struct alm_metrics *metrics = &broker->metrics;

	metrics->handshakes_refused++;
	if (verdict->is_limited) {
		metrics->handshakes_limited++;
		metrics->handshakes_agents_limited += verdict->is_known;
	}
	keep_address(&broker->alarms, address);
}

static void tell_refused(struct alm_broker *broker, int64_t now_ms)
{
	const struct alm_metrics *metrics = &broker->metrics;
	struct alm_alarms *alarms = &broker->alarms;
	uint64_t agents =
		metrics->handshakes_agents_limited - alarms->agents_limited;

	if (metrics->handshakes_refused == alarms->refused ||
		(alarms->refused_at_ms != 0 &&
			now_ms - alarms->refused_at_ms < ALM_ALARM_EVERY_MS)) {
		return;
	}
	alm_log(agents > 0 ? ALM_LOG_WARNING : ALM_LOG_NOTICE,
		"handshakes.refused",
		"refused=%" PRIu64 " over-limit=%" PRIu64 " of-agents=%" PRIu64
		" last-address=%s",
		metrics->handshakes_refused - alarms->refused,
		metrics->handshakes_limited - alarms->limited, agents,
		alarms->address);
	alarms->refused_at_ms = now_ms;
	alarms->refused = metrics->handshakes_refused;
	alarms->limited = metrics->handshakes_limited;
	alarms->agents_limited = metrics->handshakes_agents_limited;
}

static uint64_t files_allowed(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

/* New files get the lowest number that is free. */
static bool are_files_short(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0) {
		return true;
	}
	(void)close(fd);
	return (uint64_t)fd >= files_allowed() / 10 * 9;
}

static void tell_files(struct alm_alarms *alarms, int64_t now_ms)
{
	bool is_short;

	if (now_ms - alarms->files_at_ms < FILES_EVERY_MS) {
		return;
	}
	alarms->files_at_ms = now_ms;
	is_short = are_files_short();
	if (is_short && !alarms->is_short) {
		alm_log(ALM_LOG_ERROR, "files.short",
			"nearly all %" PRIu64 " files are open: new "
			"connections fail; look who connects, and raise "
			"LimitNOFILE",
			files_allowed());
	} else if (!is_short && alarms->is_short) {
		alm_log(ALM_LOG_NOTICE, "files.enough",
			"connections are taken again");
	}
	alarms->is_short = is_short;
}

void alm_alarms_tell(struct alm_broker *broker, int64_t monotonic_ms)
{
	tell_refused(broker, monotonic_ms);
	tell_files(&broker->alarms, monotonic_ms);
}

void alm_alarms_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
		limit.rlim_cur >= FILES_MAX) {
		return;
	}
	limit.rlim_cur =
		limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* or as many as before */
}

uint64_t alm_alarms_files_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (folder == NULL) {
		return 0;
	}
	while (readdir(folder) != NULL) {
		count++;
	}
	(void)closedir(folder);
	return count > 3 ? count - 3 : 0; /* itself, and two dots */
}

void alm_alarms_metrics(FILE *out, const struct alm_broker *broker)
{
	const struct alm_metrics *metrics = &broker->metrics;

	alm_figure_counter(out, "handshakes_refused_total",
		"Connections refused.", metrics->handshakes_refused);
	alm_figure_counter(out, "handshakes_limited_total",
		"Connections refused because there were too many.",
		metrics->handshakes_limited);
	alm_figure_counter(out, "handshakes_agents_limited_total",
		"Of these, connections of registered agents.",
		metrics->handshakes_agents_limited);
	alm_figure_gauge(out, "open_files", "Files and connections open.",
		(double)alm_alarms_files_open());
	alm_figure_gauge(out, "open_files_max", "As many may be.",
		(double)files_allowed());
	alm_figure_counter(out, "clock_doubts_total",
		"Steps of the system's clock.", broker->steady.doubts);
	alm_figure_counter(out, "clock_steps_total",
		"Steps of the system's clock that were believed in the end.",
		broker->steady.steps);
	alm_figure_gauge(out, "clock_behind_log_seconds",
		"By how much the last record is later than now.",
		(double)alm_broker_behind_us(broker) / 1e6);
	alm_figure_gauge(out, "clock_off_seconds",
		"What the system's clock says more than is believed.",
		(double)broker->steady.off_us / 1e6);
}
