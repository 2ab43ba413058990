#!/usr/bin/env bash
# Measures how long people wait for the demo model and how soon everything is gone, and writes results/lifecycle.md.
# Nothing else should run meanwhile. Takes about three minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/report.sh"
[ $# -eq 0 ] || { sed -n '2,3s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dotnet build -c Release -v q -nologo "$here" >&2
print_table() {
  echo "# From nothing to ready, and back"
  echo
  echo "Measured by \`bash tests/Benchmarks/run-lifecycle.sh\` on $(date -u +%Y-%m-%d) at $(commit):" \
    "$(machine). Real processes, the demo model, packages restored."
  echo
  dotnet run -c Release --no-build --project "$here" -- lifecycle
}
keep lifecycle.md print_table
