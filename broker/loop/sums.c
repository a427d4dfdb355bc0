#include "broker/loop/sums.h"

/* What is refused or unpacked is not worth hashing ahead. */
static bool is_worth(const struct alm_turn_request *request)
{
	return request->envelope != NULL &&
	       request->envelope->kind == ALM_ENVELOPE_SEND &&
	       request->envelope->send.encoding == ALM_ENCODING_NONE &&
	       request->failed == ALM_OK && !request->is_surplus;
}

static void make(struct alm_turn *turn, const struct alm_turn_request *from)
{
	const struct alm_turn_request *end =
		turn->requests + turn->request_count;
	struct alm_sums *sums = turn->sums;
	size_t count = 0;

	for (const struct alm_turn_request *at = from;
		at < end && count < ALM_SUMMINGS_MAX; at++) {
		if (is_worth(at)) {
			sums->requests[count] = at;
			sums->summings[count].send = &at->envelope->send;
			count++;
		}
	}
	sums->count = count;
	sums->next = 0;
	alm_sum_sends(turn->broker->verifier, sums->summings, count);
}

static const struct alm_send_sums *find(
	struct alm_sums *sums, const struct alm_turn_request *request)
{
	for (size_t i = sums->next; i < sums->count; i++) {
		if (sums->requests[i] == request) {
			sums->next = i + 1;
			return &sums->summings[i].sums;
		}
	}
	return NULL;
}

const struct alm_send_sums *alm_turn_sums(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_send *send,
	struct alm_summing *own)
{
	const struct alm_send_sums *found = NULL;

	if (send == &request->envelope->send && is_worth(request)) {
		found = find(turn->sums, request);
		if (found == NULL) {
			make(turn, request);
			found = find(turn->sums, request);
		}
	}
	if (found == NULL) {
		own->send = send;
		alm_sum_sends(turn->broker->verifier, own, 1);
		found = &own->sums;
	}
	return found;
}
