/*
 * verify.c - almoner audit verify: recomputes the whole log, offline or
 * beside a live daemon.  The work runs in a child process, because a damaged
 * file can crash the database library; a crash counts as damage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/store/audit.h"
#include "broker/store/store.h"
#include "cli/args.h"
#include "cli/audit/evidence.h"
#include "cli/audit/options.h"
#include "cli/audit/place.h"
#include "cli/audit/printer.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/show/bar.h"
#include "lib/file.h"
#include "lib/id.h"

static const struct alm_option options[] = {
	{"store", 0, ALM_OPTION_TEXT, "DIR",
		"the store's folder; unless given, that of the running broker, "
		"else as the daemon's configuration says",
		false, false},
	{"key", 0, ALM_OPTION_TEXT, "FILE",
		"the store's key: private parts and mail are checked too",
		false, false},
	{"head", 0, ALM_OPTION_TEXT, "SIZE:ROOT",
		"a head seen before, as audit head shows it: the log may not "
		"be shorter, nor another of that size",
		false, false},
	{"from-checkpoint", 0, ALM_OPTION_TEXT, "FILE",
		"a signed head seen before: the log must extend it", false,
		false},
	{"audit-key", 0, ALM_OPTION_TEXT, "HEX",
		"the public key that must have signed; more than one while it "
		"is changed",
		false, true},
	{"witness", 0, ALM_OPTION_TEXT, "NAME+ID+KEY",
		"a witness's public key: of those given one must have "
		"cosigned, if a file is checked",
		false, true},
	{"strict", 0, ALM_OPTION_FLAG, NULL,
		"refuse signatures by keys that were not given", false, false},
	{"records", 0, ALM_OPTION_FLAG, NULL,
		"with one bundle: print its records, once all of it is found "
		"good",
		false, false},
	{"wide", 'w', ALM_OPTION_FLAG, NULL,
		"with --records: show all columns in a table", false, false},
	ALM_AUDIT_FORMAT_OPTION,
	{0},
};

static const struct alm_usage usage = {
	.name = "audit verify",
	.summary = "Recompute the whole audit log and all that is stored, and "
		   "say what was covered and what not.  Exit 0 if all is well, "
		   "8 if not.",
	.positionals = "[FILE|FOLDER]...",
	.positional_max = 64,
	.takes = ALM_TAKES_CONTEXT,
	.options = options,
	.notes = "With files, they are checked instead of a store: receipts, "
		 "bundles, signed\nheads, proofs that the log grew, folders of "
		 "tiles, and what audit query --proof\n--json printed.\n\n"
		 "  almoner audit verify --store /var/lib/almoner --key "
		 "/etc/almoner/store.key\n"
		 "  almoner audit verify 1042.tlog-proof --audit-key HEX\n"
		 "  almoner audit verify july.bundle --audit-key HEX --records "
		 "--csv",
};

/** A head that was seen before. */
struct expected {
	bool is_given;
	struct alm_audit_head head;
};

/* What is asked. */
struct asked {
	const struct alm_args *args;
	char path[PATH_MAX]; /* of the store's folder */
	struct expected expected;
	struct alm_trust trust;
	bool has_key;
	uint8_t key[ALM_STORE_KEY_BYTES]; /* the store's, if there is one */
};

/** What the child tells. */
struct outcome {
	enum alm_err err;
	struct alm_audit_report report;
	struct alm_audit_head then; /* at the size of the head seen before */
};

static void show_progress(void *cookie, uint64_t done, uint64_t total)
{
	alm_bar_show(cookie, done, total);
}

static _Noreturn void verify_and_tell(const struct asked *asked, int fd)
{
	const struct expected *expected = &asked->expected;
	struct alm_bar progress;
	struct outcome outcome = {.err = ALM_OK};
	const char *data = (const char *)&outcome;
	size_t sent = 0;

	alm_bar_init(&progress, &asked->args->output, "records");
	outcome.err = alm_audit_verify(asked->path,
		asked->has_key ? asked->key : NULL, show_progress, &progress,
		&outcome.report);
	alm_bar_end(&progress);
	if (outcome.err == ALM_OK && expected->is_given &&
		expected->head.size <= outcome.report.head.size) {
		outcome.err = alm_audit_head_of(
			asked->path, expected->head.size, &outcome.then);
	}
	while (sent < sizeof(outcome)) {
		ssize_t n = write(fd, data + sent, sizeof(outcome) - sent);

		if (n < 0 && errno != EINTR) {
			_exit(ALM_EXIT_FAILURE);
		}
		sent += n > 0 ? (size_t)n : 0;
	}
	_exit(ALM_EXIT_OK);
}

/** Whether the whole outcome came. */
static bool read_outcome(int fd, struct outcome *out)
{
	char *data = (char *)out;
	size_t got = 0;

	while (got < sizeof(*out)) {
		ssize_t n = read(fd, data + got, sizeof(*out) - got);

		if (n == 0 || (n < 0 && errno != EINTR)) {
			return false;
		}
		got += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static void verify_in_child(const struct asked *asked, struct outcome *out)
{
	int fds[2];
	int status = 0;
	pid_t child;
	bool is_whole;

	*out = (struct outcome){.err = ALM_IO};
	if (pipe(fds) != 0) {
		return;
	}
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		(void)close(fds[0]);
		verify_and_tell(asked, fds[1]);
	}
	(void)close(fds[1]);
	is_whole = child > 0 && read_outcome(fds[0], out);
	(void)close(fds[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (!is_whole && child > 0) {
		*out = (struct outcome){.err = ALM_AUDIT_DAMAGED};
		(void)snprintf(out->report.what, sizeof(out->report.what),
			"reading the store ended the process (signal %d)",
			WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
}

/* --- a head from elsewhere ---------------------------------------------- */

static enum alm_err read_head(
	const char *text, struct expected *out, struct alm_problem *problem)
{
	char *end = NULL;

	if (text == NULL) {
		return ALM_OK;
	}
	out->is_given = true;
	out->head.size = strtoull(text, &end, 10);
	if (end == text || *end != ':' ||
		alm_unhex(end + 1, out->head.root.raw,
			sizeof(out->head.root.raw)) != ALM_OK) {
		return alm_problem_set(
			problem, ALM_USAGE, "--head is SIZE:ROOT");
	}
	return ALM_OK;
}

/* A head that is not signed is no evidence of anything. */
static enum alm_err read_seen(const struct alm_args *args,
	const struct alm_trust *trust, struct expected *out,
	struct alm_problem *problem)
{
	struct alm_trust loose = *trust;
	struct alm_checkpoint seen;
	enum alm_err err;

	if (trust->key_count == 0) {
		return alm_problem_set(problem, ALM_USAGE,
			"--from-checkpoint needs --audit-key HEX");
	}
	loose.is_strict = false;
	err = alm_audit_head_read(
		alm_args_text(args, "from-checkpoint"), &loose, &seen, problem);
	if (err == ALM_OK) {
		out->is_given = true;
		out->head = (struct alm_audit_head){seen.size, seen.root};
	}
	return err;
}

static void compare(const struct expected *expected, struct outcome *outcome)
{
	struct alm_audit_report *report = &outcome->report;

	if (!expected->is_given || outcome->err != ALM_OK) {
		return;
	}
	if (report->head.size < expected->head.size) {
		outcome->err = ALM_AUDIT_TRUNCATED;
		(void)snprintf(report->what, sizeof(report->what),
			"%llu records, where %llu were seen before",
			(unsigned long long)report->head.size,
			(unsigned long long)expected->head.size);
	} else if (memcmp(outcome->then.root.raw, expected->head.root.raw,
			   sizeof(expected->head.root.raw)) != 0) {
		outcome->err = ALM_AUDIT_DAMAGED;
		(void)snprintf(report->what, sizeof(report->what),
			"another root than was seen before at this size");
	}
}

/* The newest signed head must be by a key that was given. */
static void check_signer(const struct alm_trust *trust, struct outcome *outcome)
{
	struct alm_audit_report *report = &outcome->report;
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_checked checked;
	struct alm_trust loose = *trust;

	loose.is_strict = false;
	loose.needs_witness = false; /* the stored note is without theirs */
	if (outcome->err != ALM_OK || trust->key_count == 0) {
		return;
	}
	outcome->err = alm_check_head(&loose,
		(struct alm_bytes){(const uint8_t *)report->head_note,
			strlen(report->head_note)},
		&checked, &problem);
	if (outcome->err != ALM_OK) {
		outcome->err = ALM_SIGNATURE_ABSENT;
		(void)snprintf(report->what, sizeof(report->what),
			report->heads == 0 ? "no head of the log is signed"
					   : "%s",
			problem.detail);
	}
}

static void not_covered(
	const struct asked *asked, const struct outcome *outcome, char out[512])
{
	const struct alm_audit_report *r = &outcome->report;
	bool reached_heads = r->heads > 0 || outcome->err == ALM_OK;
	char unsigned_records[96] = "";
	size_t bytes;

	if (r->heads > 0 && r->signed_size < r->head.size) {
		(void)snprintf(unsigned_records, sizeof(unsigned_records),
			"the records from %llu on (no head is signed over "
			"them); ",
			(unsigned long long)r->signed_size + 1);
	}
	(void)snprintf(out, 512, "%s%s%s%s%s",
		outcome->err == ALM_OK ? "" : "what is behind the damage; ",
		r->private_checked ? ""
				   : "private parts and mail (give --key); ",
		asked->expected.is_given ? ""
					 : "truncation (give --from-checkpoint "
					   "FILE); ",
		asked->trust.key_count > 0 ? ""
		: r->heads > 0
			? "whose the signatures are (give --audit-key HEX); "
		: reached_heads ? "signatures (no head is signed); "
				: "signatures; ",
		unsigned_records);
	bytes = strlen(out);
	if (bytes > 0) {
		out[bytes - 2] = '\0';
	}
}

/* --- telling ------------------------------------------------------------ */

/* The log says when it was verified, and what was found. */
static void tell_broker(const struct asked *asked,
	const struct outcome *outcome, const char *text)
{
	const struct alm_audit_head *head = &outcome->report.head;
	char root[2 * ALM_DIGEST_BYTES + 1];
	char seen[ALM_DIGEST_BYTES * 2 + 24];

	alm_hex(head->root.raw, ALM_DIGEST_BYTES, root);
	(void)snprintf(seen, sizeof(seen), "%llu:%s",
		(unsigned long long)head->size, root);
	alm_audit_place_tell_verified(asked->args, asked->path,
		&(struct alm_audit_finding){
			outcome->err == ALM_OK ? "verified" : "damaged", seen,
			outcome->err == ALM_OK ? "" : outcome->report.what,
			text});
}

static int tell(const struct asked *asked, const struct outcome *outcome)
{
	const struct alm_output *output = &asked->args->output;
	const struct alm_audit_report *r = &outcome->report;
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.audit.verify/1", NULL, 0);
	char root[2 * sizeof(r->head.root.raw) + 1];
	char text[512];
	int rc;

	not_covered(asked, outcome, text);
	tell_broker(asked, outcome, text);
	alm_hex(r->head.root.raw, sizeof(r->head.root.raw), root);
	alm_sheet_fact(sheet, "result",
		outcome->err == ALM_OK ? "verified" : "damaged");
	alm_sheet_number(sheet, "size", r->head.size);
	alm_sheet_fact(sheet, "root", root);
	alm_sheet_number(sheet, "records", r->records);
	alm_sheet_number(sheet, "tiles", r->tiles);
	alm_sheet_number(sheet, "private-parts", r->private_parts);
	alm_sheet_number(sheet, "private-absent", r->private_absent);
	alm_sheet_number(sheet, "private-erased", r->private_erased);
	alm_sheet_number(sheet, "private-pruned", r->private_pruned);
	alm_sheet_number(sheet, "pruned-through", r->pruned_through);
	alm_sheet_number(sheet, "mail", r->mail);
	alm_sheet_number(sheet, "others", r->others);
	alm_sheet_number(sheet, "heads", r->heads);
	alm_sheet_number(sheet, "signed-size", r->signed_size);
	alm_sheet_fact(sheet, "not-covered", text);
	if (outcome->err != ALM_OK) {
		alm_sheet_number(sheet, "first-bad-seq", r->first_bad_seq);
		alm_sheet_fact(sheet, "what", r->what);
	}
	rc = alm_sheet_print(sheet, output);
	alm_sheet_free(sheet);
	if (outcome->err != ALM_OK) {
		rc = alm_print_failure(output,
			&(struct alm_failure){outcome->err, r->what, NULL, 0});
	}
	return rc;
}

/* All that is asked; the key in `asked` is the caller's to clear. */
static enum alm_err read_asked(const struct alm_args *args, struct asked *asked,
	struct alm_problem *problem)
{
	enum alm_err err = read_head(
		alm_args_text(args, "head"), &asked->expected, problem);

	asked->args = args;
	if (err == ALM_OK) {
		err = alm_audit_trust_read(args, &asked->trust, problem);
	}
	if (err == ALM_OK && alm_args_has(args, "from-checkpoint")) {
		err = read_seen(args, &asked->trust, &asked->expected, problem);
	}
	if (err == ALM_OK) {
		err = alm_context_secret(args, ALM_CONTEXT_STORE_KEY,
			&asked->has_key, asked->key, problem);
	}
	if (err == ALM_OK) {
		alm_audit_place_store(args, asked->path);
	}
	return err;
}

static int verify(const struct asked *asked)
{
	struct outcome outcome;
	const char *what = outcome.report.what;
	enum alm_exit exit_code;

	verify_in_child(asked, &outcome);
	compare(&asked->expected, &outcome);
	check_signer(&asked->trust, &outcome);
	exit_code = alm_err_info(outcome.err)->exit_code;
	if (exit_code == ALM_EXIT_OK || exit_code == ALM_EXIT_INTEGRITY) {
		return tell(asked, &outcome);
	}
	return alm_print_failure(&asked->args->output,
		&(struct alm_failure){outcome.err,
			what[0] != '\0' ? what : asked->path, NULL, 0});
}

int alm_cmd_audit_verify(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct asked asked = {.has_key = false};
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (args.positional_count > 0) {
		return alm_audit_check_files(&args);
	}
	if (alm_args_has(&args, "records")) {
		return alm_args_complain(&args, "--records is for a bundle");
	}
	problem.err = read_asked(&args, &asked, &problem);
	rc = problem.err == ALM_OK ? verify(&asked)
				   : alm_print_problem(&args.output, &problem);
	sodium_memzero(asked.key, sizeof(asked.key));
	return rc;
}
