#!/bin/bash
# A script that does not end is ended, with what it has begun, and named:
# tests/scripts/one.sh.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "one.sh: $1" >&2
	exit 1
}

mkdir "$dir/out"
mkfifo "$dir/held" # open for writing as long as anything of it runs
cat >"$dir/hangs.sh" <<END
#!/bin/bash
sleep 100000 &
sleep 100000
END
chmod +x "$dir/hangs.sh"
cat "$dir/held" >"$dir/end" &
# It has it from here: its time may be up before it has opened anything.
TESTS_SCRIPT_S=1 tests/one "$dir/out" script "$dir/hangs.sh" \
	>/dev/null 9>"$dir/held"
wait # for the end of what it held
[ "$(cat "$dir"/out/*.counts)" = '0 1' ] || fail "it has not failed"
grep -q '^hangs.sh: ended, .* in 1 s$' "$dir"/out/*.why || fail "does not say so"
