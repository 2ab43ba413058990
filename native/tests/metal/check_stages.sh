#!/bin/sh
# Does ds4-check-metal find out which stage of which kernel is wrong? check_stages.sh SOURCE BUILD
#
# The kernels as they are must pass; with a fault planted in one, the program must name its stage and save the stage's inputs. The last
# line is "N passed, N failed".
set -u
source=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0

verdict() {
  if [ "$2" -eq 0 ]; then
    echo "ok     $1"
    passed=$((passed + 1))
  else
    tail -n 5 "$work/report"
    echo "FAILED $1"
    failed=$((failed + 1))
  fi
}

# run PROGRAM [SECONDS]: a report goes to `report`, what is wrong to `record`.
run() {
  rm -f "$work/record"
  "$1" --model "$work/small.gguf" --record "$work/record" --prompt 24 --megabytes 1 --seconds "${2:-900}" >"$work/report" 2>&1
}

# plant FILE SED_SCRIPT [SECONDS]: runs the program with that change in the kernels.
plant() {
  rm -rf "$work/metal" "$work/mutant"
  cp -r "$source/metal" "$work/metal"
  sed "$2" "$source/metal/$1" >"$work/metal/$1"
  if cmp -s "$source/metal/$1" "$work/metal/$1"; then
    echo "the script $2 plants nothing in $1" >"$work/report"
    return 0
  fi
  make -s -f "$source/Makefile" BUILD="$build" KERNELS="$work/metal" MUTANT="$work/mutant" "$work/mutant/ds4-check-metal" >"$work/report" 2>&1 || return 0
  run "$work/mutant/ds4-check-metal" "${3:-900}"
}

# Prints the lines of the record, stepping over the numbers; fails when it does not end where its lines say.
read_record() {
  size=$(wc -c <"$work/record") offset=0
  while [ "$offset" -lt "$size" ]; do
    line=$(tail -c +$((offset + 1)) "$work/record" | head -n 1)
    offset=$((offset + ${#line} + 1))
    echo "$line"
    case $line in
      end) [ "$offset" -eq "$size" ] && return 0 || return 1 ;;
      array\ *)
        set -- $line
        offset=$((offset + 4 * $5 * $6 + 1))
        ;;
    esac
  done
  return 1
}

# names SENTENCE FILE SED_SCRIPT STAGE NAME KERNELS: the planted fault is told with these words, and the record has it.
names() {
  plant "$2" "$3"
  [ $? -eq 1 ] &&
    tail -n 1 "$work/report" | grep -q "^Stage $4 of layer .* $5 has a relative error of .* kernels: $6; saved in $work/record\." &&
    read_record >"$work/lines" &&
    head -n 1 "$work/lines" | grep -qx "ds4 stage record 1" && grep -qx "stage $4" "$work/lines" && grep -qx "kernels $6" "$work/lines" &&
    grep -q "^array input " "$work/lines" && grep -q "^array cpu $5 float32 " "$work/lines" && grep -q "^array metal $5 float32 " "$work/lines"
  verdict "$1" $?
}

"$build/ds4-testmodel" --preset small --out "$work/small.gguf" >"$work/report" 2>&1 || { cat "$work/report"; exit 1; }

run "$build/simulation/ds4-check-metal"
[ $? -eq 0 ] && tail -n 1 "$work/report" | grep -q "^Every stage agrees" && [ "$(grep -c ' ok ' "$work/report")" -eq 42 ] && [ ! -e "$work/record" ]
verdict "Kernels_that_are_right_pass_in_all_stages_and_modes" $?
! grep "^not tried" "$work/report"
verdict "Every_kernel_of_the_backend_is_tried" $?

names "A_wrong_position_term_of_the_compressor_is_named" compress.metal 's/p\.score += quad_at/p.score -= quad_at/' finish_kv rows "compress finish_rows"
names "A_wrong_scale_of_attention_is_named" attend.metal 's/scores\[j\] = scale \*/scores[j] = 1.1f * scale */' attend attended "attend attend_merge"
names "A_wrong_expert_of_few_tokens_is_named" expert_rows.metal 's/y\[row\] = value \* weight;/y[row] = value;/' expert_inner pair_inner "expert_inner"

# A device that stops a kernel tells why; which stage it was is added.
plant keep.metal 's/later < a\.step\.window/later <= a.step.window/'
[ $? -eq 1 ] && tail -n 1 "$work/report" | grep -q "^The GPU failed in stage keep (exact mode): keep, threadgroup "
verdict "A_kernel_that_is_stopped_is_named_with_its_stage" $?

plant swiglu.metal 's/^{$/{ volatile uint spins = 1; while (spins != 0) { }/' 15
[ $? -eq 1 ] && tail -n 1 "$work/report" | grep -qx "The GPU did not end in time: stage route (exact mode)"
verdict "A_GPU_that_hangs_is_told_with_its_stage" $?

"$build/simulation/ds4-check-metal" --model "$work/absent.gguf" >"$work/report" 2>&1
[ $? -eq 1 ] && grep -q "^The GPU cannot be opened: .*absent.gguf" "$work/report"
verdict "A_model_that_is_absent_is_told" $?

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
