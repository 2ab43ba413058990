#!/usr/bin/env bash
# Runs the fault matrix: bash tests/EndToEnd.Specs/Faults/run-matrix.sh [ROUNDS]
# Without ROUNDS every cell about once; with many, those that compile the engine come a tenth as often as the others.
# DS4_FAULT_CELLS chooses cells by a part of their name, such as "while Building"; DS4_FAULT_PARALLEL is how many rounds run
# side by side (as many as there are processors). The report has a line for each round, and beside it FILE.cells one for
# each cell; a summary by moment is printed.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export DS4_FAULT_ROUNDS=${1:-200}
export DS4_FAULT_REPORT=${DS4_FAULT_REPORT:-$(mktemp /tmp/ds4-faults-XXXXXX)}
echo "A line for each round: $DS4_FAULT_REPORT"
begun=$SECONDS
outcome=0
dotnet test tests/EndToEnd.Specs --nologo --filter "FullyQualifiedName~All_cells_as_often_as_asked_for" || outcome=$?

# Lines of rounds begin with their number; the words of a failed one follow in lines of their own.
awk -v seconds=$((SECONDS - begun)) -v cells="$DS4_FAULT_REPORT.cells" '
  !/^[0-9]+ (Agent|Watchdog|Server) [A-Za-z]+ while [A-Za-z]+, [13] client/ { next }
  {
    cell = $2 " " $3 " " $4 " " $5 " " $6; moment = $5; sub(/,/, "", moment)
    for (i = 0; i < 2; i++) {
      key = i ? "all" : moment
      rounds[key]++
      if (/: FAILED /) failed[key]++
      if (/: FAILED leftover/) leftovers[key]++
      if (/: FAILED hang/) hangs[key]++
      if (/: hit, /) hit[key]++
      if (match($0, /heard after [0-9]+ ms/)) {
        time = substr($0, RSTART + 12) + 0; heard[key]++; sum[key] += time
        if (time > most[key]) most[key] = time
        if (time <= 1000) quick[key]++
      }
    }
    inCell[cell]++
    if (/: hit, /) hitInCell[cell]++
  }
  /: FAILED / { print }
  function line(key) {
    printf "%-12s %6d %7d %10d %6d %6d   ", key, rounds[key], failed[key], leftovers[key], hangs[key], hit[key]
    if (heard[key]) printf "%6d   %6.0f %6.0f   %5.1f %%\n", heard[key], sum[key] / heard[key], most[key], 100 * quick[key] / heard[key]
    else print "     -"
  }
  END {
    print "\nmoment       rounds  failed  leftovers  hangs    hit    heard   mean ms   most   within 1 s"
    split("Building Downloading Loading Idle Prefilling Decoding Calling Stopping all", order, " ")
    for (i = 1; i in order; i++) if (rounds[order[i]]) line(order[i])
    printf "%d rounds in %d s. hit: there was somebody to hit, in the moment that was meant; heard: rounds with a program that waited.\n", rounds["all"], seconds
    for (cell in inCell) printf "%s: %d of %d hit\n", cell, hitInCell[cell], inCell[cell] | ("sort >" cells)
    close("sort >" cells)
    while ((getline text < cells) > 0) { split(text, part, ": "); split(part[2], of, " "); if (of[1] < of[3] / 2) print "seldom hit: " text }
  }
' "$DS4_FAULT_REPORT"
exit "$outcome"
