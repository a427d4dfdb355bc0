/* test_format.c - every kind of record has its own words for FHIR and OCSF,
 * whatever its texts hold. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/printer.h"

static const char *const kinds[] = {
#define X(name, number, word) word,
	ALM_AUDIT_KIND_MAP(X)
#undef X
};

static void fill(const char *cells[], const char *kind, const char *text)
{
	for (size_t i = 0; i < ALM_AUDIT_COLUMNS; i++) {
		cells[i] = text;
	}
	cells[ALM_COLUMN_SEQ] = "7";
	cells[ALM_COLUMN_TIME] = "2026-07-30T09:00:00.123456Z";
	cells[ALM_COLUMN_KIND] = kind;
	cells[ALM_COLUMN_CODE] = "0";
	cells[ALM_COLUMN_NAME] = "";
}

static const char *entity_of(json_t *event)
{
	const char *type = json_string_value(
		json_object_get(json_object_get(event, "entity"), "type"));

	return type == NULL ? "" : type;
}

Test(format, every_kind_has_an_event_of_its_own)
{
	for (size_t i = 0; i < ALM_COUNT(kinds); i++) {
		const char *cells[ALM_AUDIT_COLUMNS];
		json_t *event;

		fill(cells, kinds[i], "");
		event = alm_audit_ocsf_event(cells);
		cr_assert_not_null(event, "%s", kinds[i]);
		cr_expect_str_neq(entity_of(event), "unknown", "%s", kinds[i]);
		json_decref(event);
		event = alm_audit_fhir_event(cells, NULL);
		cr_assert_not_null(event, "%s", kinds[i]);
		json_decref(event);
	}
}

Test(format, what_a_message_did_is_no_change_of_an_entity)
{
	static const char *const messages[] = {"request-timed-out",
		"deadline-passed", "escalated-to-deputy", "upload-begun",
		"upload-expired", "upload-cancelled", "sent-to-several",
		"dead-letter-rerun", "dead-letter-removed"};

	for (size_t i = 0; i < ALM_COUNT(messages); i++) {
		const char *cells[ALM_AUDIT_COLUMNS];
		json_t *event;

		fill(cells, messages[i], "");
		event = alm_audit_ocsf_event(cells);
		cr_expect_eq(
			json_integer_value(json_object_get(event, "class_uid")),
			6003, "%s", messages[i]);
		json_decref(event);
	}
}

Test(format, hostile_texts_stay_texts)
{
	static const char hostile[] = "\",\"x\":1,<b>\xe2\x80\xae=1+1\x01";

	for (size_t i = 0; i < ALM_COUNT(kinds); i++) {
		const char *cells[ALM_AUDIT_COLUMNS];
		json_t *events[2];

		fill(cells, kinds[i], hostile);
		cells[ALM_COLUMN_EPOCH] = "1";
		events[0] = alm_audit_ocsf_event(cells);
		events[1] = alm_audit_fhir_event(cells, NULL);
		for (size_t k = 0; k < 2; k++) {
			char *text = json_dumps(events[k], JSON_COMPACT);
			json_t *again =
				text == NULL ? NULL : json_loads(text, 0, NULL);

			cr_expect(again != NULL && json_equal(again, events[k]),
				"%s", kinds[i]);
			cr_expect(text != NULL && strchr(text, '\x01') == NULL);
			free(text);
			json_decref(again);
			json_decref(events[k]);
		}
	}
}
