/* The outbox as the agent knows it: its order, and what comes and goes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agents/folder/entries.h"
#include "lib/file.h"
#include "tests/unit/agents/in_folder.h"

static struct alm_entry_table table;

static void open_all(void)
{
	open_folder();
	alm_entry_table_init(&table);
}

static void close_all(void)
{
	alm_entry_table_fini(&table);
	close_folder();
}

TestSuite(entries, .init = open_all, .fini = close_all);

static void put_empty(const char *name)
{
	put(ALM_OUTBOX, name, "");
}

static void expect(const char *names)
{
	char text[512] = "";

	for (size_t i = 0; i < table.count; i++) {
		strcat(text, table.items[i]->name);
		strcat(text, " ");
	}
	cr_assert_str_eq(text, names);
}

Test(entries, stand_in_the_order_of_their_names)
{
	put_empty("m2.yaml");
	put_empty("m10.yaml");
	put_empty("m1.txt");
	put_empty("m1.yaml");
	put_empty("m1.envelope");
	put_empty(".m0.yaml");
	cr_assert_eq(alm_entry_table_list(&table, &folder), 0);
	expect("m1 m1.envelope m10 m2 ");
	put_empty("m0.yaml");
	put_empty("m11.yaml");
	cr_assert_eq(alm_entry_table_list(&table, &folder), 0);
	expect("m0 m1 m1.envelope m10 m11 m2 ");
}

Test(entries, are_forgotten_when_they_go_unless_they_are_on_their_way)
{
	static const char *const names[] = {"a.yaml", "b.yaml", "c.yaml"};

	for (size_t i = 0; i < 3; i++) {
		put_empty(names[i]);
	}
	cr_assert_eq(alm_entry_table_list(&table, &folder), 0);
	alm_entry_fly(&table, table.items[1]);
	alm_entry_land(&table, table.items[2], ALM_ENTRY_GONE);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(alm_folder_remove(
				     &folder, ALM_OUTBOX, names[i], "", NULL),
			ALM_OK);
	}
	cr_assert_eq(alm_entry_table_list(&table, &folder), 0);
	expect("b ");
	alm_entry_land(&table, table.items[0], ALM_ENTRY_GONE);
	put_empty("b.yaml");
	cr_assert_eq(alm_entry_table_list(&table, &folder), 0);
	expect("b ");
	cr_assert_eq(table.items[0]->state, ALM_ENTRY_SEEN, "another");
}

Test(entries, are_found_by_the_id_they_go_under)
{
	uint8_t id[16] = {7};

	put_empty("a.yaml");
	put_empty("b.yaml");
	cr_assert_eq(alm_entry_table_list(&table, &folder), 0);
	table.items[1]->id[0] = 7;
	cr_assert_null(alm_entry_find(&table, id));
	alm_entry_fly(&table, table.items[1]);
	cr_assert_eq(alm_entry_find(&table, id), table.items[1]);
	alm_entry_land(&table, table.items[1], ALM_ENTRY_LATER);
	cr_assert_null(alm_entry_find(&table, id));
	cr_assert_eq(table.in_flight, 0);
}

Test(entries, hold_a_payload_against_each_other)
{
	put_empty("a.yaml");
	put_empty("b.yaml");
	cr_assert_eq(alm_entry_table_list(&table, &folder), 0);
	cr_assert_null(alm_entry_holder(&table, table.items[1], "x.pdf"));
	alm_entry_bind(&table, table.items[0], "x.pdf");
	cr_assert_null(alm_entry_holder(&table, table.items[0], "x.pdf"));
	cr_assert_eq(alm_entry_holder(&table, table.items[1], "x.pdf"),
		table.items[0]);
	cr_assert_null(alm_entry_holder(&table, table.items[1], "y.pdf"));
	alm_entry_bind(&table, table.items[0], "y.pdf");
	cr_assert_null(alm_entry_holder(&table, table.items[1], "x.pdf"));
	alm_entry_bind(&table, table.items[0], "");
	cr_assert_null(alm_entry_holder(&table, table.items[1], ""),
		"none is nobody's");
}

Test(entries, names_that_cannot_be_are_counted)
{
	char name[200];

	put_empty("a\nb.yaml");
	put_empty("notes.txt");
	snprintf(name, sizeof(name), "%0130d.yaml", 7);
	put_empty(name);
	put_empty("c.envelope.yaml");
	put_empty("d.yml");
	put_empty("e.refusal.yaml");
	put_empty("caf\xe9.yaml");
	snprintf(name, sizeof(name), "%0120d.envelope", 7);
	put_empty(name);
	cr_assert_eq(alm_entry_table_list(&table, &folder), 7);
	expect("");
}
