/*
 * fuzz_decide.c - a line is a request and the lines after it are records of
 * its person; whatever they say, there is one answer, in JSON, that keeps to
 * what every answer must keep to.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "broker/core/snapshot.h"
#include "broker/policy/load.h"
#include "cli/people/json.h"
#include "cli/policy/decide_json.h"
#include "lib/base.h"

#define RECORDS_MAX 32u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char bundle_text[] =
	"almoner: 1\n"
	"bundle: fuzz\n"
	"kinds: [trust, gp-practice]\n"
	"purposes:\n"
	"  - {id: care, class: care, recipients: [any]}\n"
	"  - {id: urgent, under: care, inherit: never, class: care,"
	" recipients: [trust]}\n"
	"  - {id: plan, class: secondary, recipients: [any]}\n"
	"categories: [{id: top}, {id: x, under: top}, {id: y, under: top},"
	" {id: z}]\n"
	"organisations:\n"
	"  - {id: T1, name: T1, kind: trust}\n"
	"  - {id: T2, name: T2, kind: trust, assurance-until: 2026-03-28}\n"
	"  - {id: G1, name: G1, kind: gp-practice}\n"
	"groups: [{id: g, members: [{organisation: T2}]}]\n"
	"prohibitions:\n"
	"  - {id: W, title: W, from: [any], to: [any], purposes: [any],"
	" categories: [z], at-or-above: pseudonymised, then: withhold}\n"
	"  - {id: D, title: D, from: [any], to: [any], purposes: [plan],"
	" categories: [y], at-or-above: identifiable, then: de-identify}\n";

static const char basis_text[] =
	"  - {id: %s, title: t, from: [any], to: [any], purposes: [%s],"
	" categories: [any], identifiability: identifiable,"
	" relationship: %s, consent: %s, opt-out: %s,"
	" overrides: [emergency, guardian], location-withheld: %s,"
	" valid: 2025-04-01 to 2027-03-31, %s"
	" law: {article-6: a, article-9: b, confidentiality: c},"
	" evidence: [E], approved-by: [g]}\n";

static int write_bundle(char *out, size_t size)
{
	int at = snprintf(out, size, "%sagreements:\n", bundle_text);

	at += snprintf(out + at, size - (size_t)at, basis_text, "A",
		"care, urgent", "required", "implied", "not-applicable",
		"strip", "");
	at += snprintf(out + at, size - (size_t)at, basis_text, "B",
		"care, plan", "not-required", "required", "applies", "refuse",
		"");
	at += snprintf(out + at, size - (size_t)at, "mandates:\n");
	return at + snprintf(out + at, size - (size_t)at, basis_text, "M",
			    "plan", "not-required", "not-required",
			    "'exempt:law'", "strip",
			    "lifts: [objection, type-1, 'prohibition:W'],");
}

static struct alm_snapshot *take_snapshot(void)
{
	static char text[8192];
	static struct alm_diagnostics found;
	struct alm_bundle_source file = {"fuzz", {(uint8_t *)text, 0}};
	struct alm_bundle bundle;
	struct alm_bundle_tests tests;
	struct alm_snapshot *snapshot;
	struct alm_arena arena;

	file.content.bytes = (size_t)write_bundle(text, sizeof(text));
	alm_arena_init(&arena, 1 << 22);
	alm_diagnostics_init(&found, &arena);
	ALM_ASSERT(alm_bundle_load(&file, 1, &arena, &found, &bundle, &tests) ==
		   ALM_OK);
	snapshot = alm_snapshot_compile(&bundle);
	ALM_ASSERT(snapshot != NULL);
	alm_arena_fini(&arena);
	return snapshot;
}

/* One kind of record of a person, in arrays of fixed size. */
struct records {
	struct alm_directive directives[RECORDS_MAX];
	struct alm_relationship relationships[RECORDS_MAX];
	struct alm_opt_out opt_outs[RECORDS_MAX];
	struct alm_flag flags[RECORDS_MAX];
	struct alm_person person;
};

static void add(struct records *all, const struct alm_person_record *record)
{
	struct alm_person *p = &all->person;

	switch (record->type) {
	case ALM_RECORD_DIRECTIVE:
		all->directives[p->directive_count++] = record->directive;
		break;
	case ALM_RECORD_RELATIONSHIP:
		all->relationships[p->relationship_count++] =
			record->relationship;
		break;
	case ALM_RECORD_OPT_OUT:
		all->opt_outs[p->opt_out_count++] = record->opt_out;
		break;
	case ALM_RECORD_FLAG:
		all->flags[p->flag_count++] = record->flag;
		break;
	}
}

/* The next line, without its end. */
static struct alm_bytes take_line(struct alm_bytes *rest)
{
	const uint8_t *end =
		rest->bytes == 0 ? NULL : memchr(rest->data, '\n', rest->bytes);
	size_t bytes = end == NULL ? rest->bytes : (size_t)(end - rest->data);
	struct alm_bytes line = {rest->data, bytes};

	bytes += end != NULL;
	rest->data += bytes;
	rest->bytes -= bytes;
	return line;
}

static void read_records(
	struct alm_bytes rest, struct alm_arena *arena, struct records *all)
{
	*all = (struct records){.person = {.directives = all->directives,
					.relationships = all->relationships,
					.opt_outs = all->opt_outs,
					.flags = all->flags}};
	for (unsigned i = 0; i < RECORDS_MAX && rest.bytes > 0; i++) {
		struct alm_bytes line = take_line(&rest);
		struct alm_person_record record;

		if (alm_people_json_read(line, arena, &record, NULL) ==
			ALM_OK) {
			add(all, &record);
		}
	}
}

static void check(const struct alm_decision *d)
{
	bool is_denied = d->effect == ALM_EFFECT_DENY;

	ALM_ASSERT(is_denied == (d->code >= 100));
	ALM_ASSERT(is_denied || (d->basis != NULL && d->release.count > 0));
	ALM_ASSERT(is_denied || d->level != ALM_LEVEL_UNKNOWN);
	ALM_ASSERT(!is_denied || d->release.count + d->redact.count == 0);
	for (size_t i = 1; i < d->reason_count; i++) {
		ALM_ASSERT(d->reasons[i - 1] < d->reasons[i]);
	}
	for (size_t i = 0; i < d->release.count; i++) {
		for (size_t j = 0; j < d->redact.count; j++) {
			ALM_ASSERT(strcmp(d->release.items[i],
					   d->redact.items[j]) != 0);
		}
	}
}

static void check_json(const char *id, const struct alm_decision *decision)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	json_t *root;

	ALM_ASSERT(out != NULL);
	alm_decision_json_write(out, id, decision);
	ALM_ASSERT(fclose(out) == 0);
	root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
	ALM_ASSERT(json_object_size(root) == 18);
	json_decref(root);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct alm_world world = {NULL, 0, 0, ALM_OPT_OUT_AGE_DEFAULT_S};
	static struct alm_scratch *scratch;
	static struct records all;
	struct alm_bytes rest = {data, size};
	struct alm_request request;
	struct alm_decision decision;
	struct alm_arena arena;
	int64_t at_s;

	if (scratch == NULL) {
		world.snapshot = take_snapshot();
		scratch = alm_scratch_new(world.snapshot);
		ALM_ASSERT(scratch != NULL);
	}
	alm_arena_init(&arena, (size_t)1 << 22);
	alm_request_json_read(take_line(&rest), &arena, &request, &at_s);
	read_records(rest, &arena, &all);
	alm_decide(&world, &all.person, &request, at_s, scratch, &decision);
	check(&decision);
	check_json(request.id, &decision);
	alm_arena_fini(&arena);
	return 0;
}
