#!/bin/sh
# Decide requests twice, here and by a second reading of the page.
set -eu
cd "$(dirname "$0")/../.."
nice python3 tests/oracle/run --almoner "$ALMONER_BUILD/almoner"
