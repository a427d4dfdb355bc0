#!/bin/bash
# A copy of a running broker's store: compact, verified, recorded, readable by
# itself and fit to be used instead; and nothing is ever written over.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev --keep
store=$(json 'd["store"]')
key=$(json 'd["store-key"]')
# --- as it would be ----------------------------------------------------------
code 0 "$almoner" backup "$dir/copy" --store "$store" --dry-run
grep -q 'this was a dry run' "$dir/err" || fail "a dry run does not say so"
code 9 "$almoner" backup "$dir/none/copy" --store "$store" --dry-run
code 6 "$almoner" backup "$dir" --store "$store" --dry-run
[ -e "$dir/copy" ] || [ -e "$dir/copy.partial" ] && fail "a dry run copies"
code 0 "$almoner" audit query --kind backup --json
has 'd["rows"] == []'

code 0 "$almoner" backup "$dir/copy" --store "$store" --key "$key" \
	--reason nightly --json
has 'd["result"] == "verified" and d["bytes"] > 0 and d["not-covered"] == ""'
head=$(json '"%d:%s" % (d["size"], d["root"])')
[ "$(ls "$dir/copy")" = data.mdb ] || fail "$(ls "$dir/copy")"
[ "$(stat -c %a "$dir/copy" "$dir/copy/data.mdb" | tr '\n' ' ')" = "700 600 " ] ||
	fail "others may read the copy"
[ -e "$dir/copy.partial" ] && fail "the partial copy is left"
code 0 "$almoner" audit query --kind backup --reveal --reason test --json
has '["what: begun" in r["detail"] for r in d["rows"]] == [True, False]'
has '"head: '"$head"'" in d["rows"][1]["detail"]
	and "reason: nightly" in d["rows"][1]["detail"]'

# --- never over what is there ----------------------------------------------
code 6 "$almoner" backup "$dir/copy" --store "$store" --key "$key"
mkdir "$dir/other.partial"
code 6 "$almoner" backup "$dir/other" --store "$store"
[ -e "$dir/other" ] && fail "made all the same"
code 2 "$almoner" backup "$dir/other/" --store "$store"
# Another store than the daemon's is not copied in its name, nor an old copy.
TMPDIR=$dir code 0 "$almoner" dev --once --bare --keep --quiet --json
another=$(json 'd["store"]')
code 9 "$almoner" backup "$dir/wrong" --store "$another"
code 9 "$almoner" backup "$dir/wrong" --store "$another" --dry-run
code 9 "$almoner" backup "$dir/wrong" --store "$dir/copy"
[ -e "$dir/wrong" ] && fail "a copy of another store"
[ -e "$dir/wrong.partial" ] && fail "the partial copy is left"
code 0 "$almoner" audit query --kind backup --reveal --reason test --json
has '"what: failed" in d["rows"][-1]["detail"]'

# --- the copy is a store ---------------------------------------------------
code 0 "$almoner" audit verify --store "$dir/copy" --key "$key" \
	--head "$head" --json
has 'd["result"] == "verified" and d["private-parts"] > 0'
code 0 "$almoner" audit query --store "$dir/copy" --key "$key" \
	--limit 1 --json
has 'len(d["rows"]) == 1'
kill "$dev"
wait "$dev" || true
dev=
unset ALMONER_ADMIN

# --- with no daemon --------------------------------------------------------
code 2 "$almoner" backup "$dir/late" --store "$store" \
	--admin "ipc://$dir/none.sock"
code 0 "$almoner" backup "$dir/late" --store "$store" --key "$key" \
	--admin "ipc://$dir/none.sock" --json
has 'd["result"] == "verified"'
code 0 "$almoner" audit query --store "$store" --key "$key" \
	--kind backup --reveal --reason test --json
has '"what: done" in d["rows"][-1]["detail"]
	and "with no daemon" in d["rows"][-1]["detail"]'
