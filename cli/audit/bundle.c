/*
 * bundle.c - almoner audit bundle: one file with records, proofs, the signed
 * head and the policies, for who has nothing but the public key.
 *
 * That it is made is a record itself, with the reason.  The running daemon
 * writes it, and the bundle waits for the head that covers it; without one it
 * is written here, and no head covers it yet.  The records are read from the
 * store beside the daemon, so that a bundle of millions takes none of its time.
 */
#include "cli/audit/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/audit/evidence.h"
#include "cli/audit/place.h"
#include "cli/audit/reason.h"
#include "cli/commands.h"

#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024 * 1024)
#define WAIT_TRIES 100
#define WAIT_NS 100000000L
#define PAGE_ROWS 1000u

static const struct alm_option options[] = {
	{"since", 0, ALM_OPTION_MOMENT, "TIME", "from then, inclusive", false,
		false},
	{"until", 0, ALM_OPTION_MOMENT, "TIME", "until then, exclusive", false,
		false},
	{"person", 0, ALM_OPTION_TEXT, "NHS-NUMBER|-",
		"only whom it concerns; - reads standard input", false, false},
	{"from", 0, ALM_OPTION_TEXT, "ORG", "only by this sender", false,
		false},
	{"to", 0, ALM_OPTION_TEXT, "ORG", "only to this recipient", false,
		false},
	{"either", 0, ALM_OPTION_TEXT, "ORG", "only by or to", false, false},
	{"purpose", 'p', ALM_OPTION_TEXT, "ID", "only for this purpose", false,
		false},
	{"basis", 'b', ALM_OPTION_TEXT, "ID", "only on this basis", false,
		false},
	{"effect", 0, ALM_OPTION_TEXT, "WORD", "only permit, transform or deny",
		false, false},
	{"code", 0, ALM_OPTION_TEXT, "CODE|NAME", "only this code", false,
		false},
	{"kind", 'k', ALM_OPTION_TEXT, "WORD", "only this kind", false, false},
	{"message", 'm', ALM_OPTION_TEXT, "UUID", "only this message", false,
		false},
	{"complete", 0, ALM_OPTION_FLAG, NULL,
		"every record of the time, which proves that none is left "
		"out; so without conditions",
		false, false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"with private parts; they are recorded as revealed", false,
		false},
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT",
		"why it is made; recorded, and in the bundle", true, false},
	{"out", 'o', ALM_OPTION_TEXT, "FILE", "the bundle", true, false},
	{"force", 0, ALM_OPTION_FLAG, NULL, "replace a file that is there",
		false, false},
	ALM_PLACE_OPTIONS,
	{0},
};

static const struct alm_usage usage = {
	.name = "audit bundle",
	.summary = "Put records with their proofs, the signed head and the "
		   "policies in force into one file, which audit verify "
		   "checks on any machine with the public key alone.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner audit bundle --since 2026-07-01 --until 2026-08-01 "
		 "--reason 'ICO 4711' --out july.bundle",
};

/** What is asked for, read once. */
struct making {
	const struct alm_args *args;
	struct alm_audit_place place;
	struct alm_audit_question question;
	struct alm_audit_filter filter;
	bool is_complete;
	struct alm_bundle bundle;
	struct alm_arena arena;
	struct alm_problem problem;
};

static bool has_condition(const struct alm_audit_question *q)
{
	return q->person[0] != '\0' || q->from[0] != '\0' || q->to[0] != '\0' ||
	       q->either[0] != '\0' || q->purpose[0] != '\0' ||
	       q->basis[0] != '\0' || q->effect != 0 || q->has_code ||
	       q->kind != 0 || q->has_message;
}

/* --- the question --------------------------------------------------------- */

static enum alm_err record_question(struct making *m)
{
	enum alm_err err =
		alm_audit_place_find(m->args, &m->place, &m->problem);

	if (err == ALM_OK) {
		err = alm_audit_place_tell(m->args, &m->place, "audit.bundle",
			&m->question, &m->bundle.question, &m->problem);
	}
	if (err == ALM_OK && m->bundle.question == 0 &&
		alm_audit_place_is_writable(&m->place)) {
		alm_print_warning(&m->args->output,
			"no daemon runs: no head covers the record of this "
			"bundle yet");
	}
	return err;
}

/* Until a head covers the question; without one, the newest head. */
static enum alm_err open_at_head(struct making *m)
{
	const struct timespec pause = {.tv_nsec = WAIT_NS};
	struct alm_bundle *b = &m->bundle;
	uint64_t wanted = b->question == 0 ? 1 : b->question;
	enum alm_err err = ALM_NOT_YET_SIGNED;

	for (int i = 0; i < WAIT_TRIES && err == ALM_NOT_YET_SIGNED; i++) {
		alm_store_close(b->store);
		b->store = NULL;
		if (i > 0) {
			(void)nanosleep(&pause, NULL);
		}
		err = alm_audit_place_open(
			&m->place, true, &b->store, &m->problem);
		if (err == ALM_OK) {
			err = alm_store_head_covering(b->store, wanted,
				&m->arena, &b->size, &b->note);
		}
		if (err == ALM_OK) {
			struct alm_audit_head head;

			alm_store_audit_head(b->store, &head);
			err = head.size < b->size ? ALM_NOT_YET_SIGNED : ALM_OK;
		}
	}
	return err;
}

/* --- which records -------------------------------------------------------- */

static enum alm_err choose_range(struct making *m)
{
	struct alm_bundle *b = &m->bundle;
	uint64_t first = 0;
	uint64_t end = b->size;
	enum alm_err err = ALM_OK;

	if (m->question.since_us > 0) {
		err = alm_bundle_count_before(
			b->store, m->question.since_us, &first);
	}
	if (err == ALM_OK && m->question.until_us > 0) {
		err = alm_bundle_count_before(
			b->store, m->question.until_us, &end);
	}
	end = end < b->size ? end : b->size;
	if (err == ALM_OK && first >= end) {
		return alm_problem_set(&m->problem, ALM_NOT_FOUND,
			"no record of that time is under a signed head");
	}
	b->first = first;
	b->end = end;
	return err;
}

static enum alm_err add_epochs_of_range(struct making *m)
{
	struct alm_bundle *b = &m->bundle;
	struct alm_arena arena;
	uint64_t last = 0;
	enum alm_err err = ALM_OK;

	alm_arena_init(&arena, ALM_AUDIT_LEAF_ARENA_BYTES_MAX);
	alm_bar_init(&b->bar, &m->args->output, "records looked at");
	for (uint64_t seq = b->first + 1; seq <= b->end && err == ALM_OK;
		seq++) {
		struct alm_audit_record record;
		struct alm_bytes header;

		alm_arena_reset(&arena);
		err = alm_audit_leaf(b->store, seq, &arena, &header);
		if (err == ALM_OK) {
			err = alm_audit_header_read(header, &record);
		}
		if (err == ALM_OK && record.policy_epoch != last) {
			last = record.policy_epoch;
			err = alm_bundle_add_policy(b, last);
		}
		alm_bar_show(&b->bar, seq - b->first, b->end - b->first);
	}
	alm_bar_end(&b->bar);
	alm_arena_fini(&arena);
	return err;
}

/* Those that meet the conditions, each with its own proof. */
static enum alm_err choose_singles(struct making *m)
{
	struct alm_bundle *b = &m->bundle;
	const uint64_t first = b->first;
	uint64_t next = first + 1;
	uint64_t end = b->end;
	struct alm_arena arena;
	enum alm_err err = ALM_OK;

	b->first = 0;
	b->end = 0;
	alm_arena_init(&arena, (size_t)64 * 1024 * 1024);
	alm_bar_init(&b->bar, &m->args->output, "records looked at");
	while (err == ALM_OK && next != 0) {
		struct alm_audit_page page;

		alm_arena_reset(&arena);
		err = alm_audit_scan(b->store, &m->filter,
			&(struct alm_audit_range){
				next, end, PAGE_ROWS, end, false},
			&arena, &page);
		for (size_t i = 0; err == ALM_OK && i < page.row_count; i++) {
			const struct alm_audit_record *record =
				&page.rows[i].record;

			err = alm_bundle_add(b, record->seq, b->reveals);
			if (err == ALM_OK) {
				err = alm_bundle_add_policy(
					b, record->policy_epoch);
			}
		}
		next = err == ALM_OK ? page.next_seq : 0;
		alm_bar_show(&b->bar, next == 0 ? end - first : next - first,
			end - first);
	}
	alm_bar_end(&b->bar);
	alm_arena_fini(&arena);
	return err;
}

static enum alm_err choose(struct making *m)
{
	struct alm_bundle *b = &m->bundle;
	enum alm_err err = choose_range(m);

	if (err == ALM_OK) {
		err = m->is_complete ? add_epochs_of_range(m)
				     : choose_singles(m);
	}
	if (err == ALM_OK && b->question != 0) {
		err = alm_bundle_add(b, b->question, true);
	}
	return err == ALM_OK ? alm_bundle_add_keys(b) : err;
}

static enum alm_err write_file(struct making *m)
{
	const char *path = alm_args_text(m->args, "out");
	FILE *out;
	enum alm_err err;

	if (alm_args_has(m->args, "force")) {
		(void)unlink(path);
	}
	out = fopen(path, "wxe");
	if (out == NULL) {
		return alm_problem_set(
			&m->problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	alm_stream_begin(&m->bundle.stream, out);
	alm_bar_init(&m->bundle.bar, &m->args->output, "records written");
	err = alm_bundle_write(&m->bundle);
	alm_bar_end(&m->bundle.bar);
	if (err == ALM_OK && fsync(fileno(out)) != 0) {
		err = ALM_IO;
	}
	if (fclose(out) != 0 && err == ALM_OK) {
		err = ALM_IO;
	}
	if (err != ALM_OK) {
		(void)unlink(path);
		return alm_problem_set(&m->problem, err, "%s", path);
	}
	return ALM_OK;
}

static enum alm_err make(struct making *m)
{
	struct alm_bundle *b = &m->bundle;
	enum alm_err err = alm_audit_check_out(m->args, &m->problem);

	if (err == ALM_OK) {
		err = record_question(m);
	}
	if (err == ALM_OK) {
		err = open_at_head(m);
	}
	if (err == ALM_OK) {
		alm_audit_make_filter(b->store, &m->question, &m->filter);
		err = choose(m);
	}
	return err == ALM_OK ? write_file(m) : err;
}

static int tell(struct making *m)
{
	const struct alm_bundle *b = &m->bundle;
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.audit.bundle/1", NULL, 0);
	int rc;

	alm_sheet_number(sheet, "records", b->end - b->first);
	alm_sheet_number(sheet, "singles", b->single_count);
	alm_sheet_number(sheet, "policies", b->policy_count);
	alm_sheet_number(sheet, "size", b->size);
	alm_sheet_fact(sheet, "complete", m->is_complete ? "yes" : "no");
	rc = alm_sheet_print(sheet, &m->args->output);
	alm_sheet_free(sheet);
	return rc;
}

int alm_audit_bundle_make(const struct alm_args *args)
{
	struct making *m = calloc(1, sizeof(*m));
	int rc;

	if (m == NULL) {
		return alm_print_failure(&args->output,
			&(struct alm_failure){ALM_NOMEM, "", NULL, 0});
	}
	m->args = args;
	alm_arena_init(&m->arena, ARENA_BYTES_MAX);
	m->bundle.arena = &m->arena;
	m->bundle.singles =
		calloc(ALM_BUNDLE_SINGLES_MAX, sizeof(*m->bundle.singles));
	m->problem.err = m->bundle.singles == NULL
				 ? ALM_NOMEM
				 : alm_audit_question_read(
					   args, &m->question, &m->problem);
	m->is_complete =
		alm_args_has(args, "complete") || !has_condition(&m->question);
	m->bundle.reveals = m->question.reveals;
	if (m->problem.err == ALM_OK) {
		enum alm_err err = make(m);

		if (err != ALM_OK && m->problem.err == ALM_OK) {
			(void)alm_problem_set(
				&m->problem, err, "%s", m->place.store);
		}
	}
	rc = m->problem.err == ALM_OK
		     ? tell(m)
		     : alm_print_problem(&args->output, &m->problem);
	alm_store_close(m->bundle.store);
	alm_arena_fini(&m->arena);
	sodium_memzero(m->question.person, sizeof(m->question.person));
	free(m->bundle.singles);
	free(m);
	return rc;
}

int alm_cmd_audit_bundle(int argc, char **argv)
{
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_audit_args_parse(&usage, argc, argv, &args, &reason);

	return rc >= 0 ? rc : alm_audit_bundle_make(&args);
}
