#!/bin/bash
# The consistency checker can fail: each of its rules, on doctored journals.
set -euo pipefail
cd "$(dirname "$0")/../.."
PYTHONDONTWRITEBYTECODE=1 python3 tests/checker/doctor.py
