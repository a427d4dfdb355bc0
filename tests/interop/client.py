"""An agent of Almoner in Python, written from docs/PROTOCOL.md and the proto
files alone; the numbers in the comments are that page's sections.  It does one
thing at a time and keeps nothing on disk: an example, not a library."""
import base64
import hashlib
import os
import secrets
import time
from dataclasses import dataclass, field

import nacl.signing
import zmq
import zstd
from zmq.utils import monitor, z85

from almoner.v1 import envelope_pb2 as wire
from almoner.v1 import message_pb2
from almoner.v1 import request_pb2

PART = 262144
PROVE_MAX = 256  # messages under one signature
PATIENCE = 600   # seconds that anything may take


class Refused(Exception):
    """A Problem, or the code of an answer."""

    def __init__(self, code, detail=""):
        super().__init__(f"ALM-{code} {detail}")
        self.code = code
        self.detail = detail


# --- RFC 6962 trees (5, 8, 12) ------------------------------------------------

def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def leaf_hash(data):
    return sha256(b"\0", data)


def _half(count):
    """The largest power of two below it."""
    return 1 << (count - 1).bit_length() - 1


def tree_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = _half(len(leaves))
    return sha256(b"\1", tree_root(leaves[:half]), tree_root(leaves[half:]))


def tree_path(leaves, index):
    """The inclusion proof: the siblings, from the leaf up."""
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return tree_path(leaves[:half], index) + [tree_root(leaves[half:])]
    return tree_path(leaves[half:], index - half) + [tree_root(leaves[:half])]


def root_of_path(leaf, index, size, path):
    """The root that the proof leads to, or None if it is no such proof."""
    last = size - 1
    for step in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            leaf = sha256(b"\1", step, leaf)
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            leaf = sha256(b"\1", leaf, step)
        index >>= 1
        last >>= 1
    return leaf if last == 0 else None


def steps(path):
    return [path[i:i + 32] for i in range(0, len(path), 32)]


# --- keys and texts -----------------------------------------------------------

@dataclass
class Keys:
    """A CURVE key pair for the connection and an Ed25519 key for signatures."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    signing: nacl.signing.SigningKey = field(
        default_factory=nacl.signing.SigningKey.generate)

    @property
    def public(self):
        return curve_public(self.secret)

    @property
    def verify(self):
        return bytes(self.signing.verify_key)

    def sign(self, data):
        return self.signing.sign(data).signature


def curve_public(secret):
    return z85.decode(zmq.curve_public(z85.encode(secret)))


def text(word):
    return word.encode() + b"\0"


def u64(number):
    return number.to_bytes(8, "big")


def now_ms():
    return time.time_ns() // 1000000


def new_id():
    """A UUIDv7: 48 bits of time, then random but for version and variant."""
    tail = bytearray(os.urandom(10))
    tail[0] = tail[0] & 0x0f | 0x70
    tail[2] = tail[2] & 0x3f | 0x80
    return now_ms().to_bytes(6, "big") + bytes(tail)


def words_of(check, words):
    """The first 66 bits of a check, eleven a word."""
    bits = int.from_bytes(check, "big") >> 256 - 66
    return [words[bits >> 55 - 11 * i & 2047] for i in range(6)]


# --- one connection (1, 3, 6, 7) ----------------------------------------------

class Connection:
    """A socket, and what has come on it and was not asked for yet."""

    def __init__(self, context, endpoint, broker_key, secret):
        self.socket = context.socket(zmq.DEALER)
        self.socket.curve_serverkey = broker_key
        self.socket.curve_secretkey = secret
        self.socket.curve_publickey = curve_public(secret)
        self.socket.immediate = 1
        self.socket.linger = 1000
        self.socket.reconnect_ivl = 200
        self.socket.reconnect_ivl_max = 30000
        self.monitor = self.socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
        self.socket.connect(endpoint)
        self.come = []
        self.requests = 0
        self.pings = 0  # of the broker's, answered

    def handshake(self):
        """Whether the broker has taken the key."""
        if not self.monitor.poll(PATIENCE * 1000):
            raise TimeoutError("no handshake")
        event = monitor.recv_monitor_message(self.monitor)
        return event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED

    def close(self, linger=1000):
        self.socket.disable_monitor()
        self.monitor.close()
        self.socket.close(linger)

    def put(self, *envelopes):
        self.put_raw(wire.Frame(envelopes=envelopes).SerializeToString())

    def put_raw(self, frame):
        if not self.socket.poll(PATIENCE * 1000, zmq.POLLOUT):
            raise TimeoutError("not connected")
        self.socket.send(frame)

    def get(self, *kinds, fits=lambda body: True):
        """The first envelope of those kinds that fits; others wait, but an
        error ends it."""
        end = time.monotonic() + PATIENCE
        seen = 0
        while True:
            for i in range(seen, len(self.come)):
                kind = self.come[i].WhichOneof("body")
                body = getattr(self.come[i], kind)
                if kind in kinds and fits(body):
                    del self.come[i]
                    return body
                if kind == "error":
                    del self.come[i]
                    raise Refused(body.code, body.detail)
            seen = len(self.come)
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(left * 1000):
                have = [e.WhichOneof("body") for e in self.come]
                raise TimeoutError(f"no {kinds}; there are {have}")
            for envelope in wire.Frame.FromString(self.socket.recv()).envelopes:
                self.take(envelope)

    def take(self, envelope):
        """Keep it, but for a ping: that is answered, to show that we read."""
        if envelope.WhichOneof("body") != "ping":
            self.come.append(envelope)
            return
        self.pings += 1
        self.put(wire.Envelope(pong=wire.Pong(context=envelope.ping.context)))

    def ask(self, verb, **arguments):
        """A question, as keyword arguments with _ for -; its answer."""
        self.requests += 1
        request = request_pb2.Request(id=self.requests, verb=verb)
        for key, value in arguments.items():
            request.arguments.add(key=key.strip("_").replace("_", "-"),
                                  value=str(value))
        self.put(wire.Envelope(query=request))
        answer = self.get("answer", fits=lambda a: a.id == request.id)
        if answer.code:
            raise Refused(answer.code, answer.detail)
        rows = [dict(zip(answer.columns, row.cells)) for row in answer.rows]
        return rows, {fact.key: fact.value for fact in answer.facts}


# --- an agent -----------------------------------------------------------------

class Agent(Connection):
    def __init__(self, context, endpoint, broker_key, keys, credit=32,
                 zstd_too=False):
        super().__init__(context, endpoint, broker_key, keys.secret)
        self.endpoint = endpoint
        self.broker_key = broker_key
        self.keys = keys
        self.put(wire.Envelope(hello=wire.Hello(
            version=1, software="interop 1", credit=credit,
            encodings=2 if zstd_too else 0, takes_parts=True)))
        self.welcome = self.get("welcome")
        self.organisation = self.welcome.organisation

    def message(self, **fields):
        """A Message of ours, as it is serialised once and for all."""
        fields.setdefault("id", new_id())
        fields.setdefault("sender", self.organisation)
        return message_pb2.Message(**fields).SerializeToString()

    def pack(self, data):
        """Data as it travels, and how (12)."""
        if self.welcome.encodings & 1 << wire.ENCODING_ZSTD and data:
            small = zstd.compress(data)
            if len(small) < len(data) <= 256 * len(small):
                return {"encoding": wire.ENCODING_ZSTD}, small
        return {}, data

    def sends(self, messages, payloads, at=None):
        """Send envelopes for messages, all under one signature."""
        at = now_ms() if at is None else at
        packed = [self.pack(payload) for payload in payloads]
        leaves = [leaf_hash(u64(at) + sha256(m)) for m in messages]
        signature = self.keys.sign(b"almoner.v1.send\0" + tree_root(leaves))
        return [wire.Envelope(send=wire.Send(
            message=message, payload=payload, sent_at_ms=at, **how,
            signature=wire.Signature(
                ed25519=signature, leaf_index=i, tree_size=len(leaves),
                path=b"".join(tree_path(leaves, i)))))
            for i, (message, (how, payload)) in enumerate(zip(messages, packed))]

    def receipt(self, message):
        mid = message_pb2.Message.FromString(message).id
        return self.get("receipt", fits=lambda r: r.message_id == mid)

    def send(self, payload, **fields):
        """One message, and its receipt."""
        message = self.message(payload_sha256=sha256(payload), **fields)
        self.put(*self.sends([message], [payload]))
        return self.receipt(message)

    def deliver(self, **wanted):
        """The next mail, with its payload in clear."""
        mail = self.get("deliver", fits=lambda d: all(
            getattr(d, key) == value for key, value in wanted.items()))
        if mail.encoding:
            mail.payload = zstd.decompress(mail.payload)
        return mail

    def acknowledge(self, sequence, reason=None):
        self.put(wire.Envelope(acknowledge=wire.Acknowledge(items=[
            wire.Acknowledgement(sequence=sequence, reason=reason or "",
                                 is_rejected=reason is not None)])))
        self.get("acknowledged", fits=lambda a: sequence in a.sequences)

    def ping(self, context=b"interop"):
        self.put(wire.Envelope(ping=wire.Ping(context=context)))
        return self.get("pong", fits=lambda p: p.context == context)

    def goodbye(self):
        self.put(wire.Envelope(goodbye=wire.Goodbye()))
        self.close()

    # --- payloads in parts (12) -----------------------------------------------

    def parts_message(self, payload, **fields):
        leaves = [leaf_hash(part) for part in cut(payload)]
        return self.message(payload_sha256=tree_root(leaves),
                            payload_bytes=len(payload), **fields)

    def send_parts(self, message, payload, stop_after=None):
        """Send it from where it got to; its receipt.  Or break off when so
        many are stored; how many those are."""
        parts = cut(payload)
        last = len(parts) if stop_after is None else stop_after
        leaves = [leaf_hash(part) for part in parts]
        mid = message_pb2.Message.FromString(message).id
        self.put(*self.sends([message], [b""]))
        sent = None
        done = 0
        while done < len(parts):
            progress = self.get("progress", "receipt",
                                fits=lambda p: p.message_id == mid)
            if isinstance(progress, wire.Receipt):
                return progress  # refused already
            done = progress.next
            if sent is None or progress.is_again:
                sent = done
            if done == stop_after:
                return done
            while sent < min(progress.until, last):
                how, data = self.pack(parts[sent])
                self.put(wire.Envelope(part=wire.Part(
                    message_id=mid, index=sent, data=data, **how,
                    path=b"".join(tree_path(leaves, sent)))))
                sent += 1
        return self.receipt(message)

    def fetch_parts(self, mail, have=(), stop_after=None):
        """The parts of a mail, each held against its root."""
        have = list(have)
        count = -(-mail.payload_bytes // PART)
        self._progress(mail, len(have))
        while len(have) < count and len(have) != stop_after:
            part = self.get("part", fits=lambda p: p.sequence == mail.sequence)
            data = zstd.decompress(part.data) if part.encoding else part.data
            root = root_of_path(leaf_hash(data), part.index, count,
                                steps(part.path))
            if part.index != len(have) or root != mail.payload_root:
                raise ValueError("not the announced part")
            have.append(data)
            self._progress(mail, len(have))
        return have

    def _progress(self, mail, have):
        self.put(wire.Envelope(progress=wire.Progress(
            sequence=mail.sequence, next=have, until=have + 8)))

    # --- new keys (11) --------------------------------------------------------

    def rotate(self, new):
        """Ask that new keys be taken beside those in use."""
        signed = b"almoner.v1.rotate\0" + rotate_check(
            self.organisation, self.welcome.agent, self.broker_key, new)
        return self.ask("agent.rotate", curve_key=new.public.hex(),
                        signing_key=new.verify.hex(),
                        signature=self.keys.sign(signed).hex(),
                        proof=new.sign(signed).hex())


def cut(payload):
    return [payload[i:i + PART] for i in range(0, len(payload), PART)]


# --- joining (11) -------------------------------------------------------------

class Invite:
    """What an invite says, and what comes from its secret."""

    def __init__(self, number, organisation, agent, broker_key, secret):
        self.number = int(number)
        self.organisation = organisation
        self.agent = agent
        self.broker_key = broker_key
        self.curve, self.proof = (
            hashlib.blake2b(label, key=secret, digest_size=32).digest()
            for label in (b"almoner.v1.invite.curve",
                          b"almoner.v1.invite.proof"))

    def check(self, keys):
        """What both sides must make the same of these keys."""
        return sha256(
            b"almoner.v1.join.check\0", u64(self.number),
            text(self.organisation), text(self.agent),
            curve_public(self.curve), sha256(self.proof), self.broker_key,
            keys.public, keys.verify)


def read_invite(path):
    """An invite and its endpoint: comments, and `key: value`."""
    said = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            key, colon, value = line.partition(":")
            if colon and not line.startswith("#"):
                said[key] = value.strip().strip("'\"")
    if said["almoner-invite"] != "1":
        raise ValueError("not an invite")
    return Invite(said["number"], said["organisation"], said["agent"],
                  bytes.fromhex(said["broker-key"]),
                  bytes.fromhex(said["secret"])), said["endpoint"]


def join(context, endpoint, invite, keys):
    """Ask to be let in with these keys; the answer."""
    signed = b"almoner.v1.join\0" + invite.check(keys)
    door = Connection(context, endpoint, invite.broker_key, invite.curve)
    try:
        door.put(wire.Envelope(join=wire.Join(
            invite=invite.number, proof=invite.proof, curve_key=keys.public,
            signing_key=keys.verify, signature=keys.sign(signed))))
        return door.get("joined")
    finally:
        door.close()


def rotate_check(organisation, agent, broker_key, new):
    return sha256(b"almoner.v1.rotate.check\0", text(organisation),
                  text(agent), broker_key, new.public, new.verify)


# --- evidence (8) -------------------------------------------------------------

def open_head(note, key):
    """Size and root of a checkpoint that the key has signed."""
    text_, _, lines = note.partition("\n\n")
    origin, size, root = text_.split("\n")
    ours = sha256(origin.encode() + b"\n\1" + key)[:4]
    for line in lines.splitlines():
        dash, name, signature = line.split(" ")
        signature = base64.b64decode(signature)
        if (dash, name, signature[:4]) == ("\u2014", origin, ours):
            nacl.signing.VerifyKey(key).verify(text_.encode() + b"\n",
                                               signature[4:])
            return int(size), base64.b64decode(root)
    raise ValueError("not signed by that key")
