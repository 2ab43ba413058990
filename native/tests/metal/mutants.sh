#!/bin/sh
# How many faults in the kernels the tests would find: mutants.sh SOURCE BUILD COUNT [SEED]
#
# Every mutant is one small change of one line: a comparison, a constant, a stride, a barrier, an operator. It is found when it does not
# compile, when the simulator stops it, or when a whole model on it differs from the CPU. Which changes are made follows from the seed.
# Prints a line for each, the changes that nobody noticed in full, and at the end "N of M mutants found". Half a minute each.
# equivalent_mutants.txt has those that cannot be found, with the reason.
set -u
source=$1 build=$2 count=$3 seed=${4:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
sites=$work/sites
tests="Attention_in_as_many Widths_beyond Shapes_far A_tile_of Sessions_that Every_format Prompts_of Rounded_logits" # the quick ones first

# file:line:number of the rule, for every line that a rule changes. Comments and declarations are left out.
cat >"$work/rules" <<'RULES'
s/ < / <= /
s/ <= / < /
s/ >= / > /
s/ > / >= /
s/ == / != /
s/threadgroup_barrier(mem_flags::[a-z_]*);/;/
s/simdgroup_barrier(mem_flags::[a-z_]*);/;/
s/ + 1\([^0-9]\)/ + 2\1/
s/ - 1\([^0-9]\)/ - 0\1/
s/ % 32/ % 16/
s/ \/ 32/ \/ 16/
s/ \/ 4\([^0-9]\)/ \/ 8\1/
s/ % 4\([^0-9]\)/ % 8\1/
s/8 \* /4 * /
s/4 \* /8 * /
s/max(/min(/
s/min(/max(/
s/ += / -= /
s/ + / - /
s/ - / + /
s/0\.0f/1.0f/
s/, true)/, false)/
s/a\.step\.ratio/(a.step.ratio + 1)/
s/ && / || /
RULES
is_equivalent() { # FILE CHANGE TEXT
  grep -v '^#' "$source/tests/metal/equivalent_mutants.txt" | {
    while IFS='	' read -r file change part; do
      case $file in "$1" | '*') [ "$change" = "$2" ] && case $3 in *"$part"*) exit 0 ;; esac ;; esac
    done
    exit 1
  }
}

rule=0
while IFS= read -r change; do
  rule=$((rule + 1))
  for file in "$source"/metal/*.metal "$source"/metal/*.h; do
    case $file in */arguments.h) continue ;; esac
    sed "$change" "$file" | diff "$file" - | sed -n 's/^\([0-9]*\)c.*/\1/p' | while read -r line; do
      text=$(sed -n "${line}p" "$file") name=$(basename "$file")
      echo "$text" | grep -q '^ *\(/\*\|\*\|#\|template\|kernel\)' || is_equivalent "$name" "$change" "$text" || echo "$name:$line:$rule"
    done
  done
done <"$work/rules" >"$sites"

found=0 made=0
for site in $(awk -v count="$count" -v seed="$seed" '
  BEGIN { srand(seed) }
  { sites[NR] = $0 }
  END { for (n = 0; n < count && NR > 0; n++) { i = int(rand() * NR) + 1; print sites[i]; sites[i] = sites[NR--] } }' "$sites"); do
  file=${site%%:*} rest=${site#*:}
  line=${rest%%:*} change=$(sed -n "${rest#*:}p" "$work/rules")
  rm -rf "$work/metal" "$work/mutant"
  cp -r "$source/metal" "$work/metal"
  sed "${line}$change" "$source/metal/$file" >"$work/metal/$file"
  made=$((made + 1))
  if ! make -s -f "$source/Makefile" BUILD="$build" KERNELS="$work/metal" MUTANT="$work/mutant" "$work/mutant/ds4-metal-tests" >"$work/log" 2>&1; then
    outcome="does not compile"
  else
    outcome=
    for test in $tests; do
      timeout 240 "$work/mutant/ds4-metal-tests" "$source/tests/golden" "$build" "$test" >"$work/log" 2>&1
      status=$?
      [ $status -eq 0 ] && continue
      outcome=$(sed -n 's/^ *//;/:.*:/{p;q;}' "$work/log" | cut -c1-120)
      outcome=${outcome:-"$test ends with status $status"}
      break
    done
  fi
  if [ -n "$outcome" ]; then
    found=$((found + 1))
    echo "found  $file:$line $change  ($outcome)"
  else
    echo "MISSED $file:$line $change"
    diff "$source/metal/$file" "$work/metal/$file"
  fi
done
echo "$found of $made mutants found"
