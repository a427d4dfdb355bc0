#!/bin/bash
# Two versions of the demo's policy, compared through the real command.
set -eu
cd "$(dirname "$0")/../.."
almoner=$ALMONER_BUILD/almoner
old=config/demo/policy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "policy_diff: $*" >&2
	exit 1
}
at='--at 2026-03-01T09:00:00Z'
diff_of() { # diff_of ARGS...: with the instant pinned
	# shellcheck disable=SC2086
	"$almoner" policy diff $at "$@"
}
mkdir "$work/new"
cp "$old"/*.yaml "$work/new"

# Nothing differs from itself.
diff_of "$old" "$work/new" --json >"$work/out"
python3 - "$work/out" <<'END' || fail 'a bundle differs from itself'
import json, sys
doc = json.load(open(sys.argv[1]))
assert doc["schema"] == "almoner.policy.diff/1"
assert doc["rows"] == []
END

# One agreement loses a sender and gains recipients; another asks less.
python3 - "$work/new/50-agreements.yaml" <<'END'
import sys
path = sys.argv[1]
text = open(path).read()
for old, new in (
    ("from: [RX1, RK5]\n    to: [RHA]",
     "from: [RX1]\n    to: [RHA, kind:gp-practice]"),
    ("location-withheld: refuse", "location-withheld: strip")):
    assert text.count(old) >= 1, old
    text = text.replace(old, new, 1)
open(path, "w").write(text)
END
diff_of "$old" "$work/new" --json >"$work/out"
diff_of "$old" "$work/new" --cells --limit 0 --jsonl >"$work/cells"
python3 - "$work/out" "$work/cells" <<'END' || fail 'the changes are not told'
import collections, json, sys
rows = json.load(open(sys.argv[1]))["rows"]
by = {r["change"]: r for r in rows}
assert sorted(by) == ["gained", "lost", "widened"] and len(rows) == 3, rows
assert by["gained"]["from"] == "RX1"
assert by["gained"]["to"] == "kind:gp-practice"
assert by["gained"]["level-before"] == ""
assert by["gained"]["level-after"] == "identifiable"
assert by["lost"]["from"] == "RK5" and by["lost"]["to"] == "RHA"
assert by["widened"]["terms"] == "location-withheld refuse->strip"
cells = [json.loads(line) for line in open(sys.argv[2])]
count = collections.Counter(c["change"] for c in cells)
assert count == {r["change"]: r["cells"] for r in rows}, count
keys = [(c["basis"], c["from"], c["to"], c["purpose"], c["category"])
        for c in cells]
assert len(set(keys)) == len(keys)
assert all(c["from"] != c["to"] for c in cells)
END

# Filters and limits.
[ "$(diff_of "$old" "$work/new" --change lost --csv | wc -l)" -eq 2 ] ||
	fail '--change does not select'
[ "$(diff_of "$old" "$work/new" --basis DSA-02-psycho-oncology --csv |
	wc -l)" -eq 3 ] || fail '--basis does not select'
diff_of "$old" "$work/new" --cells --limit 5 --csv >"$work/out" 2>"$work/err"
[ "$(wc -l <"$work/out")" -eq 6 ] || fail '--limit does not bound'
grep -q 'more rows are not shown' "$work/err" || fail 'the rest is not told'

# What is wrong is said, and nothing is compared.
exit_of() { # exit_of EXPECTED COMMAND...
	expected=$1
	shift
	rc=0
	"$@" >"$work/out" 2>"$work/err" || rc=$?
	[ "$rc" -eq "$expected" ] || fail "exit $rc, not $expected: $*"
}
exit_of 2 diff_of "$old"
exit_of 2 diff_of "$old" "$work/new" --change gaind
exit_of 3 diff_of "$old" "$work/absent"
sed -i 's/location-withheld: strip/location-withheld: stripp/' \
	"$work/new/50-agreements.yaml"
exit_of 9 diff_of "$old" "$work/new"
grep -Eq "^50-agreements.yaml:[0-9]+:[0-9]+: .*strip" "$work/err" ||
	fail "no place: $(cat "$work/err")"
[ ! -s "$work/out" ] || fail 'compared in spite of a bad bundle'
