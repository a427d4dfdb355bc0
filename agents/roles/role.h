/*
 * role.h - an organisation's system as the demonstration plays it: real
 * letters with payloads of the information standards, driven line by line.
 *
 * usage: almoner-role-NAME --context FILE
 *
 * On stdin, one command a line; words are KEY=VALUE, with %20 for a space and
 * %25 for a percent sign:
 *
 *   send to=ID purpose=P categories=A,B level=L [subject=NHS] [ref=R]
 *        [referral=REF] [standard=ID@VERSION] [basis=ID] [text=TEXT]
 *   part NAME subject=NHS [to=ID] [ref=R] [referral=REF]
 *   quit
 *
 * `part` writes the letter NAME of this role; `ref` comes back with the
 * receipt.  On stdout, one event a line:
 *
 *   ready organisation=ID agent=NAME
 *   sent ref=R id=UUID
 *   receipt ref=R id=UUID code=N name=NAME basis=ID transformed=yes|no
 *   mail id=UUID sender=ID purpose=P categories=A,B level=L standard=S
 *        partial=yes|no repeat=yes|no bytes=N
 *   rejected id=UUID reason=TEXT
 *   notice id=UUID kind=KIND code=N name=NAME reason=TEXT
 *   problem code=N name=NAME detail=TEXT
 *
 * No line holds personal data.  The end of stdin ends the program.
 */
#ifndef ALM_AGENTS_ROLES_ROLE_H
#define ALM_AGENTS_ROLES_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agents/include/almoner.h"
#include "agents/roles/fields.h"

/** A letter that a role writes. */
struct alm_role_letter {
	const char *name;
	const char *to; /* unless the command says otherwise */
	const char *purpose;
	const char *level;
	const char *standard;
	const char *standard_version;
	const char *relationship; /* its kind, if the letter brings one */
	const char *const *categories;
	size_t category_count;
	void (*write)(struct alm_fields *fields, const char *nhs_number);
};

struct alm_role_run;

struct alm_role {
	const struct alm_role_letter *letters;
	size_t letter_count;
	/** Use a piece of mail; gives why it is rejected, or NULL. */
	const char *(*use)(
		struct alm_role_run *run, const struct alm_delivery *delivery);
};

/**
 * Send a letter; from `use`, in answer to mail, one for each: the mail is then
 * acknowledged when the letter has its receipt, and rejected if the letter is
 * refused for good.  `referral` may be NULL.
 */
void alm_role_send(struct alm_role_run *run,
	const struct alm_role_letter *letter, const struct alm_fields *payload,
	const char *to, const char *subject, const char *ref,
	const char *referral);

/** Whether it was released to us. */
bool alm_role_has_category(
	const struct alm_delivery *delivery, const char *category);

/** Everything a role program does.  Gives an exit code of almoner(1). */
int alm_role_main(const struct alm_role *role, int argc, char **argv);

#endif /* ALM_AGENTS_ROLES_ROLE_H */
