#!/bin/bash
# Make the store that a release leaves to all later ones, with something in
# nearly every table; docs/FORMAT.md, Other releases, says when.  The keys in it
# are test keys and open nothing else.  tests/scripts/frozen_store.sh reads it.
# usage: tests/data/store/make.sh [BUILD_FOLDER], from the top folder; writes
# tests/data/store/FORMAT-VERSION.tar.xz, and nothing over what is there
set -eu
. tests/support/sandbox.sh
broker=
trap 'kill $broker 2>/dev/null || true; wait || true; rm -rf "$dir"' EXIT
all=$dir/frozen
mkdir "$all"
export ALMONER_ADMIN=ipc://$dir/admin.sock

begin() { # begin LINE...: the daemon, with these settings too
	printf '%s\n' "admin-endpoint: $ALMONER_ADMIN" "store: $all/store" \
		"http-endpoint: unix:$dir/http.sock" "store-map: 1GiB" \
		"store-key-file: $all/store.key" "audit-key-file: $all/audit.key" \
		"curve-key-file: $all/curve.key" \
		"endpoint: ipc://$dir/agents.sock" "$@" >"$dir/almonerd.yaml"
	"$build/almonerd" --config "$dir/almonerd.yaml" 2>>"$dir/log" &
	broker=$!
	until_ok "$almoner" status
}
end() {
	kill "$broker"
	wait "$broker" || fail "the broker ended with $?"
	broker=
}
join() { # join ORG NAME
	code 0 "$almoner" agent invite "$1" --agent "$2" --out "$dir/$2.invite"
	code 0 "$build/almoner-agent" join "$dir/$2.invite" --dir "$all/$2"
	code 0 "$almoner" agent approve "$1/$2" --yes
}
subject=9990000018
send() { # send PAYLOAD OPTION...
	code 0 "$almoner" send -c "$all/ward/context.yaml" --payload "$1" \
		--purpose direct-care --category treatment-summary \
		--level identifiable --subject $subject --json "${@:2}"
}

"$build/almonerd" --generate-keys "$all" |
	sed -n 's/^audit-key: //p' >"$all/audit-key"
begin 'attempts-max: 1' 'acknowledge-timeout: 1s'
code 0 "$almoner" policy activate config/demo/policy --reason 'the first'
code 0 "$almoner" people import config/demo/people/people.ndjson --reason test
printf '9990000018,\n9990000026,\n' >"$dir/list.dat"
code 0 "$almoner" people import-list "$dir/list.dat" --reason test \
	--as-of "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
code 0 "$almoner" standard put "$build/../standards/treatment-summary.fds" \
	--reason test
grace=$("$almoner" officer keygen "$all/grace.key" | grep -o '[0-9a-f]\{64\}')
code 0 "$almoner" officer register grace guardian --pub "$grace" --reason test
join RX1 ward
join C84001 practice
join C84001 gone
code 0 "$almoner" agent revoke C84001 gone --reason test --yes
code 0 "$build/almoner-agent" rotate --context "$all/practice/context.yaml"
code 0 "$almoner" agent invite RX1 --agent nobody --out "$dir/nobody"

# A dead letter: the one who is given it cannot keep it.
echo 'a dead letter' >"$dir/dead"
send "$dir/dead" --to C84001
"$build/examples/receive" "$all/practice/context.yaml" >/dev/full 2>&1 &
receiver=$!
is_dead() { "$almoner" status --json >"$dir/out" && has_dead; }
has_dead() { [ "$(json 'd["dead-letters"]')" = 1 ]; }
until_ok is_dead
kill "$receiver"
wait "$receiver" || true

# Mail that waits: plain, urgent, of an override, and to several.  A payload in
# parts would be larger than all the rest.
echo 'a letter' >"$dir/letter"
send "$dir/letter" --to C84001
seq=$(json 'd["audit-sequence"]')
until_ok "$almoner" audit receipt "$seq" --out "$all/receipt"
echo 'an urgent letter' >"$dir/urgent"
send "$dir/urgent" --to C84001 --priority urgent --deadline 1h
subject=9990000123 # has no relationship with the practice
send "$dir/letter" --to C84001 --override emergency --override-by 'Dr Test' \
	--override-reason 'somnolent'
# One of the two is refused; what the other gets is a share all the same.
code 4 "$almoner" send -c "$all/ward/context.yaml" --payload "$dir/letter" \
	--purpose direct-care --category treatment-summary --level identifiable \
	--subject 9990000018 --to C84001 --to GB-CHC-509759 --json
code 0 "$almoner" mailbox limit C84001 --messages 1000 --reason test
code 0 "$almoner" mailbox deputy C84001 --to RX1 --reason test
code 0 "$almoner" audit query --limit 1 --reason 'why it was asked' --json
code 0 "$almoner" people erase 9990000034 --reason test --with-objections --yes
until_ok "$almoner" audit head --checkpoint --out "$all/head"
end
code 0 "$almoner" audit bundle --store "$all/store" --key "$all/store.key" \
	--reason test --out "$all/bundle"

# Compact, with what its head outside says, and when all of it was.
code 0 "$almoner" backup "$dir/copy" --store "$all/store" \
	--key "$all/store.key" --admin "ipc://$dir/none"
rm -r "$all/store"
mv "$dir/copy" "$all/store"
date +%s >"$all/time"
echo 'A store for tests. Its keys are test keys: they protect nothing.' \
	>"$all/README"
code 0 "$almoner" audit verify --store "$all/store" --key "$all/store.key" \
	--json
json '"%d %d %d" % (d["size"], d["private-parts"], d["mail"])' >"$all/counts"
rm -f "$all/store/lock.mdb"
to=tests/data/store/2-$("$almoner" version | grep -o '[0-9][0-9.]*' | head -n 1).tar.xz
[ ! -e "$to" ] || fail "$to is there already"
tar -C "$dir" --owner 0 --group 0 --sort name -cJSf "$to" frozen
ls -l "$to"
