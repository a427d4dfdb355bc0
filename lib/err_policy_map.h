/*
 * err_policy_map.h - the part of the catalogue that policy speaks in: 4xxx the
 * reasons of a decision (4000 plus the number in docs/POLICY.md), 50xx the
 * errors of a policy bundle, 51xx those of its life cycle.  The columns are
 * those of lib/err_map.h.
 */
#ifndef ALM_LIB_ERR_POLICY_MAP_H
#define ALM_LIB_ERR_POLICY_MAP_H

/* clang-format off */
#define ALM_ERR_MAP_POLICY(X) \
	X(REASON_101, 4101, "request-malformed", REFUSED, false, \
		"The request lacks a field, or a field is malformed, " \
		"duplicated or unknown.", \
		"Correct the message; the sender's system supplier can " \
		"help.") \
	X(REASON_102, 4102, "organisation-id-malformed", REFUSED, false, \
		"An organisation id is not well formed.", \
		"Use the organisation's ODS code or its id in the policy.") \
	X(REASON_103, 4103, "purpose-unknown", REFUSED, false, \
		"The purpose is not one that the policy knows.", \
		"Choose a purpose of the active policy.") \
	X(REASON_104, 4104, "category-unknown", REFUSED, false, \
		"No category is named, or one is unknown or has narrower " \
		"ones.", \
		"Name the narrowest categories of the content.") \
	X(REASON_105, 4105, "level-unknown", REFUSED, false, \
		"The payload's identifiability is not a known level.", \
		"Say aggregate, anonymised, pseudonymised or identifiable.") \
	X(REASON_107, 4107, "subject-invalid-or-misplaced", REFUSED, false, \
		"The person is missing, must not be named at this level, or" \
		" the NHS number is not valid.", \
		"Check the NHS number and its check digit.") \
	X(REASON_108, 4108, "override-malformed", REFUSED, false, \
		"The override has an unknown kind, or lacks a name or a " \
		"reason.", \
		"Say who overrides and why.") \
	X(NO_BUNDLE, 4190, "no-policy", REFUSED, true, \
		"No policy is active, so nothing may be shared.", \
		"The broker's operator must activate a policy bundle.") \
	X(REASON_191, 4191, "policy-not-fresh-enough", REFUSED, true, \
		"The broker's policy is older than the sender asks for.", \
		"Try again in a moment.") \
	X(REASON_201, 4201, "sender-unknown", REFUSED, false, \
		"The policy does not know the sending organisation.", \
		"Ask the information-governance lead to add it.") \
	X(REASON_202, 4202, "sender-not-active", REFUSED, false, \
		"The sending organisation is suspended or closed.", \
		"Ask the information-governance lead.") \
	X(REASON_203, 4203, "recipient-unknown", REFUSED, false, \
		"The policy does not know the receiving organisation.", \
		"Check the recipient's code, or ask the information-" \
		"governance lead to add it.") \
	X(REASON_204, 4204, "recipient-not-active", REFUSED, false, \
		"The receiving organisation is suspended or closed.", \
		"Check for a successor organisation.") \
	X(REASON_205, 4205, "assurance-lapsed", REFUSED, false, \
		"A party's data security assurance has lapsed.", \
		"That organisation's DSPT lead must renew it.") \
	X(REASON_206, 4206, "sender-is-recipient", REFUSED, false, \
		"Sender and recipient are the same organisation.", \
		"Nothing needs to be shared.") \
	X(REASON_207, 4207, "host-not-active", REFUSED, false, \
		"The organisation that answers for a party is not active.", \
		"Ask the information-governance lead.") \
	X(REASON_210, 4210, "recipient-kind-not-allowed", REFUSED, false, \
		"Organisations of the recipient's kind may never receive " \
		"for this purpose.", \
		"Check the purpose; the ceiling is set by the policy's " \
		"owners.") \
	X(REASON_211, 4211, "prohibited-category-withheld", REFUSED, false, \
		"A prohibition keeps a category back.", \
		"Nothing to do: the law or the policy forbids it.") \
	X(REASON_212, 4212, "prohibition-lifted", REFUSED, false, \
		"A prohibition was lifted by the mandate.", \
		"For information.") \
	X(REASON_213, 4213, "de-identified-by-prohibition", REFUSED, false, \
		"A prohibition lowers the level at which this may be " \
		"shared.", \
		"For information.") \
	X(REASON_214, 4214, "cannot-be-de-identified", REFUSED, false, \
		"One person's record cannot become a statistic.", \
		"Send it at a level that the agreement allows.") \
	X(REASON_215, 4215, "level-lowered", REFUSED, false, \
		"The agreement allows a lower level than the payload has.", \
		"For information.") \
	X(REASON_300, 4300, "no-basis", REFUSED, false, \
		"No agreement or mandate lets the sender share with this " \
		"recipient.", \
		"Ask the information-governance lead for a data-sharing " \
		"agreement.") \
	X(REASON_301, 4301, "basis-not-yet-valid", REFUSED, false, \
		"The agreement is not in force yet.", \
		"Wait for its first day, or ask the information-governance " \
		"lead.") \
	X(REASON_302, 4302, "basis-expired", REFUSED, false, \
		"The agreement has expired.", \
		"Ask the information-governance lead to renew it.") \
	X(REASON_303, 4303, "basis-suspended", REFUSED, false, \
		"The agreement is suspended.", \
		"Ask the information-governance lead.") \
	X(REASON_304, 4304, "purpose-not-agreed", REFUSED, false, \
		"The agreement does not cover this purpose.", \
		"Check the purpose, or ask the information-governance lead.") \
	X(REASON_305, 4305, "category-not-agreed", REFUSED, false, \
		"The agreement does not cover a category.", \
		"Leave it out, or ask the information-governance lead.") \
	X(REASON_306, 4306, "basis-unknown", REFUSED, false, \
		"The message names an agreement that the policy does not " \
		"have.", \
		"Check the agreement's id.") \
	X(REASON_307, 4307, "basis-of-other-parties", REFUSED, false, \
		"The agreement that the message names is not between these " \
		"parties.", \
		"Check the agreement's id.") \
	X(REASON_308, 4308, "several-bases", REFUSED, false, \
		"Several agreements would fit, so the message must name " \
		"one.", \
		"Name the agreement under which you share.") \
	X(REASON_401, 4401, "consent-missing", REFUSED, false, \
		"The agreement needs the person's consent and there is " \
		"none.", \
		"Ask the person, and have their choice recorded.") \
	X(REASON_402, 4402, "withheld-by-objection", REFUSED, false, \
		"The person has objected to sharing a category.", \
		"Respect the choice, or speak with the person.") \
	X(REASON_403, 4403, "nothing-left-to-release", REFUSED, false, \
		"Nothing of the content may be released.", \
		"See the other reasons.") \
	X(REASON_404, 4404, "objection-lifted", REFUSED, false, \
		"A mandate in law lifts the person's objection.", \
		"For information.") \
	X(REASON_405, 4405, "consent-withdrawn", REFUSED, false, \
		"The person has withdrawn their consent.", \
		"Respect the choice; do not send.") \
	X(REASON_406, 4406, "category-not-consented", REFUSED, false, \
		"The person's consent does not cover a category.", \
		"Leave it out, or ask the person.") \
	X(REASON_407, 4407, "location-stripped", REFUSED, false, \
		"The person's whereabouts are protected and were taken out.", \
		"For information.") \
	X(REASON_408, 4408, "objection-overridden", REFUSED, false, \
		"An override set an objection aside and will be reviewed.", \
		"The Caldicott Guardian reviews it.") \
	X(REASON_409, 4409, "location-protected", REFUSED, false, \
		"The person's whereabouts are protected, and the agreement " \
		"then refuses.", \
		"Speak with the Caldicott Guardian.") \
	X(REASON_410, 4410, "cannot-be-used-for-this-purpose", REFUSED, false, \
		"The record cannot be used for this purpose.", \
		"Leave the record out.") \
	X(REASON_411, 4411, "opt-out-not-known", REFUSED, false, \
		"The person is not known to be clear of the national data " \
		"opt-out.", \
		"Run the opt-out check for this person.") \
	X(REASON_412, 4412, "opt-out-check-too-old", REFUSED, false, \
		"The national data opt-out check is too old.", \
		"Run the opt-out check again.") \
	X(REASON_413, 4413, "type-1-objection", REFUSED, false, \
		"The person has a type 1 opt-out at the GP practice.", \
		"Leave the record out.") \
	X(REASON_414, 4414, "type-1-lifted", REFUSED, false, \
		"A mandate in law lifts the type 1 opt-out.", \
		"For information.") \
	X(REASON_501, 4501, "no-relationship", REFUSED, false, \
		"The recipient has no legitimate relationship with this " \
		"person on record.", \
		"Record the relationship, or name the referral in the " \
		"message.") \
	X(REASON_502, 4502, "contextual-relationship", REFUSED, false, \
		"The relationship was asserted by the message.", \
		"For information.") \
	X(REASON_503, 4503, "relationship-overridden", REFUSED, false, \
		"An emergency override stood in for a relationship and will" \
		" be reviewed.", \
		"The Caldicott Guardian reviews it.") \
	X(REASON_509, 4509, "override-not-accepted", REFUSED, false, \
		"The agreement does not accept this override.", \
		"For information.") \
	X(REASON_901, 4901, "record-corrupt", REFUSED, true, \
		"A stored record is damaged, so no decision can be made.", \
		"Tell the operator at once.") \
	X(REASON_902, 4902, "record-version-unknown", REFUSED, true, \
		"A stored record has an unknown version, so no decision can" \
		" be made.", \
		"Tell the operator.") \
	X(REASON_903, 4903, "limit-exceeded", REFUSED, true, \
		"A limit was exceeded, so no decision can be made.", \
		"Tell the operator.") \
	X(YAML_SYNTAX, 5001, "yaml-syntax", INVALID, false, \
		"The file is not YAML.", \
		"Correct the syntax at the place named.") \
	X(YAML_UNSUPPORTED, 5002, "yaml-not-in-subset", INVALID, false, \
		"Anchors, aliases, tags and further documents are not " \
		"allowed.", \
		"Write the value out where it is used.") \
	X(KEY_UNKNOWN, 5003, "key-unknown", INVALID, false, \
		"A key is not known here.", \
		"Use the nearest valid key, if it is what you meant.") \
	X(KEY_MISSING, 5004, "key-missing", INVALID, false, \
		"A key that must be there is missing.", \
		"Add it.") \
	X(KEY_DUPLICATE, 5005, "key-duplicate", INVALID, false, \
		"A key stands twice.", \
		"Keep one of the two.") \
	X(VALUE_BAD, 5006, "value-bad", INVALID, false, \
		"A value is not of the right form.", \
		"Write it as the detail says.") \
	X(WORD_UNKNOWN, 5007, "word-unknown", INVALID, false, \
		"A value is not one of the words allowed here.", \
		"Use the nearest valid word, if it is what you meant.") \
	X(LIST_EMPTY, 5008, "list-empty", INVALID, false, \
		"A list is empty.", \
		"Name at least one, or leave the key out if it is optional.") \
	X(ID_BAD, 5009, "id-malformed", INVALID, false, \
		"An id is not well formed.", \
		"Use letters, digits, dot, underscore and dash, at most 64," \
		" not 'any'.") \
	X(ID_DUPLICATE, 5010, "id-duplicate", INVALID, false, \
		"An id stands twice.", \
		"Give each its own id.") \
	X(REFERENCE_DANGLING, 5011, "reference-dangling", INVALID, false, \
		"A name refers to nothing in the bundle.", \
		"Declare it, or use the nearest valid name.") \
	X(KIND_UNDECLARED, 5012, "kind-undeclared", INVALID, false, \
		"A kind is not declared under kinds.", \
		"Declare it, or use the nearest declared kind.") \
	X(PERIOD_REVERSED, 5013, "period-reversed", INVALID, false, \
		"A period ends before it begins.", \
		"Exchange the days.") \
	X(CYCLE, 5014, "cycle", INVALID, false, \
		"A chain of 'under' leads back to itself.", \
		"Break the chain.") \
	X(HOST_MISSING, 5015, "host-missing", INVALID, false, \
		"An organisation of a hosted kind names no host.", \
		"Name the organisation that answers for it.") \
	X(HOST_HOSTED, 5016, "host-hosted", INVALID, false, \
		"A host has a host itself.", \
		"Name the organisation that answers in the end.") \
	X(BUNDLE_NAME, 5017, "bundle-name-differs", INVALID, false, \
		"The files of a bundle name different bundles.", \
		"Give all files the same bundle name.") \
	X(LIFTS_ON_AGREEMENT, 5018, "lifts-on-agreement", INVALID, false, \
		"Only a mandate may lift.", \
		"Remove lifts, or make it a mandate.") \
	X(LEVEL_ZERO, 5019, "de-identify-at-aggregate", INVALID, false, \
		"Nothing is below aggregate, so it cannot be de-identified.", \
		"Use a higher level, or withhold.") \
	X(CONSENT_CLASS, 5020, "implied-consent-outside-care", INVALID, false, \
		"Consent is implied for care only, and a purpose here is " \
		"not of class care.", \
		"Say consent: required or not-required, or narrow the " \
		"purposes.") \
	X(OPT_OUT_CLASS, 5021, "opt-out-needed", INVALID, false, \
		"A purpose here is not of class care, so the opt-out " \
		"applies or must be exempt for a reason.", \
		"Say opt-out: applies, or exempt:REASON.") \
	X(BUNDLE_LIMIT, 5022, "bundle-limit", INVALID, false, \
		"The bundle is larger than a limit.", \
		"The detail names the limit.") \
	X(TEST_FAILED, 5023, "policy-test-failed", INVALID, false, \
		"A test in the bundle fails.", \
		"Mend the policy or the test.") \
	X(POLICY_GUARDED, 5101, "policy-guarded", DENIED, false, \
		"A guardian is registered, so only a policy that a second " \
		"person has approved can be activated.", \
		"Use almoner policy propose, approve and activate " \
		"--proposal, or activate --emergency.") \
	X(OFFICER_UNKNOWN, 5102, "officer-unknown", DENIED, false, \
		"No officer of this name is registered, or no longer.", \
		"See almoner officer list; a guardian can register one.") \
	X(OFFICER_ROLE, 5103, "officer-role", DENIED, false, \
		"This officer's role does not allow that.", \
		"Authors propose; guardians propose, approve and act in an " \
		"emergency.") \
	X(OFFICER_EXISTS, 5104, "officer-exists", CONFLICT, false, \
		"The officer's name is in use, or the key was registered " \
		"before.", \
		"Take another name, or make a new key with almoner officer " \
		"keygen.") \
	X(OFFICER_SIGNATURE, 5105, "officer-signature", DENIED, false, \
		"The signature is not this officer's over what is asked.", \
		"Sign with the key whose public half almoner officer list " \
		"shows.") \
	X(SELF_APPROVAL, 5106, "self-approval", DENIED, false, \
		"The one who proposed a policy cannot approve it.", \
		"Ask another guardian to review and approve it.") \
	X(APPROVAL_STALE, 5107, "approval-stale", CONFLICT, false, \
		"Another policy was activated or proposed since.", \
		"See almoner policy proposals, review again what has " \
		"changed, and propose anew.") \
	X(CONTENT_CHANGED, 5108, "content-changed", CONFLICT, false, \
		"The content approved is not the content proposed.", \
		"Compare the digests: review and approve the files that " \
		"were proposed.") \
	X(NOT_APPROVED, 5109, "not-approved", DENIED, false, \
		"No guardian but the proposer has approved this policy.", \
		"Ask a guardian to run almoner policy approve.") \
	X(EMERGENCY_AGAIN, 5110, "emergency-again", DENIED, false, \
		"This policy was already in force as an emergency, and was " \
		"not approved since.", \
		"Propose it, and have a second person approve it.") \
	X(LAST_GUARDIAN, 5111, "last-guardian", CONFLICT, false, \
		"No guardian would be left, and nothing could be approved " \
		"any more.", \
		"Register another guardian first.")
/* clang-format on */

#endif /* ALM_LIB_ERR_POLICY_MAP_H */
