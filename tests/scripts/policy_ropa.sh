#!/bin/bash
# The record of processing: whole, quoted as RFC 4180 asks, harmless in a
# spreadsheet and in Markdown whatever stands in it, and honest of its gaps.
set -eu
cd "$(dirname "$0")/../.."
almoner=$ALMONER_BUILD/almoner
demo=config/demo/policy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "policy_ropa: $*" >&2
	exit 1
}
at='--at 2026-03-01T09:00:00Z'
ropa() {
	# shellcheck disable=SC2086
	"$almoner" policy ropa $at "$@" 2>"$work/err"
}

ropa $demo --csv >"$work/csv"
grep -q 'lack something that Article 30 asks for' "$work/err" ||
	fail 'gaps are not told'
ropa $demo --json >"$work/json"
ropa $demo --jsonl >"$work/jsonl"
ropa $demo >"$work/md"
python3 - "$work" <<'END' || fail 'the record of the demo'
import csv, json, sys
folder = sys.argv[1]
rows = list(csv.DictReader(open(folder + "/csv", newline="")))
assert rows and all(None not in r and None not in r.values() for r in rows)
doc = json.load(open(folder + "/json"))
assert doc["schema"] == "almoner.policy.ropa/1"
assert [r["id"] for r in doc["rows"]] == [r["id"] for r in rows]
lines = [json.loads(l) for l in open(folder + "/jsonl")]
assert lines == doc["rows"]
one = next(r for r in rows if r["id"] == "DSA-01-treatment-summary")
assert one["controllers"].startswith("RX1 (Nottingham University")
assert one["contacts"] == "RX1: ig@rx1.example"
assert one["data-protection-officers"] == "RX1: dpo@rx1.example"
assert one["controller-type"] == "sole" and one["access"] == "ongoing"
assert one["start"] == "2025-04-01" and one["end"] == "2029-03-31"
assert one["review"] == "2027-03-31" and one["missing"] == ""
assert one["state"] == "in force"
other = next(r for r in rows if r["id"] == "DSA-14-population-health")
assert other["opt-outs"] == "honoured"
assert other["missing"] == "controllers; contact; subjects; retention; security"
md = open(folder + "/md").read()
assert md.count("\n## ") == len(rows)
assert "| Contact for breaches | ig@rx1.example |" in md
END

# One organisation's record.
ropa $demo --csv --organisation RHA >"$work/csv"
grep -q '^DSA-02' "$work/csv" || fail 'RHA receives under DSA-02'
! grep -q '^DSA-01' "$work/csv" || fail 'RHA has no part in DSA-01'
rc=0
ropa $demo --organisation RHB >"$work/out" || rc=$?
[ "$rc" -eq 3 ] && grep -q "did you mean 'RHA'" "$work/err" ||
	fail "no nearest organisation: $rc"
[ ! -s "$work/out" ] || fail 'half a record'

# Hostile texts.
mkdir "$work/bundle"
cp $demo/*.yaml "$work/bundle"
python3 - "$work/bundle/50-agreements.yaml" <<'END'
import sys
path = sys.argv[1]
text = open(path).read()
for old, new in (
    ("      retention: for the life of the general practice record",
     "      retention: '=HYPERLINK(\"http://x\",\"y\")'"),
    ("      benefits: Fewer readmissions within 30 days.",
     "      benefits: 'a | b <script>x</script> [l](u) `c` \"q\", r'"),
    ("      security: encrypted in transit and at rest; "
     "each disclosure is audited", "      security: '@SUM(A1)'"),
    ("valid: 2025-04-01 to 2029-03-31", "valid: 2025-04-01 to 2025-12-31")):
    assert old in text, old
    text = text.replace(old, new, 1)
open(path, "w").write(text)
END
ropa "$work/bundle" --csv >"$work/csv"
ropa "$work/bundle" >"$work/md"
python3 - "$work" <<'END' || fail 'hostile texts'
import csv, sys
folder = sys.argv[1]
data = open(folder + "/csv", newline="").read()
assert data.endswith("\r\n") and "\n" not in data.replace("\r\n", "")
rows = {r["id"]: r for r in csv.DictReader(open(folder + "/csv", newline=""))}
one = rows["DSA-01-treatment-summary"]
assert one["retention"] == "'=HYPERLINK(\"http://x\",\"y\")", one["retention"]
assert one["security"] == "'@SUM(A1)"
assert one["benefits"] == 'a | b <script>x</script> [l](u) `c` "q", r'
assert one["state"] == "expired"
md = open(folder + "/md").read()
line = next(l for l in md.splitlines() if l.startswith("| Yielded"))
assert line == ('| Yielded benefits | a \\| b &lt;script&gt;x&lt;/script&gt; '
                '\\[l\\](u) \\`c\\` "q", r |'), line
END
ropa "$work/bundle" --csv --in-force >"$work/csv"
! grep -q '^DSA-01' "$work/csv" || fail 'an expired agreement is in force'

# More rows than are held at once.
python3 - "$work/many.yaml" <<'END'
import sys
with open(sys.argv[1], "w") as out:
    out.write("almoner: 1\nbundle: many\nkinds: [t]\npurposes: [{id: care, "
              "class: care, recipients: [any]}]\ncategories: [{id: n}]\n"
              "organisations: [{id: A, name: A, kind: t}]\nagreements:\n")
    for i in range(1000):
        out.write("  - {id: D%d, title: T, from: [any], to: [any], purposes: "
                  "[care], categories: [n], identifiability: identifiable, "
                  "relationship: required, consent: implied, opt-out: "
                  "not-applicable, valid: 2025-04-01 until further notice, "
                  "law: {article-6: a, article-9: b, confidentiality: c}, "
                  "evidence: [E], approved-by: [g]}\n" % i)
END
[ "$(ropa "$work/many.yaml" --csv | wc -l)" -eq 1001 ] || fail 'rows are lost'
