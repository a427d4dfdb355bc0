#!/bin/bash
# A payload of 64 MiB from one agent to another: it arrives byte for byte, and
# neither the broker nor either side holds it in memory.  A receiver that is
# cut off goes on where it was.
set -eu
cd "$(dirname "$0")/../.."
# What is freed is to be used again: it would look like memory that is held.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8"
. tests/support/sandbox.sh
begin_dev
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')
daemon=$(daemon_of_dev)
mib=1048576

# measured NAME COMMAND...: its largest resident size, in KiB, in $dir/NAME
measured() {
	local name=$1
	shift
	python3 - "$dir/$name" "$@" <<'END' || fail "$name failed"
import resource, subprocess, sys
rc = subprocess.run(sys.argv[2:], stdin=open("/dev/null"),
                    stdout=open(sys.argv[1] + ".out", "w")).returncode
open(sys.argv[1], "w").write(
    str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(rc)
END
}
# The broker's own memory; the store's pages are the kernel's.
broker_kib() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$daemon/status"; }
pass() { # pass SIZE: send and receive so many bytes
	python3 -c 'import random, sys
r = random.Random(7)
left = int(sys.argv[1])
while left > 0:
    sys.stdout.buffer.write(r.randbytes(min(left, 1 << 20)))
    left -= 1 << 20' "$1" >"$dir/big"
	measured send "$almoner" send -c "$sender" --to C84001 \
		--purpose direct-care --level identifiable \
		--subject 9990000018 --category treatment-summary \
		--payload "$dir/big" --json
	measured recv "$almoner" recv -c "$receiver" 1 --dir "$dir/in" \
		--timeout 300s --json
	cp "$dir/recv.out" "$dir/out"
	cmp -s "$dir/big" "$(json 'd["rows"][0]["payload"]')" ||
		fail "another payload came"
	broker_kib >"$dir/broker"
}

pass $((2 * mib))
for end in send recv broker; do cp "$dir/$end" "$dir/$end.small"; done
pass $((64 * mib))
for end in send recv broker; do
	grew=$(($(cat "$dir/$end") - $(cat "$dir/$end.small")))
	echo "$end: $(cat "$dir/$end") KiB, $grew more than for 2 MiB"
	[ $grew -lt 24576 ] || fail "$end holds the payload in memory"
done

# --- cut off -----------------------------------------------------------------
code 0 "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
	--level identifiable --subject 9990000018 \
	--category treatment-summary --payload "$dir/big" --json
id=$(json 'd["id"]')
# The kernel ends it when it has written so much: in the middle, each time.
(
	ulimit -f 20000
	exec "$almoner" recv -c "$receiver" 1 --dir "$dir/in" --timeout 300s
) >/dev/null 2>&1 && fail "it was not cut off"
[ -s "$dir/in/$id.part" ] || fail "nothing was kept of it"
code 0 "$almoner" recv -c "$receiver" 1 --dir "$dir/in" --timeout 300s --json
cmp -s "$dir/big" "$(json 'd["rows"][0]["payload"]')" ||
	fail "another payload came after it was cut off"
[ ! -e "$dir/in/$id.part" ] || fail "a part was left behind"

# --- given up ----------------------------------------------------------------
no_parts() {
	"$almoner" status --json >"$dir/status" && grep -qE '"parts-stored": "?0"?,' "$dir/status"
}
# interrupt SIGNAL TRIES: a sending, once some parts are stored; its id is $id
interrupt() {
	until_ok no_parts # of what came before
	id=$(python3 -c 'import os, time
n = (int(time.time() * 1000) << 80) | 7 << 76 | 2 << 62 | int.from_bytes(os.urandom(7), "big")
h = "%032x" % n
print("-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:])))')
	"$almoner" send -c "$sender" --to C84001 --purpose direct-care \
		--level identifiable --subject 9990000018 --id "$id" \
		--category treatment-summary --payload "$dir/big" \
		>"$dir/sent" 2>"$dir/said" &
	sending=$!
	# It stands still while it is looked at: it does not get to the end.
	kill -STOP $sending
	until code 0 "$almoner" status --json &&
		[ "$(json 'd["parts-stored"]')" -gt 2 ]; do
		kill -CONT $sending
		pause 0.02
		kill -STOP $sending
	done
	# Where nothing else ran meanwhile it is whole: taken, and another.
	if grep -q '^State:.*Z' /proc/$sending/status; then
		wait $sending || fail "it ended by itself: $(cat "$dir/said")"
		[ "$2" -gt 1 ] || fail 'it was always too fast'
		code 0 "$almoner" recv -c "$receiver" 1 --dir "$dir/in" \
			--timeout 300s --json
		interrupt "$1" $(($2 - 1))
		return
	fi
	kill -"$1" $sending
	kill -CONT $sending
	ended=0
	wait $sending || ended=$?
}
interrupt INT 9
[ $ended = 1 ] || fail "interrupted: exit $ended"
grep -q ALM-1344 "$dir/said" || fail "it does not say so: $(cat "$dir/said")"
until_ok no_parts
code 0 "$almoner" audit query --kind upload-cancelled --message "$id" --json
[ "$(json 'len(d["rows"])')" = 1 ] || fail "no record of it"

# A program that is ended otherwise leaves it, to go on with.
interrupt TERM 9
[ $ended = 143 ] || fail "terminated: exit $ended"
code 0 "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
	--level identifiable --subject 9990000018 --id "$id" \
	--category treatment-summary --payload "$dir/big" --json
