#!/bin/bash
# Opt-out lists: all or nothing, newer only, a practice's own, in bands, and
# an alarm when they are old.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
known() { # known NUMBER: the opt-outs that count
	echo "$1" | code 0 "$almoner" people show - --reason test --json
	json '" ".join(sorted(r["id"] + ":" + r["effect"] for r in d["rows"]
		if r["type"] == "opt-out"))'
}

begin_dev
list() { # list CODE FILE AS-OF MORE...
	local wanted=$1
	shift
	code "$wanted" "$almoner" people import-list "$1" --as-of "$2" \
		--reason test --json "${@:3}"
}
days() { date -u -d "$1 days ago" +%Y-%m-%dT%H:%M:%SZ; }

printf '9990000093,\n9990000107,\n' >"$dir/first.dat"
printf '9990000107,\n' >"$dir/second.dat"

# --- all or nothing --------------------------------------------------------
printf '9990000093,\r\n' >"$dir/cr.dat"
printf '9990000093,\n9990000107,' >"$dir/cut.dat"
printf '9990000093,\nERROR: malformed\n' >"$dir/error.dat"
: >"$dir/empty.dat"
for bad in cr cut error empty; do
	list 9 "$dir/$bad.dat" "$(days 3)"
	grep -q ALM-1406 "$dir/err" || fail "$bad: another refusal"
	grep -q 99900 "$dir/err" && fail "$bad: a number is shown"
done
grep -q 'line 2' "$dir/err" || [ "$bad" = empty ] || fail "no line"
list 2 "$dir/first.dat" 2099-01-01
list 0 "$dir/first.dat" "$(days 3)" --dry-run
list 0 "$dir/first.dat" "$(days 3 | sed 's/Z$/.250Z/')" --dry-run
has 'd["as-of"].endswith("Z") and "." not in d["as-of"]'
code 0 "$almoner" people lists --json
has 'd["rows"] == []'

# --- a list, a newer one, and who is not on it -----------------------------
list 0 "$dir/first.dat" "$(days 400)"
code 0 "$almoner" status --json
has 'd["opt-out-list"] == "stale"'
first=$(days 3)
list 0 "$dir/first.dat" "$first"
has 'd["persons"] == "*"'
[ "$(known 9990000093)" = national:clear ] || fail "not clear"
list 6 "$dir/second.dat" "$first"
grep -q ALM-1407 "$dir/err" || fail "another refusal of an older list"
list 0 "$dir/second.dat" "$(days 2)"
[ -z "$(known 9990000093)" ] || fail "absent is clear"
[ "$(known 9990000107)" = national:clear ] || fail "not clear"
code 0 "$almoner" status --json
has 'd["opt-out-list"] == "in use"'
code 0 "$almoner" people lists --json
has '[(r["list"], r["state"], r["persons"]) for r in d["rows"]]
	== [("national", "in use", "*")]'

# --- a practice's own ------------------------------------------------------
list 3 "$dir/first.dat" "$(days 1)" --list type-1 --source RX1
grep -q ALM-1409 "$dir/err" || fail "a trust has type-1 objections"
list 0 "$dir/first.dat" "$(days 1)" --list type-1 --source C84001
[ "$(known 9990000093)" = type-1:objected ] || fail "no objection"
code 0 "$almoner" audit query --kind opt-out-list --reveal --reason test --json
has 'len(d["rows"]) == 8'
has 'all("persons: *" in r["detail"] for r in d["rows"])'
kill "$dev"
wait "$dev" || true
dev=
