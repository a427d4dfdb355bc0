/*
 * check.c - almoner audit verify FILE: what a file of evidence proves, with
 * nothing but public keys.  What kind of file it is, its first line says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/audit/check_records.h"
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
	struct alm_audit_printer *printer; /* NULL: no records are wanted */
	struct alm_sheet *sheet;           /* the printer's, if there is one */
	struct alm_arena arena;
	struct alm_bytes bytes;
	struct alm_checked checked;
	struct alm_problem problem;
	const char *kind; /* "" until it is known */
	char not_covered[512];
};

/* --- telling -------------------------------------------------------------- */

static void tell_kind(struct check *c, const char *kind)
{
	c->kind = kind;
	alm_sheet_fact(c->sheet, "file", kind);
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

	alm_sheet_number(c->sheet, "seq", checked->seq);
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
	alm_sheet_number(c->sheet, "code", record.code);
	alm_sheet_fact(c->sheet, "message-id", id);
	alm_sheet_fact(c->sheet, "sender", record.sender);
	alm_sheet_fact(c->sheet, "recipient", record.recipient);
	alm_sheet_fact(c->sheet, "purpose", record.purpose);
	alm_sheet_fact(c->sheet, "categories", record.categories);
	alm_sheet_fact(c->sheet, "basis", record.basis);
	fact_hex(c, "content", record.content.raw, ALM_DIGEST_BYTES);
	if (checked->shows == ALM_RECEIPT_PRIVATE) {
		alm_sheet_fact(c->sheet, "detail",
			alm_audit_private_line(&c->arena, checked->salted));
	}
}

static void tell_head(struct check *c)
{
	const struct alm_checked *checked = &c->checked;

	alm_sheet_fact(c->sheet, "origin", checked->head.origin);
	alm_sheet_number(c->sheet, "size", checked->head.size);
	fact_hex(c, "root", checked->head.root.raw, ALM_DIGEST_BYTES);
	alm_sheet_number(c->sheet, "witnesses", checked->witnesses);
}

/* What nobody could know from this file and these keys. */
static void tell_not_covered(struct check *c, const char *more)
{
	char *text = c->not_covered;

	(void)snprintf(text, sizeof(c->not_covered), "%s%s%s",
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
		tell_kind(c, "receipt");
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
		tell_kind(c, "growth");
		alm_sheet_number(c->sheet, "from-size", c->checked.old_size);
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
		tell_kind(c, "bundle");
		alm_sheet_number(c->sheet, "first-seq",
			c->checked.end > 0 ? c->checked.first + 1 : 0);
		alm_sheet_number(c->sheet, "last-seq", c->checked.end);
		alm_sheet_number(c->sheet, "records", c->checked.records);
		alm_sheet_number(c->sheet, "singles", c->checked.singles);
		alm_sheet_number(
			c->sheet, "private-parts", c->checked.private_parts);
		alm_sheet_number(c->sheet, "policies", c->checked.policies);
		alm_sheet_number(c->sheet, "question", c->checked.question);
		tell_head(c);
		tell_not_covered(
			c, c->checked.end == 0
				   ? "whether other records match: it is a "
				     "selection"
				   : "");
	}
	if (err == ALM_OK && c->printer != NULL) {
		err = alm_audit_records_print(c->printer, c->trust, c->bytes,
			c->checked.witnesses, &c->arena, &c->problem);
	}
	return err;
}

static enum alm_err check_page(struct check *c)
{
	enum alm_err err = alm_audit_check_page(
		c->trust, c->bytes, &c->arena, &c->checked, &c->problem);

	if (err == ALM_OK) {
		err = check_from(c);
	}
	if (err == ALM_OK) {
		tell_kind(c, "page");
		alm_sheet_number(c->sheet, "records", c->checked.records);
		alm_sheet_number(c->sheet, "digests", c->checked.singles);
		tell_head(c);
		tell_not_covered(
			c, c->checked.singles > 0
				   ? "what rows say that have a digest only; "
				     "agent, detail, signature and evidence of "
				     "all rows; whether other records match"
				   : "agent, detail, signature and evidence of "
				     "the rows; whether other records match");
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
		tell_kind(c, "checkpoint");
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
		tell_kind(c, "tiles");
		alm_sheet_number(c->sheet, "entries", tiles.entries);
		alm_sheet_number(c->sheet, "tiles", tiles.tiles);
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
	} else if (line.bytes > 0 && line.data[0] == '{') {
		err = check_page(c);
	} else if (alm_line_word(&line, "old")) {
		err = check_growth(c);
	} else {
		err = check_head(c);
	}
	free(data);
	if (err == ALM_OK && c->printer != NULL &&
		strcmp(c->kind, "bundle") != 0) {
		err = alm_problem_set(&c->problem, ALM_USAGE,
			"--records are those of a bundle; this is a %s",
			c->kind);
	}
	return err;
}

static enum alm_err check_path(struct check *c, const char *path)
{
	struct stat info;
	bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);

	alm_sheet_fact(c->sheet, "result", "verified");
	alm_sheet_fact(c->sheet, "path", path);
	return is_folder ? check_folder(c, path) : check_file(c, path);
}

/* Of several files each is a row. */
static void add_row(
	const struct check *c, const char *path, struct alm_sheet *all)
{
	bool is_good = c->problem.err == ALM_OK;
	char root[2 * ALM_DIGEST_BYTES + 1] = "";
	char size[24] = "";

	if (is_good) {
		alm_hex(c->checked.head.root.raw, ALM_DIGEST_BYTES, root);
		(void)snprintf(size, sizeof(size), "%llu",
			(unsigned long long)c->checked.head.size);
	}
	alm_sheet_row(all,
		(const char *const[]){path, is_good ? "verified" : "refused",
			c->kind, size, root,
			is_good ? "" : alm_err_info(c->problem.err)->name,
			is_good ? "" : c->problem.detail, c->not_covered});
}

/* Rows that stand without facts get what they leave out beside them. */
static int end_records(struct check *c)
{
	const struct alm_args *args = c->args;
	int rc = alm_audit_printer_page(c->printer);

	if (args->output.format == ALM_FORMAT_JSONL ||
		args->output.format == ALM_FORMAT_CSV ||
		alm_args_has(args, "format")) {
		alm_print_warning(&args->output, "verified%s%s",
			c->not_covered[0] != '\0' ? "; not covered: " : "",
			c->not_covered);
	}
	return rc == ALM_EXIT_OK ? alm_audit_printer_end(c->printer, "") : rc;
}

static enum alm_err begin(struct check *c)
{
	enum alm_err err = ALM_OK;

	alm_arena_init(&c->arena, ARENA_BYTES_MAX);
	if (!alm_args_has(c->args, "records")) {
		c->sheet = alm_sheet_new("almoner.audit.verify/1", NULL, 0);
		return ALM_OK;
	}
	err = alm_audit_records_new(c->args, &c->printer, &c->problem);
	if (err == ALM_OK) {
		c->sheet = alm_audit_printer_sheet(c->printer);
	}
	return err;
}

static void end(struct check *c)
{
	if (c->printer == NULL) {
		alm_sheet_free(c->sheet);
	}
	alm_audit_printer_free(c->printer);
	alm_arena_fini(&c->arena);
}

/* `all`: where its row goes; NULL: it is the only one. */
static int check_one(const struct alm_args *args, const struct alm_trust *trust,
	const struct alm_checkpoint *from, const char *path,
	struct alm_sheet *all)
{
	struct check c = {
		.args = args, .trust = trust, .from = from, .kind = ""};
	int rc = ALM_EXIT_OK;

	c.problem.err = begin(&c);
	if (c.problem.err == ALM_OK) {
		c.problem.err = check_path(&c, path);
	}
	if (all != NULL) {
		add_row(&c, path, all);
		rc = (int)alm_err_info(c.problem.err)->exit_code;
	} else if (c.problem.err != ALM_OK) {
		rc = alm_print_problem(&args->output, &c.problem);
	} else if (c.printer != NULL) {
		rc = end_records(&c);
	} else {
		rc = alm_sheet_print(c.sheet, &args->output);
	}
	end(&c);
	return rc;
}

/* Each is checked, whatever is wrong with others. */
static int check_several(const struct alm_args *args,
	const struct alm_trust *trust, const struct alm_checkpoint *from)
{
	static const char *const columns[] = {"path", "result", "file", "size",
		"root", "name", "what", "not-covered"};
	struct alm_sheet *all = alm_sheet_new(
		"almoner.audit.verify.files/1", columns, ALM_COUNT(columns));
	int worst = ALM_EXIT_OK;
	int rc;

	for (size_t i = 0; i < args->positional_count; i++) {
		rc = check_one(args, trust, from, args->positionals[i], all);
		worst = rc > worst ? rc : worst;
	}
	rc = alm_sheet_print(all, &args->output);
	alm_sheet_free(all);
	return rc > worst ? rc : worst;
}

int alm_audit_check_files(const struct alm_args *args)
{
	const char *from_path = alm_args_text(args, "from-checkpoint");
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_checkpoint head;
	const struct alm_checkpoint *from = from_path == NULL ? NULL : &head;
	struct alm_trust trust;

	problem.err = alm_audit_trust_read(args, &trust, &problem);
	if (problem.err == ALM_OK && trust.key_count == 0) {
		(void)alm_problem_set(&problem, ALM_USAGE,
			"--audit-key HEX: whose signature is to be believed?");
	}
	if (problem.err == ALM_OK && args->positional_count > 1 &&
		alm_args_has(args, "records")) {
		(void)alm_problem_set(
			&problem, ALM_USAGE, "--records is for one bundle");
	}
	if (problem.err == ALM_OK && from != NULL) {
		struct alm_trust loose = trust;

		loose.is_strict = false;
		problem.err =
			alm_audit_head_read(from_path, &loose, &head, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	return args->positional_count == 1 ? check_one(args, &trust, from,
						     args->positionals[0], NULL)
					   : check_several(args, &trust, from);
}
