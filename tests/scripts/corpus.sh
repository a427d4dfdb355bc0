#!/bin/bash
# make corpus: the seeds are those that are checked in, a golden frame of the
# past stays as it is, and one that is missing is made.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}
mkdir "$dir/corpus"
cp -r tests/data/wire "$dir/golden"
printf 'of the past' >"$dir/golden/v1/notice"
rm "$dir/golden/v1/ping"
"$build/tests/fuzz/make_corpus" "$dir/corpus" "$dir/golden"
[ "$(cat "$dir/golden/v1/notice")" = 'of the past' ] ||
	fail "a golden frame was made again"
cp tests/data/wire/v1/notice "$dir/golden/v1"
diff -r tests/data/wire "$dir/golden" ||
	fail "a golden frame that was missing is another now"
rm -r "$dir/corpus"
mkdir "$dir/corpus"
"$build/tests/fuzz/make_corpus" "$dir/corpus" "$dir/golden"
# Not all seeds are made by it.
(cd "$dir/corpus" && find . -type f) | while read -r seed; do
	cmp "$dir/corpus/$seed" "tests/fuzz/corpus/$seed" ||
		fail "make corpus, and look at what has changed"
done
