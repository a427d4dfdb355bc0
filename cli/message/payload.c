/* payload.c - payloads of mail to a file or to standard output. */
#include "cli/message/payload.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"

/* For one large payload; what has come stays for the next run. */
#define FETCH_WAIT_MS (24 * 3600 * 1000)

/** The payload as bytes, or safely on a terminal. */
static bool print_payload(
	const struct alm_delivery *d, const struct alm_output *output)
{
	if (d->payload_bytes == 0) {
		return true;
	}
	if (!output->is_tty) {
		return fwrite(d->payload, 1, d->payload_bytes, stdout) ==
			       d->payload_bytes &&
		       fflush(stdout) == 0;
	}
	for (size_t i = 0; i < d->payload_bytes; i++) {
		uint8_t byte = d->payload[i];
		bool is_plain = byte == '\n' || (byte >= 0x20 && byte < 0x7F);

		printf(is_plain ? "%c" : "\\x%02x", byte);
	}
	printf("\n");
	return fflush(stdout) == 0;
}

/** Straight on, part by part. */
static int write_stdout(
	void *cookie, uint64_t offset, const void *data, size_t bytes)
{
	(void)cookie;
	(void)offset;
	return fwrite(data, 1, bytes, stdout) == bytes ? 0 : -1;
}

static enum alm_err fetch_to_file(struct alm_client *client,
	const struct alm_delivery *d, const char *path,
	struct alm_problem *problem)
{
	char part[PATH_MAX + sizeof(".part")];
	enum alm_err err;

	(void)snprintf(part, sizeof(part), "%s.part", path);
	err = (enum alm_err)alm_fetch_file(client, d, part, FETCH_WAIT_MS);
	if (err == ALM_PAYLOAD_GONE) {
		(void)remove(part);
	}
	if (err == ALM_OK && rename(part, path) != 0) {
		err = alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	return err;
}

enum alm_err alm_payload_to_file(struct alm_client *client,
	const struct alm_delivery *delivery, const char *path,
	struct alm_problem *problem)
{
	const struct alm_bytes payload = {
		delivery->payload, delivery->payload_bytes};

	return delivery->is_in_parts
		       ? fetch_to_file(client, delivery, path, problem)
		       : alm_file_write(path, payload, 0600, problem);
}

enum alm_err alm_payload_to_stdout(struct alm_client *client,
	const struct alm_delivery *delivery, const struct alm_output *output,
	struct alm_problem *problem)
{
	const struct alm_sink sink = {.write = write_stdout};
	enum alm_err err;

	if (!delivery->is_in_parts) {
		return print_payload(delivery, output)
			       ? ALM_OK
			       : alm_problem_set(
					 problem, ALM_IO, "standard output");
	}
	if (output->is_tty) {
		return alm_problem_set(problem, ALM_USAGE,
			"a payload of %zu bytes goes into a file, not to a "
			"terminal",
			delivery->payload_bytes);
	}
	err = (enum alm_err)alm_fetch(client, delivery, &sink, FETCH_WAIT_MS);
	return err == ALM_OK && fflush(stdout) != 0
		       ? alm_problem_set(problem, ALM_IO, "standard output")
		       : err;
}
