#!/bin/bash
# almoner mailbox against a real daemon: hold and release, limits, dead letters
# and running them again.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev 2>"$dir/dev-err"
sender=$(json 'd["sender-context"]')
echo 'Seen today.' >"$dir/payload"
send() {
	echo 9990000018 | code "$1" "$almoner" send -c "$sender" --to C84001 \
		--purpose direct-care --level identifiable --subject - \
		--category treatment-summary --payload "$dir/payload" "${@:2}"
}

code 0 "$almoner" mailbox hold C84001 --reason 'agent is mended' --dry-run --json
has 'd["schema"] == "almoner.mailbox.hold/1" and d["changed"] == "yes"'
code 0 "$almoner" mailbox list --json
has 'd["rows"] == []'
code 2 "$almoner" mailbox hold C84001
code 3 "$almoner" mailbox hold NOBODY --reason 'a test'
code 0 "$almoner" mailbox hold C84001 --reason 'agent is mended'
code 0 "$almoner" mailbox hold C84001 --reason 'agent is mended' --json
has 'd["changed"] == "no" and d["on-hold-since"] != ""'
code 0 "$almoner" mailbox list --json
has 'd["rows"][0]["organisation"] == "C84001"'
has 'd["rows"][0]["on-hold-since"] != ""'
code 0 "$almoner" mailbox release C84001 --reason 'it is mended' --json
has 'd["changed"] == "yes" and d["state"] == "open"'

code 0 "$almoner" mailbox limit C84001 --messages 1 --reason 'a test' --dry-run --json
has 'd["messages-max"] == 1' # what would be
code 0 "$almoner" mailbox show C84001 --json
has 'd["messages-max"] > 1'
code 0 "$almoner" mailbox limit C84001 --messages 1 --age 7d --reason 'a test' --json
has 'd["messages-max"] == 1 and d["age-max-s"] == 604800'
send 0 --priority urgent
send 7 --json
grep -q '"code": 1302' "$dir/err" || grep -q 1302 "$dir/err" "$dir/out" ||
	fail "the refusal does not say that the mailbox is full"
[ "$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["retry_after_ms"] > 0)' "$dir/err")" = True ]
grep -q 'try again after' "$dir/err" "$dir/out" || fail "there is no hint"
code 0 "$almoner" mailbox show C84001 --json
has 'd["messages"] == 1 and len(d["rows"]) == 1'
has 'd["rows"][0]["priority"] == "urgent" and d["rows"][0]["state"] == "queued"'
code 0 "$almoner" mailbox limit C84001 --messages 0 --reason 'a test' --json
has 'd["messages-max"] > 1 and d["age-max-s"] == 604800'
send 0

# A second try of one message says the same as the first, at whatever time.
made=$(date -u -d '10 minutes ago' +%s)
id=$(printf '%012x' $((made * 1000)))
id=${id:0:8}-${id:8:4}-7000-8000-000000000000
send 0 --id "$id" --expires 2h --deadline 1h
code 0 "$almoner" mailbox show C84001 --json
expires=$(date -u -d "@$((made + 7200))" +%Y-%m-%dT%H:%M:%S)
has "[r['expires-at'][:19] for r in d['rows'] if r['message-id'] == '$id'] == ['$expires']"

code 0 "$almoner" mailbox dead --json
has 'd["schema"] == "almoner.mailbox.dead/1" and d["rows"] == []'
code 0 "$almoner" mailbox dead C84001
code 3 "$almoner" mailbox rerun C84001 1 --reason 'a test'
code 2 "$almoner" mailbox rerun C84001 --reason 'a test'
code 2 "$almoner" mailbox rerun C84001 one --reason 'a test'
code 2 "$almoner" mailbox rerun C84001 --all --no-input --reason 'a test'
code 0 "$almoner" mailbox rerun C84001 --all --yes --reason 'a test' --json
has 'd["queued"] == 0 and d["rows"] == []'
code 0 "$almoner" audit query --kind mailbox-changed --json
has 'len(d["rows"]) == 4'

# --- a daemon that ends from outside leaves its folder and says so ----------
kill -KILL "$(daemon_of_dev)"
rc=0
wait "$dev" 2>"$dir/err" || rc=$?
[ "$rc" -eq 7 ] || fail "exit $rc of almoner dev whose daemon was killed"
grep -q 'signal 9; its log is ' "$dir/dev-err" || fail "dev does not say how"
log=$(sed -n 's/.*its log is \([^,]*\),.*/\1/p' "$dir/dev-err")
[ -s "$log" ] || fail "the log that dev names is not there: $log"
echo "cli_mailbox.sh: ok"
