#!/bin/sh
# Writes small well-formed models, a layer of every kind, as seeds for fuzz_gguf: seeds_gguf.sh TESTMODEL FOLDER
set -eu
small() {
  name=$1
  shift
  "$testmodel" --preset small --vocabulary 3 --heads 1 --groups 1 --query-rank 32 --output-rank 32 --index-heads 1 \
    --window 2 --context 64 --experts 2 --experts-used 1 --out "$folder/$name.gguf" "$@" >/dev/null
}
testmodel=$1
folder=$2
narrow="--hidden 32 --expert-width 32 --gate-up Q8_0 --down Q8_0"
small plain --ratios 0 --hash-layers 0 $narrow
small hashed --ratios 0 --hash-layers 1 $narrow
small overlapping --ratios 4 --hash-layers 0 $narrow --compressor Q8_0
small long --ratios 128 --hash-layers 0 $narrow --compressor Q8_0
small floats --ratios 0 --hash-layers 0 --hidden 32 --expert-width 32 --query-rank 4 --output-rank 4 --attention F32 --mix F32 \
  --gate-up F16 --down F32 --shared F16
