#!/bin/bash
# The commands against a real daemon: almoner dev, then messages, questions,
# dry runs, masking, and verification of a whole and a damaged store.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000018

begin_dev --keep
has 'd["schema"] == "almoner.dev/1"'
has 'd["endpoint"].startswith("tcp://127.0.0.1:")' # not as IPv6 has it
folder=$(json 'd["folder"]')
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')

size() {
	"$almoner" audit head --json >"$dir/out"
	json 'd["size"]'
}

# --- messages --------------------------------------------------------------
words=(--to C84001 --purpose direct-care --level identifiable)
echo 'Seen today.' >"$dir/payload"
echo $number | code 0 "$almoner" send -c "$sender" "${words[@]}" \
	--category treatment-summary --subject - --payload "$dir/payload" --json
has 'd["schema"] == "almoner.send/1" and d["basis"].startswith("DSA-01")'
echo $number | code 0 "$almoner" send -c "$sender" "${words[@]}" \
	--category treatment-summary --subject - --payload "$dir/payload" --dry-run
echo 'not ten digits' | code 2 "$almoner" send -c "$sender" "${words[@]}" \
	--category treatment-summary --subject - --payload "$dir/payload"
echo 9990000123 | code 4 "$almoner" send -c "$sender" "${words[@]}" \
	--category treatment-summary --subject - --payload "$dir/payload" --json
grep -q '"code":"ALM-4[0-9]*"' "$dir/err" || fail "no coded refusal"
grep -q '"trace_id":"[0-9a-f-]*"' "$dir/err" || fail "no trace id"
code 0 "$almoner" mailbox list --json
has '[r for r in d["rows"] if r["organisation"] == "C84001"][0]["messages"] == 1'
code 0 "$almoner" recv -c "$receiver" 1 --timeout 300s --dir "$dir/in" --json
has 'd["rows"][0]["subject"] == "999 *** **18"'
cmp -s "$dir/payload" "$(json 'd["rows"][0]["payload"]')" ||
	fail "another payload came"
code 7 "$almoner" recv -c "$receiver" 1 --timeout 1s

# --- questions -------------------------------------------------------------
code 0 "$almoner" status --json
has 'd["schema"] == "almoner.status/1" and d["accepted"] == 1'
code 0 "$almoner" org show RX1 --json
has 'd["kind"] == "nhs-trust"'
code 3 "$almoner" org show NOBODY
code 2 "$almoner" org show R
code 0 "$almoner" audit query --effect deny --json
has 'len(d["rows"]) == 1 and d["rows"][0]["kind"] == "refused"'
code 0 "$almoner" audit query --from RX1 --to C84001 --jsonl
[ "$(wc -l <"$dir/out")" -ge 3 ] || fail "too few rows"
code 0 "$almoner" audit query --limit 2 --csv
[ "$(wc -l <"$dir/out")" -eq 3 ] || fail "not two rows and a heading"
cursor=$(sed -n 's/.*--after //p' "$dir/err")
code 2 "$almoner" audit query --kind refused --after "$cursor"
grep -q ALM-6003 "$dir/err" || fail "the cursor of another question was taken"
code 0 "$almoner" audit query --limit 1 --after "$cursor" --json
has 'd["rows"][0]["seq"] == 3'
# An agent, about its own organisation's, with proofs.
# A head that covers them is signed within a second.
is_proven() {
	"$almoner" audit query -c "$receiver" --to C84001 --proof --limit 1 \
		--json && grep -q '"leaf":' "$dir/out"
}
until_ok is_proven
has 'd["rows"][0]["recipient"] == "C84001" and len(d["rows"][0]["leaf"]) == 64'
has 'd["rows"][0]["kind"] in ("delivered", "acknowledged")'
cursor=$(json 'd["cursor"]')
code 2 "$almoner" audit query --to C84001 --limit 1 --after "$cursor"
code 0 "$almoner" audit query -c "$receiver" --to C84001 --limit 1 --after "$cursor" --json
code 0 "$almoner" audit tail -c "$sender" --lines 2 --jsonl
grep -q '"sender":"RX1"' "$dir/out" || fail "not its own"
code 5 "$almoner" audit query -c "$receiver" --reveal --reason test
code 2 "$almoner" audit query --person $number
grep -q ALM-6004 "$dir/err" || fail "no reason was asked for"
echo $number | code 0 "$almoner" audit query --person - --reason test \
	--kind accepted --json
has 'len(d["rows"]) == 1'
echo $number | code 0 "$almoner" people show - --reason test --json
has 'd["subject"] == "999 *** **18" and len(d["rows"]) > 0'
grep -q $number "$dir/out" "$dir/err" && fail "the number is shown"
echo $number | code 0 "$almoner" people show - --reason test --reveal
grep -q $number "$dir/out" || fail "--reveal does not reveal"

# --- changes: a dry run changes nothing, the same again is known -----------
policy=config/demo/policy
epoch=$("$almoner" policy show --json | sed -n 's/.*"epoch": \([0-9]*\).*/\1/p')
code 0 "$almoner" policy activate $policy --reason test --dry-run
[ "$("$almoner" policy show --json | sed -n 's/.*"epoch": \([0-9]*\).*/\1/p')" \
	= "$epoch" ] || fail "a dry run has activated a policy"
sed 's/^bundle:.*/bundle: 7 8/' $policy/10-*.yaml >"$dir/bad.yaml"
code 9 "$almoner" policy activate "$dir/bad.yaml" --reason test
grep -q 'bad.yaml' "$dir/err" || fail "no place of the fault"
sed 's/effect: permit, basis: DSA-08/effect: deny, basis: DSA-08/' \
	$policy/90-tests.yaml >"$dir/90-tests.yaml"
for dry in --dry-run --json; do
	code 9 "$almoner" policy activate $policy/[1-6]*.yaml \
		"$dir/90-tests.yaml" --reason test $dry
	grep -q 'ALM-5023.*' "$dir/err" || fail "a failing test is not named"
	grep -q "90-tests.yaml:[0-9]*:5: 'an ambulance crew" "$dir/err" ||
		fail "no place of the failing test"
done
code 0 "$almoner" people import config/demo/people/people.ndjson --json
has 'd["added"] == 0 and d["known"] == 10 and d["opt-outs"] == "*"'
{ sed -n 1p config/demo/people/people.ndjson
	echo "{\"type\":\"relationship\",\"subject\":\"$number\"}"; } >"$dir/some"
code 1 "$almoner" people import "$dir/some" --rejects "$dir/rejects" --json
has 'd["rejected"] == 1 and d["known"] == 1'
grep -q $number "$dir/err" && fail "a rejected line is shown"
grep -q '^# line 2: ALM-1401 record-invalid: organisation: missing$' \
	"$dir/rejects" || fail "no line and reason of a reject"
sed -n 2p "$dir/some" | cmp -s - <(tail -n 1 "$dir/rejects") ||
	fail "another reject"
"$almoner" agent keygen "$dir/keys" >/dev/null
code 0 "$almoner" agent register RX1 second --pub "$dir/keys/agent.pub" --dry-run
"$almoner" agent list --json >"$dir/out"
has 'not [r for r in d["rows"] if r["agent"] == "second"]'
code 0 "$almoner" agent register RX1 second --pub "$dir/keys/agent.pub"
code 6 "$almoner" agent register RX1 second --pub "$dir/keys/agent.pub"
code 0 "$almoner" agent revoke RX1 second --reason test --yes --dry-run
code 0 "$almoner" agent revoke RX1/second --reason test --yes --dry-run
code 2 "$almoner" agent revoke RX1 --reason test --yes
code 2 "$almoner" agent revoke RX1 "$(printf '%070d' 0)" --reason test --yes
grep -q "is no agent's name" "$dir/err" || fail 'a long name is cut short'
code 2 "$almoner" agent revoke RX1/second second --reason test --yes
code 0 "$almoner" agent revoke RX1 second --reason test --yes
code 3 "$almoner" agent revoke RX1 third --reason test --yes

# --- the log: beside the daemon, and without it ----------------------------
store=$folder/store
key=$folder/store.key
code 0 "$almoner" audit verify --store "$store" --json
has 'd["result"] == "verified" and d["records"] == d["size"]'
code 6 "$almoner" audit query --store "$store" --key "$key"
code 6 "$almoner" audit query --store "$store" --key "$key" --no-record
grep -q 'leave --store out' "$dir/err" || fail "nothing to do about it"
before=$(size)
kill -TERM "$dev"
wait "$dev" || fail "dev did not end well"
dev=
code 0 "$almoner" audit query --store "$store" --key "$key" --kind refused --json
has 'len(d["rows"]) == 1'
code 0 "$almoner" audit query --store "$store" --key "$key" --limit 1 \
	--kind audit-queried --reveal --reason why --json
code 0 "$almoner" audit verify --store "$store" --key "$key" --json
has "d['size'] > $before and d['private-parts'] > 0"
head="$(json 'd["size"]'):$(json 'd["root"]')"
code 0 "$almoner" audit verify --store "$store" --key "$key" --head "$head" --json
has 'd["not-covered"] == "whose the signatures are (give --audit-key HEX); "
	"the records from %d on (no head is signed over them)"
	% (d["signed-size"] + 1)'
code 8 "$almoner" audit verify --store "$store" --head "1${head}"
grep -q ALM-6002 "$dir/err" || fail "a shorter log was not seen"
cp -r "$store" "$dir/flipped"
python3 - "$dir/flipped/data.mdb" <<'END'
import sys
# One bit of the basis in every stored header, on pages in use and on old ones.
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
at = data.find(b"DSA-01-treatment-summary\0")
assert at > 0
while at > 0:
    data[at] ^= 1
    at = data.find(b"DSA-01-treatment-summary\0", at)
open(path, "wb").write(data)
END
code 8 "$almoner" audit verify --store "$dir/flipped" --key "$key" --json
has 'd["result"] == "damaged"'

# A reader that has had enough ends a command in silence.
set +o pipefail
"$almoner" errors --man 2>"$dir/err" | true
[ -s "$dir/err" ] && fail "a closed pipe was told of"
set -o pipefail
