#!/bin/bash
# Every question to the audit log has a reason, and is a record with it: its own,
# or a standing one that shows to be that.  A bundle and an export take no more
# than the running broker, and are recorded too.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
unset ALMONER_AUDIT_REASON

number=9990000018
begin_dev --keep
sender=$(json 'd["sender-context"]')
audit_key=$(json 'd["audit-key"]')
store=$(json 'd["store"]')
key=$(json 'd["store-key"]')
echo 'Seen today.' >"$dir/payload"
code 0 "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
	--level identifiable --category treatment-summary --subject $number \
	--payload "$dir/payload" --json
id=$(json 'd["id"]')
questions() {
	code 0 "$almoner" audit query --kind audit-queried --reveal --reason count \
		--limit 0 --json
}
questions
before=$(json 'len(d["rows"])')

# --- without a reason nothing is told ----------------------------------------
refuses() {
	code 2 "$almoner" "$@"
	grep -q 'reason-required' "$dir/err" || fail "not refused: $*"
	grep -q -- 'Add --reason TEXT' "$dir/err" || fail "no way out: $*"
	[ ! -s "$dir/out" ] || fail "told all the same: $*"
}
refuses audit query
refuses audit query --reason ''
refuses audit query --reason '  ' --limit 1
refuses audit query -c "$sender"
refuses audit tail
refuses audit tail --follow --jsonl
refuses tail
refuses audit stats
refuses audit show 1
refuses audit receipt 1
refuses audit export --tiles "$dir/none"
refuses audit query --store "$store" --key "$key"
refuses duty list
refuses duty show "$id"
refuses trace "$id"
refuses trace -c "$sender" "$id"
refuses policy impact config/demo/policy
code 2 "$almoner" audit person $number
code 2 "$almoner" audit breach --from RX1
code 2 "$almoner" audit bundle --out "$dir/none"
refuses audit person $number --reason ' '
refuses audit breach --from RX1 --reason ' '
refuses audit bundle --out "$dir/none" --reason ' '
[ ! -e "$dir/none" ] || fail "something was written"
questions
has "len(d['rows']) == $before + 1"

# --- a standing reason, and where it is not enough ----------------------------
export ALMONER_AUDIT_REASON='SIEM feed'
code 0 "$almoner" audit tail --lines 1 --jsonl
code 0 "$almoner" audit query --kind accepted --reason INC-17 --json
refuses audit query --person $number
refuses audit query --reveal
refuses audit show 1 --reveal
refuses audit query --reason ''
unset ALMONER_AUDIT_REASON
code 0 "$almoner" ctx add ops --admin "$ALMONER_ADMIN" \
	--audit-reason 'Monday review'
code 0 "$almoner" ctx show ops --json
has 'd["audit-reason"] == "Monday review"'
code 0 "$almoner" audit stats -c ops --json
code 0 "$almoner" trace -c ops "$id" --json
questions
has '[len([r for r in d["rows"] if "reason: " + w in r["detail"]]) for w in (
	"standing reason: SIEM feed", "INC-17",
	"statistics: standing reason: Monday review",
	"standing reason: Monday review")] == [1, 1, 1, 2]'

# --- with nothing but the running broker --------------------------------------
until_ok "$almoner" audit bundle --kind accepted --reason 'ICO 4711' \
	--out "$dir/bundle" --json
has 'd["singles"] >= 2'
code 0 "$almoner" audit verify "$dir/bundle" --audit-key "$audit_key" --json
code 6 "$almoner" audit bundle --reason 'not said' --out "$dir/bundle"
code 0 "$almoner" audit bundle --since 1h --reason more --force \
	--out "$dir/bundle" --json
code 0 "$almoner" audit verify "$dir/bundle" --audit-key "$audit_key" --json
has 'd["records"] > 17'
code 0 "$almoner" audit export --tiles "$dir/tiles" --reason nightly --json
code 0 "$almoner" audit verify "$dir/tiles" --audit-key "$audit_key" --json
questions
has '[len([r for r in d["rows"] if "verb: " + v in r["detail"] and
	"reason: " + w in r["detail"]]) for v, w in (
	("audit.bundle", "ICO 4711"), ("audit.export", "nightly"))] == [1, 1]'
has 'not any("not said" in r["detail"] for r in d["rows"])'

# --- with no daemon: in the store, which its configuration names --------------
kill "$dev"
wait "$dev" || true
dev=
code 0 env ALMONER_STORE="$store" ALMONER_STORE_KEY_FILE="$key" "$almoner" \
	audit export --tiles "$dir/tiles" --reason 'the last night' --json
code 0 "$almoner" audit query --store "$store" --key "$key" --kind \
	audit-queried --reveal --reason count --limit 0 --json
has 'len([r for r in d["rows"] if "reason: the last night" in r["detail"] and
	"from the store" in r["detail"]]) == 1'
echo "audit_reason.sh: ok"
