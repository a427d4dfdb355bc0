#include "cli/bench/register.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "cli/bench/world.h"
#include "cli/paths.h"

#define TURN_PEOPLE 500000u
/* A map is address space, not disk; pages half full would still fit. */
#define MAP_BYTES_LEAST ((uint64_t)1 << 30)
#define MAP_BYTES_EACH ((uint64_t)160)
#define DAY_S INT64_C(86400)

static const char *const any[] = {"any"};
static const char *const secondary[] = {"population-health", "research"};
static const char *const kept_back[] = {"mental-health", "sexual-health"};

double alm_bench_clock_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void subject(
	void *cookie, uint32_t number, char out[ALM_SUBJECT_TEXT_BYTES])
{
	(void)cookie;
	alm_bench_subject(number, out);
}

static size_t records(void *cookie, uint32_t number,
	struct alm_person_record *out, size_t record_max)
{
	static const char *const roles[] = {"care-team", "registered-practice"};
	uint64_t chance = number;
	size_t count = 0;

	(void)cookie;
	ALM_ASSERT(record_max >= 3);
	out[count] = (struct alm_person_record){.type = ALM_RECORD_OPT_OUT};
	out[count++].opt_out =
		(struct alm_opt_out){.list = ALM_OPT_OUT_NATIONAL,
			.is_objecting = alm_bench_pick(&chance, 18) == 0,
			.as_of_s = ALM_BENCH_NOW_S - 2 * DAY_S,
			.recorded_s = ALM_BENCH_NOW_S - DAY_S};
	if (alm_bench_pick(&chance, 50) == 0) {
		out[count] = (struct alm_person_record){
			.type = ALM_RECORD_DIRECTIVE};
		out[count++].directive = (struct alm_directive){.id = "R-1",
			.authority = "patient",
			.scope = "record-sharing",
			.effect = ALM_WORD_DENY,
			.recorded_s = ALM_BENCH_NOW_S - 100 * DAY_S,
			.purposes = {chance % 2 == 0 ? any : secondary,
				chance % 2 == 0 ? 1 : 2},
			.categories = {kept_back, ALM_COUNT(kept_back)},
			.to = {any, 1},
			.valid = {ALM_BENCH_NOW_S - 100 * DAY_S,
				ALM_INSTANT_NEVER}};
	}
	if (alm_bench_pick(&chance, 25) == 0) {
		out[count] = (struct alm_person_record){
			.type = ALM_RECORD_RELATIONSHIP};
		out[count++].relationship =
			(struct alm_relationship){.organisation = "A00001",
				.role = roles[chance % 2],
				.valid = {ALM_BENCH_NOW_S - 400 * DAY_S,
					ALM_INSTANT_NEVER},
				.recorded_s = ALM_BENCH_NOW_S - 400 * DAY_S};
	}
	return count;
}

static enum alm_err make_folder(const char *parent,
	struct alm_bench_register *reg, struct alm_problem *problem)
{
	int n;

	parent = parent != NULL ? parent : getenv("TMPDIR");
	parent = parent != NULL && *parent != '\0' ? parent : "/tmp";
	n = snprintf(reg->folder, sizeof(reg->folder),
		"%s/almoner-bench-XXXXXX", parent);
	if (n < 0 || (size_t)n >= sizeof(reg->folder) ||
		mkdtemp(reg->folder) == NULL) {
		reg->folder[0] = '\0';
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", parent, strerror(errno));
	}
	return ALM_OK;
}

static enum alm_err open_store(
	struct alm_bench_register *reg, struct alm_problem *problem)
{
	uint8_t key[ALM_STORE_KEY_BYTES];
	char path[sizeof(reg->folder) + 8];
	struct alm_store_options options = {
		.path = path,
		.map_bytes_max = MAP_BYTES_LEAST + MAP_BYTES_EACH * reg->count,
		.key = key,
	};
	enum alm_err err;

	(void)snprintf(path, sizeof(path), "%s/store", reg->folder);
	randombytes_buf(key, sizeof(key));
	err = alm_store_open(&options, &reg->store, problem);
	sodium_memzero(key, sizeof(key));
	return err;
}

static enum alm_err fill_turn(
	struct alm_store *store, struct alm_people_fill *fill, uint32_t *left)
{
	uint8_t seed[32];
	enum alm_err err;

	randombytes_buf(seed, sizeof(seed));
	err = alm_store_begin(store, ALM_BENCH_NOW_S * 1000000, seed);
	if (err != ALM_OK) {
		return err;
	}
	err = alm_people_fill_next(fill, TURN_PEOPLE, left);
	if (err == ALM_OK) {
		return alm_store_commit(store);
	}
	alm_store_abort(store);
	return err;
}

static enum alm_err fill_store(struct alm_bench_register *reg)
{
	const struct alm_people_source source = {
		.count = reg->count, .subject = subject, .records = records};
	struct alm_people_fill *fill = NULL;
	uint32_t left = reg->count;
	enum alm_err err = alm_people_fill_open(reg->store, &source, &fill);

	while (err == ALM_OK && left > 0) {
		err = fill_turn(reg->store, fill, &left);
	}
	alm_people_fill_close(fill);
	return err;
}

static uint64_t measure_disk(const struct alm_bench_register *reg)
{
	char path[sizeof(reg->folder) + 16];
	struct stat info;

	(void)snprintf(path, sizeof(path), "%s/store/data.mdb", reg->folder);
	return stat(path, &info) == 0 ? (uint64_t)info.st_blocks * 512 : 0;
}

enum alm_err alm_bench_register_open(const char *parent, uint32_t count,
	struct alm_bench_register *out, struct alm_problem *problem)
{
	double from_s = alm_bench_clock_s();
	enum alm_err err;

	*out = (struct alm_bench_register){.count = count};
	err = make_folder(parent, out, problem);
	if (err == ALM_OK) {
		err = open_store(out, problem);
	}
	if (err == ALM_OK) {
		err = fill_store(out);
		if (err != ALM_OK) {
			err = alm_problem_set(problem, err, "%s", out->folder);
		}
	}
	out->fill_s = alm_bench_clock_s() - from_s;
	out->disk_bytes = measure_disk(out);
	return err;
}

void alm_bench_register_close(struct alm_bench_register *reg)
{
	alm_store_close(reg->store);
	reg->store = NULL;
	if (reg->folder[0] != '\0') {
		alm_path_remove(reg->folder);
		reg->folder[0] = '\0';
	}
}
