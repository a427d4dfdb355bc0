#include "agents/client/flow.h"

#include <sodium.h>

void alm_flow_begin(struct alm_flow *flow)
{
	*flow = (struct alm_flow){.is_asked = false};
}

static uint64_t left(const struct alm_flow *flow)
{
	return flow->sent_bytes - flow->read_bytes;
}

bool alm_flow_has_room(const struct alm_flow *flow)
{
	return left(flow) < ALM_FLOW_BYTES_MAX;
}

void alm_flow_sent(struct alm_flow *flow, size_t bytes)
{
	flow->sent_bytes += bytes;
}

bool alm_flow_is_due(const struct alm_flow *flow)
{
	return !flow->is_asked && left(flow) >= ALM_FLOW_BYTES_ASKED;
}

struct alm_bytes alm_flow_ask(struct alm_flow *flow)
{
	randombytes_buf(flow->context, sizeof(flow->context));
	return (struct alm_bytes){flow->context, sizeof(flow->context)};
}

void alm_flow_asked(struct alm_flow *flow)
{
	flow->asked_at = flow->sent_bytes;
	flow->is_asked = true;
}

void alm_flow_pong(struct alm_flow *flow, struct alm_bytes context)
{
	const struct alm_bytes ours = {flow->context, sizeof(flow->context)};

	if (flow->is_asked && alm_bytes_equal(context, ours)) {
		flow->read_bytes = flow->asked_at;
		flow->is_asked = false;
	}
}
