#!/bin/bash
# almoner override list and review against a real daemon: what a Guardian does
# with an override that went through.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev
sender=$(json 'd["sender-context"]')
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
