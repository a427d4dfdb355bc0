#!/bin/bash
# Replay the golden requests through the real command, then its edges.
set -eu
cd "$(dirname "$0")/../.."
almoner=$ALMONER_BUILD/almoner
data=tests/data/policy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "policy_decide: $*" >&2
	exit 1
}
decide() {
	"$almoner" policy decide --bundle "$data/10-words.yaml" \
		--bundle "$data/20-rules.yaml" "$@"
}
exit_of() { # exit_of EXPECTED COMMAND...
	expected=$1
	shift
	rc=0
	"$@" >"$work/out" 2>"$work/err" || rc=$?
	[ "$rc" -eq "$expected" ] || fail "exit $rc, not $expected: $*"
}

decide --people "$data/people.ndjson" <"$data/requests.ndjson" >"$work/got"
diff "$data/decisions.ndjson" "$work/got" || fail 'decisions differ'

# The order of the files on the command line does not matter.
"$almoner" policy decide --people "$data/people.ndjson" \
	--bundle "$data/20-rules.yaml" "$data/10-words.yaml" \
	<"$data/requests.ndjson" | cmp - "$work/got"
# A folder stands for its files.
"$almoner" policy decide --people "$data/people.ndjson" --bundle "$data" \
	<"$data/requests.ndjson" | cmp - "$work/got"

# A setting changes what is too old.
grep '"v42"' "$data/requests.ndjson" |
	decide --people "$data/people.ndjson" --max-opt-out-age 60d |
	grep -q '"effect":"permit"' || fail 'the age is not taken'

# One bad record refuses the file and nothing is decided.
for bad in '{"type":"flag"}' '{' '[]' \
	'{"type":"opt-out","subject":"9990000018","list":"national","state":"clear","as-of":"2026-01-03T00:00:00Z","recorded":"2026-01-02T00:00:00Z"}' \
	'{"type":"opt-out","subject":"9990000018","list":"national","list":"national","state":"clear","as-of":"2026-01-01T00:00:00Z","recorded":"2026-01-02T00:00:00Z"}' \
	'{"type":"flag","subject":"9990000018","flag":"location-withheld","valid":"2025-04-01 until further notice","recorded":"2026-01-02T00:00:00Z","id":"x"}'; do
	{
		cat "$data/people.ndjson"
		printf '%s\n' "$bad"
	} >"$work/people"
	exit_of 9 decide --people "$work/people" <"$data/requests.ndjson"
	[ ! -s "$work/out" ] || fail 'decided in spite of a bad record'
	grep -q ':14: ' "$work/err" || fail "no line: $(cat "$work/err")"
	grep -q 9990000018 "$work/err" && fail 'a number leaks'
done

# A bad bundle decides nothing.
sed 's/then: withhold/then: withold/' "$data/20-rules.yaml" >"$work/20.yaml"
exit_of 9 "$almoner" policy decide --bundle "$data/10-words.yaml" \
	"$work/20.yaml" <"$data/requests.ndjson"
[ ! -s "$work/out" ] || fail 'decided in spite of a bad bundle'
grep -q "20.yaml:9:11: ALM-5007 word-unknown: .*'withhold'" "$work/err" ||
	fail "not named: $(cat "$work/err")"

# More records than a person may have: no decision (903).
for i in $(seq 1 4097); do
	printf '{"type":"flag","subject":"9990000018","flag":"location-withheld","valid":"2025-04-01 until further notice","recorded":"2026-01-02T00:00:00Z"}\n'
done >"$work/many"
head -n 1 "$data/requests.ndjson" | decide --people "$work/many" |
	grep -q '"code":903' || fail 'no 903'

# A line over the limit is one malformed request, and the stream goes on.
{
	head -c 300000 /dev/zero | tr '\0' 'x'
	echo
	head -n 1 "$data/requests.ndjson"
} | decide --people "$data/people.ndjson" >"$work/out"
[ "$(wc -l <"$work/out")" -eq 2 ] || fail 'a long line is not one answer'
head -n 1 "$work/out" | grep -q '^{"id":null,.*"code":101' || fail 'no 101'
tail -n 1 "$work/out" | grep -q '"effect":"permit"' || fail 'the stream ended'

# No newline at the end; CRLF.
printf '%s' "$(head -n 1 "$data/requests.ndjson")" |
	decide --people "$data/people.ndjson" | grep -q permit
sed 's/$/\r/' "$data/requests.ndjson" |
	decide --people "$data/people.ndjson" | cmp - "$work/got"

# A word that the bundle lacks is warned of; the answers are as they are.
{
	cat "$data/people.ndjson"
	echo '{"type":"directive","id":"R-LOST","subject":"9990000115","authority":"patient","scope":"s","recorded":"2026-01-02T00:00:00Z","effect":"deny","purposes":["any"],"categories":["lost-word"],"to":["any"],"valid":"2026-01-01 until further notice"}'
} >"$work/people"
decide --people "$work/people" <"$data/requests.ndjson" 2>"$work/err" |
	cmp - "$work/got"
grep -q "1 directives name words that the bundle lacks, such as 'lost-word' in 'R-LOST'" \
	"$work/err" || fail 'no warning of a lost word'
decide --people "$work/people" --quiet <"$data/requests.ndjson" \
	2>"$work/err" >"$work/out"
[ ! -s "$work/err" ] || fail 'a warning in spite of --quiet'

# Each answer comes before the next question.
coproc decide --people "$data/people.ndjson"
for i in 1 2 3; do
	head -n 1 "$data/requests.ndjson" >&"${COPROC[1]}"
	read -r -t 120 line <&"${COPROC[0]}" || fail 'no answer over the pipe'
	[[ $line == *permit* ]] || fail "unexpected: $line"
done
