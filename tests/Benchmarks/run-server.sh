#!/usr/bin/env bash
# Measures the server without its engine and writes results/server.md. Gets the model family's vocabulary from npm, once.
# Nothing else should run meanwhile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/report.sh"
[ $# -eq 0 ] || { sed -n '2,3s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dotnet build -c Release -v q -nologo "$here" >&2
print_table() {
  echo "# The server without its engine"
  echo
  echo "Measured by \`bash tests/Benchmarks/run-server.sh\` on $(date -u +%Y-%m-%d) at $(commit):" \
    "$(machine)."
  echo
  echo "Goals: server per token < 150 µs; mask p99 < 200 µs; sampling greedy < 30 µs, default < 300 µs; token to client p50 < 1 ms," \
    "p99 < 5 ms; 200 KB met before < 5 ms; request of 50 KB < 10 ms."
  echo
  dotnet run -c Release --no-build --project "$here" -- server
}
keep server.md print_table
