/*
 * check_records.c - almoner audit verify BUNDLE --records: the records of a
 * bundle, as the rows of audit query, for who has no broker to ask.  They are
 * read a second time, when all of the file is known to be good.
 */
#include "cli/audit/check_records.h"

#include <stdio.h>

#include "cli/audit/log_internal.h"

#define ROWS_AT_ONCE 1000u

/** The rows on their way. */
struct telling {
	struct alm_audit_printer *printer;
	struct alm_arena arena; /* of one row */
	char evidence[ALM_GRADE_TEXT_BYTES];
	uint64_t count;
	int rc;
};

const char *alm_audit_private_line(
	struct alm_arena *arena, struct alm_bytes salted)
{
	return salted.bytes <= ALM_AUDIT_SALT_BYTES
		       ? ""
		       : alm_log_one_line(arena,
				 alm_arena_text(arena,
					 (const char *)salted.data +
						 ALM_AUDIT_SALT_BYTES,
					 salted.bytes - ALM_AUDIT_SALT_BYTES));
}

/* What was not revealed is empty, as the agent's name is, which no record
 * has. */
static void tell(void *cookie, struct alm_bytes header, struct alm_bytes salted)
{
	struct telling *t = cookie;
	struct alm_audit_record record;
	struct alm_audit_told told = {.record = &record,
		.agent = "",
		.evidence = t->evidence,
		.leaf = "",
		.path = "",
		.header = ""};

	if (t->rc != ALM_EXIT_OK ||
		alm_audit_header_read(header, &record) != ALM_OK) {
		return;
	}
	alm_arena_reset(&t->arena);
	told.detail = alm_audit_private_line(&t->arena, salted);
	told.signature = alm_audit_signature_text(record.signature, &t->arena);
	if (told.signature == NULL) {
		told.signature = "";
	}
	alm_audit_printer_record(t->printer, &told);
	t->count++;
	if (t->count % ROWS_AT_ONCE == 0) {
		t->rc = alm_audit_printer_page(t->printer);
	}
}

enum alm_err alm_audit_records_new(const struct alm_args *args,
	struct alm_audit_printer **out_printer, struct alm_problem *problem)
{
	enum alm_err err = alm_audit_printer_new(args,
		"almoner.audit.verify.records/1", alm_audit_columns,
		ALM_AUDIT_COLUMNS - ALM_AUDIT_PROOF_COLUMNS, out_printer,
		problem);

	if (err == ALM_OK) {
		/* There is no broker whose policy could be asked for. */
		alm_audit_printer_policies(*out_printer, NULL, NULL);
	}
	return err;
}

enum alm_err alm_audit_records_print(struct alm_audit_printer *printer,
	const struct alm_trust *trust, struct alm_bytes bundle,
	unsigned witnesses, struct alm_arena *arena,
	struct alm_problem *problem)
{
	struct telling t = {.printer = printer, .rc = ALM_EXIT_OK};
	struct alm_checked checked;
	enum alm_err err;

	(void)snprintf(t.evidence, sizeof(t.evidence),
		witnesses > 0 ? "witnessed-by-%u" : "signed", witnesses);
	alm_arena_init(&t.arena, ALM_LOG_ARENA_BYTES_MAX);
	alm_arena_reset(arena);
	err = alm_check_bundle(
		trust, bundle, arena, tell, &t, &checked, problem);
	alm_arena_fini(&t.arena);
	if (err == ALM_OK && t.rc != ALM_EXIT_OK) {
		err = alm_problem_set(problem, ALM_IO, "the records");
	}
	return err;
}
