#include "agents/roles/role.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/roles/words.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/id.h"

#define LINE_BYTES_MAX 8192u
#define REFS_MAX 512u
#define CATEGORIES_MAX 16u
#define TEXT_MAX 128u

/** Which command a message came of, or which mail it answers. */
struct ref {
	uint8_t id[16];
	char text[TEXT_MAX];
	uint64_t answers; /* the sequence of that mail; 0: none */
};

struct alm_role_run {
	const struct alm_role *role;
	struct alm_client *client;
	struct ref refs[REFS_MAX];
	size_t ref_count;
	/* The mail that is being used, and what has come of it. */
	const struct alm_delivery *mail;
	bool is_answered;
	int answered_by; /* why there can be no answer */
	char line[LINE_BYTES_MAX];
	size_t line_bytes;
	bool is_ended;
	int ended_by;
};

bool alm_role_has_category(
	const struct alm_delivery *delivery, const char *category)
{
	for (size_t i = 0; i < delivery->categories.count; i++) {
		if (strcmp(delivery->categories.items[i], category) == 0) {
			return true;
		}
	}
	return false;
}

/* --- sending -------------------------------------------------------------- */

static void remember(
	struct alm_role_run *run, const uint8_t id[16], const char *ref)
{
	struct ref *slot = &run->refs[run->ref_count++ % REFS_MAX];

	memcpy(slot->id, id, sizeof(slot->id));
	slot->answers = run->mail == NULL ? 0 : run->mail->sequence;
	(void)snprintf(
		slot->text, sizeof(slot->text), "%s", ref == NULL ? "-" : ref);
}

static struct ref *find_ref(struct alm_role_run *run, const uint8_t id[16])
{
	for (size_t i = 0; i < REFS_MAX && i < run->ref_count; i++) {
		if (memcmp(run->refs[i].id, id, 16) == 0) {
			return &run->refs[i];
		}
	}
	return NULL;
}

/** The id of an answer follows from the mail: if we end before the mail is
 * acknowledged it comes again, and the broker knows the answer again. */
static void make_answer_id(const struct alm_delivery *mail, uint8_t out_id[16])
{
	static const char purpose[] = "answer";
	struct alm_hash *hash = alm_hash_new();
	struct alm_bytes parts[] = {{mail->id, sizeof(mail->id)},
		{(const uint8_t *)purpose, sizeof(purpose)}};
	uint8_t digest[ALM_DIGEST_BYTES];
	struct alm_message_id id;

	if (hash == NULL) {
		alm_make_id(out_id);
		return;
	}
	memcpy(id.raw, mail->id, sizeof(id.raw));
	alm_hash_parts(hash, parts, ALM_COUNT(parts), digest);
	id = alm_message_id_make(alm_message_id_ms(&id), digest);
	memcpy(out_id, id.raw, sizeof(id.raw));
	alm_hash_free(hash);
}

static void start(struct alm_role_run *run, const struct alm_outgoing *outgoing,
	const char *ref)
{
	struct alm_outgoing copy = *outgoing;
	uint8_t answer_id[16];
	uint8_t id[16];
	int code;

	if (run->mail != NULL) {
		make_answer_id(run->mail, answer_id);
		copy.id = answer_id;
		run->is_answered = true;
	}
	code = alm_send_start(run->client, &copy, id);
	if (code != 0) {
		run->answered_by = code;
		alm_say_problem(code, ref == NULL ? "-" : ref);
		return;
	}
	remember(run, id, ref);
	alm_say("sent");
	alm_say_word("ref", ref == NULL ? "-" : ref);
	alm_say_id("id", id);
	alm_say_end();
}

void alm_role_send(struct alm_role_run *run,
	const struct alm_role_letter *letter, const struct alm_fields *payload,
	const char *to, const char *subject, const char *ref,
	const char *referral)
{
	struct alm_outgoing outgoing = {.recipient = to,
		.purpose = letter->purpose,
		.categories = letter->categories,
		.category_count = letter->category_count,
		.standard = letter->standard,
		.standard_version = letter->standard_version,
		.level = letter->level,
		.subject = subject,
		.payload = payload->data,
		.payload_bytes = payload->bytes};

	if (letter->relationship != NULL) {
		outgoing.relationship_kind = letter->relationship;
		outgoing.relationship_ref =
			referral == NULL ? "REF-1" : referral;
	}
	if (payload->is_bad) {
		run->is_answered = true;
		run->answered_by = (int)ALM_FIELD_TOO_LARGE;
		alm_say_problem((int)ALM_FIELD_TOO_LARGE, letter->name);
		return;
	}
	start(run, &outgoing, ref);
}

static void do_part(struct alm_role_run *run, const char *name,
	const struct alm_word *words, size_t count)
{
	const char *subject = alm_words_value(words, count, "subject");
	const char *to = alm_words_value(words, count, "to");

	for (size_t i = 0; name != NULL && i < run->role->letter_count; i++) {
		const struct alm_role_letter *letter = &run->role->letters[i];
		struct alm_fields payload = {.bytes = 0};

		if (strcmp(letter->name, name) == 0) {
			letter->write(&payload, subject == NULL ? "" : subject);
			alm_role_send(run, letter, &payload,
				to == NULL ? letter->to : to, subject,
				alm_words_value(words, count, "ref"),
				alm_words_value(words, count, "referral"));
			return;
		}
	}
	alm_say_problem((int)ALM_NOT_FOUND, "no such letter");
}

static void do_send(
	struct alm_role_run *run, const struct alm_word *words, size_t count)
{
	const char *categories[CATEGORIES_MAX];
	const char *text = alm_words_value(words, count, "text");
	char *standard = alm_words_value(words, count, "standard");
	char *save = NULL;
	char *list = alm_words_value(words, count, "categories");
	struct alm_outgoing outgoing = {
		.recipient = alm_words_value(words, count, "to"),
		.purpose = alm_words_value(words, count, "purpose"),
		.level = alm_words_value(words, count, "level"),
		.subject = alm_words_value(words, count, "subject"),
		.basis = alm_words_value(words, count, "basis"),
		.relationship_ref = alm_words_value(words, count, "referral"),
		.payload = text == NULL ? "" : text,
		.payload_bytes = text == NULL ? 0 : strlen(text),
		.categories = categories};

	outgoing.relationship_kind =
		outgoing.relationship_ref == NULL ? NULL : "referral";
	for (char *item = list == NULL ? NULL : strtok_r(list, ",", &save);
		item != NULL && outgoing.category_count < CATEGORIES_MAX;
		item = strtok_r(NULL, ",", &save)) {
		categories[outgoing.category_count++] = item;
	}
	if (standard != NULL && strchr(standard, '@') != NULL) {
		outgoing.standard_version = strchr(standard, '@') + 1;
		*strchr(standard, '@') = '\0';
		outgoing.standard = standard;
	}
	start(run, &outgoing, alm_words_value(words, count, "ref"));
}

static void do_line(struct alm_role_run *run, char *line)
{
	struct alm_word words[ALM_WORDS_MAX];
	char *first[2] = {NULL, NULL};
	bool is_part = strncmp(line, "part ", 5) == 0;
	size_t count = alm_words_split(line, is_part ? 2 : 1, first, words);

	if (first[0] == NULL) {
		return;
	}
	if (is_part) {
		do_part(run, first[1], words, count);
	} else if (strcmp(first[0], "send") == 0) {
		do_send(run, words, count);
	} else if (strcmp(first[0], "quit") == 0) {
		run->is_ended = true;
	} else {
		alm_say_problem((int)ALM_USAGE, first[0]);
	}
}

/** Take what stdin has; lines may come in pieces. */
static void read_lines(struct alm_role_run *run)
{
	ssize_t n = read(STDIN_FILENO, run->line + run->line_bytes,
		sizeof(run->line) - 1 - run->line_bytes);
	char *end;

	if (n <= 0) {
		run->is_ended = true;
		return;
	}
	run->line_bytes += (size_t)n;
	run->line[run->line_bytes] = '\0';
	while ((end = strchr(run->line, '\n')) != NULL) {
		size_t bytes = (size_t)(end - run->line) + 1;

		*end = '\0';
		do_line(run, run->line);
		run->line_bytes -= bytes;
		memmove(run->line, run->line + bytes, run->line_bytes + 1);
	}
	if (run->line_bytes == sizeof(run->line) - 1) {
		alm_say_problem((int)ALM_FIELD_TOO_LARGE, "line too long");
		run->line_bytes = 0;
	}
}

/* --- events --------------------------------------------------------------- */

static void acknowledge(
	struct alm_role_run *run, uint64_t sequence, const char *reject)
{
	(void)alm_acknowledge(run->client, sequence, reject);
}

/** The mail is used up when its answer is on the broker's disk; if there can
 * be none its sender hears why.  What may come right by itself waits until the
 * mail is handed over again. */
static void settle(struct alm_role_run *run, uint64_t sequence, int code)
{
	const struct alm_err_info *info = alm_err_info((enum alm_err)code);
	char reason[TEXT_MAX];

	if (code == 0) {
		acknowledge(run, sequence, NULL);
	} else if (!info->is_retryable) {
		(void)snprintf(reason, sizeof(reason),
			"what should follow from it is refused: %s",
			info->name);
		acknowledge(run, sequence, reason);
	}
}

static void use_mail(
	struct alm_role_run *run, const struct alm_delivery *delivery)
{
	const char *reject = NULL;

	run->mail = delivery;
	run->is_answered = false;
	run->answered_by = 0;
	if (run->role->use != NULL) {
		reject = run->role->use(run, delivery);
	}
	run->mail = NULL;
	if (reject != NULL) {
		alm_say("rejected");
		alm_say_id("id", delivery->id);
		alm_say_word("reason", reject);
		alm_say_end();
	}
	if (!run->is_answered || reject != NULL) {
		acknowledge(run, delivery->sequence, reject);
	} else if (run->answered_by != 0) {
		settle(run, delivery->sequence, run->answered_by);
	}
}

static void on_mail(
	struct alm_role_run *run, const struct alm_delivery *delivery)
{
	alm_say("mail");
	alm_say_id("id", delivery->id);
	alm_say_word("sender", delivery->sender);
	alm_say_word("purpose", delivery->purpose);
	(void)fputs(" categories=", stdout);
	for (size_t i = 0; i < delivery->categories.count; i++) {
		(void)printf("%s%s", i == 0 ? "" : ",",
			delivery->categories.items[i]);
	}
	alm_say_word("level", delivery->level);
	alm_say_word("standard", delivery->standard);
	(void)printf(" partial=%s repeat=%s bytes=%zu",
		delivery->is_partial ? "yes" : "no",
		delivery->is_repeat ? "yes" : "no", delivery->payload_bytes);
	alm_say_end();
	use_mail(run, delivery);
}

static void on_receipt(
	struct alm_role_run *run, const struct alm_receipt_view *receipt)
{
	struct ref *ref = find_ref(run, receipt->id);

	alm_say("receipt");
	alm_say_word("ref", ref == NULL ? "-" : ref->text);
	alm_say_id("id", receipt->id);
	(void)printf(" code=%d", receipt->code);
	alm_say_word("name", alm_error_name(receipt->code));
	alm_say_word("basis", receipt->basis);
	alm_say_word("transformed", receipt->is_transformed ? "yes" : "no");
	alm_say_end();
	if (ref != NULL && ref->answers != 0) {
		settle(run, ref->answers, receipt->code);
		ref->answers = 0;
	}
}

static void on_notice(
	struct alm_role_run *run, const struct alm_notice_view *notice)
{
	alm_say("notice");
	alm_say_id("id", notice->id);
	alm_say_word("kind", notice->kind);
	(void)printf(" code=%d", notice->code);
	alm_say_word("name", notice->name);
	alm_say_word("reason", notice->reason);
	alm_say_end();
	acknowledge(run, notice->sequence, NULL);
}

static void on_event(struct alm_role_run *run, const struct alm_event *event)
{
	struct alm_client_status status;

	if (event->receipt != NULL) {
		on_receipt(run, event->receipt);
	} else if (event->delivery != NULL) {
		on_mail(run, event->delivery);
	} else if (event->notice != NULL) {
		on_notice(run, event->notice);
	} else if (event->kind == ALM_EVENT_CONNECTED) {
		alm_client_get_status(run->client, &status);
		alm_say("ready");
		alm_say_word("organisation", status.organisation);
		alm_say_word("agent", status.agent);
		alm_say_end();
	} else if (event->code != 0) {
		alm_say_problem(event->code, event->detail);
	}
}

static void take_events(struct alm_role_run *run)
{
	int code = alm_client_process(run->client);
	struct alm_event *event;

	while ((event = alm_client_next_event(run->client)) != NULL) {
		on_event(run, event);
		alm_event_free(event);
	}
	if (code != 0) {
		run->is_ended = true;
		run->ended_by = code;
	}
}

int alm_role_main(const struct alm_role *role, int argc, char **argv)
{
	struct alm_role_run *run = calloc(1, sizeof(*run));
	struct pollfd items[2] = {
		{.events = POLLIN, .fd = STDIN_FILENO}, {.events = POLLIN}};
	char error[512] = "";
	int code = ALM_EXIT_USAGE;

	if (run == NULL || argc != 3 || strcmp(argv[1], "--context") != 0) {
		(void)fprintf(stderr, "usage: %s --context FILE\n", argv[0]);
		free(run);
		return code;
	}
	run->role = role;
	code = alm_client_open(argv[2], &run->client, error, sizeof(error));
	if (code != 0) {
		(void)fprintf(stderr, "%s\n", error);
		free(run);
		return (int)alm_err_info((enum alm_err)code)->exit_code;
	}
	items[1].fd = alm_client_fd(run->client);
	while (!run->is_ended) {
		(void)poll(items, 2, -1);
		if (items[0].revents != 0) {
			read_lines(run);
		}
		take_events(run);
	}
	code = run->ended_by;
	alm_client_close(run->client);
	free(run);
	return code == 0 ? ALM_EXIT_OK
			 : (int)alm_err_info((enum alm_err)code)->exit_code;
}
