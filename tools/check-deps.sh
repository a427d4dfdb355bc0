#!/bin/sh
# A directory may include only what its row allows; see docs/ARCHITECTURE.md.
set -eu
cd "$(dirname "$0")/.."
rc=0
fail() {
	[ -z "$2" ] || { printf '%s\n' "$1" "$2" >&2; rc=1; }
}
# rule DIR REGEX [NAMES]: files in DIR include, of this project, only REGEX;
# but for those called NAMES
rule() {
	ls "$1"/*.[ch] >/dev/null 2>&1 || return 0
	fail "not allowed in $1:" "$(grep -HnE '^ *# *include "' "$1"/*.[ch] |
		grep -vE "^$1/(${3:--})\.[ch]:" |
		grep -vE "include \"($2)" || true)"
}
pure() { # pure DIR: only these headers of the system
	[ -d "$1" ] || return 0
	fail "not allowed in $1:" "$(grep -HnE '^ *# *include <' "$1"/*.[ch] |
		grep -vE '<(assert|stdbool|stddef|stdint|stdio|stdlib|string)\.h>' || true)"
}
only() { # only PATH_REGEX REGEX: nobody else includes this
	fail "only $1 may include $2:" "$(grep -rnE "# *include ($2)" \
		--include='*.[ch]' lib broker agents cli 2>/dev/null |
		grep -vE "^($1)" || true)"
}
rule lib            'lib/[a-z_0-9]*\.h"'
rule lib/yaml       'lib/'
rule lib/wire       'lib/|almoner/|google/'
rule broker/core    'broker/core/|lib/[a-z_0-9]*\.h"'
rule broker/policy  'broker/(policy|core)/|lib/'
rule broker/auth    'broker/auth/|lib/'
rule broker/store   'broker/(store|core)/|lib/'
rule broker/store/index 'broker/(store|core)/|lib/'
rule broker/edge    'broker/edge/|lib/'
rule broker/config  'broker/config/|lib/'
# What runs in the loop's thread sees the parts, what a turn is made of, and
# what stands before it in this list.  turn.c alone names all the stages, and
# undo.c takes back what they did.
parts='broker/(broker\.h|(core|store|auth|edge|config)/)|lib/'
loop="$parts|broker/loop/(detail|fair|faults|lane|mailbox|outbox|quota|reload|session|stage|steady|strand|sums|weigh)\.h"
rule broker/loop     "$parts|broker/loop/" "turn|undo"
rule broker/evidence "$loop|broker/evidence/"
rule broker/identity "$loop|broker/identity/"
rule broker/mail     "$loop|broker/(evidence|identity|mail)/"
rule broker/rules    "$loop|broker/(rules|policy)/|broker/mail/replay\.h"
rule broker/admin    "$loop|broker/(evidence|identity|mail|rules|policy|admin)/"
rule broker/watch    "$parts|broker/(watch/|rules/expiry\.h|evidence/checkpoint\.h)"
rule broker          'broker/|lib/'
rule agents/client  'agents/(client|include)/|lib/'
rule agents/folder  'agents/(folder|include)/|lib/'
rule agents/bench   'agents/(bench|include)/|agents/client/batch\.h"|lib/'
rule agents/roles   'agents/(roles|include)/|lib/'
rule agents/examples 'almoner\.h"'
for dir in cli cli/*/; do
	rule "${dir%/}" 'cli/|lib/|agents/(bench|include)/|broker/(core|policy|config)/|broker/store/(store|audit|backup|find|index|register|evidence|check)\.h"'
done
pure broker/core
only 'lib/wire/'    '<protobuf-c/|"(almoner|google)/'
only 'broker/store/' '<lmdb\.h>'
only 'broker/edge/|agents/' '<zmq\.h>'
only 'lib/yaml/'    '<yaml\.h>'
only 'lib/zip\.'     '<zstd\.h>'
only 'lib/hash_many\.|broker/store/gcm\.' '<intel-ipsec-mb\.h>'
only 'cli/'         '<jansson\.h>'
only 'broker/(admin/|loop/turn\.)' '"broker/admin/'
only 'broker/(loop/turn\.|[a-z]*\.c)' '"broker/loop/turn\.h'
only 'broker/(watch/|[a-z]*\.[ch])' '"broker/watch/'
only 'broker/[a-z]*\.[ch]' '"broker/errands\.h'
fail 'nothing includes a program:' "$(grep -rnE '# *include "(cli|agents/(folder|roles))/' \
	--include='*.[ch]' lib broker agents/client agents/include 2>/dev/null || true)"
exit $rc
