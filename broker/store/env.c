/*
 * Opening and closing: the folder, the lock that keeps a second daemon out,
 * the LMDB environment, its tables and the identity of the store.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/store/index.h"
#include "broker/store/inside.h"
#include "broker/store/mailbox.h"
#include "broker/store/tree.h"
#include "lib/file.h"

#define FORMAT_VERSION 2u
#define MAP_BYTES_DEFAULT ((uint64_t)64 << 30)
#define PATH_BYTES_MAX 4096u

/* The row `identity` of meta; it has no seal, because it makes the keys. */
static const uint8_t MAGIC[8] = {'a', 'l', 'm', 'o', 'n', 'e', 'r', 0};
#define IDENTITY_BYTES (sizeof(MAGIC) + 4 + ALM_STORE_ID_BYTES)
#define IDENTITY_ROW_BYTES (IDENTITY_BYTES + ALM_KEY_CHECK_BYTES)

static const uint8_t IDENTITY_KEY[8] = {'i', 'd', 'e', 'n', 't', 'i', 't', 'y'};

static enum alm_err path_problem(
	struct alm_problem *problem, const char *path, const char *what)
{
	return alm_problem_set(problem, ALM_STORE_PATH, "%s: %s", path, what);
}

static enum alm_err join(const char *folder, const char *name,
	char out[PATH_BYTES_MAX], struct alm_problem *problem)
{
	int bytes = snprintf(out, PATH_BYTES_MAX, "%s/%s", folder, name);

	if (bytes < 0 || (size_t)bytes >= PATH_BYTES_MAX) {
		return path_problem(problem, folder, "the path is too long");
	}
	return ALM_OK;
}

/* LMDB needs mmap and locks that agree, which file servers do not give. */
static bool is_remote(const char *path)
{
	static const unsigned long kinds[] = {
		0x6969ul,     /* NFS */
		0x517bul,     /* SMB */
		0xff534d42ul, /* CIFS */
		0xfe534d42ul, /* SMB 2 */
	};
	struct statfs info;

	if (statfs(path, &info) != 0) {
		return false;
	}
	for (size_t i = 0; i < ALM_COUNT(kinds); i++) {
		if (((unsigned long)info.f_type & 0xfffffffful) == kinds[i]) {
			return true;
		}
	}
	return false;
}

static enum alm_err check_folder(
	const struct alm_store_options *options, struct alm_problem *problem)
{
	bool must_exist = options->must_exist || options->is_read_only;
	char data[PATH_BYTES_MAX];
	struct stat info;
	enum alm_err err = join(options->path, "data.mdb", data, problem);

	if (err != ALM_OK) {
		return err;
	}
	if (must_exist) {
		if (stat(data, &info) != 0) {
			return path_problem(
				problem, options->path, strerror(errno));
		}
	} else if (mkdir(options->path, 0700) != 0 && errno != EEXIST) {
		return path_problem(problem, options->path, strerror(errno));
	}
	if (stat(options->path, &info) != 0 || !S_ISDIR(info.st_mode)) {
		return path_problem(problem, options->path, "not a folder");
	}
	if (is_remote(options->path)) {
		return path_problem(problem, options->path,
			"a network file system cannot hold a store");
	}
	return ALM_OK;
}

static enum alm_err take_lock(struct alm_store *store, const char *folder,
	struct alm_problem *problem)
{
	char path[PATH_BYTES_MAX];
	enum alm_err err = join(folder, "lock", path, problem);

	if (err != ALM_OK) {
		return err;
	}
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_fd < 0 && errno == EROFS) {
		return alm_problem_set(
			problem, ALM_STORE_READ_ONLY, "%s", path);
	}
	if (store->lock_fd < 0) {
		return path_problem(problem, path, strerror(errno));
	}
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		return alm_problem_set(problem, ALM_STORE_LOCKED, "%s", path);
	}
	return ALM_OK;
}

static enum alm_err map_open_rc(
	int rc, const char *path, struct alm_problem *problem)
{
	enum alm_err err;

	switch (rc) {
	case MDB_SUCCESS:
		return ALM_OK;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		err = ALM_STORE_FORMAT;
		break;
	case EACCES:
	case EPERM:
	case ENOENT:
	case ENOTDIR:
		err = ALM_STORE_PATH;
		break;
	default:
		err = alm_store_map_rc(rc);
		break;
	}
	return alm_problem_set(problem, err, "%s: %s", path, mdb_strerror(rc));
}

static enum alm_err make_room_for_readers(
	const struct alm_store_options *options, struct alm_problem *problem)
{
	char path[PATH_BYTES_MAX];
	enum alm_err err = join(options->path, "lock.mdb", path, problem);

	return err == ALM_OK ? alm_space_for_readers(path, problem) : err;
}

static enum alm_err open_env(struct alm_store *store,
	const struct alm_store_options *options, struct alm_problem *problem)
{
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
	MDB_stat stat = {.ms_psize = 0};
	int dead = 0;
	int rc;

	if (!options->is_read_only) {
		enum alm_err err = make_room_for_readers(options, problem);

		if (err != ALM_OK) {
			return err;
		}
	}
	rc = mdb_env_create(&store->env);
	if (rc == MDB_SUCCESS) {
		rc = mdb_env_set_maxdbs(store->env, ALM_TABLE_COUNT);
	}
	if (rc == MDB_SUCCESS && options->is_read_only) {
		flags |= MDB_RDONLY; /* and the map as the writer has it */
	} else if (rc == MDB_SUCCESS) {
		rc = mdb_env_set_mapsize(store->env,
			options->map_bytes_max > 0 ? options->map_bytes_max
						   : MAP_BYTES_DEFAULT);
	}
	if (rc == MDB_SUCCESS) {
		rc = mdb_env_open(store->env, options->path, flags, 0600);
	}
	if (rc == MDB_SUCCESS) {
		/* Slots of readers that were killed would pin pages. */
		rc = mdb_reader_check(store->env, &dead);
	}
	if (rc == MDB_SUCCESS) {
		rc = mdb_env_stat(store->env, &stat);
	}
	store->page_bytes = stat.ms_psize;
	store->has_room = true; /* until a turn has looked */
	return map_open_rc(rc, options->path, problem);
}

/* With the keys that belong to `id`. */
static enum alm_err write_identity(struct alm_store *store, MDB_txn *txn,
	const uint8_t id[ALM_STORE_ID_BYTES])
{
	uint8_t row[IDENTITY_ROW_BYTES];
	MDB_val key = alm_val(IDENTITY_KEY, sizeof(IDENTITY_KEY));
	MDB_val value = alm_val(row, sizeof(row));

	memcpy(row, MAGIC, sizeof(MAGIC));
	alm_put_u32(row + sizeof(MAGIC), FORMAT_VERSION);
	memcpy(row + sizeof(MAGIC) + 4, id, ALM_STORE_ID_BYTES);
	alm_store_keys_check(store->keys,
		(struct alm_bytes){row, IDENTITY_BYTES}, row + IDENTITY_BYTES);
	return alm_store_map_rc(
		mdb_put(txn, store->tables[ALM_TABLE_META], &key, &value, 0));
}

static enum alm_err make_identity(struct alm_store *store, MDB_txn *txn,
	const uint8_t *secret, struct alm_problem *problem)
{
	uint8_t id[ALM_STORE_ID_BYTES];

	randombytes_buf(id, sizeof(id));
	memcpy(store->id, id, sizeof(id));
	store->keys = alm_store_keys_new(secret, id);
	if (store->keys == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "store keys");
	}
	return write_identity(store, txn, id);
}

static enum alm_err read_identity(struct alm_store *store, MDB_txn *txn,
	const uint8_t *secret, struct alm_problem *problem)
{
	MDB_val key = alm_val(IDENTITY_KEY, sizeof(IDENTITY_KEY));
	MDB_val value;
	const uint8_t *row;
	uint8_t check[ALM_KEY_CHECK_BYTES];
	uint32_t version;

	if (mdb_get(txn, store->tables[ALM_TABLE_META], &key, &value) !=
			MDB_SUCCESS ||
		value.mv_size < sizeof(MAGIC) + 4 ||
		memcmp(value.mv_data, MAGIC, sizeof(MAGIC)) != 0) {
		return alm_problem_set(
			problem, ALM_STORE_FORMAT, "not a store of Almoner");
	}
	row = value.mv_data;
	version = alm_get_u32(row + sizeof(MAGIC));
	if (version != FORMAT_VERSION || value.mv_size != IDENTITY_ROW_BYTES) {
		return alm_problem_set(problem, ALM_STORE_FORMAT,
			"format %u, not %u", version, FORMAT_VERSION);
	}
	memcpy(store->id, row + sizeof(MAGIC) + 4, ALM_STORE_ID_BYTES);
	if (secret == NULL) {
		return ALM_OK;
	}
	store->keys = alm_store_keys_new(secret, row + sizeof(MAGIC) + 4);
	if (store->keys == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "store keys");
	}
	alm_store_keys_check(
		store->keys, (struct alm_bytes){row, IDENTITY_BYTES}, check);
	if (sodium_memcmp(check, row + IDENTITY_BYTES, sizeof(check)) != 0) {
		return alm_problem_set(problem, ALM_STORE_KEY, "%s", "");
	}
	return ALM_OK;
}

static enum alm_err open_tables(struct alm_store *store, MDB_txn *txn,
	unsigned flags, struct alm_problem *problem)
{
	for (unsigned i = 0; i < ALM_TABLE_COUNT; i++) {
		const char *name = alm_table_name((enum alm_table)i);
		int rc = mdb_dbi_open(txn, name, flags, &store->tables[i]);

		if (rc == MDB_NOTFOUND) {
			return alm_problem_set(problem, ALM_STORE_FORMAT,
				"table %s is missing", name);
		}
		if (rc != MDB_SUCCESS) {
			return map_open_rc(rc, name, problem);
		}
	}
	return ALM_OK;
}

/* A folder with an environment in which nothing was ever committed. */
static enum alm_err is_unused(MDB_txn *txn, bool *out_is_unused)
{
	MDB_stat stat;
	int rc = mdb_stat(txn, 1, &stat);

	if (rc == MDB_SUCCESS) {
		*out_is_unused = stat.ms_entries == 0;
	}
	return alm_store_map_rc(rc);
}

static enum alm_err open_contents(struct alm_store *store,
	const struct alm_store_options *options, struct alm_problem *problem)
{
	bool is_read_only = options->is_read_only;
	bool is_new = false;
	MDB_txn *txn = NULL;
	int rc = mdb_txn_begin(
		store->env, NULL, is_read_only ? MDB_RDONLY : 0, &txn);
	enum alm_err err = map_open_rc(rc, options->path, problem);

	if (err == ALM_OK && !is_read_only && !options->must_exist) {
		err = is_unused(txn, &is_new);
	}
	if (err == ALM_OK) {
		err = open_tables(store, txn, is_new ? MDB_CREATE : 0, problem);
	}
	if (err == ALM_OK && is_new) {
		err = make_identity(store, txn, options->key, problem);
		store->turn = txn;
		if (err == ALM_OK) {
			err = alm_state_write(store);
		}
		store->turn = NULL;
		alm_hands_drop(store);
	} else if (err == ALM_OK) {
		err = read_identity(store, txn, options->key, problem);
	}
	if (err == ALM_OK) {
		/* Also for reading: it keeps the tables' handles. */
		err = map_open_rc(mdb_txn_commit(txn), options->path, problem);
		txn = NULL;
	}
	if (err == ALM_OK && is_new) {
		err = alm_file_sync_folder(options->path, problem);
	}
	if (txn != NULL) {
		mdb_txn_abort(txn);
	}
	return err == ALM_IO ? ALM_STORE_IO : err;
}

enum alm_err alm_store_open_parts(const struct alm_store_options *options,
	struct alm_store **out_store, struct alm_problem *problem)
{
	struct alm_store *store = NULL;
	enum alm_err err = check_folder(options, problem);

	if (err != ALM_OK) {
		return err;
	}
	if (sodium_init() < 0) {
		(void)alm_problem_set(problem, ALM_INTERNAL, "libsodium");
		return ALM_INTERNAL;
	}
	store = calloc(1, sizeof(*store));
	if (store == NULL) {
		(void)alm_problem_set(problem, ALM_NOMEM, "store");
		return ALM_NOMEM;
	}
	store->lock_fd = -1;
	store->is_read_only = options->is_read_only;
	store->hash = alm_hash_new();
	store->scratch = malloc(ALM_SCRATCH_BYTES);
	store->header = malloc(ALM_AUDIT_HEADER_BYTES_MAX);
	store->changed.persons =
		malloc(sizeof(*store->changed.persons) * ALM_TURN_PEOPLE_MAX);
	if (store->hash == NULL || store->scratch == NULL ||
		store->header == NULL || store->changed.persons == NULL) {
		err = alm_problem_set(problem, ALM_NOMEM, "store");
	}
	if (err == ALM_OK && !options->is_read_only) {
		err = take_lock(store, options->path, problem);
	}
	if (err == ALM_OK) {
		err = open_env(store, options, problem);
	}
	if (err == ALM_OK) {
		err = open_contents(store, options, problem);
	}
	if (err != ALM_OK) {
		alm_store_close(store);
		return err;
	}
	*out_store = store;
	return ALM_OK;
}

/* The log must end where the sealed state says, and hash to what it says, but
 * for records whose own seal is broken (docs/decisions/0122). */
static enum alm_err check_head(
	struct alm_store *store, MDB_txn *txn, struct alm_problem *problem)
{
	enum alm_err err =
		alm_state_read(store, txn, &store->committed, problem);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_lists_load(store, txn, &store->committed);
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "the opt-out lists");
	}
	err = alm_tree_check(
		store, txn, &store->committed.frontier, &store->damage);
	/* Without its key a damaged record is not told from a forged state. */
	if (err == ALM_OK && store->damage.records > 0 && store->keys == NULL) {
		err = ALM_STORE_CORRUPT;
	}
	if (err != ALM_OK) {
		return alm_problem_set(problem, err,
			"the audit log's last records do not give its head");
	}
	store->state = store->committed;
	return ALM_OK;
}

enum alm_err alm_store_open(const struct alm_store_options *options,
	struct alm_store **out_store, struct alm_problem *problem)
{
	struct alm_store *store = NULL;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_open_parts(options, &store, problem);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_store_view(store, &txn);
	if (err == ALM_OK) {
		err = check_head(store, txn, problem);
		alm_store_view_end(store);
	} else {
		err = alm_problem_set(problem, err, "%s", options->path);
	}
	if (err != ALM_OK) {
		alm_store_close(store);
		return err;
	}
	*out_store = store;
	return ALM_OK;
}

struct alm_store_damage alm_store_damage(const struct alm_store *store)
{
	return store->damage;
}

void alm_store_close(struct alm_store *store)
{
	if (store == NULL) {
		return;
	}
	alm_log_index_close(store);
	alm_store_abort(store);
	alm_reuse_free(store);
	alm_log_rows_free(store);
	if (store->reader != NULL) {
		mdb_txn_abort(store->reader);
	}
	if (store->env != NULL) {
		mdb_env_close(store->env);
	}
	alm_person_keys_free(store);
	alm_store_keys_free(store->keys);
	alm_hash_free(store->hash);
	alm_mailbox_fini(store);
	if (store->scratch != NULL) {
		sodium_memzero(store->scratch, ALM_SCRATCH_BYTES);
	}
	free(store->scratch);
	free(store->header);
	free(store->changed.persons);
	if (store->lock_fd >= 0) {
		(void)close(store->lock_fd);
	}
	sodium_memzero(store, sizeof(*store));
	free(store);
}
