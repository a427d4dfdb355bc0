/* Mail on its way into the inbox, over simulated crashes: each test makes the
 * files that a crash at that point leaves, and goes on from there. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/folder/taking.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/yaml/yaml.h"
#include "tests/unit/agents/in_folder.h"

TestSuite(taking, .init = open_folder, .fini = close_folder);

static struct alm_delivery delivery_of(uint64_t sequence, const char *content)
{
	return (struct alm_delivery){.sequence = sequence,
		.id = {1, 2, 3},
		.sender = "RX1",
		.recipient = "C84001",
		.purpose = "direct-care",
		.standard = "",
		.standard_version = "",
		.level = "identifiable",
		.subject = "",
		.basis = "say \"yes\"",
		.priority = "routine",
		.traceparent = "",
		.payload = (const uint8_t *)content,
		.payload_bytes = strlen(content)};
}

#define NAME "01020300-0000-0000-0000-000000000000"

static void count_one(void *cookie, uint64_t sequence)
{
	(void)sequence;
	(*(size_t *)cookie)++;
}

static void take_one(const struct alm_delivery *delivery)
{
	struct alm_takings takings = {.count = 0};
	size_t acknowledged = 0;

	cr_assert_eq(
		alm_taking_delivery(&folder, &takings, delivery, NULL), ALM_OK);
	cr_assert_eq(alm_takings_flush(
			     &folder, &takings, count_one, &acknowledged, NULL),
		ALM_OK);
	cr_assert_eq(acknowledged, 1);
}

static void take(uint64_t sequence, const char *content)
{
	struct alm_delivery delivery = delivery_of(sequence, content);

	take_one(&delivery);
}

Test(taking, writes_mail_once_though_its_reader_has_moved_it)
{
	take(7, "content");
	cr_assert(has(ALM_INBOX, NAME ".yaml"));
	cr_assert(has(ALM_INBOX, NAME ".payload"));
	cr_assert(has(ALM_TAKEN, "7"));
	cr_assert_eq(
		alm_folder_remove(&folder, ALM_INBOX, NAME ".yaml", "", NULL),
		ALM_OK);
	cr_assert_eq(alm_folder_remove(
			     &folder, ALM_INBOX, NAME ".payload", "", NULL),
		ALM_OK);
	take(7, "content");
	cr_assert_not(has(ALM_INBOX, NAME ".yaml"));
	cr_assert_not(has(ALM_INBOX, NAME ".payload"));
	cr_assert_eq(alm_taking_confirmed(&folder, 7, NULL), ALM_OK);
	cr_assert_not(has(ALM_TAKEN, "7"));
}

static const char *basis_in_the_inbox(struct alm_arena *arena)
{
	const struct alm_yaml_options options = {.file = "sidecar",
		.bytes_max = ALM_SIDECAR_BYTES_MAX,
		.depth_max = 2};
	const struct alm_yaml_node *root_node = NULL;
	struct alm_diagnostics diagnostics;
	char path[PATH_MAX];
	uint8_t *data = NULL;
	size_t bytes = 0;

	alm_diagnostics_init(&diagnostics, arena);
	alm_folder_path(&folder, ALM_INBOX, NAME, ".yaml", path);
	cr_assert_eq(
		alm_file_read(path, ALM_SIDECAR_BYTES_MAX, &data, &bytes, NULL),
		ALM_OK);
	cr_assert_eq(alm_yaml_parse(&options, (struct alm_bytes){data, bytes},
			     arena, &diagnostics, &root_node),
		ALM_OK);
	free(data);
	for (const struct alm_yaml_node *node = root_node->first; node != NULL;
		node = node->next) {
		if (node->key != NULL && strcmp(node->key, "basis") == 0) {
			return node->text;
		}
	}
	return "";
}

#define REPLACED "\xEF\xBF\xBD"

/* Line breaks of YAML, what it forbids, and what turns a terminal round. */
Test(taking, what_a_peer_writes_is_read_as_it_was_written)
{
	static const char *const texts[][2] = {
		{"a\xE2\x80\xA8--- b", "a" REPLACED "--- b"},
		{"a\xE2\x80\xA9... b", "a" REPLACED "... b"},
		{"a\xEF\xBF\xBE.", "a" REPLACED "."},
		{"a\xEF\xBF\xBF.", "a" REPLACED "."}, {"\xEF\xBB\xBF.", NULL},
		{"a\xE2\x80\xAExslx.exe", NULL}, {"a\xE2\x81\xA6.", NULL},
		{"a: [b, \"c\"] # d\\", NULL},
		{"\xC3\xA9\xF0\x9F\x98\x80", NULL}, {"\xC2\xA0x", NULL},
		{"'%YAML 1.2", NULL}};
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)1024 * 1024);
	for (size_t i = 0; i < ALM_COUNT(texts); i++) {
		struct alm_delivery delivery = delivery_of(7 + i, "content");
		const char *read = texts[i][texts[i][1] == NULL ? 0 : 1];

		delivery.basis = texts[i][0];
		take_one(&delivery);
		cr_assert_str_eq(basis_in_the_inbox(&arena), read);
		cr_assert_eq(alm_folder_remove(&folder, ALM_INBOX, NAME ".yaml",
				     "", NULL),
			ALM_OK);
	}
	alm_arena_fini(&arena);
}

static uint64_t acknowledged;

static void acknowledge(void *cookie, uint64_t sequence)
{
	(void)cookie;
	acknowledged = sequence;
}

Test(taking, publishes_after_a_crash_between_mark_and_inbox)
{
	put(ALM_TAKEN, "7.payload", "content");
	put(ALM_TAKEN, "7.new", "message-id: x\n");
	put(ALM_TAKEN, "7", NAME " " NAME);
	cr_assert_eq(
		alm_taking_recover(&folder, acknowledge, NULL, NULL), ALM_OK);
	cr_assert_eq(acknowledged, 7);
	cr_assert(has(ALM_INBOX, NAME ".yaml"));
	cr_assert(has(ALM_INBOX, NAME ".payload"));
	cr_assert_not(has(ALM_TAKEN, "7.new"));
	cr_assert_not(has(ALM_TAKEN, "7.payload"));
}

/* That the inbox is not there is not that it has had it. */
Test(taking, acknowledges_nothing_that_the_inbox_cannot_have)
{
	struct alm_delivery delivery = delivery_of(7, "content");
	struct alm_takings takings = {.count = 0};
	size_t taken_count = 0;
	char inbox[PATH_MAX];

	put(ALM_TAKEN, "7", NAME " " NAME);
	put(ALM_TAKEN, "7.new", "the sidecar");
	alm_folder_path(&folder, ALM_INBOX, "", "", inbox);
	cr_assert_eq(rmdir(inbox), 0);
	cr_assert_neq(
		alm_taking_recover(&folder, count_one, &taken_count, NULL),
		ALM_OK);
	cr_assert_eq(alm_taking_delivery(&folder, &takings, &delivery, NULL),
		ALM_OK, "it is marked");
	cr_assert_neq(alm_takings_flush(
			      &folder, &takings, count_one, &taken_count, NULL),
		ALM_OK);
	cr_assert_eq(taken_count, 0);
	cr_assert_eq(mkdir(inbox, 0700), 0);
	take_one(&delivery);
	cr_assert(has(ALM_INBOX, NAME ".yaml"));
}

Test(taking, takes_much_at_once)
{
	struct alm_takings takings = {.count = 0};
	size_t taken_count = 0;
	uint64_t sequence = 0;

	for (;;) {
		struct alm_delivery delivery =
			delivery_of(++sequence, "content");
		uint8_t id[16] = {(uint8_t)sequence};

		memcpy(delivery.id, id, sizeof(id));
		if (!alm_takings_has_room(&takings, id)) {
			break;
		}
		cr_assert_eq(
			alm_taking_delivery(&folder, &takings, &delivery, NULL),
			ALM_OK);
		cr_assert_not(alm_takings_has_room(&takings, id), "called so");
	}
	cr_assert_eq(takings.count, ALM_TAKINGS_MAX);
	cr_assert_eq(alm_takings_flush(
			     &folder, &takings, count_one, &taken_count, NULL),
		ALM_OK);
	cr_assert_eq(taken_count, ALM_TAKINGS_MAX);
	cr_assert(has(ALM_TAKEN, "1"));
	cr_assert_not(has(ALM_TAKEN, "1.new"));
}

Test(taking, writes_again_after_a_crash_before_the_mark)
{
	put(ALM_TAKEN, "7.payload", "cont");
	put(ALM_TAKEN, "7.new", "message-id: x\n");
	acknowledged = 0;
	cr_assert_eq(
		alm_taking_recover(&folder, acknowledge, NULL, NULL), ALM_OK);
	cr_assert_eq(acknowledged, 0);
	cr_assert_not(has(ALM_INBOX, NAME ".yaml"));
	cr_assert_not(has(ALM_TAKEN, "7.payload"), "it may never come again");
	cr_assert_not(has(ALM_TAKEN, "7.new"));
	take(7, "content");
	cr_assert(has(ALM_INBOX, NAME ".yaml"));
	cr_assert_not(has(ALM_TAKEN, "7.new"));
}

Test(taking, mail_of_the_same_id_does_not_write_over_other_mail)
{
	take(7, "first");
	take(8, "second");
	cr_assert(has(ALM_INBOX, NAME ".yaml"));
	cr_assert(has(ALM_INBOX, NAME "-8.yaml"));
	cr_assert(has(ALM_INBOX, NAME "-8.payload"));
}

Test(taking, a_mark_of_another_stores_mail_does_not_swallow_mail)
{
	put(ALM_TAKEN, "7",
		"ffffffff-0000-0000-0000-000000000000 "
		"ffffffff-0000-0000-0000-000000000000");
	take(7, "content");
	cr_assert(has(ALM_INBOX, NAME ".yaml"));
}

Test(taking, a_damaged_mark_is_no_mark)
{
	put(ALM_TAKEN, "7", NAME " ../../etc/x");
	take(7, "content");
	cr_assert(has(ALM_INBOX, NAME ".yaml"));
}

/* An inbox on another file system, which nothing can be renamed into, and then
 * another in its place. */
Test(taking, an_inbox_that_cannot_have_mail_loses_no_payload)
{
	struct alm_delivery delivery = delivery_of(7, "content");
	struct alm_takings takings = {.count = 0};
	char elsewhere[] = "/dev/shm/almoner-test-XXXXXX";
	size_t taken_count = 0;
	char inbox[PATH_MAX];

	if (mkdtemp(elsewhere) == NULL) {
		cr_skip_test("there is no other file system");
	}
	alm_folder_path(&folder, ALM_INBOX, "", "", inbox);
	cr_assert_eq(rmdir(inbox), 0);
	cr_assert_eq(symlink(elsewhere, inbox), 0);
	cr_assert_eq(alm_taking_delivery(&folder, &takings, &delivery, NULL),
		ALM_OK);
	(void)!alm_takings_flush(
		&folder, &takings, count_one, &taken_count, NULL);
	alm_tempdir_remove(elsewhere);
	cr_assert_eq(unlink(inbox), 0);
	cr_assert_eq(mkdir(inbox, 0700), 0);
	if (taken_count == 0) { /* it was another */
		take_one(&delivery);
		cr_assert(has(ALM_INBOX, NAME ".yaml"));
		cr_assert(has(ALM_INBOX, NAME ".payload"));
		cr_assert_not(has(ALM_TAKEN, "7.new"));
	}
}
