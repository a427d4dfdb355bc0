#include "cli/audit/ask.h"

#include <stdio.h>

#include "broker/store/audit.h"
#include "lib/words.h"

static const char *or_null(const char *text)
{
	return text == NULL || *text == '\0' ? NULL : text;
}

void alm_audit_ask_fill(struct alm_ask *ask, const struct alm_audit_question *q,
	struct alm_audit_texts *texts)
{
	alm_ask_add(ask, "person", or_null(q->person));
	alm_ask_add(ask, "from", or_null(q->from));
	alm_ask_add(ask, "to", or_null(q->to));
	alm_ask_add(ask, "either", or_null(q->either));
	alm_ask_add(ask, "purpose", or_null(q->purpose));
	alm_ask_add(ask, "basis", or_null(q->basis));
	alm_ask_add(ask, "effect", or_null(alm_effect_word(q->effect)));
	if (q->kind != 0) {
		alm_ask_add(ask, "kind",
			alm_audit_kind_word((enum alm_audit_kind)q->kind));
	}
	if (q->has_code) {
		(void)snprintf(texts->code, sizeof(texts->code), "%u", q->code);
		alm_ask_add(ask, "code", texts->code);
	}
	if (q->has_message) {
		alm_message_id_text(&q->message, texts->message);
		alm_ask_add(ask, "message", texts->message);
	}
	if (q->since_us > 0) {
		alm_instant_short_text(q->since_us, texts->since);
		alm_ask_add(ask, "since", texts->since);
	}
	if (q->until_us > 0) {
		alm_instant_short_text(q->until_us, texts->until);
		alm_ask_add(ask, "until", texts->until);
	}
	alm_ask_add(ask, "reverse", q->is_newest_first ? "yes" : NULL);
	alm_ask_add(ask, "reveal", q->reveals ? "yes" : NULL);
	alm_ask_add(ask, "proof", q->proves ? "yes" : NULL);
	alm_ask_add(ask, "reason", q->reason);
}
