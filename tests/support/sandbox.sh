# sandbox.sh - for tests of the command line, in bash and from the top folder:
# a folder of the test's own, and almoner dev with a real daemon in it.  Source
# it; "$1" or ALMONER_BUILD says where the programs are.
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
almoner=$build/almoner
dir=$(mktemp -d)
dev=
# Nobody's own contexts have a say in a test.
export XDG_CONFIG_HOME=$dir/config
unset ALMONER_CONTEXT
# The log is asked as a routine here.
export ALMONER_AUDIT_REASON="a test"
# leave FOLDER...: what runs in the background ends with the script, however
# that ends: a test that failed would wait for it for ever
leave() {
	local tries=0 left
	while jobs -pr >"$dir/left" && mapfile -t left <"$dir/left" &&
		[ ${#left[@]} -gt 0 ]; do
		case $tries in
		0) kill "${left[@]}" || true ;;
		600) kill -KILL "${left[@]}" || true ;;
		esac 2>/dev/null
		tries=$((tries + 1))
		pause 0.1
	done
	wait || true
	rm -rf "$dir" "$@"
}
trap leave EXIT
# pause SECONDS: of this shell alone.  One pipe for all of them: the shell may
# wait for ever for a command that it has missed while another substitution's
# process ended.
mkfifo "$dir/idle"
exec {idle}<>"$dir/idle"
pause() { read -rt "$1" -u "$idle" || true; }
fail() {
	echo "${0##*/}: $*" >&2
	cat "$dir/out" "$dir/err" >&2 || true
	exit 1
}
# code WANTED COMMAND...: with standard input as it is
code() {
	local wanted=$1 rc=0
	shift
	"$@" >"$dir/out" 2>"$dir/err" || rc=$?
	[ "$rc" -eq "$wanted" ] || fail "exit $rc, not $wanted: $*"
}
# json EXPRESSION: of the document `d` in the last output
json() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$dir/out" "$1"
}
has() { [ "$(json "$1")" = True ] || fail "not so: $1"; }
# until_ok COMMAND...: again and again; what it says is the last output
until_ok() {
	local tries=0
	until "$@" >"$dir/out" 2>"$dir/err"; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || fail "never: $*"
		pause 0.1
	done
}
# The process of the daemon in it; no program for that need be installed.
daemon_of_dev() {
	tr ' ' '\n' <"/proc/$dev/task/$dev/children" | head -n 1
}
# begin_dev OPTION...: until it is ready; what it says is the last output
begin_dev() {
	mkfifo "$dir/ready"
	TMPDIR=$dir "$almoner" dev --quiet --json "$@" >"$dir/ready" &
	dev=$!
	# The document ends with a line of its own: no need to wait by the clock.
	sed '/^}$/q' <"$dir/ready" >"$dir/out"
	ALMONER_ADMIN=$(json 'd["admin"]')
	export ALMONER_ADMIN
}
