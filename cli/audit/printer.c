#include "cli/audit/printer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/context.h"
#include "lib/words.h"

enum format {
	FORMAT_SHEET,
	FORMAT_FHIR,
	FORMAT_OCSF,
};

struct alm_audit_printer {
	const struct alm_args *args;
	enum format format;
	struct alm_sheet *sheet;
	bool is_begun;
	bool has_failed;
	alm_audit_policy_fn *policy; /* NULL: nobody can be asked */
	void *cookie;
	uint64_t epoch;                 /* that was asked for last; 0: none */
	struct alm_bundle_files *files; /* of that; NULL: not known */
};

static enum alm_err read_format(const struct alm_args *args, enum format *out,
	struct alm_problem *problem)
{
	const char *word = alm_args_text(args, "format");

	*out = FORMAT_SHEET;
	if (word == NULL) {
		return ALM_OK;
	}
	if (strcmp(word, "fhir") == 0) {
		*out = FORMAT_FHIR;
	} else if (strcmp(word, "ocsf") == 0) {
		*out = FORMAT_OCSF;
	} else {
		return alm_problem_set(
			problem, ALM_USAGE, "--format is fhir or ocsf");
	}
	if (args->output.format != ALM_FORMAT_TABLE) {
		return alm_problem_set(problem, ALM_USAGE,
			"--format goes without --json, --jsonl and --csv");
	}
	return ALM_OK;
}

enum alm_err alm_audit_format_check(
	const struct alm_args *args, struct alm_problem *problem)
{
	enum format format;

	return read_format(args, &format, problem);
}

/* Of the daemon, which an agent cannot ask. */
static struct alm_bundle_files *ask_policy(void *cookie, uint64_t epoch)
{
	const struct alm_audit_printer *printer = cookie;
	char name[24];
	int rc = ALM_EXIT_OK;

	(void)snprintf(name, sizeof(name), "%llu", (unsigned long long)epoch);
	return alm_bundle_files_named(printer->args, name, &rc);
}

enum alm_err alm_audit_printer_new(const struct alm_args *args,
	const char *schema, const char *const *columns, size_t column_count,
	struct alm_audit_printer **out_printer, struct alm_problem *problem)
{
	struct alm_audit_printer *printer = calloc(1, sizeof(*printer));
	enum alm_err err;

	if (printer == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	printer->args = args;
	if (!alm_context_is_agents(args)) {
		alm_audit_printer_policies(printer, ask_policy, printer);
	}
	err = read_format(args, &printer->format, problem);
	if (err == ALM_OK && printer->format == FORMAT_SHEET) {
		printer->sheet = alm_sheet_new(schema, columns, column_count);
		alm_audit_narrow(args, printer->sheet);
	}
	for (size_t i = 0; err == ALM_OK && printer->format != FORMAT_SHEET &&
			   i < ALM_AUDIT_COLUMNS - ALM_AUDIT_PROOF_COLUMNS;
		i++) {
		if (i >= column_count ||
			strcmp(columns[i], alm_audit_columns[i]) != 0) {
			err = alm_problem_set(problem, ALM_VERSION,
				"the answer has other columns");
		}
	}
	if (err != ALM_OK) {
		alm_audit_printer_free(printer);
		return err;
	}
	*out_printer = printer;
	return ALM_OK;
}

void alm_audit_printer_free(struct alm_audit_printer *printer)
{
	if (printer != NULL) {
		alm_sheet_free(printer->sheet);
		alm_bundle_files_free(printer->files);
		free(printer);
	}
}

struct alm_sheet *alm_audit_printer_sheet(struct alm_audit_printer *printer)
{
	return printer->sheet;
}

static FILE *stream(const struct alm_audit_printer *printer)
{
	return printer->args->output.out != NULL ? printer->args->output.out
						 : stdout;
}

static void print_event(struct alm_audit_printer *printer, json_t *event)
{
	bool is_fhir = printer->format == FORMAT_FHIR;
	FILE *out = stream(printer);

	if (is_fhir) {
		(void)fputs(printer->is_begun
				    ? ",\n"
				    : "{\"resourceType\":\"Bundle\","
				      "\"type\":\"collection\",\"entry\":[\n",
			out);
	}
	if (event == NULL || json_dumpf(event, out, JSON_COMPACT) != 0) {
		printer->has_failed = true;
	}
	if (!is_fhir) {
		(void)fputc('\n', out);
	}
	printer->is_begun = true;
	json_decref(event);
}

void alm_audit_printer_policies(struct alm_audit_printer *printer,
	alm_audit_policy_fn *policy, void *cookie)
{
	printer->policy = policy;
	printer->cookie = cookie;
}

/* The policy that a record fell under; records come in the order of epochs. */
static const struct alm_bundle *policy_of(
	struct alm_audit_printer *printer, alm_audit_cells cells)
{
	uint64_t epoch = strtoull(cells[ALM_COLUMN_EPOCH], NULL, 10);

	if (printer->policy == NULL || epoch == 0 ||
		cells[ALM_COLUMN_PURPOSE][0] == '\0') {
		return NULL;
	}
	if (epoch != printer->epoch) {
		alm_bundle_files_free(printer->files);
		printer->files = printer->policy(printer->cookie, epoch);
		printer->epoch = epoch;
	}
	return printer->files == NULL ? NULL : &printer->files->bundle;
}

void alm_audit_printer_row(
	struct alm_audit_printer *printer, const char *const *cells)
{
	switch (printer->format) {
	case FORMAT_SHEET:
		alm_sheet_row(printer->sheet, cells);
		break;
	case FORMAT_FHIR:
		print_event(
			printer, json_pack("{s:o*}", "resource",
					 alm_audit_fhir_event(cells,
						 policy_of(printer, cells))));
		break;
	case FORMAT_OCSF:
		print_event(printer, alm_audit_ocsf_event(cells));
		break;
	}
}

static void number(uint64_t value, char out[24])
{
	(void)snprintf(out, 24, "%llu", (unsigned long long)value);
}

void alm_audit_printer_record(
	struct alm_audit_printer *printer, const struct alm_audit_told *told)
{
	const struct alm_audit_record *r = told->record;
	char time_text[ALM_INSTANT_US_TEXT_BYTES];
	char seq[24], code[24], mail[24], ref[24], epoch[24], people[24];
	char message[ALM_UUID_TEXT_BYTES] = "";
	char person[2 * sizeof(r->person) + 1] = "";

	alm_instant_us_text(r->time_us, time_text);
	number(r->seq, seq);
	number(r->code, code);
	number(r->mail_seq, mail);
	number(r->ref, ref);
	number(r->policy_epoch, epoch);
	number(r->people_seq, people);
	if (r->has_message_id) {
		alm_message_id_text(&r->message_id, message);
	}
	if (r->has_person) {
		alm_hex(r->person, sizeof(r->person), person);
	}
	alm_audit_printer_row(printer,
		(const char *const[]){seq, time_text,
			alm_audit_kind_word(r->kind),
			alm_effect_word(r->effect), code,
			r->code > 1 ? alm_err_info((enum alm_err)r->code)->name
				    : "",
			r->sender, r->recipient, r->purpose, r->categories,
			r->basis, alm_level_word(r->level_in),
			alm_level_word(r->level_out), message,
			r->mail_seq != 0 ? mail : "", r->ref != 0 ? ref : "",
			person, epoch, people, r->standard, told->agent,
			told->detail, told->signature, told->evidence,
			told->leaf, told->path, told->header});
}

static int written(const struct alm_audit_printer *printer)
{
	FILE *out = stream(printer);

	return printer->has_failed || fflush(out) != 0 || ferror(out) != 0
		       ? ALM_EXIT_FAILURE
		       : ALM_EXIT_OK;
}

int alm_audit_printer_flush(struct alm_audit_printer *printer)
{
	bool is_first = !printer->is_begun;
	int rc;

	if (printer->format != FORMAT_SHEET) {
		return written(printer);
	}
	printer->is_begun = true;
	rc = alm_sheet_flush(printer->sheet, &printer->args->output, is_first);
	return rc == ALM_EXIT_OK ? written(printer) : rc;
}

int alm_audit_printer_page(struct alm_audit_printer *printer)
{
	enum alm_format format = printer->args->output.format;

	return printer->format != FORMAT_SHEET || format == ALM_FORMAT_JSONL ||
			       format == ALM_FORMAT_CSV
		       ? alm_audit_printer_flush(printer)
		       : ALM_EXIT_OK;
}

/* An empty Bundle has no entries, not an empty list of them. */
static int end_bundle(struct alm_audit_printer *printer)
{
	(void)fputs(printer->is_begun ? "\n]}\n"
				      : "{\"resourceType\":\"Bundle\","
					"\"type\":\"collection\"}\n",
		stream(printer));
	return written(printer);
}

int alm_audit_printer_end(struct alm_audit_printer *printer, const char *cursor)
{
	const struct alm_output *output = &printer->args->output;
	int rc = ALM_EXIT_OK;

	if (printer->format == FORMAT_FHIR) {
		rc = end_bundle(printer);
	} else if (printer->format == FORMAT_OCSF) {
		rc = written(printer);
	} else if (output->format == ALM_FORMAT_JSON) {
		alm_sheet_fact(printer->sheet, "cursor", cursor);
		rc = alm_sheet_print(printer->sheet, output);
	} else if (output->format == ALM_FORMAT_TABLE) {
		rc = alm_sheet_print(printer->sheet, output);
	}
	if (rc == ALM_EXIT_OK && cursor[0] != '\0') {
		alm_print_warning(output,
			"there may be more: go on with --after %s", cursor);
	}
	return rc;
}

unsigned alm_audit_cells_kind(alm_audit_cells cells)
{
	return alm_audit_kind_from_word(cells[ALM_COLUMN_KIND]);
}

bool alm_audit_cells_failed(alm_audit_cells cells)
{
	return alm_audit_cells_kind(cells) >= ALM_AUDIT_AGENT &&
	       cells[ALM_COLUMN_NAME][0] != '\0';
}

void alm_json_set_text(json_t *object, const char *key, const char *text)
{
	if (text[0] != '\0') {
		(void)json_object_set_new(object, key, json_string(text));
	}
}
