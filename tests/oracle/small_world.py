"""Every combination of a few words."""


def parts():
    return []


def batch(part):
    raise ValueError(part)
