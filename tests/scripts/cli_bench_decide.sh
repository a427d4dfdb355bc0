#!/bin/sh
# almoner bench decide makes a policy and a register, prints its schema and
# leaves nothing behind.  Too little of everything to mean anything.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$build/almoner" bench decide --organisations 1000 --agreements 500 \
	--people 3000 --decisions 2000 --batch 1000 --rounds 2 --seed 7 \
	--dir "$dir" --json >"$dir/out"
python3 - "$dir/out" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
assert list(d) == ["schema", "decision_without_record_us", "registers",
                   "load_s", "compile_s", "conditions"], list(d)
assert d["schema"] == "almoner.bench.decide/1"
def figure(f):
    assert list(f) == ["best", "median", "cpu"], f
    assert 0 < f["best"] <= f["median"] and f["cpu"] > 0, f
figure(d["decision_without_record_us"])
[r] = d["registers"]
assert r["people"] == 3000
figure(r["decision_us"])
figure(r["opt_out_person_us"])
assert r["opt_out_persons_per_s"] > 0 and r["disk_bytes"] > 3000 * 30, r
assert r["fill_s"] > 0 and d["load_s"] > 0 and d["compile_s"] > 0
c = d["conditions"]
assert c["organisations"] == 1000 and c["agreements"] == 500, c
assert c["decisions_per_round"] == 2048 and c["opt_out_batch"] == 1000, c
assert c["rounds"] == 2 and c["seed"] == 7 and c["snapshot_bytes"] > 0, c
o = c["outcomes_without_records"]
assert abs(sum(o.values()) - 1) < 0.001, o
assert o["permit"] > 0.1 and o["transform"] > 0 and o["deny"] > 0.1, o
END
[ "$(ls "$dir")" = out ] || { echo "cli_bench_decide.sh: a folder is left" >&2; exit 1; }

# The table says the same, and what is out of range is refused.
"$build/almoner" bench decide --organisations 1000 --agreements 500 \
	--people 100 --decisions 256 --batch 100 --rounds 1 --dir "$dir" |
	grep -q 'opt-out in a batch'
rc=0
"$build/almoner" bench decide --people 90000001 2>/dev/null || rc=$?
[ "$rc" = 2 ] || { echo "cli_bench_decide.sh: exit $rc" >&2; exit 1; }
