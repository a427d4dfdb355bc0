#!/bin/bash
# A conversation by files alone: a request, its reply, what became of both, a
# message to several, and one that nobody took in time.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
begin_dev
trust=$(json 'd["sender-context"]')
practice=$(json 'd["receiver-context"]')
agents=()

# agent NAME CONTEXT: at work on the folder of that name
agent() {
	"$build/almoner-agent" --context "$2" --folder "$dir/$1" \
		2>"$dir/$1.log" &
	agents+=($!)
}
# put FOLDER NAME LINE...: a description, in place at once
put() {
	local folder=$dir/$1 name=$2
	shift 2
	mkdir -p "$folder/outbox"
	printf '%s\n' "$@" >"$folder/outbox/.$name"
	mv "$folder/outbox/.$name" "$folder/outbox/$name.yaml"
}
# come FOLDER LINE...: until mail or a notice has all of these lines; its file
# is $mail
come() {
	local folder=$dir/$1 line
	shift
	local tries=0
	while :; do
		for mail in "$folder"/inbox/*.yaml; do
			for line; do
				grep -qxF "$line" "$mail" 2>/dev/null || continue 2
			done
			return 0
		done
		tries=$((tries + 1))
		[ $tries -lt 3000 ] || fail "never came: $*"
		pause 0.1
	done
}

ask=('purpose: direct-care' 'level: identifiable' 'subject: "9990000018"')
mkdir -p "$dir/trust/outbox" "$dir/practice/outbox"
echo 'How is he?' >"$dir/trust/outbox/question.txt"
put trust question 'kind: request' 'deadline: 1h' 'recipient: C84001' \
	'categories: [treatment-summary]' 'payload: question.txt' "${ask[@]}"
agent trust "$trust"
agent practice "$practice"
come practice 'kind: "request"'
request=$(sed -n 's/^message-id: "\(.*\)"$/\1/p' "$mail")

echo 'Referred.' >"$dir/practice/outbox/answer.txt"
put practice answer 'kind: reply' "correlation-id: $request" 'recipient: RX1' \
	'categories: [referral]' 'relationship: {kind: referral, ref: U1}' \
	'payload: answer.txt' "${ask[@]}"
come trust 'kind: "reply"' "correlation-id: \"$request\""
cmp -s "${mail%.yaml}.payload" - <<<'Referred.' || fail "another reply came"

put practice read 'kind: opened' "correlation-id: $request" \
	'recipient: RX1' 'purpose: direct-care'
come trust 'kind: "opened"' "correlation-id: \"$request\""
until_ok test -s "$dir/practice/receipts/read.yaml"

grep -qxF 'what="broker" detail="connected"' "$dir/trust.log" ||
	fail "not said that it is connected"

# --- to several: one receipt with a line for each ------------------------------
echo 'To all' >"$dir/trust/outbox/all.txt"
put trust all 'recipients: [C84001, RK5]' 'categories: [treatment-summary]' \
	'payload: all.txt' "${ask[@]}"
until_ok test -s "$dir/trust/receipts/all.yaml"
grep -qE '^  - "C84001 accepted [0-9]+"' "$dir/trust/receipts/all.yaml" &&
	grep -qE '^  - "RK5 refused ALM-4304 ' "$dir/trust/receipts/all.yaml" ||
	fail "no outcome: $(cat "$dir/trust/receipts/all.yaml")"

# --- what nobody takes in time ---------------------------------------------------
kill "${agents[1]}"
wait "${agents[1]}" || fail "an agent ended with $?"
unset 'agents[1]'
is_told() { # is_told NAME: accepted, or refused
	[ -s "$dir/trust/receipts/$1.yaml" ] ||
		[ -s "$dir/trust/refused/$1.refusal.yaml" ]
}
for life in 2s 20s 2m; do # longer than until its acceptance
	echo 'Soon' >"$dir/trust/outbox/soon-$life.txt"
	put trust "soon-$life" "expires: $life" 'recipient: C84001' \
		"payload: soon-$life.txt" 'categories: [treatment-summary]' \
		"${ask[@]}"
	until_ok is_told "soon-$life"
	[ ! -s "$dir/trust/receipts/soon-$life.yaml" ] || break
done
come trust 'kind: "expired"'

# --- a receipt says nothing else ---------------------------------------------------
echo 'x' >"$dir/trust/outbox/odd.txt"
put trust odd 'kind: acted' "correlation-id: $request" 'recipient: RX1' \
	'purpose: direct-care' 'payload: odd.txt'
until_ok test -s "$dir/trust/refused/odd.refusal.yaml"
grep -q '^code: 7004' "$dir/trust/refused/odd.refusal.yaml" ||
	fail "$(cat "$dir/trust/refused/odd.refusal.yaml")"
# --- what can be no message comes back, or is told of -----------------------------
echo x >"$dir/trust/outbox/file.txt"
ln -s /etc/passwd "$dir/trust/outbox/link.txt"
mkdir "$dir/trust/outbox/folder.yaml"
head -c 70000 /dev/zero | tr '\0' a >"$dir/trust/outbox/long.yaml"
put trust link 'recipient: C84001' 'categories: [treatment-summary]' \
	'payload: link.txt' "${ask[@]}"
put trust $'new\nline' 'recipient: C84001' 'categories: [treatment-summary]' \
	'payload: file.txt' "${ask[@]}"
for name in folder long link; do
	until_ok grep -q '^code: 7004' "$dir/trust/refused/$name.refusal.yaml"
done
until_ok test -L "$dir/trust/refused/link.txt"
until_ok grep -q 'what="outbox" detail="1 not sent: the name' "$dir/trust.log"
rc=0
"$build/almoner-agent" --context "$trust" --folder "$dir/other" --check || rc=$?
[ $rc = 0 ] || fail "an empty outbox: $rc"
cp "$dir/trust/outbox/"new* "$dir/other/outbox"
"$build/almoner-agent" --context "$trust" --folder "$dir/other" --check \
	2>"$dir/err" || rc=$?
[ $rc = 9 ] || fail "a name that cannot be: $rc"
grep -qF 'what="new\x0aline.yaml"' "$dir/err" || fail "not said which"
[ "$(wc -l <"$dir/err")" = 1 ] || fail "a name made a line of its own"

for one in "${agents[@]}"; do
	kill "$one"
	wait "$one" || fail "an agent ended with $?"
done
