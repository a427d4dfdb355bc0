#!/bin/bash
# What is written outside the recipients' own files says nothing about a person
# and gives no key away: a daemon that logs all it can, through refusals,
# overrides, dead letters, malformed input and a violent end; then everything
# it and the commands wrote is searched, the store byte by byte as well.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
number=9990000115 # the demonstration policy's own tests do not name it
other=9990000123
said=$dir/said
mkdir "$said" "$dir/mine" "$dir/elsewhere"
export ALMONER_LOG_LEVEL=debug ALMONER_HTTP_ENDPOINT=unix:$dir/http.sock
ulimit -c unlimited 2>/dev/null || true
begin_dev --keep 2>"$said/daemon"
folder=$(json 'd["folder"]')
trust=$(json 'd["sender-context"]')
practice=$(json 'd["receiver-context"]')
count=0
# say COMMAND...: whatever becomes of it; what it says is kept
say() {
	count=$((count + 1))
	"$@" >"$said/$count.out" 2>"$said/$count.err" || true
}
echo 'Zebediah Quimbleton has haemochromatosis' >"$dir/mine/payload"
send() {
	count=$((count + 1))
	printf '%s\n' "$1" | "$almoner" send -c "$trust" --to C84001 \
		--purpose direct-care --level identifiable --subject - \
		--category treatment-summary --payload "$dir/mine/payload" \
		"${@:2}" >"$said/$count.out" 2>"$said/$count.err" || true
}

# --- somebody whom only this test knows -------------------------------------
sed -n "s/9990000018/$number/gp" config/demo/people/people.ndjson \
	>"$dir/mine/person.ndjson"
code 0 "$almoner" people import "$dir/mine/person.ndjson" --reason 'a test'

# --- mail that is taken, refused, overridden, rejected and left --------------
send $number
send $number --json
send $other --json
send 9990000116 # no such number
send 99900001151 --json
send "$number " --category nothing
send $number --to NOBODY
send $number --purpose nothing --json
send $other --override emergency --override-by 'Dr Quimbleton' \
	--override-reason 'Zebediah was somnolent'
say "$almoner" recv -c "$practice" 1 --timeout 300s --dir "$dir/mine/in" --json
say "$almoner" recv -c "$practice" 1 --timeout 300s --dir "$dir/mine/in" \
	--reject 'not ours'
send $number --deadline 1s --request
say "$almoner" mailbox hold C84001 --reason 'a test'
send $number --priority urgent

code 0 "$almoner" status --json
has 'd["accepted"] >= 3 and d["refused"] >= 3'

# --- people -------------------------------------------------------------------
cat >"$dir/mine/people.ndjson" <<END
{"record":"opt-out","subject":"$number","list":"national","objected":true}
{"record":"nothing","subject":"$other","by":"Zebediah Quimbleton"}
$number Zebediah Quimbleton
END
say "$almoner" people import "$dir/mine/people.ndjson" --reason 'a test'
say "$almoner" people import "$dir/mine/people.ndjson" --reason 'a test' --json
for n in $number $other 1234567890; do
	echo "$n" | say "$almoner" people show - --reason 'a test'
	echo "$n" | say "$almoner" audit query --person - --reason 'a test' --json
	echo "$n" | say "$almoner" people withdraw - --authority RX1 --reason 'a test'
done

# --- what is asked about it -------------------------------------------------
ids=$(grep -oh '[0-9a-f]\{8\}-[0-9a-f-]\{27\}' "$said"/*.out | sort -u | head -4)
for id in $ids; do
	say "$almoner" trace "$id"
	say "$almoner" trace "$id" --json
done
for how in '' --json --csv; do
	say "$almoner" audit query $how
	say "$almoner" override list $how
	say "$almoner" mailbox list $how
	say "$almoner" mailbox show C84001 $how
	say "$almoner" mailbox dead $how
	say "$almoner" status $how
done
say "$almoner" audit export --format fhir
say "$almoner" audit export --format ocsf
say "$almoner" doctor
say "$almoner" doctor -c "$trust" --json
for page in metrics readyz livez version; do
	say python3 - "$dir/http.sock" "/$page" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"GET %s HTTP/1.0\r\n\r\n" % sys.argv[2].encode())
while (got := s.recv(65536)):
    sys.stdout.buffer.write(got)
END
done

# --- strangers and rubbish ---------------------------------------------------
say python3 - "$(sed -n 's/^endpoint: *//p' "$trust")" $number <<'END'
import socket, sys
host, port = sys.argv[1].removeprefix("tcp://").rsplit(":", 1)
for greeting in (b"GET /Quimbleton/" + sys.argv[2].encode() + b" HTTP/1.0\r\n\r\n",
        b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL" + bytes(16) + bytes(32)
        + sys.argv[2].encode() * 20):
    s = socket.create_connection((host, int(port)))
    s.sendall(greeting)
    s.close()
END

# --- the end ------------------------------------------------------------------
daemon=$(daemon_of_dev)
[ -n "$daemon" ] || fail "dev has no daemon"
grep -q '^almonerd' "$said/daemon" "$folder"/*log* 2>/dev/null ||
	fail "the daemon's log is not where it is looked for"
kill -SEGV "$daemon"
wait "$dev" || true
dev=
for core in "$dir"/core* "$folder"/core* core core.[0-9]*; do
	[ ! -e "$core" ] || fail "$core was left behind"
done

# Nothing of it stands anywhere but in what was given and taken.  Keys stand in
# the key files of the folder alone.
python3 - "$said" "$folder" <<'END' || fail "something got out"
import base64, os, sys
said, folder = sys.argv[1:]
people = []
for number in "9990000115", "9990000123":
    people += [number, f"{number[:3]} {number[3:6]} {number[6:]}",
        f"{number[:3]}-{number[3:6]}-{number[6:]}"]
people += ["Quimbleton", "Zebediah", "haemochromatosis", "somnolent"]
needles = {p.encode(): p for p in people}
for p in "9990000115", "9990000123":
    needles[base64.b64encode(p.encode())[:13]] = p + " in base64"
keys, files = {}, []
for top in said, folder:
    for place, _, names in os.walk(top):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                files.append(path)
for path in list(files):
    if path.endswith(".key") or path.endswith(".seed"):
        text = open(path, "rb").read().strip().lower()
        files.remove(path)
        if len(text) == 64:
            keys[text] = keys[text.upper()] = path
            keys[bytes.fromhex(text.decode())] = path
assert keys, "no keys were found"
found, looked = [], 0
for path in files:
    content = open(path, "rb").read()
    looked += len(content)
    for what in needles, keys:
        found += [f"{path}: {why}" for needle, why in what.items() if needle in content]
for line in found:
    print(line, file=sys.stderr)
assert any(path.endswith("data.mdb") for path in files), "there is no store"
assert looked > 100000
sys.exit(1 if found else 0)
END
echo 'leaks.sh: ok'
