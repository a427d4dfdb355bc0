#!/bin/bash
# What an operator is warned of, one alarm after the other: each is silent,
# goes off for its own reason, and is silent again when that is mended, without
# a restart.  Days pass by a clock that is told (tests/clock).
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
export ALMONER_ADMIN=ipc://$dir/admin.sock
export ALMONER_TEST_CLOCK=$dir/clock
cc -std=c11 -D_GNU_SOURCE -I. -O1 -fPIC -shared -o "$dir/clock.so" \
	tests/clock/shim.c

now() { # now WALL_S PASSED_S: what the clocks say more
	python3 -c 'import struct, sys
open(sys.argv[1], "r+b").write(struct.pack("=qq", *map(int, sys.argv[2:])))' \
		"$ALMONER_TEST_CLOCK" "$@"
}
head -c 16 /dev/zero >"$ALMONER_TEST_CLOCK"
# Whatever asks or sends lives in the same time.
timed() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		LD_PRELOAD=$dir/clock.so "$@"
}
passed=0
pass() { # pass SECONDS: for everybody
	passed=$((passed + $1))
	now 0 $passed
}
almoner() { timed "$build/almoner" "$@"; }
start_broker() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		LD_PRELOAD=$dir/clock.so "$build/almonerd" \
		--config "$dir/almonerd.yaml" 2>>"$dir/log" &
	daemon=$!
	until_ok almoner status
}
stop_broker() {
	kill "$daemon"
	wait "$daemon" || fail "the broker ended with $?"
}
look() { # look STEP: what the doctor says of it, STATUS CODE
	almoner doctor --json >"$dir/out" 2>"$dir/err" || true
	json '" ".join([r["status"] + " " + (r["code"] or "") for r in d["rows"]
		if r["step"] == "'"$1"'"][:1]).strip()'
}
is() { [ "$(look "$1")" = "$2" ]; }
step() { # step STEP STATUS [CODE]: now, at the first look
	local wanted="${*:2}"
	is "$1" "$wanted" || fail "$1 is $(look "$1"), not $wanted"
}
figure() { # figure NAME: of /metrics; nothing if it is not there
	python3 - "$dir/http.sock" "$1" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
page = b""
while (got := s.recv(65536)):
    page += got
for line in page.decode().split("\n"):
    if line.startswith("almoner_" + sys.argv[2] + " "):
        print(line.rsplit(" ", 1)[1])
END
}
at_least() { # at_least NAME NUMBER
	python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' \
		"$(figure "$1")" "$2" || fail "$1 is $(figure "$1"), below $2"
}
below() {
	python3 -c 'import sys; sys.exit(float(sys.argv[1]) >= float(sys.argv[2]))' \
		"$(figure "$1")" "$2" || fail "$1 is $(figure "$1"), not below $2"
}

# --- no key, then one ---------------------------------------------------------
audit_key=$("$build/almonerd" --generate-keys "$dir" |
	sed -n 's/^audit-key: //p')
mv "$dir/audit.key" "$dir/away.key"
cat >"$dir/almonerd.yaml" <<END
endpoint: ipc://$dir/agents.sock
admin-endpoint: $ALMONER_ADMIN
http-endpoint: unix:$dir/http.sock
store: $dir/store
store-map: 4GiB
audit-publish-every: 1s
store-key-file: $dir/store.key
curve-key-file: $dir/curve.key
audit-key-file: $dir/audit.key
END
start_broker
step audit-head warning
step broker-keys ok # a log that was never signed needs no key
step policy FAILED ALM-4190
step metrics FAILED ALM-7002
stop_broker
mv "$dir/away.key" "$dir/audit.key"
start_broker
step audit-head ok

# --- a policy, and who answers for it --------------------------------------------
code 0 almoner policy activate config/demo/policy --reason test
step metrics ok
step policy warning
public=$(almoner officer keygen "$dir/grace.key" | grep -o '[0-9a-f]\{64\}')
code 0 almoner officer register grace guardian --pub "$public" --reason test
step policy ok
code 0 almoner policy activate --emergency config/demo/policy --as grace \
	--key "$dir/grace.key" --reason test
step policy warning
at_least policy_emergency_seconds 80000
pass 86500
until_ok is policy ok
[ "$(figure policy_emergency_seconds)" = 0 ] || fail "the emergency goes on"

# --- heads: an hour without a record, and a folder that is away -------------------
signed() { [ "$(figure audit_unsigned_records)" = 0 ]; }
until_ok signed
pass 3600
code 0 almoner people lists # no record
code 0 almoner agent invite RX1 --out "$dir/none" --reason test
step audit-head ok # what is new waits for a second, not for an hour
mv "$dir/store-head" "$dir/away"
code 0 almoner agent invite RX1 --agent other --out "$dir/other" --reason test
until_ok is audit-head warning
pass 60
at_least audit_unsigned_seconds 55
mv "$dir/away" "$dir/store-head"
until_ok is audit-head ok
until_ok signed
below audit_unsigned_seconds 5
at_least audit_checkpoints_failed_total 1

# --- key files --------------------------------------------------------------------
mv "$dir/audit.key" "$dir/away.key"
step broker-keys FAILED ALM-3005
mv "$dir/away.key" "$dir/audit.key"
step broker-keys ok

# --- files ------------------------------------------------------------------------
allow() { # allow FILES: so many, of those that it may have
	python3 -c 'import resource as r, sys
pid, files = map(int, sys.argv[1:])
most = r.prlimit(pid, r.RLIMIT_NOFILE)[1]
r.prlimit(pid, r.RLIMIT_NOFILE, (min(files, most), most))' "$daemon" "$1"
}
has_said() { grep -q "$1" "$dir/log"; }
open_now=$(figure open_files)
allow 4096
step limits warning
allow "$open_now"
pass 6
until_ok has_said files.short
allow 16384
pass 6
until_ok has_said files.enough
step limits ok

# --- copies -------------------------------------------------------------------------
step backup warning
code 0 almoner backup "$dir/copy" --key "$dir/store.key" --reason test
step backup ok
mkdir "$dir/later.partial"
code 6 almoner backup "$dir/later" --key "$dir/store.key"
step backup ok # nothing was begun
almoner backup "$dir/later2" --key "$dir/store.key" \
	--store "$dir/copy" >"$dir/out" 2>&1 && fail "another store was copied"
step backup warning
has '"has failed" in [r["what"] for r in d["rows"] if r["step"] == "backup"][0]'
code 0 almoner backup "$dir/again" --key "$dir/store.key" --reason test
step backup ok
pass $((9 * 86400))
step backup warning

# --- agents' keys -------------------------------------------------------------------
join() { # join ORG NAME: and approved
	code 0 almoner agent invite "$1" --agent "$2" --out "$dir/$2.invite"
	code 0 timed "$build/almoner-agent" join "$dir/$2.invite" \
		--dir "$dir/$2"
	code 0 almoner agent approve "$1/$2" --yes
}
join RX1 ward
step agent-keys ok
pass $((340 * 86400))
step agent-keys warning
at_least agent_key_expiry_seconds 1
below agent_key_expiry_seconds 2592000
code 0 timed "$build/almoner-agent" rotate --context "$dir/ward/context.yaml"
step agent-keys ok
at_least agent_key_expiry_seconds 31000000
[ "$(figure agents_rotating)" = 1 ] || fail "there is no overlap"
pass 90000
ended() { [ "$(figure agents_rotating)" = 0 ]; }
until_ok ended
join RX1 spare
[ "$(figure agents)" = 2 ] || fail "not two agents"
code 0 almoner agent revoke RX1 spare --reason test --yes
[ "$(figure agents)" = 1 ] || fail "one that was revoked counts"

# --- mail that nobody takes -----------------------------------------------------------
join C84001 practice
step mail ok
code 0 almoner send -c "$dir/ward/context.yaml" --to C84001 \
	--purpose direct-care --category treatment-summary \
	--level identifiable --subject 9990000018 --relationship referral \
	--relationship-ref U1 --payload README.md
step mail warning
code 0 almoner recv -c "$dir/practice/context.yaml" 1 --dir "$dir/in" \
	--timeout 300s
step mail ok

# --- a witness that stays away ----------------------------------------------------------
python3 -c 'import secrets; print(secrets.token_hex(32))' >"$dir/witness.key"
chmod 600 "$dir/witness.key"
cat >>"$dir/practice/context.yaml" <<END
witness-key: $dir/witness.key
witness-state: $dir/seen
audit-key: $audit_key
END
mkdir "$dir/folder"
start_agent() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		LD_PRELOAD=$dir/clock.so "$build/almoner-agent" \
		--context "$dir/practice/context.yaml" --folder "$dir/folder" \
		2>>"$dir/agent.log" &
	agent=$!
}
lag='audit_witness_lag_seconds{witness="C84001/practice"}'
seen() { [ "$(figure "$lag")" = 0.000 ]; }
waits() { [ "$(figure "$lag")" != 0.000 ]; }
stop_agent() {
	kill "$agent"
	wait "$agent" || true
	agent=
}
start_agent
until_ok seen
step witnesses ok
stop_agent
pass 61
until_ok waits # what was recorded last is published, too
start_agent    # it asks at once
until_ok seen
stop_agent
pass 36000
below "$lag" 60 # the night was quiet: nothing waits for anybody
code 0 almoner agent invite RX1 --agent third --out "$dir/third" --reason test
pass 61
until_ok waits
step witnesses ok
pass 7200
step witnesses warning
at_least "$lag" 7000
code 2 almoner audit unwitness C84001 --reason test
code 3 almoner audit unwitness RX1/ward --reason test
code 0 almoner audit unwitness C84001/practice --reason test --dry-run
step witnesses warning
code 0 almoner audit unwitness C84001/practice --reason 'they moved'
step witnesses ok
[ -z "$(figure "$lag")" ] || fail "one that ended is waited for"
code 3 almoner audit unwitness C84001/practice --reason test
code 0 almoner audit witnesses --json
has 'd["rows"][0]["status"] == "ended"'
code 0 almoner audit query --kind administration --reveal --reason test --json
has '"witness-ended" in str(d["rows"]) and "they moved" in str(d["rows"])'
start_agent # it cosigns again, so it is waited for again
until_ok seen
stop_agent
code 0 almoner audit witnesses --json
has 'd["rows"][0]["status"] == "active"'
code 0 almoner agent revoke C84001 practice --reason test --yes
step witnesses ok
[ -z "$(figure "$lag")" ] || fail "one that was revoked is waited for"
code 0 almoner audit witnesses --json
has 'd["rows"][0]["status"] == "revoked"'

# --- the clock ------------------------------------------------------------------------------
step clock ok
now 3600 $passed
until_ok is clock 'warning ALM-3007'
at_least clock_off_seconds 3500
now 0 $passed
until_ok is clock ok
[ "$(figure clock_off_seconds)" = 0 ] || fail "the clock is doubted"
stop_broker
