#!/bin/sh
# almoner bench route runs both loads and prints its schema, whatever the
# number of envelopes in a frame.  Too few messages to mean anything.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-${ALMONER_BUILD:-build/release}}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for envelopes in 1 16; do
	"$build/almoner" bench route --payload 1KiB --count 2000 --window 256 \
		--envelopes-per-frame $envelopes --dir "$dir" --json >"$dir/out"
	python3 - "$dir/out" $envelopes <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
assert list(d) == ["schema", "raw_curve_router_msgs_per_s",
                   "almoner_msgs_per_s", "ratio", "accept_latency_us",
                   "fdatasync_us_p50", "conditions"], list(d)
assert d["schema"] == "almoner.bench.route/1"
for key in ("raw_curve_router_msgs_per_s", "almoner_msgs_per_s", "ratio",
            "fdatasync_us_p50"):
    assert d[key] > 0, key
assert 0 < d["accept_latency_us"]["p50"] <= d["accept_latency_us"]["p99"]
c = d["conditions"]
assert c["count"] == 2000 and c["payload_bytes"] == 1024, c
assert c["envelopes_per_frame"] == int(sys.argv[2]), c
END
done
"$build/almoner" bench withdraw --queued 600 --people 60 --withdrawals 3 \
	--dir "$dir" --json >"$dir/out"
python3 - "$dir/out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == "almoner.bench.withdraw/1"
assert d["stopped"] == 30, d
assert 0 < d["effect_ms"]["p50"] <= d["effect_ms"]["max"], d
assert d["conditions"]["queued"] == 600
PY
(cd "$dir" && "$build/almoner" bench import --count 5000 --dir . --json >out)
python3 - "$dir/out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == "almoner.bench.import/1"
assert d["records_per_s"] > 0 and d["conditions"]["records"] == 5000, d
PY
"$build/almoner" bench audit --records 20000 --dir "$dir" --json >"$dir/out"
python3 - "$dir/out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == "almoner.bench.audit/1"
assert d["ingest"]["with_index"]["records"] == 20000, d
assert d["questions"]["person"]["first_page"]["rows"] > 1, d
assert d["questions"]["person-unknown"]["first_page"]["rows"] == 0, d
assert d["verify"]["with_key"]["records_per_s"] > 0
assert d["bytes_per_record"]["index"] > 0
PY
# Longer, if the machine was too busy to disturb anybody in that time: who
# disturbs runs when nobody else wants to.
fair() {
	for milliseconds in 200 2000 15000; do
		"$build/almoner" bench fair --only "$1" --rounds 1 \
			--milliseconds $milliseconds --dir "$dir" --json \
			>"$dir/out"
		rc=0
		python3 - "$dir/out" <<'PY' || rc=$?
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == "almoner.bench.fair/1"
[row] = d["disturbances"]
assert row["samples"] > 0 and row["accept_p99_ratio"] > 0, row
sys.exit(0 if row["disturbing_per_s"] > 0 else 9)
PY
		[ $rc -eq 9 ] || return $rc
	done
	echo "cli_bench.sh: NOT TRIED: nothing was idle for $1"
}
fair slow-consumer
fair upload
fair malformed
"$build/almoner" bench backlog --stored 2000 --recipients 500 --count 2000 \
	--dir "$dir" --json >"$dir/out"
python3 - "$dir/out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == "almoner.bench.backlog/1"
assert d["ratio"] > 0 and d["recipients_ratio"] > 0, d
assert d["one_recipient_us"] > 0 and d["many_recipients_us"] > 0, d
assert d["stored_memory_kib"] > 0 and d["restart_to_ready_s"] > 0, d
PY
"$build/almoner" bench route --count 300 --rate 1000 --dir "$dir" --json \
	>"$dir/out"
python3 - "$dir/out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert 0 < d["almoner_msgs_per_s"] < 1500, d
PY
[ "$(ls "$dir")" = out ] || { echo "cli_bench.sh: a folder is left" >&2; exit 1; }
