#!/bin/bash
# What others read: a FHIR Bundle and OCSF events of a real log, against rules
# that are written down apart from the code, live and from the store.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000018

begin_dev --keep
folder=$(json 'd["folder"]')
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')
echo 'Seen today.' >"$dir/payload"
send() {
	echo "$1" | "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
		--level identifiable --category treatment-summary --subject - \
		--payload "$dir/payload" >"$dir/out" 2>"$dir/err"
}
send $number || fail "it was not sent"
send 9990000123 && fail "nobody's subject was taken"
code 0 "$almoner" recv -c "$receiver" 1 --timeout 300s --dir "$dir/in"
code 0 "$almoner" audit query --limit 5

# A question that is refused is one too, and a failure in every format.
code 2 "$almoner" audit query -c "$sender" --after 00 --reason fishing
code 0 "$almoner" audit query --code cursor-invalid --format fhir
has '[e["resource"]["outcome"] for e in d["entry"]] == ["8"]'
code 0 "$almoner" audit query --code cursor-invalid --format ocsf
has 'd["status_id"] == 2 and d["class_uid"] == 6005'
# The log says when it was verified, and what was found.
code 0 "$almoner" audit verify --key "$folder/store.key" --json
size=$(json 'd["size"]')
code 0 "$almoner" audit query --kind verification --reveal --reason test --json
has 'len(d["rows"]) == 1 and "what: verified" in d["rows"][0]["detail"]'
has '"head: '"$size"':" in d["rows"][0]["detail"]'

code 0 "$almoner" audit query --limit 0 --format fhir
cp "$dir/out" "$dir/live.json"
events=$(tests/formats/check_fhir.py "$dir/live.json") || fail "no valid Bundle"
[ "$events" -gt 10 ] || fail "$events events"
cp "$dir/live.json" "$dir/out"
has 'all("altId" not in a for e in d["entry"] for a in e["resource"]["agent"]
	if e["resource"].get("meta") and a["who"]["identifier"]["value"] == "RX1")'
grep -q 'v3-ActReason","code":"TREAT"' "$dir/live.json" ||
	fail "no purpose in the words of HL7"
grep -q PrivacyDisclosure.Source "$dir/live.json" || fail "no disclosure"
grep -q "$number" "$dir/live.json" && fail "a number in clear"
code 0 "$almoner" audit query --limit 0 --format ocsf
classes=$(tests/formats/check_ocsf.py "$dir/out") || fail "no valid events"
[ "$classes" = "3004 6002 6003 6005" ] || fail "classes $classes"
code 0 "$almoner" audit query --from NOBODY --format fhir
[ "$(cat "$dir/out")" = '{"resourceType":"Bundle","type":"collection"}' ] ||
	fail "an empty Bundle"
grep -q 'no record matches' "$dir/err" || fail "an empty answer in silence"
code 2 "$almoner" audit query --since 1h --until 2h
code 2 "$almoner" audit query --format fhir --json
code 2 "$almoner" audit query --format xml
echo $number | code 0 "$almoner" audit query --person - --reason test --reverse \
	--limit 0 --format fhir
grep -q '"code":"delivered"' "$dir/out" || fail "the hand-over is missing"

# A reason of the rule is one code, with its 4000 or without, here and there.
code 0 "$almoner" audit query --code 501 --limit 0 --jsonl
# What holds a record grows in time: the head may not be signed yet.
without_evidence() {
	sed 's/"evidence":"[a-z-]*"/"evidence":""/' "$dir/out"
}
without_evidence >"$dir/by-code"
[ -s "$dir/by-code" ] || fail "no refusal without a relationship"

kill -TERM "$dev"
wait "$dev" || fail "dev did not end well"
dev=
code 0 "$almoner" audit query --store "$folder/store" --key "$folder/store.key" \
	--code 501 --limit 0 --jsonl
without_evidence | cmp -s - "$dir/by-code" || fail "the store answers otherwise"
code 0 "$almoner" audit query --store "$folder/store" --key "$folder/store.key" \
	--limit 0 --format fhir
tests/formats/check_fhir.py "$dir/out" >/dev/null || fail "no valid Bundle"
grep -q 'v3-ActReason","code":"TREAT"' "$dir/out" ||
	fail "no purpose in the words of HL7 from the store"
code 0 "$almoner" audit query --store "$folder/store" --key "$folder/store.key" \
	--limit 0 --format ocsf
tests/formats/check_ocsf.py "$dir/out" >/dev/null || fail "no valid events"
