#!/bin/bash
# Decisions as at a past date, by a real broker: those of the offline rule,
# then both clocks: the policy in force then, and what was recorded by then.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
almoner=$build/almoner
data=tests/data/policy
dir=$(mktemp -d)
dev=
trap '[ -z "$dev" ] || kill "$dev" 2>/dev/null || true; wait || true
	rm -rf "$dir"' EXIT
fail() {
	echo "policy_at.sh: $*" >&2
	cat "$dir/err" >&2 || true
	exit 1
}
code() {
	local wanted=$1 rc=0
	shift
	"$@" >"$dir/out" 2>"$dir/err" || rc=$?
	[ "$rc" -eq "$wanted" ] || fail "exit $rc, not $wanted: $*"
}
fact() { sed -n "s/^  \"$1\": \"\\(.*\\)\",*$/\\1/p" "$2"; }
now() { "$almoner" status --json | sed -n 's/^  "now": "\(.*\)\..*Z",$/\1Z/p'; }
# The broker's clock, and so the test, goes on to another second.
next_second() {
	local last
	last=$(now)
	while [ "$(now)" = "$last" ]; do :; done
}
decide() { "$almoner" policy decide --reason test --at "$@"; }

mkfifo "$dir/ready"
TMPDIR=$dir "$almoner" dev --bare --keep --quiet --json >"$dir/ready" &
dev=$!
sed '/^}$/q' <"$dir/ready" >"$dir/start"
ALMONER_ADMIN=$(fact admin "$dir/start")
export ALMONER_ADMIN

before=$(now)
next_second
code 3 decide "$before" <"$data/requests.ndjson"
code 0 "$almoner" policy activate "$data" --reason test
code 0 "$almoner" people import "$data/people.ndjson"
next_second
code 0 decide "$(now)" <"$data/requests.ndjson"
mv "$dir/out" "$dir/got"
# What a request says of epochs is answered by those of the broker.
same='s/,"epoch":[0-9]*,"seq":[0-9]*}$//'
paste -d '\t' "$data/requests.ndjson" "$dir/got" | grep -v not-before |
	cut -f 2 | sed "$same" >"$dir/broker"
# The sandbox takes checks of the opt-out that are a year old.
"$almoner" policy decide --bundle "$data" --people "$data/people.ndjson" \
	--max-opt-out-age 8760h <"$data/requests.ndjson" >"$dir/offline"
paste -d '\t' "$data/requests.ndjson" "$dir/offline" |
	grep -v not-before | cut -f 2 | sed "$same" >"$dir/rule"
[ "$(wc -l <"$dir/rule")" -gt 50 ] || fail "too few requests"
diff "$dir/rule" "$dir/broker" || fail "the broker decides otherwise"
grep -q '"epoch":1,"seq":[1-9]' "$dir/got" || fail "no epoch, no sequence"
code 2 decide "$before" --bundle "$data" </dev/null
code 2 "$almoner" policy decide --at "$before" <"$data/requests.ndjson"
grep -q ALM-6004 "$dir/err" || fail "no reason was asked for"
code 2 "$almoner" policy decide </dev/null
code 0 decide "$(now)" </dev/null

# --- one clock: the policy of then -------------------------------------------
first=$(now)
request=$(grep -n '"effect":"permit"' "$dir/got" | head -n 1)
number=${request%%:*}
basis=$(echo "$request" | sed 's/.*"basis":"\([^"]*\)".*/\1/')
sed -n "${number}p" "$data/requests.ndjson" >"$dir/one"
next_second
sed "/id: $basis\$/,/status:/ s/status: .*//
	/id: $basis\$/a\\    status: suspended" "$data/20-rules.yaml" \
	>"$dir/20-rules.yaml"
code 0 "$almoner" policy activate "$data/10-words.yaml" "$dir/20-rules.yaml" \
	--reason test
next_second
code 0 decide "$(now)" <"$dir/one"
grep -q '"effect":"deny".*"epoch":2' "$dir/out" || fail "the old policy holds"
code 0 decide "$first" <"$dir/one"
grep -q '"effect":"permit".*"epoch":1' "$dir/out" || fail "not the policy of then"

# --- the other: what was recorded by then --------------------------------------
sed 's/"recorded":"[^"]*"/"recorded":"2040-01-01T00:00:00Z"/
	s/"id":"\([^"]*\)"/"id":"\1.late"/' "$data/people.ndjson" >"$dir/late"
sed 's/"at":"[^"]*"/"at":"2050-01-01T00:00:00Z"/' "$data/requests.ndjson" \
	>"$dir/later"
code 0 decide "$(now)" <"$dir/later"
sed "$same" "$dir/out" >"$dir/without"
code 0 "$almoner" people import "$dir/late"
code 0 decide "$(now)" <"$dir/later"
sed "$same" "$dir/out" | diff "$dir/without" - ||
	fail "what was recorded later was known before"
code 0 decide 2045-01-01T00:00:00Z <"$dir/later"
sed "$same" "$dir/out" | cmp -s "$dir/without" - &&
	fail "what was recorded by then is not known"

# --- who asked ------------------------------------------------------------------
code 0 "$almoner" audit query --kind audit-queried --limit 1000 \
	--reason "a test" --jsonl
[ "$(wc -l <"$dir/out")" -gt 100 ] || fail "questions are not recorded"
