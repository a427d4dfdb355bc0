#include "agents/roles/role.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/err.h"
#include "lib/id.h"

#define LINE_BYTES_MAX 8192u
#define WORDS_MAX 24u
#define REFS_MAX 512u
#define CATEGORIES_MAX 16u
#define TEXT_MAX 128u

/** Which command a message came of. */
struct ref {
	uint8_t id[16];
	char text[TEXT_MAX];
};

struct alm_role_run {
	const struct alm_role *role;
	struct alm_client *client;
	struct ref refs[REFS_MAX];
	size_t ref_count;
	char line[LINE_BYTES_MAX];
	size_t line_bytes;
	bool is_ended;
	int ended_by;
};

struct word {
	const char *key;
	char *value;
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

/* --- lines ---------------------------------------------------------------- */

/** Start, continue and end one event line. */
static void say(const char *what)
{
	(void)fputs(what, stdout);
}

static void say_word(const char *key, const char *value)
{
	(void)printf(" %s=", key);
	for (; *value != '\0'; value++) {
		if (*value == ' ' || *value == '%' ||
			(unsigned char)*value < 0x20) {
			(void)printf("%%%02X", (unsigned char)*value);
		} else {
			(void)putchar(*value);
		}
	}
}

static void say_id(const char *key, const uint8_t id[16])
{
	char text[37];

	alm_id_text(id, text);
	say_word(key, text);
}

static void say_end(void)
{
	(void)putchar('\n');
	(void)fflush(stdout);
}

static void say_problem(int code, const char *detail)
{
	say("problem");
	(void)printf(" code=%d", code);
	say_word("name", alm_error_name(code));
	say_word("detail", detail);
	say_end();
}

static void decode_percent(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		char hex[3] = {0};
		uint8_t value = 0;

		(void)memccpy(hex, text + 1, 0, *text == '%' ? 2 : 0);
		if (hex[0] != '\0' && hex[1] != '\0' &&
			alm_unhex(hex, &value, 1) == ALM_OK) {
			*to++ = (char)value;
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/** Split a line in place; gives how many KEY=VALUE words follow the first
 * `skip` ones. */
static size_t split(char *line, size_t skip, char **out_first,
	struct word out_words[WORDS_MAX])
{
	char *save = NULL;
	size_t count = 0;
	size_t seen = 0;

	for (char *text = strtok_r(line, " ", &save); text != NULL;
		text = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(text, '=');

		if (seen < skip) {
			out_first[seen++] = text;
		} else if (equals != NULL && count < WORDS_MAX) {
			*equals = '\0';
			decode_percent(equals + 1);
			out_words[count].key = text;
			out_words[count].value = equals + 1;
			count++;
		}
	}
	return count;
}

static char *value_of(const struct word *words, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].key, key) == 0) {
			return words[i].value;
		}
	}
	return NULL;
}

/* --- sending -------------------------------------------------------------- */

static void remember(
	struct alm_role_run *run, const uint8_t id[16], const char *ref)
{
	struct ref *slot = &run->refs[run->ref_count++ % REFS_MAX];

	memcpy(slot->id, id, sizeof(slot->id));
	(void)snprintf(
		slot->text, sizeof(slot->text), "%s", ref == NULL ? "-" : ref);
}

static const char *ref_of(const struct alm_role_run *run, const uint8_t id[16])
{
	for (size_t i = 0; i < REFS_MAX && i < run->ref_count; i++) {
		if (memcmp(run->refs[i].id, id, 16) == 0) {
			return run->refs[i].text;
		}
	}
	return "-";
}

static void start(struct alm_role_run *run, const struct alm_outgoing *outgoing,
	const char *ref)
{
	uint8_t id[16];
	int code = alm_send_start(run->client, outgoing, id);

	if (code != 0) {
		say_problem(code, ref == NULL ? "-" : ref);
		return;
	}
	remember(run, id, ref);
	say("sent");
	say_word("ref", ref == NULL ? "-" : ref);
	say_id("id", id);
	say_end();
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
		say_problem((int)ALM_FIELD_TOO_LARGE, letter->name);
		return;
	}
	start(run, &outgoing, ref);
}

static void do_part(struct alm_role_run *run, const char *name,
	const struct word *words, size_t count)
{
	const char *subject = value_of(words, count, "subject");
	const char *to = value_of(words, count, "to");

	for (size_t i = 0; name != NULL && i < run->role->letter_count; i++) {
		const struct alm_role_letter *letter = &run->role->letters[i];
		struct alm_fields payload = {.bytes = 0};

		if (strcmp(letter->name, name) == 0) {
			letter->write(&payload, subject == NULL ? "" : subject);
			alm_role_send(run, letter, &payload,
				to == NULL ? letter->to : to, subject,
				value_of(words, count, "ref"),
				value_of(words, count, "referral"));
			return;
		}
	}
	say_problem((int)ALM_NOT_FOUND, "no such letter");
}

static void do_send(
	struct alm_role_run *run, const struct word *words, size_t count)
{
	const char *categories[CATEGORIES_MAX];
	const char *text = value_of(words, count, "text");
	char *standard = value_of(words, count, "standard");
	char *save = NULL;
	char *list = value_of(words, count, "categories");
	struct alm_outgoing outgoing = {
		.recipient = value_of(words, count, "to"),
		.purpose = value_of(words, count, "purpose"),
		.level = value_of(words, count, "level"),
		.subject = value_of(words, count, "subject"),
		.basis = value_of(words, count, "basis"),
		.relationship_ref = value_of(words, count, "referral"),
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
	start(run, &outgoing, value_of(words, count, "ref"));
}

static void do_line(struct alm_role_run *run, char *line)
{
	struct word words[WORDS_MAX];
	char *first[2] = {NULL, NULL};
	bool is_part = strncmp(line, "part ", 5) == 0;
	size_t count = split(line, is_part ? 2 : 1, first, words);

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
		say_problem((int)ALM_USAGE, first[0]);
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
		say_problem((int)ALM_FIELD_TOO_LARGE, "line too long");
		run->line_bytes = 0;
	}
}

/* --- events --------------------------------------------------------------- */

static void on_mail(
	struct alm_role_run *run, const struct alm_delivery *delivery)
{
	const char *reject = NULL;

	say("mail");
	say_id("id", delivery->id);
	say_word("sender", delivery->sender);
	say_word("purpose", delivery->purpose);
	(void)fputs(" categories=", stdout);
	for (size_t i = 0; i < delivery->categories.count; i++) {
		(void)printf("%s%s", i == 0 ? "" : ",",
			delivery->categories.items[i]);
	}
	say_word("level", delivery->level);
	say_word("standard", delivery->standard);
	(void)printf(" partial=%s repeat=%s bytes=%zu",
		delivery->is_partial ? "yes" : "no",
		delivery->is_repeat ? "yes" : "no", delivery->payload_bytes);
	say_end();
	if (run->role->use != NULL) {
		reject = run->role->use(run, delivery);
	}
	if (reject != NULL) {
		say("rejected");
		say_id("id", delivery->id);
		say_word("reason", reject);
		say_end();
	}
	(void)alm_acknowledge(run->client, delivery->sequence, reject);
}

static void on_receipt(
	struct alm_role_run *run, const struct alm_receipt_view *receipt)
{
	say("receipt");
	say_word("ref", ref_of(run, receipt->id));
	say_id("id", receipt->id);
	(void)printf(" code=%d", receipt->code);
	say_word("name", alm_error_name(receipt->code));
	say_word("basis", receipt->basis);
	say_word("transformed", receipt->is_transformed ? "yes" : "no");
	say_end();
}

static void on_notice(
	struct alm_role_run *run, const struct alm_notice_view *notice)
{
	say("notice");
	say_id("id", notice->id);
	say_word("kind", notice->kind);
	(void)printf(" code=%d", notice->code);
	say_word("name", notice->name);
	say_word("reason", notice->reason);
	say_end();
	(void)alm_acknowledge(run->client, notice->sequence, NULL);
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
		say("ready");
		say_word("organisation", status.organisation);
		say_word("agent", status.agent);
		say_end();
	} else if (event->code != 0) {
		say_problem(event->code, event->detail);
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
