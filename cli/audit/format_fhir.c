/*
 * A record as a FHIR R4 AuditEvent.  A hand-over about a person follows IHE
 * BALP's PrivacyDisclosure.Source and says so: the broker is the source and
 * the observer, the sender is the custodian.  A decision carries BALP's codes
 * for consent decisions, but not the profile, which wants a user.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/printer.h"

#define DCM "http://dicom.nema.org/resources/ontology/DCM"
#define LIFECYCLE "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
#define ACT_REASON "http://terminology.hl7.org/CodeSystem/v3-ActReason"
#define AUTHZ "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
#define ODS "https://fhir.nhs.uk/Id/ods-organization-code"
#define KINDS "urn:almoner:audit-kind"
#define BROKER_SYSTEM "urn:almoner:broker"
#define BROKER "almonerd"
#define SOURCE_PROFILE \
	"https://profiles.ihe.net/ITI/BALP/StructureDefinition/" \
	"IHE.BasicAudit.PrivacyDisclosure.Source"

/* A code of one of the systems above; NULL ends nothing: there is none. */
struct coding {
	const char *system;
	const char *code;
	const char *display;
};

/* What a kind of record is in FHIR's words. */
struct shape {
	unsigned kind;
	struct coding type;
	struct coding subtype; /* the kind's own word stands beside it */
	const char *action;
	const char *outcome;
};

#define EXPORT \
	{ \
		DCM, "110106", "Export" \
	}
#define IMPORT \
	{ \
		DCM, "110107", "Import" \
	}
#define ALERT \
	{ \
		DCM, "110113", "Security Alert" \
	}
#define ACTIVITY \
	{ \
		DCM, "110100", "Application Activity" \
	}
#define PATIENT \
	{ \
		DCM, "110110", "Patient Record" \
	}
#define LOG_USED \
	{ \
		DCM, "110101", "Audit Log Used" \
	}
#define CONSENT \
	{ \
		AUTHZ, "AuthZ-Consent", NULL \
	}
#define SECURITY \
	{ \
		DCM, "110129", "Security Configuration" \
	}
#define ATTRIBUTES \
	{ \
		DCM, "110137", "User Security Attributes Changed" \
	}
#define SOFTWARE \
	{ \
		DCM, "110131", "Software Configuration" \
	}
#define NONE \
	{ \
		NULL, NULL, NULL \
	}

static const struct shape shapes[] = {
	{ALM_AUDIT_ACCEPTED, IMPORT, {LIFECYCLE, "receive", NULL}, "C", "0"},
	{ALM_AUDIT_REFUSED, ALERT, CONSENT, "E", "8"},
	{ALM_AUDIT_DELIVERED, EXPORT, {LIFECYCLE, "disclose", NULL}, "R", "0"},
	{ALM_AUDIT_ACKNOWLEDGED, EXPORT, {LIFECYCLE, "transmit", NULL}, "E",
		"0"},
	{ALM_AUDIT_REJECTED, EXPORT, {LIFECYCLE, "transmit", NULL}, "E", "4"},
	{ALM_AUDIT_STOPPED, ALERT, CONSENT, "E", "8"},
	{ALM_AUDIT_EXPIRED, EXPORT, {LIFECYCLE, "transmit", NULL}, "E", "4"},
	{ALM_AUDIT_DEAD_LETTERED, EXPORT, {LIFECYCLE, "transmit", NULL}, "E",
		"4"},
	{ALM_AUDIT_OVERRIDE_REVIEWED, ALERT,
		{DCM, "110138", "Emergency Override Stopped"}, "U", "0"},
	{ALM_AUDIT_POLICY, ACTIVITY, SECURITY, "U", "0"},
	{ALM_AUDIT_POLICY_PROPOSED, ACTIVITY, SECURITY, "C", "0"},
	{ALM_AUDIT_POLICY_APPROVED, ACTIVITY, SECURITY, "U", "0"},
	{ALM_AUDIT_POLICY_ROLLED_BACK, ACTIVITY, SECURITY, "U", "0"},
	{ALM_AUDIT_POLICY_EMERGENCY, ACTIVITY, SECURITY, "U", "0"},
	{ALM_AUDIT_POLICY_EXPIRED, ACTIVITY, SECURITY, "U", "0"},
	{ALM_AUDIT_OFFICER, ACTIVITY, ATTRIBUTES, "U", "0"},
	{ALM_AUDIT_PERSON, PATIENT, NONE, "U", "0"},
	{ALM_AUDIT_ERASED, PATIENT, {LIFECYCLE, "destroy", NULL}, "D", "0"},
	{ALM_AUDIT_OPT_OUT_LIST, PATIENT, NONE, "U", "0"},
	{ALM_AUDIT_AGENT, ACTIVITY, ATTRIBUTES, "U", "0"},
	{ALM_AUDIT_ROLES, ACTIVITY, ATTRIBUTES, "U", "0"},
	{ALM_AUDIT_STANDARD, ACTIVITY, SOFTWARE, "U", "0"},
	{ALM_AUDIT_QUERY, LOG_USED, NONE, "R", "0"},
	{ALM_AUDIT_PRUNED, ACTIVITY, {LIFECYCLE, "destroy", NULL}, "D", "0"},
	{ALM_AUDIT_START, ACTIVITY, {DCM, "110120", "Application Start"}, "E",
		"0"},
	{ALM_AUDIT_STOP, ACTIVITY, {DCM, "110121", "Application Stop"}, "E",
		"0"},
	{ALM_AUDIT_ANOMALY, ALERT, NONE, "E", "8"},
};

/* Any other kind, also of a later release. */
static const struct shape other_shape = {0, ACTIVITY, NONE, "E", "0"};

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

/* --- small parts --------------------------------------------------------- */

static json_t *coding_of(const struct coding *coding)
{
	return json_pack("{s:s, s:s, s:s*}", "system", coding->system, "code",
		coding->code, "display", coding->display);
}

static json_t *concept_of(const char *system, const char *code)
{
	return json_pack(
		"{s:[{s:s, s:s}]}", "coding", "system", system, "code", code);
}

static json_t *identified(const char *system, const char *value)
{
	return json_pack("{s:{s:s, s:s}}", "identifier", "system", system,
		"value", value);
}

static json_t *detail(const char *type, const char *value)
{
	return json_pack("{s:s, s:s}", "type", type, "valueString", value);
}

static void add_detail(json_t *details, const char *type, const char *value)
{
	if (value[0] != '\0') {
		(void)json_array_append_new(details, detail(type, value));
	}
}

/* --- who ----------------------------------------------------------------- */

static json_t *broker_agent(bool is_source)
{
	json_t *agent = json_pack("{s:o, s:o, s:b, s:{s:s, s:s}}", "type",
		concept_of(DCM, is_source ? "110153" : "110150"), "who",
		identified(BROKER_SYSTEM, BROKER), "requestor", 0, "network",
		"address", BROKER, "type", "1");

	return agent;
}

static json_t *organisation_agent(const char *system, const char *code,
	const char *organisation, bool is_requestor)
{
	char address[128];

	(void)snprintf(address, sizeof(address),
		"urn:almoner:organisation:%.64s", organisation);
	return json_pack("{s:o, s:o, s:b, s:{s:s, s:s}}", "type",
		concept_of(system, code), "who", identified(ODS, organisation),
		"requestor", is_requestor ? 1 : 0, "network", "address",
		address, "type", "5");
}

/* Whether the agent that a record names is the recipient's. */
static bool is_recipients(unsigned kind)
{
	return kind == ALM_AUDIT_DELIVERED || kind == ALM_AUDIT_ACKNOWLEDGED ||
	       kind == ALM_AUDIT_REJECTED;
}

/* The broker, the recipient, the sender as custodian and requestor. */
static json_t *agents_of(alm_audit_cells cells, bool is_disclosure)
{
	bool is_taking = is_recipients(alm_audit_cells_kind(cells));
	json_t *agents = json_array();
	const char *sender = cells[ALM_COLUMN_SENDER];
	const char *recipient = cells[ALM_COLUMN_RECIPIENT];
	const char *basis = cells[ALM_COLUMN_BASIS];

	(void)json_array_append_new(agents, broker_agent(is_disclosure));
	if (recipient[0] != '\0') {
		json_t *agent =
			organisation_agent(DCM, "110152", recipient, false);

		alm_json_set_text(agent, "altId",
			is_taking ? cells[ALM_COLUMN_AGENT] : "");
		(void)json_array_append_new(agents, agent);
	}
	if (sender[0] != '\0') {
		json_t *agent = organisation_agent(
			"http://snomed.info/sct", "159541003", sender, true);
		char policy[128];

		alm_json_set_text(agent, "altId",
			is_taking ? "" : cells[ALM_COLUMN_AGENT]);
		if (basis[0] != '\0') {
			(void)snprintf(policy, sizeof(policy),
				"urn:almoner:basis:%.64s", basis);
			(void)json_object_set_new(
				agent, "policy", json_pack("[s]", policy));
		}
		(void)json_array_append_new(agents, agent);
	}
	return agents;
}

/* --- about what ---------------------------------------------------------- */

static json_t *entity(json_t *what, const char *type, const char *role)
{
	return json_pack("{s:o*, s:{s:s, s:s}, s:{s:s, s:s}}", "what", what,
		"type", "system",
		"http://terminology.hl7.org/CodeSystem/audit-entity-type",
		"code", type, "role", "system",
		"http://terminology.hl7.org/CodeSystem/object-role", "code",
		role);
}

/* What the log itself says of the record: where it stands, and its leaf. */
static json_t *details_of(alm_audit_cells cells)
{
	json_t *details = json_array();

	add_detail(details, "sequence", cells[ALM_COLUMN_SEQ]);
	add_detail(details, "categories", cells[ALM_COLUMN_CATEGORIES]);
	add_detail(details, "identifiability", cells[ALM_COLUMN_LEVEL_OUT]);
	add_detail(details, "standard", cells[ALM_COLUMN_STANDARD]);
	add_detail(details, "mail", cells[ALM_COLUMN_MAIL]);
	add_detail(details, "follows", cells[ALM_COLUMN_REF]);
	add_detail(details, "policy-epoch", cells[ALM_COLUMN_EPOCH]);
	add_detail(details, "private", cells[ALM_COLUMN_DETAIL]);
	return details;
}

static json_t *log_entity(void)
{
	json_t *log = entity(identified(BROKER_SYSTEM, BROKER), "2", "13");

	(void)json_object_set_new(
		log, "name", json_string("Security Audit Log"));
	return log;
}

static json_t *entities_of(alm_audit_cells cells, unsigned kind)
{
	json_t *entities = json_array();
	const char *person = cells[ALM_COLUMN_PERSON];
	const char *message = cells[ALM_COLUMN_MESSAGE];
	json_t *subject = NULL;
	char urn[64];

	if (person[0] != '\0') {
		json_t *what = identified("urn:almoner:person", person);

		(void)json_object_set_new(what, "type", json_string("Patient"));
		(void)json_array_append_new(entities, entity(what, "1", "1"));
	}
	if (kind == ALM_AUDIT_QUERY) {
		(void)json_array_append_new(entities, log_entity());
	}
	if (message[0] != '\0') {
		(void)snprintf(urn, sizeof(urn), "urn:uuid:%.36s", message);
		subject =
			entity(identified("urn:ietf:rfc:3986", urn), "2", "4");
	} else {
		(void)snprintf(
			urn, sizeof(urn), "%.20s", cells[ALM_COLUMN_SEQ]);
		subject = entity(
			identified("urn:almoner:record", urn), "2", "13");
	}
	(void)json_object_set_new(subject, "detail", details_of(cells));
	(void)json_array_append_new(entities, subject);
	return entities;
}

/* --- the event ----------------------------------------------------------- */

static json_t *subtypes_of(alm_audit_cells cells, const struct shape *shape)
{
	json_t *subtypes = json_array();
	const char *effect = cells[ALM_COLUMN_EFFECT];

	if (shape->subtype.code != NULL) {
		(void)json_array_append_new(
			subtypes, coding_of(&shape->subtype));
	}
	if (shape->kind == ALM_AUDIT_DELIVERED &&
		strcmp(effect, "transform") == 0) {
		(void)json_array_append_new(
			subtypes, coding_of(&(struct coding){
					  LIFECYCLE, "transform", NULL}));
	}
	(void)json_array_append_new(subtypes,
		coding_of(
			&(struct coding){KINDS, cells[ALM_COLUMN_KIND], NULL}));
	return subtypes;
}

static json_t *source_of(void)
{
	return json_pack("{s:s, s:o, s:[{s:s, s:s, s:s}]}", "site", BROKER,
		"observer", identified(BROKER_SYSTEM, BROKER), "type", "system",
		"http://terminology.hl7.org/CodeSystem/security-source-type",
		"code", "4", "display", "Application Server");
}

static void set_outcome(
	json_t *event, alm_audit_cells cells, const struct shape *shape)
{
	(void)json_object_set_new(event, "outcome",
		json_string(
			alm_audit_cells_failed(cells) ? "8" : shape->outcome));
	if (cells[ALM_COLUMN_NAME][0] != '\0') {
		char text[160];

		(void)snprintf(text, sizeof(text), "ALM-%.8s %.128s",
			cells[ALM_COLUMN_CODE], cells[ALM_COLUMN_NAME]);
		(void)json_object_set_new(
			event, "outcomeDesc", json_string(text));
	}
}

/* A purpose without codes of its own has those of the one it is under. */
static const struct alm_words *hl7_of(
	const struct alm_bundle *policy, const char *purpose)
{
	const char *wanted = purpose;

	for (size_t hop = 0; hop < policy->purpose_count && wanted != NULL;
		hop++) {
		const struct alm_bundle_purpose *found = NULL;

		for (size_t i = 0; i < policy->purpose_count; i++) {
			if (strcmp(policy->purposes[i].id.text, wanted) == 0) {
				found = &policy->purposes[i];
			}
		}
		if (found == NULL || found->hl7.count > 0) {
			return found == NULL ? NULL : &found->hl7;
		}
		wanted = found->under.text;
	}
	return NULL;
}

/* The policy's own word, and what it says that is in HL7's PurposeOfUse. */
static json_t *purposes_of(const char *purpose, const struct alm_bundle *policy)
{
	const struct alm_words *hl7 =
		policy == NULL ? NULL : hl7_of(policy, purpose);
	json_t *list =
		json_pack("[o]", concept_of("urn:almoner:purpose", purpose));

	for (size_t i = 0; hl7 != NULL && i < hl7->count; i++) {
		(void)json_array_append_new(
			list, concept_of(ACT_REASON, hl7->items[i].text));
	}
	return list;
}

json_t *alm_audit_fhir_event(
	alm_audit_cells cells, const struct alm_bundle *policy)
{
	const struct shape *shape = shape_of(cells);
	const char *purpose = cells[ALM_COLUMN_PURPOSE];
	bool is_disclosure = shape->kind == ALM_AUDIT_DELIVERED &&
			     cells[ALM_COLUMN_PERSON][0] != '\0' &&
			     cells[ALM_COLUMN_RECIPIENT][0] != '\0';
	json_t *event = json_pack("{s:s}", "resourceType", "AuditEvent");
	char id[48];

	if (event == NULL) {
		return NULL;
	}
	(void)snprintf(id, sizeof(id), "almoner-%.20s", cells[ALM_COLUMN_SEQ]);
	(void)json_object_set_new(event, "id", json_string(id));
	if (is_disclosure) {
		(void)json_object_set_new(event, "meta",
			json_pack("{s:[s]}", "profile", SOURCE_PROFILE));
	}
	(void)json_object_set_new(event, "type", coding_of(&shape->type));
	(void)json_object_set_new(event, "subtype", subtypes_of(cells, shape));
	(void)json_object_set_new(event, "action", json_string(shape->action));
	(void)json_object_set_new(
		event, "recorded", json_string(cells[ALM_COLUMN_TIME]));
	set_outcome(event, cells, shape);
	if (purpose[0] != '\0') {
		(void)json_object_set_new(
			event, "purposeOfEvent", purposes_of(purpose, policy));
	}
	(void)json_object_set_new(
		event, "agent", agents_of(cells, is_disclosure));
	(void)json_object_set_new(event, "source", source_of());
	(void)json_object_set_new(event, "entity",
		entities_of(cells, alm_audit_cells_kind(cells)));
	return event;
}
