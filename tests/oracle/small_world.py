"""Every combination of a few words: parties, levels, words and days.

Each basis stands between the same few organisations and is named by its
requests, so that one bundle holds thousands of combinations.
"""
import itertools
import json

import compare
import generate_people
import london
import request
import small_people

LEVELS = request.LEVELS
AT = "2026-03-01T09:00:00Z"
SUBJECT = "9990000018"
EVERY = "2020-01-01 until further notice"
LEAVES = ("x", "y", "z")
PURPOSES = [
    {"id": "care", "class": "care", "recipients": ["any"]},
    {"id": "sub", "under": "care", "class": "care", "recipients": ["any"]},
    {"id": "only", "under": "care", "inherit": "never", "class": "care",
     "recipients": ["any"]},
    {"id": "leaf", "under": "only", "class": "care", "recipients": ["any"]},
    {"id": "plan", "class": "secondary", "recipients": ["any"]},
    {"id": "narrow", "under": "plan", "class": "statutory",
     "recipients": ["gp-practice"]}]
CATEGORIES = [{"id": "top"}, {"id": "x", "under": "top"},
              {"id": "y", "under": "top"}, {"id": "z"}]


def organisation(name, kind="trust", **more):
    return dict({"id": name, "name": name, "kind": kind}, **more)


def basis(name, **more):
    made = {"id": name, "title": name, "from": ["any"], "to": ["any"],
            "purposes": ["any"], "categories": ["any"],
            "identifiability": "identifiable",
            "relationship": "not-required", "consent": "not-required",
            "opt-out": "exempt:law", "valid": EVERY,
            "law": {"article-6": "a", "article-9": "b",
                    "confidentiality": "c"},
            "evidence": ["D"], "approved-by": ["g"]}
    made.update((key.replace("_", "-"), value)
                for key, value in more.items())
    return made


def bundle(bases, **more):
    made = {"almoner": "1", "bundle": "small",
            "kinds": ["trust", "gp-practice"], "purposes": PURPOSES,
            "categories": CATEGORIES,
            "organisations": [organisation("T1"), organisation("T2"),
                              organisation("G1", "gp-practice")]}
    made.update(more)
    return dict(made, mandates=bases)


def ask(name, **more):
    made = {"id": "q", "at": AT, "from": "T1", "to": "T2",
            "purpose": "care", "categories": ["x", "y", "z"],
            "payload": "identifiable", "basis": name, "subject": SUBJECT}
    made.update(more)
    if made["basis"] is None:
        del made["basis"]
    if made["payload"] not in request.PERSONAL:
        made.pop("subject", None)
    made = {key.replace("_", "-"): value for key, value in made.items()}
    return json.dumps(made)


def subsets(items, least=1):
    for count in range(least, len(items) + 1):
        for found in itertools.combinations(items, count):
            yield list(found)


def words():
    """What a basis lists against what a request asks for."""
    lists = list(itertools.product(
        [["any"]] + [[one["id"]] for one in PURPOSES] + [["sub", "plan"]],
        (["any"], ["top"], ["x"], ["z"], ["x", "z"])))
    bases = [basis("B%d" % index, purposes=purposes, categories=categories)
             for index, (purposes, categories) in enumerate(lists)]
    lines = [ask(one["id"], purpose=purpose["id"], categories=categories,
                 to=to)
             for one in bases for purpose in PURPOSES for to in ("T2", "G1")
             for categories in list(subsets(LEAVES)) + [["top"], []]]
    return compare.Batch(bundle(bases), [], lines)


def prohibition(name, sender, purposes, categories, level, then):
    return {"id": name, "title": name, "from": [sender], "to": ["any"],
            "purposes": purposes, "categories": categories,
            "at-or-above": level, "then": then}


ENDINGS = [(level, then) for then in ("withhold", "de-identify")
           for level in LEVELS if (level, then) != (LEVELS[0], "de-identify")]


def prohibitions():
    """What a prohibition lists against what a request asks for."""
    lists = list(itertools.product(
        ["any"] + [one["id"] for one in PURPOSES], ("any", "top", "x", "z"),
        ("withhold", "de-identify")))
    found, senders, lines = [], [], []
    for index, (purpose, category, then) in enumerate(lists):
        sender = "S%d" % index
        senders.append(organisation(sender))
        found.append(prohibition("P%d" % index, sender, [purpose],
                                 [category], "pseudonymised", then))
        for asked in PURPOSES:
            lines += [ask("B", purpose=asked["id"], to="G1", **{
                "from": sender, "categories": categories, "batch": True})
                for categories in subsets(LEAVES)]
    made = bundle([basis("B")], prohibitions=found)
    made["organisations"] = made["organisations"] + senders
    return compare.Batch(made, [], lines)


def levels():
    """Ceilings, and two prohibitions that may be lifted."""
    pairs = list(itertools.product([None] + ENDINGS, repeat=2))
    found, senders, bases, lines = [], [], [], []
    for index, pair in enumerate(pairs):
        sender = "S%d" % index
        senders.append(organisation(sender))
        names = []
        for place, ending in enumerate(pair):
            if ending:
                names.append("P%d-%d" % (index, place))
                found.append(prohibition(
                    names[-1], sender, ["any"], [("x", "top")[place]],
                    *ending))
        for lifted, ceiling in itertools.product(subsets(names, 0), LEVELS):
            name = "B%d" % len(bases)
            bases.append(basis(name, **{"from": [sender]},
                               identifiability=ceiling, lifts=[
                "prohibition:" + one for one in lifted]))
            if not lifted:
                del bases[-1]["lifts"]
            lines += [ask(name, payload=payload, categories=categories,
                          batch=batch, **{"from": sender})
                      for payload in LEVELS for batch in (True, False)
                      for categories in (["x"], ["x", "y"], ["y", "z"])]
    made = bundle(bases, prohibitions=found)
    made["organisations"] = made["organisations"] + senders
    return compare.Batch(made, [], lines)


def parties():
    """Status, assurance and hosts of both sides, at the edge of a day."""
    day = "2026-03-29"
    edge = london.midnight(day) + 23 * 3600
    found = []
    for index, (status, until) in enumerate(itertools.product(
            ("active", "suspended", "closed"), (None, day, "2099-12-31"))):
        for kind in "trust", "hosted":
            one = organisation("%s%d" % (kind[0].upper(), index), kind,
                               status=status)
            if until:
                one["assurance-until"] = until
            found.append(one)
    hosts = [one["id"] for one in found if one["kind"] == "trust"]
    for index, one in enumerate(one for one in found
                                if one["kind"] == "hosted"):
        one["host"] = hosts[index]
    for index, host in enumerate(hosts):
        found.append(organisation("K%d" % index, "hosted", host=host))
    names = [one["id"] for one in found] + ["nobody"]
    made = bundle([basis("B")], organisations=found,
                  kinds=["trust", "gp-practice", "hosted"])
    made["hosted-kinds"] = ["hosted"]
    lines = [ask(None, at=london.instant(edge + step), to=to,
                 purpose=purpose, **{"from": sender})
             for sender in names for to in names for step in (-1, 0)
             for purpose in ("care", "narrow")]
    return compare.Batch(made, [], lines)


DAYS = ("2026-03-28", "2026-03-29", "2026-03-30", "2026-10-24",
        "2026-10-25", "2026-10-26", "2028-02-29", "2000-01-01",
        "2099-12-31")


def days():
    """Periods of bases, members, records; first and last instants."""
    bases, groups, records, lines = [], [], [], []
    numbers = generate_people.numbers()
    last = london.seconds("2099-12-31T23:59:59Z")
    for index, day in enumerate(DAYS):
        for form, valid in (("f", day + " until further notice"),
                            ("o", day + " to " + day),
                            ("l", "2000-01-01 to " + day)):
            tag = "%s%d" % (form, index)
            number = next(numbers)
            bases.append(basis("V" + tag, valid=valid))
            bases.append(basis("G" + tag, to=["group:M" + tag]))
            groups.append({"id": "M" + tag, "members": [
                {"organisation": "T2", "valid": valid}]})
            records += small_people.dated(number, valid)
            count = london.midnight(day)
            for edge, step in itertools.product((0, 82800, 86400, 90000),
                                                (-3601, -3600, -1, 0, 1)):
                if not 0 <= count + edge + step <= last:
                    continue
                at = london.instant(count + edge + step)
                lines += [ask(name, at=at, subject=number)
                          for name in ("V" + tag, "G" + tag, "R", "C")]
    bases += [basis("R", relationship="required"),
              basis("C", consent="required", purposes=["care"])]
    return compare.Batch(bundle(bases, groups=groups), records, lines)


def choosing():
    """A request that names no basis, and three that may fit."""
    misfits = ({}, {"valid": "2027-01-01 until further notice"},
               {"valid": "2020-01-01 to 2025-01-01"},
               {"status": "suspended"}, {"purposes": ["leaf"]},
               {"categories": ["z"]}, {"to": ["G1"]},
               {"status": "suspended", "purposes": ["leaf"],
                "valid": "2027-01-01 until further notice"},
               {"purposes": ["leaf"], "categories": ["z"]})
    bases, senders, lines = [], [], []
    for index, three in enumerate(itertools.product(misfits, repeat=3)):
        sender = "S%d" % index
        senders.append(organisation(sender))
        for place, more in enumerate(three):
            name = ("b%d", "B%d", "b-%d")[place] % index
            bases.append(basis(name, **dict({"from": [sender]}, **more)))
            lines.append(ask(name, categories=["x"], **{"from": sender}))
        lines.append(ask(None, categories=["x"], **{"from": sender}))
    made = bundle(bases)
    made["organisations"] = made["organisations"] + senders
    return compare.Batch(made, [], lines)


WORLDS = {one.__name__: one for one in (
    levels, words, prohibitions, parties, days, choosing)}
WORLDS.update(small_people.WORLDS)


def parts():
    return list(WORLDS)


def batch(part):
    return WORLDS[part]()
