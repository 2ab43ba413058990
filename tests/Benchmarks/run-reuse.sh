#!/usr/bin/env bash
# Replays sessions of coding agents against the server and writes results/reuse.md: run-reuse.sh [--seed N]
#
#   --seed N  draws everything that happens (default 1)
#
# What is counted are tokens, not time: the figures are the same on every machine and whatever else runs. Ends with 1 when
# a goal is missed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
native=$here/../../native
case ${1-} in
  '' | --seed) ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
make -s -C "$native" -j2
library=$native/build/libds4.so
[ -e "$library" ] || library=$native/build/libds4.dylib
mkdir -p "$here/results"
dotnet run -c Release --project "$here" -- reuse "$library" "$native/demo/ds4-demo.gguf" "$@" --to "$here/results/reuse.md"
