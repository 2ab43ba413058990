#!/bin/sh
# Runs every fuzzer for a bounded time on a copy of its corpus: run.sh FUZZ_FOLDER BUILD_FOLDER SECONDS
# fuzz_X starts from corpus/X and from what seeds_X.sh makes; X.dict, if any, holds its words.
# The last line is "N passed, N failed"; an input that fails stays in BUILD_FOLDER.
set -u
folder=$1
build=$2
seconds=$3
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for source in "$folder"/fuzz_*.c; do
  name=$(basename "$source" .c)
  subject=${name#fuzz_}
  mkdir "$work/$subject"
  [ -d "$folder/corpus/$subject" ] && cp "$folder/corpus/$subject"/* "$work/$subject"
  [ -f "$folder/seeds_$subject.sh" ] && sh "$folder/seeds_$subject.sh" "$build/ds4-testmodel" "$work/$subject"
  words=
  [ -f "$folder/$subject.dict" ] && words="-dict=$folder/$subject.dict"
  if "$build/$name" $words -max_total_time="$seconds" -max_len=131072 -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="$build/$name-" "$work/$subject" >"$work/log" 2>&1; then
    echo "ok     $name: $(grep -a '^Done' "$work/log")"
    passed=$((passed + 1))
  else
    tail -n 60 "$work/log"
    echo "FAILED $name"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
