#!/bin/bash
# almoner override list and review against a real daemon: what a Guardian does
# with an override that went through.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
almoner=$build/almoner
dir=$(mktemp -d)
dev=
trap '[ -z "$dev" ] || kill "$dev" 2>/dev/null || true; wait || true
	rm -rf "$dir"' EXIT
fail() {
	echo "cli_override.sh: $*" >&2
	cat "$dir/out" "$dir/err" >&2 || true
	exit 1
}
# code WANTED COMMAND...: with standard input as it is
code() {
	local wanted=$1 rc=0
	shift
	"$@" >"$dir/out" 2>"$dir/err" || rc=$?
	[ "$rc" -eq "$wanted" ] || fail "exit $rc, not $wanted: $*"
}
json() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$dir/out" "$1"
}
has() { [ "$(json "$1")" = True ] || fail "not so: $1"; }

mkfifo "$dir/ready"
TMPDIR=$dir "$almoner" dev --quiet --json >"$dir/ready" &
dev=$!
# The document ends with a line of its own: no need to wait by the clock.
sed '/^}$/q' <"$dir/ready" >"$dir/out"
ALMONER_ADMIN=$(json 'd["admin"]')
sender=$(json 'd["sender-context"]')
export ALMONER_ADMIN
send() {
	echo 9990000123 | code "$1" "$almoner" send -c "$sender" --to C84001 \
		--purpose direct-care --level identifiable --subject - \
		--category treatment-summary --payload "$dir/payload" "${@:2}"
}

echo 'Seen today.' >"$dir/payload"
send 4
code 0 "$almoner" override list --json
has 'd["schema"] == "almoner.override.list/1" and d["rows"] == []'
send 0 --override emergency --override-by 'Dr A. Example' \
	--override-reason unconscious
code 0 "$almoner" override list --json
has 'len(d["rows"]) == 1 and d["rows"][0]["status"] == "open"'
has 'd["rows"][0]["kind"] == "emergency" and d["rows"][0]["by"] == ""'
id=$(json 'd["rows"][0]["id"]')
code 0 "$almoner" override list --overdue --json
has 'd["rows"] == []'
code 2 "$almoner" override list --reveal
code 0 "$almoner" override list --reveal --reason weekly --json
has 'd["rows"][0]["by"] == "Dr A. Example"'
has 'd["rows"][0]["why"] == "unconscious"'

review=(--by 'C. Guardian' --reason 'asked the ward')
code 2 "$almoner" override review "$id" --outcome justified
code 5 "$almoner" override review "$id" --outcome justified \
	--by 'DR A. EXAMPLE' --reason 'my own'
code 3 "$almoner" override review 999999 --outcome justified "${review[@]}"
code 0 "$almoner" override review "$id" --outcome justified "${review[@]}" \
	--dry-run
code 0 "$almoner" override list --json
has 'len(d["rows"]) == 1'
code 0 "$almoner" override review "$id" --outcome justified "${review[@]}" --json
has 'd["schema"] == "almoner.override.review/1" and d["outcome"] == "justified"'
code 6 "$almoner" override review "$id" --outcome justified "${review[@]}"
code 0 "$almoner" override list --all --reveal --reason weekly --json
has 'd["rows"][0]["reviewed-by"] == "C. Guardian"'
code 0 "$almoner" audit query --kind override-reviewed --json
has 'len(d["rows"]) == 1'
echo "cli_override.sh: ok"
