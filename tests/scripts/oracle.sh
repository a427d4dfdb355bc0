#!/bin/sh
# Decide random requests twice, here and with a second reading of the page.
set -eu
cd "$(dirname "$0")/../.."
nice python3 tests/oracle/run --almoner "$ALMONER_BUILD/almoner"
