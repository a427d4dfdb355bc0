/* The thread beside the loop that replaces the file of the newest head. */
#include "broker/evidence/keeper.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "broker/edge/clock.h"
#include "broker/store/evidence.h"
#include "lib/file.h"

struct alm_keeper {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum alm_keeper_state state;
	bool is_ending;
	int64_t took_us;
	char path[PATH_MAX];
	uint8_t head[ALM_HEAD_BYTES_MAX]; /* the thread's while it is busy */
	size_t bytes;
};

static enum alm_keeper_state write_head(struct alm_keeper *keeper)
{
	struct alm_problem problem = {.err = ALM_OK};

	return alm_file_write(keeper->path,
		       (struct alm_bytes){keeper->head, keeper->bytes}, 0600,
		       &problem) == ALM_OK
		       ? ALM_KEEPER_KEPT
		       : ALM_KEEPER_FAILED;
}

static void *run_thread(void *cookie)
{
	struct alm_keeper *keeper = cookie;

	(void)pthread_mutex_lock(&keeper->lock);
	while (!keeper->is_ending || keeper->state == ALM_KEEPER_BUSY) {
		enum alm_keeper_state state;
		int64_t started_us;

		if (keeper->state != ALM_KEEPER_BUSY) {
			(void)pthread_cond_wait(
				&keeper->changed, &keeper->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&keeper->lock);
		started_us = alm_clock_monotonic_us();
		state = write_head(keeper);
		(void)pthread_mutex_lock(&keeper->lock);
		keeper->took_us = alm_clock_monotonic_us() - started_us;
		keeper->state = state;
		(void)pthread_cond_broadcast(&keeper->changed);
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return NULL;
}

static void free_keeper(struct alm_keeper *keeper)
{
	(void)pthread_cond_destroy(&keeper->changed);
	(void)pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

enum alm_err alm_keeper_open(const char *path, struct alm_keeper **out_keeper)
{
	struct alm_keeper *keeper;

	if (strlen(path) >= sizeof(keeper->path)) {
		return ALM_FIELD_TOO_LARGE;
	}
	keeper = calloc(1, sizeof(*keeper));
	if (keeper == NULL) {
		return ALM_NOMEM;
	}
	alm_text_copy(keeper->path, sizeof(keeper->path), path);
	(void)pthread_mutex_init(&keeper->lock, NULL);
	(void)pthread_cond_init(&keeper->changed, NULL);
	if (pthread_create(&keeper->thread, NULL, run_thread, keeper) != 0) {
		free_keeper(keeper);
		return ALM_NOMEM;
	}
	*out_keeper = keeper;
	return ALM_OK;
}

void alm_keeper_close(struct alm_keeper *keeper)
{
	if (keeper == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->is_ending = true;
	(void)pthread_cond_broadcast(&keeper->changed);
	(void)pthread_mutex_unlock(&keeper->lock);
	(void)pthread_join(keeper->thread, NULL);
	free_keeper(keeper);
}

void alm_keeper_write(struct alm_keeper *keeper, struct alm_bytes head)
{
	(void)pthread_mutex_lock(&keeper->lock);
	ALM_ASSERT(keeper->state == ALM_KEEPER_IDLE &&
		   head.bytes <= sizeof(keeper->head));
	memcpy(keeper->head, head.data, head.bytes);
	keeper->bytes = head.bytes;
	keeper->state = ALM_KEEPER_BUSY;
	(void)pthread_cond_broadcast(&keeper->changed);
	(void)pthread_mutex_unlock(&keeper->lock);
}

enum alm_keeper_state alm_keeper_look(
	struct alm_keeper *keeper, int64_t *out_took_us)
{
	enum alm_keeper_state state;

	(void)pthread_mutex_lock(&keeper->lock);
	state = keeper->state;
	*out_took_us = keeper->took_us;
	(void)pthread_mutex_unlock(&keeper->lock);
	return state;
}

void alm_keeper_go_on(struct alm_keeper *keeper)
{
	(void)pthread_mutex_lock(&keeper->lock);
	ALM_ASSERT(keeper->state != ALM_KEEPER_BUSY);
	keeper->state = ALM_KEEPER_IDLE;
	(void)pthread_mutex_unlock(&keeper->lock);
}

enum alm_keeper_state alm_keeper_finish(struct alm_keeper *keeper)
{
	enum alm_keeper_state ended;

	(void)pthread_mutex_lock(&keeper->lock);
	while (keeper->state == ALM_KEEPER_BUSY) {
		(void)pthread_cond_wait(&keeper->changed, &keeper->lock);
	}
	ended = keeper->state;
	keeper->state = ALM_KEEPER_IDLE;
	(void)pthread_mutex_unlock(&keeper->lock);
	return ended;
}
