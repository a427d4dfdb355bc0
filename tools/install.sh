#!/bin/sh
# Install what was built, or remove it again: tools/install.sh [--remove] BUILD
# DESTDIR PREFIX.  Called by `make install` and `make uninstall`.  Never
# overwrites or removes a file under /etc.
set -eu

is_removal=
if [ "$1" = --remove ]; then
	is_removal=yes
	shift
fi
build=$1
destdir=$2
prefix=$3
version=$(sed -n 's/^#define ALM_VERSION_TEXT "\(.*\)"$/\1/p' \
	agents/include/almoner.h)
test -n "$version"

# put MODE FILE DIR [NAME]: one file, by name, in a folder below the prefix.
put() {
	to=$destdir$prefix/$3/${4:-$(basename "$2")}
	if [ "$is_removal" ]; then
		rm -f "$to"
	else
		install -D -m "$1" "$2" "$to"
	fi
}

# fill FILE: the file with the prefix and the version written in.
fill() {
	sed -e "s|@PREFIX@|$prefix|g" -e "s|@VERSION@|$version|g" \
		-e "s|/usr/bin/|$prefix/bin/|g" "$1"
}

# put_filled FILE DIR NAME
put_filled() {
	filled=$(mktemp)
	fill "$1" >"$filled"
	put 644 "$filled" "$2" "$3"
	rm "$filled"
}

for program in almonerd almoner almoner-agent; do
	put 755 "$build/$program" bin
done
for role in "$build"/roles/almoner-role-*; do
	case $role in *.d) continue ;; esac
	put 755 "$role" libexec/almoner
done

put 644 "$build/libalmoner.so" lib libalmoner.so.0
link=$destdir$prefix/lib/libalmoner.so
if [ "$is_removal" ]; then
	rm -f "$link"
else
	ln -sf libalmoner.so.0 "$link"
fi
put 644 agents/include/almoner.h include
put 644 agents/include/almoner_loop.h include
put 644 agents/include/almoner_parts.h include
put_filled agents/almoner.pc.in lib/pkgconfig almoner.pc

for unit in systemd/*.service; do
	put_filled "$unit" lib/systemd/system "$(basename "$unit")"
done
put 644 systemd/sysusers.d/almoner.conf lib/sysusers.d
put 644 systemd/tmpfiles.d/almoner.conf lib/tmpfiles.d

for page in docs/man/*.[1578]; do
	put 644 "$page" "share/man/man${page##*.}"
done
put 644 cli/completion/almoner.bash share/bash-completion/completions almoner

(cd config/demo && find . -type f) | while read -r file; do
	put 644 "config/demo/$file" \
		"share/almoner/demo/$(dirname "$file")"
done
for standard in build/standards/*.fds; do
	test -f "$standard" || continue
	put 644 "$standard" share/almoner/standards
done
for example in agents/examples/*.c; do
	put 644 "$example" share/doc/almoner/examples
done
for text in README.md LICENSE CHANGELOG.md docs/*.md; do
	put 644 "$text" share/doc/almoner
done
for text in docs/decisions/*.md; do
	put 644 "$text" share/doc/almoner/decisions
done

# What an operator wrote stays, and so do keys and store.
if [ "$is_removal" ]; then
	for dir in libexec share share/doc; do
		test ! -d "$destdir$prefix/$dir/almoner" ||
			find "$destdir$prefix/$dir/almoner" -depth -type d \
				-empty -delete
	done
	exit
fi
config=$destdir/etc/almoner/almonerd.yaml
if ! test -e "$config"; then
	install -D -m 644 config/almonerd.yaml "$config"
fi
