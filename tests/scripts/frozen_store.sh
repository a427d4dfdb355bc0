#!/bin/bash
# The stores that earlier releases have left (tests/data/store): each is opened,
# verified and served by this one, at the time at which it was left, and what
# was given to others then is good.  docs/FORMAT.md, Other releases, promises it.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
broker=
trap 'kill $broker 2>/dev/null || true; wait || true; rm -rf "$dir"' EXIT
export ALMONER_ADMIN=ipc://$dir/admin.sock
export ALMONER_TEST_CLOCK=$dir/clock
cc -std=c11 -D_GNU_SOURCE -I. -O1 -fPIC -shared -o "$dir/clock.so" \
	tests/clock/shim.c
timed() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		LD_PRELOAD=$dir/clock.so "$@"
}
almoner() { timed "$build/almoner" "$@"; }
verified() { # verified SIZE: at least so many records
	code 0 almoner audit verify --store "$all/store" --key "$all/store.key" \
		--audit-key "$key" --from-checkpoint "$all/head" --json
	has 'd["result"] == "verified" and d["size"] >= '"$1"
}
to_review() { # what waits for review is counted by the first sweep
	almoner status --json >"$dir/out"
	[ "$(json 'd["overrides-unreviewed"]')" = 1 ]
}
queued() {
	code 0 almoner mailbox show C84001 --json
	json 'd["messages"]'
}

read_one() { # read_one ARCHIVE
	all=$dir/frozen
	rm -rf "$all" "$dir/in" "$dir/mail"
	python3 -c 'import sys, tarfile
tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$1" "$dir"
	key=$(cat "$all/audit-key")
	read -r size parts mail <"$all/counts"
	# A minute after it was left.
	python3 -c 'import struct, sys, time
left = int(open(sys.argv[2]).read()) + 60 - int(time.time())
open(sys.argv[1], "wb").write(struct.pack("=qq", 0, left))' \
		"$ALMONER_TEST_CLOCK" "$all/time"

	# --- as it lies there ---------------------------------------------------
	verified "$size"
	has "d['size'] == $size and d['private-parts'] == $parts"
	has "d['mail'] == $mail and d['heads'] >= 1"
	for file in receipt bundle; do
		code 0 almoner audit verify "$all/$file" --audit-key "$key" \
			--strict
		code 0 python3 tests/verifier/verify "$all/$file" \
			--audit-key "$key" --strict
	done

	# --- as it is served ----------------------------------------------------
	sed -i "s|^endpoint:.*|endpoint: 'ipc://$dir/agents.sock'|" \
		"$all"/*/context.yaml
	printf '%s\n' "admin-endpoint: $ALMONER_ADMIN" "store: $all/store" \
		"store-map: 1GiB" "store-key-file: $all/store.key" \
		"audit-key-file: $all/audit.key" \
		"curve-key-file: $all/curve.key" \
		"endpoint: ipc://$dir/agents.sock" >"$dir/almonerd.yaml"
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		LD_PRELOAD=$dir/clock.so "$build/almonerd" \
		--config "$dir/almonerd.yaml" 2>>"$dir/log" &
	broker=$!
	until_ok to_review
	code 0 almoner status --json
	has 'd["policy-epoch"] == 1 and d["guardians"] == 1
		and d["dead-letters"] == 1
		and d["opt-out-list"] == "in use" and d["invites-open"] == 1
		and d["agents"] == 2 and d["standards"] == 1'
	code 0 almoner agent list --json
	has 'sorted(r["status"] for r in d["rows"]) ==
		["active", "active", "revoked"]'
	echo 9990000018 >"$dir/number"
	code 0 almoner people show - --reason test --json <"$dir/number"
	has 'len(d["rows"]) > 1'
	code 0 almoner audit query --kind audit-queried --reveal --reason test \
		--json
	has 'any("why it was asked" in r["detail"] for r in d["rows"])'
	code 0 almoner policy show --into "$dir/in"
	code 0 almoner audit prove "$all/head" --out "$dir/growth" --force
	code 0 almoner mailbox rerun C84001 --all --reason test --yes
	waiting=$(queued)
	[ "$waiting" -ge 5 ] || fail "$waiting messages wait"
	code 0 almoner recv -c "$all/practice/context.yaml" "$waiting" \
		--dir "$dir/mail" --timeout 300s
	for text in 'a dead letter' 'a letter' 'an urgent letter'; do
		grep -rqx "$text" "$dir/mail" || fail "$text has not come"
	done
	[ "$(queued)" = 0 ] || fail "mail is left"
	code 0 almoner send -c "$all/ward/context.yaml" --to C84001 \
		--purpose direct-care --category treatment-summary \
		--level identifiable --subject 9990000018 --payload README.md
	kill "$broker"
	wait "$broker" || fail "the broker ended with $?"
	broker=
	verified $((size + 10))
}

found=0
for archive in tests/data/store/*.tar.xz; do
	read_one "$archive"
	found=$((found + 1))
done
[ $found -ge 1 ] || fail "there is no store"
