"""The smallest input that still shows a difference."""
import copy
import json

import compare


def places(value, path=()):
    """Every list item and optional member, the outer ones first."""
    keys = []
    if type(value) is dict:
        keys = list(value)
    elif type(value) is list:
        keys = list(range(len(value) - 1, -1, -1))
    for key in keys:
        yield path + (key,)
    for key in keys:
        yield from places(value[key], path + (key,))


def without(value, path):
    """A copy that lacks one place, or None if it is gone already."""
    made = copy.deepcopy(value)
    inner = made
    try:
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    return made


def line_of(case):
    request = case["request"]
    return request if type(request) is str else json.dumps(request)


class Shrinker:
    def __init__(self, almoner, max_age):
        self.almoner = almoner
        self.max_age = max_age

    def shows(self, case):
        """Whether both programs take the case, and answer otherwise."""
        line = line_of(case)
        try:
            batch = compare.Batch(case["bundle"], case["people"], [line],
                                  self.max_age)
            return bool(batch.differences(self.almoner)[1])
        except (compare.Refused, KeyError, AttributeError, TypeError,
                ValueError):
            return False

    def shrink(self, case):
        fewer = dict(case, people=[one for one in case["people"]
                                   if one["subject"] in line_of(case)])
        case = fewer if self.shows(fewer) else case
        again = True
        while again:
            again = False
            for path in list(places(case)):
                if len(path) == 1:
                    continue
                smaller = without(case, path)
                if smaller is not None and self.shows(smaller):
                    case = smaller
                    again = True
        return case


def smallest(almoner, batch, line):
    """The case that is left of a batch that differs in a line."""
    shrinker = Shrinker(almoner, batch.max_age)
    case = {"bundle": batch.bundle, "people": batch.records}
    try:
        case["request"] = json.loads(line)
    except ValueError:
        case["request"] = line
    if not shrinker.shows(case):
        case["request"] = line
    return shrinker.shrink(case)
