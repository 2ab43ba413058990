#!/usr/bin/env bash
# Measures the engine and writes results/engine.md: run-engine.sh [--models FOLDER] [--experts N] [--runs N] [--long N]
#
#   --models FOLDER  where the models are or go; default: a temporary folder, which is removed
#   --experts N      experts of the wide models (default 64: 10 GB of models; 256: all of them, 30 GB)
#   --runs N         repetitions of each row (default 9)
#   --long N         tokens of the long prompt (default 16384); the long session has twice as many
#
# The models are random, with the widths and formats of the published files and fewer layers: what one layer costs is the
# same. Nothing else should run meanwhile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/report.sh"
native=$here/../../native
models= experts=64 runs=9 long=16384
while [ $# -gt 0 ]; do
  case $1 in
    --models) models=$2 ;;
    --experts) experts=$2 ;;
    --runs) runs=$2 ;;
    --long) long=$2 ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
if [ -z "$models" ]; then
  models=$(mktemp -d)
  trap 'rm -rf "$models"' EXIT
fi
mkdir -p "$models"

make -s -C "$native" benchmarks
build=$native/build
make_model() {
  local name=$1
  shift
  [ -f "$models/$name.gguf" ] || "$build/ds4-testmodel" --out "$models/$name.gguf" "$@" >&2
}
make_model "flash5-$experts" --preset flash5 --experts "$experts"
make_model "flash5-q4-$experts" --preset flash5-q4 --experts "$experts"
make_model deep --preset deep

kernels=$("$build/ds4-bench" --model "$models/deep.gguf" --prefill 1 --decode 1 --runs 1 --prefill-runs 1 |
  sed 's/.*"kernels":"\([^"]*\)".*/\1/')
print_table() {
  echo "# The engine"
  echo
  echo "Measured by \`bash tests/Benchmarks/run-engine.sh --experts $experts --runs $runs --long $long\`, medians and ranges."
  echo
  echo "| | |"
  echo "|---|---|"
  echo "| date | $(date -u +%Y-%m-%d) |"
  echo "| commit | $(commit) |"
  echo "| machine | $(machine) |"
  echo "| kernels | $kernels |"
  echo "| models | five layers of the published widths with $experts experts, random weights; 43 narrow layers with real rows |"
  echo
  "$build/ds4-engine-bench" --q2 "$models/flash5-$experts.gguf" --q4 "$models/flash5-q4-$experts.gguf" \
    --deep "$models/deep.gguf" --runs "$runs" --long "$long" --scratch "$models"
  echo
  echo "One vector, as decoding multiplies, with rows of 4,096 columns that stream from memory:"
  echo
  echo '```'
  "$build/ds4-kernels-bench" "$kernels" | grep "1 vector "
  echo '```'
}
keep engine.md print_table
