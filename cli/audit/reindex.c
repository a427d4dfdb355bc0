/*
 * reindex.c - almoner audit reindex: the index of the log is thrown away and
 * made anew, by the broker while it works, or here while it does not run.
 */
#include <stdio.h>

#include "broker/store/index.h"
#include "broker/store/store.h"
#include "cli/admin.h"
#include "cli/audit/options.h"
#include "cli/commands.h"
#include "cli/show/bar.h"

static const struct alm_option options[] = {
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT",
		"why; it is recorded, if the broker is asked", false, false},
	{"store", 0, ALM_OPTION_TEXT, "DIR",
		"do it here, in this store, which no daemon has open", false,
		false},
	{"key", 0, ALM_OPTION_TEXT, "FILE", "the store's key, with --store",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "audit reindex",
	.summary = "Make the index of the audit log anew.  Questions are "
		   "answered all the while, only more slowly.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = options,
	.notes = "  The index is made from the log and kept by itself; damage "
		 "to it is found and\n  mended.  This is for when you do not "
		 "trust it.",
};

static int tell(const struct alm_args *args, struct alm_store *store)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.audit.reindex/1", NULL, 0);
	struct alm_log_index_state state;
	struct alm_audit_head head;
	int rc;

	alm_log_index_state(store, &state);
	alm_store_audit_head(store, &head);
	alm_sheet_number(sheet, "size", head.size);
	alm_sheet_number(sheet, "covered", state.covered);
	alm_sheet_number(sheet, "files", state.runs);
	alm_sheet_number(sheet, "bytes", state.bytes);
	alm_sheet_number(sheet, "damaged", state.damaged);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

static enum alm_err work(const struct alm_args *args, struct alm_store *store)
{
	struct alm_bar progress;
	struct alm_audit_head head;
	bool is_done = false;
	enum alm_err err = ALM_OK;

	alm_store_audit_head(store, &head);
	alm_bar_init(&progress, &args->output, "records");
	alm_log_index_rebuild(store);
	while (err == ALM_OK && !is_done) {
		struct alm_log_index_state state;

		err = alm_log_index_work(store, &is_done);
		alm_log_index_state(store, &state);
		alm_bar_show(&progress, state.covered, head.size);
	}
	alm_bar_end(&progress);
	return err;
}

static int reindex_here(const struct alm_args *args)
{
	const struct alm_log_index_options index = {
		.path = alm_args_text(args, "store")};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_store *store = NULL;
	int rc;

	problem.err = alm_audit_open_store(args, false, &store, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_log_index_open(store, &index);
	}
	if (problem.err == ALM_OK && !alm_args_has(args, "dry-run")) {
		problem.err = work(args, store);
	}
	rc = problem.err == ALM_OK ? tell(args, store)
				   : alm_print_problem(&args->output, &problem);
	alm_store_close(store);
	return rc;
}

int alm_cmd_audit_reindex(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "audit.reindex"};
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (alm_args_has(&args, "store")) {
		return reindex_here(&args);
	}
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.audit.reindex/1");
}
