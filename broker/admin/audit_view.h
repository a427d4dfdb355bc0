/*
 * audit_view.h - a record of the log as a row of an answer.
 */
#ifndef ALM_BROKER_ADMIN_AUDIT_VIEW_H
#define ALM_BROKER_ADMIN_AUDIT_VIEW_H

#include "broker/admin/question.h"

/** The columns; with `proves` also leaf, proof and header of each record. */
void alm_audit_view_columns(struct alm_table *table, bool proves);

/**
 * Add the row of a record, without what the asker is not told.
 * Errors: STORE_CORRUPT, STORE_IO, NOMEM, from reading what proves it
 */
ALM_MUST_USE enum alm_err alm_audit_view_add(struct alm_call *call,
	const struct alm_question *question, const struct alm_audit_view *view);

#endif /* ALM_BROKER_ADMIN_AUDIT_VIEW_H */
