#!/usr/bin/env bash
# Fetches a file from this machine as weights are fetched and prints the speed beside what bounds it: run-download.sh [--megabytes N]
#
# Writes three copies of N MiB (default 3072) below TMPDIR and removes them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dotnet run -c Release --project "$here" -- download "$@"
