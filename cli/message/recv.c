/*
 * recv.c - almoner recv: takes mail, writes it down, and only then
 * acknowledges it.  Without a number it goes on until interrupted.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "agents/include/almoner.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/message/payload.h"
#include "cli/paths.h"
#include "lib/file.h"
#include "lib/id.h"
#include "lib/nhs_number.h"
#include "lib/time.h"

#define TICK_MS 1000
#define ACKNOWLEDGE_WAIT_MS 60000

static const struct alm_option options[] = {
	{"dir", 'd', ALM_OPTION_TEXT, "FOLDER",
		"write each payload to FOLDER/ID; standard output unless "
		"given; "
		"a large one goes on where an earlier run has left it",
		false, false},
	{"timeout", 0, ALM_OPTION_DURATION, "DURATION",
		"stop when nothing has come for so long (exit 7)", false,
		false},
	{"no-acknowledge", 0, ALM_OPTION_FLAG, NULL,
		"leave the mail in the mailbox; it comes again", false, false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL, "show whole NHS numbers", false,
		false},
	{0},
};

static const struct alm_usage usage = {
	.name = "recv",
	.summary = "Take N pieces of mail, or all as they come until "
		   "interrupted, and acknowledge each once it is written.",
	.positionals = "[N]",
	.positional_max = 1,
	.takes = ALM_TAKES_CONTEXT,
	.options = options,
	.notes = "  almoner recv -c gp 1 --dir inbox --json",
};

static const char *const columns[] = {"sequence", "id", "sender", "purpose",
	"categories", "standard", "level", "subject", "basis", "partial",
	"repeat", "accepted-at", "kind", "correlation", "escalated-from",
	"bytes", "payload"};

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
	(void)signal_number;
	is_interrupted = 1;
}

/** One run of the command. */
struct receiver {
	const struct alm_args *args;
	const char *folder; /* NULL: standard output */
	struct alm_client *client;
	struct alm_sheet *sheet;
	uint64_t taken;
	uint64_t wanted; /* 0: no end */
	bool is_first;
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void join(struct alm_strings strings, char *out, size_t bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < strings.count && used < bytes; i++) {
		int n = snprintf(out + used, bytes - used, "%s%s",
			i > 0 ? "," : "", strings.items[i]);

		used += n > 0 ? (size_t)n : 0;
	}
}

/** Base64 for JSON; NULL when memory is out.  Free it. */
static char *base64(const uint8_t *data, size_t bytes)
{
	size_t room = sodium_base64_ENCODED_LEN(
		bytes, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(room);

	if (text != NULL) {
		(void)sodium_bin2base64(text, room, data, bytes,
			sodium_base64_VARIANT_ORIGINAL);
	}
	return text;
}

/** Nothing but payloads go to standard output. */
static bool is_raw(const struct receiver *r)
{
	return r->folder == NULL && r->args->output.format == ALM_FORMAT_TABLE;
}

/** Where the payload went, or what it is, as the row's last cell. */
static enum alm_err keep_payload(const struct receiver *r,
	const struct alm_delivery *d, const char *id, char **out_cell,
	struct alm_problem *problem)
{
	char path[PATH_MAX];
	enum alm_err err = ALM_OK;

	if (is_raw(r)) {
		*out_cell = strdup("");
		return *out_cell == NULL ? ALM_NOMEM
					 : alm_payload_to_stdout(r->client, d,
						   &r->args->output, problem);
	}
	if (r->folder == NULL && d->is_in_parts) {
		return alm_problem_set(problem, ALM_USAGE,
			"a payload of %zu bytes needs --dir", d->payload_bytes);
	}
	if (r->folder == NULL) {
		*out_cell = base64(d->payload, d->payload_bytes);
		return *out_cell != NULL ? ALM_OK : ALM_NOMEM;
	}
	if (!alm_path_join(r->folder, id, path)) {
		return alm_problem_set(problem, ALM_IO, "the path is too long");
	}
	err = alm_payload_to_file(r->client, d, path, problem);
	if (err == ALM_OK) {
		*out_cell = strdup(path);
		err = *out_cell != NULL ? ALM_OK : ALM_NOMEM;
	}
	return err;
}

static void add_row(struct receiver *r, const struct alm_delivery *d,
	const char *id, const char *payload)
{
	char sequence[24];
	char bytes[24];
	char standard[160];
	char categories[1024];
	char subject[ALM_NHS_MASKED_BYTES];
	char accepted_at[ALM_INSTANT_TEXT_BYTES] = "";
	char correlation[ALM_UUID_TEXT_BYTES] = "";
	bool is_shown = alm_args_has(r->args, "reveal") || *d->subject == '\0';

	(void)snprintf(sequence, sizeof(sequence), "%llu",
		(unsigned long long)d->sequence);
	(void)snprintf(bytes, sizeof(bytes), "%zu", d->payload_bytes);
	(void)snprintf(standard, sizeof(standard), "%s%s%s", d->standard,
		*d->standard_version != '\0' ? "/" : "", d->standard_version);
	join(d->categories, categories, sizeof(categories));
	if (is_shown || !alm_nhs_number_is_valid(d->subject)) {
		(void)snprintf(subject, sizeof(subject), "%s", d->subject);
	} else {
		alm_nhs_number_mask(d->subject, subject);
	}
	if (d->accepted_at_ms >= 0) {
		alm_instant_text(d->accepted_at_ms / 1000, accepted_at);
	}
	if (d->correlation_id != NULL) {
		alm_id_text(d->correlation_id, correlation);
	}
	alm_sheet_row(r->sheet,
		(const char *const[]){sequence, id, d->sender, d->purpose,
			categories, standard, d->level, subject, d->basis,
			d->is_partial ? "yes" : "no",
			d->is_repeat ? "yes" : "no", accepted_at, d->kind,
			correlation, d->escalated_from, bytes, payload});
}

/** Write one piece of mail down, show it, acknowledge it. */
static int take(struct receiver *r, const struct alm_delivery *d)
{
	struct alm_problem problem = {.err = ALM_OK};
	char id[ALM_UUID_TEXT_BYTES];
	char *cell = NULL;
	int rc = ALM_EXIT_OK;

	alm_id_text(d->id, id);
	problem.err = keep_payload(r, d, id, &cell, &problem);
	if (problem.err == ALM_OK && is_raw(r)) {
		alm_print_warning(&r->args->output,
			"%s from %s for %s, %zu bytes%s", id, d->sender,
			d->purpose, d->payload_bytes,
			d->is_partial ? ", partial" : "");
	} else if (problem.err == ALM_OK) {
		add_row(r, d, id, cell);
		if (r->args->output.format != ALM_FORMAT_JSON) {
			rc = alm_sheet_flush(
				r->sheet, &r->args->output, r->is_first);
		}
		r->is_first = false;
	}
	free(cell);
	if (problem.err == ALM_OK && rc == ALM_EXIT_OK &&
		!alm_args_has(r->args, "no-acknowledge")) {
		problem.err = (enum alm_err)alm_acknowledge_wait(
			r->client, d->sequence, NULL, ACKNOWLEDGE_WAIT_MS);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&r->args->output, &problem);
	}
	r->taken++;
	return rc;
}

/** Tell what became of a message of ours, and take it. */
static int take_notice(struct receiver *r, const struct alm_notice_view *n)
{
	char id[ALM_UUID_TEXT_BYTES];

	alm_id_text(n->id, id);
	alm_print_warning(&r->args->output,
		"your message %s to %s: %s, ALM-%d %s %s%s", id, n->recipient,
		n->kind, n->code, n->name, n->detail, n->reason);
	if (alm_args_has(r->args, "no-acknowledge")) {
		return ALM_EXIT_OK;
	}
	return alm_acknowledge(r->client, n->sequence, NULL) == 0
		       ? ALM_EXIT_OK
		       : ALM_EXIT_FAILURE;
}

static int handle(struct receiver *r, const struct alm_event *event)
{
	if (event->kind == ALM_EVENT_DELIVERY) {
		return take(r, event->delivery);
	}
	if (event->kind == ALM_EVENT_NOTICE) {
		return take_notice(r, event->notice);
	}
	if (event->kind == ALM_EVENT_SUPERSEDED ||
		(event->kind == ALM_EVENT_PROBLEM && event->code == 1207)) {
		return alm_print_failure(&r->args->output,
			&(struct alm_failure){(enum alm_err)event->code,
				event->detail, NULL, 0});
	}
	return ALM_EXIT_OK;
}

static bool is_done(const struct receiver *r)
{
	return is_interrupted != 0 || (r->wanted > 0 && r->taken >= r->wanted);
}

/** Why nothing has come: there was none, or no broker to bring it. */
static int say_quiet(const struct receiver *r)
{
	struct alm_client_status status;

	alm_client_get_status(r->client, &status);
	return alm_print_failure(&r->args->output,
		status.is_ready
			? &(struct alm_failure){ALM_TIMEOUT, "no mail has come",
				  NULL, 0}
			: &(struct alm_failure){(enum alm_err)status.last_code,
				  status.detail, NULL, 0});
}

/** Handle events until done; gives the exit code. */
static int receive(struct receiver *r, int64_t quiet_ms_max)
{
	struct pollfd readable = {alm_client_fd(r->client), POLLIN, 0};
	int64_t last_ms = now_ms();
	int rc = ALM_EXIT_OK;

	while (rc == ALM_EXIT_OK && !is_done(r)) {
		uint64_t taken = r->taken;
		struct alm_event *event;
		int code = alm_client_process(r->client);

		while (rc == ALM_EXIT_OK && !is_done(r) &&
			(event = alm_client_next_event(r->client)) != NULL) {
			rc = handle(r, event);
			alm_event_free(event);
		}
		if (r->taken > taken) {
			last_ms = now_ms();
		}
		if (rc == ALM_EXIT_OK && code != 0) {
			rc = alm_print_failure(&r->args->output,
				&(struct alm_failure){
					(enum alm_err)code, "", NULL, 0});
		} else if (rc == ALM_EXIT_OK && !is_done(r) &&
			   now_ms() - last_ms >= quiet_ms_max) {
			rc = say_quiet(r);
		} else if (rc == ALM_EXIT_OK && !is_done(r)) {
			(void)poll(&readable, 1,
				quiet_ms_max < TICK_MS ? (int)quiet_ms_max
						       : TICK_MS);
		}
	}
	return rc;
}

static int run(struct receiver *r)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct sigaction action = {.sa_handler = interrupt};
	int64_t quiet_s = alm_args_number(r->args, "timeout", 0);
	char path[PATH_MAX];
	int rc;

	problem.err = alm_context_path(r->args, path, &problem);
	if (problem.err == ALM_OK && r->folder != NULL &&
		mkdir(r->folder, 0700) != 0 && errno != EEXIST) {
		problem.err = alm_problem_set(
			&problem, ALM_IO, "%s: %s", r->folder, strerror(errno));
	}
	if (problem.err == ALM_OK) {
		problem.err = (enum alm_err)alm_client_open(path, &r->client,
			problem.detail, sizeof(problem.detail));
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&r->args->output, &problem);
	}
	alm_client_take_parts(r->client, true);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	if (r->wanted > 0 && r->wanted < 256) {
		/* What is not wanted stays with the broker. */
		(void)alm_client_set_credit(r->client, (uint32_t)r->wanted);
	}
	rc = receive(r, quiet_s > 0 ? quiet_s * 1000 : INT64_MAX);
	alm_client_close(r->client);
	return rc;
}

int alm_cmd_recv(int argc, char **argv)
{
	struct alm_args args;
	struct receiver r = {.args = &args, .is_first = true};
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (args.positional_count == 1) {
		r.wanted = strtoull(args.positionals[0], NULL, 10);
		if (r.wanted == 0) {
			return alm_args_complain(
				&args, "N is a number of at least 1");
		}
	}
	r.folder = alm_args_text(&args, "dir");
	r.sheet = alm_sheet_new("almoner.recv/1", columns, ALM_COUNT(columns));
	rc = run(&r);
	if (args.output.format == ALM_FORMAT_JSON) {
		int printed = alm_sheet_print(r.sheet, &args.output);

		rc = rc == ALM_EXIT_OK ? printed : rc;
	}
	alm_sheet_free(r.sheet);
	return rc;
}
