"""What is known about people, and what of it counts at an instant."""
import london

# Directives alike in instant and id: the one that releases less counts.
STRICTNESS = {"permit": 0, "withdrawn": 1, "deny": 2}


class Person:
    """The records of one subject; nobody has none."""

    def __init__(self):
        self.directives = []
        self.relationships = []
        self.optouts = []
        self.flags = []

    def add(self, record):
        lists = {"directive": self.directives, "opt-out": self.optouts,
                 "relationship": self.relationships, "flag": self.flags}
        lists[record["type"]].append(record)

    def counting(self, at):
        """For each authority and scope the directive that counts."""
        counts = {}
        for record in self.directives:
            if record["recorded"] > at:
                continue
            if record["effect"] != "withdrawn" and \
                    not london.begun(record["valid"], at):
                continue
            place = record["authority"], record["scope"]
            rank = (record["recorded"], record["id"],
                    STRICTNESS[record["effect"]])
            if place not in counts or rank > counts[place][0]:
                counts[place] = rank, record
        return {place: record for place, (_, record) in counts.items()}

    def related(self, organisation, at):
        mine = [one for one in self.relationships
                if one["organisation"] == organisation
                and one["recorded"] <= at]
        for one in mine:
            if one.get("effect") == "withdrawn" or \
                    not london.holds(one["valid"], at):
                continue
            if not any(other.get("effect") == "withdrawn"
                       and other["role"] == one["role"]
                       and other["recorded"] >= one["recorded"]
                       for other in mine):
                return True
        return False

    def flagged(self, flag, at):
        mine = [one for one in self.flags
                if one["flag"] == flag and one["recorded"] <= at]
        for one in mine:
            if one.get("effect") == "withdrawn" or \
                    not london.holds(one["valid"], at):
                continue
            if not any(other.get("effect") == "withdrawn"
                       and other["recorded"] > one["recorded"]
                       for other in mine):
                return True
        return False

    def optout(self, which, at):
        """The record of a list that counts, or None."""
        best = None
        for one in self.optouts:
            if one["list"] != which or one["recorded"] > at:
                continue
            objects = one["state"] in ("opted-out", "objected")
            rank = one["as-of"], objects
            if best is None or rank > best[0]:
                best = rank, one
        return best and best[1]


NOBODY = Person()


def gather(records):
    people = {}
    for record in records:
        people.setdefault(record["subject"], Person()).add(record)
    return people
