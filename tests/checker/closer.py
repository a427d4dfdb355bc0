"""Rules that look closer: what a broker could do wrong although each receipt
has its record and each record its sending.  Nobody is left out of a message to
several or gets it twice; nothing stays behind, comes back after its end, or is
taken in another order than it was sent; reasons, codes and times are right.

Each function takes the Check of check.py and gives (rule, text) for each
breach."""
import collections
import datetime

RULES = (
    "recipient-left-out",
    "receipt-leaves-out",
    "accepted-twice",
    "left-behind",
    "came-back",
    "gone-without-end",
    "accepted-out-of-order",
    "refused-otherwise",
    "reason-changed",
    "notice-twice",
    "expired-early",
    "handed-over-expired",
    "expiry-missed",
    "deadline-wrong",
    "deadline-missed",
    "not-escalated",
    "request-ended-twice",
    "request-forgotten",
)

# How a message can leave a mailbox; from all but the first its sender hears.
ENDS = {
    "acknowledged": None,
    "rejected": "rejected",
    "expired": "expired",
    "stopped-at-hand-over": "stopped",
    "dead-lettered": "dead-letter",
}
FINAL = ("acknowledged", "rejected", "expired", "stopped-at-hand-over")
# Times that have passed so long before the end of the log are seen to.
SWEPT_MS = 30000
# What a sender is not told apart.
SHOWN = {4411: 4410, 4412: 4410, 4413: 4410}


def time_ms(record):
    return int(datetime.datetime.fromisoformat(
        record["time"].replace("Z", "+00:00")).timestamp() * 1000 + 0.5)


def recipients(check, sent):
    """A message of which one recipient has a record has one for each."""
    refused = collections.defaultdict(set)
    for record in check.audit:
        if record["kind"] == "refused":
            refused[(record["sender"], record["message-id"])].add(
                record["recipient"])
    for key, event in sent.items():
        accepted = [r["recipient"] for r in check.by_message.get(key, [])]
        if not accepted:
            continue
        for name in set(event["to"]) - set(accepted) - refused[key]:
            yield "recipient-left-out", "%s to %s" % (key, name)
        for name, times in collections.Counter(accepted).items():
            if times > 1:
                yield "accepted-twice", "%s to %s" % (key, name)


def outcomes(check, sent):
    """The receipt of a message to several says what became of each."""
    for journal in check.journals:
        listed = collections.defaultdict(set)
        for receipt in journal.of("receipt"):
            if "recipient" in receipt:
                listed[receipt["id"]].add(receipt["recipient"])
        for name, of_whom in listed.items():
            event = sent.get((journal.organisation, name))
            for one in set(event["to"]) - of_whom if event else ():
                yield "receipt-leaves-out", "%s to %s" % (name, one)


def codes(check, sent):
    """What the sender is told is what the log says."""
    told = collections.defaultdict(set)
    for record in check.audit:
        if record["kind"] == "refused":
            key = (record["sender"], record["message-id"])
            told[key].add(SHOWN.get(record["code"], record["code"]))
    for journal in check.journals:
        for receipt in journal.of("receipt"):
            key = (journal.organisation, receipt["id"])
            if receipt["code"] and told[key] and \
                    receipt["code"] not in told[key]:
                yield "refused-otherwise", "%s: %d, recorded %s" \
                    % (key, receipt["code"], sorted(told[key]))


def remains(check, sent):
    """Whoever is there has got what was accepted for it; and nothing comes
    back after its end."""
    there = {j.organisation for j in check.journals}
    ended = {}
    dead = set()
    for record in check.audit:
        kind, mail = record["kind"], record["mail"]
        if kind == "dead-lettered":
            dead.add(mail)
        # Its sender has heard that it was dead.
        is_removed = kind == "dead-letter-removed" and mail in dead
        if kind in FINAL or is_removed:
            ended.setdefault(mail, kind)
        elif kind == "delivered" and mail in ended:
            yield "came-back", "mail %s was %s already" % (mail, ended[mail])
    for mail, record in check.accepted.items():
        if record["recipient"] in there and mail not in ended:
            yield "left-behind", "mail %s for %s" % (mail,
                                                     record["recipient"])
    for journal in check.journals:
        gone = set()
        for event in journal.of("gone", "got"):
            if event["event"] == "got":
                # A dead letter is, until somebody has it run again.
                if event["mail"] in gone and event["mail"] not in check.rerun:
                    yield "came-back", "mail %s came after the broker had " \
                        "forgotten it" % event["mail"]
                continue
            gone |= set(event["mail"])
        for mail in gone:
            if mail in check.accepted and mail not in ended:
                yield "gone-without-end", "mail %s" % mail


def sending(check, sent):
    """What one sender sends about one subject is accepted in that order.
    Payloads in parts are accepted when they are whole."""
    mails = {}
    for key, records in check.by_message.items():
        for record in records:
            mails[(key, record["recipient"])] = record["mail"]
    last = {}
    for key, event in sent.items():
        if "+" in event["payload"]:
            continue
        for name in event["to"]:
            mail = mails.get((key, name))
            line = (key[0], name, event["subject"], event.get("priority"))
            if mail is None:
                continue
            if last.get(line, 0) > mail:
                yield "accepted-out-of-order", "mail %s of %s after %s" \
                    % (mail, line, last[line])
            last[line] = max(mail, last.get(line, 0))


def notices(check, sent):
    """A sender hears of each end once, and why in the recipient's words."""
    reasons = {e["mail"]: e["reason"] for j in check.journals
               for e in j.of("rejected") if "reason" in e}
    mails = {}
    for mail, record in check.accepted.items():
        mails[(record["sender"], record["message-id"],
               record["recipient"])] = mail
    # A deputy may have a letter of its own beside the one that it stands in for.
    ended = collections.Counter(
        (r["sender"], r["message-id"], r["recipient"], ENDS[r["kind"]])
        for records in check.ends.values() for r in records)
    for journal in check.journals:
        heard = collections.defaultdict(set)
        for notice in journal.of("notice"):
            what = (notice["id"], notice["recipient"], notice["kind"])
            heard[what].add(notice["mail"])
            if len(heard[what]) > max(1, ended[(journal.organisation,) + what]) \
                    and notice["kind"] != "dead-letter":
                yield "notice-twice", "%s of %s to %s" \
                    % (notice["kind"], notice["id"], notice["recipient"])
            said = reasons.get(mails.get(
                (journal.organisation, notice["id"], notice["recipient"])))
            if notice["kind"] == "rejected" and said is not None and \
                    said != notice.get("reason", said):
                yield "reason-changed", "of %s: '%s', said was '%s'" \
                    % (notice["id"], notice["reason"], said)


def first_time(records, kinds):
    return min((time_ms(r) for r in records if r["kind"] in kinds),
               default=None)


def expiry(mail, records, expires, end):
    expired = first_time(records, ("expired",))
    over = first_time(records, FINAL + ("dead-lettered",))
    if expired is not None and expired < expires:
        yield "expired-early", "mail %s at %d" % (mail, expired)
    if any(r["kind"] == "delivered" and r["effect"] in ("permit", "transform")
           and time_ms(r) >= expires for r in records):
        yield "handed-over-expired", "mail %s" % mail
    if over is None and end - expires > SWEPT_MS:
        yield "expiry-missed", "mail %s" % mail


def deadline(mail, records, limit, end, was_heard):
    passed = [r for r in records if r["kind"] == "deadline-passed"]
    over = first_time(records, FINAL + ("dead-lettered",))
    at = first_time(records, ("deadline-passed",))
    if len(passed) > 1 or (at is not None and at < limit):
        yield "deadline-wrong", "mail %s, %d times" % (mail, len(passed))
    if at is None and end - limit > SWEPT_MS and \
            (over is None or over - limit > SWEPT_MS):
        yield "deadline-missed", "mail %s" % mail
    if passed and not was_heard:
        yield "deadline-missed", "mail %s, and nobody was told" % mail


def escalations(check, sent):
    """What is overdue comes to the deputy too, or the log says why not."""
    deputies = {e["of"]: e["deputy"] for j in check.journals
                for e in j.of("deputy")}
    went = {(r["sender"], r["message-id"], r["recipient"])
            for r in check.audit if r["kind"] == "escalated-to-deputy"}
    for record in check.audit:
        deputy = deputies.get(record["recipient"])
        if record["kind"] == "deadline-passed" and deputy and \
                (record["sender"], record["message-id"], deputy) not in went:
            yield "not-escalated", "mail %s, to %s" % (record["mail"], deputy)


def times(check, sent):
    """Nothing ends before its time, or long after it."""
    heard = {(j.organisation, n["id"], n["recipient"])
             for j in check.journals for n in j.of("notice")
             if n["kind"] == "deadline"}
    of_mail = collections.defaultdict(list)
    for record in check.audit:
        of_mail[record["mail"]].append(record)
    end = time_ms(check.audit[-1]) if check.audit else 0
    for key, event in sent.items():
        for record in check.by_message.get(key, []):
            mail, after = record["mail"], of_mail[record["mail"]]
            if event.get("expires"):
                yield from expiry(mail, after, event["expires"], end)
            if event.get("deadline") and event.get("kind") != "request":
                yield from deadline(
                    mail, after, event["deadline"], end,
                    key + (record["recipient"],) in heard)


def requests(check, sent):
    """A request has one reply, or its asker hears that there is none."""
    replies = collections.Counter()
    for key, event in sent.items():
        if event.get("kind") == "reply" and key in check.by_message:
            replies[(event["to"][0], event["answers"])] += 1
    heard = collections.Counter()
    for journal in check.journals:
        for notice in {(n["mail"], n["id"]) for n in journal.of("notice")
                       if n["kind"] == "timed-out"}:
            heard[(journal.organisation, notice[1])] += 1
    end = time_ms(check.audit[-1]) if check.audit else 0
    for record in check.audit:
        key = (record["sender"], record["message-id"])
        if record["kind"] == "request-timed-out" and key in sent and \
                not heard[key]:
            yield "request-forgotten", "%s: nobody was told" % (key,)
    for key, event in sent.items():
        if event.get("kind") != "request" or key not in check.by_message:
            continue
        if replies[key] + heard[key] > 1:
            yield "request-ended-twice", "%s: %d replies, %d notices" \
                % (key, replies[key], heard[key])
        if replies[key] + heard[key] == 0 and \
                end - event["deadline"] > SWEPT_MS:
            yield "request-forgotten", "%s" % (key,)


def look(check, sent):
    for rule in (recipients, outcomes, codes, remains, sending, notices,
                 escalations, times, requests):
        yield from rule(check, sent)
