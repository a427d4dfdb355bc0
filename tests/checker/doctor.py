#!/usr/bin/env python3
"""The checker can fail: each rule is broken in its turn, in journals and logs
that are right without it, and must be the one that is named."""
import copy
import json
import sys

import check

ID = "0193-%d"


def accepted(seq, mail, number, recipient):
    return {"seq": seq, "kind": "accepted", "effect": "permit", "mail": mail,
            "sender": "RX1", "recipient": recipient, "message-id": ID % number}


def later(seq, kind, mail, number, recipient, effect=""):
    return {"seq": seq, "kind": kind, "effect": effect, "mail": mail,
            "sender": "RX1", "recipient": recipient, "message-id": ID % number}


def world():
    """Seven messages: two taken, the second after a repeat; one rejected, one
    that expired, one that waits, one that was a dead letter and was taken when
    it was run again, one in parts that expired before they were fetched; and
    one that was refused."""
    log = [
        accepted(1, 1, 1, "C84001"), accepted(2, 2, 2, "C84001"),
        accepted(3, 3, 3, "C84001"), accepted(4, 4, 4, "RHA"),
        accepted(5, 5, 5, "RHA"),
        later(6, "refused", None, 6, "C84001", "deny"),
        later(7, "delivered", 1, 1, "C84001", "permit"),
        later(8, "delivered", 2, 2, "C84001", "permit"),
        later(9, "delivered", 2, 2, "C84001", "permit"),
        later(10, "delivered", 3, 3, "C84001", "transform"),
        later(11, "acknowledged", 1, 1, "C84001"),
        later(12, "acknowledged", 2, 2, "C84001"),
        later(13, "rejected", 3, 3, "C84001"),
        later(14, "expired", 4, 4, "RHA"),
        accepted(15, 7, 7, "C84001"),
        later(16, "delivered", 7, 7, "C84001", "permit"),
        later(17, "dead-lettered", 7, 7, "C84001"),
        later(18, "dead-letter-rerun", 7, 7, "C84001"),
        later(19, "delivered", 7, 7, "C84001", "permit"),
        later(20, "acknowledged", 7, 7, "C84001"),
        accepted(21, 8, 8, "C84001"),
        later(22, "delivered", 8, 8, "C84001", "permit"),
        later(23, "expired", 8, 8, "C84001"),
    ]
    trust = [{"event": "agent", "organisation": "RX1"}]
    for number in range(1, 9):
        trust.append({"event": "sent", "id": ID % number,
                      "to": ["RHA" if number in (4, 5) else "C84001"],
                      "subject": "s", "payload": "%02x" % number})
    for number, audit in ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (7, 15),
                          (8, 21)):
        trust.append({"event": "receipt", "id": ID % number, "code": 0,
                      "mail": number, "audit": audit})
    trust.append({"event": "receipt", "id": ID % 6, "code": 203,
                  "final": True})
    trust.append({"event": "notice", "id": ID % 3, "kind": "rejected",
                  "recipient": "C84001"})
    trust.append({"event": "notice", "id": ID % 4, "kind": "expired",
                  "recipient": "RHA"})
    trust.append({"event": "notice", "id": ID % 7, "kind": "dead-letter",
                  "recipient": "C84001"})
    trust.append({"event": "notice", "id": ID % 8, "kind": "expired",
                  "recipient": "C84001"})
    practice = [{"event": "agent", "organisation": "C84001"},
                {"event": "connected"}]
    for mail, repeat in ((1, False), (2, False), (7, False), (None, False),
                         (2, True), (3, False), (7, True), (8, False)):
        if mail is None:
            practice.append({"event": "connected"})
            continue
        practice.append({"event": "got", "mail": mail, "id": ID % mail,
                         "sender": "RX1", "subject": "s", "priority": "",
                         "repeat": repeat,
                         "payload": "%02x" % mail if mail < 8 else "later"})
    practice += [{"event": "took", "mail": 1}, {"event": "took", "mail": 2},
                 {"event": "rejected", "mail": 3},
                 {"event": "took", "mail": 7}]
    return log, trust, practice


def find(events, **wanted):
    return next(e for e in events
                if all(e.get(k) == v for k, v in wanted.items()))



def drop(events, **wanted):
    events.remove(find(events, **wanted))


def swap_deliveries(log, trust, practice):
    practice[2], practice[3] = practice[3], practice[2]


def repeat_behind(log, trust, practice):
    again = next(i for i, e in enumerate(practice) if e.get("repeat"))
    practice[again], practice[again + 1] = practice[again + 1], practice[again]


def deliver_refused(log, trust, practice):
    got = dict(find(practice, event="got", mail=1), mail=9, id=ID % 6)
    practice.append(got)


def deliver_unknown(log, trust, practice):
    practice.append(dict(find(practice, event="got", mail=1), mail=9,
                         id=ID % 9))


def take_without_fetching(log, trust, practice):
    log[22]["kind"] = "acknowledged"
    practice.append({"event": "took", "mail": 8})


def deliver_elsewhere(log, trust, practice):
    log[1]["recipient"] = "RHA"
    find(trust, event="sent", id=ID % 2)["to"] = ["RHA"]


# rule -> what breaks it
CASES = {
    "log-has-gap": lambda l, t, p: l[13].update(seq=16),
    "receipt-without-record":
        lambda l, t, p: find(t, event="receipt", id=ID % 5).update(audit=4),
    "record-without-sending": lambda l, t, p: drop(t, event="sent",
                                                   id=ID % 5),
    "unanswered": lambda l, t, p: drop(t, event="receipt", id=ID % 6),
    "accepted-and-refused": lambda l, t, p: t.append(
        {"event": "receipt", "id": ID % 5, "code": 203, "final": True,
         "recorded": False}),
    "refusal-without-record": lambda l, t, p: l[5].update(kind="started"),
    "lost": lambda l, t, p: drop(p, event="got", mail=1),
    "ended-twice": lambda l, t, p: l.append(
        later(24, "expired", 1, 1, "C84001")),
    "ended-without-notice": lambda l, t, p: drop(t, event="notice",
                                                 id=ID % 4),
    "notice-without-end": lambda l, t, p: t.append(
        {"event": "notice", "id": ID % 5, "kind": "expired",
         "recipient": "RHA"}),
    "dead-letter-handed-over":
        lambda l, t, p: l[17].update(kind="started", mail=None),
    "rerun-of-no-dead-letter":
        lambda l, t, p: l[16].update(kind="started", mail=None),
    "acknowledgement-lost": lambda l, t, p: l[10].update(kind="started"),
    "acknowledged-by-nobody": lambda l, t, p: drop(p, event="took", mail=1),
    "got-what-nobody-accepted": deliver_unknown,
    "got-what-was-refused": deliver_refused,
    "got-by-another": deliver_elsewhere,
    "content-changed":
        lambda l, t, p: find(p, event="got", mail=1).update(payload="ff"),
    "repeat-without-mark":
        lambda l, t, p: find(p, mail=2, repeat=True).update(repeat=False),
    "out-of-order": swap_deliveries,
    "out-of-order-again": repeat_behind,
    "delivery-without-permit": lambda l, t, p: l[6].update(effect="deny"),
    "counts-differ": lambda l, t, p: drop(t, event="receipt", id=ID % 5),
}
OTHERS = [("content-changed", take_without_fetching)]


def run(world_parts):
    texts = [[json.dumps(e) for e in part] for part in world_parts]
    return check.check(texts[0], texts[1:])[1]


def main():
    failures = 0
    breaches = run(world())
    if breaches:
        print("what is right was found wrong: %s" % breaches)
        failures += 1
    if set(CASES) != set(check.RULES):
        print("rules without a case: %s" % (set(check.RULES) ^ set(CASES)))
        failures += 1
    cases = [*CASES.items(), *OTHERS]
    for rule, doctor in cases:
        parts = copy.deepcopy(world())
        doctor(*parts)
        breaches = run(parts)
        if not any(text.startswith(rule + ":") for text in breaches):
            print("%s was not seen: %s" % (rule, breaches))
            failures += 1
    print("checker: %d doctored cases, %d not seen" % (len(cases), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
