#!/bin/bash
# A stranger becomes an agent: invite, join, approve, at most three commands a
# side; the six words on both; and every invite that must not be good.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
agent=$build/almoner-agent

begin_dev --keep

# The sandbox listens on a socket file; whoever asks is told so.
invite() { # invite FILE OPTION...: for RX1
	local file=$1
	shift
	code 0 "$almoner" agent invite RX1 --out "$file" --reason test --json "$@"
}

# --- three commands a side ---------------------------------------------------
invite "$dir/ward.invite" --agent theatre
has 'd["schema"] == "almoner.agent.invite/1" and d["in-policy"] == "yes"'
[ "$(stat -c %a "$dir/ward.invite")" = 600 ] || fail "the invite is not private"
grep -q 'secret: .[0-9a-f]\{64\}' "$dir/ward.invite" || fail "no secret"
code 0 "$almoner" agent invites --json
has 'len(d["rows"]) == 1 and d["rows"][0]["status"] == "open"'
secret=$(sed -n "s/^secret: '\(.*\)'/\1/p" "$dir/ward.invite")
grep -q "$secret" "$dir/out" && fail "the broker knows the secret"
code 3 "$almoner" agent approve RX1 --yes

code 0 "$agent" join "$dir/ward.invite" --dir "$dir/theatre" --dry-run
grep -q 'dry run: theatre of RX1 can join' "$dir/err" || fail "it does not say so"
[ -e "$dir/theatre" ] && fail "a dry run makes something"
code 0 "$almoner" agent invites --json
has 'len(d["rows"]) == 1 and d["rows"][0]["status"] == "open"'
code 0 "$agent" join "$dir/ward.invite" --dir "$dir/theatre"
words=$(cat "$dir/out")
[ "$(wc -w <<<"$words")" -eq 6 ] || fail "not six words: $words"
[ "$(stat -c %a "$dir/theatre/curve.key")" = 400 ] || fail "the key is open"
# The same try again, as when the answer was lost: the same words.
code 0 "$agent" join "$dir/ward.invite" --dir "$dir/theatre"
[ "$(cat "$dir/out")" = "$words" ] || fail "other words the second time"
# Not yet let in; and nothing is approved unasked.
code 5 "$almoner" recv -c "$dir/theatre/context.yaml" 1 --timeout 300s
code 2 "$almoner" agent approve RX1 --no-input
code 0 "$almoner" agent approve RX1/theatre --yes --dry-run
grep -q 'nothing has changed' "$dir/err" || fail 'a dry run does not say so'
code 0 "$almoner" agent approve RX1/theatre --yes --reason 'read aloud' --json
has 'd["agent"] == "theatre"'
[ "$(json 'd["words"]')" = "$words" ] || fail "other words on the broker's side"
code 7 "$almoner" recv -c "$dir/theatre/context.yaml" 1 --timeout 1s
code 0 "$almoner" agent list -o RX1 --json
has 'len([r for r in d["rows"] if r["agent"] == "theatre"]) == 1'
code 0 "$almoner" agent invites --json
has 'len(d["rows"]) == 0'
code 0 "$almoner" agent invites --all --json
has 'd["rows"][0]["status"] == "approved"'
code 0 "$almoner" audit query --kind join --json
has 'len(d["rows"]) == 1'
code 0 "$almoner" audit query --kind join-approved --json
has 'len(d["rows"]) == 1'

# --- an invite that is not good ------------------------------------------------
# Used: other keys cannot join with it, and the name is taken.
code 5 "$agent" join "$dir/ward.invite" --dir "$dir/other" --dry-run
code 5 "$agent" join "$dir/ward.invite" --dir "$dir/other"
grep -q 'ALM-1213' "$dir/err" || fail "not told that it was used"
code 6 "$almoner" agent invite RX1 --agent theatre --out "$dir/again" \
	--reason test
[ -e "$dir/again" ] && fail "a file was left"
# Joined with, then tried with other keys before approval.
invite "$dir/two.invite" --agent two
code 0 "$agent" join "$dir/two.invite" --dir "$dir/two"
code 5 "$agent" join "$dir/two.invite" --dir "$dir/thief"
code 0 "$almoner" audit query --kind join --effect deny --json
has 'len(d["rows"]) == 1 and d["rows"][0]["code"] == 1213'
# Revoked after it was joined with.
code 0 "$almoner" agent uninvite 2 --reason 'a word differed'
code 5 "$agent" join "$dir/two.invite" --dir "$dir/two"
code 3 "$almoner" agent approve RX1/two --yes
code 5 "$almoner" agent uninvite 2 --reason again
# Expired.
invite "$dir/old.invite" --agent old --expires 1s
until [ "$("$almoner" agent invites --all --json |
	python3 -c 'import json, sys
print(json.load(sys.stdin)["rows"][-1]["status"])')" = expired ]; do
	pause 0.2
done
code 5 "$agent" join "$dir/old.invite" --dir "$dir/old"
sed -i 's/^expires: .*/expires: "2099-01-01T00:00:00Z"/' "$dir/old.invite"
code 5 "$agent" join "$dir/old.invite" --dir "$dir/old2"
# Another secret, another number, another broker.
invite "$dir/good.invite" --agent good
sed "s/^secret: './secret: '$(printf '%x' $((16 - 0x$(sed -n \
	"s/^secret: '\(.\).*/\1/p" "$dir/good.invite") - 1)))/" \
	"$dir/good.invite" >"$dir/secret.invite"
code 5 "$agent" join "$dir/secret.invite" --dir "$dir/secret"
sed 's/^number: .*/number: 1/' "$dir/good.invite" >"$dir/number.invite"
code 5 "$agent" join "$dir/number.invite" --dir "$dir/number"
key=$(printf '%064d' 9)
sed "s/^broker-key: .*/broker-key: '$key'/" "$dir/good.invite" \
	>"$dir/broker.invite"
code 5 "$agent" join "$dir/broker.invite" --dir "$dir/broker"
# Its key opens nothing but the join: an agent's hello is not taken.
code 0 "$agent" join "$dir/good.invite" --dir "$dir/good"
# Not an invite.
echo 'almoner-invite: 2' >"$dir/bad.invite"
code 9 "$agent" join "$dir/bad.invite" --dir "$dir/bad"
grep -q 'bad.invite:1' "$dir/err" || fail "no place of the fault"
code 3 "$agent" join "$dir/nothing" --dir "$dir/bad"
[ -e "$dir/bad" ] && fail "keys were made for no invite"
# Never over another agent's keys.
invite "$dir/third.invite" --agent third
code 6 "$agent" join "$dir/third.invite" --dir "$dir/theatre"
grep -q ALM-3008 "$dir/err" || fail "it does not say why"

# --- new keys, and the roles -----------------------------------------------------
code 0 "$agent" rotate --context "$dir/theatre/context.yaml"
code 7 "$agent" rotate --context "$dir/theatre/context.yaml"
grep -q 'ALM-1212' "$dir/err" || fail "not told that a rotation is open"
code 7 "$almoner" recv -c "$dir/theatre/context.yaml" 1 --timeout 1s
code 0 "$almoner" audit query --kind agent-keys --json
has 'len(d["rows"]) == 1'
code 0 "$almoner" agent roles RX1/theatre --roles receive \
	--categories treatment-summary --reason test --json
has 'd["roles"] == "receive"'
echo 9990000018 | code 5 "$almoner" send -c "$dir/theatre/context.yaml" \
	--to C84001 --purpose direct-care --level identifiable \
	--category treatment-summary --subject - --payload "$dir/out"
grep -q ALM-1209 "$dir/err" || fail "a receiver has sent"
# A word that no message can have is taken, with a warning: a policy to come
# may have it.
code 0 "$almoner" agent roles RX1/theatre --categories treatment-sumary \
	--reason test --json
has "d['doubt'] == \"treatment-sumary is no category of the policy; did you \"
	\"mean 'treatment-summary'?\""
grep -q 'treatment-sumary.*no message can have it' "$dir/err" || fail "no warning"
code 0 "$almoner" agent roles RX1/theatre --categories mental-health \
	--reason test --json
has 'd["doubt"].startswith("mental-health has narrower ones: ")'
code 0 "$almoner" agent roles RX1/theatre --categories treatment-summary \
	--reason test --json
has 'd["doubt"] == ""'
[ ! -s "$dir/err" ] || fail "a warning of nothing"
invite "$dir/doubted.invite" --agent doubted --categories nosuch --dry-run
grep -q 'nosuch is no category' "$dir/err" || fail "an invite does not warn"
# Who sends one is told the same.
code 0 "$almoner" agent roles RX1/theatre --roles all --categories any \
	--reason test
echo 9990000018 | code 4 "$almoner" send -c "$dir/theatre/context.yaml" \
	--to C84001 --purpose direct-care --level identifiable \
	--category treatment-sumary --subject - --payload "$dir/out"
grep -q "ALM-4104.*did you mean 'treatment-summary'" "$dir/err" ||
	fail "the sender is not told which category"
code 2 "$almoner" agent roles RX1/theatre --reason none
code 2 "$almoner" agent roles RX1/theatre --roles reader --reason none
code 3 "$almoner" agent roles RX1/nobody --roles all --reason none

# --- somebody in between --------------------------------------------------------
# The invite was caught on its way: the thief joins with it, and hands on one
# of a broker of his own.  What the partner reads aloud is not what is shown.
mkdir "$dir/evil"
"$build/almonerd" --generate-keys "$dir/evil" >/dev/null
printf '%s\n' "endpoint: ipc://$dir/evil/agents.sock" \
	"admin-endpoint: ipc://$dir/evil/admin.sock" \
	"store: $dir/evil/store" 'store-map: 4GiB' \
	"store-key-file: $dir/evil/store.key" \
	"curve-key-file: $dir/evil/curve.key" >"$dir/evil/almonerd.yaml"
"$build/almonerd" --config "$dir/evil/almonerd.yaml" 2>>"$dir/evil/log" &
until_ok "$almoner" status --admin "ipc://$dir/evil/admin.sock"
invite "$dir/caught.invite" --agent caught
code 0 "$almoner" agent invite RX1 --agent caught --out "$dir/swapped.invite" \
	--admin "ipc://$dir/evil/admin.sock"
code 0 "$agent" join "$dir/caught.invite" --dir "$dir/evil/thief"
stolen=$(cat "$dir/out")
code 0 "$agent" join "$dir/swapped.invite" --dir "$dir/victim"
read_aloud=$(cat "$dir/out")
code 0 "$almoner" agent approve RX1/caught --yes --dry-run --json
shown=$(json 'd["words"]')
[ "$shown" = "$stolen" ] || fail "not the words of who joined"
[ "$shown" != "$read_aloud" ] || fail "the words do not tell them apart"

# Without --out the file has a name of its own, here.
(cd "$dir" && code 0 "$almoner" agent invite C84001 --agent spare --json)
has 'd["file"] == "C84001-spare.invite"'
[ -s "$dir/C84001-spare.invite" ] || fail "no invite was written"
code 2 "$almoner" agent invite ../C84001
