/*
 * Agents stand in one array in ascending order of their number; an open-
 * addressing table maps the CURVE keys, in use and before, to the place.
 * Public keys are random, so their first bytes serve as the hash.
 */
#include "broker/auth/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"

#define SLOTS_MIN 64u

struct alm_keyring {
	struct alm_agent *agents;
	size_t count;
	size_t capacity;
	uint32_t *slots; /* place + 1; 0 is free */
	size_t slot_count;
	struct alm_invite_key invites[ALM_INVITES_OPEN_MAX];
	size_t invite_count;
};

struct alm_keyring *alm_keyring_new(void)
{
	return calloc(1, sizeof(struct alm_keyring));
}

void alm_keyring_free(struct alm_keyring *ring)
{
	if (ring != NULL) {
		free(ring->agents);
		free(ring->slots);
		free(ring);
	}
}

static void index_key(struct alm_keyring *ring, size_t place,
	const uint8_t key[ALM_KEY_BYTES])
{
	size_t slot = alm_get_u64(key) & (ring->slot_count - 1);

	while (ring->slots[slot] != 0) {
		slot = (slot + 1) & (ring->slot_count - 1);
	}
	ring->slots[slot] = (uint32_t)place + 1;
}

static void index_agent(struct alm_keyring *ring, size_t place)
{
	const struct alm_agent *agent = &ring->agents[place];

	index_key(ring, place, agent->curve_key);
	if (agent->old_until_us != 0) {
		index_key(ring, place, agent->old_curve_key);
	}
}

static enum alm_err rebuild_index(struct alm_keyring *ring)
{
	size_t slot_count = SLOTS_MIN;
	uint32_t *slots;

	while (slot_count < 4 * ring->capacity) { /* two keys each */
		slot_count *= 2;
	}
	slots = calloc(slot_count, sizeof(*slots));
	if (slots == NULL) {
		return ALM_NOMEM;
	}
	free(ring->slots);
	ring->slots = slots;
	ring->slot_count = slot_count;
	for (size_t i = 0; i < ring->count; i++) {
		index_agent(ring, i);
	}
	return ALM_OK;
}

static enum alm_err grow(struct alm_keyring *ring)
{
	size_t capacity = ring->capacity == 0 ? 32 : 2 * ring->capacity;
	struct alm_agent *agents =
		realloc(ring->agents, capacity * sizeof(*agents));

	if (agents == NULL) {
		return ALM_NOMEM;
	}
	ring->agents = agents;
	ring->capacity = capacity;
	return rebuild_index(ring);
}

/* The place of `number`, or of the first agent above it. */
static size_t place_of(const struct alm_keyring *ring, uint64_t number)
{
	size_t low = 0;
	size_t high = ring->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ring->agents[middle].number < number) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

enum alm_err alm_keyring_put(
	struct alm_keyring *ring, const struct alm_agent *agent)
{
	size_t place = place_of(ring, agent->number);

	if (place < ring->count &&
		ring->agents[place].number == agent->number) {
		ring->agents[place] = *agent;
		return rebuild_index(ring);
	}
	if (ring->count == ALM_AGENTS_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	if (ring->count == ring->capacity) {
		enum alm_err err = grow(ring);

		if (err != ALM_OK) {
			return err;
		}
	}
	memmove(ring->agents + place + 1, ring->agents + place,
		(ring->count - place) * sizeof(*ring->agents));
	ring->agents[place] = *agent;
	ring->count++;
	if (place + 1 == ring->count) {
		index_agent(ring, place);
		return ALM_OK;
	}
	return rebuild_index(ring);
}

void alm_keyring_note_broker_key(
	struct alm_keyring *ring, uint64_t number, bool is_next)
{
	size_t place = place_of(ring, number);

	if (place < ring->count && ring->agents[place].number == number) {
		ring->agents[place].is_on_next_key = is_next;
	}
}

void alm_keyring_note_contact(
	struct alm_keyring *ring, uint64_t number, int64_t at_us)
{
	size_t place = place_of(ring, number);

	if (place < ring->count && ring->agents[place].number == number) {
		ring->agents[place].seen_at_us = at_us;
	}
}

size_t alm_keyring_count(const struct alm_keyring *ring)
{
	return ring->count;
}

size_t alm_keyring_count_in_force(const struct alm_keyring *ring)
{
	size_t count = 0;

	for (size_t i = 0; i < ring->count; i++) {
		count += ring->agents[i].is_revoked ? 0 : 1;
	}
	return count;
}

const struct alm_agent *alm_keyring_at(const struct alm_keyring *ring, size_t i)
{
	return i < ring->count ? &ring->agents[i] : NULL;
}

const struct alm_agent *alm_keyring_by_key(
	const struct alm_keyring *ring, const uint8_t curve_key[ALM_KEY_BYTES])
{
	size_t slot;

	if (ring->slot_count == 0) {
		return NULL;
	}
	slot = alm_get_u64(curve_key) & (ring->slot_count - 1);
	while (ring->slots[slot] != 0) {
		const struct alm_agent *agent =
			&ring->agents[ring->slots[slot] - 1];

		if (memcmp(agent->curve_key, curve_key, ALM_KEY_BYTES) == 0 ||
			(agent->old_until_us != 0 &&
				memcmp(agent->old_curve_key, curve_key,
					ALM_KEY_BYTES) == 0)) {
			return agent;
		}
		slot = (slot + 1) & (ring->slot_count - 1);
	}
	return NULL;
}

const struct alm_agent *alm_keyring_by_number(
	const struct alm_keyring *ring, uint64_t number)
{
	size_t place = place_of(ring, number);

	return place < ring->count && ring->agents[place].number == number
		       ? &ring->agents[place]
		       : NULL;
}

const struct alm_agent *alm_keyring_by_name(const struct alm_keyring *ring,
	const char *organisation, const char *name)
{
	/* The newest of that name: a revoked agent's name may be used anew. */
	for (size_t i = ring->count; i > 0; i--) {
		const struct alm_agent *agent = &ring->agents[i - 1];

		if (strcmp(agent->organisation, organisation) == 0 &&
			strcmp(agent->name, name) == 0) {
			return agent;
		}
	}
	return NULL;
}

/* --- invites ------------------------------------------------------------ */

enum alm_err alm_keyring_invite_put(
	struct alm_keyring *ring, const struct alm_invite_key *invite)
{
	if (ring->invite_count == ALM_INVITES_OPEN_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	ring->invites[ring->invite_count++] = *invite;
	return ALM_OK;
}

void alm_keyring_invite_remove(struct alm_keyring *ring, uint64_t number)
{
	for (size_t i = 0; i < ring->invite_count; i++) {
		if (ring->invites[i].number == number) {
			ring->invites[i] = ring->invites[--ring->invite_count];
			return;
		}
	}
}

const struct alm_invite_key *alm_keyring_invite_by_key(
	const struct alm_keyring *ring, const uint8_t key[ALM_KEY_BYTES])
{
	for (size_t i = 0; i < ring->invite_count; i++) {
		if (memcmp(ring->invites[i].key, key, ALM_KEY_BYTES) == 0) {
			return &ring->invites[i];
		}
	}
	return NULL;
}

size_t alm_keyring_invite_count(const struct alm_keyring *ring)
{
	return ring->invite_count;
}

int64_t alm_keyring_due_us(const struct alm_keyring *ring)
{
	int64_t due_us = INT64_MAX;

	for (size_t i = 0; i < ring->invite_count; i++) {
		if (ring->invites[i].expires_us < due_us) {
			due_us = ring->invites[i].expires_us;
		}
	}
	for (size_t i = 0; i < ring->count; i++) {
		const struct alm_agent *agent = &ring->agents[i];

		if (agent->old_until_us != 0 && agent->old_until_us < due_us) {
			due_us = agent->old_until_us;
		}
	}
	return due_us;
}

const struct alm_invite_key *alm_keyring_invite_expired(
	const struct alm_keyring *ring, int64_t now_us)
{
	for (size_t i = 0; i < ring->invite_count; i++) {
		if (ring->invites[i].expires_us <= now_us) {
			return &ring->invites[i];
		}
	}
	return NULL;
}
