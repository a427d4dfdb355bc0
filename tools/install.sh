#!/bin/sh
# Install what was built: tools/install.sh BUILD DESTDIR PREFIX.  Called by
# `make install`.  Never overwrites a file under /etc.
set -eu

build=$1
destdir=$2
prefix=$3
version=$(sed -n 's/^#define ALM_VERSION_TEXT "\(.*\)"$/\1/p' \
	agents/include/almoner.h)
test -n "$version"

# put MODE FILE DIR [NAME]: one file, by name, in a folder below the prefix.
put() {
	install -D -m "$1" "$2" "$destdir$prefix/$3/${4:-$(basename "$2")}"
}

# fill FILE: the file with the prefix and the version written in.
fill() {
	sed -e "s|@PREFIX@|$prefix|g" -e "s|@VERSION@|$version|g" \
		-e "s|/usr/bin/|$prefix/bin/|g" "$1"
}

# put_filled FILE DIR NAME
put_filled() {
	mkdir -p "$destdir$prefix/$2"
	fill "$1" >"$destdir$prefix/$2/$3"
	chmod 644 "$destdir$prefix/$2/$3"
}

for program in almonerd almoner almoner-agent; do
	put 755 "$build/$program" bin
done
for role in "$build"/roles/almoner-role-*; do
	case $role in *.d) continue ;; esac
	put 755 "$role" libexec/almoner
done

put 644 "$build/libalmoner.so" lib libalmoner.so.0
ln -sf libalmoner.so.0 "$destdir$prefix/lib/libalmoner.so"
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

config=$destdir/etc/almoner/almonerd.yaml
if ! test -e "$config"; then
	install -D -m 644 config/almonerd.yaml "$config"
fi
