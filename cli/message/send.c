/*
 * send.c - almoner send: one message from a file or standard input; waits
 * until the broker has it on disk or has refused it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "agents/include/almoner.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/context.h"
#include "cli/message/cancel.h"
#include "cli/message/payload.h"
#include "cli/message/several.h"
#include "cli/message/verdict.h"
#include "lib/file.h"
#include "lib/id.h"
#include "lib/limits.h"
#include "lib/time.h"

#define WAIT_DEFAULT_S 30
#define REPLY_GRACE_S 15           /* for the notice that nobody replied */
#define BYTES_A_SECOND_MIN 131072  /* on the slowest line that is waited for */
#define WAIT_S_MAX INT64_C(604800) /* a week */

static const struct alm_option options[] = {
	{"to", 't', ALM_OPTION_TEXT, "ADDRESS",
		"ORG, group:ID, kind:KIND@group:ID or host:ORG", true, true},
	{"purpose", 'p', ALM_OPTION_TEXT, "ID", "what it is for", true, false},
	{"category", 'k', ALM_OPTION_TEXT, "ID", "what the payload holds", true,
		true},
	{"level", 'l', ALM_OPTION_TEXT, "LEVEL",
		"identifiable, pseudonymised, anonymised or aggregate", true,
		false},
	{"payload", 'f', ALM_OPTION_TEXT, "FILE|-",
		"the content: of a file up to 1 GiB, of standard input up to "
		"1 MiB",
		true, false},
	{"subject", 's', ALM_OPTION_TEXT, "NHS-NUMBER|-",
		"whom it concerns; - reads the number from standard input",
		false, false},
	{"subject-unknown", 0, ALM_OPTION_TEXT, "TEXT",
		"why the person is not known", false, false},
	{"standard", 0, ALM_OPTION_TEXT, "ID", "the information standard",
		false, false},
	{"standard-version", 0, ALM_OPTION_TEXT, "VERSION", "its version",
		false, false},
	{"basis", 'b', ALM_OPTION_TEXT, "ID",
		"the agreement or mandate, when more than one fits", false,
		false},
	{"relationship", 0, ALM_OPTION_TEXT, "KIND",
		"asserts the recipient's relationship, e.g. referral", false,
		false},
	{"relationship-ref", 0, ALM_OPTION_TEXT, "REF",
		"what shows it, e.g. a UBRN", false, false},
	{"override", 0, ALM_OPTION_TEXT, "KIND", "emergency or guardian", false,
		false},
	{"override-by", 0, ALM_OPTION_TEXT, "NAME",
		"who takes it on themselves", false, false},
	{"override-reason", 0, ALM_OPTION_TEXT, "TEXT", "why", false, false},
	{"expires", 0, ALM_OPTION_DURATION, "DURATION",
		"not delivered after so long; 14d unless given", false, false},
	{"deadline", 0, ALM_OPTION_DURATION, "DURATION",
		"tell us, and the recipient's deputy, when it was not taken "
		"after so long",
		false, false},
	{"request", 0, ALM_OPTION_FLAG, NULL,
		"asks for one reply before the deadline", false, false},
	{"await-reply", 0, ALM_OPTION_TEXT, "FILE|-",
		"wait for the reply, and write its content there", false,
		false},
	{"reply-to", 0, ALM_OPTION_TEXT, "UUID",
		"this is the reply to the request of that id", false, false},
	{"priority", 0, ALM_OPTION_TEXT, "WORD", "routine, urgent or bulk",
		false, false},
	{"id", 0, ALM_OPTION_TEXT, "UUID",
		"the message's id, to try again a sending that was cut off; "
		"--expires and --deadline count from its time",
		false, false},
	{"timeout", 0, ALM_OPTION_DURATION, "DURATION",
		"wait so long for the receipt; 30s unless given, and more for "
		"a large payload",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "send",
	.summary = "Send a message; waits for the receipt.  Exit 0 means that "
		   "the broker has it on disk for everybody, 4 that the policy "
		   "refuses it, if only to some.",
	.positionals = "",
	.takes = ALM_TAKES_CONTEXT | ALM_TAKES_CHANGE,
	.options = options,
	.notes =
		"  almoner send -c ward --to C84001 --purpose direct-care "
		"--category discharge \\\n    --level identifiable --subject - "
		"--payload summary.pb < number.txt\n"
		"Of several recipients some may be refused: the exit code is "
		"that of the gravest\nrefusal, of one that is for good if "
		"there is any.  Who can be tried again is sent\na new message "
		"after retry-after: under its --id one gets the first "
		"receipt.\n"
		"Ctrl-C gives up a payload above 1 MiB; a second one leaves "
		"what has come, for --id.",
};

/** What a message is made from; the texts of `message` point into it. */
struct draft {
	struct alm_outgoing message;
	const char *categories[ALM_CATEGORIES_MAX];
	const char *recipients[ALM_ADDRESSES_MAX];
	char subject[ALM_NHS_NUMBER_BYTES + 1];
	struct alm_message_id id;
	struct alm_message_id request; /* that it replies to */
	uint8_t *payload;              /* owned */
	struct alm_source file;        /* of what is too large to be read */
	struct alm_source source;      /* the same, until it is given up */
	uint64_t payload_bytes;
};

/** A file that is larger than one message goes from where it lies. */
static bool open_source(const char *path, struct draft *draft)
{
	struct stat info;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) ||
		info.st_size <= (off_t)ALM_PAYLOAD_BYTES_MAX ||
		alm_source_open(path, &draft->file) != 0) {
		return false;
	}
	alm_cancel_watch(&draft->file, &draft->source);
	draft->message.source = &draft->source;
	draft->payload_bytes = draft->source.bytes;
	return true;
}

static enum alm_err read_payload(
	const char *path, struct draft *draft, struct alm_problem *problem)
{
	size_t bytes = 0;

	if (strcmp(path, "-") != 0 && open_source(path, draft)) {
		return ALM_OK;
	}
	if (strcmp(path, "-") != 0) {
		enum alm_err err = alm_file_read(path, ALM_PAYLOAD_BYTES_MAX,
			&draft->payload, &bytes, problem);

		draft->message.payload = draft->payload;
		draft->message.payload_bytes = bytes;
		draft->payload_bytes = bytes;
		return err == ALM_FIELD_TOO_LARGE ? ALM_PAYLOAD_TOO_LARGE : err;
	}
	draft->payload = malloc(ALM_PAYLOAD_BYTES_MAX + 1);
	if (draft->payload == NULL) {
		return ALM_NOMEM;
	}
	bytes = fread(draft->payload, 1, ALM_PAYLOAD_BYTES_MAX + 1, stdin);
	if (ferror(stdin) != 0) {
		return alm_problem_set(problem, ALM_IO, "standard input");
	}
	if (bytes > ALM_PAYLOAD_BYTES_MAX) {
		return alm_problem_set(
			problem, ALM_PAYLOAD_TOO_LARGE, "standard input");
	}
	draft->message.payload = draft->payload;
	draft->message.payload_bytes = bytes;
	draft->payload_bytes = bytes;
	return ALM_OK;
}

/* The same at each try, as all of the message has to be. */
static int64_t instant_ms(const struct alm_args *args, const char *option,
	const struct draft *draft)
{
	int64_t made_s = alm_message_id_ms(&draft->id) / 1000;

	return (made_s + alm_args_number(args, option, 0)) * 1000;
}

static enum alm_err set_words(const struct alm_args *args, struct draft *draft,
	struct alm_problem *problem)
{
	struct alm_outgoing *m = &draft->message;
	const char *category;

	m->purpose = alm_args_text(args, "purpose");
	m->level = alm_args_text(args, "level");
	m->subject_unknown = alm_args_text(args, "subject-unknown");
	m->standard = alm_args_text(args, "standard");
	m->standard_version = alm_args_text(args, "standard-version");
	m->basis = alm_args_text(args, "basis");
	m->relationship_kind = alm_args_text(args, "relationship");
	m->relationship_ref = alm_args_text(args, "relationship-ref");
	m->override_kind = alm_args_text(args, "override");
	m->override_by = alm_args_text(args, "override-by");
	m->override_reason = alm_args_text(args, "override-reason");
	m->priority = alm_args_text(args, "priority");
	m->categories = draft->categories;
	while ((category = alm_args_nth(args, "category", m->category_count)) !=
		NULL) {
		if (m->category_count == ALM_CATEGORIES_MAX) {
			return alm_problem_set(problem, ALM_TOO_MANY_VALUES,
				"more than %u categories", ALM_CATEGORIES_MAX);
		}
		draft->categories[m->category_count++] = category;
	}
	if (alm_args_has(args, "expires")) {
		m->expires_ms = instant_ms(args, "expires", draft);
	}
	return ALM_OK;
}

/* A request, a reply, or neither. */
static enum alm_err set_kind(const struct alm_args *args, struct draft *draft,
	struct alm_problem *problem)
{
	const char *request = alm_args_text(args, "reply-to");
	bool is_request = alm_args_has(args, "request") ||
			  alm_args_has(args, "await-reply");

	if (is_request && request != NULL) {
		return alm_problem_set(problem, ALM_USAGE,
			"a message is a request or a reply, not both");
	}
	if (is_request && !alm_args_has(args, "deadline")) {
		return alm_problem_set(problem, ALM_USAGE,
			"a request needs --deadline: how long to wait for "
			"the reply");
	}
	if (alm_args_has(args, "deadline")) {
		draft->message.deadline_ms =
			instant_ms(args, "deadline", draft);
	}
	draft->message.kind = is_request ? "request" : NULL;
	if (request != NULL) {
		draft->message.kind = "reply";
		draft->message.correlation_id = draft->request.raw;
		return alm_message_id_parse(request, &draft->request);
	}
	return ALM_OK;
}

static enum alm_err make_draft(const struct alm_args *args, struct draft *draft,
	struct alm_problem *problem)
{
	const char *subject = alm_args_text(args, "subject");
	const char *payload = alm_args_text(args, "payload");
	const char *id = alm_args_text(args, "id");
	enum alm_err err = ALM_OK;

	if (id != NULL) {
		err = alm_message_id_parse(id, &draft->id);
	} else {
		alm_make_id(draft->id.raw);
	}
	draft->message.id = draft->id.raw;
	if (err == ALM_OK) {
		err = set_words(args, draft, problem);
	}
	if (err == ALM_OK) {
		err = alm_take_recipients(
			args, draft->recipients, &draft->message, problem);
	}
	if (err == ALM_OK) {
		err = set_kind(args, draft, problem);
	}
	if (subject != NULL && strcmp(subject, "-") == 0 &&
		strcmp(payload, "-") == 0) {
		return alm_problem_set(problem, ALM_USAGE,
			"only one of --subject and --payload can be -");
	}
	if (err == ALM_OK && subject != NULL) {
		err = alm_take_nhs_number(subject, draft->subject, problem);
		draft->message.subject = draft->subject;
	}
	if (err == ALM_OK) {
		err = read_payload(payload, draft, problem);
	}
	return err;
}

/* --- the way there and back ---------------------------------------------- */

/** Send; when no answer comes, say what is known of the connection. */
static enum alm_err wait_receipt(const struct alm_args *args,
	const struct draft *draft, struct alm_client *client,
	struct alm_receipt_view **out_receipt, struct alm_problem *problem)
{
	int64_t wait_s = alm_args_number(args, "timeout",
		WAIT_DEFAULT_S +
			(int64_t)(draft->payload_bytes / BYTES_A_SECOND_MIN));
	struct alm_client_status status;
	int code;

	wait_s = wait_s < WAIT_S_MAX ? wait_s : WAIT_S_MAX;
	alm_client_give_back(client, true); /* whoever asks is told */
	if (alm_args_has(args, "await-reply")) {
		alm_client_take_parts(client, true); /* a reply may be large */
	} else {
		(void)alm_client_set_credit(client, 0); /* takes no mail */
	}
	code = alm_send(
		client, &draft->message, (int)wait_s * 1000, out_receipt);
	if (alm_cancel_is_asked() &&
		(code != 0 || (*out_receipt)->code == ALM_SOURCE_CHANGED)) {
		return alm_cancel(args, client, draft->id.raw, problem);
	}
	alm_client_get_status(client, &status);
	if (code == 0) {
		alm_context_warn_of_move(args, status.next_endpoint);
		return ALM_OK;
	}
	if (alm_error_is_retryable(code) && status.last_code != 0) {
		code = status.last_code;
	}
	return alm_problem_set(
		problem, (enum alm_err)code, "%s", status.detail);
}

static enum alm_err keep_reply(const struct alm_args *args,
	struct alm_client *client, const struct alm_delivery *reply,
	struct alm_problem *problem)
{
	const char *path = alm_args_text(args, "await-reply");
	enum alm_err err =
		strcmp(path, "-") == 0
			? alm_payload_to_stdout(
				  client, reply, &args->output, problem)
			: alm_payload_to_file(client, reply, path, problem);

	return err == ALM_OK
		       ? (enum alm_err)alm_acknowledge_wait(client,
				 reply->sequence, NULL, WAIT_DEFAULT_S * 1000)
		       : err;
}

/* Beside the receipt, unless the reply has standard output for itself. */
static int show_reply(const struct alm_args *args, struct alm_sheet *sheet,
	const struct alm_delivery *reply)
{
	const char *path = alm_args_text(args, "await-reply");
	char text[ALM_UUID_TEXT_BYTES];

	if (strcmp(path, "-") == 0) {
		return ALM_EXIT_OK;
	}
	alm_id_text(reply->id, text);
	alm_sheet_fact(sheet, "reply-id", text);
	alm_sheet_number(sheet, "reply-bytes", reply->payload_bytes);
	alm_sheet_fact(sheet, "reply-file", path);
	return alm_sheet_print(sheet, &args->output);
}

/* Whatever ends the waiting says why: the reply, or the notice that there
 * will be none. */
static int await_reply(const struct alm_args *args, const struct draft *draft,
	struct alm_client *client, struct alm_sheet *sheet)
{
	int64_t wait_s = alm_args_number(args, "deadline", 0) + REPLY_GRACE_S;
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_delivery *reply = NULL;
	char id[ALM_UUID_TEXT_BYTES];
	int rc;

	alm_message_id_text(&draft->id, id);
	wait_s = wait_s < WAIT_S_MAX ? wait_s : WAIT_S_MAX;
	problem.err = (enum alm_err)alm_await_reply(
		client, draft->id.raw, (int)wait_s * 1000, &reply);
	if (problem.err == ALM_OK) {
		problem.err = keep_reply(args, client, reply, &problem);
	}
	rc = problem.err == ALM_OK ? show_reply(args, sheet, reply)
				   : alm_print_failure(&args->output,
					     &(struct alm_failure){problem.err,
						     problem.detail, id, 0});
	alm_delivery_free(reply);
	return rc;
}

static int follow_accepted(const struct alm_args *args,
	const struct draft *draft, struct alm_client *client,
	const struct alm_receipt_view *receipt, const char *id)
{
	struct alm_sheet *sheet = alm_accepted_sheet(receipt, id);
	int rc = alm_args_has(args, "await-reply")
			 ? await_reply(args, draft, client, sheet)
			 : alm_sheet_print(sheet, &args->output);

	alm_sheet_free(sheet);
	return rc;
}

static int send_draft(const struct alm_args *args, struct draft *draft)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_receipt_view *receipt = NULL;
	struct alm_client *client = NULL;
	char path[PATH_MAX];
	char id[ALM_UUID_TEXT_BYTES];
	int rc = 0;

	alm_message_id_text(&draft->id, id);
	problem.err = alm_context_path(args, path, &problem);
	if (problem.err == ALM_OK) {
		problem.err = (enum alm_err)alm_client_open(
			path, &client, problem.detail, sizeof(problem.detail));
	}
	if (problem.err == ALM_OK && alm_args_has(args, "dry-run")) {
		alm_print_warning(&args->output,
			"this was a dry run: %llu bytes would go to %s%s",
			(unsigned long long)draft->payload_bytes,
			draft->recipients[0],
			draft->message.recipient_count > 1 ? " ..." : "");
		alm_client_close(client);
		return ALM_EXIT_OK;
	}
	if (problem.err == ALM_OK) {
		problem.err =
			wait_receipt(args, draft, client, &receipt, &problem);
	}
	if (problem.err != ALM_OK) {
		rc = alm_print_failure(
			&args->output, &(struct alm_failure){problem.err,
					       problem.detail, id, 0});
	} else if (receipt->outcome_count > 0) {
		rc = alm_show_outcomes(args, receipt, id);
		if (rc == ALM_EXIT_OK && receipt->code != 0) {
			rc = alm_show_refused(args, receipt, id);
		}
	} else if (receipt->code != 0) {
		rc = alm_show_refused(args, receipt, id);
	} else {
		rc = follow_accepted(args, draft, client, receipt, id);
	}
	alm_receipt_free(receipt);
	alm_client_close(client);
	return rc;
}

int alm_cmd_send(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct draft draft = {.payload = NULL};
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = make_draft(&args, &draft, &problem);
	rc = problem.err == ALM_OK ? send_draft(&args, &draft)
				   : alm_print_problem(&args.output, &problem);
	sodium_memzero(draft.subject, sizeof(draft.subject));
	alm_source_close(&draft.file);
	free(draft.payload);
	return rc;
}
