#!/usr/bin/env bash
# Measures how long people wait for the demo model and how soon everything is gone, and writes results/lifecycle.md.
# Nothing else should run meanwhile. Takes about ten minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/report.sh"
[ $# -eq 0 ] || { sed -n '2,3s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dotnet build -c Release -v q -nologo "$here" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The same program with the payload that the package carries for this machine.
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x64 ;;
  Linux-aarch64) platform=linux-arm64 ;;
  *) platform=osx-arm64 ;;
esac
bash "$here/../../src/Ds4Provider/Packing/make-payload.sh" "$here/../.." "$work/stage" "$work/build" Release "$platform" >&2
cp -R "$here/bin/Release/net10.0" "$work/packaged"
rm -rf "$work/packaged/ds4-payload"
mv "$work/stage/$platform" "$work/packaged/ds4-payload"
print_table() {
  echo "# From nothing to ready, and back"
  echo
  echo "Measured by \`bash tests/Benchmarks/run-lifecycle.sh\` on $(date -u +%Y-%m-%d) at $(commit):" \
    "$(machine). Real processes, the demo model, packages restored."
  echo
  echo "## As packaged"
  echo
  echo "\`ds4\` with a runtime of its own, trimmed, as the package carries it; on Linux with a compiled engine."
  echo
  dotnet "$work/packaged/Benchmarks.dll" lifecycle
  echo
  echo "## As built here"
  echo
  echo "\`ds4\` on the runtime that is installed, as a developer runs it; the engine is compiled first."
  echo
  dotnet run -c Release --no-build --project "$here" -- lifecycle
}
keep lifecycle.md print_table
