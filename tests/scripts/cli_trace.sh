#!/bin/bash
# almoner trace against a real daemon: a message from its making to its taking,
# by a cut id, and as each side sees it.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev
sender=$(json 'd["sender-context"]')
recipient=$(json 'd["receiver-context"]')
echo 'Seen today.' >"$dir/payload"
echo 9990000018 | code 0 "$almoner" send -c "$sender" --to C84001 \
	--purpose direct-care --level identifiable --subject - \
	--category treatment-summary --payload "$dir/payload" --json
id=$(json 'd["id"]')

code 0 "$almoner" trace "$id" --json
has 'd["schema"] == "almoner.trace/1" and d["message"] == "'"$id"'"'
has '[r["step"] for r in d["rows"]] == ["accepted", "now-queued"]'
has 'd["state"] == "now: waits in the mailbox"'
# Who asks or sends as the recipient's agent takes no mail.
code 0 "$almoner" audit query -c "$recipient" --json
code 3 "$almoner" trace -c "$recipient" "$id"
code 3 "$almoner" audit receipt 1 -c "$recipient"
echo 9990000018 | code 0 "$almoner" send -c "$recipient" --to RX1 --purpose \
	direct-care --level identifiable --subject - --category referral \
	--relationship referral --relationship-ref U1 --payload "$dir/payload"
code 0 "$almoner" trace "$id" --json
has '[r["step"] for r in d["rows"]] == ["accepted", "now-queued"]'
mkdir "$dir/in"
echo 9990000018 | code 0 "$almoner" send -c "$sender" --to C84001 \
	--purpose direct-care --level identifiable --subject - --id "$id" \
	--category treatment-summary --payload "$dir/payload" --json
code 0 "$almoner" recv -c "$recipient" 1 --timeout 300s --dir "$dir/in" --json
code 0 "$almoner" trace "${id:0:23}" --json
has '[r["step"] for r in d["rows"]] == ["accepted", "sent-again", "delivered", "acknowledged"]'
has 'd["rows"][2]["attempt"] == 1 and d["rows"][2]["agent"] != ""'
has 'all(r["after-us"] >= 0 for r in d["rows"])'
has 'd["state"] == "taken by the recipient"'
code 0 "$almoner" trace "$id"
grep -q 'handed over' "$dir/out" || fail "the table does not say so"
! grep -q 9990000018 "$dir/out" || fail "an NHS number is shown"

# Each side sees its own part.
code 0 "$almoner" trace -c "$sender" "$id" --json
has '[r["step"] for r in d["rows"]] == ["accepted", "sent-again", "delivered", "acknowledged"]'
has 'd["rows"][2]["agent"] == ""'
code 0 "$almoner" trace -c "$recipient" "${id:0:18}" --json
has '[r["step"] for r in d["rows"]] == ["delivered", "acknowledged"]'

# What its people made of it: who was told of that sees it, once it has it.
for what in opened acted; do
	code 0 "$almoner" receipt $what "$id" -c "$recipient" --to RX1 \
		--purpose direct-care --json
done
code 0 "$almoner" trace -c "$sender" "$id" --json
has 'd["state"] == "taken by the recipient"'
code 0 "$almoner" recv -c "$sender" 2 --timeout 300s
code 0 "$almoner" trace -c "$sender" "$id" --json
has 'd["state"] == "the recipient says: acted on"'
has '[r["message-kind"] for r in d["rows"] if r["step"] == "delivered"] == ["", "opened", "acted"]'
code 0 "$almoner" trace "$id" --json
has 'd["state"] == "the recipient says: acted on"'
has 'len([r for r in d["rows"] if "says" in r["what"]]) == 2'

code 3 "$almoner" trace 01998f3c-9a51-7cc1-8cde-0242ac120002
code 3 "$almoner" trace 0000
code 2 "$almoner" trace 019
code 2 "$almoner" trace nothing
code 2 "$almoner" trace
# A deadline that passes, and a deputy who may not have it.
code 0 "$almoner" mailbox deputy C84001 --to RK5 --reason test
for deadline in 2s 20s 2m; do # later than the acceptance
	echo 9990000018 | "$almoner" send -c "$sender" --to C84001 \
		--purpose direct-care --level identifiable --subject - \
		--category treatment-summary --payload "$dir/payload" \
		--deadline $deadline --json >"$dir/out" 2>"$dir/err" && break
done
late=$(json 'd["id"]')
not_for_the_deputy() {
	"$almoner" trace "$late" | grep 'the deputy may not have it'
}
until_ok not_for_the_deputy
code 0 "$almoner" trace "$late"
grep -q 'not taken before its deadline' "$dir/out" || fail "no deadline"

# A payload in parts.
head -c 1200000 /dev/zero >"$dir/large"
echo 9990000018 | code 0 "$almoner" send -c "$sender" --to C84001 \
	--purpose direct-care --level identifiable --subject - \
	--category treatment-summary --payload "$dir/large" --json
large=$(json 'd["id"]')
code 0 "$almoner" trace "$large"
grep -q 'its payload began to come in parts' "$dir/out" || fail "no parts"

echo "cli_trace.sh: ok"
