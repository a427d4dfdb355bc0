#include "cli/policy/findings.h"

#include "lib/base.h"

void alm_findings_begin(struct alm_findings *findings, const char *schema,
	const struct alm_output *output)
{
	static const char *const columns[] = {
		"file", "line", "column", "sort", "name", "subject", "message"};

	findings->output = output;
	findings->sheet = NULL;
	if (output->format != ALM_FORMAT_TABLE) {
		findings->sheet =
			alm_sheet_new(schema, columns, ALM_COUNT(columns));
	}
}

static void print_line(const struct alm_finding *finding)
{
	alm_print_safe(stdout, finding->place.file);
	if (finding->place.line > 0) {
		(void)printf(
			":%u:%u", finding->place.line, finding->place.column);
	}
	(void)printf(": %s %s: ", finding->sort, finding->name);
	if (finding->subject[0] != '\0') {
		(void)putchar('\'');
		alm_print_safe(stdout, finding->subject);
		(void)fputs("': ", stdout);
	}
	alm_print_safe(stdout, finding->message);
	(void)putchar('\n');
}

void alm_findings_add(
	struct alm_findings *findings, const struct alm_finding *finding)
{
	char line[16];
	char column[16];

	if (findings->output->format == ALM_FORMAT_TABLE) {
		print_line(finding);
		return;
	}
	(void)snprintf(line, sizeof(line), "%u", finding->place.line);
	(void)snprintf(column, sizeof(column), "%u", finding->place.column);
	alm_sheet_row(findings->sheet,
		(const char *const[]){finding->place.file, line, column,
			finding->sort, finding->name, finding->subject,
			finding->message});
}

void alm_findings_add_all(struct alm_findings *findings,
	const struct alm_diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct alm_diagnostic *item = &diagnostics->items[i];

		alm_findings_add(
			findings, &(struct alm_finding){"error",
					  alm_err_info(item->err)->name,
					  item->place, "", item->message});
	}
}

void alm_findings_count(
	struct alm_findings *findings, const char *key, size_t value)
{
	alm_sheet_number(findings->sheet, key, value);
}

int alm_findings_end(struct alm_findings *findings, int rc)
{
	int printed = ALM_EXIT_OK;

	if (findings->output->format != ALM_FORMAT_TABLE) {
		printed = alm_sheet_print(findings->sheet, findings->output);
	}
	alm_sheet_free(findings->sheet);
	findings->sheet = NULL;
	return printed != ALM_EXIT_OK ? printed : rc;
}
