#!/usr/bin/env python3
"""Was every promise kept?  A black box: this reads what the agents wrote down
themselves and the export of the audit log, and nothing of the broker's.

usage: check.py AUDIT.jsonl JOURNAL.jsonl...

AUDIT is the output of `almoner audit query --jsonl --limit 0`, taken when all
mail that somebody waits for was taken.  A journal is one agent's: a line for
each thing that it did or saw, appended when it happened.

  {"event": "agent", "organisation": ORG}             the first line
  {"event": "sent", "id": UUID, "to": [ORG...], "subject": S, "priority": P,
   "deadline": MS, "expires": MS, "payload": HEX}    in parts: HEX+BYTES
   with "kind": "request", or "kind": "reply" and "answers": UUID
  {"event": "receipt", "id": UUID, "code": 0, "mail": N, "audit": N}
  {"event": "receipt", "id": UUID, "code": CODE, "final": BOOL}
   of a message to several, with "recipient": ORG, one for each of them
  {"event": "got", "mail": N, "id": UUID, "sender": ORG, "subject": S,
   "priority": P, "repeat": BOOL, "payload": HEX}
  {"event": "fetched", "mail": N, "payload": HEX}    when it came in parts, for
                                    which the payload above is "later"
  {"event": "took", "mail": N}
  {"event": "rejected", "mail": N, "reason": TEXT}
  {"event": "gone", "mail": [N...]}                  the broker says so
  {"event": "deputy", "of": ORG, "deputy": ORG}      so the operator said
  {"event": "connected"}                             mail may come again now
  {"event": "notice", "mail": N, "id": UUID, "kind": K, "recipient": ORG,
   "reason": TEXT}

Exit 0 when all rules hold, 1 when one does not; each breach is a line that
begins with the rule's name.
"""
import collections
import json
import sys

import closer
from closer import ENDS

RULES = (
    "log-has-gap",
    "receipt-without-record",
    "record-without-sending",
    "unanswered",
    "accepted-and-refused",
    "refusal-without-record",
    "lost",
    "ended-twice",
    "ended-without-notice",
    "notice-without-end",
    "dead-letter-handed-over",
    "rerun-of-no-dead-letter",
    "acknowledgement-lost",
    "acknowledged-by-nobody",
    "got-what-nobody-accepted",
    "got-what-was-refused",
    "got-by-another",
    "content-changed",
    "repeat-without-mark",
    "out-of-order",
    "out-of-order-again",
    "delivery-without-permit",
    "counts-differ",
) + closer.RULES


class Journal:
    """What one agent wrote down."""

    def __init__(self, lines):
        events = [json.loads(line) for line in lines if line.strip()]
        self.organisation = events[0]["organisation"]
        self.events = events[1:]

    def of(self, *kinds):
        return [e for e in self.events if e["event"] in kinds]


class Check:
    def __init__(self, audit, journals):
        self.breaches = []
        self.audit = audit
        self.journals = journals
        self.accepted = {}  # mail -> record
        self.by_message = collections.defaultdict(list)
        self.refused = collections.Counter()
        self.ends = collections.defaultdict(list)
        self.delivered = collections.Counter()
        self.rerun = set()
        for record in audit:
            self.sort(record)

    def sort(self, record):
        kind, mail = record["kind"], record["mail"]
        key = (record["sender"], record["message-id"])
        if kind == "accepted":
            self.accepted[mail] = record
            self.by_message[key].append(record)
        elif kind == "escalated-to-deputy":
            if mail:
                self.accepted[mail] = record
        elif kind == "refused":
            self.refused[key] += 1
        elif kind == "delivered":
            if record["effect"] in ("permit", "transform"):
                self.delivered[mail] += 1
        elif kind == "dead-letter-rerun":
            self.rerun.add(mail)
        elif kind in ENDS:
            self.ends[mail].append(record)

    def breach(self, rule, text):
        assert rule in RULES
        self.breaches.append("%s: %s" % (rule, text))

    # --- the log itself ---------------------------------------------------

    def check_log(self):
        for place, record in enumerate(self.audit, 1):
            if record["seq"] != place:
                self.breach("log-has-gap", "record %s stands at place %d"
                            % (record["seq"], place))
                return

    # --- senders ----------------------------------------------------------

    def check_receipts(self, journal, sent):
        """Of one agent; gives the ids that were accepted."""
        accepted, refused, partly = set(), set(), set()
        me = journal.organisation
        for receipt in journal.of("receipt"):
            key = (me, receipt["id"])
            if receipt["code"] == 0:
                accepted.add(receipt["id"])
                record = next((r for r in self.by_message.get(key, [])
                               if r["seq"] == receipt["audit"]), None)
                if record is None or record["mail"] != receipt["mail"]:
                    self.breach("receipt-without-record", "%s of %s: %s"
                                % (receipt["id"], me, record))
            elif receipt.get("final", True):
                (partly if "recipient" in receipt else refused).add(
                    receipt["id"])
                if receipt.get("recorded", True) and not self.refused[key]:
                    self.breach("refusal-without-record", "%s of %s"
                                % (receipt["id"], me))
        refused |= partly - accepted
        for name in sorted(set(sent) - accepted - refused):
            self.breach("unanswered", "%s of %s" % (name, me))
        for name in sorted(refused):
            if name in accepted or (me, name) in self.by_message:
                self.breach("accepted-and-refused", "%s of %s" % (name, me))
        return accepted

    def check_senders(self):
        known = {j.organisation for j in self.journals}
        sent = {}
        count = 0
        for journal in self.journals:
            mine = {e["id"]: e for e in journal.of("sent")}
            count += len(self.check_receipts(journal, mine))
            for name, event in mine.items():
                sent[(journal.organisation, name)] = event
        for key, records in self.by_message.items():
            if key[0] in known and key not in sent:
                self.breach("record-without-sending", "%s" % (key,))
            for record in records:
                if key in sent and record["recipient"] not in sent[key]["to"]:
                    self.breach("record-without-sending",
                                "%s to %s" % (key, record["recipient"]))
        messages = sum(1 for key in self.by_message if key[0] in known)
        if messages != count:
            self.breach("counts-differ", "%d messages have a record, %d a "
                        "receipt" % (messages, count))
        return sent

    # --- recipients -------------------------------------------------------

    def ended_untaken(self, mail):
        """It expired, say, while its parts were fetched."""
        kinds = {record["kind"] for record in self.ends[mail]}
        return bool(kinds) and not kinds & {"acknowledged", "rejected"}

    def check_deliveries(self, journal, sent):
        me = journal.organisation
        seen = collections.Counter()
        last = {}
        self.check_order_again(journal)
        fetched = {e["mail"]: e["payload"] for e in journal.of("fetched")}
        for got in journal.of("got"):
            key, mail = (got["sender"], got["id"]), got["mail"]
            record = self.accepted.get(mail)
            if record is None or \
                    (record["sender"], record["message-id"]) != key:
                rule = ("got-what-was-refused" if self.refused[key]
                        else "got-what-nobody-accepted")
                self.breach(rule, "mail %s, %s" % (mail, key))
                continue
            if record["recipient"] != me:
                self.breach("got-by-another", "mail %s for %s came to %s"
                            % (mail, record["recipient"], me))
            content = fetched.get(mail, got["payload"])
            if key in sent and content != sent[key]["payload"] and \
                    not (content == "later" and self.ended_untaken(mail)):
                self.breach("content-changed", "mail %s" % mail)
            for word in ("subject", "priority"):
                if sent.get(key, {}).get(word, got.get(word)) != got.get(word):
                    self.breach("content-changed", "mail %s: its %s"
                                % (mail, word))
            seen[mail] += 1
            if seen[mail] > 1:
                if not got["repeat"]:
                    self.breach("repeat-without-mark", "mail %s came to %s "
                                "again without the mark" % (mail, me))
                continue
            line = (got["sender"], got["subject"], got.get("priority", ""))
            if mail in self.rerun:
                continue
            if last.get(line, 0) > mail:
                self.breach("out-of-order", "mail %s of %s came after %s"
                            % (mail, line, last[line]))
            last[line] = mail
        for mail, times in seen.items():
            if self.delivered[mail] < times:
                self.breach("delivery-without-permit",
                            "mail %s came %d times, %d are recorded"
                            % (mail, times, self.delivered[mail]))
        return set(seen)

    def check_order_again(self, journal):
        """What comes to a connection for the first time, although not to the
        agent, never comes after what was accepted later."""
        seen, last = set(), {}
        for event in journal.of("connected", "got"):
            if event["event"] == "connected":
                seen, last = set(), {}
                continue
            mail = event["mail"]
            line = (event["sender"], event["subject"],
                    event.get("priority", ""))
            if mail in seen or mail in self.rerun:
                continue
            seen.add(mail)
            if last.get(line, 0) > mail:
                self.breach("out-of-order-again", "mail %s of %s came after "
                            "%s on one connection" % (mail, line, last[line]))
            last[line] = max(mail, last.get(line, 0))

    def check_recipients(self, sent):
        took = collections.defaultdict(set)
        seen = collections.defaultdict(set)
        for journal in self.journals:
            me = journal.organisation
            seen[me] |= self.check_deliveries(journal, sent)
            took[me] |= {e["mail"] for e in journal.of("took", "rejected")}
        taken = 0
        for mail, record in self.accepted.items():
            me = record["recipient"]
            if me not in seen:
                continue
            ends = {r["kind"] for r in self.ends[mail]}
            if ends & {"acknowledged", "rejected"}:
                taken += 1
                if mail not in seen[me]:
                    self.breach("lost", "mail %s was taken out, and %s never "
                                "had it" % (mail, me))
                if mail not in took[me]:
                    self.breach("acknowledged-by-nobody", "mail %s" % mail)
            elif mail in took[me] and not ends:
                self.breach("acknowledgement-lost", "mail %s" % mail)
        # What expired before its acknowledgement came was not taken.
        mine = sum(1 for mail in set().union(*took.values())
                   if mail in self.accepted and not self.ended_untaken(mail)
                   ) if took else 0
        if taken != mine:
            self.breach("counts-differ", "%d were taken by the log, %d by the "
                        "journals" % (taken, mine))

    # --- ends -------------------------------------------------------------

    def check_ends(self):
        heard = collections.defaultdict(set)
        known = set()
        for journal in self.journals:
            known.add(journal.organisation)
            for notice in journal.of("notice"):
                heard[journal.organisation].add(
                    (notice["id"], notice["recipient"], notice["kind"]))
        self.check_notices(heard)
        for mail, records in self.ends.items():
            kinds = [r["kind"] for r in records]
            final = [k for k in kinds if k != "dead-lettered"]
            if len(final) > 1:
                self.breach("ended-twice", "mail %s: %s" % (mail, kinds))
            record = self.accepted.get(mail)
            if record is None or record["sender"] not in known:
                continue
            for kind in set(kinds):
                wanted = (record["message-id"], record["recipient"],
                          ENDS[kind])
                if ENDS[kind] and wanted not in heard[record["sender"]]:
                    self.breach("ended-without-notice", "mail %s: %s"
                                % (mail, kind))

    def check_notices(self, heard):
        ended = {(r["sender"], r["message-id"], r["recipient"],
                  ENDS[r["kind"]]) for rs in self.ends.values() for r in rs}
        for sender, notices in heard.items():
            for notice in notices:
                if notice[2] in ENDS.values() and \
                        (sender, *notice) not in ended:
                    self.breach("notice-without-end", "%s to %s: %s" % notice)

    def check_dead_letters(self):
        """A dead letter rests until somebody has it run again."""
        dead = set()
        for record in self.audit:
            kind, mail = record["kind"], record["mail"]
            if kind == "dead-lettered":
                if mail in dead:
                    self.breach("ended-twice", "mail %s is a dead letter "
                                "already" % mail)
                dead.add(mail)
            elif kind == "dead-letter-rerun":
                if mail not in dead:
                    self.breach("rerun-of-no-dead-letter", "mail %s" % mail)
                dead.discard(mail)
            elif kind == "delivered" and mail in dead:
                self.breach("dead-letter-handed-over", "mail %s" % mail)

    def run(self):
        self.check_log()
        self.check_dead_letters()
        sent = self.check_senders()
        self.check_recipients(sent)
        self.check_ends()
        for rule, text in closer.look(self, sent):
            self.breach(rule, text)
        return self.breaches


def check(audit_lines, journals_lines):
    audit = [json.loads(line) for line in audit_lines if line.strip()]
    journals = [Journal(lines) for lines in journals_lines]
    found = Check(audit, journals)
    return found, found.run()


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    files = []
    for name in arguments:
        with open(name, encoding="utf-8") as file:
            files.append(file.readlines())
    found, breaches = check(files[0], files[1:])
    waiting = sum(1 for mail in found.accepted if not found.ends[mail])
    for text in breaches[:100]:
        print(text)
    print("checker: %d records, %d messages accepted, %d waiting, %d breaches"
          % (len(found.audit), len(found.accepted), waiting, len(breaches)))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
