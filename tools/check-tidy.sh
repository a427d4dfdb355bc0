#!/bin/sh
# clang-tidy on what is shipped; Criterion's macros drown it in tests.
# usage: tools/check-tidy.sh COMPILER-FLAGS...
set -eu
cd "$(dirname "$0")/.."
# The examples are as short as an integrator would write them.
find lib broker agents cli -name '*.c' ! -path 'agents/examples/*' | sort |
	xargs -P "$(nproc)" -I{} sh -c \
		'clang-tidy --quiet "$0" -- "$@" 2>/dev/null || { echo "clang-tidy: $0" >&2; exit 1; }' \
		{} "$@" -Iagents/include
