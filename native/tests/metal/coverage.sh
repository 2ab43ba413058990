#!/bin/sh
# Which lines of the kernels the tests on the simulator run: coverage.sh KERNELS_CPP PROGRAM PROFILE LLVM_PROFDATA LLVM_COV
#
# KERNELS_CPP is what `trampolines` wrote, PROGRAM the tests with these kernels, compiled to count, PROFILE what they left behind.
# Prints a row of a table for every file of kernels, and fails when less than 95 % of all lines were run, or when a kernel was never
# dispatched. Lines are counted as in the sources: by the #line directives, which coverage itself does not follow.
set -eu
source=$1 program=$2 profile=$3 profdata=$4 cov=$5
least=95

"$profdata" merge -o "$profile.merged" "$profile"
"$cov" export -format=lcov -instr-profile="$profile.merged" "$program" >"$profile.lcov"
awk -v least="$least" -v generated="$(basename "$source")" '
  function last_part(path) { sub(/.*\//, "", path); return path }

  # The text of the kernels: where each of its lines comes from, and which kernels there are.
  FNR == NR {
    if ($1 == "#line") {
      file = $3
      gsub(/"/, "", file)
      file = last_part(file)
      next_line = $2
      next
    }
    origin[FNR] = file
    number[FNR] = next_line++
    if (file !~ /^faults/ && match($0, /^kernel +void +[a-z_0-9]+/)) {
      name = substr($0, RSTART, RLENGTH)
      sub(/.* /, "", name)
      kernels[name] = 0
    }
    next
  }

  # What was run. A kernel has its length before its name: _Z6attend...
  /^SF:/ { own = last_part($0) == generated }
  own && /^FNDA:/ {
    split(substr($0, 6), part, ",")
    for (name in kernels)
      if (index(part[2], "_Z" length(name) name) == 1)
        kernels[name] += part[1]
  }
  own && /^DA:/ {
    split(substr($0, 4), part, ",")
    file = origin[part[1]]
    if (file == "trampolines" || file == "" || file ~ /^faults/)
      next
    if (!(file in lines))
      order[++files] = file
    lines[file]++
    all++
    if (part[2] > 0) {
      run[file]++
      all_run++
    } else
      missing[file] = missing[file] " " number[part[1]]
  }

  END {
    print "| file | lines | run by the tests | not run: line |\n|---|--:|--:|---|"
    for (i = 1; i <= files; i++)
      printf "| %s | %d | %d |%s |\n", order[i], lines[order[i]], run[order[i]], missing[order[i]]
    if (all == 0) {
      print "no line was counted"
      exit 1
    }
    printf "| **all** | %d | %d | **%.1f %%** |\n\n", all, all_run, 100 * all_run / all
    for (name in kernels) {
      count++
      if (kernels[name] == 0) {
        print "FAILED kernel " name " was never dispatched"
        failed = 1
      }
    }
    if (!failed)
      printf "All %d kernels were dispatched.\n", count
    if (100 * all_run < least * all) {
      printf "FAILED less than %d %% of the lines were run\n", least
      failed = 1
    }
    exit failed
  }' "$source" "$profile.lcov"
