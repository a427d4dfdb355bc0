#!/bin/bash
# The example of almoner-agent(8) and how it is made a service, as they stand
# there.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
begin_dev
page=$PWD/docs/man/almoner-agent.8
# typed SECTION: what one types there
typed() {
	awk -v head=".SH $1" '/^\.SH /{ is_it = $0 == head } is_it' "$page" |
		sed -n '/^\.nf$/,/^\.fi$/p' | sed '/^\.[nf]/d; s/\\e/\\/g'
}
typed EXAMPLE >"$dir/example"
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

# As a service: what is typed at its place makes a context that is good.
code 0 "$almoner" agent invite RX1 --agent ward --out rx1.invite --reason test
typed SERVICE | sed "s|/etc/almoner/agents|$dir/agents|" >"$dir/typed"
mkdir "$dir/agents"
almoner-agent() { "$build/almoner-agent" "$@" >"$dir/words" 2>&1; }
systemctl() { echo "$*" >"$dir/enabled"; }
. "$dir/typed"
code 0 "$almoner" agent approve RX1/ward --yes --reason test
code 0 "$build/almoner-agent" --context "$dir/agents/RX1-ward.yaml" \
	--folder ward --check
grep -q 'almoner-agent@RX1-ward$' "$dir/enabled" || fail "another unit"
# The unit is handed these files by these names.
sed -n 's|^LoadCredential=%i[^:]*:/etc/almoner/agents/%i|RX1-ward|p' \
	"${page%/docs/*}/systemd/almoner-agent@.service" | sort >"$dir/handed"
ls "$dir/agents" | sort | diff "$dir/handed" - || fail "other files"
