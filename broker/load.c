/*
 * What the store holds and every turn reads: loaded at the start, and again
 * when a turn that changed it did not happen.
 */
#include "broker/broker.h"
#include "broker/identity/identity.h"
#include "broker/mail/orders.h"
#include "broker/rules/epoch.h"

enum alm_err alm_broker_load(
	struct alm_broker *broker, struct alm_problem *problem)
{
	struct alm_audit_head head;
	enum alm_err err = alm_identity_load(broker);

	if (err == ALM_OK) {
		err = alm_standards_load(
			broker->store, &broker->standards, problem);
	}
	if (err == ALM_OK) {
		err = alm_epoch_load(broker, problem);
	}
	if (err == ALM_OK) {
		err = alm_orders_load(broker);
	}
	alm_store_audit_head(broker->store, &head);
	broker->audit_size = head.size;
	broker->world.seq = alm_store_people_sequence(broker->store);
	if (err != ALM_OK && problem != NULL && problem->detail[0] == '\0') {
		return alm_problem_set(
			problem, err, "%s", broker->settings.store);
	}
	return err;
}
