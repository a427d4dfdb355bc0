"""The numbers in docs/PROTOCOL.md, section 13, made again by client.py: usage:
vectors.py PROTOCOL.MD WORDS.  What stands there and is not made here, or is
made here and does not stand there, is a fault."""
import base64
import re
import sys

import nacl.signing

import client
from almoner.v1 import envelope_pb2 as wire
from almoner.v1 import message_pb2
from client import leaf_hash, sha256, text, tree_path, tree_root, u64

SEED = bytes(range(32))
BROKER = bytes(range(0xb0, 0xd0))


def told(page):
    """name -> text, of `name  value` in indented lines; a value goes on in
    lines that are indented further."""
    section = page[page.index("\n## 13."):]
    values, name = {}, None
    for line in section.splitlines():
        first = re.fullmatch(r"    (\S+(?: \S+)*)  +(\S.*)", line)
        more = re.fullmatch(r"     +(\S.*)", line)
        if first:
            name = first[1]
            values[name] = first[2]
        elif more and name:
            values[name] += " " + more[1]
        elif not line.strip():
            name = None
    return values


def made(words):
    """The same by our own hands: name -> bytes or text."""
    keys = client.Keys(bytes(range(0x40, 0x60)), nacl.signing.SigningKey(SEED))
    new = client.Keys(bytes(range(0x60, 0x80)),
                      nacl.signing.SigningKey(bytes(range(0x20, 0x40))))
    out = {}
    # One message.
    message = message_pb2.Message(
        id=bytes.fromhex("01a0c4506c007102830405060708090a"), sender="RX1",
        recipient="511", purpose="direct-care", categories=["contact"],
        payload_level=message_pb2.LEVEL_IDENTIFIABLE, subject="9990000018",
        payload_sha256=sha256(b"hello")).SerializeToString()
    at = 1790000000100
    leaf = u64(at) + sha256(message)
    signed = b"almoner.v1.send\0" + leaf_hash(leaf)
    out["SHA-256"] = sha256(message)
    out["leaf"] = leaf
    out["root"] = leaf_hash(leaf)
    out["signed"] = signed
    out["ed25519"] = keys.sign(signed)
    # A batch: any bytes will do for a message.
    batch = [leaf_hash(u64(at + i) + sha256(m))
             for i, m in enumerate((b"one", b"two", b"three"))]
    for i in range(3):
        out[f"leaf hash {i}"] = batch[i]
        out[f"path {i}"] = b"".join(tree_path(batch, i))
    out["batch root"] = tree_root(batch)
    out["batch ed25519"] = keys.sign(b"almoner.v1.send\0" + tree_root(batch))
    # Parts.
    parts = client.cut(bytes(i % 251 for i in range(600000)))
    leaves = [leaf_hash(part) for part in parts]
    out["payload_sha256"] = tree_root(leaves)
    out["path of part 0"] = b"".join(tree_path(leaves, 0))
    out["path of part 2"] = b"".join(tree_path(leaves, 2))
    # An invite, and the join.
    invite = client.Invite("7", "RX1", "ward-system", BROKER, SEED)
    out["secret"] = SEED
    out["invite's CURVE key"] = invite.curve
    out["its public key"] = client.curve_public(invite.curve)
    out["proof"] = invite.proof
    out["broker key"] = BROKER
    out["agent's CURVE key"] = keys.secret
    out["curve_key"] = keys.public
    out["signing_key"] = keys.verify
    check = invite.check(keys)
    out["join check"] = check
    out["words"] = " ".join(client.words_of(check, words))
    out["join signature"] = keys.sign(b"almoner.v1.join\0" + check)
    # New keys.
    out["new curve-key"] = new.public
    out["new signing-key"] = new.verify
    check = client.rotate_check("RX1", "ward-system", BROKER, new)
    out["rotate check"] = check
    out["signature"] = keys.sign(b"almoner.v1.rotate\0" + check)
    out["proof of the new"] = new.sign(b"almoner.v1.rotate\0" + check)
    out["check signature"] = keys.sign(
        b"almoner.v1.probe\0" + sha256(u64(at)))
    return out


def check_head(page):
    """The signed head that stands there is by that key, of that root."""
    lines = re.search(r"(?m)^    (almoner/[0-9a-f]+)\n    (\d+)\n    (\S+)\n\n"
                      r"    (\u2014 .*)\n", page)
    note = "\n".join(lines.group(1, 2, 3)) + "\n\n" + lines[4] + "\n"
    size, root = client.open_head(note, client.Keys(
        signing=nacl.signing.SigningKey(SEED)).verify)
    values = told(page)
    if (size, root.hex()) != (3, values["batch root"]):
        sys.exit("the head is of another tree")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        page = file.read()
    with open(sys.argv[2], encoding="ascii") as file:
        words = file.read().split()
    values = told(page)
    for name, value in made(words).items():
        if isinstance(value, bytes):
            value = value.hex()
            stands = values.get(name, "").replace(" ", "")
        else:
            stands = values.get(name, "")
        if stands != value:
            sys.exit(f"{name}: {stands} stands there, not {value}")
    check_head(page)


if __name__ == "__main__":
    main()
