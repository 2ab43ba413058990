#!/usr/bin/env bash
# Measures what a reply loses while a state is written to the disk: run-checkpoints.sh [--experts N]
#
#   --experts N  experts of the model (default 64: 4.7 GB, in a temporary folder that is removed)
#
# The model is random, of the published widths with five layers of 43: a token and a state both take about a ninth of the
# real ones, so the ratio is what counts. Nothing else should run meanwhile. Takes about five minutes on two processors.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
native=$here/../../native
experts=64
case ${1-} in
  '') ;;
  --experts) experts=$2 ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
make -s -C "$native" benchmarks
library=$native/build/libds4.so
[ -e "$library" ] || library=$native/build/libds4.dylib
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$native/build/ds4-testmodel" --out "$folder/flash5-$experts.gguf" --preset flash5 --experts "$experts" >&2
dotnet run -c Release --project "$here" -- checkpoints "$library" "$folder/flash5-$experts.gguf"
