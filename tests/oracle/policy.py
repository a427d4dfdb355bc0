"""A policy bundle, and what its words cover and whom they select."""
import re

import london

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_id(text):
    return text != "any" and ID.fullmatch(text) is not None


def by_id(items):
    return {item["id"]: item for item in items}


def chain(items, word):
    """A word and its ancestors, nearest first."""
    found = []
    while word is not None:
        found.append(word)
        word = items[word].get("under")
    return found


class Policy:
    def __init__(self, bundle):
        self.kinds = set(bundle["kinds"])
        self.purposes = by_id(bundle["purposes"])
        self.categories = by_id(bundle["categories"])
        self.organisations = by_id(bundle["organisations"])
        self.groups = by_id(bundle.get("groups", []))
        self.prohibitions = bundle.get("prohibitions", [])
        self.bases = by_id(bundle.get("agreements", [])
                           + bundle.get("mandates", []))
        self.parents = {item.get("under") for item in bundle["categories"]}
        self.memo = {}

    def is_care(self, purpose):
        return self.purposes[purpose]["class"] == "care"

    # The two rules for purposes, and the one for categories.

    def climb(self, purpose):
        """What a permit may list to cover a purpose."""
        reached = []
        for word in chain(self.purposes, purpose):
            reached.append(word)
            if self.purposes[word].get("inherit") == "never":
                return reached
        return reached + ["any"]

    def permit_covers(self, words, purpose):
        return any(word in words for word in self.climb(purpose))

    def denial_covers(self, words, purpose):
        above = chain(self.purposes, purpose) + ["any"]
        return any(word in words for word in above)

    def covers_category(self, words, category):
        above = chain(self.categories, category) + ["any"]
        return any(word in words for word in above)

    # Parties.

    def member(self, group, organisation, at):
        return any(one["organisation"] == organisation
                   and ("valid" not in one or london.holds(one["valid"], at))
                   for one in self.groups[group]["members"])

    def selects_by(self, selector, organisation, at):
        if selector == "any":
            return True
        if selector.startswith("kind:"):
            kind = self.organisations[organisation]["kind"]
            return kind == selector[len("kind:"):]
        if selector.startswith("group:"):
            group = selector[len("group:"):]
            return group in self.groups and \
                self.member(group, organisation, at)
        return selector == organisation

    def selects(self, selectors, organisation, at):
        return any(self.selects_by(one, organisation, at)
                   for one in selectors)

    # Records about people may name words that the bundle lacks.

    def lacks_party(self, selector):
        if selector == "any":
            return False
        if selector.startswith("kind:"):
            return selector[len("kind:"):] not in self.kinds
        if selector.startswith("group:"):
            return selector[len("group:"):] not in self.groups
        return selector not in self.organisations

    def denial_reaches(self, part, purpose, organisation, at):
        """Whether a denial of a record covers a purpose and a recipient."""
        return (self.denial_covers(part["purposes"], purpose)
                or any(word != "any" and word not in self.purposes
                       for word in part["purposes"])) \
            and (self.selects(part["to"], organisation, at)
                 or any(self.lacks_party(one) for one in part["to"]))

    def permit_reaches(self, part, purpose, organisation, at):
        return self.permit_covers(part["purposes"], purpose) \
            and self.selects(part["to"], organisation, at)

    def denial_names(self, part, category):
        return self.covers_category(part["categories"], category) \
            or any(word != "any" and word not in self.categories
                   for word in part["categories"])

    def permit_names(self, part, category):
        return self.covers_category(part["categories"], category)
