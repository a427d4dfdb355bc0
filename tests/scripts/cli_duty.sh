#!/bin/bash
# almoner duty: what recipients owe for what they were given, by the policy of
# that time; and the reviews of overrides.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev --keep
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')
folder=$(json 'd["folder"]')
send() {
	code 0 "$almoner" send -c "$sender" --to C84001 --purpose direct-care \
		--category treatment-summary --level identifiable \
		--subject "$1" --payload README.md --json "${@:2}"
}
code 0 "$almoner" duty list --json
has 'd["schema"] == "almoner.duty.list/1" and d["rows"] == []'

# --- what is accepted is not yet owed; a second hand-over is the same data --
send 9990000018
id=$(json 'd["id"]')
code 0 "$almoner" duty list --json
has 'd["rows"] == []'
code 0 "$almoner" recv -c "$receiver" 1 --no-acknowledge
send 9990000018
code 0 "$almoner" recv -c "$receiver" 2
code 0 "$almoner" duty list --json
has 'len(d["rows"]) == 1 and d["rows"][0]["messages"] == 2'
has 'd["rows"][0]["duty"] == "record-in-gp-system"'
has 'd["rows"][0]["state"] == "standing" and d["rows"][0]["due"] == ""'
has '(d["rows"][0]["owed-by"], d["rows"][0]["owed-to"]) == ("C84001", "RX1")'
has 'd["rows"][0]["first"] < d["rows"][0]["last"]'

# --- another policy: what was given before keeps its duties -----------------
cp -r config/demo/policy "$dir/policy"
sed -i 's/obligations: \[record-in-gp-system\]/obligations: ["delete-by:2099-12-31", "report-by:2025-12-31"]/' \
	"$dir/policy/50-agreements.yaml"
code 0 "$almoner" policy activate "$dir/policy" --reason test
code 0 "$almoner" duty list --json
has '[r["duty"] for r in d["rows"]] == ["record-in-gp-system"]'
send 9990000018
code 0 "$almoner" recv -c "$receiver" 1
code 0 "$almoner" duty list --json
has '{r["duty"]: (r["state"], r["due"], r["messages"]) for r in d["rows"]} == {
	"record-in-gp-system": ("standing", "", 2),
	"delete-by:2099-12-31": ("open", "2099-12-31", 1),
	"report-by:2025-12-31": ("due", "2025-12-31", 1)}'
code 0 "$almoner" duty list --duty delete-by:2099-12-31 --json
has 'len(d["rows"]) == 1'
code 0 "$almoner" duty list --to 511 --json
has 'd["rows"] == []'
code 0 "$almoner" duty list --since 1d --from RX1 --to C84001 --json
has 'len(d["rows"]) == 3'
code 0 "$almoner" duty list --until 1d --json
has 'd["rows"] == []'

# --- one message, by the beginning of its id --------------------------------
code 0 "$almoner" duty show "$id" --json
has 'd["schema"] == "almoner.duty.show/1" and len(d["rows"]) == 1'
has 'd["rows"][0]["title"] != "" and d["rows"][0]["messages"] == 1'
code 0 "$almoner" duty show "${id%?}" --json
has 'len(d["rows"]) == 1'
code 3 "$almoner" duty show 01998f3c-9a51-7cc1
code 2 "$almoner" duty show nothing

# --- an override is to be reviewed, and that is seen ------------------------
send 9990000123 --override emergency --override-by 'Dr A. Example' \
	--override-reason unconscious
code 0 "$almoner" duty list --duty review:override --json
has 'len(d["rows"]) == 1 and d["rows"][0]["state"] == "open"'
has 'd["rows"][0]["owed-by"] == "guardian" and d["rows"][0]["due"] != ""'
review=$(json 'd["rows"][0]["record"]')
code 0 "$almoner" override review "$review" --outcome justified \
	--by 'C. Guardian' --reason 'asked the ward'
code 0 "$almoner" duty list --duty review:override --json
has 'd["rows"] == []'
code 0 "$almoner" duty list --duty review:override --all --json
has '[r["state"] for r in d["rows"]] == ["reviewed"]'

# --- each question is recorded ----------------------------------------------
code 0 "$almoner" duty list --reason 'the yearly review'
code 0 "$almoner" audit query --kind audit-queried --reveal --reason test --json
has 'any("the yearly review" in r["detail"] for r in d["rows"])'

# --- the same without the daemon --------------------------------------------
kill -TERM "$dev"
wait "$dev" || fail "dev did not end well"
dev=
code 0 "$almoner" duty list --store "$folder/store" \
	--key "$folder/store.key" --json
has 'len(d["rows"]) == 3'
