"""Days in London and instants in UTC, as the rule says them.

Instants are texts like 2026-03-01T09:00:00Z and days texts like 2026-03-01,
so that "earlier" is "less" for both.
"""
import datetime
import functools
import re

INSTANT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T"
                     r"[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
EPOCH = datetime.datetime(2000, 1, 1)


def last_sunday(year, month):
    day = datetime.date(year, month, 31)
    while day.isoweekday() != 7:
        day -= datetime.timedelta(days=1)
    return day


@functools.lru_cache(maxsize=None)
def summer(year):
    """The first instant of summer time, and the first after it."""
    one = datetime.time(1, 0, 0)
    return (datetime.datetime.combine(last_sunday(year, 3), one),
            datetime.datetime.combine(last_sunday(year, 10), one))


@functools.lru_cache(maxsize=100000)
def parse(instant):
    """A text as a datetime in UTC, or None if it is not an instant."""
    if not INSTANT.fullmatch(instant):
        return None
    try:
        return datetime.datetime.strptime(instant, "%Y-%m-%dT%H:%M:%SZ") \
            if instant[17:19] < "60" else None
    except ValueError:
        return None


@functools.lru_cache(maxsize=100000)
def seconds(instant):
    return int((parse(instant) - EPOCH).total_seconds())


def instant(count):
    """The text of an instant, count seconds after the year 2000 began."""
    when = EPOCH + datetime.timedelta(seconds=count)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.lru_cache(maxsize=100000)
def day_of(text):
    """The day that it is in London at an instant."""
    when = parse(text)
    begin, end = summer(when.year)
    if begin <= when < end:
        when += datetime.timedelta(hours=1)
    return when.strftime("%Y-%m-%d")


def before(text):
    """One instant, which is one second, before."""
    return instant(seconds(text) - 1)


@functools.lru_cache(maxsize=None)
def period(text):
    """The first and the last day of a period; no end is the last of all."""
    if text.endswith(" until further notice"):
        return text[:10], "9999-12-31"
    return text[:10], text[-10:]


def begun(text, at):
    return period(text)[0] <= day_of(at)


def ended(text, at):
    return day_of(at) > period(text)[1]


def holds(text, at):
    return begun(text, at) and not ended(text, at)


def midnight(day):
    """The instant at which a day begins in London, in seconds."""
    when = datetime.datetime.strptime(day, "%Y-%m-%d")
    begin, end = summer(when.year)
    count = int((when - EPOCH).total_seconds())
    return count - 3600 if begin < when <= end else count
