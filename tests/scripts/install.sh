#!/bin/bash
# What `make install` puts below a prefix, `make uninstall` takes away, and what
# an operator wrote stays: tests/scripts/install.sh [BUILD].
set -eu
cd "$(dirname "$0")/../.."
build=${1:-${ALMONER_BUILD:-build/release}}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "install.sh: $1" >&2
	exit 1
}

mkdir -p "$dir/opt/x/share/doc" "$dir/etc/almoner"
echo 'endpoint: tcp://*:7301' >"$dir/etc/almoner/almonerd.yaml"
tools/install.sh "$build" "$dir" /opt/x
"$dir/opt/x/bin/almoner" --version >/dev/null || fail "no program"
grep -q '^ExecStart=/opt/x/bin/almonerd ' \
	"$dir/opt/x/lib/systemd/system/almonerd.service" || fail "no unit"
PKG_CONFIG_PATH=$dir/opt/x/lib/pkgconfig pkg-config --cflags almoner |
	grep -q -- '-I/opt/x/include' || fail "no almoner.pc"
(
	. "$dir/opt/x/share/bash-completion/completions/almoner"
	complete -p almoner
) >/dev/null || fail "no completion"
tools/install.sh --remove "$build" "$dir" /opt/x
left=$(find "$dir/opt" ! -type d)
test -z "$left" || fail "left behind: $left"
test ! -e "$dir/opt/x/share/almoner" || fail "folders are left behind"
grep -q 7301 "$dir/etc/almoner/almonerd.yaml" || fail "the settings are gone"
