"""The decision rule, step by step as docs/POLICY.md has it.

This is the second of two programs that must give the same answer.  It is
written from the page alone, and prefers to be plain over being quick.
"""
import london
import person
import request

LEVELS = request.LEVELS
PSEUDONYMISED = LEVELS.index("pseudonymised")


class Ended(Exception):
    """The step found a blocker that ends the decision."""


class Decision:
    def __init__(self, words, people, line, max_age):
        self.words = words
        self.max_age = max_age
        self.blockers = set()
        self.notes = set()
        self.id = None
        self.basis = None
        self.nearest = None
        self.candidates = []
        self.release = set()
        self.redact = set()
        self.strip = set()
        self.level = None
        self.directives = set()
        self.prohibitions = set()
        self.lifts = set()
        try:
            self.run(people, line)
        except Ended:
            pass

    def end_if_blocked(self):
        if self.blockers:
            raise Ended

    def run(self, people, line):
        raw = request.read(line)
        req = self.req = request.Request(raw, self.words)
        self.id = req.id
        # 1. Able to decide: offline both counters are 0.
        not_before = raw.get("not-before")
        if request.good_not_before(not_before) and \
                any(not_before.values()):
            self.blockers.add(191)
        self.end_if_blocked()
        # 2. Well-formed.
        self.blockers |= req.found
        self.end_if_blocked()
        has = req.has
        self.at, self.purpose = has["at"], has["purpose"]
        self.sender, self.recipient = has["from"], has["to"]
        self.person = people.get(req.subject, person.NOBODY)
        self.parties()
        self.end_if_blocked()
        self.find_basis()
        self.end_if_blocked()
        self.cut_to_basis()
        self.prohibit()
        self.relationship()
        self.people_choices()
        self.optouts()
        self.last_checks()

    # 3 and 4.

    def parties(self):
        known = self.words.organisations
        for party, unknown, inactive in ((self.sender, 201, 202),
                                         (self.recipient, 203, 204)):
            if party not in known:
                self.blockers.add(unknown)
                continue
            one = known[party]
            if one.get("status", "active") != "active":
                self.blockers.add(inactive)
            host = known.get(one.get("host"))
            for who in (one, host):
                if who and "assurance-until" in who and \
                        who["assurance-until"] < london.day_of(self.at):
                    self.blockers.add(205)
            if host and host.get("status", "active") != "active":
                self.blockers.add(207)
        if self.sender == self.recipient:
            self.blockers.add(206)
        allowed = self.words.purposes[self.purpose]["recipients"]
        if self.recipient in known and "any" not in allowed and \
                known[self.recipient]["kind"] not in allowed:
            self.blockers.add(210)

    # 5.

    def select_parties(self, rule):
        return self.words.selects(rule["from"], self.sender, self.at) and \
            self.words.selects(rule["to"], self.recipient, self.at)

    def covered(self, rule):
        return {one for one in self.req.categories
                if self.words.covers_category(rule["categories"], one)}

    def misfits(self, basis):
        found = set()
        if not london.begun(basis["valid"], self.at):
            found.add(301)
        if london.ended(basis["valid"], self.at):
            found.add(302)
        if basis.get("status", "active") != "active":
            found.add(303)
        if not self.words.permit_covers(basis["purposes"], self.purpose):
            found.add(304)
        if not self.covered(basis):
            found.add(305)
        return found

    def find_basis(self):
        bases = self.words.bases
        named = self.req.has.get("basis")
        if named is not None:
            if named not in bases:
                self.blockers.add(306)
            elif not self.select_parties(bases[named]):
                self.blockers.add(307)
            else:
                self.blockers |= self.misfits(bases[named])
            if not self.blockers:
                self.basis = bases[named]
            return
        between = {key: self.misfits(bases[key]) for key in sorted(bases)
                   if self.select_parties(bases[key])}
        fitting = [key for key in between if not between[key]]
        if len(fitting) == 1:
            self.basis = bases[fitting[0]]
        elif fitting:
            self.blockers.add(308)
            self.candidates = fitting
        elif between:
            self.nearest = min(between, key=lambda key: len(between[key]))
            self.blockers |= between[self.nearest]
        else:
            self.blockers.add(300)

    # 6.

    def cut_to_basis(self):
        self.release = self.covered(self.basis)
        self.redact = set(self.req.categories) - self.release
        if self.redact:
            self.notes.add(305)
        self.payload = LEVELS.index(self.req.payload)
        ceiling = LEVELS.index(self.basis["identifiability"])
        self.checked = self.level = min(self.payload, ceiling)
        if self.level < self.payload:
            self.notes.add(215)
        self.about_person = self.checked >= PSEUDONYMISED
        self.is_care = self.words.is_care(self.purpose)

    # 7.

    def lifted(self, what):
        return what in self.basis.get("lifts", [])

    def move(self, categories):
        self.release = self.release - categories
        self.redact = self.redact | categories

    def prohibit(self):
        fitting = self.release
        softened = []
        for one in self.words.prohibitions:
            covered = self.covered(one) & fitting
            if not covered or not self.select_parties(one) or \
                    LEVELS.index(one["at-or-above"]) > self.checked or \
                    not self.words.denial_covers(one["purposes"],
                                                 self.purpose):
                continue
            if self.lifted("prohibition:" + one["id"]):
                self.notes.add(212)
                self.lifts.add("prohibition:" + one["id"])
            elif one["then"] == "withhold":
                self.notes.add(211)
                self.prohibitions.add(one["id"])
                self.move(covered)
            else:
                softened.append((one, covered))
        for one, covered in softened:
            if covered & self.release:
                self.notes.add(213)
                self.prohibitions.add(one["id"])
                below = LEVELS.index(one["at-or-above"]) - 1
                self.level = min(self.level, below)
        name = LEVELS[self.level]
        alone = not self.req.has.get("batch", False)
        if self.level < self.payload and \
                (name == "aggregate" or name == "anonymised" and alone):
            self.blockers.add(214)

    # 8.

    def accepted(self, kind):
        return self.req.override == kind and \
            kind in self.basis.get("overrides", [])

    def relationship(self):
        if self.basis["relationship"] != "required" or \
                not self.about_person:
            return
        if self.person.related(self.recipient, self.at):
            return
        if self.req.contextual:
            self.notes.add(502)
        elif self.accepted("emergency") and self.is_care:
            self.notes.add(503)
        else:
            self.blockers.add(501)

    # 9.

    def says(self, record, category):
        """What a directive that counts says of a category, or None."""
        if record["effect"] == "withdrawn" or \
                not london.holds(record["valid"], self.at):
            return None
        words = self.words
        where = self.purpose, self.recipient, self.at
        denies = words.denial_reaches(record, *where)
        permits = words.permit_reaches(record, *where)
        said = set()
        for part in record.get("except", []):
            if part["effect"] == "deny":
                if denies and words.denial_reaches(part, *where) and \
                        words.denial_names(part, category):
                    said.add("deny")
            elif permits and words.permit_reaches(part, *where) and \
                    words.permit_names(part, category):
                said.add("permit")
        if "deny" in said:
            return "deny"
        if "permit" in said:
            return "permit" if record["effect"] == "permit" else None
        if record["effect"] == "deny":
            if denies and words.denial_names(record, category):
                return "deny"
        elif permits and words.permit_names(record, category):
            return "permit"
        return None

    def people_choices(self):
        if not self.about_person:
            return
        counting = self.person.counting(self.at)
        said = {category: {} for category in self.release}
        for category in said:
            for record in counting.values():
                effect = self.says(record, category)
                said[category].setdefault(effect, set()).add(record["id"])
        denied = {one for one in said if "deny" in said[one]}
        for category in denied:
            self.directives |= said[category]["deny"]
        ignored = self.ignore_denials(denied)
        if denied and not ignored:
            self.notes.add(402)
            self.move(denied)
        if self.basis["consent"] == "required":
            permitted = {one for one in said if "permit" in said[one]
                         and (ignored or one not in denied)}
            for category in permitted:
                self.directives |= said[category]["permit"]
            self.require_consent(permitted, counting)
        if self.person.flagged("location-withheld", self.at):
            if self.basis.get("location-withheld", "strip") == "refuse":
                self.blockers.add(409)
            else:
                self.notes.add(407)
                self.strip.add("LOC")

    def ignore_denials(self, denied):
        if not denied:
            return False
        if self.lifted("objection"):
            self.notes.add(404)
            self.lifts.add("objection")
            return True
        if self.accepted("guardian") or \
                self.accepted("emergency") and self.is_care:
            self.notes.add(408)
            return True
        return False

    def require_consent(self, permitted, counting):
        missing = self.release - permitted
        if not missing:
            return
        self.notes.add(406)
        self.move(missing)
        if not self.release:
            withdrawn = any(self.was_permitted(record, missing)
                            for record in counting.values()
                            if record["effect"] == "withdrawn")
            self.blockers.add(405 if withdrawn else 401)

    def was_permitted(self, withdrawal, categories):
        then = self.person.counting(london.before(withdrawal["recorded"]))
        place = withdrawal["authority"], withdrawal["scope"]
        return place in then and \
            any(self.says(then[place], one) == "permit"
                for one in categories)

    # 10.

    def optouts(self):
        if not self.about_person or self.is_care:
            return
        if self.basis["opt-out"] == "applies":
            record = self.person.optout("national", self.at)
            if record is None:
                self.blockers.add(411)
            elif record["state"] == "opted-out":
                self.blockers.add(410)
            elif london.seconds(self.at) - london.seconds(record["as-of"]) \
                    > self.max_age:
                self.blockers.add(412)
        if self.words.organisations[self.sender]["kind"] != "gp-practice":
            return
        record = self.person.optout("type-1", self.at)
        if record is not None and record["state"] == "objected":
            if self.lifted("type-1"):
                self.notes.add(414)
                self.lifts.add("type-1")
            else:
                self.blockers.add(413)

    # 11 and 12.

    def last_checks(self):
        if not self.release and not self.blockers & {401, 405}:
            self.blockers.add(403)
        override = self.req.override
        if override is not None and \
                override not in self.basis.get("overrides", []):
            self.notes.add(509)

    def answer(self):
        found = {"id": self.id, "effect": "deny", "code": 0,
                 "reasons": sorted(self.blockers | self.notes)}
        basis = self.basis
        if self.blockers:
            found["code"] = min(self.blockers,
                                key=lambda code: (code < 900, code))
        elif self.level < self.payload or self.redact or self.strip:
            found["effect"] = "transform"
            found["code"] = 1
        else:
            found["effect"] = "permit"
        open_ = not self.blockers
        found["basis"] = basis and basis["id"]
        found["nearest"] = self.nearest
        found["candidates"] = sorted(self.candidates)
        found["release"] = sorted(self.release) if open_ else []
        found["redact"] = sorted(self.redact) if open_ else []
        found["strip"] = sorted(self.strip) if open_ else []
        found["level"] = LEVELS[self.level] if open_ else None
        group = basis and basis.get("smallest-group")
        found["smallest-group"] = int(group) if open_ and group else None
        found["obligations"] = self.obligations() if open_ else []
        found["directives"] = sorted(self.directives)
        found["prohibitions"] = sorted(self.prohibitions)
        found["lifts"] = sorted(self.lifts)
        found["epoch"] = found["seq"] = 0
        return found

    def obligations(self):
        found = set(self.basis.get("obligations", []))
        if self.notes & {408, 503}:
            found.add("review:override")
        return sorted(found)


def decide(words, people, line, max_age=168 * 3600):
    return Decision(words, people, line, max_age).answer()
