#!/bin/bash
# Who is affected by a breach, what flows, and one record in words: from the
# demonstration's store and from a daemon, recorded, with no whole number.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000018
other=9990000026

TMPDIR=$dir "$almoner" demo --keep --quiet --json >"$dir/out" 2>"$dir/err" ||
	fail "the demonstration"
demo=$(echo "$dir"/almoner-*)
audit() { # audit CODE VERB OPTION...: from the demonstration's store
	local wanted=$1 verb=$2
	shift 2
	code "$wanted" "$almoner" audit "$verb" "$@" --store "$demo/store" \
		--key "$demo/store.key"
}
plain() {
	sed -E 's/[0-9]+ [A-Z][a-z]+ 20[0-9]{2}, [0-9:]{5} UTC/WHEN/g
		s/[0-9a-f]{64}/ROOT/g; s/of [0-9]+ records/of N records/' "$1"
}

# --- breach ----------------------------------------------------------------
audit 2 breach --reason INC-17
audit 2 breach --from RX1
audit 2 breach 7 --reason INC-17
audit 2 breach --from RX1 --reason INC-17 --reveal
printf '%s\n%s\n' $number $other >"$dir/numbers"
audit 0 breach --from RX1 --reason INC-17 --reveal --numbers "$dir/numbers"
plain "$dir/out" | diff tests/data/reports/breach.md - || fail "breach.md"
echo 9990000019 >"$dir/wrong"
audit 2 breach --from RX1 --reason INC-17 --reveal --numbers "$dir/wrong"
audit 0 breach --from RX1 --to 511 --reason INC-17 --json
has '[r["to"] for r in d["rows"]] == ["511"]' # an id, not a number
audit 0 breach --from RX1 --reason INC-17 --json --aware 2026-07-01T09:00:00Z
has 'd["affected"] == 1 and d["messages"] == d["taken"] == 6'
has 'd["tell-until"] == "2026-07-04T09:00:00Z"'
has '[len(r["person"]) for r in d["rows"]] == [32]'
audit 0 breach --to C84001 --reason INC-17 --csv
[ "$(wc -l <"$dir/out")" -eq 2 ] || fail "rows of the table"
# A range of records takes what became of its messages with it.
audit 0 query --kind delivered --json
first=$(json 'd["rows"][0]["ref"]')
message=$(json 'd["rows"][0]["message-id"]')
audit 0 breach "$first..$first" --reason INC-17 --json
has 'd["messages"] == 1 and d["taken"] == 1'
audit 0 breach --message "$message" --reason INC-17 --json
has 'd["messages"] == 1'
audit 0 breach "$message..$message" --reason INC-17 --json
has 'd["messages"] == 1'
audit 0 breach --since 2099-01-01 --reason INC-17 --html
grep -q '</html>' "$dir/out" || fail "the page has no end"

# --- stats -----------------------------------------------------------------
audit 0 stats --reason monthly --json
has 'sum(r["count"] for r in d["rows"] if r["what"] == "flow") == 21'
has 'sum(r["count"] for r in d["rows"] if r["effect"] == "stopped") == 1'
has '"DSA-08-emergency" in [r["basis"] for r in d["rows"]
	if r["remark"] == "unused"]'
has '"DSA-01-treatment-summary" not in [r["basis"] for r in d["rows"]]'
audit 0 stats --from RX1 --until 2020-01-01 --unusual --json
has '[r for r in d["rows"] if r["what"] == "flow"] == []'
audit 0 stats --html
grep -q 'DSA-08-emergency' "$dir/out" || fail "unused agreements"
audit 2 stats --periods 0

# --- show ------------------------------------------------------------------
audit 0 show "$first" --reveal --reason test --json
has 'd["schema"] == "almoner.audit.show/1" and d["kind"] == "accepted"'
has 'd["message-id"] == "'"$message"'" and "delivered" in d["same-message"]'
has 'd["sender-name"].endswith(")") and d["signature"] != ""'
audit 0 show "$first" --reveal --reason test
grep -q '^private: place' "$dir/out" || fail "the private part"
audit 2 show "$first" --reveal
audit 3 show 999999
audit 2 show x
grep -rqsE "$number|$other" "$dir/out" "$dir/err" && fail "a number is shown"
audit 0 query --kind audit-queried --reveal --reason t --limit 0 --json
has 'len([r for r in d["rows"] if "breach report: INC-17" in r["detail"]]) == 9'
has 'len([r for r in d["rows"] if "who is affected: INC-17" in r["detail"]
	and r["person"]]) == 2'
# What bounded the answer is in the record, and whom a shown record was about.
has 'any("verb: audit.query" in r["detail"] and "from: RX1" in r["detail"]
	for r in d["rows"])'
has 'any("message: '"$message"'" in r["detail"] for r in d["rows"])'
has '[bool(r["person"]) for r in d["rows"] if "verb: audit.show" in r["detail"]
	and "what: revealed" in r["detail"]] == [True, True]'
has 'any("statistics: monthly" in r["detail"] for r in d["rows"])'

# --- the daemon ------------------------------------------------------------
begin_dev
sender=$(json 'd["sender-context"]')
echo 'Seen today.' >"$dir/payload"
echo $number | "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
	--level identifiable --category treatment-summary --subject - \
	--payload "$dir/payload" >/dev/null 2>&1 || true
code 0 "$almoner" audit breach --from RX1 --reason INC-18 --reveal --numbers \
	"$dir/numbers" --json
has 'd["messages"] + d["waiting-messages"] == 1'
code 0 "$almoner" audit stats --json
has 'sum(r["count"] for r in d["rows"] if r["what"] == "flow") == 1'
code 0 "$almoner" audit show 1 --json
has 'd["seq"] == 1'
