/* What the daemon says of itself: policy, room, speed, limits, sandbox. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"

#define PERMILLE_WARNED 800
#define LASTS_DAYS_WARNED 90
#define COMMIT_US_WARNED 50000
#define FILES_WARNED 8192
#define DISK_FREE_PERMILLE_WARNED 100
#define UNSIGNED_S_WARNED 60
#define MIB (1024LL * 1024)
#define GIB (1024 * MIB)

static void see_policy(struct alm_doctor *doctor)
{
	const struct alm_answer *status = &doctor->status;
	bool has_policy =
		strcmp(alm_doctor_text(status, "policy-epoch"), "0") != 0;
	bool is_emergency =
		strcmp(alm_doctor_text(status, "policy-how"), "emergency") == 0;
	bool is_open = alm_doctor_figure(status, "guardians") == 0;

	alm_step_add(doctor->steps, "policy",
		!has_policy               ? ALM_STEP_FAILED
		: is_emergency || is_open ? ALM_STEP_WARNED
					  : ALM_STEP_GOOD,
		has_policy ? ALM_OK : ALM_NO_BUNDLE, "epoch %s%s%s",
		alm_doctor_text(status, "policy-epoch"),
		!has_policy    ? ": no policy is active; nothing is permitted"
		: is_emergency ? " is in force on one person's word"
			       : " is active",
		has_policy && is_open ? "; no guardian is registered, so "
					"whoever is at the socket can change it"
				      : "");
	if (has_policy && is_open) {
		alm_step_do(doctor->steps, "almoner officer register");
	}
}

static void see_store(struct alm_doctor *doctor)
{
	const struct alm_answer *status = &doctor->status;
	long long permille = alm_doctor_figure(status, "store-used-permille");
	const char *takes = alm_doctor_text(status, "takes-mail");
	bool is_full = strncmp(takes, "no: the", 7) == 0;
	bool is_late = permille > PERMILLE_WARNED;

	alm_step_add(doctor->steps, "store",
		is_full   ? ALM_STEP_FAILED
		: is_late ? ALM_STEP_WARNED
			  : ALM_STEP_GOOD,
		is_full ? ALM_STORE_FULL : ALM_OK,
		"%lld permille of the map of %lld GiB is used; takes mail: %s",
		permille,
		alm_doctor_figure(&doctor->health, "store-map-bytes") / GIB,
		takes);
	if (strcmp(takes, "no: the disk is full") == 0) {
		alm_step_do(doctor->steps,
			"free space on the disk of %s: within a second "
			"messages are taken again",
			alm_doctor_text(&doctor->health, "store"));
	} else if (is_full || is_late) {
		alm_step_do(doctor->steps,
			"have mailboxes emptied (almoner mailbox list), or "
			"raise store-map and restart");
	}
	if (alm_doctor_figure(status, "store-damaged-rows") > 0) {
		alm_step_add(doctor->steps, "damage", ALM_STEP_FAILED,
			ALM_STORE_CORRUPT,
			"reading back has found %lld damaged rows",
			alm_doctor_figure(status, "store-damaged-rows"));
		alm_step_do(doctor->steps,
			"almoner audit verify, and keep the copies that were "
			"made before");
	}
}

/* The log is kept for good: so much a day is never given back. */
static void see_growth(struct alm_doctor *doctor)
{
	const struct alm_answer *status = &doctor->status;
	long long days = alm_doctor_figure(status, "store-lasts-days");
	bool is_late = days < LASTS_DAYS_WARNED;

	if (alm_doctor_text(status, "store-lasts-days")[0] == '\0') {
		return; /* nobody can tell yet */
	}
	alm_step_add(doctor->steps, "growth",
		is_late ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"the log grows by %lld KiB a day; there is room for %lld days",
		alm_doctor_figure(status, "store-growth-bytes-a-day") / 1024,
		days);
	if (is_late) {
		alm_step_do(doctor->steps,
			"almoner audit prune --dry-run; raise store-map, or "
			"give %s a larger disk",
			alm_doctor_text(&doctor->health, "store"));
	}
}

static void see_disk(struct alm_doctor *doctor)
{
	const struct alm_answer *health = &doctor->health;
	long long all = alm_doctor_figure(health, "disk-bytes");
	long long left = alm_doctor_figure(health, "disk-free-bytes");
	bool is_low = all > 0 && left < all / 1000 * DISK_FREE_PERMILLE_WARNED;

	if (all == 0) {
		return;
	}
	alm_step_add(doctor->steps, "disk",
		is_low ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"%s: %lld of %lld MiB are free",
		alm_doctor_text(health, "store"), left / MIB, all / MIB);
	if (is_low) {
		alm_step_do(doctor->steps,
			"free space: when none is left, messages are refused "
			"until there is");
	}
}

static void see_commit(struct alm_doctor *doctor)
{
	long long us = alm_doctor_figure(&doctor->health, "commit-us");

	alm_step_add(doctor->steps, "fsync",
		us > COMMIT_US_WARNED ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"a commit takes %lld.%03lld ms", us / 1000, us % 1000);
	if (us > COMMIT_US_WARNED) {
		alm_step_do(doctor->steps,
			"look who else writes to this disk, and for a disk "
			"that fails: every sender waits for a commit");
	}
}

static void see_clock(struct alm_doctor *doctor)
{
	const char *clock = alm_doctor_text(&doctor->status, "clock");
	bool is_good = strcmp(clock, "good") == 0 || clock[0] == '\0';

	alm_step_add(doctor->steps, "clock",
		is_good ? ALM_STEP_GOOD : ALM_STEP_WARNED,
		is_good ? ALM_OK : ALM_CLOCK, "the broker's clock: %s", clock);
	if (!is_good) {
		alm_step_do(doctor->steps,
			"compare the clock with another; OPERATIONS.md, The "
			"clock, says what follows");
	}
}

static void see_limits(struct alm_doctor *doctor)
{
	long long max = alm_doctor_figure(&doctor->health, "open-files-max");
	long long open = alm_doctor_figure(&doctor->health, "open-files");
	bool is_short = open >= max / 10 * 9;
	bool is_low = max < FILES_WARNED || is_short;

	alm_step_add(doctor->steps, "limits",
		is_low ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"%lld of %lld open files; cores of %s bytes", open, max,
		alm_doctor_text(&doctor->health, "core-bytes-max"));
	if (is_low) {
		alm_step_do(doctor->steps,
			is_short ? "look who connects (almoner agent list), "
				   "and raise LimitNOFILE: new connections fail"
				 : "LimitNOFILE=65536 in the unit: each agent "
				   "takes one");
	}
}

/* A core or a right too many is what an intruder asks for first. */
static void see_sandbox(struct alm_doctor *doctor)
{
	const struct alm_answer *health = &doctor->health;
	const char *rights = alm_doctor_text(health, "capabilities");
	bool is_confined =
		strcmp(alm_doctor_text(health, "no-new-privileges"), "1") ==
			0 &&
		strcmp(alm_doctor_text(health, "seccomp"), "2") == 0 &&
		strspn(rights, "0") == strlen(rights) &&
		alm_doctor_figure(health, "user") != 0;

	alm_step_add(doctor->steps, "sandbox",
		is_confined ? ALM_STEP_GOOD : ALM_STEP_WARNED, ALM_OK,
		"user %s, capabilities %s, no new privileges %s, seccomp %s",
		alm_doctor_text(health, "user"), rights,
		alm_doctor_text(health, "no-new-privileges"),
		alm_doctor_text(health, "seccomp"));
	if (!is_confined) {
		alm_step_do(doctor->steps,
			"run it as almonerd.service, which takes all rights "
			"away");
	}
}

static void see_keys(struct alm_doctor *doctor)
{
	const char *missing =
		alm_doctor_text(&doctor->health, "key-not-readable");
	bool is_missing = missing[0] != '\0';

	alm_step_add(doctor->steps, "broker-keys",
		is_missing ? ALM_STEP_FAILED : ALM_STEP_GOOD,
		is_missing ? ALM_KEY_FILE : ALM_OK,
		is_missing ? "the daemon cannot read %s any more: it would not "
			     "start again"
			   : "the daemon can read its keys%s",
		missing);
	if (is_missing) {
		alm_step_do(doctor->steps,
			"put the key file back from where it is kept, mode "
			"0400, before anything restarts the broker");
	}
}

static void see_heads(struct alm_doctor *doctor)
{
	const struct alm_answer *health = &doctor->health;
	long long behind = alm_doctor_figure(health, "audit-size") -
			   alm_doctor_figure(health, "signed-size");
	bool is_bad =
		alm_doctor_figure(health, "unsigned-s") > UNSIGNED_S_WARNED ||
		strcmp(alm_doctor_text(health, "sign-failing"), "yes") == 0;

	if (alm_doctor_text(health, "signed-size")[0] == '\0') {
		alm_step_add(doctor->steps, "audit-head", ALM_STEP_WARNED,
			ALM_OK, "no key signs the heads of the log");
		alm_step_do(doctor->steps,
			"almonerd --generate-keys NEXT makes an audit.key: "
			"give it to the unit as audit-key-file, and restart");
		return;
	}
	alm_step_add(doctor->steps, "audit-head",
		is_bad ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"the log has %s records, %lld not signed for; the last head is "
		"%lld s old; since the start %s could not be kept outside",
		alm_doctor_text(health, "audit-size"), behind,
		alm_doctor_age_s(health, "signed-at"),
		alm_doctor_text(health, "sign-failures"));
	if (is_bad) {
		alm_step_do(doctor->steps,
			"look at audit-head-file, its folder and its disk; the "
			"journal says what failed");
	}
}

void alm_doctor_daemon(struct alm_doctor *doctor)
{
	see_policy(doctor);
	see_store(doctor);
	see_growth(doctor);
	see_disk(doctor);
	see_commit(doctor);
	see_clock(doctor);
	see_limits(doctor);
	see_sandbox(doctor);
	see_keys(doctor);
	see_heads(doctor);
}
