/*
 * The dispatch of verbs, and the table that answers them.
 */
#include "broker/admin/administer.h"

#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/edge/clock.h"
#include "broker/identity/role.h"
#include "broker/loop/mailbox.h"

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* What the last row and the facts may take. */
#define LAST_ROW_BYTES ((size_t)256 * 1024)

#define NONE ((const char *const[]){NULL})
#define AUDIT_ARGUMENTS \
	ARGUMENTS("person", "from", "to", "either", "purpose", "basis", \
		"effect", "code", "kind", "message", "since", "until", \
		"limit", "after", "reverse", "follow", "reveal", "proof", \
		"reason")

#define FIND_ARGUMENTS ARGUMENTS("id", "text", "kind", "group", "cursor")
#define TRACE_ARGUMENTS ARGUMENTS("message", "part", "to", "after", "reason")

static const struct alm_verb *find_verb(
	const struct alm_verb *verbs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(verbs[i].name, name) == 0) {
			return &verbs[i];
		}
	}
	return NULL;
}

/* Every argument is known and stands once. */
static enum alm_err check_arguments(
	const struct alm_verb *verb, const struct alm_call *call)
{
	for (size_t i = 0; i < call->ask->argument_count; i++) {
		const char *key = call->ask->arguments[i].key;
		const char *value = call->ask->arguments[i].value;
		bool is_known = false;

		for (size_t k = 0; verb->arguments[k] != NULL; k++) {
			is_known |= strcmp(verb->arguments[k], key) == 0;
		}
		for (size_t k = 0; k < i; k++) {
			is_known &=
				strcmp(call->ask->arguments[k].key, key) != 0;
		}
		if (!is_known) {
			return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
				"%s: argument %s is unknown or stands twice",
				verb->name, key);
		}
		/* Anything else could be meant as yes. */
		if ((strcmp(key, "dry-run") == 0 || strcmp(key, "all") == 0 ||
			    strcmp(key, "now") == 0 ||
			    strcmp(key, "overdue") == 0 ||
			    strcmp(key, "reveal") == 0 ||
			    strcmp(key, "reverse") == 0 ||
			    strcmp(key, "follow") == 0 ||
			    strcmp(key, "emergency") == 0 ||
			    strcmp(key, "with-objections") == 0) &&
			strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
			return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
				"%s is yes or no", key);
		}
	}
	return ALM_OK;
}

static bool ends_the_turn(enum alm_err err)
{
	return err == ALM_NOMEM || err == ALM_STORE_FULL ||
	       err == ALM_STORE_IO || err == ALM_STORE_READ_ONLY ||
	       err == ALM_INTERNAL || err == ALM_SNAPSHOT_DAMAGED;
}

static enum alm_err answer(const struct alm_call *call, enum alm_err code)
{
	struct alm_table *table = call->table;
	const struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_ANSWER,
		.answer =
			{
				.id = call->ask->id,
				.code = code,
				.detail = alm_table_keep(table,
					call->problem->detail,
					ALM_TEXT_BYTES_MAX),
				.columns = table->columns,
				.rows = table->rows,
				.row_count = table->row_count,
				.cursor = table->cursor,
				.facts = table->facts,
				.fact_count = table->fact_count,
			},
	};

	if (table->is_out_of_memory) {
		return ALM_NOMEM;
	}
	return alm_turn_reply(call->turn, call->request, &envelope);
}

/* Verbs that take much of the store: what is left of a full one is for
 * records, for mail to leave, and for what protects people. */
static bool has_no_room(const struct alm_turn *turn, const char *verb)
{
	static const char *const large[] = {"people.put", "policy.propose",
		"standard.put", "trial", "agent.trial"};

	if (alm_store_room(turn->broker->store) == ALM_STORE_ROOM) {
		return false;
	}
	for (size_t i = 0; i < ALM_COUNT(large); i++) {
		if (strcmp(verb, large[i]) == 0) {
			return true;
		}
	}
	return false;
}

static enum alm_err run(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_verb *verbs,
	size_t verb_count)
{
	struct alm_table *table = alm_arena_take(turn->arena, sizeof(*table));
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	struct alm_call call = {
		.turn = turn,
		.request = request,
		.ask = &request->envelope->request,
		.table = table,
		.problem = &problem,
	};
	const struct alm_verb *verb;
	enum alm_err code;

	if (table == NULL) {
		return ALM_NOMEM;
	}
	table->arena = turn->arena;
	table->bytes_max =
		(request->socket == ALM_EDGE_ADMIN ? ALM_ADMIN_FRAME_BYTES_MAX
						   : ALM_FRAME_BYTES_MAX) -
		LAST_ROW_BYTES;
	table->cursor = "";
	verb = find_verb(verbs, verb_count, call.ask->verb);
	if (verb == NULL) {
		code = alm_problem_set(
			&problem, ALM_UNKNOWN_VERB, "%s", call.ask->verb);
	} else {
		code = check_arguments(verb, &call);
		if (code == ALM_OK && has_no_room(turn, verb->name)) {
			(void)alm_problem_set(
				&problem, ALM_STORE_FULL, "%s", verb->name);
			return answer(&call, ALM_STORE_FULL);
		}
		if (code == ALM_OK) {
			code = verb->run(&call);
		}
	}
	return ends_the_turn(code) ? code : answer(&call, code);
}

/* For everybody: they say nothing about anybody. */
#define EVIDENCE_VERBS \
	{"audit.checkpoint", alm_verb_audit_checkpoint, ARGUMENTS("size")}, \
		{"audit.consistency", alm_verb_audit_growth, \
			ARGUMENTS("old", "size", "bare")}, \
		{"audit.keys", alm_verb_audit_keys, NONE}, \
	{ \
		"audit.evidence", alm_verb_audit_evidence, ARGUMENTS("seq") \
	}

static const struct alm_verb ADMIN_VERBS[] = {
	{"status", alm_verb_status, NONE},
	{"health", alm_verb_health, NONE},
	{"config.reload", alm_verb_config_reload,
		ARGUMENTS("reason", "dry-run")},
	{"org.list", alm_verb_org_list, ARGUMENTS("prefix", "cursor")},
	{"org.find", alm_verb_org_find, FIND_ARGUMENTS},
	{"agent.list", alm_verb_agent_list,
		ARGUMENTS("organisation", "cursor")},
	{"agent.register", alm_verb_agent_register,
		ARGUMENTS("organisation", "agent", "curve-key", "signing-key",
			"reason", "dry-run")},
	{"agent.revoke", alm_verb_agent_revoke,
		ARGUMENTS("number", "organisation", "agent", "reason",
			"dry-run")},
	{"agent.invite", alm_verb_agent_invite,
		ARGUMENTS("organisation", "agent", "roles", "categories",
			"expires-s", "invite-key", "proof-hash", "reason",
			"dry-run")},
	{"agent.invites", alm_verb_agent_invites,
		ARGUMENTS("organisation", "all", "cursor")},
	{"agent.uninvite", alm_verb_agent_uninvite,
		ARGUMENTS("invite", "reason", "dry-run")},
	{"agent.approve", alm_verb_agent_approve,
		ARGUMENTS("invite", "check", "reason", "dry-run")},
	{"agent.roles", alm_verb_agent_roles,
		ARGUMENTS("organisation", "agent", "roles", "categories",
			"reason", "dry-run")},
	{"agent.rekey", alm_verb_agent_rekey,
		ARGUMENTS("organisation", "agent", "curve-key", "signing-key",
			"now", "reason", "dry-run")},
	{"policy.activate", alm_verb_policy_activate,
		ARGUMENTS("proposal", "rollback", "emergency", "officer",
			"signature", "reason", "dry-run")},
	{"policy.propose", alm_verb_policy_propose,
		ARGUMENTS("rollback", "number", "base", "officer", "signature",
			"reason", "dry-run")},
	{"policy.approve", alm_verb_policy_approve,
		ARGUMENTS("proposal", "digest", "officer", "signature",
			"reason", "dry-run")},
	{"policy.proposals", alm_verb_policy_proposals, ARGUMENTS("cursor")},
	{"policy.show", alm_verb_policy_show,
		ARGUMENTS("epoch", "at", "proposal")},
	{"policy.source", alm_verb_policy_source,
		ARGUMENTS("epoch", "at", "proposal", "cursor")},
	{"policy.history", alm_verb_policy_history, ARGUMENTS("cursor")},
	{"policy.decide", alm_verb_policy_decide, ARGUMENTS("at", "reason")},
	{"policy.impact", alm_verb_policy_impact,
		ARGUMENTS("since", "until", "at", "cursor", "reason")},
	{"officer.list", alm_verb_officer_list, NONE},
	{"officer.register", alm_verb_officer_register,
		ARGUMENTS("name", "role", "key", "officer", "signature",
			"reason", "dry-run")},
	{"officer.revoke", alm_verb_officer_revoke,
		ARGUMENTS("name", "officer", "signature", "reason", "dry-run")},
	{"people.put", alm_verb_people_put,
		ARGUMENTS("import", "reason", "dry-run")},
	{"people.show", alm_verb_people_show,
		ARGUMENTS("subject", "reveal", "reason", "cursor")},
	{"people.history", alm_verb_people_history,
		ARGUMENTS("subject", "reveal", "reason", "cursor")},
	{"opt-out.begin", alm_verb_list_begin,
		ARGUMENTS("list", "source", "as-of", "count", "reason",
			"dry-run")},
	{"opt-out.finish", alm_verb_list_finish, ARGUMENTS("number", "reason")},
	{"opt-out.lists", alm_verb_list_show, ARGUMENTS("cursor")},
	{"people.erase", alm_verb_people_erase,
		ARGUMENTS("subject", "with-objections", "reason", "cursor",
			"dry-run")},
	{"people.withdraw", alm_verb_people_withdraw,
		ARGUMENTS(
			"subject", "authority", "scope", "reason", "dry-run")},
	{"override.list", alm_verb_override_list,
		ARGUMENTS("all", "overdue", "reveal", "reason", "cursor")},
	{"override.review", alm_verb_override_review,
		ARGUMENTS("id", "outcome", "by", "reason", "dry-run")},
	{"mailbox.deputy", alm_verb_mailbox_deputy,
		ARGUMENTS("organisation", "deputy", "reason", "dry-run")},
	{"mailbox.list", alm_verb_mailbox_list, ARGUMENTS("cursor")},
	{"mailbox.show", alm_verb_mailbox_show,
		ARGUMENTS("organisation", "cursor")},
	{"mailbox.dead", alm_verb_mailbox_dead,
		ARGUMENTS("organisation", "cursor")},
	{"mailbox.rerun", alm_verb_mailbox_rerun,
		ARGUMENTS("organisation", "sequences", "all", "cursor",
			"reason", "dry-run")},
	{"mailbox.hold", alm_verb_mailbox_hold,
		ARGUMENTS("organisation", "reason", "dry-run")},
	{"mailbox.release", alm_verb_mailbox_release,
		ARGUMENTS("organisation", "reason", "dry-run")},
	{"mailbox.limit", alm_verb_mailbox_limit,
		ARGUMENTS("organisation", "messages", "bytes", "age", "reason",
			"dry-run")},
	{"trace", alm_verb_trace, TRACE_ARGUMENTS},
	{"audit.query", alm_verb_audit_query, AUDIT_ARGUMENTS},
	{"audit.show", alm_verb_audit_show,
		ARGUMENTS("seq", "reveal", "proof", "reason")},
	{"audit.head", alm_verb_audit_head, NONE},
	{"audit.reindex", alm_verb_audit_reindex,
		ARGUMENTS("reason", "dry-run")},
	{"audit.prune", alm_verb_audit_prune,
		ARGUMENTS("reason", "cursor", "dry-run", "despite-gap")},
	EVIDENCE_VERBS,
	{"audit.receipt", alm_verb_audit_receipt,
		ARGUMENTS("seq", "message", "from", "reveal", "reason")},
	{"audit.witnesses", alm_verb_audit_witnesses, NONE},
	{"audit.unwitness", alm_verb_audit_unwitness,
		ARGUMENTS("organisation", "agent", "reason", "dry-run")},
	{"store.backup", alm_verb_store_backup,
		ARGUMENTS("what", "to", "head", "bytes", "follows", "code",
			"reason", "dry-run")},
	{"store.verified", alm_verb_store_verified,
		ARGUMENTS("what", "head", "found", "not-covered")},
	{"audit.bundle", alm_verb_audit_bundle, AUDIT_ARGUMENTS},
	{"audit.export", alm_verb_audit_bundle, ARGUMENTS("reason")},
	{"standard.put", alm_verb_standard_put, ARGUMENTS("reason", "dry-run")},
	{"standard.list", alm_verb_standard_list, NONE},
	{"trial", alm_verb_trial, ARGUMENTS("content")},
	{"trial.take", alm_verb_trial_take, ARGUMENTS("seq")},
	{"trial.end", alm_verb_trial_end, ARGUMENTS("seq")},
};

enum alm_err alm_administer(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	return run(turn, request, ADMIN_VERBS, ALM_COUNT(ADMIN_VERBS));
}

/* What an agent asks about itself, in whatever role. */
static const struct alm_verb OWN_VERBS[] = {
	{"agent.check", alm_verb_agent_check, ARGUMENTS("at", "signature")},
	{"agent.rotate", alm_verb_agent_rotate,
		ARGUMENTS("curve-key", "signing-key", "signature", "proof",
			"dry-run")},
	{"agent.trial", alm_verb_trial,
		ARGUMENTS("at", "content", "signature", "to", "purpose",
			"categories", "level", "basis")},
	{"agent.trial.take", alm_verb_trial_take, ARGUMENTS("seq")},
	{"agent.trial.end", alm_verb_trial_end, ARGUMENTS("seq")},
};

/* What goes with sending; it takes that role. */
static const struct alm_verb SEND_VERBS[] = {
	{"upload.cancel", alm_verb_upload_cancel,
		ARGUMENTS("message", "dry-run")},
};

static bool begins_with(
	const struct alm_turn_request *request, const char *prefix)
{
	return strncmp(request->envelope->request.verb, prefix,
		       strlen(prefix)) == 0;
}

static enum alm_err refuse_question(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_ANSWER,
		.answer = {.id = request->envelope->request.id,
			.code = ALM_AGENT_ROLE,
			.detail = "query",
			.cursor = ""},
	};
	enum alm_err err = alm_role_record(
		turn, request, ALM_AGENT_ROLE, request->envelope->request.verb);

	return err == ALM_OK ? alm_turn_reply(turn, request, &envelope) : err;
}

/* One organisation's questions take no more than their part of a turn. */
static bool may_ask(struct alm_turn *turn, struct alm_mailbox *mailbox)
{
	alm_mailbox_count_anew(mailbox, turn->number);
	return mailbox->questions++ < ALM_TURN_QUESTIONS_MAX &&
	       mailbox->questions_us < ALM_TURN_QUESTIONS_US_MAX;
}

static enum alm_err answer_busy(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_ANSWER,
		.answer = {.id = request->envelope->request.id,
			.code = ALM_BUSY,
			.detail = "",
			.cursor = ""},
	};

	turn->broker->metrics.refused_busy++;
	return alm_turn_reply(turn, request, &envelope);
}

static enum alm_err ask(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_verb verbs[] = {
		{"audit.query", alm_verb_audit_query, AUDIT_ARGUMENTS},
		{"org.find", alm_verb_org_find, FIND_ARGUMENTS},
		{"trace", alm_verb_trace, TRACE_ARGUMENTS},
		EVIDENCE_VERBS,
		{"audit.receipt", alm_verb_audit_receipt,
			ARGUMENTS(
				"seq", "message", "from", "reveal", "reason")},
		{"audit.cosign", alm_verb_audit_cosign,
			ARGUMENTS("size", "key", "cosignature")},
	};
	bool is_of_sending;

	if (begins_with(request, "agent.")) {
		/* Without hello, which would supersede the agent at work. */
		return run(turn, request, OWN_VERBS, ALM_COUNT(OWN_VERBS));
	}
	if (alm_session_of(turn, request) == NULL) {
		return alm_turn_reply_error(
			turn, request, ALM_HELLO_REQUIRED, "");
	}
	is_of_sending = begins_with(request, "upload.");
	if ((request->agent->roles &
		    (is_of_sending ? ALM_ROLE_SEND : ALM_ROLE_QUERY)) == 0) {
		return refuse_question(turn, request);
	}
	if (is_of_sending) {
		return run(turn, request, SEND_VERBS, ALM_COUNT(SEND_VERBS));
	}
	return run(turn, request, verbs, ALM_COUNT(verbs));
}

enum alm_err alm_query(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	struct alm_mailbox *mailbox = alm_mailboxes_get(
		turn->broker->mailboxes, request->agent->organisation);
	uint64_t records = turn->broker->audit_size;
	int64_t from_us;
	enum alm_err err;

	if (mailbox == NULL) {
		return ALM_NOMEM;
	}
	if (!may_ask(turn, mailbox)) {
		return answer_busy(turn, request);
	}
	from_us = alm_clock_monotonic_us();
	err = ask(turn, request);
	mailbox->questions_us += alm_clock_monotonic_us() - from_us;
	alm_fair_note_refused(turn, mailbox->organisation,
		turn->broker->audit_size - records);
	return err;
}
