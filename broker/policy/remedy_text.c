/* Changes, desks and steps in words. */
#include <stdio.h>

#include "broker/policy/remedy.h"
#include "lib/time.h"
#include "lib/words.h"

unsigned alm_change_cost(enum alm_change_kind kind)
{
	static const unsigned costs[] = {
#define X(name, cost, desk) cost,
		ALM_CHANGE_MAP(X)
#undef X
	};

	return costs[kind];
}

enum alm_desk alm_change_desk(enum alm_change_kind kind)
{
	static const enum alm_desk desks[] = {
#define X(name, cost, desk) ALM_DESK_##desk,
		ALM_CHANGE_MAP(X)
#undef X
	};

	return desks[kind];
}

const char *alm_desk_name(enum alm_desk desk)
{
	switch (desk) {
	case ALM_DESK_SENDER:
		return "the sender";
	case ALM_DESK_RECIPIENT:
		return "the recipient's records team";
	case ALM_DESK_ASSURANCE:
		return "that organisation's DSPT lead";
	case ALM_DESK_GOVERNANCE:
		return "the information-governance lead";
	case ALM_DESK_PERSON:
		return "the person";
	case ALM_DESK_CLINICIAN:
		return "the clinician in charge";
	case ALM_DESK_GUARDIAN:
		return "the Caldicott Guardian";
	case ALM_DESK_OWNERS:
		return "the owners of the policy";
	}
	return "";
}

/* The words of a list, cut when there is no room. */
static void list(const struct alm_ids *words, char *out, size_t out_bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < words->count && used + 72 < out_bytes; i++) {
		int wrote = snprintf(out + used, out_bytes - used, "%s%.64s",
			i > 0 ? ", " : "", words->items[i]);

		used += wrote > 0 ? (size_t)wrote : 0;
	}
}

/* What goes into the sentence: $o `of`, $w `word`, $l the list, $v the level,
 * $t the time. */
static const char *const sentences[ALM_CHANGE_COUNT] = {
	[ALM_CHANGE_WORD] = "write '$w' instead of '$o'",
	[ALM_CHANGE_NAME_BASIS] = "name the basis $o in the message",
	[ALM_CHANGE_UNNAME_BASIS] = "do not name the basis $o in the message",
	[ALM_CHANGE_DROP_CATEGORIES] = "leave out $l",
	[ALM_CHANGE_REFERRAL] =
		"name the referral, or what else makes the recipient "
		"concerned with this person, in the message",
	[ALM_CHANGE_BATCH] = "send a record set, decided person by "
			     "person",
	[ALM_CHANGE_LEVEL] = "send the content $v",
	[ALM_CHANGE_OPT_OUT_CHECK] =
		"check the person against the national data opt-out "
		"(this holds if the person is clear)",
	[ALM_CHANGE_WAIT] = "wait until $t, when $o begins",
	[ALM_CHANGE_RELATIONSHIP] =
		"record the recipient's relationship with the person",
	[ALM_CHANGE_ASSURANCE] = "renew the assurance of $o",
	[ALM_CHANGE_BASIS_RENEW] = "renew $o",
	[ALM_CHANGE_BASIS_BEGIN] = "let $o begin earlier",
	[ALM_CHANGE_BASIS_RESUME] = "end the suspension of $o",
	[ALM_CHANGE_BASIS_PURPOSE] = "add the purpose $w to $o",
	[ALM_CHANGE_BASIS_CATEGORIES] = "add $l to $o",
	[ALM_CHANGE_BASIS_SENDER] = "add $w to the senders of $o",
	[ALM_CHANGE_BASIS_RECIPIENT] = "add $w to the recipients of $o",
	[ALM_CHANGE_BASIS_LEVEL] = "allow $v data under $o",
	[ALM_CHANGE_BASIS_NEW] =
		"make a data-sharing agreement between the two for "
		"this purpose and content",
	[ALM_CHANGE_ACTIVATE] = "make $o active again",
	[ALM_CHANGE_ADD] = "add $o to the policy, as $w",
	[ALM_CHANGE_CONSENT] = "ask the person, and record a permission",
	[ALM_CHANGE_OBJECTION] = "speak with the person, who may take back $o",
	[ALM_CHANGE_OPT_OUT] =
		"nothing, unless the person leaves the national data "
		"opt-out",
	[ALM_CHANGE_TYPE_1] =
		"nothing, unless the person ends the type 1 opt-out "
		"at the GP practice",
	[ALM_CHANGE_EMERGENCY] =
		"override in an emergency, with name and reason, to be "
		"reviewed",
	[ALM_CHANGE_GUARDIAN] =
		"override as guardian, with name and reason, to be "
		"reviewed",
	[ALM_CHANGE_LOCATION] =
		"end the protection of the person's whereabouts, if "
		"it is safe",
	[ALM_CHANGE_CEILING] = "let organisations of kind $w receive for $o",
	[ALM_CHANGE_PROHIBITION] =
		"take the prohibition $o out, if the law allows",
};

void alm_change_text(
	const struct alm_change *change, char out[ALM_CHANGE_TEXT_BYTES])
{
	const char *of = change->of != NULL ? change->of : "";
	const char *word = change->word != NULL ? change->word : "";
	char words[ALM_CHANGE_TEXT_BYTES / 2];
	char instant[ALM_INSTANT_TEXT_BYTES] = "";
	size_t used = 0;

	list(&change->words, words, sizeof(words));
	if (change->kind == ALM_CHANGE_WAIT) {
		alm_instant_text(change->instant_s, instant);
	}
	for (const char *at = sentences[change->kind];
		*at != '\0' && used + 1 < ALM_CHANGE_TEXT_BYTES; at++) {
		const char *value = at[1] == 'o'   ? of
				    : at[1] == 'w' ? word
				    : at[1] == 'l' ? words
				    : at[1] == 'v'
					    ? alm_level_word(change->level)
					    : instant;

		if (*at != '$') {
			out[used++] = *at;
			continue;
		}
		at++;
		for (; *value != '\0' && used + 1 < ALM_CHANGE_TEXT_BYTES;
			value++) {
			out[used++] = *value;
		}
	}
	out[used] = '\0';
}

unsigned alm_reason_step(unsigned code)
{
	if (code < 100) {
		return 12;
	}
	if (code == 190 || code == 191 || code >= 900) {
		return 1;
	}
	if (code < 200) {
		return 2;
	}
	if (code < 210) {
		return 3;
	}
	if (code == 210) {
		return 4;
	}
	if (code == 215) {
		return 6;
	}
	if (code < 300) {
		return 7;
	}
	if (code < 400) {
		return 5;
	}
	if (code == 403 || code == 509) {
		return 11;
	}
	if (code < 410) {
		return 9;
	}
	return code < 500 ? 10 : 8;
}

const char *alm_step_name(unsigned step)
{
	static const char *const names[] = {"", "able to decide", "well-formed",
		"the parties", "the ceiling of the purpose", "the basis",
		"categories and level", "prohibitions", "the relationship",
		"the person's directives and flags", "opt-outs", "last checks",
		"the outcome"};

	return step < ALM_COUNT(names) ? names[step] : "";
}
