/*
 * backup.c - almoner backup: a compact copy of the store, made beside a live
 * daemon, brought to disk, recomputed as almoner audit verify does, and only
 * then given its name.  Nothing that exists is ever written over.
 */
#include "broker/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "broker/store/store.h"
#include "cli/admin.h"
#include "cli/audit/place.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "lib/file.h"

#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct alm_option options[] = {
	{"store", 0, ALM_OPTION_TEXT, "DIR",
		"the store's folder; unless given, that of the running broker, "
		"else as the daemon's configuration says",
		false, false},
	{"key", 0, ALM_OPTION_TEXT, "FILE",
		"the store's key: private parts and mail are checked too; "
		"needed when no daemon runs, to record the copy",
		false, false},
	ALM_REASON_OPTION(false),
	{0},
};

static const struct alm_usage usage = {
	.name = "backup",
	.summary = "Copy the store to a folder that does not exist yet: "
		   "compact, from a running daemon, verified before it gets "
		   "its name, and recorded.",
	.positionals = "TO",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = options,
	.notes = "  almoner backup /var/backups/almoner/2026-07-30 --key "
		 "/etc/almoner/store.key\n\n"
		 "  The key is not in the copy: keep it elsewhere.  A copy "
		 "that was interrupted stays\n  as TO.partial; remove it and "
		 "begin again.",
};

struct backup {
	const struct alm_args *args;
	char store[PATH_MAX];
	const char *to;
	char partial[PATH_MAX];
	char parent[PATH_MAX];
	const uint8_t *key;          /* NULL: none */
	struct alm_control *control; /* NULL: no daemon runs */
	struct alm_arena arena;
	char store_id[2 * ALM_STORE_ID_BYTES + 1]; /* that the daemon says */
	uint64_t begun_size; /* of its log, before the copy */
	uint64_t begun_seq;  /* the record of the beginning */
	struct alm_backup copy;
	struct alm_audit_report report;
};

/* --- the record ----------------------------------------------------------- */

static void head_text(const struct backup *b, char *out, size_t bytes)
{
	char root[2 * ALM_DIGEST_BYTES + 1];

	alm_hex(b->report.head.root.raw, ALM_DIGEST_BYTES, root);
	(void)snprintf(out, bytes, "%" PRIu64 ":%s", b->report.head.size, root);
}

/* What the daemon's answer says of the store, and of the beginning. */
static void take_answer(
	struct backup *b, const char *what, const struct alm_answer *answer)
{
	const char *size = alm_answer_fact(answer, "size");
	const char *seq = alm_answer_fact(answer, "seq");
	const char *id = alm_answer_fact(answer, "store-id");

	if (strcmp(what, "begun") == 0) {
		b->begun_size = size == NULL ? 0 : strtoull(size, NULL, 10);
		b->begun_seq = seq == NULL ? 0 : strtoull(seq, NULL, 10);
	}
	(void)snprintf(
		b->store_id, sizeof(b->store_id), "%s", id != NULL ? id : "");
}

/** `why`: of a copy that failed. */
static enum alm_err record_live(struct backup *b, const char *what,
	enum alm_err why, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "store.backup"};
	struct alm_answer answer;
	char bytes[24];
	char follows[24];
	char code[24];
	char head[128];
	enum alm_err err;

	alm_ask_add(&ask, "what", what);
	alm_ask_add(&ask, "to", b->to);
	if (strcmp(what, "done") == 0) {
		(void)snprintf(bytes, sizeof(bytes), "%" PRIu64, b->copy.bytes);
		head_text(b, head, sizeof(head));
		alm_ask_add(&ask, "bytes", bytes);
		alm_ask_add(&ask, "head", head);
	}
	(void)snprintf(follows, sizeof(follows), "%" PRIu64, b->begun_seq);
	(void)snprintf(code, sizeof(code), "%d", (int)why);
	if (b->begun_seq != 0) {
		alm_ask_add(&ask, "follows", follows);
	}
	if (why != ALM_OK) {
		alm_ask_add(&ask, "code", code);
	}
	alm_ask_change(&ask, b->args);
	alm_arena_reset(&b->arena);
	err = alm_admin_ask(b->control, &ask, &b->arena, &answer, problem);
	if (err == ALM_OK) {
		take_answer(b, what, &answer);
	}
	return err;
}

static enum alm_err append(struct backup *b, struct alm_store *store,
	const char *what, enum alm_err why)
{
	const char *reason = alm_args_text(b->args, "reason");
	struct alm_audit_record entry =
		alm_audit_record_empty(ALM_AUDIT_BACKUP);
	char detail[4096 + 2048];
	char head[128] = "";
	enum alm_err err;

	entry.ref = b->begun_seq;
	entry.code = (uint32_t)why;
	if (strcmp(what, "done") == 0) {
		head_text(b, head, sizeof(head));
	}
	(void)snprintf(detail, sizeof(detail),
		"what: %s\nby: user %u, with no daemon\nreason: %.1024s\n"
		"to: %.4000s\nhead: %s\n",
		what, (unsigned)getuid(), reason != NULL ? reason : "", b->to,
		head);
	err = alm_audit_record_alone(store, &entry, detail);
	if (err == ALM_OK && strcmp(what, "begun") == 0) {
		b->begun_seq = entry.seq;
	}
	return err;
}

static enum alm_err no_key(struct alm_problem *problem)
{
	return alm_problem_set(problem, ALM_USAGE,
		"no daemon answers: --key FILE is needed to record the copy");
}

static enum alm_err record_offline(struct backup *b, const char *what,
	enum alm_err why, struct alm_problem *problem)
{
	const struct alm_store_options with = {
		.path = b->store, .key = b->key, .must_exist = true};
	struct alm_store *store = NULL;
	enum alm_err err;

	if (b->key == NULL) {
		return no_key(problem);
	}
	err = alm_store_open(&with, &store, problem);
	if (err == ALM_OK) {
		err = append(b, store, what, why);
	}
	alm_store_close(store);
	return err;
}

static enum alm_err record(struct backup *b, const char *what, enum alm_err why,
	struct alm_problem *problem)
{
	return b->control != NULL ? record_live(b, what, why, problem)
				  : record_offline(b, what, why, problem);
}

/* --- the copy ------------------------------------------------------------- */

/* Whether they could be made. */
static enum alm_err try_folders(
	const struct backup *b, struct alm_problem *problem)
{
	struct stat info;

	if (lstat(b->partial, &info) == 0) {
		return alm_problem_set(
			problem, ALM_BACKUP_EXISTS, "%s", b->partial);
	}
	return access(b->parent, W_OK | X_OK) == 0
		       ? ALM_OK
		       : alm_problem_set(problem, ALM_STORE_PATH, "%s: %s",
				 b->parent, strerror(errno));
}

static enum alm_err name_folders(struct backup *b, struct alm_problem *problem)
{
	const char *slash = strrchr(b->to, '/');
	struct stat info;

	(void)snprintf(b->parent, sizeof(b->parent), "%.*s",
		slash == NULL    ? 1
		: slash == b->to ? 1
				 : (int)(slash - b->to),
		slash == NULL ? "." : b->to);
	if (b->to[0] == '\0' || (slash != NULL && slash[1] == '\0') ||
		(size_t)snprintf(b->partial, sizeof(b->partial), "%s.partial",
			b->to) >= sizeof(b->partial)) {
		return alm_problem_set(problem, ALM_USAGE,
			"TO is a folder, without a slash at the end");
	}
	if (lstat(b->to, &info) == 0) {
		return alm_problem_set(problem, ALM_BACKUP_EXISTS, "%s", b->to);
	}
	if (alm_args_has(b->args, "dry-run")) {
		return try_folders(b, problem);
	}
	if (mkdir(b->partial, 0700) != 0) {
		return alm_problem_set(problem,
			errno == EEXIST ? ALM_BACKUP_EXISTS : ALM_STORE_PATH,
			"%s: %s", b->partial, strerror(errno));
	}
	return ALM_OK;
}

static void remove_partial(const struct backup *b)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", ""};

	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		char path[PATH_MAX + 16];

		(void)snprintf(
			path, sizeof(path), "%s/%s", b->partial, names[i]);
		(void)remove(path);
	}
}

static enum alm_err verify(struct backup *b, struct alm_problem *problem)
{
	char lock[PATH_MAX + 16];
	char id[2 * ALM_STORE_ID_BYTES + 1];
	enum alm_err err;

	alm_hex(b->copy.store_id, ALM_STORE_ID_BYTES, id);
	err = alm_audit_verify(b->partial, b->key, NULL, NULL, &b->report);
	if (err == ALM_OK && b->control != NULL &&
		(strcmp(id, b->store_id) != 0 ||
			b->report.head.size < b->begun_size)) {
		return alm_problem_set(problem, ALM_STORE_PATH,
			"%s is not the daemon's store: give --store", b->store);
	}
	if (err == ALM_AUDIT_DAMAGED) {
		return alm_problem_set(
			problem, ALM_BACKUP_BAD, "%s", b->report.what);
	}
	(void)snprintf(lock, sizeof(lock), "%s/lock.mdb", b->partial);
	(void)remove(lock);
	return err == ALM_OK ? ALM_OK
			     : alm_problem_set(problem, err, "%s", b->partial);
}

/** Under its name, unless something took that meanwhile. */
static enum alm_err give_name(struct backup *b, struct alm_problem *problem)
{
	if (renameat2(AT_FDCWD, b->partial, AT_FDCWD, b->to,
		    RENAME_NOREPLACE) != 0) {
		return alm_problem_set(problem,
			errno == EEXIST ? ALM_BACKUP_EXISTS : ALM_STORE_PATH,
			"%s: %s", b->to, strerror(errno));
	}
	return alm_file_sync_folder(b->parent, problem);
}

/* What can be known without a copy: the folders, that the store can be read
 * and is the daemon's, and room for all of it. */
static enum alm_err try_copy(struct backup *b, struct alm_problem *problem)
{
	char id[2 * ALM_STORE_ID_BYTES + 1];
	struct statvfs disk;
	enum alm_err err = name_folders(b, problem);

	if (err == ALM_OK && b->control != NULL) {
		err = record_live(b, "begun", ALM_OK, problem);
	} else if (err == ALM_OK && b->key == NULL) {
		err = no_key(problem);
	}
	if (err == ALM_OK) {
		err = alm_store_copy_try(b->store, &b->copy, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_hex(b->copy.store_id, ALM_STORE_ID_BYTES, id);
	if (b->control != NULL && strcmp(id, b->store_id) != 0) {
		return alm_problem_set(problem, ALM_STORE_PATH,
			"%s is not the daemon's store: give --store", b->store);
	}
	if (statvfs(b->parent, &disk) == 0 &&
		(uint64_t)disk.f_bavail * disk.f_frsize < b->copy.bytes) {
		return alm_problem_set(problem, ALM_STORE_FULL,
			"%s has room for %" PRIu64 " bytes of %" PRIu64,
			b->parent, (uint64_t)disk.f_bavail * disk.f_frsize,
			b->copy.bytes);
	}
	return ALM_OK;
}

static enum alm_err copy(struct backup *b, struct alm_problem *problem)
{
	enum alm_err err = name_folders(b, problem);

	if (err != ALM_OK) {
		return err;
	}
	err = record(b, "begun", ALM_OK, problem);
	if (err == ALM_OK) {
		err = alm_store_copy(b->store, b->partial, &b->copy, problem);
	}
	if (err == ALM_OK) {
		err = verify(b, problem);
	}
	if (err == ALM_OK) {
		err = give_name(b, problem);
	}
	if (err == ALM_OK) {
		return record(b, "done", ALM_OK, problem);
	}
	if (err != ALM_BACKUP_BAD) { /* that one is evidence */
		remove_partial(b);
	}
	/* What went wrong is told, whether it can be recorded or not. */
	if (b->control != NULL || b->key != NULL) {
		struct alm_problem ignored = {.err = ALM_OK};

		(void)record(b, "failed", err, &ignored);
	}
	return err;
}

/* --- telling -------------------------------------------------------------- */

static int tell(const struct backup *b)
{
	struct alm_sheet *sheet = alm_sheet_new("almoner.backup/1", NULL, 0);
	char root[2 * ALM_DIGEST_BYTES + 1];
	int rc;

	alm_hex(b->report.head.root.raw, ALM_DIGEST_BYTES, root);
	alm_sheet_fact(sheet, "to", b->to);
	alm_sheet_fact(sheet, "result", "verified");
	alm_sheet_number(sheet, "bytes", b->copy.bytes);
	alm_sheet_number(sheet, "file-bytes", b->copy.file_bytes);
	alm_sheet_number(sheet, "size", b->report.head.size);
	alm_sheet_fact(sheet, "root", root);
	alm_sheet_fact(sheet, "not-covered",
		b->key != NULL ? "" : "private parts and mail (give --key)");
	rc = alm_sheet_print(sheet, &b->args->output);
	alm_sheet_free(sheet);
	return rc;
}

static int run(struct backup *b)
{
	struct alm_problem problem = {.err = ALM_OK};
	enum alm_err err = alm_admin_open(b->args, &b->control, &problem);

	if (err == ALM_UNREACHABLE) {
		b->control = NULL;
		problem = (struct alm_problem){.err = ALM_OK};
		err = ALM_OK;
	}
	if (err == ALM_OK && alm_args_has(b->args, "dry-run")) {
		err = try_copy(b, &problem);
		if (err == ALM_OK) {
			alm_print_warning(&b->args->output,
				"this was a dry run: some %" PRIu64
				" bytes would be copied to %s",
				b->copy.bytes, b->to);
			return ALM_EXIT_OK;
		}
	} else if (err == ALM_OK) {
		err = copy(b, &problem);
	}
	if (err != ALM_OK) {
		return alm_print_problem(&b->args->output, &problem);
	}
	return tell(b);
}

int alm_cmd_backup(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t key[ALM_STORE_KEY_BYTES];
	struct backup b = {.control = NULL};
	bool has_key = false;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	b.args = &args;
	b.to = args.positionals[0];
	alm_audit_place_store(&args, b.store);
	problem.err = alm_context_secret(
		&args, ALM_CONTEXT_STORE_KEY, &has_key, key, &problem);
	b.key = has_key ? key : NULL;
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_arena_init(&b.arena, ARENA_BYTES_MAX);
	rc = run(&b);
	alm_control_close(b.control);
	alm_arena_fini(&b.arena);
	sodium_memzero(key, sizeof(key));
	return rc;
}
