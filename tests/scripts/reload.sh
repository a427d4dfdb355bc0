#!/bin/bash
# Reloading the settings tells whoever asked what became of it: the ExecReload=
# line of the unit itself, run against a real daemon: tests/scripts/reload.sh
# [BUILD].
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh

begin_dev --bare
config=$(json 'd["folder"]')/almonerd.yaml
[ -f "$config" ] || fail "no configuration of the daemon"
cp "$config" "$dir/config"
unset ALMONER_ADMIN
# As the unit has it, with this build's program and this daemon's settings.
command=$(sed -n '/^ExecReload=/{:a;/\\$/{N;s/\\\n//;ba};s/^ExecReload=//p}' \
	systemd/almonerd.service |
	sed "s|/usr/bin/|$build/|; s|/etc/almoner/almonerd.yaml|$config|")
reload() {
	local wanted=$1
	shift
	eval "code $wanted $command $*"
}

# --- accepted ----------------------------------------------------------------
reload 0
[ ! -s "$dir/err" ] || fail "says something when all is well"
echo 'guardian-mailbox: RX1' >>"$config"
reload 0 --dry-run --json
has '[(r["setting"], r["before"], r["now"]) for r in d["rows"]] ==
	[("guardian-mailbox", "", "RX1")]'
status() { code 0 "$almoner" status --admin "$admin" --json; }
admin=$(sed -n 's/^admin-endpoint: *//p' "$config")
status
has 'd["guardian-mailbox"] == ""'
reload 0 --json
has '[r["setting"] for r in d["rows"]] == ["guardian-mailbox"]'
status
has 'd["guardian-mailbox"] == "RX1" and d["reload-refused"] == ""'
code 0 "$almoner" audit query --admin "$admin" --kind administration --json
has 'len(d["rows"]) == 1'
seq=$(json 'd["rows"][0]["seq"]')
code 0 "$almoner" audit show "$seq" --admin "$admin" --reveal --reason look
for word in settings-changed guardian-mailbox RX1 'systemctl reload'; do
	grep -q "$word" "$dir/out" || fail "the record lacks $word"
done

# --- refused: exit 9, and why, which stands in the status too -----------------
refuses() {
	reload 9
	grep -q "$1" "$dir/err" || fail "does not say $1"
	status
	grep -q "$1" "$dir/out" || fail "status does not say $1"
	has 'd["guardian-mailbox"] == "RX1"'
}
echo 'send-window: 17' >>"$config"
refuses 'send-window takes effect at a restart'
echo 'log-level: debug' >>"$config"
sed -i 's|^store-map:.*|store-map: 2GiB|' "$config"
refuses 'store-map, send-window take effect at a restart'
echo 'guardian-mailbx: RHA' >>"$config"
reload 9 # of which broker is not known: its endpoint cannot be read
grep -q 'guardian-mailbox' "$dir/err" || fail "no nearest name"
reload 9 --admin "$admin"
grep -q 'almonerd.yaml:[0-9]*:.*guardian-mailbox' "$dir/err" || fail "no place"
status
grep -q 'guardian-mailbx' "$dir/out" || fail "status does not say why"
cp "$dir/config" "$config"
reload 0
status
has 'd["reload-refused"] == "" and d["guardian-mailbox"] == ""'

# --- nobody there -------------------------------------------------------------
kill "$dev"
wait "$dev" || true
dev=
mkdir -p "$(dirname "$config")"
cp "$dir/config" "$config"
reload 7
