#include "agents/folder/entries.h"

#include <stdlib.h>
#include <string.h>

#include "agents/folder/binding.h"
#include "agents/folder/large.h"

void alm_entry_table_init(struct alm_entry_table *table)
{
	*table = (struct alm_entry_table){.items = NULL};
	TAILQ_INIT(&table->flight);
}

static void unbind(struct alm_entry *entry)
{
	if (entry->payload != NULL) {
		LIST_REMOVE(entry, bucket);
		free(entry->payload);
		entry->payload = NULL;
	}
}

static void forget(struct alm_entry *entry)
{
	unbind(entry);
	alm_large_close(&entry->source);
	free(entry);
}

void alm_entry_table_fini(struct alm_entry_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		forget(table->items[i]);
	}
	free(table->items);
	alm_entry_table_init(table);
}

static bool ends_with(const char *name, const char *end)
{
	size_t bytes = strlen(name);
	size_t end_bytes = strlen(end);

	return bytes > end_bytes && strcmp(name + bytes - end_bytes, end) == 0;
}

bool alm_entry_name(const char *file, char out_name[ALM_NAME_BYTES_MAX + 1])
{
	return alm_folder_is_encoded(file)
		       ? alm_folder_base(file, "", out_name)
		       : alm_folder_base(file, ".yaml", out_name) &&
				 !alm_folder_is_encoded(out_name) &&
				 !ends_with(out_name, ".refusal");
}

bool alm_file_look_at(const struct alm_folder *folder, const char *name,
	const char *suffix, struct alm_file_look *out_look)
{
	char path[PATH_MAX];
	struct stat info;

	alm_folder_path(folder, ALM_OUTBOX, name, suffix, path);
	if (lstat(path, &info) != 0) {
		return false;
	}
	*out_look =
		(struct alm_file_look){info.st_size, info.st_ino, info.st_mtim};
	return true;
}

bool alm_file_look_is_same(
	const struct alm_file_look *a, const struct alm_file_look *b)
{
	return a->bytes == b->bytes && a->inode == b->inode &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

bool alm_entry_look_at(const struct alm_folder *folder,
	const struct alm_entry *entry, struct alm_file_look *out_look)
{
	return alm_file_look_at(
		folder, entry->name, alm_folder_rest(entry->name), out_look);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct alm_entry *const *)a)->name,
		(*(struct alm_entry *const *)b)->name);
}

/** Among the first `count`, which are in order. */
static struct alm_entry *find(
	const struct alm_entry_table *table, size_t count, const char *name)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, table->items[middle]->name);

		if (order == 0) {
			return table->items[middle];
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return NULL;
}

static bool make_room(struct alm_entry_table *table)
{
	size_t room = table->room == 0 ? 256 : 2 * table->room;
	struct alm_entry **items;

	if (table->count < table->room) {
		return true;
	}
	if (table->count >= ALM_ENTRIES_MAX) {
		return false;
	}
	items = realloc(table->items, room * sizeof(struct alm_entry *));
	if (items != NULL) {
		table->items = items;
		table->room = room;
	}
	return items != NULL;
}

static void add(struct alm_entry_table *table, const struct alm_folder *folder,
	const char *name)
{
	size_t bytes = strlen(name) + 1;
	struct alm_binding binding = {0};
	struct alm_entry *entry;

	if (!make_room(table)) {
		return;
	}
	entry = calloc(1, sizeof(*entry) + bytes);
	if (entry == NULL) {
		return;
	}
	memcpy(entry->name, name, bytes);
	entry->lane = ALM_LANE_NONE;
	entry->listed = table->listing;
	if (alm_binding_read(folder, name, &binding) == ALM_OK) {
		alm_entry_bind(table, entry, binding.payload);
	}
	table->items[table->count++] = entry;
}

/** What has gone without us; what is on its way is waited for. */
static void drop_gone(struct alm_entry_table *table, bool is_listed)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct alm_entry *entry = table->items[i];
		bool is_gone = entry->state == ALM_ENTRY_GONE ||
			       (is_listed && entry->listed != table->listing &&
				       entry->state != ALM_ENTRY_IN_FLIGHT);

		if (is_gone) {
			forget(entry);
		} else {
			table->items[kept++] = entry;
		}
	}
	table->count = kept;
}

int alm_entry_table_list(
	struct alm_entry_table *table, const struct alm_folder *folder)
{
	DIR *dir = alm_folder_list(folder, ALM_OUTBOX, NULL);
	char name[ALM_NAME_BYTES_MAX + 1];
	struct dirent *file;
	int misnamed = 0;
	size_t known;

	if (dir == NULL) {
		return -1;
	}
	drop_gone(table, false);
	known = table->count;
	table->listing++;
	while ((file = readdir(dir)) != NULL) {
		struct alm_entry *entry;

		if (!alm_entry_name(file->d_name, name)) {
			misnamed += alm_entry_is_misnamed(file->d_name);
			continue;
		}
		entry = find(table, known, name);
		if (entry == NULL) {
			add(table, folder, name);
		} else {
			entry->listed = table->listing;
		}
	}
	(void)closedir(dir);
	drop_gone(table, true);
	if (table->count > 1) {
		qsort(table->items, table->count, sizeof(struct alm_entry *),
			by_name);
	}
	/* A folder that changes may give a name twice. */
	for (size_t i = 1; i < table->count; i++) {
		if (by_name(&table->items[i - 1], &table->items[i]) == 0) {
			alm_entry_land(table, table->items[i], ALM_ENTRY_GONE);
		}
	}
	return misnamed;
}

bool alm_entry_is_misnamed(const char *file)
{
	char name[ALM_NAME_BYTES_MAX + 1];

	return file[0] != '.' && !alm_entry_name(file, name) &&
	       (ends_with(file, ".yaml") || ends_with(file, ".yml") ||
		       alm_folder_is_encoded(file));
}

static size_t bucket_of(const char *payload)
{
	uint32_t hash = UINT32_C(2166136261);

	for (const char *at = payload; *at != '\0'; at++) {
		hash = (hash ^ (uint8_t)*at) * UINT32_C(16777619);
	}
	return hash % ALM_ENTRY_BUCKETS;
}

void alm_entry_bind(struct alm_entry_table *table, struct alm_entry *entry,
	const char *payload)
{
	char *copy;

	if (entry->payload != NULL && strcmp(entry->payload, payload) == 0) {
		return;
	}
	copy = strdup(payload);
	unbind(entry);
	if (copy != NULL) {
		entry->payload = copy;
		LIST_INSERT_HEAD(
			&table->buckets[bucket_of(copy)], entry, bucket);
	}
}

const struct alm_entry *alm_entry_holder(const struct alm_entry_table *table,
	const struct alm_entry *entry, const char *payload)
{
	const struct alm_entry *other;

	if (payload[0] == '\0' ||
		(entry->payload != NULL &&
			strcmp(entry->payload, payload) == 0)) {
		return NULL;
	}
	LIST_FOREACH(other, &table->buckets[bucket_of(payload)], bucket)
	{
		if (other != entry && other->state != ALM_ENTRY_GONE &&
			strcmp(other->payload, payload) == 0) {
			return other;
		}
	}
	return NULL;
}

void alm_entry_fly(struct alm_entry_table *table, struct alm_entry *entry)
{
	entry->state = ALM_ENTRY_IN_FLIGHT;
	entry->is_answered = false;
	TAILQ_INSERT_TAIL(&table->flight, entry, flight);
	table->in_flight++;
	table->large_in_flight += entry->is_large;
}

void alm_entry_land(struct alm_entry_table *table, struct alm_entry *entry,
	enum alm_entry_state state)
{
	if (entry->state == ALM_ENTRY_IN_FLIGHT) {
		TAILQ_REMOVE(&table->flight, entry, flight);
		table->in_flight--;
		table->large_in_flight -= entry->is_large;
	}
	alm_large_close(&entry->source);
	entry->state = state;
	if (state == ALM_ENTRY_GONE) {
		unbind(entry);
	}
}

struct alm_entry *alm_entry_find(
	const struct alm_entry_table *table, const uint8_t id[16])
{
	struct alm_entry *entry;

	TAILQ_FOREACH(entry, &table->flight, flight)
	{
		if (memcmp(entry->id, id, sizeof(entry->id)) == 0) {
			return entry;
		}
	}
	return NULL;
}
