/* test_flows.c - what is a rise and what is chance, on both sides of the
 * line; periods at their edges; agreements that were used. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit/flows.h"

#define DAY_S INT64_C(86400)
#define END_S INT64_C(1790000000)

static struct alm_flows flows;

static void set_up(void)
{
	alm_flows_init(&flows, END_S * 1000000, DAY_S, 9);
}

static void tear_down(void)
{
	alm_flows_fini(&flows);
}

TestSuite(flows, .init = set_up, .fini = tear_down);

static void add_at(int64_t instant_s, const char *sender, const char *kind,
	const char *effect, const char *basis)
{
	char time[ALM_INSTANT_TEXT_BYTES];
	const struct alm_log_row row = {.time = time,
		.kind = kind,
		.effect = effect,
		.sender = sender,
		.recipient = "RHA",
		.purpose = "direct-care",
		.basis = basis};

	alm_instant_text(instant_s, time);
	cr_assert(alm_flows_add(&flows, &row));
}

static void add(const char *sender, unsigned period, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		add_at(END_S - (int64_t)(9 - period) * DAY_S, sender,
			"accepted", "permit", "dsa-1");
	}
}

static const struct alm_flow *flow_of(const char *sender)
{
	for (size_t i = 0; i < flows.count; i++) {
		if (strcmp(flows.items[i].sender, sender) == 0) {
			return &flows.items[i];
		}
	}
	cr_assert_fail("no flow of %s", sender);
	return NULL;
}

Test(flows, calls_a_rise_unusual_only_beyond_chance)
{
	const struct {
		const char *sender;
		unsigned before; /* in each of eight periods */
		unsigned now;
		enum alm_trend trend;
	} rows[] = {
		{"A", 0, 3, ALM_TREND_NEW},
		{"B", 1, 9, ALM_TREND_USUAL}, /* too few to say */
		{"C", 1, 10, ALM_TREND_RISE},
		{"D", 4, 12, ALM_TREND_USUAL}, /* 4 and 4 * sqrt(5) */
		{"E", 4, 13, ALM_TREND_RISE},
		{"F", 100, 200, ALM_TREND_USUAL}, /* not more than twice */
		{"G", 100, 201, ALM_TREND_RISE},
		{"H", 100, 0, ALM_TREND_USUAL},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		for (unsigned p = 0; p < 8; p++) {
			add(rows[i].sender, p, rows[i].before);
		}
		add(rows[i].sender, 8, rows[i].now);
	}
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		const struct alm_flow *flow = flow_of(rows[i].sender);

		cr_expect_eq(alm_flow_trend(&flows, flow), rows[i].trend, "%s",
			rows[i].sender);
		cr_expect_eq(alm_flow_now(&flows, flow), rows[i].now);
		cr_expect_eq(alm_flow_usual(&flows, flow), rows[i].before);
	}
}

Test(flows, takes_the_median_so_that_one_odd_period_counts_little)
{
	add("A", 0, 1000);
	for (unsigned p = 1; p < 8; p++) {
		add("A", p, p % 2);
	}
	cr_expect_eq(alm_flow_usual(&flows, flow_of("A")), 1);
}

Test(flows, counts_periods_to_their_edges)
{
	add_at(END_S, "A", "accepted", "permit", "");
	add_at(END_S - 9 * DAY_S - 1, "A", "accepted", "permit", "");
	cr_expect_eq(flows.count, 0);
	add_at(END_S - 1, "A", "accepted", "permit", "");
	add_at(END_S - DAY_S, "A", "accepted", "permit", "");
	add_at(END_S - DAY_S - 1, "A", "accepted", "permit", "");
	add_at(END_S - 9 * DAY_S, "A", "accepted", "permit", "");
	cr_expect_eq(alm_flow_now(&flows, flow_of("A")), 2);
	cr_expect_eq(flow_of("A")->counts[7], 1);
	cr_expect_eq(flow_of("A")->counts[0], 1);
	cr_expect_eq(flow_of("A")->total, 4);
}

Test(flows, knows_which_agreements_were_used)
{
	add_at(END_S - 1, "A", "accepted", "permit", "dsa-1");
	add_at(END_S - 1, "A", "refused", "deny", "dsa-2");
	add_at(END_S - 1, "A", "stopped-at-hand-over", "deny", "dsa-1");
	add_at(END_S - 1, "A", "delivered", "permit", "dsa-3");
	cr_expect(alm_flows_used(&flows, "dsa-1"));
	cr_expect_not(alm_flows_used(&flows, "dsa-2"));
	cr_expect_not(alm_flows_used(&flows, "dsa-3"));
	cr_expect_eq(flows.count, 3);
}
