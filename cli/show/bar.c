#include "cli/show/bar.h"

#include <time.h>
#include <unistd.h>

#define AGAIN_S 0.2
#define BAR_CELLS 30u

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void alm_bar_init(
	struct alm_bar *bar, const struct alm_output *output, const char *what)
{
	*bar = (struct alm_bar){
		.what = what,
		.begun_s = now_s(),
		.is_wanted = isatty(STDERR_FILENO) == 1 && !output->is_quiet,
	};
}

static void print_bar(uint64_t done, uint64_t total)
{
	char bar[BAR_CELLS + 1];
	uint64_t full = total > 0 ? done * BAR_CELLS / total : BAR_CELLS;

	for (size_t i = 0; i < BAR_CELLS; i++) {
		bar[i] = i < full ? '=' : ' ';
	}
	bar[BAR_CELLS] = '\0';
	(void)fprintf(stderr, "\r[%s] %3u %%", bar,
		(unsigned)(total > 0 ? done * 100 / total : 100));
}

void alm_bar_show(struct alm_bar *bar, uint64_t done, uint64_t total)
{
	double now = now_s();
	double took_s = now - bar->begun_s;
	double rate = took_s > 0 ? (double)done / took_s : 0;

	if (!bar->is_wanted || now - bar->shown_s < AGAIN_S) {
		return;
	}
	bar->shown_s = now;
	bar->is_shown = true;
	print_bar(done, total);
	(void)fprintf(stderr, " of %llu %s, %.0f a second",
		(unsigned long long)total, bar->what, rate);
	if (rate > 0 && done < total) {
		(void)fprintf(
			stderr, ", %.0f s left", (double)(total - done) / rate);
	}
	(void)fputs("\033[K", stderr);
}

void alm_bar_end(struct alm_bar *bar)
{
	if (bar->is_shown) {
		(void)fputs("\r\033[K", stderr);
		bar->is_shown = false;
	}
}
