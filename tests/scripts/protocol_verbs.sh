#!/bin/sh
# Goal: who writes a client from docs/PROTOCOL.md alone finds every verb there,
# and of store.backup all that it takes.
set -eu
cd "$(dirname "$0")/../.."
page=docs/PROTOCOL.md
verbs=$(sed -n 's/^[[:space:]]*{"\([a-z]*[a-z.-]*\)", alm_verb.*/\1/p' \
	broker/admin/administer.c)
[ "$(echo "$verbs" | wc -l)" -gt 40 ]
for verb in $verbs; do
	grep -qF "\`$verb\`" $page || {
		echo "protocol_verbs.sh: $page has no $verb" >&2
		exit 1
	}
done
row=$(grep -F '| `store.backup` |' $page)
for word in what to head bytes follows code store-id size seq; do
	echo "$row" | grep -qw -e "$word" || {
		echo "protocol_verbs.sh: store.backup has no $word" >&2
		exit 1
	}
done
