/*
 * withdraw.c - almoner bench withdraw: how long it takes from somebody's
 * objection until all of their queued mail is stopped, with many messages in
 * the queue.  A broker of its own, one agent that sends, nobody who takes.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agents/include/almoner.h"
#include "broker/core/record_batch.h"
#include "cli/args.h"
#include "cli/bench/host.h"
#include "cli/bench/register.h"
#include "cli/bench/result.h"
#include "cli/bench/terms.h"
#include "cli/bench/world.h"
#include "cli/commands.h"
#include "cli/sandbox/sandbox.h"

#define PAYLOAD_BYTES 1024u
#define WAIT_MS 300000
#define RECORD_BYTES_MAX 1024u
#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)

static const char policy[] =
	"almoner: 1\n"
	"bundle: bench\n"
	"kinds: [nhs-trust, gp-practice]\n"
	"purposes:\n"
	"  - {id: direct-care, class: care, recipients: [any]}\n"
	"categories:\n"
	"  - id: discharge\n"
	"organisations:\n"
	"  - {id: RX1, name: A trust, kind: nhs-trust}\n"
	"  - {id: C84001, name: A practice, kind: gp-practice}\n"
	"agreements:\n"
	"  - id: DSA-1\n"
	"    title: Care\n"
	"    from: [RX1]\n"
	"    to: [C84001]\n"
	"    purposes: [direct-care]\n"
	"    categories: [discharge]\n" ALM_BENCH_TERMS;

static const struct alm_option options[] = {
	{"queued", 0, ALM_OPTION_NUMBER, "N",
		"messages in the queue; 100000 unless given", false, false},
	{"people", 0, ALM_OPTION_NUMBER, "N",
		"whom they are about, each as many; 10000 unless given", false,
		false},
	{"withdrawals", 0, ALM_OPTION_NUMBER, "N",
		"people who object, one after the other; 300 unless given",
		false, false},
	ALM_SANDBOX_DIR_OPTION,
	{0},
};

static const struct alm_usage usage = {
	.name = "bench withdraw",
	.summary = "Measure the time from a person's objection until all of "
		   "their queued mail is stopped and that is on disk.",
	.positionals = "",
	.options = options,
	.notes = "  almoner bench withdraw --queued 100000 --json",
};

struct bench {
	const struct alm_args *args;
	struct alm_sandbox *sandbox;
	struct alm_arena arena; /* of one answer */
	uint32_t queued;
	uint32_t people;
	uint32_t withdrawals;
	double *times_s;
	uint64_t stopped;
	uint64_t expected;
	char filesystem[64];
};

/* --- the queue ----------------------------------------------------------- */

static enum alm_err set_policy(struct bench *bench, struct alm_problem *problem)
{
	static const struct alm_argument arguments[] = {{"reason", "bench"}};
	const struct alm_attachment file = {.name = "bench.yaml",
		.content = {(const uint8_t *)policy, sizeof(policy) - 1}};
	const struct alm_request_call call = {
		.verb = "policy.activate",
		.arguments = arguments,
		.argument_count = ALM_COUNT(arguments),
		.attachments = &file,
		.attachment_count = 1,
	};
	struct alm_answer answer;

	return alm_sandbox_ask(
		bench->sandbox, &call, &bench->arena, &answer, problem);
}

/* Send number `i`; false when the window is full. */
static enum alm_err start(struct bench *bench, struct alm_client *client,
	uint32_t i, bool *out_is_sent)
{
	static const char *const categories[] = {"discharge"};
	static const uint8_t payload[PAYLOAD_BYTES];
	char subject[11];
	const struct alm_outgoing message = {
		.recipient = "C84001",
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = subject,
		.payload = payload,
		.payload_bytes = sizeof(payload),
	};
	enum alm_err err;

	alm_bench_subject(i % bench->people, subject);
	err = (enum alm_err)alm_send_start(client, &message, NULL);
	*out_is_sent = err == ALM_OK;
	return err == ALM_WINDOW_FULL ? ALM_OK : err;
}

/* What has come in; counts receipts. */
static enum alm_err take_events(struct alm_client *client, uint32_t *receipts,
	struct alm_problem *problem)
{
	enum alm_err err = (enum alm_err)alm_client_process(client);
	struct alm_event *event;

	while (err == ALM_OK &&
		(event = alm_client_next_event(client)) != NULL) {
		if (event->kind == ALM_EVENT_RECEIPT) {
			++*receipts;
			if (event->receipt->code != 0) {
				err = alm_problem_set(problem,
					(enum alm_err)event->receipt->code,
					"a message was refused");
			}
		} else if (event->kind == ALM_EVENT_PROBLEM ||
			   event->kind == ALM_EVENT_SUPERSEDED) {
			err = alm_problem_set(problem,
				(enum alm_err)event->code, "%s", event->detail);
		}
		alm_event_free(event);
	}
	return err;
}

static enum alm_err send_all(struct bench *bench, struct alm_client *client,
	struct alm_problem *problem)
{
	struct pollfd ready = {.fd = alm_client_fd(client), .events = POLLIN};
	uint32_t sent = 0;
	uint32_t receipts = 0;
	enum alm_err err = ALM_OK;

	while (err == ALM_OK && receipts < bench->queued) {
		bool is_sent = true;

		while (err == ALM_OK && is_sent && sent < bench->queued) {
			err = start(bench, client, sent, &is_sent);
			sent += is_sent ? 1 : 0;
		}
		if (err == ALM_OK && poll(&ready, 1, WAIT_MS) == 0) {
			err = alm_problem_set(
				problem, ALM_TIMEOUT, "no receipts come");
		}
		if (err == ALM_OK) {
			err = take_events(client, &receipts, problem);
		}
	}
	return err;
}

static enum alm_err fill_queue(struct bench *bench, struct alm_problem *problem)
{
	struct alm_client *client = NULL;
	char context[PATH_MAX];
	enum alm_err err = set_policy(bench, problem);

	if (err == ALM_OK) {
		err = alm_sandbox_agent(
			bench->sandbox, "RX1", "bench", context, problem);
	}
	if (err == ALM_OK) {
		err = (enum alm_err)alm_client_open(context, &client,
			problem->detail, sizeof(problem->detail));
	}
	if (err == ALM_OK) {
		err = (enum alm_err)alm_client_wait_ready(client, WAIT_MS);
	}
	if (err == ALM_OK) {
		err = send_all(bench, client, problem);
	}
	alm_client_close(client);
	return err;
}

/* --- the objections ------------------------------------------------------ */

static enum alm_err figures(struct bench *bench, uint64_t *out_effects,
	uint64_t *out_stopped, struct alm_problem *problem)
{
	const struct alm_request_call call = {.verb = "status"};
	struct alm_answer answer;
	enum alm_err err;

	alm_arena_reset(&bench->arena);
	err = alm_sandbox_ask(
		bench->sandbox, &call, &bench->arena, &answer, problem);
	for (size_t i = 0; err == ALM_OK && i < answer.fact_count; i++) {
		uint64_t value = strtoull(answer.facts[i].value, NULL, 10);

		if (strcmp(answer.facts[i].key, "effects") == 0) {
			*out_effects = value;
		} else if (strcmp(answer.facts[i].key, "stopped") == 0) {
			*out_stopped = value;
		}
	}
	return err;
}

static enum alm_err object(
	struct bench *bench, uint32_t number, struct alm_problem *problem)
{
	static const char *const any[] = {"any"};
	uint8_t bytes[RECORD_BYTES_MAX];
	struct alm_record_batch_writer batch;
	struct alm_person_record record = {.type = ALM_RECORD_DIRECTIVE,
		.directive = {.id = "R-1",
			.authority = "patient",
			.scope = "record-sharing",
			.effect = ALM_WORD_DENY,
			.recorded_s = ALM_BENCH_NOW_S,
			.purposes = {any, 1},
			.categories = {any, 1},
			.to = {any, 1},
			.valid = {ALM_BENCH_NOW_S, ALM_INSTANT_NEVER}}};
	struct alm_attachment file = {.name = "batch"};
	const struct alm_request_call call = {.verb = "people.put",
		.attachments = &file,
		.attachment_count = 1};
	struct alm_answer answer;
	enum alm_err err;

	alm_bench_subject(number, record.subject);
	alm_record_batch_init(&batch, bytes, sizeof(bytes));
	err = alm_record_batch_add(&batch, 1, &record);
	if (err != ALM_OK) {
		return err;
	}
	file.content = alm_record_batch_finish(&batch);
	alm_arena_reset(&bench->arena);
	return alm_sandbox_ask(
		bench->sandbox, &call, &bench->arena, &answer, problem);
}

/* Each waits for the effect of the one before, so none hides behind it. */
static enum alm_err object_all(struct bench *bench, struct alm_problem *problem)
{
	uint64_t effects = 0;
	enum alm_err err = ALM_OK;

	for (uint32_t i = 0; i < bench->withdrawals && err == ALM_OK; i++) {
		double from_s = alm_bench_clock_s();

		err = object(bench, i, problem);
		while (err == ALM_OK && effects <= i) {
			err = figures(
				bench, &effects, &bench->stopped, problem);
		}
		bench->times_s[i] = alm_bench_clock_s() - from_s;
		bench->expected += bench->queued / bench->people +
				   (i < bench->queued % bench->people ? 1 : 0);
	}
	if (err == ALM_OK && bench->stopped != bench->expected) {
		err = alm_problem_set(problem, ALM_INTERNAL,
			"%llu messages were stopped, not %llu",
			(unsigned long long)bench->stopped,
			(unsigned long long)bench->expected);
	}
	return err;
}

static enum alm_err measure(struct bench *bench, struct alm_problem *problem)
{
	const struct alm_sandbox_options sandbox_options = {
		.parent = alm_args_text(bench->args, "dir"),
		.settings = "send-window: 8192\n"};
	enum alm_err err =
		alm_sandbox_open(&sandbox_options, &bench->sandbox, problem);

	if (err == ALM_OK) {
		alm_host_filesystem(alm_sandbox_store(bench->sandbox),
			bench->filesystem, sizeof(bench->filesystem));
		err = fill_queue(bench, problem);
	}
	if (err == ALM_OK) {
		err = object_all(bench, problem);
	}
	alm_sandbox_close(bench->sandbox);
	return err;
}

/* --- telling ------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In milliseconds, of the sorted times. */
static double percentile(const struct bench *bench, double share)
{
	size_t at = (size_t)((double)(bench->withdrawals - 1) * share + 0.5);

	return (double)(int64_t)(bench->times_s[at] * 1e6 + 0.5) / 1e3;
}

static int print_json(const struct bench *bench)
{
	json_t *conditions = alm_bench_conditions(bench->filesystem,
		json_pack("{s:I, s:I, s:I, s:i, s:s, s:s}", "queued",
			(json_int_t)bench->queued, "people",
			(json_int_t)bench->people, "withdrawals",
			(json_int_t)bench->withdrawals, "payload_bytes",
			(int)PAYLOAD_BYTES, "fsync", "every commit", "measured",
			"from the question until status tells of its effect"));

	return alm_bench_print_json(
		json_pack("{s:s, s:{s:f, s:f, s:f}, s:I, s:o}", "schema",
			"almoner.bench.withdraw/1", "effect_ms", "p50",
			percentile(bench, 0.5), "p99", percentile(bench, 0.99),
			"max", percentile(bench, 1), "stopped",
			(json_int_t)bench->stopped, "conditions", conditions),
		8);
}

static void fact(struct alm_sheet *sheet, const char *key, double value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.3f", value);
	alm_sheet_fact(sheet, key, text);
}

static int print_sheet(const struct bench *bench)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.bench.withdraw/1", NULL, 0);
	char text[128];
	int rc;

	fact(sheet, "effect-p50-ms", percentile(bench, 0.5));
	fact(sheet, "effect-p99-ms", percentile(bench, 0.99));
	fact(sheet, "effect-max-ms", percentile(bench, 1));
	(void)snprintf(text, sizeof(text),
		"%u messages queued about %u people, %u objections, %s build",
		bench->queued, bench->people, bench->withdrawals,
		alm_host_build());
	alm_sheet_fact(sheet, "conditions", text);
	alm_sheet_fact(sheet, "filesystem", bench->filesystem);
	rc = alm_sheet_print(sheet, &bench->args->output);
	alm_sheet_free(sheet);
	return rc;
}

static int run(struct bench *bench)
{
	struct alm_problem problem = {.err = ALM_OK};
	int rc;

	bench->times_s = calloc(bench->withdrawals, sizeof(double));
	alm_arena_init(&bench->arena, ARENA_BYTES_MAX);
	problem.err =
		bench->times_s == NULL ? ALM_NOMEM : measure(bench, &problem);
	if (problem.err == ALM_OK) {
		qsort(bench->times_s, bench->withdrawals, sizeof(double),
			by_value);
		rc = bench->args->output.format == ALM_FORMAT_JSON
			     ? print_json(bench)
			     : print_sheet(bench);
	} else {
		rc = alm_print_problem(&bench->args->output, &problem);
	}
	alm_arena_fini(&bench->arena);
	free(bench->times_s);
	return rc;
}

int alm_cmd_bench_withdraw(int argc, char **argv)
{
	struct alm_args args;
	struct bench bench = {.args = &args};
	int64_t queued, people, withdrawals;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	queued = alm_args_number(&args, "queued", 100000);
	people = alm_args_number(&args, "people", 10000);
	withdrawals = alm_args_number(&args, "withdrawals", 300);
	if (queued < 1 || queued > 10000000 || people < 1 || people > queued ||
		withdrawals < 1 || withdrawals > people) {
		return alm_args_complain(&args,
			"queued up to 10000000, people up to queued, "
			"withdrawals up to people");
	}
	bench.queued = (uint32_t)queued;
	bench.people = (uint32_t)people;
	bench.withdrawals = (uint32_t)withdrawals;
	return run(&bench);
}
