#!/bin/bash
# The example of almoner-agent(8), as it stands there.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
begin_dev
page=$PWD/docs/man/almoner-agent.8
sed -n '/^\.SH EXAMPLE/,/^\.SH EXIT/p' "$page" |
	sed -n '/^\.nf$/,/^\.fi$/p' | sed '/^\.[nf]/d; s/\\e/\\/g' >"$dir/example"
agents=()
trap '[ ${#agents[@]} -eq 0 ] || kill "${agents[@]}" 2>/dev/null || true
	[ -z "$dev" ] || kill "$dev" 2>/dev/null || true; wait || true
	rm -rf "$dir"' EXIT
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')
mkdir "$dir/at"
cd "$dir/at"
while read -r program rest; do
	rest=${rest/SENDER-CONTEXT/$sender}
	# shellcheck disable=SC2086 # as the page has it
	"$build/$program" ${rest/RECEIVER-CONTEXT/$receiver} 2>>"$dir/log" &
	agents+=($!)
done < <(grep '^almoner-agent ' "$dir/example")
[ ${#agents[@]} = 2 ] || fail "the page has ${#agents[@]} agents"
for folder in trust practice; do
	until_ok test -d "$folder/state/taken"
done
# Whoever types is slower than the files come.
there() { until_ok sh -c "cat $1"; }
while IFS= read -r line; do
	case $line in
	'cat >'*) echo "$line" ;;
	"cat "*) echo "there '${line%%  *}'" | sed "s/'cat /'/" ;;
	almoner-agent*) ;;
	*) echo "$line" ;;
	esac
done <"$dir/example" >"$dir/typed"
. "$dir/typed"
grep -qx 'On Friday at ten.' "$dir/out" || fail "another reply came"
grep -q '^kind: "request"' practice/inbox/*.yaml || fail "no request"
[ -e practice/receipts/reply.yaml ] || there practice/receipts/reply.yaml
grep -v 'connected' "$dir/log" && fail "$(cat "$dir/log")"
for one in "${agents[@]}"; do
	kill "$one"
	wait "$one" || fail "an agent ended with $?"
done
agents=()
