#!/bin/bash
# almoner top: lines for programs and for people, a screen on a terminal, and a
# broker that restarts under it.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

code 7 "$almoner" top --count 1 --admin "ipc://$dir/nobody.sock"
code 2 "$almoner" top --interval 0s
code 2 "$almoner" top --interval often

begin_dev
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')
send() {
	code 0 "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
		--category treatment-summary --level identifiable \
		--subject 9990000018 --payload README.md
}
# next: the next line that top has written, as the last output
next() { read -r line <&3 && echo "$line" >"$dir/out"; }
send

# --- a line an interval ----------------------------------------------------
mkfifo "$dir/live"
"$almoner" top --json --interval 1s --count 3 >"$dir/live" 2>"$dir/err" &
top=$!
exec 3<"$dir/live"
next
has 'd["waiting"] == 1 and d["mailboxes"] == 1 and d["agents"] == 5'
has 'd["interval-ms"] >= 900 and d["memory-bytes"] > 0'
# Its own memory, not the pages that the kernel keeps of files for it.
kib() { sed -n "s/^$1:[^0-9]*\\([0-9]*\\) kB/\\1/p" "/proc/$daemon/status"; }
daemon=$(daemon_of_dev)
has "d['memory-bytes'] < 1024 * ($(kib RssAnon) + $(kib RssFile) // 2)"
has 'd["takes-mail"] == "yes" and d["store-used-permille"] >= 0'
first=$(json 'd["accepted"]')
[ "$first" -eq 0 ] || fail "$first accepted, before anything was sent"
send
send
accepted=0
while next; do
	accepted=$((accepted + $(json 'd["accepted"]')))
	has 'd["oldest-ms"] >= 0 and d["waiting"] >= 1'
done
wait "$top" || fail "top did not end well"
exec 3<&-
[ "$accepted" -le 2 ] || fail "$accepted accepted, of two"

code 0 "$almoner" top --interval 1s --count 1
[ "$(wc -l <"$dir/out")" -eq 2 ] || fail "not a heading and a line"
grep -q '^time .* oldest ' "$dir/out" || fail "no heading"
! grep -q "$(printf '\033')" "$dir/out" || fail "escapes, and no terminal"
code 0 "$almoner" top --interval 1s --count 1 --csv
[ "$(wc -l <"$dir/out")" -eq 2 ] || fail "not a heading and a line of CSV"

# --- a screen --------------------------------------------------------------
python3 - "$almoner" >"$dir/out" <<'END' || fail "the screen"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "top", "--interval", "1s",
                           "--count", "1"])
text = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    text += part
_, status = os.waitpid(pid, 0)
assert status == 0, status
assert b"\033[H" in text and b"\033[J" in text, text
assert b"C84001" in text and b"waiting 3 in 1 mailboxes" in text, text
END

# --- taken: the mailbox is empty -------------------------------------------
code 0 "$almoner" recv -c "$receiver" 3
code 0 "$almoner" top --interval 1s --count 1 --json
has 'd["waiting"] == 0 and d["mailboxes"] == 0 and d["oldest-ms"] == 0'

# --- the broker goes away: it is waited for, and a signal ends it ----------
"$almoner" top --json --interval 1s >"$dir/live" 2>"$dir/top.err" &
top=$!
exec 3<"$dir/live"
next
kill -TERM "$dev"
wait "$dev" || fail "dev did not end well"
dev=
until_ok grep -q "waiting for it" "$dir/top.err"
kill -0 "$top" || fail "top has ended with its broker"
kill -INT "$top"
wait "$top" || fail "a signal is no failure"
exec 3<&-
