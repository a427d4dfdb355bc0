#!/bin/bash
# Somebody else's verifier accepts our proofs, and no damaged one: thirty lines
# of Python that know only RFC 6962 and what `audit query --proof` printed.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
almoner=$build/almoner
dir=$(mktemp -d)
dev=
trap '[ -z "$dev" ] || kill "$dev" 2>/dev/null || true; wait || true
	rm -rf "$dir"' EXIT

mkfifo "$dir/ready"
TMPDIR=$dir "$almoner" dev --keep --quiet --json >"$dir/ready" &
dev=$!
sed '/^}$/q' <"$dir/ready" >"$dir/dev"
field() { python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$dir/dev" "$1"; }
ALMONER_ADMIN=$(field admin)
export ALMONER_ADMIN ALMONER_AUDIT_REASON="a test"
# The answer is about the log as it was signed last.
until "$almoner" audit query --proof --limit 0 --kind agent-changed --json \
	>"$dir/few" && grep -q '"leaf"' "$dir/few"; do
	read -r -t 0.1 <>"$dir/ready" || true
done
"$almoner" audit query --proof --limit 0 --json >"$dir/live"
"$almoner" audit query --proof --limit 0 --json \
	--context "$(field sender-context)" >"$dir/agent"
kill "$dev"
wait "$dev" || true
dev=
"$almoner" audit query --proof --limit 0 --json --quiet \
	--store "$(field store)" --key "$(field store-key)" >"$dir/store"

python3 - "$dir/live" "$dir/few" "$dir/store" <<'PY'
import base64, hashlib, json, sys


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def implied_root(index, size, leaf, path):
    fn, sn, root = index, size - 1, leaf
    for step in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            root = node(step, root)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node(root, step)
        fn, sn = fn >> 1, sn >> 1
    return root if sn == 0 else None


checked = 0
for name in sys.argv[1:]:
    document = json.load(open(name))
    size, root = int(document["size"]), bytes.fromhex(document["root"])
    rows = document["rows"]
    note = document["checkpoint"].split("\n")
    assert int(note[1]) == size and base64.b64decode(note[2]) == root, note
    open(name + ".note", "w").write(document["checkpoint"])
    assert rows, name
    for row in rows:
        leaf = bytes.fromhex(row["leaf"])
        raw = bytes.fromhex(row["proof"])
        path = [raw[i:i + 32] for i in range(0, len(raw), 32)]
        index = int(row["seq"]) - 1
        assert implied_root(index, size, leaf, path) == root, row
        assert implied_root(index ^ 1, size, leaf, path) != root, row
        broken = bytes([leaf[0] ^ 1]) + leaf[1:]
        assert implied_root(index, size, broken, path) != root, row
        checked += 1
print(checked, "proofs verified")
PY
# All of a page holds against the log's key: both verifiers take it, and refuse
# it when a row says anything else than the log does.
key=$(field audit-key)
verify() { # verify WANTED FILE
	local rc=0
	"$almoner" audit verify "$2" --audit-key "$key" --strict --json \
		>"$dir/out" 2>"$dir/err" || rc=$?
	[ "$rc" -eq "$1" ] || { echo "$2: $rc, not $1" >&2; exit 1; }
	rc=0
	python3 tests/verifier/verify "$2" --audit-key "$key" --strict \
		>"$dir/out2" 2>"$dir/err" || rc=$?
	[ "$rc" -eq "$1" ] || { echo "$2: Python $rc, not $1" >&2; exit 1; }
}
for name in live few store agent; do
	verify 0 "$dir/$name"
	grep -q '"records": [1-9]' "$dir/out" || exit 1
	grep -q '"digests": 0' "$dir/out" || exit 1
done
python3 - "$dir" <<'PY'
import json, sys
page = json.load(open(sys.argv[1] + "/few"))
other = json.load(open(sys.argv[1] + "/live"))
row = page["rows"][0]
changes = {k: v + "x" for k, v in row.items() if isinstance(v, str) and k in (
    "sender", "recipient", "purpose", "categories", "basis", "standard",
    "person", "message-id", "effect")}
changes.update({k: (row[k] or 0) + 1 for k in (
    "seq", "code", "epoch", "people-seq", "mail", "ref")})
changes["time"] = row["time"].replace("T", "T1", 1)[:27]
changes["leaf"] = other["rows"][0]["leaf"]
changes["header"] = other["rows"][0]["header"]
changes["proof"] = row["proof"][:-64]
for k, v in changes.items():
    spoiled = {**page, "rows": [{**row, k: v}] + page["rows"][1:]}
    json.dump(spoiled, open("%s/spoiled.%s" % (sys.argv[1], k), "w"))
note = page["checkpoint"].split("\n")
note[1] = str(int(note[1]) - 1)
json.dump({**page, "checkpoint": "\n".join(note)},
          open(sys.argv[1] + "/spoiled.head", "w"))
PY
for file in "$dir"/spoiled.*; do
	verify 8 "$file"
done
for name in live few store; do
	"$almoner" audit verify "$dir/$name.note" \
		--audit-key "$(field audit-key)" --strict >"$dir/out" || {
		echo "$name: the head is not signed" >&2
		exit 1
	}
done
