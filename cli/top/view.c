/* view.c - how almoner top shows what it sees. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/amount.h"
#include "cli/top/top.h"
#include "lib/time.h"

#define HEAD_LINES 7u /* of a screen, above the mailboxes */

/* What happened between two samples; of one broker that began in between, all
 * that it has done. */
static uint64_t rise_of(const struct alm_top_sample *before,
	const struct alm_top_sample *now, enum alm_top_number number)
{
	bool is_same = before->started_us == now->started_us &&
		       before->numbers[number] <= now->numbers[number];

	return now->numbers[number] - (is_same ? before->numbers[number] : 0);
}

static double seconds(
	const struct alm_top_sample *before, const struct alm_top_sample *now)
{
	double s = now->at_s - before->at_s;

	return s > 0.001 ? s : 0.001;
}

/** "812/s", below ten with a decimal. */
static const char *rate(const struct alm_top_sample *before,
	const struct alm_top_sample *now, enum alm_top_number number,
	char out[ALM_AMOUNT_BYTES])
{
	double value =
		(double)rise_of(before, now, number) / seconds(before, now);

	(void)snprintf(out, ALM_AMOUNT_BYTES, "%.*f/s",
		value > 0 && value < 10 ? 1 : 0, value);
	return out;
}

/** What one commit took. */
static const char *commit(const struct alm_top_sample *before,
	const struct alm_top_sample *now, char out[ALM_AMOUNT_BYTES])
{
	uint64_t turns = rise_of(before, now, ALM_TOP_TURNS);
	uint64_t us = rise_of(before, now, ALM_TOP_COMMIT_US);

	if (turns == 0) {
		(void)snprintf(out, ALM_AMOUNT_BYTES, "-");
	} else {
		alm_span_text((int64_t)(us / turns), out);
	}
	return out;
}

static const char *span(int64_t us, char out[ALM_AMOUNT_BYTES])
{
	alm_span_text(us, out);
	return out;
}

static const char *size(uint64_t bytes, char out[ALM_AMOUNT_BYTES])
{
	alm_size_text(bytes, out);
	return out;
}

/** How long the oldest message waits; "-" when none does. */
static const char *oldest(
	const struct alm_top_sample *now, char out[ALM_AMOUNT_BYTES])
{
	return now->waiting == 0 ? "-" : span(now->oldest_us, out);
}

/* --- the screen ----------------------------------------------------------- */

static int by_name(const void *name, const void *box)
{
	return strcmp(name, ((const struct alm_top_box *)box)->organisation);
}

/** By how much a mailbox has grown. */
static int64_t change_of(
	const struct alm_top_sample *before, const struct alm_top_box *box)
{
	const struct alm_top_box *was =
		bsearch(box->organisation, before->boxes, before->box_count,
			sizeof(*before->boxes), by_name);

	return (int64_t)box->messages -
	       (was != NULL ? (int64_t)was->messages : 0);
}

static int by_messages(const void *a, const void *b)
{
	const struct alm_top_box *x = a;
	const struct alm_top_box *y = b;

	return x->messages != y->messages
		       ? (x->messages < y->messages ? 1 : -1)
		       : strcmp(x->organisation, y->organisation);
}

static void put_boxes(const struct alm_output *output,
	const struct alm_top_sample *before, const struct alm_top_sample *now,
	unsigned lines)
{
	struct alm_top_box *boxes = calloc(now->box_count + 1, sizeof(*boxes));
	char bytes[ALM_AMOUNT_BYTES];
	char age[ALM_AMOUNT_BYTES];

	if (boxes == NULL || lines < 2) {
		free(boxes);
		return;
	}
	memcpy(boxes, now->boxes, now->box_count * sizeof(*boxes));
	qsort(boxes, now->box_count, sizeof(*boxes), by_messages);
	printf("\n%s%-24s %9s %9s %9s %9s  %s%s\033[K",
		output->has_color ? "\033[1m" : "", "MAILBOX", "WAITING",
		"CHANGE", "SIZE", "OLDEST", "AGENTS",
		output->has_color ? "\033[0m" : "");
	for (size_t i = 0; i < now->box_count && i + 1 < lines; i++) {
		const struct alm_top_box *b = &boxes[i];

		printf("\n%-24s %9" PRIu64 " %+9" PRId64 " %9s %9s  %s%s\033[K",
			b->organisation, b->messages, change_of(before, b),
			size(b->bytes, bytes), span(b->oldest_us, age),
			b->is_connected ? "connected" : "none",
			b->is_on_hold ? ", on hold" : "");
	}
	free(boxes);
}

static void put_rates(
	const struct alm_top_sample *before, const struct alm_top_sample *now)
{
	char a[ALM_AMOUNT_BYTES];
	char b[ALM_AMOUNT_BYTES];
	char c[ALM_AMOUNT_BYTES];
	char d[ALM_AMOUNT_BYTES];
	char e[ALM_AMOUNT_BYTES];
	char f[ALM_AMOUNT_BYTES];

	printf("accepted %s   refused %s   handed over %s   taken %s\033[K\n"
	       "turns %s   commit %s\033[K\n",
		rate(before, now, ALM_TOP_ACCEPTED, a),
		rate(before, now, ALM_TOP_REFUSED, b),
		rate(before, now, ALM_TOP_DELIVERED, c),
		rate(before, now, ALM_TOP_ACKNOWLEDGED, d),
		rate(before, now, ALM_TOP_TURNS, e), commit(before, now, f));
}

void alm_top_screen(const struct alm_output *output,
	const struct alm_top_sample *before, const struct alm_top_sample *now,
	unsigned lines)
{
	char when[ALM_INSTANT_TEXT_BYTES];
	char up[ALM_AMOUNT_BYTES];
	char age[ALM_AMOUNT_BYTES];
	char memory[ALM_AMOUNT_BYTES];
	const uint64_t *n = now->numbers;

	alm_instant_text(now->now_us / 1000000, when);
	printf("\033[H%salmonerd %s%s at %s   up %s   policy epoch %s   "
	       "%s\033[K\n\033[K\n",
		output->has_color ? "\033[1m" : "", now->version,
		output->has_color ? "\033[0m" : "", now->endpoint,
		span(now->now_us - now->started_us, up), now->epoch, when);
	put_rates(before, now);
	printf("waiting %" PRIu64 " in %zu%s mailboxes, oldest %s   agents "
	       "%" PRIu64 " of %" PRIu64 "   dead letters %" PRIu64
	       "   overrides overdue %" PRIu64 "\033[K\n",
		now->waiting, now->box_count, now->has_more_boxes ? "+" : "",
		oldest(now, age), n[ALM_TOP_SESSIONS], n[ALM_TOP_AGENTS],
		n[ALM_TOP_DEAD_LETTERS], n[ALM_TOP_OVERDUE]);
	printf("store %.1f %%, takes mail: %s   memory %s   log %" PRIu64
	       " records\033[K\n\033[K",
		(double)n[ALM_TOP_STORE_PERMILLE] / 10, now->takes_mail,
		size(n[ALM_TOP_MEMORY_BYTES], memory), n[ALM_TOP_AUDIT_SIZE]);
	put_boxes(output, before, now,
		lines > HEAD_LINES ? lines - HEAD_LINES : 0);
	printf("\033[J");
}

/* --- lines ---------------------------------------------------------------- */

void alm_top_line(const struct alm_top_sample *before,
	const struct alm_top_sample *now, bool is_first)
{
	static const enum alm_top_number shown[] = {ALM_TOP_ACCEPTED,
		ALM_TOP_REFUSED, ALM_TOP_DELIVERED, ALM_TOP_ACKNOWLEDGED,
		ALM_TOP_TURNS};
	char when[ALM_INSTANT_TEXT_BYTES];
	char text[ALM_AMOUNT_BYTES];

	if (is_first) {
		printf("%-20s %9s %9s %11s %9s %9s %8s %9s %8s %7s %7s %8s\n",
			"time", "accepted", "refused", "handed-over", "taken",
			"turns", "commit", "waiting", "oldest", "agents",
			"store", "memory");
	}
	alm_instant_text(now->now_us / 1000000, when);
	printf("%-20s", when);
	for (size_t i = 0; i < ALM_COUNT(shown); i++) {
		printf(" %*s", shown[i] == ALM_TOP_DELIVERED ? 11 : 9,
			rate(before, now, shown[i], text));
	}
	printf(" %8s", commit(before, now, text));
	printf(" %9" PRIu64 " %8s %7" PRIu64 " %5.1f %%", now->waiting,
		oldest(now, text), now->numbers[ALM_TOP_SESSIONS],
		(double)now->numbers[ALM_TOP_STORE_PERMILLE] / 10);
	printf(" %8s\n", size(now->numbers[ALM_TOP_MEMORY_BYTES], text));
}

int alm_top_record(const struct alm_output *output,
	const struct alm_top_sample *before, const struct alm_top_sample *now,
	bool is_first)
{
	static const char *const columns[] = {"time", "interval-ms", "accepted",
		"refused", "delivered", "acknowledged", "turns", "commit-us",
		"sessions", "agents", "dead-letters", "overrides-overdue",
		"store-used-permille", "memory-bytes", "audit-size", "waiting",
		"mailboxes", "oldest-ms", "takes-mail"};
	char texts[ALM_COUNT(columns)][64];
	const char *cells[ALM_COUNT(columns)];
	struct alm_sheet *sheet;
	size_t at = 1;
	int rc;

	alm_instant_us_text(now->now_us, texts[0]);
	(void)snprintf(texts[at++], sizeof(texts[0]), "%.0f",
		1000 * seconds(before, now));
	for (size_t i = 0; i < ALM_TOP_NUMBERS; i++) {
		(void)snprintf(texts[at++], sizeof(texts[0]), "%" PRIu64,
			i < ALM_TOP_RISING
				? rise_of(before, now, (enum alm_top_number)i)
				: now->numbers[i]);
	}
	(void)snprintf(texts[at++], sizeof(texts[0]), "%" PRIu64, now->waiting);
	(void)snprintf(texts[at++], sizeof(texts[0]), "%zu", now->box_count);
	(void)snprintf(texts[at++], sizeof(texts[0]), "%" PRId64,
		now->waiting == 0 ? 0 : now->oldest_us / 1000);
	(void)snprintf(texts[at++], sizeof(texts[0]), "%s", now->takes_mail);
	ALM_ASSERT(at == ALM_COUNT(columns));
	for (size_t i = 0; i < ALM_COUNT(columns); i++) {
		cells[i] = texts[i];
	}
	sheet = alm_sheet_new("almoner.top/1", columns, ALM_COUNT(columns));
	alm_sheet_row(sheet, cells);
	rc = alm_sheet_flush(sheet, output, is_first);
	alm_sheet_free(sheet);
	return rc;
}
