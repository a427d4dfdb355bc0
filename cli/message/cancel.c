#include "cli/message/cancel.h"

#include <signal.h>

#define WAIT_MS 60000

static volatile sig_atomic_t is_asked;

static void ask(int signal_number)
{
	(void)signal_number;
	is_asked = 1;
}

static int read_until_asked(
	void *cookie, uint64_t offset, void *out, size_t bytes)
{
	const struct alm_source *inner = cookie;

	return is_asked ? -1 : inner->read(inner->cookie, offset, out, bytes);
}

void alm_cancel_watch(struct alm_source *inner, struct alm_source *out_source)
{
	/* Without SA_RESTART: whatever waits, looks. */
	const struct sigaction action = {
		.sa_handler = ask, .sa_flags = (int)SA_RESETHAND};

	(void)sigaction(SIGINT, &action, NULL);
	*out_source = (struct alm_source){.read = read_until_asked,
		.cookie = inner,
		.bytes = inner->bytes};
}

bool alm_cancel_is_asked(void)
{
	return is_asked != 0;
}

enum alm_err alm_cancel(const struct alm_args *args, struct alm_client *client,
	const uint8_t id[16], struct alm_problem *problem)
{
	char text[37];
	int code;

	alm_id_text(id, text);
	alm_print_warning(&args->output,
		"interrupted: telling the broker to drop %s; once more ends "
		"at once",
		text);
	code = alm_send_cancel(client, id, WAIT_MS);
	if (code == (int)ALM_UPLOAD_WHOLE) {
		return alm_problem_set(problem, ALM_UPLOAD_WHOLE, "%s", "");
	}
	if (code == ALM_CODE_OK || code == (int)ALM_NOT_FOUND) {
		return alm_problem_set(problem, ALM_UPLOAD_CANCELLED,
			"nothing of it stays at the broker");
	}
	return alm_problem_set(problem, ALM_INTERRUPTED,
		"the broker was not told: what has come stays there for a "
		"day; go on with --id %s",
		text);
}
