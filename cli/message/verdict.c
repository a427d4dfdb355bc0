/* verdict.c - showing what the broker has said of a message to one. */
#include "cli/message/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/time.h"

static void add_strings(
	struct alm_sheet *sheet, const char *key, struct alm_strings strings)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);

	if (memory == NULL) {
		return;
	}
	for (size_t i = 0; i < strings.count; i++) {
		(void)fprintf(
			memory, "%s%s", i > 0 ? "," : "", strings.items[i]);
	}
	if (fclose(memory) == 0) {
		alm_sheet_fact(sheet, key, text);
	}
	free(text);
}

struct alm_sheet *alm_accepted_sheet(
	const struct alm_receipt_view *receipt, const char *id)
{
	struct alm_sheet *sheet = alm_sheet_new("almoner.send/1", NULL, 0);
	char text[32];

	alm_sheet_fact(sheet, "id", id);
	alm_sheet_number(sheet, "sequence", receipt->sequence);
	alm_sheet_number(sheet, "audit-sequence", receipt->audit_sequence);
	if (receipt->accepted_at_ms >= 0) {
		alm_instant_text(receipt->accepted_at_ms / 1000, text);
		alm_sheet_fact(sheet, "accepted-at", text);
	}
	alm_sheet_fact(
		sheet, "duplicate", receipt->is_duplicate ? "yes" : "no");
	alm_sheet_fact(
		sheet, "transformed", receipt->is_transformed ? "yes" : "no");
	alm_sheet_fact(sheet, "basis", receipt->basis);
	alm_sheet_fact(sheet, "level", receipt->level);
	add_strings(sheet, "released", receipt->released);
	add_strings(sheet, "withheld", receipt->withheld);
	add_strings(sheet, "obligations", receipt->obligations);
	return sheet;
}

int alm_show_refused(const struct alm_args *args,
	const struct alm_receipt_view *receipt, const char *id)
{
	char detail[ALM_DETAIL_BYTES_MAX];
	size_t used;

	(void)snprintf(detail, sizeof(detail), "%s%s%s", receipt->detail,
		*receipt->nearest == '\0'  ? ""
		: *receipt->detail == '\0' ? "nearest agreement: "
					   : "; nearest agreement: ",
		receipt->nearest);
	for (size_t i = 0; i < receipt->withheld.count; i++) {
		used = strlen(detail);
		(void)snprintf(detail + used, sizeof(detail) - used, "%s%s",
			used > 0 ? "; " : "", receipt->withheld.items[i]);
	}
	for (size_t i = 0; i < receipt->candidates.count; i++) {
		used = strlen(detail);
		(void)snprintf(detail + used, sizeof(detail) - used, "%s%s",
			i == 0 ? "; would fit: " : ", ",
			receipt->candidates.items[i]);
	}
	if (receipt->retry_after_ms > 0) {
		used = strlen(detail);
		(void)snprintf(detail + used, sizeof(detail) - used,
			"%stry again after %" PRIu32 " s", used > 0 ? "; " : "",
			(receipt->retry_after_ms + 999) / 1000);
	}
	return alm_print_failure(&args->output,
		&(struct alm_failure){(enum alm_err)receipt->code, detail, id,
			receipt->retry_after_ms});
}
