#!/bin/bash
# almoner doctor from both sides, on a whole path and on broken ones: one line
# a step, with code, place and what to do; the first that fails decides the
# exit code.  Each fault is a real one.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev --keep
sender=$(json 'd["sender-context"]')
work=$(dirname "$(dirname "$(dirname "$(dirname "$sender")")")")
context=$dir/broken/context.yaml
unset ALMONER_CONTEXT

step() { # step NAME STATUS [CODE]: of the last output
	has "[r for r in d['rows'] if r['step'] == '$1'][0]['status'] == '$2'"
	[ $# -lt 3 ] ||
		has "[r for r in d['rows'] if r['step'] == '$1'][0]['code'] == '$3'"
}
no_step() { has "not [r for r in d['rows'] if r['step'] == '$1']"; }
whole() { # a copy of the sender's context
	rm -rf "$dir/broken"
	cp -r "$(dirname "$sender")" "$dir/broken"
}
change() { # change KEY VALUE: of a whole copy
	whole
	sed -i "s|^$1:.*|$1: '$2'|" "$context"
}
new_key() { # new_key NAME: one that nobody has registered
	rm -f "$dir/broken/$1"
	printf '%064x\n' 7 >"$dir/broken/$1"
	chmod 400 "$dir/broken/$1"
}
doctor() { # doctor CODE OPTION...: of the broken context
	local wanted=$1
	shift
	code "$wanted" "$almoner" doctor -c "$context" --json "$@"
	# Whatever fails says where, and what to do.
	has 'all(r["where"] and r["do"] and r["name"] for r in d["rows"]
		if r["status"] == "FAILED")'
}
trials() { # how many records of trials there are
	"$almoner" audit query --kind path-trial --json >"$dir/out"
	json 'len(d["rows"])'
}

# --- a whole path, both sides ---------------------------------------------------
code 0 "$almoner" doctor -c "$sender" --json
has 'd["schema"] == "almoner.doctor/1"'
for name in context name tcp curve zap answer clock signature keys roles policy \
	store accepted delivered acknowledged; do
	step $name ok
done
# There and back are three records, of a kind that is no message's.
[ "$(trials)" = 3 ] || fail "not three records"
has 'all(r["sender"] == r["recipient"] == "RX1" and not r["effect"]
	for r in d["rows"])'
has 'not any(r["message-id"] for r in d["rows"])'
code 0 "$almoner" mailbox list --json
has 'd["rows"] == []'
# Again at once: the doctor waits its second.
code 0 "$almoner" doctor -c "$sender"
grep -q '^acknowledged *ok' "$dir/out" || fail "no table"
# A mailbox with limits of its own is listed, but holds no mail.
code 0 "$almoner" mailbox limit C84001 --messages 10 --reason test
code 0 "$almoner" doctor --json
for name in administration store broker-keys audit-head agents agent-keys mail \
	witnesses name tcp curve zap accepted delivered acknowledged; do
	step $name ok
done
for name in fsync limits; do # as the machine is
	has "[r for r in d['rows'] if r['step'] == '$name'][0]['status'] in
		('ok', 'warning')"
done
for name in policy sandbox backup endpoint; do # that a demonstration lacks
	step $name warning
done
has '[r["what"] for r in d["rows"] if r["step"] == "agent"][0].startswith(
	"RX1/ward-system: not connected, last heard of at 20")'
has 'not any(r["do"] == "" for r in d["rows"] if r["status"] == "warning")'
[ "$(trials)" = 9 ] || fail "the operator's letter is not recorded"

# --- what a message would be answered ---------------------------------------------
whole
ask="--purpose direct-care --category treatment-summary"
# Without a person there is no relationship: it depends on whom it is about.
doctor 0 --to C84001 $ask
step decision warning ALM-4501
doctor 4 --to RX1 $ask
step decision FAILED ALM-4206
step acknowledged ok
doctor 4 --to C84001 --purpose direct-care --category no-such-thing
step decision FAILED ALM-4104
trials >/dev/null
has '[r["code"] for r in d["rows"] if r["effect"] == "deny"] ==
	[4501, 4206, 4104]'
has 'not any(r["recipient"] for r in d["rows"] if r["effect"] == "deny")'
code 2 "$almoner" doctor -c "$sender" --to C84001
code 2 "$almoner" doctor --to C84001 $ask

# --- the network ----------------------------------------------------------------------
change endpoint tcp://127.0.0.1:1
doctor 7
step name ok
step tcp FAILED ALM-1221
no_step curve
has '"dport 1 accept" in d["rows"][-1]["do"]'
has 'd["rows"][-1]["ask"] == "allow TCP in to 127.0.0.1 port 1 " \
	"(127.0.0.1, IPv4)"'
code 7 "$almoner" doctor -c "$context"
grep -q '^ *ask for: allow TCP in to 127.0.0.1' "$dir/out" || fail "line"
# Another address than that which it is reached from, as another machine's is.
change endpoint tcp://127.0.0.2:1
doctor 7
has 'd["rows"][-1]["ask"] == "allow TCP out from 127.0.0.1 to 127.0.0.2 " \
	"port 1 (127.0.0.2, IPv4)"'
if [ -s /proc/net/if_inet6 ]; then
	change endpoint 'tcp://[::1]:1'
	doctor 7
	has 'd["rows"][-1]["ask"] == "allow TCP in to ::1 port 1 (::1, IPv6)"'
fi
change endpoint tcp://no-such-host.invalid:7301
doctor 7
step name FAILED ALM-1220
no_step tcp

# A queue that is full drops what comes, as a firewall does; a listener that
# reads nothing is no broker.
cat >"$dir/listen.py" <<'END'
import socket, sys
mute = socket.socket(); mute.bind(("127.0.0.1", 0)); mute.listen(8)
full = socket.socket(); full.bind(("0.0.0.0", 0)); full.listen(0)
kept = []
for _ in range(4):
    s = socket.socket(); s.setblocking(False); kept.append(s)
    s.connect_ex(("127.0.0.1", full.getsockname()[1]))
print(mute.getsockname()[1], full.getsockname()[1], flush=True)
sys.stdin.read()
END
mkfifo "$dir/stop" "$dir/ports"
python3 "$dir/listen.py" <"$dir/stop" >"$dir/ports" &
exec 9>"$dir/stop"
read -r mute full <"$dir/ports"
change endpoint "tcp://127.0.0.1:$full"
doctor 7 --timeout 1s
step tcp FAILED ALM-1222
has '"input tcp dport '"$full"' accept" in d["rows"][-1]["do"]'
has '"allow TCP in to 127.0.0.1 port '"$full"'" in d["rows"][-1]["ask"]'
change endpoint "tcp://127.0.0.2:$full"
doctor 7 --timeout 1s
step tcp FAILED ALM-1222
has '"output ip daddr 127.0.0.2 tcp dport '"$full"' accept" \
	in d["rows"][-1]["do"]'
has '"allow TCP out from 127.0.0.1 to 127.0.0.2 port '"$full"'" \
	in d["rows"][-1]["ask"]'
change endpoint "tcp://127.0.0.1:$mute"
doctor 7 --timeout 1s
step tcp ok
has '[r for r in d["rows"] if r["step"] == "tcp"][0]["what"].endswith(
	"on their machine tells")'
step curve FAILED ALM-1224
exec 9>&-

# --- who we are ---------------------------------------------------------------------------
change broker-key "$(printf '%064d' 9)"
doctor 5
step curve FAILED ALM-1207
whole
new_key curve.key
doctor 5
step curve ok
step zap FAILED ALM-1201
# Keys that others can read; no context.
chmod 444 "$dir/broken/curve.key"
doctor 9
step context FAILED
code 9 "$almoner" doctor -c "$dir/nothing.yaml" --json
# Another agent's signing key: the trial is refused as a message would be.
whole
new_key signing.key
doctor 5
step signature FAILED ALM-1204
step accepted FAILED ALM-1204
# A role that does not send: nothing is said about whom it may not write to.
code 0 "$almoner" agent roles RX1/ward-system --roles receive --reason test
whole
doctor 5 --to C84001 $ask
step decision FAILED ALM-1209
step acknowledged ok
code 0 "$almoner" agent roles RX1/ward-system --roles all \
	--categories referral --reason test
doctor 5 --to C84001 $ask
step decision FAILED ALM-1210
# --- a clock that is ten minutes off --------------------------------------------------
cat >"$dir/clock.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *now)
{
	int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT,
		"clock_gettime");
	int rc = real(clock, now);
	if (clock == CLOCK_REALTIME)
		now->tv_sec += 600;
	return rc;
}
END
cc -shared -fPIC -o "$dir/clock.so" "$dir/clock.c"
whole
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
code 1 env LD_PRELOAD="$dir/clock.so" "$almoner" doctor -c "$context" --json
step clock FAILED ALM-1113
step accepted FAILED ALM-1113
has '"ahead of the broker" in [r["what"] for r in d["rows"]
	if r["step"] == "clock"][0]'

# --- revoked ------------------------------------------------------------------------------
whole
code 0 "$almoner" agent revoke RX1 ward-system --reason test --yes
doctor 5
step zap FAILED ALM-1201
has '"almoner agent list -o RX1" in d["rows"][-1]["do"]'

# --- from the broker's ---------------------------------------------------------------------
code 7 "$almoner" doctor --admin "ipc://$dir/nothing.sock" --json
step administration FAILED

# --- a store that is full ------------------------------------------------------------------
begin_broker() { # a daemon of our own, with a store of 8 MiB
	local full=$dir/full
	"$build/almonerd" --generate-keys "$full" >"$dir/keys"
	cat >"$full/almonerd.yaml" <<-END
	endpoint: tcp://127.0.0.1:*
	admin-endpoint: ipc://$full/admin.sock
	store: $full/store
	store-map: 8MiB
	store-key-file: $full/store.key
	curve-key-file: $full/curve.key
	audit-key-file: $full/audit.key
	END
	mkdir -m 700 "$full/store"
	"$build/almonerd" --config "$full/almonerd.yaml" 2>"$full/log" &
	daemon=$!
	export ALMONER_ADMIN=ipc://$full/admin.sock
	while ! "$almoner" status >"$dir/out" 2>"$dir/err"; do
		kill -0 "$daemon" || fail "no daemon: $(cat "$full/log")"
	done
}
begin_broker
code 0 "$almoner" policy activate config/demo/policy --reason test
code 0 "$almoner" agent invite RX1 --out "$dir/invite" --reason test
code 0 "$build/almoner-agent" join "$dir/invite" --dir "$dir/joined"
context=$dir/joined/context.yaml
doctor 5
step zap FAILED ALM-1201
code 0 "$almoner" agent approve RX1 --yes --reason test
doctor 0
step acknowledged ok
# Mail that nobody takes fills it; what is kept free stays.
for bytes in 900000 60000 2000; do
	head -c "$bytes" /dev/urandom >"$dir/payload"
	rc=0
	while [ "$rc" -eq 0 ]; do
		"$almoner" send -c "$context" --to C84001 --purpose direct-care \
			--category treatment-summary --level identifiable \
			--subject 9990000018 --relationship referral \
			--relationship-ref U1 --payload "$dir/payload" \
			>"$dir/out" 2>"$dir/err" || rc=$?
	done
done
grep -q ALM-1303 "$dir/err" || fail "another refusal than a full store"
doctor 7
step accepted FAILED ALM-1303
code 7 "$almoner" doctor --json
step store FAILED ALM-1303
step accepted FAILED ALM-1303
