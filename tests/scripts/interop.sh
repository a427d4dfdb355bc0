#!/bin/bash
# An agent in Python, written from the documents alone, against a real broker
# and with libalmoner on the other side.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
# Debian's own Python: its packages are what PACKAGES names.
mkdir "$dir/proto"
protoc -Iproto --python_out="$dir/proto" proto/almoner/v1/*.proto \
	proto/standards/treatment-summary.proto
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$dir/proto
python=/usr/bin/python3
code 0 $python tests/interop/vectors.py docs/PROTOCOL.md docs/words.txt
# One digit of the page is wrong: it is seen.
sed 's/^\(    join check  *7\)4/\15/' docs/PROTOCOL.md >"$dir/page"
code 1 $python tests/interop/vectors.py "$dir/page" docs/words.txt
grep -q '^join check: 75' "$dir/err" || fail 'another fault is told'
begin_dev
$python tests/interop/test.py "$almoner" "$dir" "$(json 'd["audit-key"]')" \
	docs/words.txt "$(json 'd["sender-context"]')" \
	"$(json 'd["receiver-context"]')"
