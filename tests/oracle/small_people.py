"""Every combination of a few words: what is known about people."""
import itertools

import compare
import generate_people
import small_world

EARLY, MIDDLE, LATE = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z",
                       "2026-01-03T00:00:00Z")
EVERY = "2020-01-01 until further notice"
PAST, FUTURE = "2020-01-01 to 2025-01-01", "2027-01-01 to 2028-01-01"
OVERRIDES = (None, "emergency", "guardian")
ACCEPTED = ([], ["emergency"], ["guardian"], ["emergency", "guardian"])


def directive(number, effect, name="R1", **more):
    made = {"type": "directive", "id": name, "subject": number,
            "authority": "patient", "scope": "all", "recorded": EARLY,
            "effect": effect}
    if effect != "withdrawn":
        made.update({"purposes": ["any"], "categories": ["any"],
                     "to": ["any"], "valid": EVERY})
    made.update(more)
    return made


def part(effect, purpose="any", category="any", to="any"):
    return {"effect": effect, "purposes": [purpose],
            "categories": [category], "to": [to]}


def relationship(number, organisation="T2", **more):
    made = {"type": "relationship", "subject": number, "role": "team",
            "organisation": organisation, "recorded": EARLY}
    made.update(more or {"valid": EVERY})
    return made


def flag(number, **more):
    made = {"type": "flag", "subject": number,
            "flag": "location-withheld", "recorded": EARLY}
    made.update(more or {"valid": EVERY})
    return made


def optout(number, which, state, as_of, recorded=None):
    return {"type": "opt-out", "subject": number, "list": which,
            "state": state, "as-of": as_of, "recorded": recorded or as_of}


def dated(number, valid):
    """A record of each kind that has a period."""
    old = "2000-01-01T00:00:00Z"
    return [directive(number, "permit", valid=valid, recorded=old),
            relationship(number, valid=valid, recorded=old),
            flag(number, valid=valid, recorded=old)]


def override(kind):
    return {} if kind is None else {
        "override": {"kind": kind, "by": "Dr A", "reason": "need"}}


def contextual(is_given):
    return {} if not is_given else {"relationship": {
        "kind": "referral", "ref": "1", "organisation": "T2"}}


def basis(name, accepted=(), lifts=(), **more):
    made = small_world.basis(name, **more)
    if accepted:
        made["overrides"] = list(accepted)
    if lifts:
        made["lifts"] = list(lifts)
    return made


# States of a person, each a list of functions of the subject.

DIRECTIVES = (
    (), ((dict(effect="deny"),)), ((dict(effect="permit"),)),
    (dict(effect="deny", categories=["x"]),),
    (dict(effect="permit", categories=["x"]),),
    (dict(effect="permit", **{"except": [part("deny", category="x")]}),),
    (dict(effect="deny", **{"except": [part("permit", category="x")]}),),
    (dict(effect="permit"),
     dict(effect="withdrawn", name="R2", recorded=LATE)),
    (dict(effect="permit", categories=["y"]),
     dict(effect="withdrawn", name="R2", recorded=LATE)),
    (dict(effect="deny"),
     dict(effect="withdrawn", name="R2", recorded=LATE)),
    (dict(effect="permit"),
     dict(effect="deny", name="R2", scope="one", categories=["x"])),
    (dict(effect="permit"),
     dict(effect="deny", name="R2", valid=PAST, recorded=LATE)))


def with_person(number, states):
    return [directive(number, one["effect"], **{
        key: value for key, value in one.items() if key != "effect"})
        for one in states]


def choices():
    """Step 9: directives, consent, lifts, overrides, the flag."""
    records, people, lines, bases = [], [], [], []
    numbers = generate_people.numbers()
    for states, flagged in itertools.product(DIRECTIVES, (0, 1)):
        number = next(numbers)
        people.append(number)
        records += with_person(number, states)
        records += [flag(number)] * flagged
    for index, (consent, refuse, accepted, lifts) in enumerate(
            itertools.product(("required", "not-required"),
                              ("strip", "refuse"), ACCEPTED,
                              ((), ("objection",)))):
        name = "B%d" % index
        bases.append(basis(name, accepted, lifts, consent=consent,
                           location_withheld=refuse))
        lines += [small_world.ask(name, subject=number, purpose=purpose,
                                  categories=categories, **override(kind))
                  for number in people for purpose in ("care", "plan")
                  for kind in OVERRIDES
                  for categories in (["x"], ["x", "y"])]
    return compare.Batch(small_world.bundle(bases), records, lines)


def relations():
    """Step 8: relationships, assertions, overrides."""
    records, people, lines, bases = [], [], [], []
    numbers = generate_people.numbers()
    ends = [{"effect": "withdrawn", "recorded": when}
            for when in (EARLY, MIDDLE, LATE, "2026-05-01T00:00:00Z")]
    ends += [dict(ends[2], role="other"), dict(ends[2], organisation="T1")]
    for mine in ((), ({},), ({"organisation": "T1", "valid": EVERY},),
                 ({"valid": PAST},), ({"valid": FUTURE},),
                 *(({"valid": EVERY, "recorded": MIDDLE}, one)
                   for one in ends)):
        number = next(numbers)
        people.append({"subject": number})
        records += [relationship(number, **one) for one in mine]
    people.append({"subject": None, "subject_unknown": "not traced"})
    for index, (needed, accepted, ceiling) in enumerate(itertools.product(
            ("required", "not-required"), ACCEPTED,
            small_world.LEVELS)):
        name = "B%d" % index
        bases.append(basis(name, accepted, relationship=needed,
                           identifiability=ceiling))
        for who, purpose, kind, given, payload in itertools.product(
                people, ("care", "plan"), OVERRIDES, (0, 1),
                small_world.LEVELS[2:]):
            line = small_world.ask(name, purpose=purpose, payload=payload,
                                   **who, **override(kind),
                                   **contextual(given))
            lines.append(line.replace('"subject": null, ', "")
                         .replace(', "subject": null', ""))
    return compare.Batch(small_world.bundle(bases), records, lines)


FRESH, STALE, EDGE = ("2026-03-01T00:00:00Z", "2026-02-22T08:59:59Z",
                      "2026-02-22T09:00:00Z")
NATIONAL = (
    (), (("clear", FRESH),), (("clear", EDGE),), (("clear", STALE),),
    (("opted-out", STALE),), (("clear", FRESH), ("opted-out", FRESH)),
    (("opted-out", EDGE), ("clear", FRESH)),
    (("clear", STALE), ("clear", FRESH, "2026-03-01T09:00:01Z")),
    (("clear", STALE), ("clear", FRESH, "2026-03-01T09:00:00Z")))
TYPE_1 = ((), (("objected", STALE),), (("none", FRESH),),
          (("objected", FRESH), ("none", FRESH)),
          (("objected", STALE), ("none", FRESH)))


def optouts():
    """Step 10: both lists, the edge of an age, lifts and levels."""
    records, people, lines, bases = [], [], [], []
    numbers = generate_people.numbers()
    for national, type_1 in itertools.product(NATIONAL, TYPE_1):
        number = next(numbers)
        people.append(number)
        records += [optout(number, "national", *one) for one in national]
        records += [optout(number, "type-1", *one) for one in type_1]
    for index, (policy, lifts, ceiling) in enumerate(itertools.product(
            ("applies", "exempt:law"), ((), ("type-1",)),
            small_world.LEVELS)):
        name = "B%d" % index
        bases.append(basis(name, (), lifts, identifiability=ceiling,
                           opt_out=policy))
        lines += [small_world.ask(name, subject=number, purpose=purpose,
                                  **{"from": sender, "batch": True})
                  for number in people
                  for purpose in ("care", "plan", "sub")
                  for sender in ("T1", "G1")]
    return compare.Batch(small_world.bundle(bases), records, lines)


def succession():
    """Which of two directives counts, and what went before."""
    records, lines = [], []
    numbers = generate_people.numbers()
    kinds = [("withdrawn", None)] + list(itertools.product(
        ("deny", "permit"), (PAST, EVERY, FUTURE)))
    times = EARLY, MIDDLE, LATE
    for (one, other), (first, second), names in itertools.product(
            itertools.product(kinds, repeat=2),
            itertools.product(times, repeat=2),
            (("R1", "R2"), ("R2", "R1"), ("R1", "R1"))):
        if names[0] == names[1] and first == second and \
                one[0] == other[0]:
            continue
        number = next(numbers)
        for (effect, valid), when, name in ((one, first, names[0]),
                                            (other, second, names[1])):
            more = {} if valid is None else {"valid": valid}
            records.append(directive(number, effect, name, recorded=when,
                                     **more))
        lines += [small_world.ask(name, subject=number, at=at,
                                  categories=["x", "y"])
                  for name in ("free", "asks")
                  for at in (MIDDLE, "2026-01-02T23:59:59Z",
                             "2026-03-01T09:00:00Z",
                             "2027-03-01T09:00:00Z")]
    bases = [basis("free"), basis("asks", consent="required")]
    return compare.Batch(small_world.bundle(bases), records, lines)


def reach():
    """What directives and their exceptions cover, missing words too."""
    records, lines = [], []
    numbers = generate_people.numbers()
    purposes = "any", "care", "only", "leaf", "gone"
    categories = "any", "top", "x", "gone"
    parties = ("any", "T2", "G1", "kind:trust", "kind:gone", "group:gone",
               "X9")
    made = [part(*one) for one in itertools.product(
        ("deny", "permit"), purposes, categories, parties)]
    outer = [part(*one) for one in itertools.product(
        ("deny", "permit"), ("any", "care", "gone"), ("any", "z"),
        ("any", "X9"))]
    inner = [part(*one) for one in itertools.product(
        ("deny", "permit"), purposes, ("any", "x", "gone"),
        ("any", "T2", "X9"))]
    made += [dict(one, **{"except": [other]})
             for one in outer for other in inner]
    made += [dict(one, **{"except": [part("permit", category="x"), other]})
             for one in outer[::4] for other in inner[::7]]
    for words in made:
        number = next(numbers)
        records.append(directive(number, **words))
        lines += [small_world.ask(name, subject=number, purpose=purpose)
                  for name in ("free", "asks")
                  for purpose in ("care", "only", "leaf")]
    bases = [basis("free", purposes=["care", "only", "leaf"]),
             basis("asks", consent="required",
                   purposes=["care", "only", "leaf"])]
    return compare.Batch(small_world.bundle(bases), records, lines)


def together():
    """Every 211th of the combinations of steps 8 to 10."""
    records, people, lines, bases = [], [], [], []
    numbers = generate_people.numbers()
    for states, flagged, related, national, type_1 in itertools.product(
            DIRECTIVES, (0, 1), (0, 1), NATIONAL[:5], TYPE_1[:2]):
        number = next(numbers)
        people.append(number)
        records += with_person(number, states)
        records += [flag(number)] * flagged
        records += [relationship(number)] * related
        records += [optout(number, "national", *one) for one in national]
        records += [optout(number, "type-1", *one) for one in type_1]
    for index, (needed, consent, optout_, refuse, accepted, lifts) in \
            enumerate(itertools.product(
                ("required", "not-required"), ("required", "not-required"),
                ("applies", "exempt:law"), ("strip", "refuse"), ACCEPTED,
                ((), ("objection",), ("type-1",),
                 ("objection", "type-1")))):
        bases.append(basis("B%d" % index, accepted, lifts, consent=consent,
                           relationship=needed, opt_out=optout_,
                           location_withheld=refuse))
    every = itertools.product([one["id"] for one in bases], people,
                              ("care", "plan"), OVERRIDES, (0, 1),
                              ("T1", "G1"))
    for name, number, purpose, kind, given, sender in itertools.islice(
            every, 0, None, 211):
        lines.append(small_world.ask(
            name, subject=number, purpose=purpose, categories=["x", "y"],
            **{"from": sender}, **override(kind), **contextual(given)))
    return compare.Batch(small_world.bundle(bases), records, lines)


WORLDS = {one.__name__: one for one in (
    together, choices, relations, optouts, succession, reach)}
