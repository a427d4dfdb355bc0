#include "agents/client/outcomes.h"

#include "agents/client/views.h"
#include "lib/words.h"

/** The catalogue of our own release stands in for what the receipt lacks. */
static void fill_outcome(struct alm_recipient_outcome *view,
	const struct alm_receipt *receipt,
	const struct alm_send_outcome *outcome)
{
	const struct alm_err_info *info = alm_err_info(outcome->code);

	*view = (struct alm_recipient_outcome){
		.recipient = outcome->recipient,
		.code = (int)outcome->code,
		.name = "",
		.sentence = "",
		.hint = "",
		.sequence = outcome->sequence,
		.audit_sequence = outcome->audit_sequence,
		.is_transformed = outcome->is_transformed,
		.level = alm_level_word(outcome->level),
	};
	if (outcome->code == ALM_OK) {
		return;
	}
	view->name = info->name;
	view->sentence = info->sentence;
	view->hint = info->hint;
	view->is_retryable = info->is_retryable;
	for (size_t i = 0; i < receipt->problem_count; i++) {
		const struct alm_wire_problem *problem = &receipt->problems[i];

		if (problem->code == outcome->code) {
			view->name = alm_view_text(problem->name);
			view->sentence = alm_view_text(problem->sentence);
			view->hint = alm_view_text(problem->hint);
			view->is_retryable = problem->is_retryable;
			view->retry_after_ms = problem->retry_after_ms;
		}
	}
}

void alm_fill_outcomes(struct alm_receipt_view *view,
	struct alm_held_frame *frame, const struct alm_receipt *receipt)
{
	struct alm_recipient_outcome *outcomes;

	if (receipt->outcome_count == 0) {
		return;
	}
	outcomes = alm_arena_take(
		&frame->arena, receipt->outcome_count * sizeof(*outcomes));
	for (size_t i = 0; outcomes != NULL && i < receipt->outcome_count;
		i++) {
		fill_outcome(&outcomes[i], receipt, &receipt->outcomes[i]);
	}
	view->outcomes = outcomes;
	view->outcome_count = outcomes == NULL ? 0 : receipt->outcome_count;
}
