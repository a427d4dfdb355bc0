"""Random requests: aimed at a basis, then one or a few facts are flipped."""
import copy
import json

import london
import person
import request
import rule
from generate_bundle import chance, some

LEVELS = request.LEVELS
ODD = ("", "any", "no-such", "kind:gp-practice", "é", "a b", "-x",
       "x" * 64, "x" * 65, "1", "a\0b", "\x7f", "ID")
OTHER_TYPES = (None, 1, -1, 1.5, True, False, "", "x", [], {}, [1], ["x"],
               {"a": "b"})
BAD_TIMES = ("2026-02-29T00:00:00Z", "2026-03-01T24:00:00Z",
             "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
             "2026-03-01T09:00:60Z", "2026-03-01 09:00:00Z",
             "2026-03-01T09:00:00", "2026-03-01T09:00:00+00:00",
             "2026-03-01T09:00Z", "2026-13-01T00:00:00Z", "",
             "2026-03-01t09:00:00z", "2026-00-10T00:00:00Z",
             "2026-03-01T09:60:00Z", "2026-04-31T00:00:00Z",
             " 2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z ")


class Aimer:
    def __init__(self, rng, words, records, people, when):
        self.rng = rng
        self.words = words
        self.people = people
        self.when = list(when)
        for record in records:
            self.when += around(record)
        self.gathered = person.gather(records)
        self.orgs = list(words.organisations)
        self.leaves = [one for one in words.categories
                       if one not in words.parents]
        self.related = [one for one in records
                        if one["type"] == "relationship"]
        self.flips = (
            self.flip_time, self.flip_time, self.flip_party,
            self.flip_purpose, self.flip_categories, self.flip_categories,
            self.flip_payload, self.flip_payload, self.flip_subject,
            self.flip_subject, self.flip_basis, self.flip_relationship,
            self.flip_override, self.flip_override, self.flip_batch,
            self.flip_not_before)
        self.deep = self.find_deep(800)

    def find_deep(self, tries):
        """Requests for which a basis was found, few alike."""
        found, alike = [], {}
        for number in range(tries):
            made = self.aim(number)
            if number % 2 == 0:
                self.rng.choice(self.flips)(made)
            answer = rule.decide(self.words, self.gathered,
                                 json.dumps(made))
            kind = answer["basis"], tuple(answer["reasons"])
            alike[kind] = alike.get(kind, 0) + 1
            if kind[0] and alike[kind] < (4 if kind[1] else 25):
                found.append(made)
        return found

    def aim(self, number):
        """A request that a basis was written for, as far as one exists."""
        rng, words = self.rng, self.words
        basis = rng.choice(list(words.bases.values()))
        inside = [at for at in rng.choices(self.when, k=3)
                  if london.holds(basis["valid"], at)]
        at = inside[0] if inside else rng.choice(self.when)
        purposes = [one for one in words.purposes
                    if words.permit_covers(basis["purposes"], one)]
        purpose = rng.choice(purposes or list(words.purposes))
        categories = [one for one in self.leaves
                      if words.covers_category(basis["categories"], one)]
        made = {"id": "q%d" % number, "at": at,
                "from": self.party(basis["from"], at, None),
                "purpose": purpose,
                "categories": some(rng, categories or self.leaves),
                "payload": basis["identifiability"]}
        made["to"] = self.party(basis["to"], at, made["from"])
        if chance(rng, 0.5):
            made["payload"] = rng.choice(LEVELS[2:])
        if chance(rng, 0.7):
            made["basis"] = basis["id"]
        self.fit_subject(made)
        return made

    def party(self, selectors, at, other):
        fitting = [one for one in self.orgs if one != other
                   and self.words.selects(selectors, one, at)]
        return self.rng.choice(fitting or self.orgs)

    def fit_subject(self, made):
        rng = self.rng
        made.pop("subject", None)
        made.pop("subject-unknown", None)
        if made["payload"] not in request.PERSONAL:
            return
        made["subject"] = rng.choice(self.people)
        fitting = [one["subject"] for one in self.related
                   if one["organisation"] == made["to"]]
        if fitting and chance(rng, 0.5):
            made["subject"] = rng.choice(fitting)

    # Flips of one fact.

    def flip_time(self, made):
        if chance(self.rng, 0.5):
            made["at"] = self.rng.choice(self.when)
        else:
            count = london.seconds(made["at"])
            count += self.rng.choice((-1, 1, -3600, 3600, 86400, -86400))
            if 0 <= count <= london.seconds("2099-12-31T23:59:59Z"):
                made["at"] = london.instant(count)

    def flip_party(self, made):
        made[self.rng.choice(("from", "to"))] = \
            self.rng.choice(self.orgs + ["X9"])

    def flip_purpose(self, made):
        made["purpose"] = self.rng.choice(list(self.words.purposes))

    def flip_categories(self, made):
        rng = self.rng
        how = rng.random()
        if how < 0.6:
            made["categories"] = some(rng, self.leaves, 1, 6)
        elif how < 0.8:
            made["categories"] = list(made["categories"])
            made["categories"].append(rng.choice(self.leaves))
        else:
            made["categories"] = some(rng, self.words.categories, 0, 3)

    def flip_payload(self, made):
        made["payload"] = self.rng.choice(LEVELS)
        if chance(self.rng, 0.9):
            self.fit_subject(made)

    def flip_subject(self, made):
        rng = self.rng
        how = rng.random()
        if how < 0.5 and "subject" in made:
            made["subject"] = rng.choice(self.people)
        elif how < 0.8:
            made.pop("subject", None)
            made["subject-unknown"] = rng.choice(
                ("trace failed", "trace failed", "x", "", "12 3?", "é"))
        elif how < 0.9:
            number = "%010d" % rng.randrange(10 ** 10)
            made["subject"] = rng.choice(
                (number, number, "", "999000001", "99900000180",
                 "999 000 0018", "999000001a", "٩٩٩٠٠٠٠٠١٨"))
        elif how < 0.95:
            made.pop("subject", None)
        else:
            made["subject-unknown"] = "and yet known"

    def flip_basis(self, made):
        rng = self.rng
        if chance(rng, 0.5):
            made.pop("basis", None)
        else:
            made["basis"] = rng.choice(list(self.words.bases)
                                       + ["none", "any", "", "?"])

    def flip_relationship(self, made):
        rng = self.rng
        made["relationship"] = {"kind": "referral", "ref": "UBRN 1",
                                "organisation": made["to"]}
        if chance(rng, 0.1):
            made["relationship"][rng.choice(
                ("kind", "ref", "organisation"))] = rng.choice(ODD)

    def flip_override(self, made):
        rng = self.rng
        made["override"] = {"kind": rng.choice(("emergency", "guardian")),
                            "by": "Dr A", "reason": "unconscious"}
        if chance(rng, 0.1):
            made["override"][rng.choice(("kind", "by", "reason"))] = \
                rng.choice(ODD + ("?", "1"))

    def flip_batch(self, made):
        made["batch"] = chance(self.rng, 0.7)

    def flip_not_before(self, made):
        if chance(self.rng, 0.5):
            counts = 0, 0, 0, 0, 0, 0, 0, 1, 2 ** 63 - 1, 2 ** 63
            made["not-before"] = {"epoch": self.rng.choice(counts),
                                  "seq": self.rng.choice(counts)}

    # What no sender should write.

    def deform(self, made):
        rng = self.rng
        name = rng.choice(list(request.FIELDS))
        inner = made.get(name)
        if type(inner) is dict and chance(rng, 0.6):
            made[name] = inner = dict(inner)
            name = rng.choice(list(inner) + ["more"])
            made = inner
        elif type(inner) is list and chance(rng, 0.6):
            made[name] = inner + [rng.choice(OTHER_TYPES + ODD)]
            return
        how = rng.random()
        if how < 0.25:
            made.pop(name, None)
        elif how < 0.5:
            made[name] = rng.choice(OTHER_TYPES)
        elif how < 0.6:
            made["unknown-field"] = rng.choice(OTHER_TYPES)
        elif how < 0.75:
            made["at"] = rng.choice(BAD_TIMES)
        elif how < 0.8:
            made["id"] = rng.choice(("", "a b", "x" * 65, "x" * 64, "é"))
        elif type(made.get(name)) is str:
            made[name] = rng.choice(ODD)

    def line(self, number):
        rng = self.rng
        if self.deep and chance(rng, 0.85):
            made = copy.deepcopy(rng.choice(self.deep))
            made["id"] = "q%d" % number
        else:
            made = self.aim(number)
        for _ in range(rng.choice((0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 5))):
            rng.choice(self.flips)(made)
        if chance(rng, 0.05):
            for _ in range(rng.randint(1, 3)):
                self.deform(made)
        text = json.dumps(made, ensure_ascii=chance(rng, 0.5))
        if chance(rng, 0.002):
            text = break_line(rng, text)
        return text


def break_line(rng, text):
    """A line that is not one object, or says something twice."""
    return rng.choice((
        text[:-1], text + text, "[" + text + "]", text[1:], "{}", "null",
        "1", '"x"', text.replace(":", "", 1), text + " x",
        text[:-1] + ', "id": "again"}', text[:-1] + ', "id": 1}',
        text[:-1] + ', "from": "any"}', text[:-1] + ', "to": "X9"}',
        text[:-1] + ', "batch": true, "batch": false}',
        text[:-1] + r', "basis": "\ud800"}', text[:-1] + ', "basis": NaN}',
        text[:-1] + r', "basis": "\ud83d\ude00"}', text.replace('"', "'")))


def around(record):
    """The instants at which a record begins or ceases to matter."""
    counts = [london.seconds(record["recorded"])]
    if "as-of" in record:
        counts.append(london.seconds(record["as-of"]) + 168 * 3600)
    last = london.seconds("2099-12-31T23:59:59Z")
    return [london.instant(count + step) for count in counts
            for step in (-1, 0, 1) if 0 <= count + step <= last]
