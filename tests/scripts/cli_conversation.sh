#!/bin/bash
# Requests with their reply, business receipts and deputies, on the command
# line and against a real daemon.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000018

begin_dev
trust=$(json 'd["sender-context"]')
practice=$(json 'd["receiver-context"]')
echo 'How is he?' >"$dir/question"
echo 'Referred.' >"$dir/answer"
ask=(send -c "$trust" --to C84001 --purpose direct-care --level identifiable
	--category treatment-summary --subject - --payload "$dir/question")

# --- a request waits for its reply ------------------------------------------
echo $number | code 2 "$almoner" "${ask[@]}" --request
echo $number | "$almoner" "${ask[@]}" --deadline 10m \
	--await-reply "$dir/reply" --json >"$dir/asked" 2>"$dir/why" &
asking=$!
code 0 "$almoner" recv -c "$practice" 1 --timeout 300s --dir "$dir/in" --json
has 'd["rows"][0]["kind"] == "request"'
request=$(json 'd["rows"][0]["id"]')
reply=(send -c "$practice" --to RX1 --purpose direct-care --level identifiable
	--category referral --relationship referral --relationship-ref U1
	--subject - --payload "$dir/answer")
echo $number | code 0 "$almoner" "${reply[@]}" --reply-to "$request" --json
wait "$asking" || fail "no reply came: $(cat "$dir/why")"
cmp -s "$dir/answer" "$dir/reply" || fail "another reply came"
cp "$dir/asked" "$dir/out"
has "d['reply-bytes'] == 10 and d['reply-file'] == '$dir/reply'"
has 'len(d["reply-id"]) == 36 and d["id"] != d["reply-id"]'
echo $number | code 6 "$almoner" "${reply[@]}" --reply-to "$request"
grep -q ALM-1322 "$dir/err" || fail "a second reply was not refused"

# --- and a reply may be large -----------------------------------------------
head -c 3000000 /dev/urandom >"$dir/answer"
echo $number | "$almoner" "${ask[@]}" --deadline 10m \
	--await-reply - >"$dir/asked" 2>"$dir/why" &
asking=$!
code 0 "$almoner" recv -c "$practice" 1 --timeout 300s --dir "$dir/in" --json
request=$(json 'd["rows"][0]["id"]')
echo $number | code 0 "$almoner" "${reply[@]}" --reply-to "$request" --json
wait "$asking" || fail "no large reply came: $(cat "$dir/why")"
cmp -s "$dir/answer" "$dir/asked" || fail "another large reply came"
echo 'Referred.' >"$dir/answer"

# --- and hears that there is none -------------------------------------------
for deadline in 2s 20s 2m; do # later than the acceptance
	rc=0
	echo $number | "$almoner" "${ask[@]}" --deadline $deadline \
		--await-reply - >"$dir/out" 2>"$dir/err" || rc=$?
	grep -q ALM-8010 "$dir/err" && break
done
[ "$rc" -eq 7 ] || fail "exit $rc, and no reply came"
grep -q ALM-8010 "$dir/err" || fail "nobody said that no reply came"

# --- receipts ---------------------------------------------------------------
code 2 "$almoner" receipt eaten "$request" --to RX1 --purpose direct-care -c "$practice"
code 0 "$almoner" receipt opened "$request" --to RX1 --purpose direct-care \
	-c "$practice" --json
has 'd["stage"] == "opened"'
code 3 "$almoner" receipt acted 01890000-0000-7000-8000-000000000000 --to RX1 \
	--purpose direct-care -c "$practice"
grep -q ALM-1325 "$dir/err" || fail "a receipt of nothing was taken"
code 0 "$almoner" recv -c "$trust" 1 --timeout 300s --json
has 'd["rows"][0]["kind"] == "opened" and d["rows"][0]["subject"] == ""'
[ "$(json 'd["rows"][0]["correlation"]')" = "$request" ] ||
	fail "the receipt names another message"
code 0 "$almoner" trace "$request" --json
has 'd["answers"] == "" and d["state"] == "the recipient says: opened"'
has '[r["message-kind"] for r in d["rows"] if r["step"] == "accepted"] == ["request", "reply", "opened"]'

# --- deputies ---------------------------------------------------------------
code 2 "$almoner" mailbox deputy C84001 --reason test
code 0 "$almoner" mailbox deputy C84001 --to RK5 --reason test --dry-run
code 0 "$almoner" mailbox deputy C84001 --to RK5 --reason test --json
has 'd["before"] == "" and d["deputy"] == "RK5"'
code 0 "$almoner" mailbox show C84001 --json
has 'd["deputy"] == "RK5"'
code 0 "$almoner" mailbox deputy C84001 --none --reason test --json
has 'd["before"] == "RK5"'
code 0 "$almoner" audit query --kind mailbox-changed --json
has 'len(d["rows"]) == 2'
