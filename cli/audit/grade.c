/* How well a record is kept from being changed: on disk, signed, witnessed. */
#include <stdio.h>

#include "agents/include/almoner_control.h"
#include "broker/store/evidence.h"
#include "cli/admin.h"
#include "cli/audit/log_internal.h"
#include "lib/id.h"

static void ask_daemon(
	struct alm_log *log, uint64_t seq, char out[ALM_GRADE_TEXT_BYTES])
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "audit.evidence"};
	struct alm_answer answer;
	struct alm_arena arena;
	char text[24];
	const char *grade;

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)seq);
	alm_ask_add(&ask, "seq", text);
	alm_arena_init(&arena, (size_t)1024 * 1024);
	if (alm_admin_ask(log->control, &ask, &arena, &answer, &problem) ==
		ALM_OK) {
		grade = alm_answer_fact(&answer, "evidence");
		alm_text_copy(
			out, ALM_GRADE_TEXT_BYTES, grade == NULL ? "" : grade);
	}
	alm_arena_fini(&arena);
}

void alm_log_grade(
	struct alm_log *log, uint64_t seq, char out[ALM_GRADE_TEXT_BYTES])
{
	struct alm_evidence_marks marks;

	out[0] = '\0';
	if (log->control != NULL) {
		ask_daemon(log, seq, out);
	} else if (log->store != NULL &&
		   alm_store_evidence_marks(log->store, &marks) == ALM_OK) {
		alm_evidence_grade(&marks, seq, out);
	}
}
