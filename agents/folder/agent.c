#include "agents/folder/agent.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "agents/folder/check.h"
#include "agents/folder/ending.h"
#include "agents/folder/log.h"
#include "agents/folder/mail.h"
#include "agents/folder/notify.h"
#include "agents/folder/outbox.h"
#include "agents/folder/proofs.h"
#include "agents/include/almoner.h"
#include "agents/include/almoner_identity.h"
#include "lib/patience.h"

#define LOOK_MS 10000    /* at signals, keys and room, at the latest */
#define STEP_MS 100      /* with an end in sight */
#define ROUND_MS_MAX 200 /* of one round; twice what is usual */
#define DRAIN_MS_MAX 10000
#define ONCE_MS_MAX 60000
#define QUIET_MS 1000 /* with is_once: nothing came for so long */

/* After a try to follow the broker that failed. */
#define FOLLOW_AGAIN_MS 60000

struct agent {
	const struct alm_agent_options *options;
	struct alm_folder folder;
	struct alm_client *client;
	struct alm_entries entries;
	struct alm_mail mail;
	struct alm_identity_watch identity;
	struct alm_proofs proofs;
	int64_t follow_due_ms;
	int watch_fd;
	int signal_fd;
	bool is_ended;
	bool is_draining;
	enum alm_err ended_by;
	int64_t work_due_ms;
	struct alm_patience end; /* of draining, or of running once */
	int64_t quiet_ms;        /* for so long nothing came */
};

static void on_receipt(
	struct agent *agent, const struct alm_receipt_view *receipt)
{
	alm_entries_receipt(&agent->entries, &agent->folder, receipt);
	if (receipt->code == 0) {
		alm_proofs_want(&agent->proofs, receipt->id, "", ALM_RECEIPTS,
			alm_folder_now_ms());
	}
}

static void on_event(struct agent *agent, const struct alm_event *event)
{
	switch (event->kind) {
	case ALM_EVENT_RECEIPT:
		on_receipt(agent, event->receipt);
		break;
	case ALM_EVENT_ANSWER:
		alm_proofs_answer(&agent->proofs, &agent->folder, event->answer,
			alm_folder_now_ms());
		break;
	case ALM_EVENT_DISCONNECTED:
	case ALM_EVENT_PROBLEM:
		alm_log_problem(
			(enum alm_err)event->code, "broker", event->detail);
		break;
	case ALM_EVENT_SUPERSEDED:
		alm_log_problem(ALM_SUPERSEDED, "broker", event->detail);
		break;
	case ALM_EVENT_CONNECTED:
		alm_log_note("broker", "connected");
		break;
	case ALM_EVENT_DELAYED: /* it is given back instead */
	case ALM_EVENT_DELIVERY:
	case ALM_EVENT_NOTICE:
	case ALM_EVENT_ACKNOWLEDGED:
	case ALM_EVENT_FETCHED:
		break;
	}
}

static void take_events(struct agent *agent)
{
	struct alm_event *event;
	int code = alm_client_process(agent->client);

	while ((event = alm_client_next_event(agent->client)) != NULL) {
		if (!agent->is_draining) {
			agent->end.left_ms = ONCE_MS_MAX; /* from the last */
		}
		on_event(agent, event);
		if (!alm_mail_event(&agent->mail, event)) {
			alm_event_free(event);
		}
		agent->quiet_ms = 0;
		agent->work_due_ms = 0;
	}
	alm_mail_settle(&agent->mail);
	alm_entries_settle(&agent->entries, &agent->folder);
	if (code != 0) {
		agent->is_ended = true;
		agent->ended_by = (enum alm_err)code;
	}
}

static void drain(struct agent *agent)
{
	if (agent->is_draining) {
		return;
	}
	alm_notify_stopping();
	agent->is_draining = true;
	agent->mail.is_draining = true;
	agent->end = alm_patience_of(DRAIN_MS_MAX, alm_folder_now_ms());
	(void)alm_client_set_credit(agent->client, 0);
}

static void read_signals(struct agent *agent)
{
	struct signalfd_siginfo info;

	while (read(agent->signal_fd, &info, sizeof(info)) ==
		(ssize_t)sizeof(info)) {
		drain(agent);
	}
}

static void read_watch(struct agent *agent)
{
	char events[4096];

	while (read(agent->watch_fd, events, sizeof(events)) > 0) {
		alm_entries_wake(&agent->entries);
		agent->work_due_ms = 0;
	}
}

static bool is_idle(const struct agent *agent)
{
	return agent->entries.table.in_flight == 0 &&
	       alm_mail_is_idle(&agent->mail);
}

/** Whether running once, or draining, has come to its end. */
static void see_end(struct agent *agent, int64_t now_ms)
{
	int64_t since_ms = now_ms - agent->end.looked_ms;
	bool is_late = alm_patience_step(&agent->end, now_ms) == 0;
	struct alm_client_status status;

	/* That nobody ran is not that nothing came. */
	agent->quiet_ms += since_ms < ROUND_MS_MAX ? since_ms : ROUND_MS_MAX;
	alm_client_get_status(agent->client, &status);
	if (agent->is_draining) {
		agent->is_ended |= is_idle(agent) || is_late;
		return;
	}
	if (!agent->options->is_once) {
		return;
	}
	if (status.is_ready && is_idle(agent) &&
		alm_entries_is_idle(&agent->entries) &&
		agent->proofs.count == 0 && agent->quiet_ms >= QUIET_MS) {
		agent->is_ended = true;
	} else if (is_late || status.last_code == ALM_CODE_BROKER_KEY) {
		agent->is_ended = true;
		agent->ended_by = status.is_ready
					  ? ALM_TIMEOUT
					  : (enum alm_err)status.last_code;
	}
}

static int wait_ms(const struct agent *agent, int64_t now_ms)
{
	int64_t due_ms = alm_proofs_due_ms(&agent->proofs);
	int64_t left_ms = LOOK_MS;

	if (agent->is_draining || agent->options->is_once) {
		left_ms = STEP_MS;
	}
	if (!agent->is_draining && agent->work_due_ms < due_ms) {
		due_ms = agent->work_due_ms;
	}
	if (due_ms - now_ms < left_ms) {
		left_ms = due_ms - now_ms;
	}
	return left_ms < 0 ? 0 : (int)left_ms;
}

/* The broker has said that it is to be reached elsewhere from now on. */
static void follow(struct agent *agent, int64_t now_ms)
{
	struct alm_problem problem = {0};
	struct alm_client_status status;
	enum alm_err err;

	alm_client_get_status(agent->client, &status);
	if (status.next_endpoint[0] == '\0' || now_ms < agent->follow_due_ms) {
		return;
	}
	agent->follow_due_ms = now_ms + FOLLOW_AGAIN_MS;
	err = alm_identity_follow(agent->options->context_file,
		status.next_endpoint, status.next_broker_key, &problem);
	if (err != ALM_OK) {
		alm_log_problem(err, "broker moves", problem.detail);
	}
}

/* Keys that were rotated, or a broker that has moved: change over, with all
 * that is under way. */
static void see_identity(struct agent *agent, int64_t now_ms)
{
	char why[ALM_DETAIL_BYTES_MAX];
	int code;

	follow(agent, now_ms);
	if (!alm_identity_has_changed(&agent->identity)) {
		return;
	}
	code = alm_client_reload(
		agent->client, agent->options->context_file, why, sizeof(why));
	if (code != 0) {
		alm_log_problem((enum alm_err)code, "context", why);
	}
}

static const char *trouble_of(const struct agent *agent)
{
	if (agent->entries.misnamed < 0) {
		return "the outbox cannot be read";
	}
	if (agent->entries.pause.is_on) {
		return "nothing is sent: the folders cannot be written";
	}
	if (agent->entries.skew.is_on) {
		return "nothing is sent: this machine's clock is not the "
		       "broker's";
	}
	return agent->mail.pause.is_on
		       ? "no mail is taken: the inbox cannot be written"
		       : "";
}

static bool watch_outbox(const struct agent *agent)
{
	char path[PATH_MAX];

	alm_folder_path(&agent->folder, ALM_OUTBOX, "", "", path);
	return inotify_add_watch(agent->watch_fd, path,
		       IN_CLOSE_WRITE | IN_MOVED_TO) >= 0;
}

static void await(struct agent *agent, struct pollfd *items, nfds_t count)
{
	if (poll(items, count, wait_ms(agent, alm_folder_now_ms())) == 0) {
		/* It may be another folder by now. */
		(void)watch_outbox(agent);
	}
	read_signals(agent);
	read_watch(agent);
}

/* It may have been replaced, and another agent have it by now. */
static void see_folder(struct agent *agent)
{
	struct alm_problem problem = {0};

	/* That it cannot be written is found out by who wants to. */
	if (alm_folder_hold(&agent->folder, &problem) == ALM_SUPERSEDED) {
		alm_log_problem(ALM_SUPERSEDED, "folder", problem.detail);
		agent->is_ended = true;
		agent->ended_by = ALM_SUPERSEDED;
	}
}

static void work(struct agent *agent, int64_t now_ms)
{
	if (agent->work_due_ms > now_ms || agent->is_draining) {
		return;
	}
	see_folder(agent);
	if (!agent->is_ended) {
		agent->work_due_ms = alm_entries_work(
			&agent->entries, &agent->folder, agent->client);
	}
}

static void run(struct agent *agent)
{
	struct pollfd items[] = {{alm_client_fd(agent->client), POLLIN, 0},
		{agent->watch_fd, POLLIN, 0}, {agent->signal_fd, POLLIN, 0}};

	while (!agent->is_ended) {
		int64_t now_ms = alm_folder_now_ms();

		work(agent, now_ms);
		if (!agent->is_draining) {
			see_identity(agent, now_ms);
			alm_pause_look(&agent->mail.pause, &agent->folder,
				agent->client, now_ms);
		}
		alm_proofs_ask(&agent->proofs, agent->client, now_ms);
		take_events(agent);
		alm_notify_alive();
		alm_notify_status(agent->entries.accepted,
			agent->entries.refused, agent->mail.taken,
			trouble_of(agent));
		see_end(agent, now_ms);
		if (!agent->is_ended) {
			await(agent, items, ALM_COUNT(items));
		}
	}
}

/* So that a rotation is seen at once; without it, within a moment. */
static void watch_context(struct agent *agent)
{
	char path[PATH_MAX];
	char *slash;

	for (size_t i = 0; i < ALM_COUNT(agent->identity.paths); i++) {
		(void)snprintf(
			path, sizeof(path), "%s", agent->identity.paths[i]);
		slash = strrchr(path, '/');
		if (slash != NULL) {
			slash[slash == path ? 1 : 0] = '\0';
		}
		(void)inotify_add_watch(agent->watch_fd,
			slash == NULL ? "." : path,
			IN_CLOSE_WRITE | IN_MOVED_TO);
	}
}

static enum alm_err open_descriptors(
	struct agent *agent, struct alm_problem *problem)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	agent->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	agent->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (agent->signal_fd < 0 || agent->watch_fd < 0 ||
		!watch_outbox(agent)) {
		return alm_problem_set(
			problem, ALM_IO, "the outbox cannot be watched");
	}
	watch_context(agent);
	return ALM_OK;
}

static enum alm_err open_all(struct agent *agent, struct alm_problem *problem)
{
	enum alm_err err = alm_folder_open(
		agent->options->folder, &agent->folder, problem);

	if (err == ALM_OK) {
		alm_folder_sweep(&agent->folder);
		err = alm_sending_tidy(&agent->folder, problem);
	}
	if (err == ALM_OK) {
		err = alm_identity_watch_begin(agent->options->context_file,
			&agent->identity, problem);
	}
	/* Before the client: its threads inherit the blocked signals. */
	if (err == ALM_OK) {
		err = open_descriptors(agent, problem);
	}
	if (err == ALM_OK) {
		err = (enum alm_err)alm_client_open(
			agent->options->context_file, &agent->client,
			problem->detail, sizeof(problem->detail));
	}
	if (err == ALM_OK) {
		alm_client_take_parts(agent->client, true);
		alm_client_give_back(agent->client, true); /* it has files */
		agent->mail.client = agent->client;
		err = alm_mail_recover(&agent->mail, problem);
	}
	return err;
}

static void close_all(struct agent *agent)
{
	alm_client_close(agent->client);
	alm_mail_fini(&agent->mail);
	alm_entries_fini(&agent->entries);
	alm_folder_close(&agent->folder);
	if (agent->watch_fd >= 0) {
		(void)close(agent->watch_fd);
	}
	if (agent->signal_fd >= 0) {
		(void)close(agent->signal_fd);
	}
}

/* Why it ended, where nobody asked it to, and what is left. */
static void tell_end(const struct agent *agent)
{
	struct alm_problem problem = {0};
	struct alm_client_status status;

	if (agent->ended_by != ALM_OK) {
		alm_client_get_status(agent->client, &status);
		alm_log_problem(agent->ended_by, "end",
			status.is_ready && agent->ended_by == ALM_TIMEOUT
				? "no answer from the broker"
				: status.detail);
	}
	if (agent->options->is_once &&
		agent->entries.later + agent->entries.unsettled > 0) {
		(void)alm_problem_set(&problem, ALM_TIMEOUT,
			"%zu files wait to be tried again, %zu for a payload",
			agent->entries.later, agent->entries.unsettled);
		alm_log_problem(ALM_TIMEOUT, "outbox", problem.detail);
	}
}

enum alm_exit alm_agent_run(const struct alm_agent_options *options)
{
	struct agent agent = {.options = options,
		.proofs.is_on = options->keeps_proofs,
		.folder.lock_fd = -1,
		.watch_fd = -1,
		.signal_fd = -1};
	struct alm_problem problem = {0};
	enum alm_exit code = ALM_EXIT_OK;
	enum alm_err err;

	alm_entries_init(&agent.entries);
	agent.mail.folder = &agent.folder;
	agent.mail.proofs = &agent.proofs;
	err = open_all(&agent, &problem);
	if (err != ALM_OK) {
		alm_log_problem(err, options->folder, problem.detail);
		code = alm_err_info(err)->exit_code;
	} else if (options->is_check) {
		code = alm_check(&agent.folder) == 0 ? ALM_EXIT_OK
						     : ALM_EXIT_INVALID;
	} else {
		alm_notify_ready();
		agent.end = alm_patience_of(ONCE_MS_MAX, alm_folder_now_ms());
		run(&agent);
		tell_end(&agent);
		if (agent.ended_by != ALM_OK) {
			code = alm_err_info(agent.ended_by)->exit_code;
		} else if (options->is_once && agent.entries.refused > 0) {
			code = ALM_EXIT_REFUSED;
		} else if (options->is_once && agent.entries.later > 0) {
			code = ALM_EXIT_UNAVAILABLE;
		}
	}
	close_all(&agent);
	return code;
}
