#!/bin/sh
# The units are clean under systemd-analyze, their sandbox stays tight, and what
# no start mends is not started again: tests/scripts/service.sh [BUILD].
# Exposure is at most 1.5 of 10.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
limit=1.5
rc=0

if ! command -v systemd-analyze >/dev/null; then
	echo "service.sh: systemd-analyze is not installed" >&2
	exit 1
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Verification wants the programs where the units say they are.
for unit in systemd/*.service; do
	sed "s|/usr/bin/|$build/|" "$unit" >"$dir/$(basename "$unit")"
done

for unit in "$dir"/*.service; do
	name=$(basename "$unit")
	if ! systemd-analyze verify --man=no "$unit" >"$dir/out" 2>&1 ||
		grep -v '^$' "$dir/out" | grep -q "almoner"; then
		echo "$name: systemd-analyze verify complains" >&2
		cat "$dir/out" >&2
		rc=1
	fi
	score=$(systemd-analyze security --offline=true "$unit" |
		sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')
	if ! awk -v s="$score" -v l="$limit" \
		'BEGIN { exit !(s != "" && s <= l) }'; then
		echo "$name: exposure ${score:-unknown}, more than $limit" >&2
		rc=1
	else
		echo "$name: exposure $score"
	fi
	# Trap: libzmq aborts when its scheduling calls are answered with EPERM.
	for call in sched_setscheduler sched_getscheduler; do
		if ! grep -q "^SystemCallFilter=[^~]*$call" "$unit"; then
			echo "$name: $call is not let through" >&2
			rc=1
		fi
	done
done
# A damaged store (exit 8) is not started again and again: systemd would then
# refuse the start that comes after it was restored.
grep -qx 'RestartPreventExitStatus=8' systemd/almonerd.service || {
	echo "almonerd.service: starts again on a damaged store" >&2
	rc=1
}
exit $rc
