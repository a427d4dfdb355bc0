#!/usr/bin/env python3
"""The checker can fail: each rule is broken in its turn, in journals and logs
that are right without it, and must be the one that is named."""
import copy
import json
import sys

import check
import closer

ID = "0193-%d"


def at(seq):
    """When the record of that number is written: a second after the last."""
    return "2026-01-01T00:%02d:%02d.000000Z" % divmod(seq, 60)


def ms(seq):
    return closer.time_ms({"time": at(seq)})


def accepted(seq, mail, number, recipient):
    return {"seq": seq, "time": at(seq), "kind": "accepted", "code": 0,
            "effect": "permit", "mail": mail, "sender": "RX1",
            "recipient": recipient, "message-id": ID % number}


def later(seq, kind, mail, number, recipient, effect=""):
    return {"seq": seq, "time": at(seq), "kind": kind, "code": 0,
            "effect": effect, "mail": mail, "sender": "RX1",
            "recipient": recipient, "message-id": ID % number}


def world():
    """Messages: two taken, the second after a repeat; one rejected, one that
    expired, one that waits, one that was a dead letter and was taken when it
    was run again; one that was refused; one to two, of whom one is late and
    the other refused; two requests, of which one has a reply; one in parts
    that expired before they were fetched."""
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
        dict(later(22, "refused", None, 8, "RHA", "deny"), code=203),
        later(23, "deadline-passed", 8, 8, "C84001"),
        later(24, "delivered", 8, 8, "C84001", "permit"),
        later(25, "acknowledged", 8, 8, "C84001"),
        accepted(26, 10, 10, "RHA"), accepted(27, 11, 11, "C84001"),
        later(28, "delivered", 11, 11, "C84001", "permit"),
        later(29, "acknowledged", 11, 11, "C84001"),
        dict(accepted(30, 12, 12, "RX1"), sender="C84001"),
        dict(later(31, "delivered", 12, 12, "RX1", "permit"),
             sender="C84001"),
        dict(later(32, "acknowledged", 12, 12, "RX1"), sender="C84001"),
        later(33, "request-timed-out", None, 10, "RHA"),
        later(34, "escalated-to-deputy", None, 8, "RTG", "deny"),
        accepted(35, 20, 20, "C84001"),
        later(36, "delivered", 20, 20, "C84001", "permit"),
        later(37, "expired", 20, 20, "C84001"),
        later(100, "started", None, 0, ""),
    ]
    log[-1]["seq"] = 38
    log[5]["code"] = 203
    trust = [{"event": "agent", "organisation": "RX1"}]
    for number in range(1, 8):
        trust.append({"event": "sent", "id": ID % number,
                      "to": ["RHA" if number in (4, 5) else "C84001"],
                      "subject": "s", "payload": "%02x" % number})
    find(trust, event="sent", id=ID % 4)["expires"] = ms(14)
    trust += [
        {"event": "deputy", "of": "C84001", "deputy": "RTG"},
        {"event": "sent", "id": ID % 8, "to": ["C84001", "RHA"],
         "subject": "s", "payload": "08", "deadline": ms(23)},
        {"event": "receipt", "id": ID % 8, "code": 0, "mail": 8, "audit": 21,
         "recipient": "C84001"},
        {"event": "receipt", "id": ID % 8, "code": 203, "final": True,
         "recipient": "RHA"},
        {"event": "notice", "mail": 9, "id": ID % 8, "kind": "deadline",
         "recipient": "C84001"},
        {"event": "sent", "id": ID % 10, "to": ["RHA"], "subject": "s",
         "payload": "0a", "kind": "request", "deadline": ms(33)},
        {"event": "receipt", "id": ID % 10, "code": 0, "mail": 10,
         "audit": 26},
        {"event": "sent", "id": ID % 11, "to": ["C84001"], "subject": "s",
         "payload": "0b", "kind": "request", "deadline": ms(33)},
        {"event": "receipt", "id": ID % 11, "code": 0, "mail": 11,
         "audit": 27},
        {"event": "got", "mail": 12, "id": ID % 12, "sender": "C84001",
         "subject": "s", "priority": "", "repeat": False, "payload": "0c"},
        {"event": "took", "mail": 12}, {"event": "gone", "mail": [12]},
        {"event": "notice", "mail": 13, "id": ID % 10, "kind": "timed-out",
         "recipient": "RHA"},
        {"event": "sent", "id": ID % 20, "to": ["C84001"], "subject": "s",
         "payload": "14"},
        {"event": "receipt", "id": ID % 20, "code": 0, "mail": 20,
         "audit": 35},
        {"event": "notice", "mail": 21, "id": ID % 20, "kind": "expired",
         "recipient": "C84001"},
    ]
    for number, audit in ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (7, 15)):
        trust.append({"event": "receipt", "id": ID % number, "code": 0,
                      "mail": number, "audit": audit})
    trust.append({"event": "receipt", "id": ID % 6, "code": 203,
                  "final": True})
    trust.append({"event": "notice", "mail": 14, "id": ID % 3,
                  "kind": "rejected", "recipient": "C84001",
                  "reason": "not for us"})
    trust.append({"event": "notice", "mail": 15, "id": ID % 4,
                  "kind": "expired", "recipient": "RHA"})
    trust.append({"event": "notice", "mail": 16, "id": ID % 7,
                  "kind": "dead-letter", "recipient": "C84001"})
    practice = [{"event": "agent", "organisation": "C84001"},
                {"event": "connected"}]
    for mail, repeat in ((1, False), (2, False), (7, False), (None, False),
                         (2, True), (3, False), (7, True), (8, False),
                         (11, False), (20, False)):
        if mail is None:
            practice.append({"event": "connected"})
            continue
        practice.append({"event": "got", "mail": mail, "id": ID % mail,
                         "sender": "RX1", "subject": "s", "priority": "",
                         "repeat": repeat,
                         "payload": "%02x" % mail if mail < 20 else "later"})
    practice += [{"event": "took", "mail": n} for n in (1, 2, 7, 8, 11)]
    practice += [
        {"event": "rejected", "mail": 3, "reason": "not for us"},
        {"event": "sent", "id": ID % 12, "to": ["RX1"], "subject": "s",
         "payload": "0c", "kind": "reply", "answers": ID % 11},
        {"event": "receipt", "id": ID % 12, "code": 0, "mail": 12,
         "audit": 30},
        {"event": "gone", "mail": [1, 2, 3, 7, 8, 11]},
    ]
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
    log[36]["kind"] = "acknowledged"
    practice.append({"event": "took", "mail": 20})


def deliver_elsewhere(log, trust, practice):
    log[1]["recipient"] = "RHA"
    find(trust, event="sent", id=ID % 2)["to"] = ["RHA"]


def leave_out(log, trust, practice):
    log[21].update(kind="started", sender="")


def accept_again(log, trust, practice):
    log[-1] = dict(log[0], seq=38, mail=40, time=at(100))


def send_otherwise(log, trust, practice):
    first = next(i for i, e in enumerate(trust)
                 if (e["event"], e.get("id")) == ("sent", ID % 1))
    trust[first], trust[first + 1] = trust[first + 1], trust[first]


def hear_again(log, trust, practice):
    trust.append(dict(find(trust, kind="expired"), mail=41))


def reply_again(log, trust, practice):
    trust.append({"event": "notice", "mail": 42, "id": ID % 11,
                  "kind": "timed-out", "recipient": "C84001"})


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
        later(21, "expired", 1, 1, "C84001")),
    "ended-without-notice": lambda l, t, p: drop(t, event="notice",
                                                 id=ID % 4),
    "notice-without-end": lambda l, t, p: t.append(
        {"event": "notice", "mail": 43, "id": ID % 5, "kind": "expired",
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
    "recipient-left-out": leave_out,
    "receipt-leaves-out":
        lambda l, t, p: drop(t, event="receipt", id=ID % 8, code=203),
    "accepted-twice": accept_again,
    "left-behind": lambda l, t, p: l[24].update(kind="dead-letter-removed"),
    "came-back": lambda l, t, p: p.append(
        dict(find(p, event="got", mail=2), repeat=True)),
    "gone-without-end": lambda l, t, p: l[24].update(kind="started"),
    "accepted-out-of-order": send_otherwise,
    "refused-otherwise":
        lambda l, t, p: find(t, event="receipt", id=ID % 6).update(code=403),
    "reason-changed":
        lambda l, t, p: find(t, kind="rejected").update(reason="not"),
    "notice-twice": hear_again,
    "expired-early": lambda l, t, p: l[13].update(time=at(13)),
    "handed-over-expired":
        lambda l, t, p: find(t, event="sent", id=ID % 2).update(
            expires=ms(9)),
    "expiry-missed": lambda l, t, p: l[13].update(kind="started"),
    "deadline-wrong": lambda l, t, p: l[22].update(time=at(22)),
    "deadline-missed": lambda l, t, p: drop(t, kind="deadline"),
    "not-escalated": lambda l, t, p: l[33].update(recipient="RHA"),
    "request-ended-twice": reply_again,
    "request-forgotten": lambda l, t, p: drop(t, kind="timed-out"),
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
