#!/bin/sh
# `almoner demo` holds every expectation, ends with one line of figures that
# agree with each other, and shows no whole NHS number.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-${ALMONER_BUILD:-build/release}}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

if ! TMPDIR=$dir "$build/almoner" demo --json >"$dir/figures" 2>"$dir/story"; then
	cat "$dir/story"
	exit 1
fi
test "$(wc -l <"$dir/figures")" -eq 1
python3 - "$dir/figures" <<'P'
import json, sys
f = json.load(open(sys.argv[1]))
assert f["schema"] == "almoner.demo/1", f
assert f["sent"] == f["accepted"] + f["refused"] and f["refused"] > 0, f
assert f["delivered"] == f["acknowledged"], f
assert f["delivered"] + f["stopped_at_handover"] == f["accepted"], f
assert f["stopped_at_handover"] == 1 and f["audit_verified"] is True, f
assert f["audit_records"] > f["sent"], f
P
if grep -E '999[0-9]{7}' "$dir/story" "$dir/figures"; then
	echo "demo.sh: a whole NHS number is shown" >&2
	exit 1
fi
if ls -d "$dir"/almoner-* 2>/dev/null; then
	echo "demo.sh: the temporary folder is left behind" >&2
	exit 1
fi
