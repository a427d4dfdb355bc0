/* diff_world.h - random small bundles, and random changes to them. */
#ifndef ALM_TESTS_UNIT_POLICY_DIFF_WORLD_H
#define ALM_TESTS_UNIT_POLICY_DIFF_WORLD_H

#include "tests/unit/core/builder.h"

#define BASES 3
#define PROHIBITIONS 3
#define ORGANISATIONS 7

static uint64_t state;

static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % n);
}

#define PICK(array) (array)[below(ALM_COUNT(array))]

static const char *const organisation_ids[ORGANISATIONS] = {
	"RX1", "C1", "C2", "QT1", "CA1", "CH1", "NEW1"};
static const char *const purpose_ids[] = {
	"care", "emergency", "triage", "planning", "audit"};
static const char *const category_ids[] = {
	"discharge", "medications", "mental-health", "talking", "extra"};
static const char *const basis_ids[] = {"B1", "B2", "B3"};
static const char *const prohibition_ids[] = {"P1", "P2", "P3"};
static const char *const parties[] = {"any", "any", "any", "any", "RX1 C1",
	"C2 C1", "kind:gp-practice", "kind:nhs-trust QT1", "group:both",
	"group:both", "CA1 CH1 RX1"};
static const char *const purposes[] = {"any emergency triage", "care",
	"care planning", "any emergency", "any", "planning audit"};
static const char *const covered[] = {"any", "any", "discharge",
	"mental-health", "talking discharge", "medications",
	"mental-health medications"};

/* A bundle that owns all that a change may touch. */
struct world {
	struct alm_bundle bundle;
	struct alm_bundle_organisation organisations[ORGANISATIONS];
	struct alm_bundle_category categories[5];
	struct alm_bundle_purpose purposes[5];
	struct alm_bundle_member members[3];
	struct alm_bundle_group groups[1];
	struct alm_bundle_basis bases[BASES];
	struct alm_bundle_prohibition prohibitions[PROHIBITIONS];
};

static bool one_in(unsigned n)
{
	return below(n) == 0;
}

static void random_basis(struct alm_bundle_basis *b)
{
	static const char *const lifts[] = {"objection", "type-1",
		"objection type-1", "prohibition:P1", "prohibition:P2 type-1"};
	static const char *const duties[] = {"delete", "delete keep", "keep"};

	b->from = LIST(PICK(parties));
	b->to = LIST(PICK(parties));
	b->purposes = LIST(PICK(purposes));
	b->categories = LIST(PICK(covered));
	b->identifiability =
		(enum alm_level)(below(3) ? 3 + below(2) : 1 + below(4));
	b->requires_relationship = one_in(2);
	b->consent = (enum alm_consent)(1 + below(3));
	b->opt_out = (enum alm_opt_out_rule)(1 + below(3));
	b->lifts = one_in(3) ? LIST(PICK(lifts)) : (struct alm_words){NULL, 0};
	b->accepts_emergency = one_in(2);
	b->accepts_guardian = one_in(2);
	b->refuses_withheld_location = one_in(2);
	b->smallest_group = one_in(2) ? 0 : 10 * (1 + below(2));
	b->obligations =
		one_in(2) ? (struct alm_words){NULL, 0} : LIST(PICK(duties));
	b->status = one_in(20) ? ALM_STATUS_SUSPENDED : ALM_STATUS_ACTIVE;
	b->valid = (struct alm_period){
		one_in(20) ? T + 1 : 0, T + (int64_t)below(9) * DAY};
}

static void random_prohibition(struct alm_bundle_prohibition *p)
{
	p->from = LIST(parties[below(ALM_COUNT(parties) - 4) + 4]);
	p->to = LIST(PICK(parties));
	p->purposes = LIST(PICK(purposes));
	p->categories = LIST(PICK(covered));
	p->de_identifies = one_in(2);
	p->at_or_above = (enum alm_level)(
		p->de_identifies ? 2 + below(3) : 1 + below(4));
}

static void build(struct world *w)
{
	const char *const kinds[ORGANISATIONS] = {"nhs-trust", "gp-practice",
		"gp-practice", "icb", "alliance", "charity", "nhs-trust"};
	struct alm_bundle base = a_bundle();

	*w = (struct world){.bundle = base};
	for (size_t i = 0; i < ORGANISATIONS; i++) {
		w->organisations[i] = (struct alm_bundle_organisation){
			.id = ID(organisation_ids[i]),
			.name = organisation_ids[i],
			.kind = ID(kinds[i])};
	}
	w->organisations[4].host = (struct alm_word)ID("QT1");
	memcpy(w->purposes, base.purposes, sizeof(w->purposes));
	for (size_t i = 0; i < 4; i++) {
		w->categories[i].id = (struct alm_word)ID(category_ids[i]);
	}
	w->categories[3].under = (struct alm_word)ID("mental-health");
	w->categories[4].id = (struct alm_word)ID("extra");
	memcpy(w->members, both, sizeof(w->members));
	w->groups[0] = (struct alm_bundle_group){ID("both"), w->members, 3};
	for (size_t i = 0; i < BASES; i++) {
		w->bases[i] = BASIS(basis_ids[i]);
		random_basis(&w->bases[i]);
	}
	for (size_t i = 0; i < PROHIBITIONS; i++) {
		w->prohibitions[i] = PROHIBITION(prohibition_ids[i]);
		random_prohibition(&w->prohibitions[i]);
	}
}

/* The lists, of which the last one may be left out. */
static void attach(struct world *w, unsigned round)
{
	struct alm_bundle *b = &w->bundle;

	w->groups[0].members = w->members;
	b->organisations = w->organisations;
	b->organisation_count = ORGANISATIONS - (round & 1);
	b->categories = w->categories;
	b->category_count = 4 + (round >> 1 & 1);
	b->purposes = w->purposes;
	b->purpose_count = ALM_COUNT(w->purposes);
	b->groups = w->groups;
	b->group_count = 1;
	b->bases = w->bases;
	b->basis_count = BASES - (round >> 2 & 1);
	b->prohibitions = w->prohibitions;
	/* A prohibition that a basis lifts must be there. */
	b->prohibition_count = PROHIBITIONS - (round >> 3 & 1);
}

/* One change, or a few. */
static void change(struct world *w)
{
	struct alm_bundle_organisation *o =
		&w->organisations[below(ORGANISATIONS)];
	struct alm_bundle_basis spare = BASIS("spare");
	struct alm_bundle_basis *b = &w->bases[below(BASES)];

	random_basis(&spare);
	switch (below(12)) {
	case 0:
		o->status = ALM_STATUS_SUSPENDED;
		break;
	case 1:
		o->has_assurance_until = true;
		o->assurance_until_s = T;
		break;
	case 2:
		o->kind = (struct alm_word)ID("gp-practice");
		break;
	case 3:
		w->members[0].valid.until_s = T;
		w->members[1].valid.until_s = T;
		w->members[2].organisation = (struct alm_word)ID("QT1");
		break;
	case 4:
		w->purposes[below(5)].class = ALM_CLASS_SECONDARY;
		break;
	case 5:
		w->purposes[below(5)].recipients = LIST("icb gp-practice");
		break;
	case 6:
		w->purposes[4].inherits_never = true;
		break;
	case 7:
		random_prohibition(&w->prohibitions[below(PROHIBITIONS)]);
		break;
	case 8:
		b->identifiability = spare.identifiability;
		break;
	case 9:
		b->lifts = spare.lifts;
		b->accepts_guardian = spare.accepts_guardian;
		b->accepts_emergency = spare.accepts_emergency;
		break;
	case 10:
		b->requires_relationship = spare.requires_relationship;
		b->consent = spare.consent;
		b->obligations = spare.obligations;
		b->valid = spare.valid;
		break;
	default:
		random_basis(b);
		break;
	}
}

#endif /* ALM_TESTS_UNIT_POLICY_DIFF_WORLD_H */
