#!/bin/bash
# A partner's agent cosigns the log's heads by itself: the receipt carries its
# cosignature, records are graded by it, and it does not sign another history.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
begin_dev --keep
folder=$(json 'd["folder"]')
key=$(json 'd["audit-key"]')
context=$(json 'd["receiver-context"]')
store=(--store "$folder/store" --key "$folder/store.key")
agent=
trap 'leave "$folder"' EXIT
witnessed() {
	"$almoner" audit witnesses --json >"$dir/out" &&
		[ "$(json 'len(d["rows"])')" -ge 1 ] &&
		[ "$(json 'd["rows"][0]["size"]')" -ge "${1:-1}" ]
}
remembered() { # what it has cosigned last, and nothing is on its way
	witnessed && [ "$(sed -n 2p "$dir/seen")" = \
		"$(json 'd["rows"][0]["size"]')" ]
}
start_agent() {
	"$build/almoner-agent" --context "$dir/context.yaml" \
		--folder "$dir/agent" 2>>"$dir/agent.log" &
	agent=$!
}
stop_agent() {
	kill "$agent"
	wait "$agent" || true
	agent=
}

(umask 077; python3 -c 'import secrets; print(secrets.token_hex(32))' \
	>"$(dirname "$context")/witness.key")
sed "s/\(\(curve\|signing\)-key: *\)\([^/ ].*\)/\1$(dirname "$context" |
	sed 's/\//\\\//g')\/\3/" "$context" >"$dir/context.yaml"
cat >>"$dir/context.yaml" <<YAML
witness-key: $(dirname "$context")/witness.key
witness-state: $dir/seen
audit-key: $key
YAML
mkdir "$dir/agent"
start_agent
until_ok remembered
vkey=$(json 'd["rows"][0]["key"]')
size=$(json 'd["rows"][0]["size"]')
has 'd["rows"][0]["organisation"] == "C84001"'

# The receipt of a record that it has seen carries its line.
until_ok "$almoner" audit receipt 1 --out "$dir/receipt"
code 0 "$almoner" audit verify "$dir/receipt" --audit-key "$key" \
	--witness "$vkey" --strict --json
has 'd["witnesses"] == 1'
code 8 "$almoner" audit verify "$dir/receipt" --audit-key "$key" --strict
code 0 python3 tests/verifier/verify "$dir/receipt" --audit-key "$key" \
	--witness "$vkey" --strict
sed 's/^\(\xe2\x80\x94 C84001[^ ]* .....\)./\1@/' "$dir/receipt" >"$dir/bad"
code 8 "$almoner" audit verify "$dir/bad" --audit-key "$key" \
	--witness "$vkey"
code 0 "$almoner" audit show 1 --json
has 'd["evidence"] == "witnessed-by-1"'
code 0 "$almoner" audit query --limit 1 --json
has 'd["rows"][0]["evidence"] == "witnessed-by-1"'

# A bundle names the witness by a record of the log, once a later head is
# cosigned too: the next is published when the broker starts again.
stop_agent
config=$folder/almonerd.yaml
kill "$dev"
wait "$dev" || true
sed -i 's/^endpoint:.*/endpoint: ipc:\/\/'"${dir//\//\\/}"'\/agents.sock/' \
	"$config"
sed -i "s|^endpoint:.*|endpoint: ipc://$dir/agents.sock|" "$dir/context.yaml"
cp -r "$folder/store" "$folder/older"
cp -r "$folder/store-head" "$folder/older-head"
"$build/almonerd" --config "$config" 2>>"$dir/log" &
dev=$!
start_agent
until_ok witnessed $((size + 1))
code 0 "$almoner" audit bundle "${store[@]}" --kind agent-changed \
	--reason 'test' --out "$dir/bundle"
code 0 "$almoner" audit verify "$dir/bundle" --audit-key "$key" --json
code 0 python3 tests/verifier/verify "$dir/bundle" --audit-key "$key"

stop_agent
size=$(sed -n 2p "$dir/seen")
kill "$dev"
wait "$dev" || true

# With no daemon the bundle has the head that is cosigned.
code 0 "$almoner" audit bundle "${store[@]}" --kind agent-changed \
	--reason 'test' --out "$dir/cosigned"
code 0 "$almoner" audit verify "$dir/cosigned" --audit-key "$key" --json
has 'd["witnesses"] == 1 and "keys that were not given" in d["not-covered"]'
code 0 "$almoner" audit verify "$dir/cosigned" --audit-key "$key" \
	--witness "$vkey" --witness "$vkey" --json
has 'd["witnesses"] == 1 and "not given" not in d["not-covered"]'
code 0 python3 tests/verifier/verify "$dir/cosigned" --audit-key "$key"
# One witness that stands there twice is not two.
python3 - "$dir/cosigned" >"$dir/twice" <<'END'
import hashlib, sys
lines = open(sys.argv[1], "rb").read().split(b"\n")
at = max(i for i, l in enumerate(lines) if l.startswith("— C84001".encode()))
body = b"\n".join(lines[:at + 1] + lines[at:-2]) + b"\n"
sys.stdout.buffer.write(body + b"end %s\n" %
                        hashlib.sha256(body).hexdigest().encode())
END
code 8 "$almoner" audit verify "$dir/twice" --audit-key "$key"
code 8 python3 tests/verifier/verify "$dir/twice" --audit-key "$key"

# A store that was set back without the head outside does not start; with an
# older head it does, and is not cosigned: only the witness can tell.
rm -r "$folder/store" "$folder/store-head"
mv "$folder/older" "$folder/store"
code 8 "$build/almonerd" --config "$config"
grep -q 'log-behind-its-head' "$dir/err" || fail "started without its head"
mv "$folder/older-head" "$folder/store-head"
"$build/almonerd" --config "$config" 2>>"$dir/log" &
dev=$!
until_ok "$almoner" audit head --checkpoint
start_agent
until_ok grep -q 'head-inconsistent' "$dir/agent.log"
[ "$(sed -n 2p "$dir/seen")" = "$size" ] || fail "it signed another history"
