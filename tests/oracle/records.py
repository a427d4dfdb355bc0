"""Which records about people are valid, and random ones that nearly are."""
import copy
import datetime
import json
import random

import compare
import generate_bundle
import generate_people
import london
import policy
import request
from generate_bundle import chance

WORDS = "purposes", "categories", "to"
NEEDED = {
    "directive": {"type", "id", "subject", "authority", "scope", "recorded",
                  "effect", "purposes", "categories", "to", "valid"},
    "relationship": {"type", "subject", "organisation", "role", "valid",
                     "recorded"},
    "opt-out": {"type", "subject", "list", "state", "as-of", "recorded"},
    "flag": {"type", "subject", "flag", "valid", "recorded"}}
STATES = {"national": ("clear", "opted-out"), "type-1": ("objected", "none")}
IDS = "id", "authority", "scope", "organisation", "role"


class Invalid(Exception):
    pass


def need(condition):
    if not condition:
        raise Invalid


def is_day(text):
    try:
        return datetime.date.fromisoformat(text).isoformat() == text \
            and "2000-01-01" <= text <= "2099-12-31"
    except ValueError:
        return False


def is_period(text):
    first, further, nothing = text.partition(" until further notice")
    if further:
        return is_day(first) and nothing == ""
    first, _, last = text.partition(" to ")
    return is_day(first) and is_day(last) and first <= last


def is_party(text):
    for prefix in "kind:", "group:":
        if text.startswith(prefix):
            return policy.is_id(text[len(prefix):])
    return text == "any" or policy.is_id(text)


def check_words(part):
    for name in WORDS:
        need(type(part[name]) is list and part[name])
        for word in part[name]:
            need(type(word) is str)
            need(is_party(word) if name == "to"
                 else word == "any" or policy.is_id(word))


def check_exceptions(parts):
    need(type(parts) is list and parts)
    for part in parts:
        need(type(part) is dict and set(part) == {"effect", *WORDS})
        need(part["effect"] in ("deny", "permit"))
        check_words(part)


def check_fields(record):
    """Which members there are: what remains is to look into them."""
    names = set(NEEDED[record["type"]])
    if record.get("effect") == "withdrawn":
        need(record["type"] != "opt-out")
        names = (names | {"effect"}) - {*WORDS, "valid"}
    elif record["type"] == "directive":
        need(record.get("effect") in ("deny", "permit"))
        names |= {"except"} & set(record)
    need(set(record) == names)


def check(record):
    need(type(record) is dict and request.TWICE not in record)
    need(type(record.get("type")) is str and record["type"] in NEEDED)
    check_fields(record)
    for name, value in record.items():
        need(name in WORDS or name == "except" or type(value) is str)
        if name in IDS:
            need(policy.is_id(value))
        if name in ("recorded", "as-of"):
            need(london.parse(value) is not None)
    need(request.is_subject(record["subject"]))
    if "valid" in record:
        need(is_period(record["valid"]))
    if record["type"] == "opt-out":
        need(record["state"] in STATES.get(record["list"], ()))
        need(record["as-of"] <= record["recorded"])
    if record["type"] == "flag":
        need(record["flag"] == "location-withheld")
    if "purposes" in record:
        check_words(record)
    if "except" in record:
        check_exceptions(record["except"])


def is_valid(line):
    def gather(pairs):
        need(len({key for key, _ in pairs}) == len(pairs))
        return dict(pairs)
    try:
        check(json.loads(line, object_pairs_hook=gather))
    except (ValueError, TypeError, Invalid):
        return False
    return True


ODD = ("", "any", "withdrawn", "deny", "permit", "a b", "-x", "kind:",
       "kind:x", "group:", "group:any", "kind:any", "x" * 64, "x" * 65,
       "clear", "none", "objected", "opted-out", "national", "type-1",
       "9990000018", "9990000019", "999000001", "é", "other:x",
       "2026-03-01T09:00:00Z", "2026-02-29T00:00:00Z",
       "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
       "2026-03-01 to 2026-03-01", "2026-03-02 to 2026-03-01",
       "2026-03-01 until further notice", "2026-03-01",
       "2026-03-01 until further  notice", "2026-03-01 TO 2026-03-02",
       "2026-02-29 to 2026-03-01", "1999-12-31 to 2026-03-01",
       "2026-03-01 to 2100-01-01", "2026-03-01  to 2026-03-02",
       "2099-12-31 until further notice", "2000-01-01 to 2099-12-31")
OTHER = (None, 0, 1.5, True, [], {}, ["any"], [["any"]], [1], "any")


def inner(value, rng):
    """The record, or an object within it."""
    if "except" in value and type(value["except"]) is list and \
            value["except"] and chance(rng, 0.4):
        return rng.choice(value["except"])
    return value


def deform(rng, record):
    part = inner(record, rng)
    if type(part) is not dict or not part:
        return
    name = rng.choice(list(part))
    how = rng.random()
    if how < 0.2:
        del part[name]
    elif how < 0.3:
        part[rng.choice(("more", "except", "valid", "id", "as-of",
                         "effect"))] = rng.choice(ODD + OTHER)
    elif how < 0.45:
        part[name] = rng.choice(OTHER)
    elif how < 0.65 and type(part[name]) is list:
        part[name] = part[name] + [rng.choice(ODD + OTHER)]
    else:
        part[name] = rng.choice(ODD)


def odd_line(rng, text):
    return rng.choice((
        text[:-1], text + "x", "[" + text + "]", "null", "{}",
        text[:-1] + ', "subject": "9990000018"}',
        text[:-1] + ', "recorded": "2026-03-01T09:00:00Z"}',
        text.replace('": ', '":')))


def made(seed, index, count):
    """A bundle and lines that are records, or nearly."""
    rng = random.Random("records/%s/%s" % (seed, index))
    bundle, days = generate_bundle.make(rng)
    records, _, _ = generate_people.make(rng, bundle, days)
    while not records:
        records, _, _ = generate_people.make(rng, bundle, days)
    lines = []
    for _ in range(count):
        record = copy.deepcopy(rng.choice(records))
        for _ in range(rng.choice((0, 1, 1, 1, 2))):
            deform(rng, record)
        line = json.dumps(record, ensure_ascii=False)
        lines.append(odd_line(rng, line) if chance(rng, 0.05) else line)
    return bundle, lines


def differences(almoner, bundle, lines):
    """The lines that one takes and the other refuses."""
    def takes(some):
        try:
            compare.ask_raw(almoner, bundle, some)
            return True
        except compare.Refused:
            return False
    good = [line for line in lines if is_valid(line)]
    wrong = [line for line in lines if not is_valid(line) and takes([line])]
    if not takes(good):
        wrong += [line for line in good if not takes([line])]
    return wrong
