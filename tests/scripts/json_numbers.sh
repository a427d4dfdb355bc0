#!/bin/bash
# Goal: what is counted or measured is a number in --json, with its unit in its
# name.  Method: commands on a real broker; no text in their answers looks like
# a number, but for ids (511 is an organisation) and settings as written.
set -euo pipefail
. tests/support/sandbox.sh

begin_dev
sender=$(json 'd["sender-context"]')
export ALMONER_AUDIT_REASON='a test'

# numbers COMMAND...: nothing in it is a number in quotes
numbers() {
	code 0 "$@" --json
	python3 - "$dir/out" <<'END' || fail "a number in quotes: $*"
import json, re, sys
IDS = {"id", "organisation", "sender", "recipient", "from", "to", "value",
       "person", "subject", "bundle",
       "after"}  # for people, beside after-us
AMOUNT = re.compile(r"-?\d+(\.\d+)?( ?(us|ms|s|m|h|d|[KMGT]iB|B|%|/s))?$")
bad = []
def walk(key, value):
    if isinstance(value, dict):
        for name, inner in value.items():
            walk(name, inner)
    elif isinstance(value, list):
        for inner in value:
            walk(key, inner)
    elif isinstance(value, str) and key not in IDS and AMOUNT.match(value):
        bad.append((key, value))
walk("", json.load(open(sys.argv[1])))
print(bad, file=sys.stderr)
sys.exit(1 if bad else 0)
END
}

printf 'content' >"$dir/payload"
code 0 "$almoner" send --to C84001 --payload "$dir/payload" --context "$sender" \
	--purpose direct-care --category treatment-summary --level identifiable \
	--subject 9990000018 --json
id=$(json 'd["id"]')
numbers "$almoner" status
has 'type(d["unread-bytes"]) is int and type(d["uploads"]) is int'
has 'all(type(d[k]) is int for k in d if k.endswith(("-bytes", "-us")))'
numbers "$almoner" doctor
numbers "$almoner" doctor --context "$sender"
numbers "$almoner" trace "$id"
has 'type(d["took-us"]) is int and "took" not in d'
for what in 'mailbox list' 'mailbox show 511' 'mailbox dead' 'agent list' \
	'agent invites' 'org list' 'policy show' 'policy history' \
	'policy proposals' 'officer list' 'people lists' 'override list' \
	'people show 9990000018 --reason x' 'people history 9990000018 --reason x' 'duty list' \
	'standard list' 'audit query' 'audit stats' 'audit head' \
	'audit show 1' 'audit keys' 'audit witnesses' 'config show' 'version' \
	'mailbox limit 511 --messages 100 --reason x'; do
	# shellcheck disable=SC2086 # the words of a command
	numbers "$almoner" $what
done
