#!/bin/bash
# almoner ctx: contexts by name, and that every command takes from the context
# in use where the broker is and where the keys lie.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
contexts=$XDG_CONFIG_HOME/almoner/contexts

begin_dev --keep
admin=$ALMONER_ADMIN
unset ALMONER_ADMIN
folder=$(json 'd["folder"]')
key=$(json 'd["broker-key"]')
audit_key=$(json 'd["audit-key"]')
endpoint=$(json 'd["endpoint"]')
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')

# --- nothing yet -----------------------------------------------------------
code 0 "$almoner" ctx list --json
has 'd["schema"] == "almoner.ctx.list/1" and d["rows"] == []'
code 9 "$almoner" ctx show
code 3 "$almoner" ctx show ward
code 2 "$almoner" ctx add ../ward --admin "$admin"
code 2 "$almoner" ctx add ward
code 0 "$almoner" ctx add ward --from "$sender" --dry-run
[ ! -e "$XDG_CONFIG_HOME" ] || fail "a dry run has made something"

# --- add: nobody else's to read, whole paths, no secret in it --------------
code 0 "$almoner" ctx add ward --from "$sender"
[ "$(stat -c %a "$contexts")$(stat -c %a "$contexts/ward.yaml")" = 700600 ] ||
	fail "others can read it"
grep -q "^curve-key: '/.*/curve.key'$" "$contexts/ward.yaml" ||
	fail "the key file is not named whole"
for secret in "${sender%/*}"/*.key; do
	! grep -q "$(cat "$secret")" "$contexts/ward.yaml" ||
		fail "a secret key was copied"
done
# --- a copy follows the original to where the broker moves -------------------
cp "$sender" "$dir/sender.before"
sed -i "s|^endpoint:.*|endpoint: 'tcp://moved.example:7302'|" "$sender"
code 0 "$almoner" ctx show ward --json
has 'd["endpoint"] == "tcp://moved.example:7302"'
sed -i "s|^agent:.*|agent: somebody-else|" "$sender"
code 0 "$almoner" ctx show ward --json
has "d['endpoint'] == '$endpoint'"
rm "$sender"
code 0 "$almoner" ctx show ward --json
has "d['endpoint'] == '$endpoint'"
cp "$dir/sender.before" "$sender"
code 0 "$almoner" ctx add own --from "$sender" --endpoint "$endpoint"
! grep -q broker-from "$contexts/own.yaml" || fail "it follows all the same"
code 0 "$almoner" ctx remove own --yes
code 6 "$almoner" ctx add ward --from "$receiver"
grep -q ALM-7013 "$dir/err" || fail "no error of its own"
(cd "${receiver%/*}" && "$almoner" ctx add practice --endpoint "$endpoint" \
	--broker-key "$key" --organisation C84001 --agent practice-system \
	--keys . >/dev/null) || fail "add by options"
code 9 "$almoner" ctx add half --endpoint "$endpoint" --agent x
grep -q "lacks" "$dir/err" || fail "not told what is missing"
code 9 "$almoner" ctx add bad --from "$sender" --broker-key 00
grep -q "not 64 hex digits" "$dir/err" || fail "a bad key was not told of"
code 0 "$almoner" ctx add operator --admin "$admin" \
	--store-key "$folder/store.key" --audit-key "$audit_key" \
	--officer-key "$dir/gone.key"
grep -q "gone.key is missing" "$dir/err" || fail "no warning of a key file"
code 0 "$almoner" ctx add quoted --admin "ipc://$dir/o'clock #1.sock"
code 0 "$almoner" ctx show quoted --json
has "d['admin'].endswith(\"o'clock #1.sock\")"

# --- the order: flag, environment, selection, default ----------------------
code 0 "$almoner" ctx list --json
has '[r["name"] for r in d["rows"]] == ["operator", "practice", "quoted", "ward"]'
code 7 "$almoner" status
code 0 "$almoner" ctx select operator --dry-run
code 7 "$almoner" status
code 3 "$almoner" ctx select opertor
grep -q "did you mean operator" "$dir/err" || fail "no nearest name"
code 0 "$almoner" ctx select operator
code 0 "$almoner" status --json
code 0 "$almoner" ctx list --json
has '[r["name"] for r in d["rows"] if r["selected"] == "yes"] == ["operator"]'
code 0 "$almoner" ctx show --json
has 'd["name"] == "operator" and d["chosen-by"] == "almoner ctx select"'
has 'd["officer-key-fault"] == "missing"'
code 0 env ALMONER_CONTEXT=ward "$almoner" ctx show --json
has 'd["name"] == "ward" and d["chosen-by"] == "ALMONER_CONTEXT"'
code 0 env ALMONER_CONTEXT=ward "$almoner" ctx show -c practice --json
has 'd["name"] == "practice"'
! grep -q "$key" "$dir/out" || fail "the key is not cut"
code 0 "$almoner" ctx show ward --reveal
grep -q "$key" "$dir/out" || fail "the key is cut"
code 7 "$almoner" status --admin "ipc://$dir/nobody.sock"
code 7 env ALMONER_ADMIN="ipc://$dir/nobody.sock" "$almoner" status
code 0 env ALMONER_ADMIN="ipc://$dir/nobody.sock" \
	"$almoner" status --context operator
code 9 "$almoner" status --context ward
grep -q "names no administration socket" "$dir/err" || fail "not told why"
code 9 "$almoner" send -c operator --to C84001 --purpose direct-care \
	--category treatment-summary --level identifiable --payload README.md
grep -q "names no agent" "$dir/err" || fail "not told why"

# --- agents by name; who asks follows from the context ---------------------
code 0 "$almoner" send -c ward --to C84001 --purpose direct-care \
	--category treatment-summary --level identifiable \
	--subject 9990000018 --payload README.md --json
code 0 env ALMONER_CONTEXT=practice "$almoner" recv 1 --json
code 0 "$almoner" audit query --kind accepted --json
has 'len(d["rows"]) == 1'
code 0 env ALMONER_CONTEXT=ward "$almoner" audit query --json
has 'all("RX1" in (r["sender"], r["recipient"]) for r in d["rows"])'
code 0 env ALMONER_CONTEXT=ward "$almoner" doctor --json
has '"administration" not in [r["step"] for r in d["rows"]]'

# --- edit ------------------------------------------------------------------
echo '# The ward on floor 2.' >>"$contexts/ward.yaml"
code 0 "$almoner" ctx edit ward --admin "$admin"
code 0 "$almoner" status --context ward
grep -q "floor 2" "$contexts/ward.yaml" || fail "a comment is gone"
code 0 "$almoner" ctx edit ward --admin ''
! grep -q admin "$contexts/ward.yaml" || fail "the key still stands there"
cp "$contexts/ward.yaml" "$dir/before"
code 9 "$almoner" ctx edit ward --broker-key zz
code 9 "$almoner" ctx edit ward --agent ''
code 2 env -u EDITOR -u VISUAL "$almoner" ctx edit ward --no-input
code 9 env EDITOR='sed -i s/^agent/agnet/' "$almoner" ctx edit ward
grep -q "ward.yaml:[0-9]*:.*agent" "$dir/err" || fail "no place, no nearest"
cmp -s "$contexts/ward.yaml" "$dir/before" || fail "an edit that fails"
[ "$(stat -c %a "$contexts/ward.yaml.draft")" = 600 ] || fail "the draft"
code 0 env EDITOR='sed -i s/^agnet/agent/' "$almoner" ctx edit ward
[ ! -e "$contexts/ward.yaml.draft" ] || fail "the draft is left"
code 1 env EDITOR=false "$almoner" ctx edit ward
[ "$(stat -c %a "$contexts/ward.yaml")" = 600 ] || fail "edited: the mode"

# --- list tells of what cannot be read -------------------------------------
echo "endpoint: [" >"$contexts/broken.yaml"
code 0 "$almoner" ctx list --json
has '[bool(r["fault"]) for r in d["rows"]] == [True, False, False, False, False]'

# --- keys of a store, without the daemon -----------------------------------
kill -TERM "$dev"
wait "$dev" || fail "dev did not end well"
dev=
code 0 "$almoner" audit query --store "$folder/store" --kind accepted --json
has 'len(d["rows"]) == 1'
code 0 "$almoner" audit verify --store "$folder/store" --strict --json
has 'd["private-parts"] > 0'
code 0 "$almoner" audit export --tiles "$dir/tiles" --store "$folder/store"
code 2 "$almoner" audit export --tiles "$dir/none" --store "$folder/store" \
	--context ward

# --- remove: never the keys ------------------------------------------------
code 2 "$almoner" ctx remove operator --no-input
code 0 "$almoner" ctx remove operator --yes --dry-run
code 0 "$almoner" ctx remove operator --yes
[ -e "$folder/store.key" ] || fail "a key was removed"
code 0 "$almoner" ctx list --json
has 'not any(r["selected"] for r in d["rows"])'
code 0 "$almoner" ctx select ward
code 0 "$almoner" ctx select --none
code 9 "$almoner" ctx show
