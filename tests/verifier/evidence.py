"""Checks the evidence that Almoner's audit log gives, from docs/FORMAT.md and
the C2SP texts alone.  Shares nothing with the program that makes it."""

import base64
import binascii
import hashlib
import json
import os
import time

import ed25519

DASH = "\u2014 ".encode()
ZERO = bytes(32)
KEY_ADDED, WITNESS, QUERY = 63, 66, 50
POLICY_KINDS = (20, 23, 24, 25)


class Refused(Exception):
    """The file does not prove what it says."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def leaf_hash(data):
    return sha256(b"\0", data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def number(text):
    need(text.isascii() and text.isdigit() and len(text) <= 20
         and (text == b"0" or not text.startswith(b"0")), "a number")
    value = int(text)
    need(value < 2**64, "a number")
    return value


def unbase64(text, size=None):
    need(len(text) > 0, "base64")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("base64") from None
    need(base64.b64encode(data) == text, "base64 in another spelling")
    need(size is None or len(data) == size, "base64 of another length")
    return data


# --- trees (RFC 9162, 2.1) ---------------------------------------------------

def inclusion_root(index, size, leaf, path):
    need(index < size, "an index beyond the tree")
    fn, sn, node = index, size - 1, leaf
    for step in path:
        need(sn > 0, "a proof that is too long")
        if fn & 1 or fn == sn:
            node = node_hash(step, node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, step)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "a proof that is too short")
    return node


def check_consistency(first, second, path, first_root, second_root):
    need(0 < first <= second, "sizes")
    if first == second:
        need(not path and first_root == second_root, "two roots of one size")
        return
    need(path, "no proof")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    path = list(path)
    fr = sr = first_root if fn == 0 else path.pop(0)
    for step in path:
        need(sn > 0, "a proof that is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, step)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0 and fr == first_root and sr == second_root,
         "the heads are inconsistent")


class Tree:
    """The perfect subtrees of a tree that grows: (height, root)."""

    def __init__(self, size=0, roots=()):
        heights = [h for h in range(63, -1, -1) if size >> h & 1]
        need(len(heights) == len(roots), "roots")
        self.size = size
        self.parts = list(zip(heights, roots))

    def add(self, root, height=0):
        need(self.size % (1 << height) == 0, "a subtree out of place")
        self.size += 1 << height
        while self.parts and self.parts[-1][0] == height:
            root = node_hash(self.parts.pop()[1], root)
            height += 1
        self.parts.append((height, root))

    def root(self):
        if not self.parts:
            return sha256(b"")
        node = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            node = node_hash(left, node)
        return node


def next_height(at, size):
    return min((at & -at).bit_length() - 1, (size - at).bit_length() - 1)


# --- notes and heads ---------------------------------------------------------

def key_id(name, kind, key):
    return sha256(name.encode(), b"\n", bytes([kind]), key)[:4]


def is_name(name):
    return 0 < len(name) < 160 and all(" " < c <= "~" and c != "+" for c in name)


def parse_vkey(text):
    parts = text.split("+", 2)
    need(len(parts) == 3 and is_name(parts[0]), "a key")
    raw = unbase64(parts[2].encode(), 33)
    need(raw[0] in (1, 4) and
         key_id(parts[0], raw[0], raw[1:]).hex() == parts[1], "a key")
    return parts[0], raw[0], raw[1:]


def parse_log_key(text):
    if len(text) == 64 and all(c in "0123456789abcdef" for c in text):
        return bytes.fromhex(text)
    _, kind, key = parse_vkey(text)
    need(kind == 1, "a log's key")
    return key


class Note:
    def __init__(self, data):
        need(len(data) <= 32 * 1024, "a note that is too long")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise Refused("a note that is no text") from None
        need(all(c == "\n" or (c >= " " and c != "\x7f") for c in text),
             "control characters")
        at = data.rfind(b"\n\n")
        need(at >= 0 and data.endswith(b"\n"), "no signatures")
        self.text = data[:at + 1]
        lines = data[at + 2:]
        need(lines, "no signatures")
        self.signatures = []
        for line in lines[:-1].split(b"\n"):
            need(line.startswith(DASH), "a signature line")
            fields = line[len(DASH):].split(b" ")
            need(len(fields) == 2 and fields[0] and b"+" not in fields[0],
                 "a signature line")
            raw = unbase64(fields[1])
            need(4 < len(raw) <= 76, "a signature line")
            self.signatures.append((fields[0].decode(), raw[:4], raw[4:]))
        need(len(self.signatures) <= 64, "too many signatures")

    def verify(self, name, kind, key):
        """None: no line by this key; else whether it is good."""
        wanted = key_id(name, kind, key)
        lines = [raw for n, i, raw in self.signatures
                 if n == name and i == wanted]
        if not lines:
            return None
        if len(lines) > 1:
            return False
        if kind == 1:
            return ed25519.verify(key, self.text, lines[0])
        if len(lines[0]) != 72:
            return False
        time = int.from_bytes(lines[0][:8], "big")
        return ed25519.verify(
            key, b"cosignature/v1\ntime %d\n" % time + self.text, lines[0][8:])


class Head:
    def __init__(self, data, trust):
        note = Note(data)
        lines = note.text.split(b"\n")
        need(len(lines) == 4 and lines[3] == b"", "a checkpoint has 3 lines")
        self.origin = lines[0].decode()
        need(is_name(self.origin), "origin")
        self.size = number(lines[1])
        self.root = unbase64(lines[2], 32)
        good = 0
        self.witnesses = 0
        for key in trust.keys:
            verdict = note.verify(self.origin, 1, key)
            need(verdict is not False, "a wrong signature")
            good += verdict is True
        for name, kind, key in trust.witnesses:
            verdict = note.verify(name, kind, key)
            need(verdict is not False, "a wrong cosignature")
            self.witnesses += verdict is True
        need(good > 0, "no signature by a key that was given")
        need(self.witnesses > 0 or not trust.needs_witness,
             "no cosignature by a witness that was given")
        self.strangers = len(note.signatures) - good - self.witnesses
        need(not trust.strict or self.strangers == 0,
             "a signature by a key that was not given")


class Trust:
    def __init__(self, keys=(), witnesses=(), strict=False,
                 needs_witness=False):
        self.needs_witness = needs_witness
        self.keys = list(dict.fromkeys(keys))
        self.witnesses = list(dict.fromkeys(witnesses))
        self.strict = strict


def check_from(head, old):
    """A head seen before must not be newer, nor another of this size."""
    if old is None:
        return
    need(head.origin == old.origin, "another log")
    need(head.size >= old.size, "an older head than one seen before")
    need(head.size > old.size or head.root == old.root,
         "two roots of one size")


# --- records -----------------------------------------------------------------

class Record:
    def __init__(self, header, seq):
        need(len(header) >= 164 + 6 * 3 and header[0] == 2, "a header")
        self.header = header
        self.kind = header[1]
        self.seq = int.from_bytes(header[8:16], "big")
        self.epoch = int.from_bytes(header[40:48], "big")
        self.content = header[100:132]
        self.commitment = header[132:164]
        length = int.from_bytes(header[164:166], "big")
        need(166 + length < len(header), "a header")
        self.sender = header[166:166 + length].decode(errors="replace")
        need(self.seq == seq, "another record than the proof is about")

    def check_private(self, salted):
        need(len(salted) > 16 and self.commitment ==
             sha256(b"almoner/private/v1", salted),
             "another private part than the record commits to")


class Lines:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self):
        end = self.data.find(b"\n", self.at)
        need(end >= 0, "it is cut off")
        line = self.data[self.at:end]
        self.at = end + 1
        return line

    def rest(self):
        return self.data[self.at:]


def word(line, name):
    return line[len(name) + 1:] if line.startswith(name + b" ") and \
        len(line) > len(name) + 1 else None


def take_path(lines):
    path = []
    while True:
        line = lines.take()
        if not line:
            return path
        need(len(path) < 63, "a path that is too long")
        path.append(unbase64(line, 32))


def check_page(data, trust):
    """What `audit query --proof --json` printed."""
    try:
        page = json.loads(data)
        head = Head(page["checkpoint"].encode(), trust)
        need(page["schema"] == "almoner.audit.query/1", "a page")
        for row in page["rows"]:
            leaf, raw = (bytes.fromhex(row[k]) for k in ("leaf", "proof"))
            need(len(leaf) == 32 and len(raw) % 32 == 0, "a proof")
            path = [raw[i:i + 32] for i in range(0, len(raw), 32)]
            need(row["seq"] > 0 and inclusion_root(
                row["seq"] - 1, head.size, leaf, path) == head.root,
                "the proof does not lead to the head")
            if row["header"]:
                check_row(row, bytes.fromhex(row["header"]), leaf)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("a page") from None
    return head


def check_row(row, header, leaf):
    record = Record(header, row["seq"])
    need(leaf_hash(header) == leaf, "a header that is not the leaf")
    texts, at = [], 164
    for _ in range(6):
        length = int.from_bytes(header[at:at + 2], "big")
        texts.append(header[at + 2:at + 2 + length].decode())
        at += 2 + length + 1
    need(texts == [row[k] for k in ("sender", "recipient", "purpose",
                                    "categories", "basis", "standard")]
         and record.epoch == row["epoch"]
         and int.from_bytes(header[4:8], "big") == row["code"]
         and int.from_bytes(header[24:32], "big") == (row["ref"] or 0)
         and int.from_bytes(header[32:40], "big") == (row["mail"] or 0)
         and int.from_bytes(header[48:56], "big") == row["people-seq"]
         and row["effect"] == ("", "permit", "transform", "deny")[header[2]],
         "a row that says other than its header")
    micros = int.from_bytes(header[16:24], "big")
    need(row["time"] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(
        micros // 10**6)) + ".%06dZ" % (micros % 10**6), "a row's time")
    need(row["message-id"].replace("-", "") ==
         (header[68:84].hex() if header[66] & 1 else ""), "a row's message")
    need(row["person"] in ("", header[84:100].hex() if header[66] & 2 else ""),
         "a row's person")


def check_receipt(data, trust):
    lines = Lines(data)
    need(lines.take() == b"c2sp.org/tlog-proof@v1", "the first line")
    extra = word(lines.take(), b"extra")
    need(extra is not None, "a receipt has its record beside the proof")
    extra = unbase64(extra)
    index = word(lines.take(), b"index")
    need(index is not None, "index")
    index = number(index)
    path = take_path(lines)
    head = Head(lines.rest(), trust)
    shows = extra[0]
    if shows == 1:
        need(len(extra) == 33, "a digest")
        leaf = extra[1:]
    else:
        need(shows in (2, 3) and len(extra) > 5, "what it shows")
        length = int.from_bytes(extra[1:5], "big")
        header, salted = extra[5:5 + length], extra[5 + length:]
        need(len(header) == length and length > 0, "a header")
        record = Record(header, index + 1)
        leaf = leaf_hash(header)
        if shows == 3:
            record.check_private(salted)
        else:
            need(not salted, "bytes behind the header")
    need(inclusion_root(index, head.size, leaf, path) == head.root,
         "the proof does not lead to the head")
    return head


def check_growth(data, trust, old):
    lines = Lines(data)
    size = word(lines.take(), b"old")
    need(size is not None and old is not None, "old")
    need(number(size) == old.size, "it is not from the head that was given")
    path = take_path(lines)
    head = Head(lines.rest(), trust)
    need(head.origin == old.origin, "another log")
    check_consistency(old.size, head.size, path, old.root, head.root)
    return head


class Bundle:
    """One pass over the lines; the head comes last."""

    def __init__(self, data, trust):
        at = data.rfind(b"end ")
        need(at > 0 and data[at:] ==
             b"end %s\n" % sha256(data[:at]).hex().encode(), "the last line")
        self.lines = Lines(data[:at])
        self.range = None
        self.tree = None
        self.right = []
        self.singles = []
        self.named = []
        self.last = None
        self.may_show = False
        self.question = 0
        self.question_met = False
        self.policy = None
        self.records = 0
        need(self.lines.take() == b"almoner.audit.bundle/1", "the first line")
        while True:
            line = self.lines.take()
            if line == b"head":
                break
            name, _, rest = line.partition(b" ")
            need(name in (b"question", b"range", b"record", b"single",
                          b"private", b"policy", b"file") and rest,
                 "a line that has no meaning")
            getattr(self, "read_" + name.decode())(rest)
        self.finish(trust)

    def read_question(self, rest):
        need(self.last is None and self.question == 0 and self.range is None,
             "question")
        self.question = number(rest)
        need(self.question > 0, "question")

    def read_range(self, rest):
        fields = rest.split(b" ")
        need(self.last is None and self.range is None and len(fields) == 3,
             "range")
        first, end, size = (number(field) for field in fields)
        need(first < end <= size < 2**63, "range")
        self.range = (first, end, size)
        left = []
        for _ in range(bin(first).count("1")):
            text = word(self.lines.take(), b"left")
            need(text is not None, "left")
            left.append(unbase64(text, 32))
        self.tree = Tree(first, left)
        at = end
        while at < size:
            text = word(self.lines.take(), b"right")
            need(text is not None, "right")
            height = next_height(at, size)
            self.right.append((unbase64(text, 32), height))
            at += 1 << height

    def take_header(self, seq, header):
        need(self.last is None or seq > self.last.seq, "order")
        self.last = Record(header, seq)
        self.may_show = True
        if seq == self.question:
            need(self.last.kind == QUERY, "the question is no question")
            self.question_met = True
        if self.last.kind in (KEY_ADDED, WITNESS):
            need(len(self.named) < 4096, "more keys than a log has")
            self.named.append(self.last)

    def read_record(self, rest):
        need(self.range is not None and self.tree.size < self.range[1],
             "record")
        header = unbase64(rest)
        self.take_header(self.tree.size + 1, header)
        self.tree.add(leaf_hash(header))
        self.records += 1

    def read_single(self, rest):
        fields = rest.split(b" ")
        need(len(fields) >= 2 and len(fields) <= 65, "single")
        seq = number(fields[0])
        need(seq > 0, "single")
        header = unbase64(fields[1])
        path = [unbase64(field, 32) for field in fields[2:]]
        self.take_header(seq, header)
        self.singles.append((seq - 1, leaf_hash(header), path))

    def read_private(self, rest):
        need(self.may_show, "private")
        self.may_show = False
        self.last.check_private(unbase64(rest))

    def close_policy(self):
        need(self.policy is None or self.policy[0] == self.policy[1],
             "another policy than the record says")
        self.policy = None

    def read_policy(self, rest):
        self.close_policy()
        need(self.last is not None and self.last.kind in POLICY_KINDS
             and self.last.epoch == number(rest), "policy")
        self.policy = [self.last.content, sha256(b"almoner/policy/v1")]

    def read_file(self, rest):
        fields = rest.split(b" ")
        need(self.policy is not None and len(fields) == 2 and fields[0],
             "file")
        content = b"" if fields[1] == b"-" else unbase64(fields[1])
        self.policy[1] = sha256(
            self.policy[1], sha256(fields[0]), sha256(content))

    def finish(self, trust):
        self.close_policy()
        data = self.lines.rest()
        Head(data, Trust(trust.keys, trust.witnesses,
                         needs_witness=trust.needs_witness))
        wide = Trust(trust.keys, (), True)
        for record in self.named:
            if record.kind == KEY_ADDED and record.content not in wide.keys:
                wide.keys.append(record.content)
        for name, wanted, _ in Note(data).signatures:
            for record in self.named:
                if record.kind == WITNESS and \
                        name.startswith(record.sender + "/") and \
                        key_id(name, 4, record.content) == wanted:
                    witness = (name, 4, record.content)
                    if witness not in wide.witnesses:
                        wide.witnesses.append(witness)
                    break
        self.head = Head(data, wide)
        if self.range is not None:
            need(self.tree.size == self.range[1] and
                 self.range[2] == self.head.size, "the range is not whole")
            for root, height in self.right:
                self.tree.add(root, height)
            need(self.tree.root() == self.head.root, "the range is not whole")
        for index, leaf, path in self.singles:
            need(inclusion_root(index, self.head.size, leaf, path) ==
                 self.head.root, "a record's proof")
        need(self.question == 0 or self.question_met, "the question")


def tile_name(kind, index, width):
    text = "%03d" % index
    text = text.zfill((len(text) + 2) // 3 * 3)
    parts = [text[i:i + 3] for i in range(0, len(text), 3)]
    name = "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
    return "tile/%s/%s%s" % (
        kind, name, "" if width == 256 else ".p/%d" % width)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        raise Refused("%s is not there" % path) from None


def check_tiles(folder, trust):
    head = Head(read(os.path.join(folder, "checkpoint")), trust)
    level = []
    for at in range(0, head.size, 256):
        width = min(256, head.size - at)
        data = read(os.path.join(folder, tile_name("entries", at // 256, width)))
        place = 0
        for _ in range(width):
            length = int.from_bytes(data[place:place + 2], "big")
            need(place + 2 + length <= len(data), "entries")
            level.append(leaf_hash(data[place + 2:place + 2 + length]))
            place += 2 + length
        need(place == len(data), "entries")
    tree = Tree()
    for leaf in level:
        tree.add(leaf)
    need(tree.root() == head.root, "the entries do not give the head")
    height = 0
    while level:
        above = []
        for at in range(0, len(level), 256):
            part = level[at:at + 256]
            data = read(os.path.join(
                folder, tile_name(str(height), at // 256, len(part))))
            need(data == b"".join(part), "a tile")
            if len(part) == 256:
                whole = Tree()
                for node in part:
                    whole.add(node)
                above.append(whole.root())
        level = above
        height += 1
    return head


def check(path, trust, old=None):
    """Check a file or folder of any kind; gives its head, or raises."""
    if os.path.isdir(path):
        head = check_tiles(path, trust)
    else:
        data = read(path)
        first = data.split(b"\n", 1)[0]
        if first == b"c2sp.org/tlog-proof@v1":
            head = check_receipt(data, trust)
        elif first == b"almoner.audit.bundle/1":
            head = Bundle(data, trust).head
        elif first.startswith(b"old "):
            return check_growth(data, trust, old)
        elif first.startswith(b"{"):
            head = check_page(data, trust)
        else:
            head = Head(data, trust)
    check_from(head, old)
    return head
