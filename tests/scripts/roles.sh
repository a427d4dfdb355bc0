#!/bin/bash
# The council answers an assessment with a care plan.  The assessment is
# acknowledged after the plan is accepted, and whenever the council is killed
# there is one plan in the end.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
almoner=$build/almoner
dir=$(mktemp -d)
dev=
trust=
council=
trap 'kill -9 $council $trust 2>/dev/null || true
	[ -z "$dev" ] || kill "$dev" 2>/dev/null || true; wait 2>/dev/null || true
	rm -rf "$dir"' EXIT
fail() {
	echo "roles.sh: $*" >&2
	cat "$dir"/*.out >&2 || true
	exit 1
}
json() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

mkfifo "$dir/ready"
TMPDIR=$dir "$almoner" dev --keep --quiet --json >"$dir/ready" &
dev=$!
sed '/^}$/q' <"$dir/ready" >"$dir/dev.json"
ALMONER_ADMIN=$(json "$dir/dev.json" 'd["admin"]')
export ALMONER_ADMIN
"$almoner" agent keygen "$dir/keys" >/dev/null
"$almoner" agent register 511 council --pub "$dir/keys/agent.pub" >/dev/null
cat >"$dir/keys/context.yaml" <<END
endpoint: $(json "$dir/dev.json" 'd["endpoint"]')
broker-key: $("$almoner" status --json >"$dir/status.json"
	json "$dir/status.json" 'd["broker-key"]')
organisation: '511'
agent: council
curve-key: curve.key
signing-key: signing.key
END

# lines FILE WANTED WORD: wait until so many lines of the file begin so
lines() {
	for _ in $(seq 2400); do
		[ "$(grep -c "^$3" "$1")" -lt "$2" ] || return 0
		read -r -t 0.05 <>"$dir/never" || true
	done
	fail "no $2 lines '$3' in $1"
}
mkfifo "$dir/never" "$dir/trust.in" "$dir/council.in"
touch "$dir/trust.out" "$dir/council.out"
exec 8<>"$dir/trust.in" 9<>"$dir/council.in"
"$build/roles/almoner-role-trust" \
	--context "$(json "$dir/dev.json" 'd["sender-context"]')" \
	<&8 >"$dir/trust.out" 2>&1 8>&- 9>&- &
trust=$!
play_council() {
	"$build/roles/almoner-role-local-authority" \
		--context "$dir/keys/context.yaml" <&9 >"$dir/council.out" \
		2>&1 8>&- 9>&- &
	council=$!
}

for round in 1 2 3; do
	echo "part home-care subject=9990000018 ref=$round" >&8
	lines "$dir/trust.out" $round "receipt .* code=0"
	: >"$dir/council.out"
	# Killed as soon as it has said that the plan is on its way.
	play_council
	lines "$dir/council.out" 1 sent
	kill -9 $council
	wait $council 2>/dev/null || true
done
play_council
lines "$dir/council.out" 1 ready
for _ in $(seq 2400); do
	"$almoner" mailbox list --json >"$dir/boxes.json"
	left=$(json "$dir/boxes.json" \
		'sum(r["messages"] for r in d["rows"] if r["organisation"] == "511")')
	[ "$left" -gt 0 ] || break
	read -r -t 0.05 <>"$dir/never" || true
done
[ "$left" -eq 0 ] || fail "$left assessments are not acknowledged"
plans=$(json "$dir/boxes.json" 'sum(r["messages"] for r in d["rows"]
	if r["organisation"] == "CQC-1-10553191017")')
[ "$plans" -eq 3 ] || fail "$plans plans of 3 assessments"

# Of each assessment: acknowledged only after a plan was accepted.
"$almoner" audit query --json --limit 1000 --reason "a test" >"$dir/log.json"
python3 - "$dir/log.json" <<'END' || fail "acknowledged before the plan"
import json, sys
plans = taken = 0
rows = json.load(open(sys.argv[1]))["rows"]
for r in sorted(rows, key=lambda r: int(r["seq"])):
    plans += r["kind"] == "accepted" and r["sender"] == "511" and \
        r["effect"] != "deny"
    if r["kind"] == "acknowledged" and r["recipient"] == "511":
        taken += 1
        assert plans >= taken, r
assert taken == 3, taken
END
echo quit >&8
echo quit >&9
wait $trust $council || fail "a role ends with an error"
council=
