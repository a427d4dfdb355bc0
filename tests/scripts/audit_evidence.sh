#!/bin/bash
# Evidence that others can check: heads, receipts, proofs of growth, bundles
# and tiles, each read by two verifiers that share no code, and refused by both
# when they are spoiled.  A store that was set back is not served, keys change
# with an overlap, and both are records.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
seed=${ALMONER_SEED:-20261123}
begin_dev --keep
folder=$(json 'd["folder"]')
key=$(json 'd["audit-key"]')
store=(--store "$folder/store" --key "$folder/store.key")
trap 'leave "$folder"' EXIT
# The operator and a partner are told the key that --generate-keys printed.
partner=$(json 'd["sender-context"]')
code 0 "$almoner" audit keys --json
has '[(r["key"], r["state"], r["seq"]) for r in d["rows"]] == [("'"$key"'",
	"signing", 1)]'
code 0 "$almoner" audit keys -c "$partner" --json
has '[r["key"] for r in d["rows"]] == ["'"$key"'"]'
note_key=$(json 'd["rows"][0]["note-key"]')
code 0 "$almoner" status --json
has 'd["audit-key"] == "'"$key"'"'
both() { # both WANTED FILE...: what both verifiers say
	local wanted=$1
	shift
	code "$wanted" "$almoner" audit verify "$@" --audit-key "$key" \
		--strict --from-checkpoint "$dir/old"
	code "$wanted" python3 tests/verifier/verify "$@" --audit-key "$key" \
		--strict --from-checkpoint "$dir/old"
}

# A head is signed within a second: ask until one covers what is asked for.
until_ok "$almoner" audit head --checkpoint --out "$dir/old"
size=$(sed -n 2p "$dir/old")
code 0 "$almoner" audit verify "$dir/old" --audit-key "$note_key"
code 0 "$almoner" audit head --out "$dir/plain" # what is kept is signed
[ "$(sed -n 1p "$dir/plain")" = "$(sed -n 1p "$dir/old")" ] ||
	fail "no signed head was written"
code 2 "$almoner" audit query --reason 'test' --out "$dir/rows"
[ ! -e "$dir/rows" ] || fail "--out without --complete wrote something"
mkdir "$dir/files"
until_ok "$almoner" audit receipt 3 --out "$dir/files/three"
until_ok "$almoner" audit receipt 5 --reveal --reason 'test' \
	--out "$dir/files/five"
code 0 "$almoner" audit bundle "${store[@]}" --reason 'ICO 4711' \
	--out "$dir/files/all.bundle"
code 0 "$almoner" audit bundle "${store[@]}" --kind agent-changed --reveal \
	--reason 'ICO 4712; 4713' --out "$dir/files/some.bundle"
code 0 "$almoner" audit query --since 2026-01-01 --complete "${store[@]}" \
	--reason 'ICO 4713' --out "$dir/files/query.bundle"
code 2 "$almoner" audit query --complete --reason 'ICO 4713'
until_ok "$almoner" audit prove "$size" --out "$dir/files/growth"
# Any two heads, also one that the log has forgotten since.
newer() {
	"$almoner" audit head --checkpoint --force --out "$dir/newer" &&
		! cmp -s "$dir/newer" "$1"
}
until_ok newer "$dir/old"
cp "$dir/newer" "$dir/between"
"$almoner" audit tail --reason more >"$dir/out"
until_ok newer "$dir/between"
code 3 "$almoner" audit prove "$size" 999999
code 0 "$almoner" audit prove "$dir/old" "$dir/between" \
	--out "$dir/files/between"
code 2 "$almoner" audit prove "$dir/newer" "$dir/old"
# A head that the log does not extend gets no proof, whoever asks.
sed '3s/.*/'"$(printf '%043d=' 0)"'/' "$dir/old" >"$dir/forked"
sed '2s/.*/999999/' "$dir/old" >"$dir/ahead"
code 8 "$almoner" audit prove "$dir/forked"
grep -q head-inconsistent "$dir/err" || fail "a fork was not told"
code 8 "$almoner" audit prove "$dir/forked" "$dir/between"
code 8 "$almoner" audit prove "$dir/ahead"
grep -q audit-truncated "$dir/err" || fail "a log set back was not told"
code 8 "$almoner" audit prove "$dir/files/growth"
code 0 "$almoner" audit export --tiles "$dir/tiles" "${store[@]}"
for file in "$dir"/files/* "$dir/tiles"; do
	both 0 "$file"
done
code 0 "$almoner" audit verify "$dir/files/all.bundle" --audit-key "$key" --json
has 'd["records"] == d["last-seq"] and d["policies"] >= 1'
has 'd["question"] > 0 and d["private-parts"] == 1'
# Who has nothing but the file reads what it says, once all of it is good.
(
	cd "$dir/files"
	code 0 env -i "$almoner" audit verify some.bundle --audit-key "$key" \
		--records --json
	has 'd["result"] == "verified" and d["not-covered"] != ""'
	has 'd["singles"] == len(d["rows"]) and "agent-changed" in [
		r["kind"] for r in d["rows"]]'
	has '[r["seq"] for r in d["rows"]] == sorted(r["seq"] for r in d["rows"])'
	has 'any("ICO 4712" in r["detail"] for r in d["rows"])'
	has 'all(r["evidence"] == "signed" for r in d["rows"])'
	code 0 "$almoner" audit verify all.bundle --audit-key "$key" --records \
		--csv
	[ "$(sed -n 2p "$dir/out" | cut -d, -f1)" = 1 ] || fail "no first record"
	grep -q 'set back' "$dir/err" || fail "what is not covered is not told"
	code 0 "$almoner" audit verify all.bundle --audit-key "$key" --records \
		--format fhir
	has 'd["entry"][0]["resource"]["resourceType"] == "AuditEvent"'
	sed '2,$s/^\(record .\{40\}\)./\1-/' all.bundle >../bent.bundle
	code 8 "$almoner" audit verify ../bent.bundle --audit-key "$key" \
		--records --csv
	[ ! -s "$dir/out" ] || fail "records of a bent bundle were printed"
	# A receipt has the private part as a row has it.
	code 0 "$almoner" audit verify some.bundle --audit-key "$key" \
		--records --csv
	asked=$(grep -m1 'ICO 4712, 4713' "$dir/out" | cut -d, -f1)
	until_ok "$almoner" audit receipt "$asked" --reveal --reason 'test' \
		--out ../asked
	code 0 "$almoner" audit verify ../asked --audit-key "$key" --json
	has '";reason: ICO 4712, 4713;" in d["detail"]'
	code 2 "$almoner" audit verify three --audit-key "$key" --records
	code 2 "$almoner" audit verify --records
)
# Several at once: each is told by its name, whatever is wrong with others.
echo rubbish >"$dir/rubbish"
code 8 "$almoner" audit verify "$dir/files/three" "$dir/rubbish" \
	"$dir/files/five" --audit-key "$key" --json
has '[r["result"] for r in d["rows"]] == ["verified", "refused", "verified"]'
has 'd["rows"][1]["path"].endswith("/rubbish") and d["rows"][1]["what"] != ""'
# Without --store the running broker says where it is.
code 0 "$almoner" audit verify --key "$folder/store.key" --json
code 0 python3 tests/verifier/corrupt "$seed" "$almoner" "$key" "$dir/old" \
	"$dir/files"

# Every file of the tiles, one bit each.
find "$dir/tiles" -type f | while read -r file; do
	python3 - "$file" "$seed" <<'PY'
import random, sys
rng = random.Random(sys.argv[2])
data = bytearray(open(sys.argv[1], "rb").read())
data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
open(sys.argv[1] + ".spoiled", "wb").write(data)
PY
	mv "$file" "$dir/good"
	mv "$file.spoiled" "$file"
	both 8 "$dir/tiles"
	rm "$file"
	both 8 "$dir/tiles"
	mv "$dir/good" "$file"
done
both 0 "$dir/tiles"

# Another key, no key, and no cosignature where a witness was given.
code 8 "$almoner" audit verify "$dir/old" --audit-key "$(printf '%064d' 7)"
code 2 "$almoner" audit verify "$dir/old"
witness=$(python3 -c 'import base64, hashlib
name, key = b"C84001/demo", b"\4" + bytes(32)
number = hashlib.sha256(name + b"\n" + key).digest()[:4].hex()
print(name.decode(), number, base64.b64encode(key).decode(), sep="+")')
code 8 "$almoner" audit verify "$dir/files/three" --audit-key "$key" \
	--witness "$witness"
grep -q 'no witness that was given' "$dir/err" || fail "no witness is missed"
code 8 python3 tests/verifier/verify "$dir/files/three" --audit-key "$key" \
	--witness "$witness"

# The whole store, and from a head that was seen before.
code 0 "$almoner" audit verify "${store[@]}" --from-checkpoint "$dir/old" \
	--audit-key "$key" --json
has 'd["result"] == "verified" and d["heads"] >= 1 and not d["not-covered"]'

# --- a store that was set back ----------------------------------------------
kill "$dev"
wait "$dev" || true
dev=
cp -r "$folder/store" "$folder/older"
config=$folder/almonerd.yaml
serve() {
	"$build/almonerd" --config "$config" 2>>"$dir/log" &
	dev=$!
	until_ok "$almoner" status
}
stop() {
	kill "$dev"
	wait "$dev" || true
	dev=
}
sed -i 's/^endpoint:.*/endpoint: tcp:\/\/127.0.0.1:*/' "$config"
serve
until_ok "$almoner" audit head --checkpoint
stop
mv "$folder/store" "$folder/newer"
mv "$folder/older" "$folder/store"
code 8 "$build/almonerd" --config "$config"
grep -q 'log-behind-its-head' "$dir/err" || fail "no reason given"
origin=$(sed -n 1p "$dir/old")
code 8 "$almoner" audit verify "${store[@]}" \
	--from-checkpoint "$folder/store-head/signed-head" --audit-key "$key"
code 0 "$build/almonerd" --config "$config" --new-origin 'the disk failed'
grep -q "^origin: $origin/[0-9]*$" "$dir/out" || fail "another origin"
serve
# The last head is shown until the broker has signed its first.
has_new_origin() {
	"$almoner" audit head --checkpoint | grep "^$origin/[0-9]*$"
}
until_ok has_new_origin
code 0 "$almoner" audit query --kind log-origin --reveal --reason test --json
has '"the disk failed" in d["rows"][0]["detail"]'
code 0 "$almoner" audit verify "${store[@]}"

# --- published ----------------------------------------------------------------
stop
mkdir "$folder/public"
cat >>"$config" <<YAML
audit-publish-folder: $folder/public
http-endpoint: unix:$folder/http.sock
YAML
serve
until_ok test -s "$folder/public/checkpoint"
is_day_published() { # it is written after the newest
	set -- "$folder"/public/20*.checkpoint && [ -s "$1" ]
}
until_ok is_day_published
code 0 "$almoner" audit verify "$folder/public/checkpoint" --audit-key "$key" \
	--strict
code 0 "$almoner" audit verify "$folder"/public/20*.checkpoint \
	--audit-key "$key" --strict
get() {
	python3 -c 'import http.client, socket, sys
connection = http.client.HTTPConnection("localhost")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect(sys.argv[1])
connection.request("GET", sys.argv[2])
sys.stdout.buffer.write(connection.getresponse().read())' \
		"$folder/http.sock" "$1"
}
get /checkpoint >"$dir/served"
code 0 "$almoner" audit verify "$dir/served" --audit-key "$key" --strict
get /metrics >"$dir/out"
grep -q '^almoner_audit_checkpoint_age_seconds [0-9]' "$dir/out" ||
	fail "no age of the newest head"
grep -q '^almoner_audit_checkpoints_total [1-9]' "$dir/out" || fail "no count"

# --- another key, with an overlap --------------------------------------------
stop
mkdir "$folder/next"
code 0 "$build/almonerd" --generate-keys "$folder/next"
next=$(sed -n 's/^audit-key: //p' "$dir/out")
echo "audit-key-next-file: $folder/next/audit.key" >>"$config"
serve
head_of_next() { # the newest head, once the next key has signed it, and how
	"$almoner" audit head --checkpoint --force --out "$1" &&
		"$almoner" audit verify "$1" --audit-key "$next" $2
}
until_ok head_of_next "$dir/two" ''
code 0 "$almoner" audit verify "$dir/two" --audit-key "$key"
code 8 "$almoner" audit verify "$dir/two" --audit-key "$next" --strict
code 0 "$almoner" audit verify "$dir/two" --audit-key "$next" \
	--audit-key "$key" --strict
# In a bundle the log's own records name the other key.
code 0 "$almoner" audit bundle "${store[@]}" --kind audit-key-added \
	--reason 'test' --out "$dir/keys.bundle"
code 0 "$almoner" audit verify "$dir/keys.bundle" --audit-key "$next" --strict
code 0 python3 tests/verifier/verify "$dir/keys.bundle" --audit-key "$next"
stop
sed -i '/^audit-key/d' "$config"
echo "audit-key-file: $folder/next/audit.key" >>"$config"
serve
until_ok head_of_next "$dir/one" --strict
code 8 "$almoner" audit verify "$dir/one" --audit-key "$key"
code 0 "$almoner" audit keys --json
has '[r["state"] for r in d["rows"] if r["key"] == "'"$key"'"] == ["retired"]'
has 'sorted(r["state"] for r in d["rows"]) == ["retired", "signing"]'
code 0 "$almoner" audit query --kind audit-key-retired --json
has 'len(d["rows"]) == 1'
stop
# A log that was signed is not served unsigned in silence.
rm "$folder/next/audit.key"
code 9 "$build/almonerd" --config "$config"
grep -q 'audit-key-missing' "$dir/err" || fail "the key is not missed"
