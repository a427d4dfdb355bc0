#!/bin/bash
# An agent in Python, written from the documents alone, against a real broker
# and with libalmoner on the other side.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
begin_dev
# Debian's own Python: its packages are what PACKAGES names.
mkdir "$dir/proto"
protoc -Iproto --python_out="$dir/proto" \
	proto/almoner/v1/{envelope,message,request}.proto
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$dir/proto /usr/bin/python3 \
	tests/interop/test.py "$almoner" "$dir" "$(json 'd["audit-key"]')" \
	docs/words.txt "$(json 'd["sender-context"]')" \
	"$(json 'd["receiver-context"]')"
