/*
 * receipt.c - almoner receipt: tell the sender of a message what became of
 * it.  A message like any other, but that it says nothing else.
 */
#include <string.h>

#include "agents/include/almoner.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "lib/id.h"

#define WAIT_MS 60000

static const struct alm_option options[] = {
	{"to", 't', ALM_OPTION_TEXT, "ORG", "the sender of the message", true,
		false},
	{"purpose", 'p', ALM_OPTION_TEXT, "ID", "what the message was for",
		true, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "receipt",
	.summary = "Tell the sender of a message what became of it: delivered "
		   "(it has reached the people it was for), opened or acted "
		   "(what it asked for is done).",
	.positionals = "delivered|opened|acted MESSAGE-ID",
	.positional_min = 2,
	.positional_max = 2,
	.takes = ALM_TAKES_CONTEXT | ALM_TAKES_CHANGE,
	.options = options,
	.notes = "  Only of what was handed to you; it carries no content.",
};

static bool is_stage(const char *word)
{
	return strcmp(word, "delivered") == 0 || strcmp(word, "opened") == 0 ||
	       strcmp(word, "acted") == 0;
}

static int show(const struct alm_args *args,
	const struct alm_receipt_view *receipt, const char *id)
{
	struct alm_sheet *sheet;
	int rc;

	if (receipt->code != 0) {
		return alm_print_failure(&args->output,
			&(struct alm_failure){(enum alm_err)receipt->code,
				receipt->detail, id, 0});
	}
	sheet = alm_sheet_new("almoner.receipt/1", NULL, 0);
	alm_sheet_fact(sheet, "id", id);
	alm_sheet_number(sheet, "sequence", receipt->sequence);
	alm_sheet_fact(sheet, "stage", args->positionals[0]);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

static int send_receipt(
	const struct alm_args *args, const struct alm_message_id *original)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_receipt_view *receipt = NULL;
	struct alm_client *client = NULL;
	struct alm_message_id made;
	struct alm_outgoing message = {.id = made.raw,
		.recipient = alm_args_text(args, "to"),
		.purpose = alm_args_text(args, "purpose"),
		.kind = args->positionals[0],
		.correlation_id = original->raw};
	char path[PATH_MAX];
	char id[ALM_UUID_TEXT_BYTES];
	int rc;

	alm_make_id(made.raw);
	alm_message_id_text(&made, id);
	problem.err = alm_context_path(args, path, &problem);
	if (problem.err == ALM_OK) {
		problem.err = (enum alm_err)alm_client_open(
			path, &client, problem.detail, sizeof(problem.detail));
	}
	if (problem.err == ALM_OK) {
		alm_client_give_back(client, true); /* whoever asks is told */
		(void)alm_client_set_credit(client, 0); /* takes no mail */
	}
	if (problem.err == ALM_OK && alm_args_has(args, "dry-run")) {
		alm_print_warning(&args->output,
			"this was a dry run: %s would be told",
			message.recipient);
		alm_client_close(client);
		return ALM_EXIT_OK;
	}
	if (problem.err == ALM_OK) {
		problem.err = (enum alm_err)alm_send(
			client, &message, WAIT_MS, &receipt);
	}
	rc = problem.err == ALM_OK ? show(args, receipt, id)
				   : alm_print_failure(&args->output,
					     &(struct alm_failure){problem.err,
						     problem.detail, id, 0});
	alm_receipt_free(receipt);
	alm_client_close(client);
	return rc;
}

int alm_cmd_receipt(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_message_id original;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (!is_stage(args.positionals[0])) {
		return alm_args_complain(
			&args, "say delivered, opened or acted");
	}
	problem.err = alm_message_id_parse(args.positionals[1], &original);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	return send_receipt(&args, &original);
}
