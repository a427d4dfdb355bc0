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

static void see_mailboxes(struct alm_doctor *doctor)
{
	const struct alm_ask ask = {.verb = "mailbox.list"};
	struct alm_answer answer;
	const char *first = "";
	size_t holding = 0;
	size_t absent = 0;

	if (!alm_doctor_ask_broker(doctor, "mail", &ask, &answer)) {
		return;
	}
	for (size_t i = 0; i < answer.row_count; i++) {
		const char *connected = cell(&answer, i, "connected");

		/* Others have limits or a deputy, or are on hold. */
		if (strcmp(cell(&answer, i, "messages"), "0") == 0) {
			continue;
		}
		holding++;
		if (strcmp(connected, "0") == 0 ||
			strcmp(connected, "no") == 0) {
			first = absent++ == 0 ? cell(&answer, i, "organisation")
					      : first;
		}
	}
	alm_step_add(doctor->steps, "mail",
		absent > 0 ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"%zu mailboxes hold mail; of %zu nobody is connected%s%s",
		holding, absent, absent > 0 ? ", first " : "", first);
	if (absent > 0) {
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

	if (!alm_doctor_ask_broker(doctor, "witnesses", &ask, &answer)) {
		return;
	}
	for (size_t i = 0; i < answer.row_count; i++) {
		long lag_s = strtol(cell(&answer, i, "lag-s"), NULL, 10);
		long behind = strtol(cell(&answer, i, "behind"), NULL, 10);

		if (lag_s > WITNESS_WARNED_S && behind > 0) {
			late = late_count++ == 0
				       ? cell(&answer, i, "organisation")
				       : late;
		}
	}
	alm_step_add(doctor->steps, "witnesses",
		late_count > 0 ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"%zu partners cosign the log; %zu have not for an hour%s%s",
		answer.row_count, late_count, late_count > 0 ? ", first " : "",
		late);
	if (late_count > 0) {
		alm_step_do(doctor->steps,
			"telephone them; if their agent says "
			"head-inconsistent, it is an alarm: almoner audit "
			"verify");
	}
}

static void see_backup(struct alm_doctor *doctor)
{
	struct alm_ask ask = {.verb = "audit.query"};
	struct alm_answer answer;
	long long age_s = -1;

	alm_ask_add(&ask, "kind", "backup");
	alm_ask_add(&ask, "reverse", "yes");
	alm_ask_add(&ask, "limit", "1");
	alm_ask_add(&ask, "reason", "doctor: when was the last backup?");
	if (!alm_doctor_ask_broker(doctor, "backup", &ask, &answer)) {
		return;
	}
	if (answer.row_count > 0) {
		age_s = instant_s(alm_doctor_text(&doctor->health, "now")) -
			instant_s(cell(&answer, 0, "time"));
	}
	alm_step_add(doctor->steps, "backup",
		age_s < 0 || age_s > BACKUP_WARNED_S ? ALM_STEP_WARNED
						     : ALM_STEP_GOOD,
		ALM_OK,
		age_s < 0 ? "no copy of the store stands in the log"
			  : "the last copy was made %lld days ago",
		age_s / DAY_S);
	if (age_s < 0 || age_s > BACKUP_WARNED_S) {
		alm_step_do(doctor->steps,
			"almoner backup TO --key FILE, every day, to another "
			"machine");
	}
}

void alm_doctor_registry(struct alm_doctor *doctor)
{
	see_agents(doctor);
	see_mailboxes(doctor);
	see_witnesses(doctor);
	see_backup(doctor);
}
