/* A whole agent, from the installed header alone: sends what it reads, then
 * prints what comes, until it is told to end.  See INTEGRATING.md.
 * usage: letterbox CONTEXT-FILE [RECIPIENT PURPOSE CATEGORY LEVEL]
 * The first line of the input is the person's NHS number, or empty. */
#define _POSIX_C_SOURCE 200809L
#include <almoner.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static volatile sig_atomic_t is_over;

static void end(int number)
{
	(void)number;
	is_over = 1;
}

static int say(const char *what, int code, const char *detail)
{
	fprintf(stderr, "%s: ALM-%d %s %s %s\n", what, code,
		alm_error_sentence(code), alm_error_hint(code), detail);
	return 1;
}

static int send_text(struct alm_client *client, char **words)
{
	static char text[65536], person[16];
	const char *categories[1];
	struct alm_outgoing message = {0};
	struct alm_receipt_view *receipt = NULL;
	uint8_t id[16];
	int code;

	if (fgets(person, sizeof(person), stdin) == NULL) {
		return 1;
	}
	person[strcspn(person, "\n")] = '\0';
	categories[0] = words[2];
	alm_make_id(id); /* once for all tries: nothing is sent twice */
	message.id = id;
	message.recipient = words[0];
	message.purpose = words[1];
	message.categories = categories;
	message.category_count = 1;
	message.level = words[3];
	message.subject = person;
	message.payload = text;
	message.payload_bytes = fread(text, 1, sizeof(text), stdin);
	do {
		code = alm_send(client, &message, 30000, &receipt);
	} while (code != 0 && alm_error_is_retryable(code) && !is_over);
	if (code != 0) {
		return say("not sent", code, "");
	}
	code = receipt->code == 0
		       ? printf("sent: %s\n", receipt->level) < 0
		       : say("refused", receipt->code, receipt->detail);
	alm_receipt_free(receipt);
	return code;
}

static void take(struct alm_client *client, const struct alm_event *event)
{
	const struct alm_delivery *mail = event->delivery;
	const struct alm_notice_view *notice = event->notice;

	if (event->kind == ALM_EVENT_DELIVERY) {
		printf("from %s: %.*s\n", mail->sender,
			(int)mail->payload_bytes, (const char *)mail->payload);
		if (fflush(stdout) == 0) { /* ours from here on */
			(void)alm_acknowledge(client, mail->sequence, NULL);
		}
	} else if (event->kind == ALM_EVENT_NOTICE) { /* counts as mail */
		(void)say(notice->kind, notice->code, notice->reason);
		(void)alm_acknowledge(client, notice->sequence, NULL);
	} else if (event->kind == ALM_EVENT_PROBLEM) {
		(void)say("problem", event->code, event->detail);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = end};
	struct alm_client *client = NULL;
	struct alm_event *event;
	char why[512] = "usage: letterbox CONTEXT-FILE [RECIPIENT PURPOSE "
			"CATEGORY LEVEL]";
	int code;

	sigaction(SIGTERM, &action, NULL); /* no SA_RESTART: poll() ends */
	if ((argc != 2 && argc != 6) ||
		alm_client_open(argv[1], &client, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		return 2;
	}
	code = argc == 6 ? send_text(client, argv + 2) : 0;
	while (code == 0 && !is_over) {
		struct pollfd item = {
			.fd = alm_client_fd(client), .events = POLLIN};

		if (poll(&item, 1, -1) < 0 && errno != EINTR) {
			break;
		}
		code = alm_client_process(client); /* not 0: for good */
		while ((event = alm_client_next_event(client)) != NULL) {
			take(client, event);
			alm_event_free(event);
		}
	}
	alm_client_close(client);
	return code == 0 ? 0 : 1;
}
