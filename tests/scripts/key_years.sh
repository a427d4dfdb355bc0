#!/bin/bash
# Years of replaced keys: the broker's, its log's and the agents', one after
# the other, with mail waiting all the time.  What was given in the first year
# is good in the last, lists do not grow by it, and a start takes no longer.
# usage: key_years.sh [BUILD_FOLDER [ROUNDS]]
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
rounds=${2:-9} # one more than a reader could once be given
agent=$build/almoner-agent
export ALMONER_ADMIN=ipc://$dir/admin.sock

start_broker() { # start_broker LINE...: with these settings
	printf '%s\n' "admin-endpoint: $ALMONER_ADMIN" "store: $dir/store" \
		"http-endpoint: unix:$dir/http.sock" \
		'store-map: 1GiB' 'key-overlap: 1s' "store-key-file: $dir/store.key" \
		"audit-key-file: $dir/audit.key" \
		"curve-key-file: $dir/curve.key" "$@" >"$dir/almonerd.yaml"
	"$build/almonerd" --config "$dir/almonerd.yaml" 2>>"$dir/log" &
	broker=$!
	until_ok "$almoner" status
}
stop_broker() {
	kill "$broker"
	wait "$broker" || fail "the broker ended with $?"
}
fresh() { # fresh FOLDER: keys, and what is to be published of them
	rm -rf "$dir/$1"
	mkdir "$dir/$1"
	"$build/almonerd" --generate-keys "$dir/$1" >"$dir/keys"
	sed -n 's/^audit-key: //p' "$dir/keys"
}
send() {
	code 0 "$almoner" send -c "$dir/RX1/context.yaml" --to C84001 \
		--purpose direct-care --category treatment-summary \
		--level identifiable --subject 9990000018 \
		--payload README.md --json
}
both() { # both CODE FILE KEY...: what both readers say of it
	local wanted=$1 file=$2 key keys=()
	shift 2
	for key in "$@"; do
		keys+=(--audit-key "$key")
	done
	code "$wanted" "$almoner" audit verify "$file" "${keys[@]}" --strict
	code "$wanted" python3 tests/verifier/verify "$file" "${keys[@]}" \
		--strict
}
keep_receipt() { # keep_receipt SEQ NAME
	until_ok "$almoner" audit receipt "$1" --out "$dir/kept/$2"
}
rows() { # rows TABLE
	python3 - "$dir/http.sock" "$1" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
page = b""
while (got := s.recv(65536)):
    page += got
want = 'almoner_store_table_rows{table="%s"} ' % sys.argv[2]
print([l[len(want):] for l in page.decode().split("\n")
       if l.startswith(want)][0])
END
}

first=$(fresh first)
mv "$dir"/first/*.key "$dir"
endpoint=ipc://$dir/agents0.sock
start_broker "endpoint: $endpoint"
code 0 "$almoner" policy activate config/demo/policy --reason test
code 0 "$almoner" people import config/demo/people/people.ndjson --reason test
for org in RX1 C84001; do
	code 0 "$almoner" agent invite $org --out "$dir/$org.invite"
	code 0 "$agent" join "$dir/$org.invite" --dir "$dir/$org"
	code 0 "$almoner" agent approve $org --yes
done
send
mkdir "$dir/kept"
seq=$(json 'd["audit-sequence"]')
keep_receipt "$seq" first
code 0 "$almoner" audit head --checkpoint --out "$dir/kept/head"
keys=("$first")

for round in $(seq "$rounds"); do
	next=$(fresh next)
	keys+=("$next")
	stop_broker
	start_broker "endpoint: $endpoint" \
		"endpoint-next: ipc://$dir/agents$round.sock" \
		"curve-key-file-next: $dir/next/curve.key" \
		"audit-key-next-file: $dir/next/audit.key"
	for org in RX1 C84001; do
		until_ok "$agent" follow --context "$dir/$org/context.yaml"
		until_ok "$agent" rotate --context \
			"$dir/$org/context.yaml" # the overlap of a second is over
	done
	send
	seq=$(json 'd["audit-sequence"]')
	keep_receipt "$seq" "$round"
	# Who has the older key alone believes what the log says of the next.
	if [ "$round" = 1 ] || [ "$round" = "$rounds" ]; then
		code 0 "$almoner" audit bundle --store "$dir/store" --key \
			"$dir/store.key" --reason test --out "$dir/bundle" --force
		both 0 "$dir/bundle" "${keys[-2]}"
		both 0 "$dir/bundle" "${keys[-1]}"
	fi
	endpoint=ipc://$dir/agents$round.sock
	stop_broker
	mv -f "$dir/next/audit.key" "$dir/next/curve.key" "$dir"
	start_broker "endpoint: $endpoint"
done

# --- what was given in the first year, in the last ----------------------------
both 0 "$dir/kept/first" "$first"
both 8 "$dir/kept/first" "${keys[-1]}"
for round in $(seq "$rounds"); do
	both 0 "$dir/kept/$round" "${keys[@]:$((round - 1)):2}"
	both 0 "$dir/kept/$round" "${keys[@]}" # all that were ever published
done
code 0 "$almoner" audit prove "$dir/kept/head" --out "$dir/kept/growth"
code 0 "$almoner" audit verify "$dir/kept/growth" \
	--from-checkpoint "$dir/kept/head" --audit-key "$first" \
	--audit-key "${keys[-1]}"
code 0 "$almoner" audit bundle --store "$dir/store" --key "$dir/store.key" \
	--reason test --out "$dir/bundle" --force
both 0 "$dir/bundle" "${keys[-1]}"

# --- what stands in the lists ----------------------------------------------------
code 0 "$almoner" agent list --json
has 'len(d["rows"]) == 2'
code 0 "$almoner" status --json
has 'd["agents"] == 2'
[ "$(rows agent)" = 2 ] || fail "agents"
[ "$(rows agent-key)" = $((4 * rounds)) ] || fail "replaced keys"
[ "$(rows queue)" = $((1 + rounds)) ] || fail "the mail"

code 0 "$almoner" audit query --kind agent-keys --limit 0 --json
has "len(d['rows']) >= $((4 * rounds - 2))" # begun and ended

# --- the mail of the first year, and all of the store -------------------------------
code 0 "$almoner" recv -c "$dir/C84001/context.yaml" $((1 + rounds)) \
	--dir "$dir/in" --timeout 300s
[ "$(rows queue)" = 0 ] || fail "not all the mail"
code 0 "$almoner" backup "$dir/copy" --key "$dir/store.key" --reason test
stop_broker
code 0 "$almoner" audit verify --store "$dir/copy" --key "$dir/store.key" \
	--audit-key "${keys[-1]}" --audit-key "$first" --json
has 'd["result"] == "verified"'
code 0 "$almoner" audit verify --store "$dir/store" --key "$dir/store.key" \
	--audit-key "${keys[-1]}" --from-checkpoint "$dir/kept/head" \
	--audit-key "$first" --json
has 'd["result"] == "verified"'
