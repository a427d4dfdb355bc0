/*
 * A record as an event of the Open Cybersecurity Schema Framework: messages
 * are API Activity (6003), questions to the log Datastore Activity (6005),
 * changes Entity Management (3004), start and stop Application Lifecycle
 * (6002).  Time is in milliseconds there; the record's own stands beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/printer.h"
#include "lib/time.h"
#include "lib/version.h"

#define SCHEMA_VERSION "1.8.0"
#define PRODUCT "Almoner"

enum class {
	CLASS_ENTITY = 3004,
	CLASS_LIFECYCLE = 6002,
	CLASS_API = 6003,
	CLASS_DATASTORE = 6005,
};

enum severity {
	SEVERITY_INFORMATIONAL = 1,
	SEVERITY_LOW = 2,
	SEVERITY_MEDIUM = 3,
	SEVERITY_HIGH = 4,
	SEVERITY_CRITICAL = 5,
};

/* What a kind of record is in OCSF's words. */
struct shape {
	unsigned kind;
	enum class class;
	unsigned activity;
	const char *operation; /* of an API; or the entity that changed */
	enum severity severity;
	bool is_failure;
};

static const struct shape shapes[] = {
	{ALM_AUDIT_ACCEPTED, CLASS_API, 1, "message.accept",
		SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_REFUSED, CLASS_API, 1, "message.accept", SEVERITY_MEDIUM,
		true},
	{ALM_AUDIT_DELIVERED, CLASS_API, 2, "message.deliver",
		SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_ACKNOWLEDGED, CLASS_API, 3, "message.acknowledge",
		SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_REJECTED, CLASS_API, 3, "message.acknowledge", SEVERITY_LOW,
		true},
	{ALM_AUDIT_STOPPED, CLASS_API, 2, "message.deliver", SEVERITY_MEDIUM,
		true},
	{ALM_AUDIT_EXPIRED, CLASS_API, 4, "message.expire", SEVERITY_LOW, true},
	{ALM_AUDIT_DEAD_LETTERED, CLASS_API, 4, "message.dead-letter",
		SEVERITY_LOW, true},
	{ALM_AUDIT_NOTICE, CLASS_API, 2, "notice.deliver",
		SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_RERUN, CLASS_API, 3, "message.rerun", SEVERITY_LOW, false},
	{ALM_AUDIT_DEAD_REMOVED, CLASS_API, 4, "message.remove", SEVERITY_LOW,
		false},
	{ALM_AUDIT_TIMED_OUT, CLASS_API, 3, "request.time-out", SEVERITY_LOW,
		true},
	{ALM_AUDIT_DEADLINE, CLASS_API, 3, "message.deadline", SEVERITY_MEDIUM,
		true},
	{ALM_AUDIT_ESCALATED, CLASS_API, 3, "message.escalate", SEVERITY_MEDIUM,
		false},
	{ALM_AUDIT_UPLOAD_BEGUN, CLASS_API, 1, "upload.begin",
		SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_UPLOAD_EXPIRED, CLASS_API, 4, "upload.expire", SEVERITY_LOW,
		true},
	{ALM_AUDIT_UPLOAD_CANCELLED, CLASS_API, 4, "upload.cancel",
		SEVERITY_LOW, false},
	{ALM_AUDIT_MULTICAST, CLASS_API, 1, "message.accept-several",
		SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_MAILBOX, CLASS_ENTITY, 3, "mailbox", SEVERITY_LOW, false},
	{ALM_AUDIT_OVERRIDE_REVIEWED, CLASS_ENTITY, 3, "override", SEVERITY_LOW,
		false},
	{ALM_AUDIT_POLICY_PROPOSED, CLASS_ENTITY, 1, "policy", SEVERITY_LOW,
		false},
	{ALM_AUDIT_POLICY_EMERGENCY, CLASS_ENTITY, 3, "policy", SEVERITY_HIGH,
		false},
	{ALM_AUDIT_POLICY, CLASS_ENTITY, 3, "policy", SEVERITY_LOW, false},
	{ALM_AUDIT_POLICY_APPROVED, CLASS_ENTITY, 3, "policy", SEVERITY_LOW,
		false},
	{ALM_AUDIT_POLICY_ROLLED_BACK, CLASS_ENTITY, 3, "policy", SEVERITY_LOW,
		false},
	{ALM_AUDIT_POLICY_EXPIRED, CLASS_ENTITY, 3, "policy", SEVERITY_LOW,
		false},
	{ALM_AUDIT_OFFICER, CLASS_ENTITY, 3, "officer", SEVERITY_LOW, false},
	{ALM_AUDIT_PERSON, CLASS_ENTITY, 3, "person", SEVERITY_INFORMATIONAL,
		false},
	{ALM_AUDIT_ERASED, CLASS_ENTITY, 4, "person", SEVERITY_LOW, false},
	{ALM_AUDIT_OPT_OUT_LIST, CLASS_ENTITY, 3, "opt-out-list", SEVERITY_LOW,
		false},
	{ALM_AUDIT_AGENT, CLASS_ENTITY, 3, "agent", SEVERITY_LOW, false},
	{ALM_AUDIT_INVITE, CLASS_ENTITY, 1, "invite", SEVERITY_LOW, false},
	{ALM_AUDIT_JOIN, CLASS_ENTITY, 1, "agent", SEVERITY_LOW, false},
	{ALM_AUDIT_JOIN_APPROVED, CLASS_ENTITY, 3, "agent", SEVERITY_LOW,
		false},
	{ALM_AUDIT_ROLES, CLASS_ENTITY, 3, "agent", SEVERITY_LOW, false},
	{ALM_AUDIT_ROTATED, CLASS_ENTITY, 3, "agent-key", SEVERITY_LOW, false},
	{ALM_AUDIT_KEY_ADDED, CLASS_ENTITY, 1, "audit-key", SEVERITY_MEDIUM,
		false},
	{ALM_AUDIT_KEY_RETIRED, CLASS_ENTITY, 4, "audit-key", SEVERITY_MEDIUM,
		false},
	{ALM_AUDIT_ORIGIN, CLASS_ENTITY, 3, "log-origin", SEVERITY_HIGH, false},
	{ALM_AUDIT_WITNESS, CLASS_ENTITY, 1, "witness", SEVERITY_LOW, false},
	{ALM_AUDIT_BACKUP, CLASS_ENTITY, 99, "backup", SEVERITY_LOW, false},
	{ALM_AUDIT_TRIAL, CLASS_ENTITY, 99, "path-trial",
		SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_VERIFIED, CLASS_ENTITY, 99, "verification", SEVERITY_LOW,
		false},
	{ALM_AUDIT_ADMIN, CLASS_ENTITY, 99, "administration", SEVERITY_LOW,
		false},
	{ALM_AUDIT_STANDARD, CLASS_ENTITY, 3, "standard", SEVERITY_LOW, false},
	{ALM_AUDIT_PRUNED, CLASS_ENTITY, 4, "private-part", SEVERITY_LOW,
		false},
	{ALM_AUDIT_QUERY, CLASS_DATASTORE, 4, "query", SEVERITY_LOW, false},
	{ALM_AUDIT_START, CLASS_LIFECYCLE, 3, "", SEVERITY_INFORMATIONAL,
		false},
	{ALM_AUDIT_STOP, CLASS_LIFECYCLE, 4, "", SEVERITY_INFORMATIONAL, false},
	{ALM_AUDIT_ANOMALY, CLASS_API, 99, "store.read", SEVERITY_CRITICAL,
		true},
};

/* A kind of a later release. */
static const struct shape other_shape = {
	0, CLASS_ENTITY, 99, "unknown", SEVERITY_LOW, false};

static const struct shape *shape_of(alm_audit_cells cells)
{
	unsigned kind = alm_audit_cells_kind(cells);

	for (size_t i = 0; i < ALM_COUNT(shapes); i++) {
		if (shapes[i].kind == kind) {
			return &shapes[i];
		}
	}
	return &other_shape;
}

/* "2026-01-31T09:12:33.123456Z" in milliseconds. */
static json_int_t time_ms(const char *text)
{
	char seconds[ALM_INSTANT_TEXT_BYTES];
	const char *point = strchr(text, '.');
	int64_t instant_s = 0;
	int64_t ms = 0;

	(void)snprintf(seconds, sizeof(seconds), "%.19sZ", text);
	if (alm_instant_parse(seconds, &instant_s) != ALM_OK) {
		return 0;
	}
	for (size_t i = 1; i <= 3; i++) {
		bool is_digit =
			point != NULL && point[i] >= '0' && point[i] <= '9';

		point = is_digit ? point : NULL;
		ms = ms * 10 + (is_digit ? point[i] - '0' : 0);
	}
	return instant_s * 1000 + ms;
}

static json_t *metadata_of(alm_audit_cells cells, const struct shape *shape)
{
	json_t *metadata = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:s, s:I, "
				     "s:s}",
		"version", SCHEMA_VERSION, "product", "name", PRODUCT,
		"vendor_name", PRODUCT, "version", ALM_VERSION_TEXT, "log_name",
		"audit", "uid", cells[ALM_COLUMN_SEQ], "sequence",
		(json_int_t)strtoll(cells[ALM_COLUMN_SEQ], NULL, 10),
		"original_time", cells[ALM_COLUMN_TIME]);

	alm_json_set_text(metadata, "event_code", cells[ALM_COLUMN_KIND]);
	alm_json_set_text(
		metadata, "correlation_uid", cells[ALM_COLUMN_MESSAGE]);
	if (shape->class == CLASS_API) {
		(void)json_object_set_new(metadata, "profiles",
			json_pack("[s]", "security_control"));
	}
	return metadata;
}

static json_t *endpoint(const char *organisation)
{
	const char *name = organisation[0] != '\0' ? organisation : "almonerd";

	return json_pack("{s:s, s:s}", "uid", name, "name", name);
}

static json_t *actor_of(alm_audit_cells cells)
{
	const char *agent = cells[ALM_COLUMN_AGENT];
	const char *sender = cells[ALM_COLUMN_SENDER];

	return json_pack("{s:s}", "app_uid",
		agent[0] != '\0'    ? agent
		: sender[0] != '\0' ? sender
				    : "almonerd");
}

static void add_resource(json_t *resources, const char *type, const char *uid)
{
	if (uid[0] != '\0') {
		(void)json_array_append_new(resources,
			json_pack("{s:s, s:s}", "type", type, "uid", uid));
	}
}

static void set_resources(json_t *event, alm_audit_cells cells)
{
	json_t *resources = json_array();

	add_resource(resources, "patient", cells[ALM_COLUMN_PERSON]);
	add_resource(resources, "agreement", cells[ALM_COLUMN_BASIS]);
	if (json_array_size(resources) > 0) {
		(void)json_object_set_new(event, "resources", resources);
	} else {
		json_decref(resources);
	}
}

/* What the decision was, in the words of the profile security_control. */
static void set_decision(json_t *event, alm_audit_cells cells)
{
	const char *effect = cells[ALM_COLUMN_EFFECT];
	bool is_denied = strcmp(effect, "deny") == 0;
	bool is_changed = strcmp(effect, "transform") == 0;
	json_int_t action = is_denied ? 2 : is_changed ? 4 : 1;
	json_int_t disposition = is_denied ? 2 : is_changed ? 11 : 1;

	if (effect[0] == '\0') {
		return;
	}
	(void)json_object_set_new(event, "action_id", json_integer(action));
	(void)json_object_set_new(
		event, "disposition_id", json_integer(disposition));
	(void)json_object_set_new(event, "authorizations",
		json_pack("[{s:s, s:{s:s, s:s, s:b}}]", "decision", effect,
			"policy", "uid", cells[ALM_COLUMN_EPOCH], "name",
			cells[ALM_COLUMN_BASIS][0] != '\0'
				? cells[ALM_COLUMN_BASIS]
				: "policy",
			"is_applied", 1));
}

/* What only one class has. */
static void set_own(
	json_t *event, alm_audit_cells cells, const struct shape *shape)
{
	switch (shape->class) {
	case CLASS_API:
		(void)json_object_set_new(event, "api",
			json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:i}}",
				"operation", shape->operation, "service",
				"name", "almonerd", "request", "uid",
				cells[ALM_COLUMN_MESSAGE], "response", "code",
				(int)strtol(cells[ALM_COLUMN_CODE], NULL, 10)));
		(void)json_object_set_new(event, "dst_endpoint",
			endpoint(cells[ALM_COLUMN_RECIPIENT]));
		set_decision(event, cells);
		set_resources(event, cells);
		break;
	case CLASS_DATASTORE:
		(void)json_object_set_new(event, "database",
			json_pack("{s:s, s:s, s:i}", "name", "audit", "uid",
				"almoner-audit", "type_id", 99));
		(void)json_object_set_new(event, "query_info",
			json_pack("{s:s}", "uid", cells[ALM_COLUMN_SEQ]));
		break;
	case CLASS_ENTITY:
		(void)json_object_set_new(event, "entity",
			json_pack("{s:s, s:s}", "type", shape->operation, "uid",
				cells[ALM_COLUMN_SEQ]));
		break;
	case CLASS_LIFECYCLE:
		(void)json_object_set_new(event, "app",
			json_pack("{s:s, s:s, s:s}", "name", "almonerd",
				"vendor_name", PRODUCT, "version",
				ALM_VERSION_TEXT));
		break;
	}
}

/* What OCSF has no words for. */
static json_t *unmapped_of(alm_audit_cells cells)
{
	static const enum alm_audit_column columns[] = {ALM_COLUMN_PURPOSE,
		ALM_COLUMN_CATEGORIES, ALM_COLUMN_LEVEL_OUT, ALM_COLUMN_PERSON,
		ALM_COLUMN_RECIPIENT, ALM_COLUMN_BASIS, ALM_COLUMN_STANDARD,
		ALM_COLUMN_MAIL, ALM_COLUMN_REF, ALM_COLUMN_EPOCH,
		ALM_COLUMN_DETAIL};
	json_t *unmapped = json_object();

	for (size_t i = 0; i < ALM_COUNT(columns); i++) {
		alm_json_set_text(unmapped, alm_audit_columns[columns[i]],
			cells[columns[i]]);
	}
	return unmapped;
}

json_t *alm_audit_ocsf_event(alm_audit_cells cells)
{
	const struct shape *shape = shape_of(cells);
	unsigned class = (unsigned)shape->class;
	bool has_failed = alm_audit_cells_failed(cells);
	enum severity severity = has_failed && shape->severity < SEVERITY_MEDIUM
					 ? SEVERITY_MEDIUM
					 : shape->severity;
	json_t *event = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:s}",
		"category_uid", (int)(class / 1000), "class_uid", (int)class,
		"activity_id", (int)shape->activity, "type_uid",
		(int)(class * 100 + shape->activity), "severity_id",
		(int)severity, "status_id",
		shape->is_failure || has_failed ? 2 : 1, "time",
		time_ms(cells[ALM_COLUMN_TIME]), "message",
		cells[ALM_COLUMN_KIND]);

	if (event == NULL) {
		return NULL;
	}
	(void)json_object_set_new(event, "metadata", metadata_of(cells, shape));
	if (shape->class != CLASS_LIFECYCLE) {
		(void)json_object_set_new(event, "actor", actor_of(cells));
		(void)json_object_set_new(event, "src_endpoint",
			endpoint(cells[ALM_COLUMN_SENDER]));
	}
	if (cells[ALM_COLUMN_NAME][0] != '\0') {
		alm_json_set_text(
			event, "status_detail", cells[ALM_COLUMN_NAME]);
		alm_json_set_text(event, "status_code", cells[ALM_COLUMN_CODE]);
	}
	set_own(event, cells, shape);
	(void)json_object_set_new(event, "unmapped", unmapped_of(cells));
	return event;
}
