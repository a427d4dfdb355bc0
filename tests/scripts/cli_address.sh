#!/bin/bash
# One message to several, and the directory, as an agent and as an operator.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000018

begin_dev
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')

# --- the directory ----------------------------------------------------------
code 0 "$almoner" org find --json
has 'd["schema"] == "almoner.org.find/1"'
everybody=$(json 'len(d["rows"])')
code 0 "$almoner" org find -c "$sender" --json
has '"C84001" in [r["id"] for r in d["rows"]]'
[ "$(json 'len(d["rows"])')" -le "$everybody" ] || fail "an agent sees more"
code 0 "$almoner" org find -c "$sender" c84001 --group ics-QT1 --json
has '[r["id"] for r in d["rows"]] == ["C84001"]'
has '"ics-QT1" in d["rows"][0]["groups"].split(",")'
code 0 "$almoner" org find -c "$sender" --kind gp-practice --group ics-QT1 --json
practices=$(json 'len(d["rows"])')
[ "$practices" -ge 2 ] || fail "too few practices"
code 0 "$almoner" org find -c "$sender" 'no such name' --json
has 'd["rows"] == []'

# --- to several -------------------------------------------------------------
echo 'Seen today.' >"$dir/payload"
words=(--purpose direct-care --level identifiable --category treatment-summary
	--subject - --payload "$dir/payload")
echo $number | code 4 "$almoner" send -c "$sender" "${words[@]}" --json \
	--to kind:gp-practice@group:ics-QT1 --to NOBODY
has 'd["schema"] == "almoner.send-to-several/1"'
has "len(d[\"rows\"]) == $practices + 1"
has '[r["outcome"] for r in d["rows"] if r["recipient"] == "C84001"] == ["accepted"]'
has '[r["code"] for r in d["rows"] if r["recipient"] == "NOBODY"] == ["ALM-4203"]'
has 'all(r["hint"] for r in d["rows"] if r["outcome"] == "refused")'
grep -q '"code":"ALM-4501".*C84009; in all [0-9]* of' "$dir/err" ||
	fail "a refusal of some looks like success"
id=$(json 'd["id"]')
echo $number | code 4 "$almoner" send -c "$sender" "${words[@]}" --id "$id" \
	--to kind:gp-practice@group:ics-QT1 --to NOBODY --json
has 'd["duplicate"] == "yes"'
code 0 "$almoner" recv -c "$receiver" 1 --timeout 300s --dir "$dir/in" --json
cmp -s "$dir/payload" "$(json 'd["rows"][0]["payload"]')" ||
	fail "another payload came"
code 0 "$almoner" audit query --message "$id" --kind sent-to-several --json
has 'len(d["rows"]) == 1'
code 0 "$almoner" trace "$id"
grep -q 'sent to several, decided for each' "$dir/out" || fail "not in words"
code 0 "$almoner" audit query --message "$id" --kind refused --json
has '"NOBODY" in [r["recipient"] for r in d["rows"]]'

# What can be tried again, and when; what is refused for good weighs more.
printf '%s' '{"type":"relationship","subject":"'$number'",' \
	'"organisation":"C84009","role":"gp","recorded":"2025-01-01T00:00:00Z",' \
	'"valid":"2025-01-01 until further notice"}' >"$dir/people"
code 0 "$almoner" people import "$dir/people" --reason test
echo $number | code 0 "$almoner" send -c "$sender" "${words[@]}" \
	--to C84001 --to C84009
code 0 "$almoner" mailbox limit C84001 --messages 1 --reason 'a test'
echo $number | code 7 "$almoner" send -c "$sender" "${words[@]}" --json \
	--to C84001 --to C84009
has '[r["outcome"] for r in d["rows"]] == ["refused", "accepted"]'
has 'd["rows"][0]["retry-after-ms"] > 0 and d["rows"][0]["retry-after"] != ""'
has 'd["rows"][1]["retry-after-ms"] is None'
grep -q '"retryable":true,"retry_after_ms":' "$dir/err" || fail "no retry"
echo $number | code 4 "$almoner" send -c "$sender" "${words[@]}" --json \
	--to C84001 --to C84009 --to NOBODY
grep -q '"code":"ALM-4203".*NOBODY; in all 2 of 3' "$dir/err" ||
	fail "what can be tried again hides what cannot"
code 0 "$almoner" mailbox limit C84001 --messages 0 --reason 'a test'

# --- refusals ---------------------------------------------------------------
echo $number | code 4 "$almoner" send -c "$sender" "${words[@]}" \
	--to NOBODY --to NEITHER --json
echo $number | code 3 "$almoner" send -c "$sender" "${words[@]}" \
	--to group:none --json
grep -q ALM-1331 "$dir/err" || fail "not refused as an unknown group"
echo $number | code 2 "$almoner" send -c "$sender" "${words[@]}" \
	--to kind:gp-practice --json
grep -q ALM-1330 "$dir/err" || fail "not refused as malformed"
echo $number | code 2 "$almoner" send -c "$sender" "${words[@]}" \
	--to C84001 --to RK5 --relationship referral --relationship-ref 1
