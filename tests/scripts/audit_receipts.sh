#!/bin/bash
# Both ends of a message keep a receipt that anybody can check: the sender's
# agent beside its receipt, the recipient's beside the mail.  A recipient that
# was not told whom it is about gets a digest in place of the record.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
begin_dev
key=$(json 'd["audit-key"]')
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')
mkdir "$dir/out.d" "$dir/in.d"
verify() { # verify FILE: by both, and as JSON
	code 0 python3 tests/verifier/verify "$1" --audit-key "$key" --strict
	code 0 "$almoner" audit verify "$1" --audit-key "$key" --strict --json
}

mkdir -p "$dir/out.d/outbox"
echo 'a treatment summary' >"$dir/out.d/outbox/one.txt"
cat >"$dir/out.d/outbox/one.yaml" <<YAML
recipient: C84001
purpose: direct-care
level: identifiable
categories: [treatment-summary]
subject: "9990000018"
payload: one.txt
YAML
code 0 "$build/almoner-agent" --context "$sender" --folder "$dir/out.d" \
	--once --proofs
id=$(sed -n 's/^message-id: *"\?\([0-9a-f-]*\)"\?$/\1/p' \
	"$dir/out.d/receipts/one.yaml")
[ -n "$id" ] || fail "no receipt"
verify "$dir/out.d/receipts/$id.tlog-proof"
has 'd["kind"] == "accepted" and d["sender"] == "RX1"'
has 'd["message-id"] == "'"$id"'"'

code 0 "$build/almoner-agent" --context "$receiver" --folder "$dir/in.d" \
	--once --proofs
verify "$dir/in.d/inbox/$id.tlog-proof"
has 'd["message-id"] == "'"$id"'" and d["recipient"] == "C84001"'

# From the command line, by the sender's id and by the recipient with --from.
code 0 "$almoner" audit receipt "$id" --context "$receiver" --from RX1 \
	--out "$dir/again"
verify "$dir/again"
cp "$dir/again" "$dir/kept"
code 6 "$almoner" audit receipt 1 --out "$dir/again"
grep -q ALM-1010 "$dir/err" || fail "it does not say why"
cmp -s "$dir/again" "$dir/kept" || fail "a receipt was written over"
code 0 "$almoner" audit receipt "$id" --context "$receiver" --from RX1 \
	--out "$dir/again" --force
code 3 "$almoner" audit receipt "$id" --context "$receiver"
code 5 "$almoner" audit receipt "$id" --context "$sender" --reveal --reason x
code 0 "$almoner" audit query --code not-permitted --json
has '[r["sender"] for r in d["rows"]] == ["RX1"]'
code 0 "$almoner" audit receipt "$id" --context "$sender" --reason 'a question'
code 3 "$almoner" audit receipt 1 --context "$sender"
