"""A line of input as a request, and what is wrong with it (step 2)."""
import json
import re

import london
import policy

LEVELS = ("aggregate", "anonymised", "pseudonymised", "identifiable")
PERSONAL = ("pseudonymised", "identifiable")
REQUEST_ID = re.compile(r"[\x21-\x7e]{1,64}")
FIELDS = {"id": str, "at": str, "from": str, "to": str, "purpose": str,
          "categories": list, "payload": str, "subject": str,
          "subject-unknown": str, "basis": str, "relationship": dict,
          "override": dict, "batch": bool, "not-before": dict}
MANDATORY = ("id", "at", "from", "to", "purpose", "categories", "payload")


TWICE = "stands twice"


def gather(pairs):
    """An object; of what stands twice the last counts, and it is known."""
    found = dict(pairs)
    if len(found) != len(pairs):
        found[TWICE] = True
    return found


def constant(word):
    raise ValueError(word)


DECODER = json.JSONDecoder(object_pairs_hook=gather, parse_constant=constant)


def read(line):
    """The members of a line; none if it is not one object."""
    try:
        value = DECODER.decode(line)
        if "\\u" in line:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return {}
    return value if type(value) is dict else {}


def has_letter(text):
    return re.search("[A-Za-z]", text) is not None


def is_subject(text):
    if re.fullmatch("[0-9]{10}", text) is None:
        return False
    rest = 11 - sum(int(text[i]) * (10 - i) for i in range(9)) % 11
    return rest != 10 and int(text[9]) == rest % 11


def is_counter(value):
    return type(value) is int and 0 <= value < 2 ** 63


def good_not_before(value):
    return type(value) is dict and set(value) == {"epoch", "seq"} and \
        all(is_counter(one) for one in value.values())


def members(value, names, found):
    """The members of an inner object that have the right type; 101."""
    if set(value) != set(names):
        found.add(101)
    kept = {}
    for name in names:
        if type(value.get(name)) is str:
            kept[name] = value[name]
        else:
            found.add(101)
    return kept


class Request:
    """The members that have the right type; `found` has the blockers."""

    def __init__(self, raw, words):
        self.found = found = set()
        self.words = words
        self.has = has = {}
        for name, value in raw.items():
            if name in FIELDS and type(value) is FIELDS[name]:
                has[name] = value
            else:
                found.add(101)
        if any(name not in raw for name in MANDATORY):
            found.add(101)
        self.id = has.get("id")
        if self.id is not None and not REQUEST_ID.fullmatch(self.id):
            found.add(101)
            self.id = None
        if "at" in has and london.parse(has["at"]) is None:
            found.add(101)
        for name in ("from", "to"):
            if name in has and not policy.is_id(has[name]):
                found.add(102)
        if "purpose" in has and has["purpose"] not in words.purposes:
            found.add(103)
        self.check_categories()
        self.payload = has.get("payload")
        if self.payload is not None and self.payload not in LEVELS:
            found.add(105)
        self.check_subject()
        self.check_inner()

    def check_categories(self):
        if "categories" not in self.has:
            return
        listed = self.has["categories"]
        texts = [one for one in listed if type(one) is str]
        self.categories = sorted(set(texts))
        if len(texts) < len(listed):
            self.found.add(101)
            if not texts:
                return
        if not self.categories or \
                any(one not in self.words.categories
                    or one in self.words.parents
                    for one in self.categories):
            self.found.add(104)

    def check_subject(self):
        self.subject = self.has.get("subject")
        unknown = self.has.get("subject-unknown")
        present = (self.subject is not None) + (unknown is not None)
        if self.payload in PERSONAL and present != 1:
            self.found.add(107)
        if self.payload in LEVELS and self.payload not in PERSONAL \
                and present != 0:
            self.found.add(107)
        if self.subject is not None and not is_subject(self.subject):
            self.found.add(107)
        if unknown is not None and not has_letter(unknown):
            self.found.add(107)

    def check_inner(self):
        has, found = self.has, self.found
        self.contextual = "relationship" in has
        if self.contextual:
            names = members(has["relationship"],
                            ("kind", "ref", "organisation"), found)
            if "" in (names.get("kind"), names.get("ref")):
                found.add(101)
            if names.get("organisation") != has.get("to"):
                found.add(101)
        self.override = None
        if "override" in has:
            names = members(has["override"], ("kind", "by", "reason"), found)
            self.override = names.get("kind")
            if self.override not in (None, "emergency", "guardian"):
                found.add(108)
            if not all(has_letter(names[name])
                       for name in ("by", "reason") if name in names):
                found.add(108)
        if "not-before" in has and not good_not_before(has["not-before"]):
            found.add(101)
