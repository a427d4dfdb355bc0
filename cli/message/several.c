#include "cli/message/several.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/show/amount.h"

static void add_outcome(
	struct alm_sheet *sheet, const struct alm_recipient_outcome *outcome)
{
	char sequence[24] = "";
	char code[16] = "";
	char after[ALM_AMOUNT_BYTES] = "";
	char after_ms[16] = "";

	if (outcome->code == 0) {
		(void)snprintf(sequence, sizeof(sequence), "%llu",
			(unsigned long long)outcome->sequence);
	} else {
		(void)snprintf(code, sizeof(code), "ALM-%d", outcome->code);
	}
	if (outcome->retry_after_ms > 0) {
		alm_span_text((int64_t)outcome->retry_after_ms * 1000, after);
		(void)snprintf(after_ms, sizeof(after_ms), "%" PRIu32,
			outcome->retry_after_ms);
	}
	alm_sheet_row(sheet,
		(const char *const[]){outcome->recipient,
			outcome->code != 0        ? "refused"
			: outcome->is_transformed ? "transformed"
						  : "accepted",
			sequence, outcome->code == 0 ? outcome->level : "",
			code, outcome->name, after, after_ms, outcome->hint});
}

/* What is refused for good says more than what may be tried again. */
static const struct alm_recipient_outcome *gravest(
	const struct alm_receipt_view *receipt, size_t *out_refused)
{
	const struct alm_recipient_outcome *found = NULL;

	*out_refused = 0;
	for (size_t i = 0; i < receipt->outcome_count; i++) {
		const struct alm_recipient_outcome *outcome =
			&receipt->outcomes[i];

		if (outcome->code == 0) {
			continue;
		}
		++*out_refused;
		if (found == NULL ||
			(found->is_retryable && !outcome->is_retryable)) {
			found = outcome;
		}
	}
	return found;
}

/* Some have it and some do not: that is no success.  Gives the exit code. */
static int tell_refused(const struct alm_args *args,
	const struct alm_receipt_view *receipt, const char *id)
{
	char detail[ALM_DETAIL_BYTES_MAX];
	size_t refused;
	const struct alm_recipient_outcome *outcome =
		gravest(receipt, &refused);

	if (outcome == NULL) {
		return ALM_EXIT_OK;
	}
	(void)snprintf(detail, sizeof(detail),
		"%s; in all %zu of %zu recipients are refused, the others get "
		"it",
		outcome->recipient, refused, receipt->outcome_count);
	return alm_print_failure(&args->output,
		&(struct alm_failure){(enum alm_err)outcome->code, detail, id,
			outcome->retry_after_ms});
}

int alm_show_outcomes(const struct alm_args *args,
	const struct alm_receipt_view *receipt, const char *id)
{
	static const char *const columns[] = {"recipient", "outcome",
		"sequence", "level", "code", "name", "retry-after",
		"retry-after-ms", "hint"};
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
	alm_sheet_hide(sheet, "retry-after-ms");
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc == ALM_EXIT_OK && receipt->code == 0
		       ? tell_refused(args, receipt, id)
		       : rc;
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
