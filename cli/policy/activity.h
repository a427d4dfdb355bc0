/*
 * activity.h - the columns of a record of processing activities (UK GDPR,
 * Article 30), with those of the national register of data sharing agreements,
 * from what a bundle says.
 */
#ifndef ALM_CLI_POLICY_ACTIVITY_H
#define ALM_CLI_POLICY_ACTIVITY_H

#include <stdio.h>

#include "broker/policy/side.h"

/** One activity: a basis of a bundle. */
struct alm_activity {
	const struct alm_side *side;
	const struct alm_bundle_basis *basis;
};

struct alm_ropa_column {
	const char *name;  /* kebab-case */
	const char *title; /* for people */
	/* Writes nothing where the bundle says nothing. */
	void (*write)(const struct alm_activity *activity, FILE *out);
};

#define ALM_ROPA_COLUMNS 41u
extern const struct alm_ropa_column alm_ropa_columns[ALM_ROPA_COLUMNS];

#endif /* ALM_CLI_POLICY_ACTIVITY_H */
