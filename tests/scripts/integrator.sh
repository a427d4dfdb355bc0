#!/bin/bash
# What a stranger to this repository does: build a program against what was
# installed, by pkg-config, and let it live a day: send, receive, be revoked.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/sandbox.sh
inst=$dir/inst
tools/install.sh "$build" "$inst" /usr
export PKG_CONFIG_PATH=$inst/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$inst
case $build in
*asan*) check=-fsanitize=address,undefined ;;
*) check=-g ;;
esac

# The header says all that it needs, in every dialect that it promises.
for language in c:c11 c:c2x c++:c++11 c++:c++20; do
	echo '#include <almoner.h>' | code 0 clang -x "${language%%:*}" \
		-std="${language#*:}" -pedantic -Wall -Wextra -Werror \
		-fsyntax-only $(pkg-config --cflags almoner) -
done
for header in almoner_loop almoner_parts; do
	echo "#include <$header.h>" | code 0 clang -x c -std=c11 -Werror \
		-fsyntax-only $(pkg-config --cflags almoner) -
done
pkg-config --static --libs almoner >"$dir/out"
for library in zmq sodium protobuf-c yaml crypto zstd; do
	grep -q -- "-l$library" "$dir/out" || fail "static: no $library"
done

# What is exported is what the headers say, and nothing else.
so=$inst/usr/lib/libalmoner.so.0
objdump -p "$so" | grep -q 'SONAME *libalmoner.so.0$' || fail SONAME
nm -D --defined-only "$so" | sed -n 's/.* T \([^@]*\).*/\1/p' |
	sort >"$dir/exported"
cat "$inst"/usr/include/almoner*.h | sed -n '/^ALM_API/,/;/p' |
	grep -o 'alm_[a-z_]*(' | tr -d '(' | sort -u >"$dir/declared"
cmp -s "$dir/exported" "$dir/declared" ||
	fail "$(diff "$dir/exported" "$dir/declared")"

example=$inst/usr/share/doc/almoner/examples/letterbox.c
code 0 "${CC:-cc}" -std=c11 -pedantic -Wall \
	-Wextra -Werror $check -o "$dir/letterbox" "$example" \
	$(pkg-config --cflags --libs almoner)
export LD_LIBRARY_PATH=$inst/usr/lib

begin_dev
sender=$(json 'd["sender-context"]')
receiver=$(json 'd["receiver-context"]')
code 2 "$dir/letterbox" "$dir/nothing"
grep -q 'ALM-' "$dir/err" || fail 'no reason'
"$dir/letterbox" "$receiver" >"$dir/came" 2>"$dir/problems" &
reader=$!
send() {
	printf '9990000018\n%s' "$2" >"$dir/in"
	"$dir/letterbox" "$sender" "$1" direct-care treatment-summary \
		identifiable <"$dir/in" >"$dir/sent" 2>"$dir/refused" &
	writer=$!
}

send NOBODY 'to nobody'
rc=0
wait "$writer" || rc=$?
[ $rc -eq 1 ] || fail "exit $rc of one that was refused"
grep -q '^refused: ALM-' "$dir/refused" || fail 'it does not say why'
send C84001 'Seen today'
until_ok grep -q '^from RX1: Seen today' "$dir/came"
kill "$writer"
wait "$writer" || fail "the sender ended with $?"
grep -q '^sent: identifiable' "$dir/sent" || fail 'no receipt'

# It is told that its key is no longer known, and goes on trying.
code 0 "$almoner" agent revoke C84001 practice-system --reason 'a test' --yes
until_ok grep -q '^problem: ALM-12' "$dir/problems"
kill "$reader"
rc=0
wait "$reader" || rc=$?
[ $rc -le 1 ] || fail "the receiver ended with $rc"
! grep -q 'Sanitizer' "$dir/problems" "$dir/refused" || fail 'memory'
