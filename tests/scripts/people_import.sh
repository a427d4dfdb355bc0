#!/bin/bash
# Importing records about people: NDJSON and CSV, rejects that can be mended,
# going on after an interruption, and nothing changed by doing it again.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
export XDG_STATE_HOME=$dir/state

begin_dev

# Test numbers with the right check digit; LINES of relationships.
python3 - "$dir" 5000 <<'PY'
import sys
folder, count = sys.argv[1], int(sys.argv[2])
def number(i):
    digits = "999%06d" % i
    check = 11 - sum(int(d) * (10 - k) for k, d in enumerate(digits)) % 11
    return None if check == 10 else digits + str(check % 11)
numbers = [n for n in map(number, range(2 * count)) if n][:count]
with open(folder + "/people.ndjson", "w") as out:
    for i, n in enumerate(numbers):
        out.write('{"type":"relationship","subject":"%s","organisation":"RX1",'
                  '"role":"care-team","valid":"2025-01-01 until further notice"'
                  ',"recorded":"2025-01-01T00:00:00Z"}\n' % n)
with open(folder + "/people.csv", "w") as out:
    out.write("type,subject,organisation,role,valid,recorded\n")
    for i, n in enumerate(numbers):
        out.write('relationship,%s,RX1,care-team,2025-01-01 until further '
                  'notice,2025-01-01T00:00:00Z\n' % n)
PY

# --- once, again, and the same in the other format ------------------------
code 0 "$almoner" people import "$dir/people.ndjson" --dry-run --json
has 'd["lines"] == 5000 and d["added"] == 5000'
code 0 "$almoner" people import "$dir/people.ndjson" --reason test --json
has 'd["lines"] == 5000 and d["added"] == 5000 and d["rejected"] == 0'
"$almoner" people import - <"$dir/people.ndjson" --json >"$dir/out"
has 'd["added"] == 0 and d["known"] == 5000'
code 0 "$almoner" people import "$dir/people.csv" --json
has 'd["lines"] == 5000 and d["added"] == 0 and d["known"] == 5000'
code 9 "$almoner" people import "$dir/people.ndjson" --format csv
code 2 "$almoner" people import "$dir/people.ndjson" --format xml
[ ! -e "$dir/state/almoner" ] || [ -z "$(ls "$dir/state/almoner")" ] ||
	fail "a finished import is kept"

# --- rejects say line and reason, and can be mended and imported ----------
{ head -n 3 "$dir/people.csv"
	sed -n '4s/2025-01-01T/2025-13-01T/p' "$dir/people.csv"
	sed -n '5s/,RX1//p' "$dir/people.csv"
	head -c 70000 /dev/zero | tr '\0' x
	echo; } >"$dir/bad.csv"
code 1 "$almoner" people import "$dir/bad.csv" --rejects "$dir/rejects.csv" \
	--json
has 'd["lines"] == 5 and d["known"] == 2 and d["rejected"] == 3'
[ "$(stat -c %a "$dir/rejects.csv")" = 600 ] || fail "anybody reads rejects"
grep -q '^# line 4: ALM-1401 record-invalid: recorded: not an instant' \
	"$dir/rejects.csv" || fail "no reason in the file of rejects"
grep -q '^# line 5: ALM-1401 record-invalid: the line has too few values$' \
	"$dir/rejects.csv" || fail "no reason for a short line"
grep -q 999 "$dir/err" && fail "a number is shown"
sed -i 's/2025-13/2025-01/; s/,care-team,/,RX1,care-team,/; s/RX1,RX1/RX1/
	$d' "$dir/rejects.csv"
code 0 "$almoner" people import "$dir/rejects.csv" --json
has 'd["known"] == 2 and d["rejected"] == 0'

# --- an interruption: a broker that goes away, and then comes back --------
code 2 "$almoner" people import - --resume
stored() {
	"$almoner" status --json |
		sed -n 's/.*"people-sequence": \([0-9]*\).*/\1/p'
}
interrupt() { # interrupt NAME: an import of other records, when some are in
	local import before
	for i in $(seq 1 40); do
		sed "s/care-team/$1-$i/" "$dir/people.ndjson"
	done >"$dir/long.ndjson"
	before=$(stored)
	"$almoner" people import "$dir/long.ndjson" --json \
		>"$dir/out" 2>"$dir/err" &
	import=$!
	for _ in $(seq 2400); do
		[ "$(stored)" -lt $((before + 1000)) ] || break
	done
	kill -TERM "$import" 2>/dev/null || true
	rc=0
	wait "$import" || rc=$?
}
# One that was done before the signal came is no failure, but no test.
for name in first second third fourth; do
	interrupt $name
	[ "$rc" -eq 0 ] || break
done
[ "$rc" -ne 0 ] || fail "the import was not interrupted"
grep -q 'lines are in; --resume goes on behind them' "$dir/err" ||
	fail "nothing is said of going on"
code 0 "$almoner" people import "$dir/long.ndjson" --resume --json
has 'd["added"] + d["known"] == d["lines"]'
has 'd["lines"] + d["resumed-after-line"] == 200000'
"$almoner" status --json >"$dir/out"
has 'd["people-sequence"] >= 205000'
code 0 "$almoner" people import "$dir/people.ndjson" --resume --json
has 'd["lines"] == 5000'
kill "$dev"
wait "$dev" || true
dev=
