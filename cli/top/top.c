/*
 * top.c - almoner top: what a broker does, again and again: a screen on a
 * terminal, else a line an interval.  It asks the administration socket, and
 * waits for a broker that is away.
 */
#include "cli/top/top.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "agents/include/almoner_control.h"
#include "cli/commands.h"
#include "lib/id.h"
#include "lib/limits.h"
#include "lib/time.h"

#define INTERVAL_DEFAULT_S 2
#define INTERVAL_MAX_S 86400
#define LINES_DEFAULT 24u
#define WAIT_MS 5000
#define ARENA_BYTES_MAX ((size_t)3 * ALM_ADMIN_FRAME_BYTES_MAX)

static const struct alm_option options[] = {
	{"interval", 'i', ALM_OPTION_DURATION, "LENGTH",
		"look so often; 2s unless given", false, false},
	{"count", 'n', ALM_OPTION_NUMBER, "N",
		"end after so many; 0, and that is so unless given: go on",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "top",
	.summary = "Show what the broker does, again and again: rates, agents, "
		   "what waits and for how long, store and memory.  On a "
		   "terminal a screen, elsewhere a line each time; --json and "
		   "--csv count what happened since the line before.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner top\n  almoner top --json --interval 10s --count "
		 "360 >hour.jsonl",
};

struct top {
	const struct alm_args *args;
	struct alm_control *control; /* NULL: the broker is away */
	struct alm_arena arena;
	struct alm_top_sample *before;
	struct alm_top_sample *now;
	struct alm_output output;
	bool is_screen;
	bool is_away;
};

static volatile sig_atomic_t was_stopped;

static void note_stop(int number)
{
	(void)number;
	was_stopped = 1;
}

static double clock_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/** Until `until_s`, or a signal. */
static void wait_until(double until_s)
{
	double left_s = until_s - clock_s();

	if (left_s > 0) {
		const struct timespec moment = {.tv_sec = (time_t)left_s,
			.tv_nsec = (long)((left_s - (double)(time_t)left_s) *
					  1e9)};

		(void)nanosleep(&moment, NULL);
	}
}

/* --- looking -------------------------------------------------------------- */

static const char *fact(const struct alm_answer *answer, const char *key)
{
	const char *value = alm_answer_fact(answer, key);

	return value != NULL ? value : "";
}

static int64_t instant_us(const char *text, int64_t otherwise_us)
{
	int64_t at_us = 0;

	return alm_instant_us_parse(text, &at_us) == ALM_OK ? at_us
							    : otherwise_us;
}

static void take_status(
	struct alm_top_sample *sample, const struct alm_answer *answer)
{
	static const char *const names[ALM_TOP_NUMBERS] = {
		[ALM_TOP_ACCEPTED] = "accepted",
		[ALM_TOP_REFUSED] = "refused",
		[ALM_TOP_DELIVERED] = "delivered",
		[ALM_TOP_ACKNOWLEDGED] = "acknowledged",
		[ALM_TOP_TURNS] = "turns",
		[ALM_TOP_COMMIT_US] = "commit-us",
		[ALM_TOP_SESSIONS] = "sessions",
		[ALM_TOP_AGENTS] = "agents",
		[ALM_TOP_DEAD_LETTERS] = "dead-letters",
		[ALM_TOP_OVERDUE] = "overrides-overdue",
		[ALM_TOP_STORE_PERMILLE] = "store-used-permille",
		[ALM_TOP_MEMORY_BYTES] = "memory-bytes",
		[ALM_TOP_AUDIT_SIZE] = "audit-size",
	};

	for (size_t i = 0; i < ALM_TOP_NUMBERS; i++) {
		sample->numbers[i] = strtoull(fact(answer, names[i]), NULL, 10);
	}
	sample->now_us = instant_us(fact(answer, "now"), 0);
	sample->started_us = instant_us(fact(answer, "started-at"), 0);
	alm_text_copy(sample->endpoint, sizeof(sample->endpoint),
		fact(answer, "endpoint"));
	alm_text_copy(sample->version, sizeof(sample->version),
		fact(answer, "version"));
	alm_text_copy(sample->epoch, sizeof(sample->epoch),
		fact(answer, "policy-epoch"));
	alm_text_copy(sample->takes_mail, sizeof(sample->takes_mail),
		fact(answer, "takes-mail"));
}

/** As many as a sample has room for. */
static bool take_box(void *cookie, const struct alm_answer *answer, size_t row)
{
	struct alm_top_sample *sample = cookie;
	struct alm_top_box *box;

	if (sample->box_count == ALM_TOP_BOXES_MAX) {
		sample->has_more_boxes = true;
		return false;
	}
	box = &sample->boxes[sample->box_count++];

	alm_text_copy(box->organisation, sizeof(box->organisation),
		alm_answer_cell(answer, row, "organisation"));
	box->messages =
		strtoull(alm_answer_cell(answer, row, "messages"), NULL, 10);
	box->bytes = strtoull(alm_answer_cell(answer, row, "bytes"), NULL, 10);
	box->oldest_us = sample->now_us -
			 instant_us(alm_answer_cell(answer, row, "oldest-at"),
				 sample->now_us);
	box->is_connected =
		strcmp(alm_answer_cell(answer, row, "connected"), "no") != 0;
	box->is_on_hold =
		*alm_answer_cell(answer, row, "on-hold-since") != '\0';
	sample->waiting += box->messages;
	if (box->oldest_us > sample->oldest_us) {
		sample->oldest_us = box->oldest_us;
	}
	return true;
}

static enum alm_err look(struct top *top, struct alm_problem *problem)
{
	const struct alm_ask ask = {.verb = "status", .wait_ms = WAIT_MS};
	struct alm_ask boxes = {.verb = "mailbox.list", .wait_ms = WAIT_MS};
	struct alm_answer answer;
	enum alm_err err = ALM_OK;

	if (top->control == NULL) {
		err = alm_admin_open(top->args, &top->control, problem);
	}
	alm_arena_reset(&top->arena);
	if (err == ALM_OK) {
		err = alm_admin_ask(
			top->control, &ask, &top->arena, &answer, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	memset(top->now, 0, sizeof(*top->now));
	top->now->at_s = clock_s();
	take_status(top->now, &answer);
	return alm_admin_each(
		top->control, &boxes, take_box, top->now, problem);
}

/* --- showing -------------------------------------------------------------- */

static unsigned screen_lines(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0
		       ? size.ws_row
		       : LINES_DEFAULT;
}

static int show(struct top *top, bool is_first)
{
	if (top->output.format != ALM_FORMAT_TABLE) {
		return alm_top_record(
			&top->output, top->before, top->now, is_first);
	}
	if (top->is_screen) {
		if (is_first) {
			printf("\033[2J");
		}
		alm_top_screen(
			&top->output, top->before, top->now, screen_lines());
	} else {
		alm_top_line(top->before, top->now, is_first);
	}
	return fflush(stdout) == 0 ? ALM_EXIT_OK : ALM_EXIT_FAILURE;
}

/* A broker that restarts is waited for, and counted from its start. */
static bool is_worth_waiting(
	struct top *top, enum alm_err err, const struct alm_problem *problem)
{
	if (top->before->at_s <= 0 ||
		alm_err_info(err)->exit_code != ALM_EXIT_UNAVAILABLE) {
		return false;
	}
	if (!top->is_away) {
		alm_print_warning(&top->output,
			"the broker is away (%s); waiting for it",
			problem->detail[0] != '\0' ? problem->detail
						   : alm_err_info(err)->name);
	}
	top->is_away = true;
	alm_control_close(top->control);
	top->control = NULL;
	return true;
}

static int run(struct top *top)
{
	int64_t interval_s =
		alm_args_number(top->args, "interval", INTERVAL_DEFAULT_S);
	int64_t left = alm_args_number(top->args, "count", 0);
	bool is_endless = left == 0;
	bool is_first = true;
	int rc = ALM_EXIT_OK;

	while (rc == ALM_EXIT_OK && !was_stopped && (is_endless || left > 0)) {
		struct alm_problem problem = {.err = ALM_OK, .detail = ""};
		enum alm_err err = look(top, &problem);

		if (was_stopped) {
			break;
		}
		if (err != ALM_OK && !is_worth_waiting(top, err, &problem)) {
			problem.err = err;
			return alm_print_problem(&top->output, &problem);
		}
		if (err == ALM_OK) {
			struct alm_top_sample *last = top->before;

			top->is_away = false;
			/* The first is only what the next is held against. */
			if (last->at_s > 0) {
				rc = show(top, is_first);
				is_first = false;
				left--;
			}
			top->before = top->now;
			top->now = last;
		}
		if (is_endless || left > 0) {
			wait_until(clock_s() + (double)interval_s);
		}
	}
	return rc;
}

static int check(const struct alm_args *args)
{
	int64_t interval_s =
		alm_args_number(args, "interval", INTERVAL_DEFAULT_S);

	if (interval_s < 1 || interval_s > INTERVAL_MAX_S) {
		return alm_args_complain(args, "--interval is 1s to 1d");
	}
	return -1;
}

int alm_cmd_top(int argc, char **argv)
{
	const struct sigaction stop = {.sa_handler = note_stop};
	struct top top = {.control = NULL};
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc < 0) {
		rc = check(&args);
	}
	if (rc >= 0) {
		return rc;
	}
	top.args = &args;
	top.output = args.output;
	/* What has no end is a line at a time. */
	if (top.output.format == ALM_FORMAT_JSON) {
		top.output.format = ALM_FORMAT_JSONL;
	}
	top.is_screen =
		top.output.is_tty && top.output.format == ALM_FORMAT_TABLE;
	top.before = calloc(1, sizeof(*top.before));
	top.now = calloc(1, sizeof(*top.now));
	alm_arena_init(&top.arena, ARENA_BYTES_MAX);
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	rc = top.before != NULL && top.now != NULL ? run(&top)
						   : ALM_EXIT_FAILURE;
	if (top.is_screen) {
		(void)fputc('\n', stdout);
	}
	alm_control_close(top.control);
	alm_arena_fini(&top.arena);
	free(top.before);
	free(top.now);
	return rc;
}
