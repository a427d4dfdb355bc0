#!/bin/bash
# The life of a policy from the command line, against a real daemon: officers
# and their keys, propose, approve, activate, roll back, an emergency, and a
# signature made on a machine without a broker.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev --keep
log=$(json 'd["log"]')
store=$(json 'd["store"]')
key=$(json 'd["store-key"]')
cp -r config/demo/policy "$dir/policy"
policy=$dir/policy

# --- officers ---------------------------------------------------------------
for name in anna grace henry; do
	code 0 "$almoner" officer keygen "$dir/$name.key" --json
	json 'd["key"]' >"$dir/$name.pub"
	[ "$(stat -c %a "$dir/$name.key")" = 400 ] || fail "the key's mode"
done
code 6 "$almoner" officer keygen "$dir/anna.key"
anna=(--as anna --key "$dir/anna.key" --reason test)
grace=(--as grace --key "$dir/grace.key" --reason test)
henry=(--as henry --key "$dir/henry.key" --reason test)
register() {
	local name=$1 role=$2
	shift 2
	"$almoner" officer register "$name" "$role" \
		--pub "$(cat "$dir/$name.pub")" "$@"
}
code 0 "$almoner" status --json
has 'd["policy-how"] == "unguarded" and d["guardians"] == 0'
grep -q policy.unguarded "$log" || fail "one person's policy is not told of"
code 0 "$almoner" policy activate "$policy" --reason test
code 0 register anna author --reason test --dry-run
code 0 register anna author --reason test
code 0 register grace guardian --reason test
code 5 register henry guardian --reason test
grep -q ALM-5102 "$dir/err" || fail "no guardian had to sign"
code 5 register henry guardian "${anna[@]}"
grep -q ALM-5103 "$dir/err" || fail "an author has registered a guardian"
code 0 register henry guardian "${grace[@]}"
code 0 "$almoner" officer list --json
has 'len(d["rows"]) == 3 and d["guardians"] == 2'

# --- propose, approve, activate ---------------------------------------------
code 5 "$almoner" policy activate "$policy" --reason test
grep -q ALM-5101 "$dir/err" || fail "an unapproved policy was not refused"
sed 's/effect: permit, basis: DSA-08/effect: deny, basis: DSA-08/' \
	config/demo/policy/90-tests.yaml >"$policy/90-tests.yaml"
code 9 "$almoner" policy propose "$policy" "${anna[@]}"
grep -q ALM-5023 "$dir/err" || fail "a policy that fails its tests"
cp config/demo/policy/90-tests.yaml "$policy"
# More than one answer can carry.
python3 -c 'print("# as agreed\n" * 250000)' >>"$policy/90-tests.yaml"
code 2 "$almoner" policy propose "$policy" --reason test
code 2 "$almoner" policy propose "$policy" --reason test --as anna
code 0 "$almoner" policy propose "$policy" "${anna[@]}" --dry-run
code 0 "$almoner" policy propose "$policy" "${anna[@]}" --json
has 'd["proposal"] == 1 and d["tests"] > 0'
code 5 "$almoner" policy activate --proposal 1 --reason test
grep -q ALM-5109 "$dir/err" || fail "activated without approval"
code 5 "$almoner" policy approve 1 "$policy" "${anna[@]}"
code 6 "$almoner" policy approve 1 config/demo/policy "${grace[@]}"
grep -q ALM-5108 "$dir/err" || fail "other content was approved"
code 3 "$almoner" policy approve 2 "$policy" "${grace[@]}"
code 0 "$almoner" policy approve 1 "$policy" "${grace[@]}"
code 0 "$almoner" policy proposals --json
has 'd["rows"][0]["status"] == "approved"'
code 0 "$almoner" policy activate --proposal 1 --reason test --dry-run
# The next whole second: the first policy may be younger than this one.
soon=$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%SZ)
code 0 "$almoner" policy activate --proposal 1 --reason test --json
has 'd["how"] == "approved"'
epoch=$(json 'd["epoch"]')
code 6 "$almoner" policy activate --proposal 1 --reason test
grep -q ALM-5107 "$dir/err" || fail "a proposal was activated twice"
code 3 "$almoner" policy show --at 2020-01-01T00:00:00Z
code 0 "$almoner" policy show --proposal 1 --into "$dir/review" --json
has 'd["proposal"] == 1 and len(d["rows"]) == 7'
diff -r "$policy" "$dir/review" || fail "other files came back"
code 1 "$almoner" policy show --proposal 1 --into "$dir/review"
grep -q 'not overwritten' "$dir/err" || fail "files were overwritten"
code 0 "$almoner" policy show --epoch 1 --into "$dir/first"
diff -r config/demo/policy "$dir/first" || fail "the first policy is another"
code 2 "$almoner" policy show --epoch 1 --proposal 1
code 3 "$almoner" policy show --proposal 9 --into "$dir/nothing"
code 0 "$almoner" policy show --at "$soon" --json
has "d['epoch'] <= $epoch"

# --- the key is elsewhere -----------------------------------------------------
code 0 "$almoner" policy rollback $((epoch - 1)) "${anna[@]}" --json
has 'd["proposal"] == 2'
code 0 "$almoner" policy proposals --json
digest=$(json 'd["rows"][0]["digest"]')
approve=("$almoner" policy approve 2 --digest "$digest" --as henry
	--reason test)
code 0 "${approve[@]}" --print-statement
mv "$dir/out" "$dir/statement"
grep -q '^act: approve$' "$dir/statement" || fail "no statement"
code 0 env -u ALMONER_ADMIN "$almoner" officer sign "$dir/statement" \
	--key "$dir/henry.key" --json
signature=$(json 'd["signature"]')
grep -q '^act: approve$' "$dir/err" || fail "what was signed is not shown"
echo 'pay to the bearer' >"$dir/other"
code 1 "$almoner" officer sign "$dir/other" --key "$dir/henry.key"
code 5 "${approve[@]/henry/grace}" --signature "$signature"
grep -q ALM-5105 "$dir/err" || fail "another's signature was taken"
code 0 "${approve[@]}" --signature "$signature"
code 0 "$almoner" policy activate --proposal 2 --reason test
code 0 "$almoner" policy history --json
has "d['rows'][0]['rollback'] == $((epoch - 1))"
has 'd["rows"][0]["approved-by"] == "henry"'

# --- an emergency --------------------------------------------------------------
code 2 "$almoner" policy activate "$policy" "${grace[@]}"
code 5 "$almoner" policy activate "$policy" --emergency "${anna[@]}"
code 0 "$almoner" policy activate "$policy" --emergency "${grace[@]}" --json
has 'd["how"] == "emergency" and d["expires-at"] != ""'
code 0 "$almoner" status --json
has 'd["policy-how"] == "emergency" and d["policy-expires-at"] != ""'
grep -q policy.emergency "$log" || fail "the emergency is not told of"
code 5 "$almoner" policy activate "$policy" --emergency "${henry[@]}"
grep -q ALM-5110 "$dir/err" || fail "the emergency was prolonged"
code 0 "$almoner" policy rollback 1 --emergency "${henry[@]}" --dry-run

# --- officers go -----------------------------------------------------------------
code 0 "$almoner" officer revoke henry --yes "${grace[@]}"
code 6 "$almoner" officer revoke grace --yes "${grace[@]}"
grep -q ALM-5111 "$dir/err" || fail "the last guardian was revoked"
code 0 "$almoner" audit query --kind policy-emergency --json
has 'len(d["rows"]) == 1'

# --- what was signed verifies from the store alone ---------------------------
kill -TERM "$dev"
wait "$dev" || fail "dev did not end well"
dev=
code 0 "$almoner" audit verify --store "$store" --key "$key" --json
code 0 "$almoner" audit verify --store "$store" --json
