#!/bin/bash
# Goal: the command line tells of a broker that is absent, stopped or gone in
# time, and waits for one that works.  Method: a real broker that is stopped by
# a signal, goes on, and is killed while it is asked.
set -euo pipefail
. tests/support/sandbox.sh

begin_dev
agent=$(json 'd["sender-context"]')
"$almoner" status --json >"$dir/out"
daemon=$(daemon_of_dev)
trap 'kill -CONT "$daemon" 2>/dev/null || true; leave' EXIT
# took MIN MAX COMMAND...: it fails with 7 within so many seconds; in one of a
# few times, as the whole machine may stand still for longer
took() {
	local min=$1 max=$2 from
	shift 2
	for _ in 1 2 3 4 5; do
		from=$SECONDS
		code 7 "$@"
		[ $((SECONDS - from)) -ge "$min" ] ||
			fail "$((SECONDS - from)) s, not $min to $max: $*"
		[ $((SECONDS - from)) -gt "$max" ] || return 0
	done
	fail "$((SECONDS - from)) s, not $min to $max: $*"
}

# Nobody listens: at once, whatever the time.
took 0 5 "$almoner" status --admin "ipc://$dir/nobody"
grep -q 'No such file' "$dir/err" || fail "it is not said what is not there"

# Stopped: the default is ten seconds, and it is said what it is.
kill -STOP "$daemon"
took 9 30 "$almoner" status
grep -q "process $daemon, is stopped" "$dir/err" || fail "it is not named"
took 1 8 "$almoner" status --timeout 2s
kill -CONT "$daemon"
code 0 "$almoner" status --timeout 5m
code 2 "$almoner" status --timeout sometime

# An agent's question likewise, and its broker is sought for ten seconds.
kill -STOP "$daemon"
took 1 8 "$almoner" org find --context "$agent" --timeout 2s
took 9 30 "$almoner" org find --context "$agent"
kill -CONT "$daemon"
code 0 "$almoner" org find --context "$agent" --timeout 5m

# Killed while it is asked: told of soon, though there was time.
kill -STOP "$daemon"
"$almoner" status --timeout 5m 2>"$dir/told" &
asked=$!
# It waits once it has a socket of ZeroMQ.
until [ "$(find "/proc/$asked/task" -mindepth 1 -maxdepth 1 | wc -l)" -ge 3 ]; do
	pause 0.1
done
from=$SECONDS
kill -KILL "$daemon"
rc=0
wait "$asked" || rc=$?
[ "$rc" -eq 7 ] || fail "exit $rc, not 7"
[ $((SECONDS - from)) -le 240 ] || fail "told after $((SECONDS - from)) s"
grep -q 'ALM-7002' "$dir/told" || fail "not that it is gone: $(cat "$dir/told")"

# Nobody there any more: no mail is not the reason that none has come.
code 7 "$almoner" recv -c "$agent" 1 --timeout 1s
grep -q 'ALM-7002' "$dir/err" || fail "not that nobody is there"
