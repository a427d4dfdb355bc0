/* mailbox.deputy: who gets what an organisation does not take in time. */
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/loop/detail.h"
#include "broker/store/watch.h"

static enum alm_err check_party(const struct alm_call *call, const char *id)
{
	struct alm_organisation_view view;
	const struct alm_snapshot *snapshot = call->turn->broker->snapshot;

	if (snapshot == NULL) {
		return alm_problem_set(call->problem, ALM_NO_BUNDLE, "%s", "");
	}
	return alm_snapshot_find_organisation(snapshot, id, &view)
		       ? ALM_OK
		       : alm_problem_set(call->problem, ALM_NOT_FOUND,
				 "the active policy has no organisation %s",
				 id);
}

static enum alm_err check(const struct alm_call *call, const char *organisation,
	const char *deputy)
{
	enum alm_err err = ALM_OK;

	if (organisation[0] == '\0') {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"organisation is missing");
	}
	if (strcmp(organisation, deputy) == 0) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"nobody is their own deputy");
	}
	if (alm_call_needs_reason(call) != ALM_OK) {
		return ALM_REASON_REQUIRED;
	}
	if (deputy[0] != '\0') {
		err = check_party(call, organisation);
	}
	return err == ALM_OK && deputy[0] != '\0' ? check_party(call, deputy)
						  : err;
}

static enum alm_err record_change(const struct alm_call *call,
	const char *organisation, const char *deputy)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_MAILBOX);
	struct alm_detail *detail = alm_call_detail(
		call, deputy[0] == '\0' ? "deputy taken away" : "deputy set");

	alm_detail_text(detail, "deputy", deputy);
	record.recipient = organisation;
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}

enum alm_err alm_verb_mailbox_deputy(struct alm_call *call)
{
	const char *organisation = alm_call_argument(call, "organisation");
	const char *deputy = alm_call_argument(call, "deputy");
	const char *before = "";
	struct alm_store *store = call->turn->broker->store;
	enum alm_err err = check(call, organisation, deputy);

	if (err == ALM_OK) {
		err = alm_store_deputy_get(
			store, organisation, call->turn->arena, &before);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_fact(call->table, "organisation", organisation);
	alm_table_fact(call->table, "deputy", deputy);
	alm_table_fact(call->table, "before", before);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	err = alm_store_deputy_set(store, organisation, deputy);
	return err == ALM_OK ? record_change(call, organisation, deputy) : err;
}
