#!/bin/bash
# almoner doctor from both sides, on a whole path and on broken ones: one line
# a step, the first that fails decides the exit code.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev --keep
sender=$(json 'd["sender-context"]')
cp -r "$(dirname "$sender")" "$dir/broken"
context=$dir/broken/$(basename "$sender")
unset ALMONER_CONTEXT

step() { # step NAME STATUS: of the last output
	has "[r for r in d['rows'] if r['step'] == '$1'][0]['status'] == '$2'"
}
change() { # change KEY VALUE: of the broken context
	cp "$sender" "$context"
	sed -i "s|^$1:.*|$1: '$2'|" "$context"
}

# --- a whole path, both sides ---------------------------------------------------
code 0 "$almoner" doctor -c "$sender" --json
has 'd["schema"] == "almoner.doctor/1"'
for name in context tcp curve zap answer clock signature keys roles policy store
do
	step $name ok
done
code 0 "$almoner" doctor --json
for name in administration policy store tcp curve zap; do
	step $name ok
done
code 0 "$almoner" doctor -c "$sender"
grep -q '^signature *ok' "$dir/out" || fail "no table"

# --- from the agent's side ------------------------------------------------------------
change endpoint tcp://127.0.0.1:1
code 7 "$almoner" doctor -c "$context" --json
step name ok
step tcp FAILED
has '"dport 1 accept" in d["rows"][-1]["what"]'
change endpoint tcp://no-such-host.invalid:7301
code 7 "$almoner" doctor -c "$context" --json
step name FAILED
change broker-key "$(printf '%064d' 9)"
code 5 "$almoner" doctor -c "$context" --json
step curve FAILED
# A key that nobody has registered.
change agent "$(sed -n 's/^agent: *//p' "$sender" | tr -d "'")"
rm -f "$dir/broken/curve.key"
printf '%064x\n' 7 >"$dir/broken/curve.key"
chmod 400 "$dir/broken/curve.key"
code 5 "$almoner" doctor -c "$context" --json
step curve ok
step zap FAILED
# Keys that others can read; no context.
chmod 444 "$dir/broken/curve.key"
code 9 "$almoner" doctor -c "$context" --json
step context FAILED
code 9 "$almoner" doctor -c "$dir/nothing.yaml" --json
# Another agent's signing key.
rm -rf "$dir/broken"
cp -r "$(dirname "$sender")" "$dir/broken"
rm -f "$dir/broken/signing.key"
printf '%064x\n' 8 >"$dir/broken/signing.key"
chmod 400 "$dir/broken/signing.key"
code 5 "$almoner" doctor -c "$context" --json
step signature FAILED

# --- from the broker's ---------------------------------------------------------------------
code 7 "$almoner" doctor --admin "ipc://$dir/nothing.sock" --json
step administration FAILED
