/* What was sent and not shown to have been read is bounded. */
#include <criterion/criterion.h>
#include <string.h>

#include "agents/client/flow.h"

Test(flow, has_room_until_its_bytes_are_reached)
{
	struct alm_flow flow = {.is_asked = false};

	alm_flow_sent(&flow, ALM_FLOW_BYTES_MAX - 1);
	cr_assert(alm_flow_has_room(&flow));
	alm_flow_sent(&flow, 1);
	cr_assert_not(alm_flow_has_room(&flow));
	alm_flow_begin(&flow);
	cr_assert(alm_flow_has_room(&flow));
}

Test(flow, asks_once_until_it_is_answered)
{
	struct alm_flow flow = {.is_asked = false};
	struct alm_bytes context;

	alm_flow_sent(&flow, ALM_FLOW_BYTES_ASKED - 1);
	cr_assert_not(alm_flow_is_due(&flow));
	alm_flow_sent(&flow, 1);
	cr_assert(alm_flow_is_due(&flow));
	context = alm_flow_ask(&flow);
	alm_flow_asked(&flow);
	alm_flow_sent(&flow, 10);
	cr_assert_not(alm_flow_is_due(&flow));
	alm_flow_pong(&flow, context);
	cr_assert_eq(flow.sent_bytes - flow.read_bytes, 10,
		"what was sent after the ping is not shown to be read");
}

Test(flow, takes_no_pong_but_its_own)
{
	struct alm_flow flow = {.is_asked = false};
	uint8_t other[ALM_PING_BYTES_MAX] = {0};
	struct alm_bytes context;

	alm_flow_sent(&flow, ALM_FLOW_BYTES_ASKED);
	alm_flow_pong(&flow, (struct alm_bytes){other, sizeof(other)});
	cr_assert_eq(flow.read_bytes, 0, "nothing was asked");
	context = alm_flow_ask(&flow);
	alm_flow_asked(&flow);
	alm_flow_pong(&flow, (struct alm_bytes){other, sizeof(other)});
	alm_flow_pong(&flow, (struct alm_bytes){context.data, 8});
	alm_flow_pong(&flow, (struct alm_bytes){NULL, 0});
	cr_assert_eq(flow.read_bytes, 0);
	alm_flow_pong(&flow, context);
	cr_assert_eq(flow.read_bytes, ALM_FLOW_BYTES_ASKED);
}
