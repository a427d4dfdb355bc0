#!/bin/bash
# almoner audit tail: the last records, those that come, over a restart of the
# broker and of itself; and almoner audit reindex.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev --keep
folder=$(json 'd["folder"]')
code 0 "$almoner" audit tail --lines 3 --jsonl
[ "$(wc -l <"$dir/out")" -eq 3 ] || fail "not three lines"
code 2 "$almoner" audit tail --json
code 2 "$almoner" audit tail --lines 0
code 2 "$almoner" audit tail --format fhir

# One that goes on is one question, however often it looks.
mkfifo "$dir/live"
"$almoner" audit tail --follow --kind administration --jsonl \
	--cursor-file "$dir/cursor" >"$dir/live" 2>"$dir/tail.err" &
tail=$!
exec 3<"$dir/live"
code 2 "$almoner" audit reindex
code 0 "$almoner" audit reindex --dry-run --reason test --json
code 0 "$almoner" audit reindex --reason first --json
has 'd["schema"] == "almoner.audit.reindex/1"'
read -r line <&3
first=$(echo "$line" | python3 -c 'import json, sys; print(json.load(sys.stdin)["seq"])')
code 0 "$almoner" audit reindex --reason second
read -r line <&3
second=$(echo "$line" | python3 -c 'import json, sys; print(json.load(sys.stdin)["seq"])')
[ "$second" -gt "$first" ] || fail "$first, then $second"
code 0 "$almoner" audit query --kind audit-queried --reveal --reason test --json
has 'sum("followed" in r["detail"] for r in d["rows"]) == 2'
# It keeps its place after it has shown a line.
is_place_kept() {
	cp "$dir/cursor" "$dir/place" && "$almoner" audit tail --jsonl \
		--kind administration --cursor-file "$dir/place" \
		>"$dir/beyond" && [ ! -s "$dir/beyond" ]
}
until_ok is_place_kept
kill "$tail"
wait "$tail" || true
exec 3<&-

# Ended and begun again: what came meanwhile, and nothing twice.
code 0 "$almoner" audit reindex --reason third
code 0 "$almoner" audit tail --kind administration --jsonl \
	--cursor-file "$dir/cursor"
[ "$(wc -l <"$dir/out")" -eq 1 ] || fail "not the one that was missed"
[ "$(json 'd["seq"]')" -gt "$second" ] || fail "one came twice"
code 0 "$almoner" audit tail --kind administration --format ocsf \
	--cursor-file "$dir/cursor"
[ ! -s "$dir/out" ] || fail "one came twice"
code 2 "$almoner" audit tail --kind accepted --cursor-file "$dir/cursor"
grep -q ALM-6003 "$dir/err" || fail "another question's cursor was taken"

# A time as it is printed bounds a question to the microsecond.
code 0 "$almoner" audit query --kind administration --json
from=$(json 'd["rows"][0]["time"]')
until=$(json 'd["rows"][1]["time"]')
between='[r["time"] for r in d["rows"]] == ["'$from'"]'
code 0 "$almoner" audit query --kind administration --since "$from" \
	--until "$until" --json
has "$between"
code 0 "$almoner" audit stats --until "$until" --json
has "d['until'] == '$until'"
code 0 "$almoner" audit breach --from RX1 --since "$from" --until "$until" \
	--aware "$from" --reason test --json
code 2 "$almoner" audit query --since "${from%Z}0Z"

# The bare form follows, with the same options.
mkfifo "$dir/bare"
"$almoner" tail --kind administration --lines 1 --jsonl >"$dir/bare" \
	2>"$dir/tail.err" &
tail=$!
exec 3<"$dir/bare"
read -r line <&3
code 0 "$almoner" audit reindex --reason 'while it follows'
read -r line <&3
kill "$tail"
wait "$tail" || true
exec 3<&-
code 0 "$almoner" audit tail --kind administration --lines 1 --jsonl
grep -q '"seq"' "$dir/out" || fail "nothing"
[ "$(json 'd["seq"]')" = "$(echo "$line" | python3 -c \
	'import json, sys; print(json.load(sys.stdin)["seq"])')" ] ||
	fail "the bare form did not follow"
code 2 "$almoner" tail --follow

# --- without the daemon ----------------------------------------------------
kill -TERM "$dev"
wait "$dev" || fail "dev did not end well"
dev=
code 7 "$almoner" audit tail
store=("--store" "$folder/store" "--key" "$folder/store.key")
code 0 "$almoner" audit reindex "${store[@]}" --json
has 'd["covered"] <= d["size"] and d["damaged"] == 0'
code 0 "$almoner" audit query "${store[@]}" --kind administration --json
has 'len(d["rows"]) == 4'
code 0 "$almoner" audit query "${store[@]}" --kind administration \
	--since "$from" --until "$until" --json
has "$between"
