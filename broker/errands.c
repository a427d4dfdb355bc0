#include "broker/errands.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "broker/broker.h"
#include "broker/edge/log.h"
#include "broker/evidence/checkpoint.h"
#include "lib/file.h"
#include "lib/id.h"

static int fail(const struct alm_problem *problem)
{
	alm_log_problem(ALM_LOG_ERROR, "start.failed", problem);
	return alm_err_info(problem->err)->exit_code;
}

static enum alm_err make_key(const char *folder, const char *name,
	uint8_t key[ALM_KEY_BYTES], struct alm_problem *problem)
{
	char path[PATH_MAX];

	randombytes_buf(key, ALM_KEY_BYTES);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return alm_key_file_write(path, key, problem);
}

static enum alm_err make_audit_key(
	const char *folder, struct alm_problem *problem)
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t seed[ALM_KEY_BYTES];
	char text[2 * sizeof(public_key) + 1];
	enum alm_err err = make_key(folder, "audit.key", seed, problem);

	if (err == ALM_OK) {
		(void)crypto_sign_seed_keypair(public_key, secret, seed);
		alm_hex(public_key, sizeof(public_key), text);
		printf("audit-key: %s\n", text);
	}
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(seed, sizeof(seed));
	return err;
}

int alm_generate_keys(const char *folder)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t key[ALM_KEY_BYTES];
	char text[2 * ALM_KEY_BYTES + 1];
	enum alm_err err;

	(void)mkdir(folder, 0700);
	err = make_key(folder, "store.key", key, &problem);
	if (err == ALM_OK) {
		err = make_key(folder, "curve.key", key, &problem);
	}
	if (err == ALM_OK && crypto_scalarmult_base(public_key, key) == 0) {
		alm_hex(public_key, sizeof(public_key), text);
		printf("broker-key: %s\n", text);
	}
	if (err == ALM_OK) {
		err = make_audit_key(folder, &problem);
	}
	sodium_memzero(key, sizeof(key));
	return err == ALM_OK ? ALM_EXIT_OK : fail(&problem);
}

/* What was lost stays lost; but the log may be signed again. */
int alm_new_origin(const struct alm_settings *settings, const char *reason)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_store *store = NULL;
	char origin[ALM_NOTE_NAME_BYTES];
	enum alm_err err;

	if (reason[0] == '\0' || strlen(reason) > ALM_TEXT_BYTES_MAX) {
		(void)alm_problem_set(&problem, ALM_REASON_REQUIRED,
			"up to %u bytes", ALM_TEXT_BYTES_MAX);
		return fail(&problem);
	}
	err = alm_broker_open_store(settings, &store, &problem);
	if (err == ALM_OK) {
		err = alm_origin_renew(
			settings, store, reason, origin, &problem);
	}
	alm_store_close(store);
	if (err != ALM_OK) {
		return fail(&problem);
	}
	printf("origin: %s\n", origin);
	return ALM_EXIT_OK;
}
