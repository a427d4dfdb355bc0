/*
 * Verbs about the log as a whole: its head, and the index that it is searched
 * by.
 */
#include "broker/admin/verbs.h"
#include "broker/store/index.h"

enum alm_err alm_verb_audit_head(struct alm_call *call)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_audit_head head;

	alm_store_audit_head(broker->store, &head);
	alm_table_number(call->table, "size", head.size);
	alm_table_fact(call->table, "root",
		alm_table_hex(call->table,
			(struct alm_bytes){head.root.raw, ALM_DIGEST_BYTES}));
	alm_table_fact(call->table, "time",
		alm_table_instant(
			call->table, alm_store_last_time_us(broker->store)));
	return ALM_OK;
}

/* Throw the index away; it comes back by itself, from the log. */
enum alm_err alm_verb_audit_reindex(struct alm_call *call)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_ADMIN);
	struct alm_log_index_state state;
	enum alm_err err = ALM_OK;

	alm_log_index_state(store, &state);
	if (alm_call_needs_reason(call) != ALM_OK) {
		return ALM_REASON_REQUIRED;
	}
	if (!alm_call_is_dry_run(call)) {
		err = alm_call_record(call, &record, "audit-reindexed");
		alm_log_index_rebuild(store);
	}
	alm_table_number(call->table, "size", call->turn->broker->audit_size);
	alm_table_number(call->table, "covered", state.covered);
	alm_table_number(call->table, "files", state.runs);
	alm_table_number(call->table, "bytes", state.bytes);
	alm_table_number(call->table, "damaged", state.damaged);
	return err;
}
