#!/bin/bash
# The disclosure report of the demonstration's patient, as text, page, table and
# document, from the store and from the daemon: word for word, with no whole
# number, and each is a record with its reason.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000018

TMPDIR=$dir "$almoner" demo --keep --quiet --json >"$dir/out" 2>"$dir/err" ||
	fail "the demonstration"
demo=$(echo "$dir"/almoner-*)
person() { # person CODE OPTION...: from the demonstration's store
	local wanted=$1
	shift
	echo $number | code "$wanted" "$almoner" audit person - --store \
		"$demo/store" --key "$demo/store.key" "$@"
}
# Times, ids, roots and numbers of records are not the same twice.
plain() {
	sed -E 's/[0-9]+ [A-Z][a-z]+ 20[0-9]{2}, [0-9:]{5} UTC/WHEN/g
		s/[0-9a-f]{64}/ROOT/g; s/of [0-9]+ records/of N records/
		s/(Record( \||<\/th><td>)) *[0-9]+(, [0-9]+)?/\1 N/' "$1"
}
person 2
person 0 --reason 'SAR 2026/118'
plain "$dir/out" | diff tests/data/reports/person.md - || fail "person.md"
person 0 --reason 'SAR 2026/118' --html
grep -q '</html>' "$dir/out" || fail "the page has no end"
python3 - "$dir/out" <<'P'
import html.parser, sys


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.headings = [], 0

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe"), tag
        assert not any(k.startswith("on") or k in ("src", "href")
                       for k, _ in attributes), attributes
        self.headings += tag == "h3"
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


page = Page()
page.feed(open(sys.argv[1]).read())
assert page.open == [] and page.headings == 10, (page.open, page.headings)
P
person 0 --reason 'SAR 2026/118' --json
has 'd["schema"] == "almoner.audit.person/1" and d["left-out"] == 1'
has 'd["subject"] == "999 *** **18" and len(d["rows"]) == 10'
has '[r["outcome"] for r in d["rows"]].count("shared") == 6'
has '[r["outcome"] for r in d["rows"]].count("refused") == 3'
has '[r["outcome"] for r in d["rows"]].count("stopped") == 1'
has 'all(r["law"] and r["basis"] for r in d["rows"] if r["outcome"] == "shared")'
person 0 --reason 'SAR 2026/118' --json --with-protected
has 'd["left-out"] == 0 and len(d["rows"]) == 11'
person 0 --reason 'SAR 2026/118' --csv
[ "$(wc -l <"$dir/out")" -eq 11 ] || fail "rows of the table"
person 0 --reason 'SAR 2026/118' --since 2099-01-01 --json
has 'd["rows"] == []'
grep -rqs $number "$dir/out" "$dir/err" && fail "the number is shown"
code 0 "$almoner" audit query --store "$demo/store" --key "$demo/store.key" \
	--kind audit-queried --reveal --reason test --json
has 'len([r for r in d["rows"] if "disclosure report: SAR 2026/118" in
	r["detail"] and r["person"]]) == 6'

# --- the same question to a daemon -----------------------------------------
begin_dev
sender=$(json 'd["sender-context"]')
echo 'Seen today.' >"$dir/payload"
echo $number | "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
	--level identifiable --category treatment-summary --subject - \
	--payload "$dir/payload" >/dev/null 2>&1 || true
echo $number | code 0 "$almoner" audit person - --reason 'SAR 2026/119' --json
has 'len(d["rows"]) == 1'
has 'd["rows"][0]["recipient-name"].endswith(" (C84001)")'
code 0 "$almoner" audit query --kind audit-queried --reveal --reason test --json
has 'any("disclosure report: SAR 2026/119" in r["detail"] for r in d["rows"])'

# --- what is not shared yet, and who asks -----------------------------------
echo $number | code 0 "$almoner" audit person - --reason 'SAR 2026/120' --json
has '[r["outcome"] for r in d["rows"]] == ["waiting"]'
# An agent that may not know is told nothing, and the person that it asked.
echo $number | code 5 "$almoner" audit query -c "$sender" --person - --reveal \
	--reason 'about 999 000 0026'
code 0 "$almoner" audit query --kind accepted --reason test --json
seq=$(json 'd["rows"][0]["seq"]')
code 0 "$almoner" audit show "$seq" --reason 'seen by number'
echo $number | code 0 "$almoner" people show - --reason 'see 9990000026'
echo $number | code 0 "$almoner" audit person - --reason 'SAR 2026/121'
sed -n '/^## What was shared/,/^## What may be/p' "$dir/out" |
	grep -q '^Nothing' || fail "what waits is told to be shared"
grep -q '^## What may be shared' "$dir/out" || fail "what waits is not told"
says() { # says TEXT: in the last answer
	grep -qF "$1" "$dir/out" || fail "it does not say: $1"
}
says 'Waiting to be collected: 1.'
says '| asked about you; nothing was shown | about 999 \*\*\* \*\*26 |'
says '| looked at what was shared about you | seen by number |'
says '| looked at your choices on record | see 999\*\*\*\*\*26 |'
says '| an auditor of the system |'
