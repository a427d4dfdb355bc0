#!/bin/bash
# Messages through a real broker, then what other policies would have made of
# them: nothing, more, less, and what cannot be replayed.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000018
# has EXPRESSION: of the document `d` in the last output
has() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
rows = {(r["change"], r["code-before"], r["code-after"]): r for r in d["rows"]}
assert len(rows) == len(d["rows"])
sys.exit(0 if eval(sys.argv[2]) else 1)' "$dir/out" "$1" ||
		fail "not so: $1"
}
# edit NAME OLD NEW: a copy of the policy with one text exchanged
edit() {
	rm -rf "${dir:?}/$1"
	cp -r config/demo/policy "$dir/$1"
	rm "$dir/$1/90-tests.yaml"
	python3 - "$dir/$1/50-agreements.yaml" "$2" "$3" <<'END'
import sys
path, old, new = sys.argv[1:]
text = open(path).read()
assert old in text, old
open(path, "w").write(text.replace(old, new, 1))
END
}
impact() { # impact FOLDER ARGS...
	code 0 "$almoner" policy impact "$@" --json
	! grep -q "$number\|9990000123" "$dir/out" "$dir/err" ||
		fail 'a number is shown'
}

begin_dev --keep
folder=$(json 'd["folder"]')
sender=$(json 'd["sender-context"]')

echo 'Seen today.' >"$dir/payload"
send() { # send CODE SUBJECT ARGS...
	local wanted=$1 subject=$2
	shift 2
	echo "$subject" | code "$wanted" "$almoner" send -c "$sender" \
		--to C84001 --purpose direct-care --level identifiable \
		--subject - --payload "$dir/payload" "$@"
}
send 0 $number --category treatment-summary
send 0 $number --category treatment-summary --category medications
send 0 $number --category treatment-summary --basis DSA-01-treatment-summary
send 4 9990000123 --category treatment-summary
send 4 9990000123 --category treatment-summary --basis DSA-01-treatment-summary
send 4 $number --category treatment-summary --basis DSA-99
send 4 $number --category no-such-thing
# Let through for what the request itself says: it must be said again.
send 0 9990000123 --category treatment-summary --relationship referral \
	--relationship-ref 'UBRN 1'
send 0 9990000123 --category treatment-summary --override emergency \
	--override-by 'Dr A' --override-reason 'unconscious'
code 0 "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
	--level identifiable --payload "$dir/payload" --category diagnosis \
	--subject-unknown 'no papers' --relationship referral \
	--relationship-ref 'UBRN 2'

# The same policy changes nothing, and the log says what it said.
impact config/demo/policy --since 1d --reason 'before the board'
has 'd["schema"] == "almoner.policy.impact/1" and d["rows"] == []'
has 'd["replayed"] == 10 and d["changed"] == 0 and d["drifted"] == 0'
has 'd["not-whole"] == d["malformed"] == d["erased"] == d["damaged"] == 0'
code 0 "$almoner" audit query --kind audit-queried --reveal --reason test --json
grep -q 'before the board' "$dir/out" || fail 'the question is not recorded'

# An agreement that asks less: those whom it refused would be heard.
edit easier 'relationship: required' 'relationship: not-required'
impact "$dir/easier"
has 'd["changed"] == 3 and d["drifted"] == 0'
# The override would have had no effect, and nobody would have to review it.
has 'rows["altered", 0, 0]["requests"] == 1'
has 'rows["gained", 4501, 0]["requests"] == 2'
has 'rows["gained", 4501, 0]["sender"] == "RX1"'
has 'rows["gained", 4501, 0]["recipient"] == "C84001"'
has 'rows["gained", 4501, 0]["purpose"] == "direct-care"'
has 'rows["gained", 4501, 0]["reason-before"] == "no-relationship"'

# One that is suspended: what went out would not, and another reason is given.
edit suspended 'title: Discharge and end-of-treatment summaries' \
	'status: suspended
    title: Discharge and end-of-treatment summaries'
impact "$dir/suspended" --since 1d
has 'd["changed"] == 8'
has 'rows["lost", 0, 4303]["requests"] == 6 and rows["lost", 0, 4303]["basis-after"] == ""'
has 'rows["other-reason", 4501, 4303]["requests"] == 2'

# Fewer categories: less would go out.
edit fewer 'categories: [treatment-summary, diagnosis, medications, contact]' \
	'categories: [treatment-summary, diagnosis, contact]'
impact "$dir/fewer"
has 'd["changed"] == 1 and rows["narrowed", 0, 1]["requests"] == 1'

# A word that the policy lacks may be in the other one.
cp -r "$dir/easier" "$dir/words"
sed -i 's/^categories:$/categories:\n  - {id: no-such-thing}/' \
	"$dir/words/10-kinds-purposes-categories.yaml"
impact "$dir/words"
has 'rows["other-reason", 4104, 4305]["requests"] == 1'

# At a time when the agreement is over, both refuse: the log differs, they do
# not.
impact "$dir/easier" --at 2030-06-01
has 'd["changed"] == 0 and d["drifted"] == 6'

# The range of the log.
impact config/demo/policy --until 2020-01-01
has 'd["replayed"] == 0'
impact config/demo/policy --since 2020-01-01
has 'd["replayed"] == 10'

# What is wrong with the files or the words is said.
edit bad 'relationship: required' 'relationship: requird'
code 9 "$almoner" policy impact "$dir/bad"
grep -q "50-agreements.yaml: *[0-9]*: *[0-9]*.*did you mean 'required'" \
	"$dir/err" || fail 'no place of the fault'
code 2 "$almoner" policy impact config/demo/policy --since yesterday
# Decimals count: from the last record on there is none that is replayed.
impact config/demo/policy --since 2020-01-01T00:00:00.25Z \
	--until 2020-01-01T00:00:00.5Z --at 2026-12-01T09:00:00.75Z
has 'd["replayed"] == 0 and d["at"].startswith("2026-12-01T09:00:00")'
code 3 "$almoner" policy impact "$dir/absent"

# Nothing was changed by all that.
code 0 "$almoner" policy show --json
python3 -c 'import json, sys
sys.exit(json.load(open(sys.argv[1]))["epoch"] != 1)' "$dir/out" ||
	fail 'the policy was changed'

# What the broker keeps can be compared by its number.
code 0 "$almoner" policy diff active "$dir/easier" --json
has_rows() { # has_rows EXPRESSION
	python3 -c 'import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
sys.exit(0 if eval(sys.argv[2]) else 1)' "$dir/out" "$1" || fail "not so: $1"
}
has_rows 'len(rows) == 1 and rows[0]["change"] == "widened"'
code 0 "$almoner" policy diff 1 active --json
has_rows 'rows == []'
code 0 "$almoner" policy activate "$dir/easier" --reason test
code 0 "$almoner" policy diff 1 2 --json
has_rows 'rows[0]["terms"].startswith("relationship required->not-required")'
code 3 "$almoner" policy diff 1 99
code 0 "$almoner" policy ropa active --csv --quiet
grep -q '^DSA-01' "$dir/out" || fail 'no record of what is in force'
code 0 "$almoner" policy graph 1
grep -q '^digraph "nottinghamshire" {' "$dir/out" || fail 'no graph'
code 3 "$almoner" policy diff proposal:1 active

kill -TERM "$dev"
wait "$dev" || fail 'dev did not end well'
dev=
code 0 "$almoner" audit verify --store "$folder/store" \
	--key "$folder/store.key"
