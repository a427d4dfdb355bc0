"""Random records about people, on the same days and words as a bundle."""
import london
import request
from generate_bundle import chance, period, some

STEPS = (-3601, -3600, -1, 0, 0, 0, 1, 3599, 3600, 43200)


def subjects(rng, count):
    found = []
    while len(found) < count:
        number = "999%07d" % rng.randrange(10 ** 7)
        if request.is_subject(number) and number not in found:
            found.append(number)
    return found


def numbers():
    """The subjects of the test range in their order."""
    for count in range(1, 10 ** 7):
        number = "999%07d" % count
        if request.is_subject(number):
            yield number


def instants(rng, days):
    """Instants at and around the edges of days, all within 2000 to 2099."""
    last = london.seconds("2099-12-31T23:59:59Z")
    found = set()
    for day in days:
        for edge in 0, 86400:
            for step in STEPS:
                count = london.midnight(day) + edge + step
                if 0 <= count <= last:
                    found.add(count)
    return [london.instant(one) for one in sorted(found)]


class Maker:
    """What records are made of; `near` is what a record likes to meet."""

    def __init__(self, rng, bundle, days):
        self.rng = rng
        self.days = days
        self.when = instants(rng, days)
        self.words = {
            key: [one["id"] for one in bundle.get(key, [])]
            for key in ("purposes", "categories", "organisations", "groups")}
        self.kinds = bundle["kinds"]

    def early(self):
        """An instant, likelier an early one."""
        rng = self.rng
        return self.when[min(rng.randrange(len(self.when)),
                             rng.randrange(len(self.when)))]

    def pick(self, key):
        """Words of the bundle, at times one that it lacks."""
        rng = self.rng
        if chance(rng, 0.35):
            found = ["any"]
        else:
            found = some(rng, self.words[key])
        if chance(rng, 0.06):
            found.append("no-such-word")
        return found

    def parties(self):
        rng = self.rng
        if chance(rng, 0.5):
            return ["any"]
        found = some(rng, self.words["organisations"]
                     + ["kind:" + one for one in self.kinds]
                     + ["group:" + one for one in self.words["groups"]])
        if chance(rng, 0.08):
            found.append(rng.choice(("X99", "kind:none", "group:none")))
        return found

    def part(self, effect):
        return {"effect": effect, "purposes": self.pick("purposes"),
                "categories": self.pick("categories"), "to": self.parties()}

    def directive(self, subject, number):
        rng = self.rng
        record = {"type": "directive", "id": "R-%d" % number,
                  "subject": subject,
                  "authority": rng.choice(("patient", "patient", "court")),
                  "scope": rng.choice(("all", "some")),
                  "recorded": self.early()}
        effect = rng.choice(("deny", "deny", "permit", "permit", "permit",
                             "withdrawn"))
        if effect == "withdrawn":
            record["effect"] = effect
            return record
        record.update(self.part(effect))
        if chance(rng, 0.4):
            record["except"] = [self.part(rng.choice(("deny", "permit")))
                                for _ in range(rng.randint(1, 2))]
        record["valid"] = period(rng, self.days, 0.7)
        return record

    def change_of_mind(self, subject):
        """A permit, and later its withdrawal."""
        rng = self.rng
        given, ended = sorted((self.early(), self.early()))
        permit = dict(self.part("permit"), type="directive", id="R-p",
                      subject=subject, authority="patient", scope="mind",
                      recorded=given, valid=period(rng, self.days, 0.8))
        if chance(rng, 0.6):
            permit["purposes"] = permit["to"] = ["any"]
        return [permit, {"type": "directive", "id": "R-w",
                         "subject": subject, "authority": "patient",
                         "scope": "mind", "recorded": ended,
                         "effect": "withdrawn"}]

    def dated(self, record, withdrawn=0.25):
        record["recorded"] = self.early()
        if chance(self.rng, withdrawn):
            record["effect"] = "withdrawn"
        else:
            record["valid"] = period(self.rng, self.days, 0.7)
        return record

    def relationship(self, subject):
        return self.dated({
            "type": "relationship", "subject": subject,
            "organisation": self.rng.choice(self.words["organisations"]),
            "role": self.rng.choice(("team", "team", "registered"))}, 0.15)

    def optout(self, subject):
        rng = self.rng
        which, states = rng.choice((
            ("national", ("clear", "clear", "opted-out")),
            ("type-1", ("objected", "none"))))
        as_of, recorded = sorted((self.early(), self.early()))
        return {"type": "opt-out", "subject": subject, "list": which,
                "state": rng.choice(states), "as-of": as_of,
                "recorded": as_of if chance(rng, 0.6) else recorded}

    def flag(self, subject):
        return self.dated({"type": "flag", "subject": subject,
                           "flag": "location-withheld"})

    def person(self, subject):
        rng = self.rng
        found = []
        for make, most in ((self.relationship, 5), (self.optout, 4),
                           (self.flag, 2)):
            if chance(rng, 0.7):
                found += [make(subject) for _ in range(rng.randint(0, most))]
        if chance(rng, 0.7):
            found += [self.directive(subject, number)
                      for number in range(rng.randint(0, 5))]
        if chance(rng, 0.25):
            found += self.change_of_mind(subject)
        return self.collide(found)

    def collide(self, records):
        """Let some records be alike in what breaks ties."""
        rng = self.rng
        if len(records) > 1 and chance(rng, 0.5):
            one, other = rng.sample(records, 2)
            if "as-of" not in one or one["as-of"] <= other["recorded"]:
                one["recorded"] = other["recorded"]
            if "as-of" in one and "as-of" in other:
                one["as-of"] = other["as-of"]
                one["recorded"] = max(one["recorded"], one["as-of"])
            if one["type"] == other["type"] == "directive" and \
                    one["effect"] != other["effect"] and chance(rng, 0.3):
                one["id"] = other["id"]
        return records


def make(rng, bundle, days, count=24):
    """Records, and the subjects who may have some."""
    maker = Maker(rng, bundle, days)
    people = subjects(rng, count)
    records = []
    for subject in people[1:]:
        records += maker.person(subject)
    rng.shuffle(records)
    return records, people, maker.when
