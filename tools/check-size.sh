#!/bin/sh
# Files stay at 500 lines and functions at 70, so that each does one thing.
set -eu
cd "$(dirname "$0")/.."
rc=0
for f in $(find lib broker agents cli tests -name '*.[ch]'); do
	n=$(wc -l <"$f")
	if [ "$n" -gt 500 ]; then
		echo "$f: $n lines, more than 500" >&2
		rc=1
	fi
	awk -v f="$f" '
		/^[a-zA-Z].*\(/ { name = $0 }
		/^\{/ { start = NR }
		/^\}/ { if (start && NR - start > 71) {
			printf "%s:%d: %d lines: %s\n", f, start, NR - start - 1, name
			bad = 1 } start = 0 }
		END { exit bad }' "$f" >&2 || rc=1
done
exit $rc
