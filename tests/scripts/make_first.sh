#!/bin/sh
# `make deps demo` reads the Makefile before there is a compiler, and must
# build as one that reads it later: tests/scripts/make_first.sh [BUILD].
set -eu
cd "$(dirname "$0")/../.."

# flags CC: what it would compile and link with.
flags() {
	MAKEFLAGS='' make -s --no-print-directory CC="$1" \
		--eval 'flags: ; @echo $(FLAGS) $(LINK) $(L_BROKER) $(L_CLI)' \
		flags
}

later=$(flags "${CC:-cc}")
first=$(flags no-such-compiler)
if [ "$first" != "$later" ]; then
	echo "make_first.sh: without a compiler: $first" >&2
	echo "make_first.sh: with one: $later" >&2
	exit 1
fi
