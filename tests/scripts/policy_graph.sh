#!/bin/bash
# The graph of rights is a graph: read by the grammar of Graphviz, whatever
# stands in titles and names, and with the edges that the bundle says.
set -eu
cd "$(dirname "$0")/../.."
almoner=$ALMONER_BUILD/almoner
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "policy_graph: $*" >&2
	exit 1
}
cat >"$work/read.py" <<'END'
# Reads a digraph of node and edge statements, and nothing else.
import re, sys
text = sys.stdin.read()
token = re.compile(
    r'\s+|(?P<q>"(?:[^"\\\n]|\\.)*")|(?P<a>->)|(?P<p>[{}\[\];,=])'
    r'|(?P<w>[A-Za-z_]\w*)')
tokens, at = [], 0
while at < len(text):
    m = token.match(text, at)
    assert m, "no token at %r" % text[at:at + 40]
    at = m.end()
    if m.lastgroup:
        tokens.append(m.group())
def take(*wanted):
    got = tokens.pop(0)
    assert not wanted or got in wanted, (got, wanted)
    return got
def name():
    got = take()
    assert got[0] == '"' or got.isidentifier(), got
    return re.sub(r"\\(.)", r"\1", got[1:-1]) if got[0] == '"' else got
def attributes():
    found = {}
    if tokens[0] == "[":
        take("[")
        while True:
            key = take()
            take("=")
            found[key] = take()
            if take(",", "]") == "]":
                break
    return found
take("digraph"), name(), take("{")
nodes, edges = {}, []
while tokens[0] != "}":
    first = name()
    if tokens[0] == "->":
        take("->")
        edges.append((first, name()))
        attributes()
    else:
        assert first not in nodes, first
        nodes[first] = attributes()
    take(";")
take("}")
assert not tokens
for edge in edges:
    assert all(end in nodes for end in edge), edge
print(len(nodes), len(edges))
for a, b in edges:
    print(a, "->", b)
for n in nodes:
    print("node", n, nodes[n].get("label", ""))
END
at='--at 2026-03-01T09:00:00Z'
graph() {
	# shellcheck disable=SC2086
	"$almoner" policy graph $at "$@" >"$work/dot"
	python3 "$work/read.py" <"$work/dot" >"$work/graph" ||
		fail "not a graph: $*"
	if command -v dot >/dev/null; then
		dot -Tsvg "$work/dot" >/dev/null || fail "dot refuses: $*"
	fi
}
has() {
	grep -Fq -- "$1" "$work/graph" || fail "lacks: $1"
}
lacks() {
	! grep -Fq -- "$1" "$work/graph" || fail "has: $1"
}

graph config/demo/policy
has 'party RX1 -> basis DSA-02-psycho-oncology'
has 'basis DSA-02-psycho-oncology -> party RHA'
lacks 'prohibition '
graph config/demo/policy --prohibitions
has 'prohibition NEVER-GENDER-RECOGNITION -> party any'
graph config/demo/policy --basis DSA-02-psycho-oncology
lacks 'DSA-01'
graph config/demo/policy --organisation RHA
has 'DSA-02'
lacks 'DSA-04'

# Hostile texts stay inside their strings; what is not in force is not drawn.
mkdir "$work/bundle"
cp config/demo/policy/*.yaml "$work/bundle"
python3 - "$work/bundle" <<'END'
import sys
folder = sys.argv[1]
path = folder + "/50-agreements.yaml"
text = open(path).read()
text = text.replace(
    "title: Referral of cancer patients to psycho-oncology",
    'title: \'x"]; "evil" -> "edge" [label="\\N \\\\ \\" {}\\\'', 1)
text = text.replace("valid: 2025-04-01 to 2029-03-31",
                    "valid: 2025-04-01 to 2025-12-31", 1)
open(path, "w").write(text)
path = folder + "/20-organisations.yaml"
text = open(path).read()
old = "Nottinghamshire Hospice"
assert old in text
text = text.replace(old, '\'Hospice" \\ end\\\'', 1)
open(path, "w").write(text)
END
graph "$work/bundle"
lacks 'evil -> edge'
lacks 'basis DSA-01'
has 'basis DSA-02'

# The rest is told, and an unknown word gets the nearest.
"$almoner" policy graph config/demo/policy --limit 2 >"$work/dot" 2>"$work/err"
[ "$(grep -c '^.basis .*label' "$work/dot" || true)" -le 2 ] ||
	fail '--limit does not bound'
grep -q 'more bases are not drawn' "$work/err" || fail 'the rest is not told'
rc=0
"$almoner" policy graph config/demo/policy --organisation RHB \
	>"$work/out" 2>"$work/err" || rc=$?
[ "$rc" -eq 3 ] && grep -q "RHA" "$work/err" || fail "nearest: $rc"
[ ! -s "$work/out" ] || fail 'half a graph'
