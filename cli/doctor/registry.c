/* Agents and their keys, whose mail waits, witnesses, the last copy. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "lib/time.h"

#define AGENT_LINES_MAX 20u
#define KEY_SOON_S (30LL * 24 * 3600)
#define BACKUP_WARNED_S (8LL * 24 * 3600)
#define WITNESS_WARNED_S 3600
#define PAGES_MAX 100u
#define DAY_S (24LL * 3600)

/* A cell by the name of its column; "" if there is none. */
static const char *cell(
	const struct alm_answer *answer, size_t row, const char *column)
{
	int at = alm_answer_column(answer, column);

	return at < 0 ? "" : answer->rows[row].items[at];
}

static int64_t instant_s(const char *text)
{
	int64_t at_us = 0;

	return text[0] != '\0' && alm_instant_us_parse(text, &at_us) == ALM_OK
		       ? at_us / 1000000
		       : 0;
}

/* --- agents -------------------------------------------------------------- */

struct tally {
	size_t active;
	size_t connected;
	size_t unseen; /* since the broker's start */
	size_t lines;
	size_t expiring;
	char first_expiring[160];
	int64_t first_expiry_s;
};

static void see_key_age(struct alm_doctor *doctor,
	const struct alm_answer *agents, size_t row, struct tally *tally)
{
	int64_t since_s = instant_s(cell(agents, row, "keys-since"));
	int64_t now_s = instant_s(alm_doctor_text(&doctor->health, "now"));
	int64_t until_s =
		since_s + alm_doctor_figure(&doctor->health, "key-age-max-s");

	if (since_s == 0 || until_s > now_s + KEY_SOON_S) {
		return;
	}
	if (tally->expiring++ == 0 || until_s < tally->first_expiry_s) {
		tally->first_expiry_s = until_s;
		(void)snprintf(tally->first_expiring,
			sizeof(tally->first_expiring), "%s/%s",
			cell(agents, row, "organisation"),
			cell(agents, row, "agent"));
	}
}

static void see_agent(struct alm_doctor *doctor,
	const struct alm_answer *agents, size_t row, struct tally *tally)
{
	const char *seen = cell(agents, row, "seen-at");
	bool is_connected = strcmp(cell(agents, row, "connected"), "yes") == 0;

	if (strcmp(cell(agents, row, "status"), "active") != 0) {
		return;
	}
	tally->active++;
	tally->connected += is_connected ? 1 : 0;
	tally->unseen += seen[0] == '\0' ? 1 : 0;
	see_key_age(doctor, agents, row, tally);
	if (tally->lines == AGENT_LINES_MAX) {
		return;
	}
	tally->lines++;
	alm_step_add(doctor->steps, "agent",
		is_connected ? ALM_STEP_GOOD : ALM_STEP_SKIPPED, ALM_OK,
		"%s/%s: %s%s%.19s%s", cell(agents, row, "organisation"),
		cell(agents, row, "agent"),
		is_connected ? "connected" : "not connected",
		seen[0] == '\0' ? ", not heard of since the broker started"
				: ", last heard of at ",
		seen, seen[0] == '\0' ? "" : "Z");
}

static void tell_agents(struct alm_doctor *doctor, const struct tally *tally)
{
	bool is_old = tally->expiring > 0;
	const char *on_old =
		alm_doctor_text(&doctor->status, "agents-on-old-key");

	alm_step_add(doctor->steps, "agents", ALM_STEP_GOOD, ALM_OK,
		"%zu of %zu are connected; %zu not heard of since the broker "
		"started; %s invites are open%s%s",
		tally->connected, tally->active, tally->unseen,
		alm_doctor_text(&doctor->status, "invites-open"),
		on_old[0] == '\0' ? "" : "; not seen under the next key: ",
		on_old);
	alm_step_add(doctor->steps, "agent-keys",
		is_old ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		is_old ? "%zu agents should have new keys within 30 days, "
			 "first %s"
		       : "%zu agents should have new keys within 30 days%s",
		tally->expiring, tally->first_expiring);
	if (is_old) {
		alm_step_do(doctor->steps,
			"have them run almoner-agent rotate --context FILE");
	}
}

static void see_agents(struct alm_doctor *doctor)
{
	struct tally tally = {.active = 0, .first_expiring = ""};
	struct alm_answer answer = {.cursor = ""};

	for (unsigned page = 0; page < PAGES_MAX; page++) {
		struct alm_ask ask = {.verb = "agent.list"};

		if (answer.cursor[0] != '\0') {
			alm_ask_add(&ask, "cursor", answer.cursor);
		}
		if (!alm_doctor_ask_broker(doctor, "agents", &ask, &answer)) {
			return;
		}
		for (size_t i = 0; i < answer.row_count; i++) {
			see_agent(doctor, &answer, i, &tally);
		}
		if (answer.cursor[0] == '\0') {
			break;
		}
	}
	tell_agents(doctor, &tally);
}

/* --- mail, witnesses, copies --------------------------------------------- */

struct boxes {
	size_t holding;
	size_t absent;
	char first[160]; /* of those that nobody is connected of */
};

static void see_mailbox(
	const struct alm_answer *answer, size_t row, struct boxes *boxes)
{
	const char *connected = cell(answer, row, "connected");

	/* Others have limits or a deputy, or are on hold. */
	if (strcmp(cell(answer, row, "messages"), "0") == 0) {
		return;
	}
	boxes->holding++;
	if ((strcmp(connected, "0") == 0 || strcmp(connected, "no") == 0) &&
		boxes->absent++ == 0) {
		(void)snprintf(boxes->first, sizeof(boxes->first), ", first %s",
			cell(answer, row, "organisation"));
	}
}

static void see_mailboxes(struct alm_doctor *doctor)
{
	struct boxes boxes = {.first = ""};
	struct alm_answer answer = {.cursor = ""};

	for (unsigned page = 0; page < PAGES_MAX; page++) {
		struct alm_ask ask = {.verb = "mailbox.list"};

		if (answer.cursor[0] != '\0') {
			alm_ask_add(&ask, "cursor", answer.cursor);
		}
		if (!alm_doctor_ask_broker(doctor, "mail", &ask, &answer)) {
			return;
		}
		for (size_t i = 0; i < answer.row_count; i++) {
			see_mailbox(&answer, i, &boxes);
		}
		if (answer.cursor[0] == '\0') {
			break;
		}
	}
	alm_step_add(doctor->steps, "mail",
		boxes.absent > 0 ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"%zu mailboxes hold mail; of %zu nobody is connected%s",
		boxes.holding, boxes.absent, boxes.first);
	if (boxes.absent > 0) {
		alm_step_do(doctor->steps,
			"telephone them: almoner mailbox list says since when "
			"it waits; almoner doctor there says why");
	}
}

static void see_witnesses(struct alm_doctor *doctor)
{
	const struct alm_ask ask = {.verb = "audit.witnesses"};
	struct alm_answer answer;
	const char *late = "";
	size_t late_count = 0;
	size_t count = 0;

	if (!alm_doctor_ask_broker(doctor, "witnesses", &ask, &answer)) {
		return;
	}
	for (size_t i = 0; i < answer.row_count; i++) {
		long lag_s = strtol(cell(&answer, i, "lag-s"), NULL, 10);

		if (strcmp(cell(&answer, i, "status"), "active") != 0) {
			continue;
		}
		count++;
		if (lag_s > WITNESS_WARNED_S) {
			late = late_count++ == 0
				       ? cell(&answer, i, "organisation")
				       : late;
		}
	}
	alm_step_add(doctor->steps, "witnesses",
		late_count > 0 ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"%zu partners cosign the log; %zu have not for an hour%s%s",
		count, late_count, late_count > 0 ? ", first " : "", late);
	if (late_count > 0) {
		alm_step_do(doctor->steps,
			"telephone them; if their agent says "
			"head-inconsistent, it is an alarm: almoner audit "
			"verify; one that cosigns no more: almoner audit "
			"unwitness ORG/NAME");
	}
}

/* The newest copy that was made, and whether a newer one has failed.  What was
 * only begun says nothing. */
struct copies {
	const char *made_at; /* "": none of them */
	const char *failed;  /* the code of the newest that has; "": none */
};

static struct copies find_copies(const struct alm_answer *records)
{
	struct copies copies = {.made_at = "", .failed = ""};

	for (size_t i = 0; i < records->row_count; i++) {
		const char *code = cell(records, i, "code");
		bool is_begun = strcmp(cell(records, i, "ref"), "") == 0;

		if (code[0] != '\0' && strcmp(code, "0") != 0) {
			copies.failed =
				copies.failed[0] == '\0' ? code : copies.failed;
		} else if (!is_begun) {
			copies.made_at = cell(records, i, "time");
			break;
		}
	}
	return copies;
}

static void tell_backup(struct alm_doctor *doctor, const struct copies *copies)
{
	long long age_s = instant_s(alm_doctor_text(&doctor->health, "now")) -
			  instant_s(copies->made_at);
	bool is_none = copies->made_at[0] == '\0';
	bool is_bad =
		is_none || copies->failed[0] != '\0' || age_s > BACKUP_WARNED_S;
	char made[64];

	(void)snprintf(made, sizeof(made),
		"the last copy was made %lld days ago", age_s / DAY_S);
	alm_step_add(doctor->steps, "backup",
		is_bad ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK, "%s%s%s",
		is_none ? "no copy of the store stands in the log" : made,
		copies->failed[0] == '\0'
			? ""
			: ", and one that was begun later has failed: ALM-",
		copies->failed);
	if (is_bad) {
		alm_step_do(doctor->steps,
			"almoner backup TO --key FILE, every day, to another "
			"machine");
	}
}

static void see_backup(struct alm_doctor *doctor)
{
	struct alm_ask ask = {.verb = "audit.query"};
	struct alm_answer answer;
	struct copies copies;

	alm_ask_add(&ask, "kind", "backup");
	alm_ask_add(&ask, "reverse", "yes");
	alm_ask_add(&ask, "limit", "100");
	alm_ask_add(&ask, "reason", "doctor: when was the last backup?");
	if (alm_doctor_ask_broker(doctor, "backup", &ask, &answer)) {
		copies = find_copies(&answer);
		tell_backup(doctor, &copies);
	}
}

void alm_doctor_registry(struct alm_doctor *doctor)
{
	see_agents(doctor);
	see_mailboxes(doctor);
	see_witnesses(doctor);
	see_backup(doctor);
}
