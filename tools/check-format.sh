#!/bin/sh
# clang-format owns whitespace.  With --write it mends instead of telling.
set -eu
cd "$(dirname "$0")/.."
files=$(find lib broker agents cli tests -name '*.[ch]' | sort)
if [ "${1:-}" = --write ]; then
	# shellcheck disable=SC2086
	clang-format -i $files
else
	# shellcheck disable=SC2086
	clang-format --dry-run -Werror $files
fi
