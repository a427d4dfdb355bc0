#include "cli/message/several.h"

#include <stdio.h>
#include <string.h>

static void add_outcome(
	struct alm_sheet *sheet, const struct alm_recipient_outcome *outcome)
{
	char sequence[24] = "";
	char code[16] = "";

	if (outcome->code == 0) {
		(void)snprintf(sequence, sizeof(sequence), "%llu",
			(unsigned long long)outcome->sequence);
	} else {
		(void)snprintf(code, sizeof(code), "ALM-%d", outcome->code);
	}
	alm_sheet_row(sheet,
		(const char *const[]){outcome->recipient,
			outcome->code != 0        ? "refused"
			: outcome->is_transformed ? "transformed"
						  : "accepted",
			sequence, outcome->code == 0 ? outcome->level : "",
			code, outcome->name, outcome->hint});
}

int alm_show_outcomes(const struct alm_args *args,
	const struct alm_receipt_view *receipt, const char *id)
{
	static const char *const columns[] = {"recipient", "outcome",
		"sequence", "level", "code", "name", "hint"};
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.send-to-several/1", columns, ALM_COUNT(columns));
	int rc;

	alm_sheet_fact(sheet, "id", id);
	if (receipt->code == 0) {
		alm_sheet_number(
			sheet, "audit-sequence", receipt->audit_sequence);
		alm_sheet_fact(sheet, "duplicate",
			receipt->is_duplicate ? "yes" : "no");
	}
	for (size_t i = 0; i < receipt->outcome_count; i++) {
		add_outcome(sheet, &receipt->outcomes[i]);
	}
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

enum alm_err alm_take_recipients(const struct alm_args *args,
	const char *recipients[ALM_ADDRESSES_MAX], struct alm_outgoing *message,
	struct alm_problem *problem)
{
	size_t count = 0;
	const char *to;

	while ((to = alm_args_nth(args, "to", count)) != NULL) {
		if (count == ALM_ADDRESSES_MAX) {
			return alm_problem_set(problem, ALM_TOO_MANY_VALUES,
				"more than %u recipients", ALM_ADDRESSES_MAX);
		}
		recipients[count++] = to;
	}
	if (count == 1 && strchr(recipients[0], ':') == NULL) {
		message->recipient = recipients[0];
		return ALM_OK;
	}
	if (message->relationship_kind != NULL) {
		return alm_problem_set(problem, ALM_USAGE,
			"a relationship is asserted of one organisation");
	}
	message->recipients = recipients;
	message->recipient_count = count;
	return ALM_OK;
}
