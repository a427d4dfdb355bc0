/*
 * check.c - almoner audit verify FILE: what a file of evidence proves, with
 * nothing but public keys.  What kind of file it is, its first line says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/audit/evidence.h"
#include "cli/context.h"
#include "lib/file.h"
#include "lib/id.h"
#include "lib/lines.h"
#include "lib/time.h"
#include "lib/words.h"

#define FILE_BYTES_MAX ((size_t)4 * 1024 * 1024 * 1024)
#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024 * 1024)

/** One file being checked. */
struct check {
	const struct alm_args *args;
	const struct alm_trust *trust;
	const struct alm_checkpoint *from; /* NULL: none was given */
	struct alm_sheet *sheet;
	struct alm_arena arena;
	struct alm_bytes bytes;
	struct alm_checked checked;
	struct alm_problem problem;
};

/* --- what the reader believes --------------------------------------------- */

static enum alm_err add_key(
	const char *text, struct alm_trust *trust, struct alm_problem *problem)
{
	struct alm_note_key key;

	if (trust->key_count == ALM_TRUSTED_KEYS_MAX) {
		return alm_problem_set(problem, ALM_USAGE, "--audit-key");
	}
	if (alm_unhex(text, key.key, sizeof(key.key)) != ALM_OK &&
		(alm_note_key_parse(text, &key) != ALM_OK ||
			key.type != ALM_NOTE_ED25519)) {
		return alm_problem_set(problem, ALM_USAGE,
			"--audit-key is 64 hex digits, or NAME+ID+KEY");
	}
	for (size_t i = 0; i < trust->key_count; i++) {
		if (memcmp(trust->keys[i], key.key, sizeof(key.key)) == 0) {
			return ALM_OK; /* given twice, it counts once */
		}
	}
	memcpy(trust->keys[trust->key_count++], key.key, sizeof(key.key));
	return ALM_OK;
}

static enum alm_err add_witness(
	const char *text, struct alm_trust *trust, struct alm_problem *problem)
{
	struct alm_note_key *key = &trust->witnesses[trust->witness_count];

	if (trust->witness_count == ALM_TRUSTED_WITNESSES_MAX ||
		alm_note_key_parse(text, key) != ALM_OK ||
		key->type != ALM_NOTE_COSIGNATURE) {
		return alm_problem_set(problem, ALM_USAGE,
			"--witness is NAME+ID+KEY, as audit witnesses shows "
			"it");
	}
	trust->needs_witness = true;
	for (size_t i = 0; i < trust->witness_count; i++) {
		const struct alm_note_key *known = &trust->witnesses[i];

		if (memcmp(known->key, key->key, sizeof(key->key)) == 0 &&
			strcmp(known->name, key->name) == 0) {
			return ALM_OK;
		}
	}
	trust->witness_count++;
	return ALM_OK;
}

/** One, or two with a comma between. */
static enum alm_err take_keys_of_context(const struct alm_args *args,
	struct alm_trust *trust, struct alm_problem *problem)
{
	char keys[PATH_MAX];
	enum alm_err err =
		alm_context_value(args, ALM_CONTEXT_AUDIT_KEY, keys, problem);

	for (char *next = keys, *key = NULL;
		err == ALM_OK && (key = strsep(&next, ",")) != NULL &&
		*key != '\0';) {
		err = add_key(key, trust, problem);
	}
	return err;
}

enum alm_err alm_audit_trust_read(const struct alm_args *args,
	struct alm_trust *out_trust, struct alm_problem *problem)
{
	const char *text;
	enum alm_err err = ALM_OK;

	*out_trust =
		(struct alm_trust){.is_strict = alm_args_has(args, "strict")};
	for (size_t i = 0; err == ALM_OK &&
			   (text = alm_args_nth(args, "audit-key", i)) != NULL;
		i++) {
		err = add_key(text, out_trust, problem);
	}
	if (err == ALM_OK && out_trust->key_count == 0) {
		err = take_keys_of_context(args, out_trust, problem);
	}
	for (size_t i = 0; err == ALM_OK &&
			   (text = alm_args_nth(args, "witness", i)) != NULL;
		i++) {
		err = add_witness(text, out_trust, problem);
	}
	return err;
}

enum alm_err alm_audit_head_read(const char *path,
	const struct alm_trust *trust, struct alm_checkpoint *out_head,
	struct alm_problem *problem)
{
	struct alm_trust own = *trust;
	struct alm_checked checked;
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err =
		alm_file_read(path, ALM_NOTE_BYTES_MAX, &data, &bytes, problem);

	if (err == ALM_OK) {
		own.needs_witness = false; /* the reader kept it himself */
		err = alm_check_head(&own, (struct alm_bytes){data, bytes},
			&checked, problem);
	}
	free(data);
	if (err == ALM_OK) {
		*out_head = checked.head;
	}
	return err;
}

/* --- telling -------------------------------------------------------------- */

static void fact_number(struct check *c, const char *key, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	alm_sheet_fact(c->sheet, key, text);
}

static void fact_hex(
	struct check *c, const char *key, const uint8_t *data, size_t bytes)
{
	char text[2 * ALM_DIGEST_BYTES + 1];

	alm_hex(data, bytes, text);
	alm_sheet_fact(c->sheet, key, text);
}

static void tell_record(struct check *c)
{
	const struct alm_checked *checked = &c->checked;
	struct alm_audit_record record;
	char time_text[ALM_INSTANT_US_TEXT_BYTES];
	char id[ALM_UUID_TEXT_BYTES] = "";

	fact_number(c, "seq", checked->seq);
	if (checked->shows == ALM_RECEIPT_DIGEST ||
		alm_audit_header_read(checked->header, &record) != ALM_OK) {
		return;
	}
	alm_instant_us_text(record.time_us, time_text);
	if (record.has_message_id) {
		alm_message_id_text(&record.message_id, id);
	}
	alm_sheet_fact(c->sheet, "time", time_text);
	alm_sheet_fact(c->sheet, "kind", alm_audit_kind_word(record.kind));
	alm_sheet_fact(c->sheet, "effect", alm_effect_word(record.effect));
	fact_number(c, "code", record.code);
	alm_sheet_fact(c->sheet, "message-id", id);
	alm_sheet_fact(c->sheet, "sender", record.sender);
	alm_sheet_fact(c->sheet, "recipient", record.recipient);
	alm_sheet_fact(c->sheet, "purpose", record.purpose);
	alm_sheet_fact(c->sheet, "categories", record.categories);
	alm_sheet_fact(c->sheet, "basis", record.basis);
	fact_hex(c, "content", record.content.raw, ALM_DIGEST_BYTES);
	if (checked->shows == ALM_RECEIPT_PRIVATE) {
		const char *text = alm_arena_text(&c->arena,
			(const char *)checked->salted.data + 16,
			checked->salted.bytes - 16);

		alm_sheet_fact(c->sheet, "detail", text == NULL ? "" : text);
	}
}

static void tell_head(struct check *c)
{
	const struct alm_checked *checked = &c->checked;

	alm_sheet_fact(c->sheet, "origin", checked->head.origin);
	fact_number(c, "size", checked->head.size);
	fact_hex(c, "root", checked->head.root.raw, ALM_DIGEST_BYTES);
	fact_number(c, "witnesses", checked->witnesses);
}

/* What nobody could know from this file and these keys. */
static void tell_not_covered(struct check *c, const char *more)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s%s%s",
		c->from == NULL ? "whether the log was set back (give "
				  "--from-checkpoint FILE); "
		: c->from->size < c->checked.head.size &&
				c->checked.old_size == 0
			? "whether the head extends the one given (audit "
			  "prove); "
			: "",
		c->checked.strangers > 0
			? "signatures by keys that were not given (--witness); "
			: "",
		more);
	if (strlen(text) >= 2 && strcmp(text + strlen(text) - 2, "; ") == 0) {
		text[strlen(text) - 2] = '\0';
	}
	alm_sheet_fact(c->sheet, "not-covered", text);
}

/* --- kinds of files ------------------------------------------------------- */

/* A head seen before must not be newer, and at the same size be the same. */
static enum alm_err check_from(struct check *c)
{
	const struct alm_checkpoint *head = &c->checked.head;

	if (c->from == NULL) {
		return ALM_OK;
	}
	if (strcmp(c->from->origin, head->origin) != 0) {
		return alm_problem_set(&c->problem, ALM_PROOF_WRONG,
			"the head given is of another log");
	}
	if (head->size < c->from->size) {
		return alm_problem_set(&c->problem, ALM_AUDIT_TRUNCATED,
			"its head has %llu records, one seen before has %llu",
			(unsigned long long)head->size,
			(unsigned long long)c->from->size);
	}
	if (head->size == c->from->size &&
		memcmp(&head->root, &c->from->root, sizeof(head->root)) != 0) {
		return alm_problem_set(&c->problem, ALM_HEAD_INCONSISTENT,
			"two roots of %llu records",
			(unsigned long long)head->size);
	}
	return ALM_OK;
}

static enum alm_err check_receipt(struct check *c)
{
	enum alm_err err = alm_check_receipt(
		c->trust, c->bytes, &c->arena, &c->checked, &c->problem);

	if (err == ALM_OK) {
		err = check_from(c);
	}
	if (err == ALM_OK) {
		alm_sheet_fact(c->sheet, "file", "receipt");
		tell_record(c);
		tell_head(c);
		tell_not_covered(
			c, c->checked.shows == ALM_RECEIPT_DIGEST
				   ? "what the record says (its digest only)"
			   : c->checked.shows == ALM_RECEIPT_HEADER
				   ? "the record's private part"
				   : "");
	}
	return err;
}

static enum alm_err check_growth(struct check *c)
{
	enum alm_err err;

	if (c->from == NULL) {
		return alm_problem_set(&c->problem, ALM_USAGE,
			"a proof of growth needs --from-checkpoint FILE");
	}
	err = alm_check_growth(
		c->trust, c->from, c->bytes, &c->checked, &c->problem);
	if (err == ALM_OK) {
		alm_sheet_fact(c->sheet, "file", "growth");
		fact_number(c, "from-size", c->checked.old_size);
		tell_head(c);
		tell_not_covered(c, "what the records say");
	}
	return err;
}

static enum alm_err check_bundle(struct check *c)
{
	enum alm_err err = alm_check_bundle(c->trust, c->bytes, &c->arena, NULL,
		NULL, &c->checked, &c->problem);

	if (err == ALM_OK) {
		err = check_from(c);
	}
	if (err == ALM_OK) {
		alm_sheet_fact(c->sheet, "file", "bundle");
		fact_number(c, "first-seq",
			c->checked.end > 0 ? c->checked.first + 1 : 0);
		fact_number(c, "last-seq", c->checked.end);
		fact_number(c, "records", c->checked.records);
		fact_number(c, "singles", c->checked.singles);
		fact_number(c, "private-parts", c->checked.private_parts);
		fact_number(c, "policies", c->checked.policies);
		fact_number(c, "question", c->checked.question);
		tell_head(c);
		tell_not_covered(
			c, c->checked.end == 0
				   ? "whether other records match: it is a "
				     "selection"
				   : "");
	}
	return err;
}

static enum alm_err check_head(struct check *c)
{
	enum alm_err err =
		alm_check_head(c->trust, c->bytes, &c->checked, &c->problem);

	if (err == ALM_OK) {
		err = check_from(c);
	}
	if (err == ALM_OK) {
		alm_sheet_fact(c->sheet, "file", "checkpoint");
		tell_head(c);
		tell_not_covered(c, "the records");
	}
	return err;
}

static enum alm_err check_folder(struct check *c, const char *path)
{
	struct alm_tiles_checked tiles;
	enum alm_err err = alm_tiles_check(path, c->trust, &tiles, &c->problem);

	if (err == ALM_OK) {
		c->checked = tiles.checked;
		err = check_from(c);
	}
	if (err == ALM_OK) {
		alm_sheet_fact(c->sheet, "file", "tiles");
		fact_number(c, "entries", tiles.entries);
		fact_number(c, "tiles", tiles.tiles);
		tell_head(c);
		tell_not_covered(c, "private parts");
	}
	return err;
}

static enum alm_err check_file(struct check *c, const char *path)
{
	struct alm_bytes rest;
	struct alm_bytes line;
	uint8_t *data = NULL;
	enum alm_err err = alm_file_read(
		path, FILE_BYTES_MAX, &data, &c->bytes.bytes, &c->problem);

	if (err != ALM_OK) {
		return err;
	}
	rest = c->bytes = (struct alm_bytes){data, c->bytes.bytes};
	if (!alm_line_take(&rest, &line)) {
		err = alm_problem_set(
			&c->problem, ALM_NOTE_MALFORMED, "%s", path);
	} else if (alm_line_is(line, "c2sp.org/tlog-proof@v1")) {
		err = check_receipt(c);
	} else if (alm_line_is(line, ALM_BUNDLE_FIRST_LINE)) {
		err = check_bundle(c);
	} else if (alm_line_word(&line, "old")) {
		err = check_growth(c);
	} else {
		err = check_head(c);
	}
	free(data);
	return err;
}

static int check_one(const struct alm_args *args, const struct alm_trust *trust,
	const struct alm_checkpoint *from, const char *path)
{
	struct check c = {.args = args, .trust = trust, .from = from};
	struct stat info;
	bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
	enum alm_err err;
	int rc;

	alm_arena_init(&c.arena, ARENA_BYTES_MAX);
	c.sheet = alm_sheet_new("almoner.audit.verify/1", NULL, 0);
	alm_sheet_fact(c.sheet, "result", "verified");
	err = is_folder ? check_folder(&c, path) : check_file(&c, path);
	if (err == ALM_OK) {
		rc = alm_sheet_print(c.sheet, &args->output);
	} else {
		c.problem.err = err;
		rc = alm_print_problem(&args->output, &c.problem);
	}
	alm_sheet_free(c.sheet);
	alm_arena_fini(&c.arena);
	return rc;
}

int alm_audit_check_files(const struct alm_args *args)
{
	const char *from_path = alm_args_text(args, "from-checkpoint");
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_checkpoint from;
	struct alm_trust trust;
	int rc = ALM_EXIT_OK;

	problem.err = alm_audit_trust_read(args, &trust, &problem);
	if (problem.err == ALM_OK && trust.key_count == 0) {
		(void)alm_problem_set(&problem, ALM_USAGE,
			"--audit-key HEX: whose signature is to be believed?");
	}
	if (problem.err == ALM_OK && from_path != NULL) {
		struct alm_trust loose = trust;

		loose.is_strict = false;
		problem.err =
			alm_audit_head_read(from_path, &loose, &from, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	for (size_t i = 0; i < args->positional_count && rc == ALM_EXIT_OK;
		i++) {
		rc = check_one(args, &trust, from_path == NULL ? NULL : &from,
			args->positionals[i]);
	}
	return rc;
}
