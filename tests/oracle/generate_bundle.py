"""Random bundles: small, valid, and full of rules that nearly touch."""
import datetime

import london
import policy
import request

LEVELS = request.LEVELS
SHAPES = ("{}{}", "{}-{}", "{}.{}", "{}_{}", "{}-1{}", "{}{}.0")


def chance(rng, part):
    return rng.random() < part


def some(rng, items, least=1, most=3):
    items = list(items)
    most = min(most, len(items))
    return rng.sample(items, rng.randint(min(least, most), most))


def ids(rng, letters, count):
    """Ids that sort otherwise bytewise than they read."""
    found = []
    while len(found) < count:
        one = rng.choice(SHAPES).format(rng.choice(letters),
                                        rng.randint(0, 12))
        if one not in found:
            found.append(one)
    return found


def key_days(rng):
    """The days at whose edges everything begins and ends."""
    year = rng.choice((2000, 2024, 2025, 2026, 2026, 2027, 2028, 2099))
    days = {datetime.date(year, 1, 1), datetime.date(year, 12, 31)}
    for month in 3, 10:
        for step in -1, 0, 1:
            days.add(london.last_sunday(year, month)
                     + datetime.timedelta(days=step))
    for _ in range(3):
        days.add(datetime.date(year, rng.randint(1, 12),
                               rng.randint(1, 28)))
    if year % 4 == 0:
        days.add(datetime.date(year, 2, 29))
    return sorted(day.isoformat() for day in rng.sample(sorted(days), 7))


def period(rng, days, wide=0.6):
    if chance(rng, wide):
        first, last = days[0], days[-1]
        if chance(rng, 0.5):
            return first + " until further notice"
    else:
        first, last = sorted(rng.choice(days) for _ in range(2))
        if chance(rng, 0.3):
            return first + " until further notice"
    return first + " to " + last


def tree(rng, names, part):
    """Each of some names under an earlier one."""
    items = []
    for index, name in enumerate(names):
        item = {"id": name}
        if index and chance(rng, part):
            item["under"] = rng.choice(names[:index])
        items.append(item)
    return items


def depth_ok(items):
    words = policy.by_id(items)
    return all(len(policy.chain(words, word)) <= 8 for word in words)


def make_purposes(rng, kinds):
    purposes = tree(rng, ids(rng, "pPq", rng.randint(2, 7)), 0.6)
    for one in purposes:
        if chance(rng, 0.2):
            one["inherit"] = rng.choice(("never", "never", "normal"))
        one["class"] = rng.choice(("care", "care", "secondary",
                                   "statutory"))
        one["recipients"] = ["any"] if chance(rng, 0.7) else \
            some(rng, kinds)
    return purposes


def make_organisations(rng, bundle, days):
    hosted = bundle.get("hosted-kinds", [])
    plain = [kind for kind in bundle["kinds"] if kind not in hosted]
    names = ids(rng, "oORx", rng.randint(3, 8))
    found, hosts = [], []
    for name in names:
        kind = rng.choice(bundle["kinds"] if hosts else plain)
        one = {"id": name, "name": "Organisation " + name, "kind": kind}
        if kind in hosted:
            one["host"] = rng.choice(hosts)
        else:
            hosts.append(name)
        if chance(rng, 0.12):
            one["status"] = rng.choice(("suspended", "closed", "active"))
        if chance(rng, 0.2):
            one["assurance-until"] = rng.choice(days[2:])
        found.append(one)
    return found


def make_groups(rng, names, days):
    found = []
    for name in ids(rng, "gG", rng.randint(0, 3)):
        members = []
        for _ in range(rng.randint(1, 4)):
            member = {"organisation": rng.choice(names)}
            if chance(rng, 0.5):
                member["valid"] = period(rng, days, 0.3)
            members.append(member)
        found.append({"id": name, "members": members})
    return found


def selectors(rng, bundle):
    found = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kind = rng.random()
        if kind < 0.25:
            found.append("any")
        elif kind < 0.5:
            found.append("kind:" + rng.choice(bundle["kinds"]))
        elif kind < 0.7 and bundle["groups"]:
            group = rng.choice(bundle["groups"])
            found.append("group:" + group["id"])
        else:
            found.append(rng.choice(bundle["organisations"])["id"])
    return sorted(set(found), key=found.index)


def words_of(rng, items, any_part=0.2):
    if chance(rng, any_part):
        return ["any"]
    return some(rng, [item["id"] for item in items])


def make_prohibitions(rng, bundle, many):
    found = []
    for name in ids(rng, "nN", rng.choice((0, 20, 40) if many else
                                          (0, 0, 1, 1, 2, 3, 5))):
        then = rng.choice(("withhold", "de-identify"))
        lowest = 1 if then == "de-identify" else 0
        found.append({
            "id": name, "title": "Not " + name,
            "from": selectors(rng, bundle), "to": selectors(rng, bundle),
            "purposes": words_of(rng, bundle["purposes"], 0.4),
            "categories": words_of(rng, bundle["categories"]),
            "at-or-above": rng.choice(LEVELS[lowest:]), "then": then})
    return found


def make_basis(rng, bundle, name, days, is_mandate):
    basis = {
        "id": name, "title": "Basis " + name,
        "from": selectors(rng, bundle), "to": selectors(rng, bundle),
        "purposes": words_of(rng, bundle["purposes"]),
        "categories": words_of(rng, bundle["categories"], 0.35),
        "identifiability": rng.choice(LEVELS + LEVELS[2:] + LEVELS[3:] * 3),
        "relationship": rng.choice(("required", "not-required")),
        "consent": rng.choice(("implied", "required", "not-required")),
        "opt-out": rng.choice(("not-applicable", "applies", "applies",
                               "exempt:law")),
        "valid": period(rng, days, 0.8),
        "law": {"article-6": "6(1)(e)", "article-9": "9(2)(h)",
                "confidentiality": "implied"},
        "evidence": ["DPIA-1"], "approved-by": ["guardian"]}
    if chance(rng, 0.1):
        basis["status"] = rng.choice(("suspended", "active"))
    if chance(rng, 0.4):
        basis["overrides"] = some(rng, ("emergency", "guardian"))
    if chance(rng, 0.4):
        basis["location-withheld"] = rng.choice(("strip", "refuse"))
    if chance(rng, 0.3):
        basis["smallest-group"] = str(rng.choice((2, 10, 1000000)))
    if chance(rng, 0.4):
        basis["obligations"] = some(rng, ("no-onward", "b.2", "a", "Z"))
    if is_mandate and chance(rng, 0.7):
        what = ["objection", "type-1"]
        what += ["prohibition:" + one["id"]
                 for one in bundle["prohibitions"]]
        basis["lifts"] = some(rng, what, 1, len(what))
    return basis


def agree_with_purposes(bundle):
    """Keep the two load errors away that look at covered purposes."""
    words = policy.Policy(bundle)
    for basis in words.bases.values():
        covered = [one for one in words.purposes
                   if words.permit_covers(basis["purposes"], one)]
        if all(words.is_care(one) for one in covered):
            continue
        if basis["consent"] == "implied":
            basis["consent"] = "not-required"
        if basis["opt-out"] == "not-applicable" and \
                basis["identifiability"] in request.PERSONAL:
            basis["opt-out"] = "applies"


def make(rng):
    """A bundle and the days that matter in it."""
    days = key_days(rng)
    bundle = {"almoner": "1", "bundle": "generated"}
    kinds = ["gp-practice"] + ids(rng, "kK", rng.randint(1, 3))
    bundle["kinds"] = kinds
    if chance(rng, 0.5):
        bundle["hosted-kinds"] = [kinds[-1]]
    while True:
        bundle["purposes"] = make_purposes(rng, kinds)
        bundle["categories"] = tree(rng, ids(rng, "cC", rng.randint(2, 8)),
                                    0.5)
        if depth_ok(bundle["purposes"]) and depth_ok(bundle["categories"]):
            break
    bundle["organisations"] = make_organisations(rng, bundle, days)
    names = [one["id"] for one in bundle["organisations"]]
    bundle["groups"] = make_groups(rng, names, days)
    many = chance(rng, 0.2)  # so many that they are found by an index
    bundle["prohibitions"] = make_prohibitions(rng, bundle, many)
    names = ids(rng, "aAmM",
                rng.randint(40, 120) if many else rng.randint(2, 12))
    cut = rng.randint(1, len(names))
    for key, part in ("agreements", names[:cut]), ("mandates", names[cut:]):
        bundle[key] = [make_basis(rng, bundle, name, days,
                                  key == "mandates") for name in part]
    for key in "groups", "prohibitions", "agreements", "mandates":
        if not bundle[key]:
            del bundle[key]
    agree_with_purposes(bundle)
    return bundle, days
