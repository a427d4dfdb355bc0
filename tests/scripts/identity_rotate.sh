#!/bin/bash
# Two folder agents at work while their keys, and then the broker's, are
# replaced: every message arrives once, none is refused, nobody is restarted.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
agent=$build/almoner-agent
ALMONER_ADMIN=ipc://$dir/admin.sock
export ALMONER_ADMIN

settings() { # settings LINE...: of the daemon
	printf '%s\n' "admin-endpoint: $ALMONER_ADMIN" "store: $dir/store" \
		'store-map: 4GiB' "store-key-file: $dir/store.key" "$@" \
		>"$dir/almonerd.yaml"
}
start_broker() {
	"$build/almonerd" --config "$dir/almonerd.yaml" 2>>"$dir/log" &
	broker=$!
	until_ok "$almoner" status
}
stop_broker() {
	kill "$broker"
	wait "$broker" || fail "the broker ended with $?"
}

old_key=$("$build/almonerd" --generate-keys "$dir" | sed -n 's/^broker-key: //p')
mkdir "$dir/next"
"$build/almonerd" --generate-keys "$dir/next" >/dev/null
old=("endpoint: ipc://$dir/agents.sock" "curve-key-file: $dir/curve.key")
settings "${old[@]}"
start_broker
cat >"$dir/policy.yaml" <<'END'
almoner: 1
bundle: test
kinds: [nhs-trust, gp-practice]
purposes:
  - {id: direct-care, class: care, recipients: [any]}
categories:
  - id: discharge
organisations:
  - {id: RX1, name: First trust, kind: nhs-trust}
  - {id: C84001, name: A practice, kind: gp-practice}
agreements:
  - id: DSA-CARE
    title: Care
    from: [RX1]
    to: [C84001]
    purposes: [direct-care]
    categories: [discharge]
    identifiability: identifiable
    relationship: not-required
    consent: implied
    opt-out: not-applicable
    valid: 2020-01-01 until further notice
    law: {article-6: 6(1)(e), article-9: 9(2)(h), confidentiality: implied-consent}
    evidence: [DPIA-1]
    approved-by: [guardian, owner]
END
code 0 "$almoner" policy activate "$dir/policy.yaml" --reason test

for org in RX1 C84001; do
	code 0 "$almoner" agent invite $org --out "$dir/$org.invite"
	code 0 "$agent" join "$dir/$org.invite" --dir "$dir/$org"
	words=$(cat "$dir/out")
	code 0 "$almoner" agent approve $org --yes --json
	[ "$(json 'd["words"]')" = "$words" ] || fail "the words differ"
	mkdir -p "$dir/$org/mail"
	"$agent" --context "$dir/$org/context.yaml" --folder "$dir/$org/mail" \
		2>>"$dir/log" &
done
outbox=$dir/RX1/mail/outbox
inbox=$dir/C84001/mail/inbox
until_ok test -d "$outbox"

put() { # put FROM TO: messages, a few at a time
	local n
	for n in $(seq "$1" "$2"); do
		echo "$n" >"$outbox/m$n.txt"
		printf '%s\n' 'recipient: C84001' 'purpose: direct-care' \
			'categories: [discharge]' 'level: identifiable' \
			'subject: "9990000018"' "payload: m$n.txt" \
			>"$dir/m$n.yaml"
		mv "$dir/m$n.yaml" "$outbox/m$n.yaml"
		[ $((n % 10)) -ne 0 ] || pause 0.05
	done
}
arrived() { # arrived COUNT
	[ "$(find "$inbox" -name '*.payload' | wc -l)" -ge "$1" ]
}
on_old_key() { # on_old_key COUNT
	"$almoner" status --json >"$dir/status"
	[ "$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["agents-on-old-key"])' "$dir/status")" \
		-eq "$1" ]
}
check() { # check COUNT: all of them, each once, and none refused
	until_ok arrived "$1"
	[ -z "$(ls -A "$dir/RX1/mail/refused")" ] || fail "one was refused"
	[ "$(find "$inbox" -name '*.payload' -exec cat {} + | sort -nu |
		wc -l)" -eq "$1" ] || fail "not each once"
}

# --- the agents' keys, under load ----------------------------------------------
put 1 100 &
writer=$!
keys=$(cat "$dir/RX1/curve.key" "$dir/RX1/signing.key")
code 0 "$agent" rotate --context "$dir/RX1/context.yaml" --dry-run
grep -q 'dry run: the broker would take new keys' "$dir/err" ||
	fail "a dry run does not say so"
[ "$keys" = "$(cat "$dir/RX1/curve.key" "$dir/RX1/signing.key")" ] ||
	fail "a dry run changes the keys"
[ -e "$dir/RX1/curve.key.next" ] && fail "a dry run leaves a key"
code 0 "$agent" rotate --context "$dir/RX1/context.yaml"
code 0 "$agent" rotate --context "$dir/C84001/context.yaml"
[ "$keys" != "$(cat "$dir/RX1/curve.key" "$dir/RX1/signing.key")" ] ||
	fail "the keys are the old ones"
wait $writer
check 100
code 0 "$almoner" audit query --kind agent-keys --json
has 'len(d["rows"]) == 2'
code 0 "$almoner" audit query --effect deny --json
has 'len(d["rows"]) == 0'

# --- the broker's key, under load -------------------------------------------------
put 101 200 &
writer=$!
stop_broker
settings "${old[@]}" "endpoint-next: ipc://$dir/next.sock" \
	"curve-key-file-next: $dir/next/curve.key"
start_broker
until_ok on_old_key 0
wait $writer
check 200
grep -q "^endpoint: 'ipc://$dir/next.sock'" "$dir/RX1/context.yaml" ||
	fail "the context names the old endpoint"
# For an agent that cannot write its context.
cp -r "$dir/RX1" "$dir/copy"
sed -i "s|^endpoint:.*|endpoint: ipc://$dir/agents.sock|
s|^broker-key:.*|broker-key: '$old_key'|" "$dir/copy/context.yaml"
# It is told what to do: nobody writes beside a file descriptor.
sed "s,^\(curve\|signing\)-key: ,&$dir/copy/," "$dir/copy/context.yaml" \
	>"$dir/credential"
exec 3<"$dir/credential"
is_told() {
	! "$agent" follow --context /dev/fd/3 2>"$dir/told" &&
		grep 'run almoner-agent follow .* and restart' "$dir/told"
}
until_ok is_told
exec 3<&-
until_ok "$agent" follow --context "$dir/copy/context.yaml"
cmp -s "$dir/copy/context.yaml" "$dir/RX1/context.yaml" || fail "not followed"
until_ok "$agent" follow --context "$dir/copy/context.yaml"
grep -q stays "$dir/out" || fail "it goes on and on"
# The old key can go.
stop_broker
settings "endpoint: ipc://$dir/next.sock" \
	"curve-key-file: $dir/next/curve.key" 'key-overlap: 1s'
start_broker
put 201 220
check 220
code 0 "$almoner" audit query --effect deny --json
has 'len(d["rows"]) == 0'

# --- the answer to a rotation is lost, and the overlap is over ------------------
code 0 "$almoner" agent invite RX1 --agent spare --out "$dir/spare.invite"
code 0 "$agent" join "$dir/spare.invite" --dir "$dir/spare"
code 0 "$almoner" agent approve RX1/spare --yes
cp -r "$dir/spare" "$dir/before"
code 0 "$agent" rotate --context "$dir/spare/context.yaml"
for key in curve signing; do
	mv "$dir/spare/$key.key" "$dir/before/$key.key.next"
done
is_over() {
	"$almoner" agent list -o RX1 --json >"$dir/agents"
	python3 -c 'import json, sys
sys.exit(any(a["old-keys-until"] for a in json.load(open(sys.argv[1]))["rows"]
	if a["agent"] == "spare"))' "$dir/agents"
}
until_ok is_over
code 0 "$agent" rotate --context "$dir/before/context.yaml"
for key in curve signing; do
	[ ! -e "$dir/before/$key.key.next" ] || fail "not in place"
done
code 0 "$agent" rotate --context "$dir/before/context.yaml"
