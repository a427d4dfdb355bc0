/* What the verbs share: reading what is asked, recording what is done. */
#include "broker/admin/call.h"

#include <string.h>

#include <sodium.h>

#include "broker/loop/detail.h"
#include "broker/mail/acknowledge.h"
#include "broker/mail/words.h"
#include "lib/id.h"
#include "lib/role.h"

/* --- what is asked -------------------------------------------------------- */

const char *alm_call_argument(const struct alm_call *call, const char *key)
{
	for (size_t i = 0; i < call->ask->argument_count; i++) {
		if (strcmp(call->ask->arguments[i].key, key) == 0) {
			return call->ask->arguments[i].value;
		}
	}
	return "";
}

bool alm_call_is_dry_run(const struct alm_call *call)
{
	return strcmp(alm_call_argument(call, "dry-run"), "yes") == 0;
}

enum alm_err alm_call_needs_reason(const struct alm_call *call)
{
	const char *reason = alm_call_argument(call, "reason");

	return reason[strspn(reason, " \t")] != '\0'
		       ? ALM_OK
		       : alm_problem_set(call->problem, ALM_REASON_REQUIRED,
				 "%s", call->ask->verb);
}

enum alm_err alm_call_organisation(
	struct alm_call *call, const char **out_organisation)
{
	*out_organisation = alm_call_argument(call, "organisation");
	return alm_id_is_valid(*out_organisation)
		       ? ALM_OK
		       : alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
				 "organisation");
}

enum alm_err alm_call_roles(const struct alm_call *call, uint8_t *out_roles,
	char out_categories[ALM_AGENT_CATEGORIES_BYTES])
{
	const char *roles = alm_call_argument(call, "roles");

	if (roles[0] != '\0' && alm_roles_parse(roles, out_roles) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"roles: send, receive and query with commas between; "
			"all, none");
	}
	if (alm_call_argument(call, "categories")[0] != '\0' &&
		alm_categories_parse(alm_call_argument(call, "categories"),
			out_categories) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"categories: ids with commas between, 255 bytes at "
			"most; any");
	}
	return ALM_OK;
}

void alm_call_tell_doubt(const struct alm_call *call, const char *categories)
{
	char doubt[ALM_WORDS_TEXT_BYTES];
	char words[ALM_AGENT_CATEGORIES_BYTES];
	const char *items[ALM_AGENT_CATEGORIES_BYTES / 2];
	struct alm_texts texts = {items, 0};
	char *rest = words;

	alm_text_copy(words, sizeof(words), categories);
	while (*rest != '\0' && texts.count < ALM_COUNT(items)) {
		char *comma = strchr(rest, ',');

		items[texts.count++] = rest;
		rest += strlen(rest);
		if (comma != NULL) {
			*comma = '\0';
			rest = comma + 1;
		}
	}
	alm_words_doubt(call->turn->broker->snapshot, texts, doubt);
	alm_table_fact(call->table, "doubt", doubt);
}

/* --- what is answered ----------------------------------------------------- */

static const char *const priorities[ALM_MAIL_PRIORITIES] = {
	[ALM_MAIL_ROUTINE] = "routine",
	[ALM_MAIL_URGENT] = "urgent",
	[ALM_MAIL_BULK] = "bulk"};

const char *alm_place_priority_word(uint64_t place)
{
	uint64_t priority = place >> ALM_PLACE_SHIFT;

	return priority < ALM_MAIL_PRIORITIES ? priorities[priority] : "";
}

const char *alm_status_word(enum alm_status status)
{
	switch (status) {
	case ALM_STATUS_ACTIVE:
		break;
	case ALM_STATUS_SUSPENDED:
		return "suspended";
	case ALM_STATUS_CLOSED:
		return "closed";
	}
	return "active";
}

enum alm_err alm_call_list_mail(const struct alm_call *call,
	const struct alm_queue_entry *entry, struct alm_listed_mail *out)
{
	struct alm_arena *arena = call->turn->arena;
	struct alm_arena_mark mark = alm_arena_mark(arena);
	struct alm_mail mail;
	enum alm_err err = alm_store_mail_get(
		call->turn->broker->store, entry->seq, arena, &mail);

	*out = (struct alm_listed_mail){.kind = "damaged"};
	call->table->read_bytes += alm_bytes_here(entry);
	if (err == ALM_OK && !entry->is_damaged) {
		out->kind =
			entry->kind == ALM_MAIL_NOTICE ? "notice" : "message";
		alm_text_copy(out->sender, sizeof(out->sender), mail.sender);
		out->accepted_at_ms = mail.accepted_at_ms;
		alm_message_id_text(&mail.message_id, out->id);
	}
	alm_arena_rewind(arena, &mark);
	return err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND ? ALM_OK : err;
}

void alm_call_whereabouts(struct alm_call *call, const char *endpoint_key)
{
	const struct alm_broker *broker = call->turn->broker;
	const struct alm_bytes key = {
		alm_edge_public_key(broker->edge), ALM_KEY_BYTES};

	alm_table_fact(call->table, endpoint_key,
		broker->settings.public_endpoint[0] != '\0'
			? broker->settings.public_endpoint
			: alm_edge_endpoint(broker->edge));
	alm_table_fact(
		call->table, "broker-key", alm_table_hex(call->table, key));
}

/* --- what is recorded ----------------------------------------------------- */

enum alm_err alm_call_record(const struct alm_call *call,
	struct alm_audit_record *record, const char *what)
{
	(void)alm_call_detail(call, what);
	return alm_turn_audit(
		call->turn, record, alm_detail_finish(call->turn->detail));
}

/* Who asks: an agent by name; the address of a local socket tells user, group
 * and process, of which the last is another for each page. */
static struct alm_bytes asker_of(const struct alm_call *call)
{
	const struct alm_turn_request *request = call->request;
	const char *who = request->agent != NULL ? request->agent->name
						 : request->address;
	const char *end = request->agent != NULL ? NULL : strrchr(who, ':');

	return (struct alm_bytes){(const uint8_t *)who,
		end == NULL ? strlen(who) : (size_t)(end - who)};
}

struct alm_cursor_given alm_call_given(const struct alm_call *call)
{
	const char *reason = alm_call_argument(call, "reason");
	struct alm_bytes asker = asker_of(call);
	uint8_t digest[crypto_generichash_BYTES];
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	(void)crypto_generichash_update(
		&state, (const uint8_t *)reason, strlen(reason) + 1);
	(void)crypto_generichash_update(&state, asker.data, asker.bytes);
	(void)crypto_generichash_final(&state, digest, sizeof(digest));
	return (struct alm_cursor_given){
		.at_us = call->turn->now_us,
		.mark = alm_get_u32(digest),
	};
}

bool alm_call_is_continued(
	const struct alm_call *call, struct alm_cursor_given given)
{
	struct alm_cursor_given now = alm_call_given(call);

	return now.mark == given.mark &&
	       now.at_us - given.at_us < ALM_CURSOR_CONTINUED_US;
}

struct alm_detail *alm_call_detail(
	const struct alm_call *call, const char *what)
{
	struct alm_detail *detail = call->turn->detail;

	alm_detail_init(detail);
	alm_detail_text(detail, "verb", call->ask->verb);
	alm_detail_text(detail, "what", what);
	alm_detail_words(detail, "reason", alm_call_argument(call, "reason"));
	if (call->request->agent != NULL) {
		alm_detail_text(detail, "agent", call->request->agent->name);
	} else {
		/* A local socket tells who is at its other end. */
		alm_detail_text(detail, "by", call->request->address);
	}
	return detail;
}
