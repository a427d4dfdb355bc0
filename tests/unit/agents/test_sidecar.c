/* The description of a message in the outbox, and the context file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "agents/client/context.h"
#include "agents/folder/sidecar.h"
#include "lib/file.h"
#include "tests/support/tempdir.h"

static enum alm_err read_sidecar(const char *text, struct alm_arena *arena,
	struct alm_sidecar *out, struct alm_problem *problem)
{
	alm_arena_init(arena, (size_t)1 << 20);
	memset(problem, 0, sizeof(*problem));
	return alm_sidecar_read("a.yaml",
		(struct alm_bytes){(const uint8_t *)text, strlen(text)}, arena,
		out, problem);
}

#define NEEDED \
	"recipient: C84001\npurpose: direct-care\ncategories: [a, b]\n" \
	"level: identifiable\npayload: a.pdf\n"

Test(sidecar, reads_every_key)
{
	struct alm_arena arena;
	struct alm_sidecar s;
	struct alm_problem problem;

	cr_assert_eq(
		read_sidecar(NEEDED
			"subject: 9990000018\nbasis: DSA-1\n"
			"standard: treatment-summary@1.0.0\n"
			"relationship: {kind: referral, ref: U-1}\n"
			"override: {kind: emergency, by: Dr A, reason: why}\n"
			"deadline: 2026-12-01T09:00:00Z\nexpires: 48h\n"
			"priority: urgent\n"
			"correlation-id: "
			"01930000-0000-7000-8000-000000000001\n",
			&arena, &s, &problem),
		ALM_OK, "%s", problem.detail);
	cr_assert_str_eq(s.outgoing.standard, "treatment-summary");
	cr_assert_str_eq(s.outgoing.standard_version, "1.0.0");
	cr_assert_eq(s.outgoing.category_count, 2);
	cr_assert_str_eq(s.outgoing.categories[1], "b");
	cr_assert_str_eq(s.outgoing.relationship_kind, "referral");
	cr_assert_str_eq(s.outgoing.override_kind, "emergency");
	cr_assert_str_eq(s.outgoing.priority, "urgent");
	cr_assert_eq(s.expires_after_s, 48 * 3600);
	cr_assert_eq(s.outgoing.deadline_ms, 1796115600000);
	cr_assert_eq(s.outgoing.correlation_id[15], 1);
	alm_arena_fini(&arena);
}

#define ANSWERED "correlation-id: 01930000-0000-7000-8000-000000000001\n"

Test(sidecar, a_business_receipt_has_no_content)
{
	struct alm_arena arena;
	struct alm_sidecar s;
	struct alm_problem problem;

	cr_assert_eq(read_sidecar("recipient: RX1\npurpose: direct-care\n"
				  "kind: opened\n" ANSWERED,
			     &arena, &s, &problem),
		ALM_OK, "%s", problem.detail);
	cr_assert_str_eq(s.outgoing.kind, "opened");
	cr_assert_null(s.payload);
	cr_assert_eq(s.outgoing.category_count, 0);
	alm_arena_fini(&arena);
}

Test(sidecar, reads_a_list_of_recipients_in_place_of_one)
{
	struct alm_arena arena;
	struct alm_sidecar s;
	struct alm_problem problem;
	const char *rest = strchr(NEEDED, '\n') + 1;
	char text[512];

	(void)snprintf(text, sizeof(text),
		"recipients: [C84001, group:ics-QT1, "
		"kind:gp-practice@group:ics-QT1]\n%s",
		rest);
	cr_assert_eq(read_sidecar(text, &arena, &s, &problem), ALM_OK, "%s",
		problem.detail);
	cr_assert_null(s.outgoing.recipient);
	cr_assert_eq(s.outgoing.recipient_count, 3);
	cr_assert_str_eq(s.outgoing.recipients[1], "group:ics-QT1");
	alm_arena_fini(&arena);
	(void)snprintf(text, sizeof(text), NEEDED "recipients: [C84001]\n");
	cr_assert_neq(read_sidecar(text, &arena, &s, &problem), ALM_OK);
	cr_assert_not_null(strstr(problem.detail, "either a recipient or"));
	alm_arena_fini(&arena);
	cr_assert_neq(read_sidecar(rest, &arena, &s, &problem), ALM_OK);
	cr_assert_not_null(strstr(problem.detail, "either a recipient or"));
	alm_arena_fini(&arena);
}

struct row {
	const char *text;
	const char *said; /* a part of the detail */
};

Test(sidecar, says_where_and_what_is_wrong)
{
	static const struct row rows[] = {
		{"recipent: x\n", "a.yaml:1:1"},
		{"recipent: x\n", "did you mean 'recipient'"},
		{NEEDED "subject: 9990000019\n", "a.yaml:6"},
		{NEEDED "subject: 999 000 0018\n", "without spaces"},
		{NEEDED "level: identifiable\n", "a.yaml:6"},
		{NEEDED "priority: urgnt\n", "urgent"},
		{NEEDED "standard: x\n", "ID@VERSION"},
		{NEEDED "expires: soon\n", "duration"},
		{NEEDED "expires: 0s\n", "duration"},
		{"payload: ../../etc/passwd\n", "a.yaml"},
		{NEEDED "correlation-id: 7\n", "UUID"},
		{NEEDED "kind: acted\n" ANSWERED,
			"categories does not go with"},
		{NEEDED "kind: eaten\n" ANSWERED, "acted"},
		{NEEDED "kind: reply\n", "correlation-id is missing"},
		{NEEDED "kind: request\n", "needs a deadline"},
		{"recipient: RX1\npurpose: x\n", "categories is missing"},
		{"[", "a.yaml"},
		{"", "purpose"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct alm_arena arena;
		struct alm_sidecar s;
		struct alm_problem problem;

		cr_assert_eq(read_sidecar(rows[i].text, &arena, &s, &problem),
			ALM_SIDECAR, "row %zu", i);
		cr_assert_neq(strstr(problem.detail, rows[i].said), NULL,
			"row %zu: %s", i, problem.detail);
		cr_assert_null(strstr(problem.detail, "9990000019"));
		alm_arena_fini(&arena);
	}
}

static enum alm_err read_context(
	const char *folder, const char *text, struct alm_problem *problem)
{
	struct alm_context context;
	char path[128];

	snprintf(path, sizeof(path), "%s/context.yaml", folder);
	memset(problem, 0, sizeof(*problem));
	cr_assert_eq(
		alm_file_write(path,
			(struct alm_bytes){(const uint8_t *)text, strlen(text)},
			0600, NULL),
		ALM_OK);
	return alm_context_read(path, &context, problem);
}

#define KEY64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CONTEXT \
	"endpoint: tcp://127.0.0.1:7301\norganisation: RX1\nagent: ward\n" \
	"curve-key: curve.key\nsigning-key: signing.key\n"

Test(context, reads_keys_beside_it_and_refuses_the_rest)
{
	char folder[ALM_TEMPDIR_BYTES];
	char path[128];
	uint8_t key[32] = {1};
	struct alm_problem problem;

	alm_tempdir_make(folder);
	cr_assert_eq(read_context(folder, CONTEXT "broker-key: " KEY64 "\n",
			     &problem),
		ALM_KEY_FILE);
	snprintf(path, sizeof(path), "%s/curve.key", folder);
	cr_assert_eq(alm_key_file_write(path, key, NULL), ALM_OK);
	snprintf(path, sizeof(path), "%s/signing.key", folder);
	cr_assert_eq(alm_key_file_write(path, key, NULL), ALM_OK);
	cr_assert_eq(read_context(folder, CONTEXT "broker-key: " KEY64 "\n",
			     &problem),
		ALM_OK, "%s", problem.detail);
	cr_assert_eq(read_context(folder, CONTEXT "broker-key: 00\n", &problem),
		ALM_CONTEXT);
	cr_assert_neq(strstr(problem.detail, "context.yaml:6"), NULL, "%s",
		problem.detail);
	cr_assert_eq(read_context(folder, CONTEXT, &problem), ALM_CONTEXT);
	cr_assert_eq(
		read_context(folder, CONTEXT "broker-key: " KEY64 "\nagnt: x\n",
			&problem),
		ALM_CONTEXT);
	cr_assert_neq(strstr(problem.detail, "agent"), NULL);
	alm_tempdir_remove(folder);
}
