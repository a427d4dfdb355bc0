"""The client of client.py speaks with a real broker, and through it with
libalmoner.  Usage: test.py ALMONER FOLDER AUDIT-KEY WORDS SENDER RECEIVER;
the last two are the contexts of the agents in C."""
import base64
import json
import random
import subprocess
import sys

import zmq

import client
from client import Agent, Connection, Keys, Refused, wire
from almoner.v1 import message_pb2 as m
from standards import treatment_summary_pb2 as standard

ALMONER, FOLDER, AUDIT_KEY, WORDS, C_TRUST, C_PRACTICE = sys.argv[1:]
SUMMARY = {"recipient": "C84001", "purpose": "direct-care",
           "categories": ["treatment-summary"],
           "payload_level": m.LEVEL_IDENTIFIABLE, "subject": "9990000018"}
REFERRAL = {"recipient": "RX1", "purpose": "direct-care",
            "categories": ["referral"], "payload_level": m.LEVEL_IDENTIFIABLE,
            "subject": "9990000018",
            "relationship": m.Relationship(kind="referral", ref="U1",
                                           organisation="RX1")}
C_SUMMARY = ["--to", "C84001", "--purpose", "direct-care", "--level",
             "identifiable", "--category", "treatment-summary", "--subject",
             "9990000018"]
RUNNING = []
BIG = random.Random(7).randbytes(5 * client.PART) + b"Some " * 50000


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


def equal(one, other):
    check(one == other, f"{one!r} is not {other!r}")


def start(*arguments):
    RUNNING.append(subprocess.Popen(
        [ALMONER, *arguments, "--json"], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE))
    return RUNNING[-1]


def result(running):
    out, err = running.communicate(timeout=client.PATIENCE)
    equal((running.returncode, err if running.returncode else ""), (0, ""))
    return json.loads(out) if out else None


def almoner(*arguments):
    return result(start(*arguments))


def receive_in_c():
    """What libalmoner gets, and its payload."""
    row = almoner("recv", "-c", C_PRACTICE, "1", "--dir", f"{FOLDER}/in",
                  "--timeout", f"{client.PATIENCE}s")["rows"][0]
    with open(row["payload"], "rb") as payload:
        return row, payload.read()


def refused(code, body):
    """A Problem is that one, or a receipt refused with it."""
    problem = getattr(body, "refused", body)
    equal(problem.code, code)
    return problem


def accepted(receipt):
    check(receipt.HasField("accepted"), receipt)
    return receipt.accepted


class Test:
    def __init__(self, context):
        self.context = context
        self.trust, self.practice = Keys(), Keys()
        with open(WORDS, encoding="ascii") as words:
            self.words = words.read().split()

    def agent(self, keys, **options):
        return Agent(self.context, self.endpoint, self.broker_key, keys,
                     **options)

    # --- keys, joining, connecting --------------------------------------------

    def test_join(self):
        for organisation, keys in (("RX1", self.trust),
                                   ("C84001", self.practice)):
            path = f"{FOLDER}/{organisation}.invite"
            almoner("agent", "invite", organisation, "--agent", "python",
                    "--reason", "test", "--out", path)
            invite, self.endpoint = client.read_invite(path)
            joined = client.join(self.context, self.endpoint, invite, keys)
            equal(joined.check, invite.check(keys))
            check(not joined.is_approved, "nobody has approved")
            self.broker_key = invite.broker_key
            self.refused_at_the_door(keys)  # not before it is approved
            try:
                client.join(self.context, self.endpoint, invite, Keys())
                check(False, "joined with other keys")
            except Refused as problem:
                equal(problem.code, 1213)
            approved = almoner("agent", "approve", f"{organisation}/python",
                               "--yes", "--reason", "read aloud")
            equal(approved["words"].split(),
                  client.words_of(joined.check, self.words))

    def refused_at_the_door(self, keys):
        stranger = Connection(self.context, self.endpoint, self.broker_key,
                              keys.secret)
        check(not stranger.handshake(), "a stranger got in")
        stranger.close(0)

    def test_strangers(self):
        self.refused_at_the_door(Keys())
        early = Connection(self.context, self.endpoint, self.broker_key,
                           self.trust.secret)
        check(early.handshake(), "a known key did not get in")
        early.put(wire.Envelope(credit=wire.Credit(window=1)))
        refused(1111, early.get("error"))
        early.close()

    def test_hello(self):
        self.rx1 = self.agent(self.trust, zstd_too=True)
        self.gp = self.agent(self.practice, zstd_too=True)
        welcome = self.rx1.welcome
        equal((welcome.version, welcome.organisation, welcome.agent),
              (1, "RX1", "python"))
        equal(welcome.encodings, 2)
        check(abs(welcome.broker_time_ms - client.now_ms()) < 60000, "a clock")
        pong = self.rx1.ping()
        check(pong.broker_time_ms >= welcome.broker_time_ms, "its clock")

    # --- messages ---------------------------------------------------------------

    def test_one_message(self):
        receipt = self.rx1.send(b"Seen today", **SUMMARY)
        equal(receipt.accepted.basis, "DSA-01-treatment-summary")
        mail = self.gp.deliver(message_id=receipt.message_id)
        equal((mail.payload, mail.sender, mail.subject, mail.sequence),
              (b"Seen today", "RX1", "9990000018", receipt.accepted.sequence))
        self.gp.acknowledge(mail.sequence)
        self.gp.acknowledge(mail.sequence)

    def test_a_batch_under_one_signature(self):
        for count in (2, 5, 11):
            payloads = [b"part of a batch %d" % i for i in range(count)]
            messages = [self.rx1.message(payload_sha256=client.sha256(p),
                                         **SUMMARY) for p in payloads]
            sends = self.rx1.sends(messages, payloads)
            self.rx1.put(*sends[1:])  # not in one frame, nor in order
            self.rx1.put(sends[0])
            for message, payload in zip(messages, payloads):
                receipt = self.rx1.receipt(message)
                mail = self.gp.deliver(message_id=receipt.message_id)
                equal(mail.payload, payload)
                self.gp.acknowledge(mail.sequence)

    def test_compressed(self):
        payload = b"".join(b"line %d\n" % i for i in range(2000))
        check(self.rx1.pack(payload)[0], "it is not compressed")
        receipt = self.rx1.send(payload, **SUMMARY)
        accepted(receipt)
        mail = self.gp.deliver(message_id=receipt.message_id)
        equal(mail.encoding, wire.ENCODING_ZSTD)
        equal(mail.payload, payload)
        self.gp.acknowledge(mail.sequence)

    def test_to_libalmoner(self):
        self.gp.put(wire.Envelope(credit=wire.Credit(window=0)))
        self.gp.ping()
        receipt = self.rx1.send(b"From Python", **SUMMARY)
        row, payload = receive_in_c()
        equal(payload, b"From Python")
        equal(row["sequence"], receipt.accepted.sequence)
        self.gp.put(wire.Envelope(credit=wire.Credit(window=32)))

    def test_from_libalmoner(self):
        sending = start("send", "-c", C_TRUST, *C_SUMMARY, "--payload", __file__)
        mail = self.gp.deliver()
        with open(__file__, "rb") as payload:
            equal(mail.payload, payload.read())
        self.gp.acknowledge(mail.sequence)
        result(sending)

    def test_rejection(self):
        receipt = self.rx1.send(b"Not for you", **SUMMARY)
        mail = self.gp.deliver(message_id=receipt.message_id)
        self.gp.acknowledge(mail.sequence, "no such patient here")
        notice = self.rx1.get("notice")
        equal((notice.kind, notice.message_id, notice.reason, notice.recipient),
              (wire.NOTICE_KIND_REJECTED, receipt.message_id,
               "no such patient here", "C84001"))
        self.rx1.acknowledge(notice.sequence)

    def test_expiry(self):
        self.gp.put(wire.Envelope(credit=wire.Credit(window=0)))
        self.gp.ping()
        for wait in (500, 5000, 50000):  # later than the acceptance
            receipt = self.rx1.send(
                b"Too late", **SUMMARY,
                expires_ms=self.rx1.ping().broker_time_ms + wait)
            if receipt.HasField("accepted"):
                break
        notice = self.rx1.get("notice")
        equal((notice.kind, notice.message_id),
              (wire.NOTICE_KIND_EXPIRED, receipt.message_id))
        self.rx1.acknowledge(notice.sequence)
        self.gp.put(wire.Envelope(credit=wire.Credit(window=32)))

    def test_a_view_of_a_standard(self):
        fields = dict(SUMMARY, standard="treatment-summary",
                      standard_version="1.0.0")
        summary = standard.TreatmentSummary(
            discharged="2026-11-20", told_to_person="Rest.",
            restricted_note="Not for everybody.",
            person=standard.Person(nhs_number="9990000018", family_name="Doe"))
        problem = refused(1502, self.rx1.send(summary.SerializeToString(),
                                              **fields))
        equal(list(problem.withheld), ["person.birth_date"])
        summary.person.birth_date = "1960-01-02"
        receipt = self.rx1.send(summary.SerializeToString(), **fields)
        check(accepted(receipt).is_transformed, receipt)
        mail = self.gp.deliver(message_id=receipt.message_id)
        view = standard.TreatmentSummary.FromString(mail.payload)
        check(not view.HasField("person") and not mail.subject, view)
        equal(view.discharged, "2026-11-20")
        check(mail.is_partial, mail)
        self.gp.acknowledge(mail.sequence)

    def test_several(self):
        fields = dict(SUMMARY, recipients=["kind:gp-practice@group:ics-QT1"])
        del fields["recipient"]
        receipt = self.rx1.send(b"To all", **fields)
        codes = {o.recipient: o.code for o in receipt.outcomes}
        equal(list(codes), sorted(codes))
        equal(codes["C84001"], 0)
        check(len(codes) > 1, "it came to one only")
        equal({p.code for p in receipt.problems}, set(codes.values()) - {0})
        mail = self.gp.deliver(message_id=receipt.message_id)
        equal(mail.payload, b"To all")
        self.gp.acknowledge(mail.sequence)

    # --- conversations ------------------------------------------------------------

    def test_that_it_reads(self):
        for _ in range(3):
            receipt = self.rx1.send(BIG[:1 << 20], **SUMMARY)
            mail = self.gp.deliver(message_id=receipt.message_id)
            self.gp.acknowledge(mail.sequence)
        check(self.gp.pings > 0, "the broker does not ask whether it is read")

    def test_request_from_libalmoner(self):
        asking = start("send", "-c", C_TRUST, *C_SUMMARY, "--payload", WORDS,
                       "--deadline", "10m", "--await-reply", f"{FOLDER}/reply")
        mail = self.gp.deliver(kind=m.MESSAGE_KIND_REQUEST)
        check(mail.deadline_ms > client.now_ms(), "there is no deadline")
        self.gp.acknowledge(mail.sequence)
        reply = dict(REFERRAL, kind=m.MESSAGE_KIND_REPLY,
                     correlation_id=mail.message_id)
        # The asker's other agent would take it as well.
        self.rx1.put(wire.Envelope(credit=wire.Credit(window=0)))
        self.rx1.ping()
        receipt = self.gp.send(b"The answer", **reply)
        accepted(receipt)
        result(asking)
        self.rx1.put(wire.Envelope(credit=wire.Credit(window=32)))
        with open(f"{FOLDER}/reply", "rb") as answer:
            equal(answer.read(), b"The answer")
        refused(1322, self.gp.send(b"Another", **reply))

    def test_request_to_libalmoner(self):
        self.gp.put(wire.Envelope(credit=wire.Credit(window=0)))
        self.gp.ping()
        request = self.rx1.send(
            b"How is he?", kind=m.MESSAGE_KIND_REQUEST,
            deadline_ms=client.now_ms() + 600000, **SUMMARY)
        row, _ = receive_in_c()
        equal(row["kind"], "request")
        almoner("send", "-c", C_PRACTICE, "--to", "RX1", "--purpose",
                "direct-care", "--level", "identifiable", "--category",
                "referral", "--subject", "9990000018", "--relationship",
                "referral", "--relationship-ref", "U1", "--payload", WORDS,
                "--reply-to", row["id"])
        self.gp.put(wire.Envelope(credit=wire.Credit(window=32)))
        mail = self.rx1.deliver(kind=m.MESSAGE_KIND_REPLY)
        equal(mail.correlation_id, request.message_id)
        self.rx1.acknowledge(mail.sequence)
        opened = self.rx1.send(
            b"", kind=m.MESSAGE_KIND_OPENED, recipient="C84001",
            purpose="direct-care", correlation_id=mail.message_id)
        accepted(opened)
        self.gp.acknowledge(
            self.gp.deliver(kind=m.MESSAGE_KIND_OPENED).sequence)

    # --- payloads in parts ----------------------------------------------------------

    def test_parts_to_libalmoner(self):
        self.gp.put(wire.Envelope(credit=wire.Credit(window=0)))
        self.gp.ping()
        message = self.rx1.parts_message(BIG, **SUMMARY)
        equal(self.rx1.send_parts(message, BIG, stop_after=3), 3)
        self.rx1.close(0)
        self.rx1 = self.agent(self.trust, zstd_too=True)
        receipt = self.rx1.send_parts(message, BIG)
        accepted(receipt)
        _, payload = receive_in_c()
        check(payload == BIG, "another payload came")
        self.gp.put(wire.Envelope(credit=wire.Credit(window=32)))

    def test_parts_from_libalmoner(self):
        with open(f"{FOLDER}/big", "wb") as payload:
            payload.write(BIG)
        sending = start("send", "-c", C_TRUST, *C_SUMMARY, "--payload",
                        f"{FOLDER}/big")
        mail = self.gp.deliver()
        equal(mail.payload_bytes, len(BIG))
        have = self.gp.fetch_parts(mail, stop_after=2)
        self.gp.close(0)
        self.gp = self.agent(self.practice, zstd_too=True)
        mail = self.gp.deliver(sequence=mail.sequence)
        check(mail.is_repeat, "it is handed over again")
        check(b"".join(self.gp.fetch_parts(mail, have)) == BIG, "not the same")
        self.gp.acknowledge(mail.sequence)
        result(sending)

    def test_parts_given_up(self):
        message = self.rx1.parts_message(BIG, **SUMMARY)
        self.rx1.send_parts(message, BIG, stop_after=1)
        _, facts = self.rx1.ask(
            "upload.cancel", message=str_id(m.Message.FromString(message).id))
        equal(facts["parts"], "1")
        refused(1344, self.rx1.receipt(message))

    # --- questions --------------------------------------------------------------------

    def test_directory(self):
        rows, _ = self.rx1.ask("org.find", kind="gp-practice")
        check("C84001" in [row["id"] for row in rows], rows)
        try:
            self.rx1.ask("status")
            check(False, "an agent may not ask that")
        except Refused as problem:
            equal(problem.code, 1119)

    def test_audit_with_proof(self):
        receipt = self.rx1.send(b"Evidence", **SUMMARY)
        number = receipt.accepted.audit_sequence
        mail = self.gp.deliver(message_id=receipt.message_id)
        self.gp.acknowledge(mail.sequence)
        while True:
            rows, facts = self.rx1.ask(
                "audit.query", message=str_id(receipt.message_id), proof="yes",
                reason="a test")
            mine = [row for row in rows if int(row["seq"]) == number]
            if facts["checkpoint"] and mine and mine[0]["leaf"]:
                break
            self.rx1.socket.poll(100)  # a head is signed at most once a second
        size, root = int(facts["size"]), bytes.fromhex(facts["root"])
        proof = bytes.fromhex(mine[0]["proof"])
        equal(client.root_of_path(bytes.fromhex(mine[0]["leaf"]), number - 1,
                                  size, client.steps(proof)), root)
        note = base64.b64decode(facts["checkpoint"]).decode()
        equal(client.open_head(note, bytes.fromhex(AUDIT_KEY)), (size, root))

    # --- what is refused ----------------------------------------------------------------

    def test_refusals(self):
        rx1 = self.rx1

        def one(payload=b"x", sign=None, **fields):
            fields = {**SUMMARY, "payload_sha256": client.sha256(b"x"), **fields}
            message = rx1.message(**fields)
            send = rx1.sends([message], [payload])[0]
            if sign:
                sign(send.send)
            rx1.put(send)
            return message

        one(id=bytes(16))
        equal(refused(1112, rx1.get("error")).detail, "send.message.id")
        one(sign=lambda s: s.ClearField("signature"))
        equal(refused(1123, rx1.get("error")).detail,
              "envelopes[0].send.signature")
        message = one(sign=lambda s: setattr(s.signature, "ed25519", bytes(64)))
        refused(1204, rx1.receipt(message))
        message = one(sign=lambda s: setattr(s, "sent_at_ms", 1))
        refused(1204, rx1.receipt(message))
        refused(1203, rx1.receipt(one(sender="RK5")))
        refused(1116, rx1.receipt(one(payload=b"y")))
        problem = refused(4306, rx1.receipt(one(basis="NO-SUCH")))
        equal(list(problem.reasons), [306])
        old = bytes(6) + client.new_id()[6:]
        refused(1114, rx1.receipt(one(id=old)))
        stale = client.now_ms() - 600000
        message = rx1.message(payload_sha256=client.sha256(b"x"), **SUMMARY)
        rx1.put(*rx1.sends([message], [b"x"], at=stale))
        refused(1113, rx1.receipt(message))
        # The id is not used up: the same bytes, signed now.
        rx1.put(*rx1.sends([message], [b"x"]))
        first = rx1.receipt(message).accepted
        rx1.put(*rx1.sends([message], [b"x"]))
        again = rx1.receipt(message).accepted
        check(again.is_duplicate and not first.is_duplicate, "once")
        equal(again.sequence, first.sequence)
        self.gp.acknowledge(self.gp.deliver(sequence=first.sequence).sequence)
        mid = m.Message.FromString(message).id
        refused(1115, rx1.receipt(one(id=mid, purpose="emergency-care")))
        # A message that cannot be read has no receipt; the error stands where
        # that would.
        good = rx1.message(payload_sha256=client.sha256(b""), **SUMMARY)
        rx1.put(*rx1.sends([good, b"\x10\x01" + message, good], [b""] * 3))
        accepted(rx1.receipt(good))
        problem = refused(1101, rx1.get("error"))
        equal(problem.detail, "send.message.sender: not a value of its type")
        check(accepted(rx1.receipt(good)).is_duplicate, "the second")
        self.gp.acknowledge(self.gp.deliver().sequence)
        # An unknown field; the frame is refused whole.
        frame = wire.Frame(envelopes=[wire.Envelope(ping=wire.Ping())])
        rx1.put_raw(frame.SerializeToString() + b"\x78\x01")
        equal(refused(1105, rx1.get("error")).detail, "frame: field 15")
        rx1.put_raw(b"\xff")
        refused(1101, rx1.get("error"))
        rx1.ping()
        check(not rx1.come, rx1.come)

    # --- the end ------------------------------------------------------------------------

    def test_new_keys(self):
        new = Keys()
        _, facts = self.rx1.rotate(new)
        check(facts["old-keys-until"], facts)
        equal(self.rx1.send(b"old keys", **SUMMARY).WhichOneof("outcome"),
              "accepted")
        self.rx1.goodbye()
        self.rx1 = self.agent(new)
        equal(self.rx1.send(b"new keys", **SUMMARY).WhichOneof("outcome"),
              "accepted")
        for _ in range(2):
            self.gp.acknowledge(self.gp.deliver().sequence)

    def test_goodbye(self):
        receipt = self.rx1.send(b"For the next", **SUMMARY)
        self.gp.deliver(message_id=receipt.message_id)
        self.gp.goodbye()
        self.gp = self.agent(self.practice)
        mail = self.gp.deliver(message_id=receipt.message_id)
        equal((mail.is_repeat, mail.attempt), (True, 2))
        self.gp.acknowledge(mail.sequence)
        second = self.agent(self.practice)
        refused(1121, self.gp.get("error"))
        for agent in (self.rx1, self.gp, second):
            agent.goodbye()


def str_id(mid):
    h = mid.hex()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def main():
    try:
        with zmq.Context() as context:
            test = Test(context)
            for name in [n for n in vars(Test) if n.startswith("test_")]:
                print(name[5:].replace("_", " "), flush=True)
                getattr(test, name)()
    finally:
        for running in RUNNING:
            running.kill()


main()
