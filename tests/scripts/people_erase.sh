#!/bin/bash
# One person's history, a withdrawal that nothing outranks, and erasing: what
# was kept is gone, what the log says cannot be read, and it still verifies.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000123
other=9990000018
people() { # people CODE VERB...: about the number
	local wanted=$1
	shift
	echo $number | code "$wanted" "$almoner" people "$1" - "${@:2}"
}

begin_dev --keep
folder=$(json 'd["folder"]')
sender=$(json 'd["sender-context"]')

# --- a withdrawal counts, whatever the newest id of its second is ----------
z62=$(printf 'z%.0s' $(seq 62))
put() { # put SCOPE ID INSTANT
	echo '{"type":"directive","id":"'"$2"'","subject":"'$number'",
"authority":"patient","scope":"'"$1"'","recorded":"'"$3"'","effect":"deny",
"purposes":["any"],"categories":["any"],"to":["any"],
"valid":"2025-01-01 until further notice"}' | tr -d '\n' >"$dir/one"
	echo >>"$dir/one"
	code 0 "$almoner" people import "$dir/one"
}
i=0
for id in short "$z62" "${z62}a" "${z62}ab" "a${z62}z" "${z62}zz"; do
	i=$((i + 1))
	# Now, or a moment ago: whichever second the withdrawal has.
	put "scope-$i" "$id" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
	people 0 withdraw --authority patient --scope "scope-$i" --reason test
	people 0 history --reason test --json
	# No id is greater than the last one: that one ends a second later.
	has '[r["stands"] for r in d["rows"] if r["scope"] == "scope-'$i'"
		and r["effect"] == "deny" and r["id"] != 64 * "z"]
		in ([], ["replaced"])'
	people 3 withdraw --authority patient --scope "scope-$i" --reason test
done
put later future 2099-01-01T00:00:00Z
people 0 withdraw --authority patient --scope later --reason test
people 3 withdraw --authority patient --scope later --reason test
people 0 show --reason test --json
has 'd["subject"] == "999 *** **23"'
has 'all(r["stands"] == "now" for r in d["rows"])'
people 0 history --reason test --json
has 'len(d["rows"]) == 14'
has '[r["recorded"] for r in d["rows"]]
	== sorted(r["recorded"] for r in d["rows"])'
people 2 history

# --- erasing ---------------------------------------------------------------
echo 'Seen today.' >"$dir/payload"
for n in $number $other; do
	echo $n | "$almoner" send -c "$sender" --to C84001 --purpose \
		direct-care --level identifiable --category treatment-summary \
		--subject - --payload "$dir/payload" >/dev/null 2>&1 || true
done
"$almoner" audit head --json >"$dir/out"
before=$(json 'd["size"]')
people 2 erase
people 6 erase --reason test --yes
grep -q ALM-1405 "$dir/err" || fail "objections are forgotten in silence"
people 0 erase --reason test --with-objections --dry-run --json
has 'd["records"] == 14 and "keys" not in d'
people 2 erase --reason test --with-objections --no-input
people 0 erase --reason test --with-objections --yes --json
has 'd["records"] == 14 and d["keys"] > 0'
grep -q $number "$dir/out" "$dir/err" && fail "the number is shown"
people 0 history --reason test --json
has 'd["rows"] == []'
code 0 "$almoner" audit query --reveal --reason test --limit 1000 --json
has '[r for r in d["rows"] if r["detail"] == "erased" and r["person"]] != []'
has '[r for r in d["rows"] if r["kind"] == "person-erased"
	and "test" in r["detail"] and not r["person"]] != []'
echo $other | code 0 "$almoner" audit query --person - --reveal --reason test \
	--json
has 'd["rows"] != [] and all(r["detail"] != "erased" for r in d["rows"])'
echo $number | code 0 "$almoner" audit query --person - --reveal --reason \
	test --json
has 'all(r["detail"] == "erased" for r in d["rows"]
	if int(r["seq"]) <= '"$before"')'
people 0 erase --reason test --yes --json
has 'd["records"] == 0'
kill "$dev"
wait "$dev" || true
dev=
key=$(find "$folder" -name 'store.key' | head -n 1)
code 0 "$almoner" audit verify --store "$folder/store" --key "$key" --json
has 'd["result"] == "verified" and d["private-erased"] > 0'
