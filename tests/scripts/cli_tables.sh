#!/bin/sh
# What is made from the tables of commands and errors is current, every
# command helps, and the catalogue is complete and without doubles.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
almoner=$build/almoner
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() {
	echo "cli_tables.sh: $*" >&2
	exit 1
}

# same NAME FILE COMMAND...: FILE is what COMMAND prints.
same() {
	name=$1
	file=$2
	shift 2
	"$@" >"$dir/out"
	cmp -s "$dir/out" "$file" || fail "$name is not current: $* >$file"
}
same almoner-errors.7 docs/man/almoner-errors.7 "$almoner" errors --man
same almoner.1 docs/man/almoner.1 "$almoner" completion man
same completion cli/completion/almoner.bash "$almoner" completion bash
"$build/almonerd" --print-sample-config | sed -n 's/^#\([a-z-]*\): .*/\1/p' |
	while read -r setting; do
		grep -q "^\.BR.*\b$setting \"" docs/man/almonerd.yaml.5 ||
			fail "almonerd.yaml(5) lacks $setting"
	done
python3 - broker/watch/*.c docs/OPERATIONS.md <<'END' || fail "the table of metrics"
import re, sys
*sources, text = (open(f).read() for f in sys.argv[1:])
source = "".join(sources)
names = set(re.findall(
    r'(?:alm_figure_(?:counter|gauge|family)\(\s*out,|\bCOUNTER\()\s*"(\w+)"', source))
told = set(re.findall(r"(?m)^\| `([a-z_]+)", text[text.index("## Metrics"):]))
assert names == told, names ^ told
END
python3 - broker/store/audit.h docs/FORMAT.md docs/man/almoner.1 <<'END' ||
import re, sys
source, form, man = (open(f).read() for f in sys.argv[1:])
kinds = re.findall(r'X\(\w+, (\d+), "([a-z-]+)"\)', source)
assert kinds == re.findall(r"(\d+)\s`([a-z-]+)`", re.search(
    r"(?s)\*\*Kinds\.\*\* (.*?)\n\n", form).group(1)), "FORMAT.md"
told = re.search(r"Kinds: ([^.]*)\.", man.replace("\\-", "-")).group(1)
assert [k for _, k in kinds] == told.replace(",", " ").split(), "almoner.1"
END
	fail "the kinds of records"
for page in docs/decisions/0*.md; do
	grep -q "(${page##*/})" docs/decisions/README.md ||
		fail "docs/decisions/README.md does not list $page"
done
bash -n cli/completion/almoner.bash || fail "the completion is no bash"

"$almoner" errors --json >"$dir/errors.json"
python3 - "$dir/errors.json" lib/err_map.h lib/err_policy_map.h \
	lib/err_audit_map.h lib/err_client_map.h <<'END'
import json, re, sys
doc = json.load(open(sys.argv[1]))
assert doc["schema"] == "almoner.errors/1"
rows = doc["rows"]
codes = [r["code"] for r in rows]
assert codes == sorted(set(codes)), "codes are not ascending and unique"
names = [r["name"] for r in rows]
assert len(set(names)) == len(names), "a name stands twice"
source = "".join(open(f).read() for f in sys.argv[2:])
listed = re.findall(r'X\(\w+, (\d{4}), "([a-z0-9-]+)"', source)
assert len(listed) == len(rows), "%d in the source, %d shown" % (
    len(listed), len(rows))
for r in rows:
    assert 0 <= r["exit"] <= 9 and r["sentence"].endswith("."), r
    assert r["hint"].endswith("."), r
END

"$almoner" --help | awk 'NF && /^  [a-z]/ { print }' |
	while read -r noun verb _; do
		if "$almoner" "$noun" "$verb" --help >"$dir/out" 2>&1; then
			:
		else
			"$almoner" "$noun" --help >"$dir/out" 2>&1 ||
				fail "$noun --help fails"
		fi
		grep -q '^usage: almoner ' "$dir/out" || fail "$noun $verb: no usage"
		# Examples and what follows them stand as they were written.
		sed '/^  -h, --help/q' "$dir/out" | awk 'length > 80 { exit 1 }' ||
			fail "$noun $verb: the help is wider than a page"
	done

# code WANTED COMMAND...
code() {
	wanted=$1
	shift
	rc=0
	"$@" >"$dir/out" 2>"$dir/err" </dev/null || rc=$?
	[ "$rc" -eq "$wanted" ] || fail "exit $rc, not $wanted: $*"
}
code 2 "$almoner"
code 2 "$almoner" agnet list
grep -q "did you mean 'agent'" "$dir/err" || fail "no nearest noun"
code 2 "$almoner" agent lst
grep -q "did you mean 'agent list'" "$dir/err" || fail "no nearest verb"
code 2 "$almoner" errors --jsno
grep -q "did you mean --json" "$dir/err" || fail "no nearest option"
code 0 "$almoner" audit --help
grep -q '^  audit  *prove  ' "$dir/out" || fail "a noun's help has no verbs"
! grep -q ' policy ' "$dir/out" || fail "and those of others"
# What was wrong has a code, and is JSON for who wants JSON.
code 2 "$almoner" org show
grep -q '^almoner: ALM-1004 usage: ORG is needed$' "$dir/err" ||
	fail "usage has no code"
for words in 'org show --json' 'org show --jsonl --to X' \
	'policy decide --json' 'org list --json --csv'; do
	code 2 "$almoner" $words
	python3 -c 'import json, sys
assert json.load(sys.stdin)["code"] == "ALM-1004"' <"$dir/err" ||
		fail "$words: the complaint is not JSON"
done
code 0 "$almoner" errors ALM-4302
code 0 "$almoner" errors mailbox-full --csv
code 3 "$almoner" errors nothing-of-the-kind
code 2 "$almoner" agent revoke RX1 ward --reason x --no-input
grep -q ALM-1007 "$dir/err" || fail "revoke was not confirmed"
code 7 "$almoner" status --admin "ipc://$dir/nobody.sock"
code 9 "$almoner" status --admin nonsense
code 9 "$almoner" send -c "$dir/none.yaml" --to A --purpose p --category c \
	--level identifiable --payload README.md
code 0 "$almoner" agent keygen "$dir/keys" --dry-run
[ ! -e "$dir/keys" ] || fail "keygen --dry-run made something"
code 0 "$almoner" agent keygen "$dir/keys"
code 6 "$almoner" agent keygen "$dir/keys"
for what in "$almoner agent keygen" "$build/almonerd --generate-keys"; do
	$what "$dir/twice" >"$dir/out"
	code 6 $what "$dir/twice"
	grep -q "ALM-3008.*$dir/twice/[a-z]*.key" "$dir/err" ||
		fail "$what does not say that the key is there"
	rm -rf "$dir/twice"
done
[ "$(stat -c %a "$dir/keys/curve.key" "$dir/keys/signing.key" | sort -u)" \
	= 400 ] || fail "a secret key can be read by others"

# Whoever reads no further (| head) gets no complaint.
python3 - "$almoner" <<'END'
import os, signal, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
run = subprocess.run([sys.argv[1], "errors"], stdout=writer,
                     stderr=subprocess.PIPE)
assert (run.returncode, run.stderr) == (-signal.SIGPIPE, b""), run
END
