#!/usr/bin/env bash
# Runs the fault matrix: bash tests/EndToEnd.Specs/Faults/run-matrix.sh [ROUNDS]
# Without ROUNDS every cell once. DS4_FAULT_CELLS chooses cells by a part of their name, such as "while Building". The report has a line for each round; a summary is printed at the end.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export DS4_FAULT_ROUNDS=${1:-200}
export DS4_FAULT_REPORT=${DS4_FAULT_REPORT:-$(mktemp /tmp/ds4-faults-XXXXXX)}
echo "A line for each round: $DS4_FAULT_REPORT"
dotnet test tests/EndToEnd.Specs --nologo --filter "FullyQualifiedName~All_cells_as_often_as_asked_for" || true
awk '
  { rounds++ }
  /FAILED/ { failed++; print }
  match($0, /heard after [0-9]+ ms/) { time = substr($0, RSTART + 12) + 0; count++; sum += time; if (time > most) most = time; if (time <= 1000) quick++ }
  END { printf "%d rounds, %d failed; %d with a program that waited: heard after %.0f ms in the mean, %.0f ms at most, %.1f %% within a second\n", rounds, failed, count, sum / (count ? count : 1), most, 100 * quick / (count ? count : 1) }
' "$DS4_FAULT_REPORT"
