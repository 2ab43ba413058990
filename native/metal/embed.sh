#!/bin/sh
# Prints a C file with the kernels as a NUL-terminated array, ds4_metal_source: embed.sh FILE…
# Files follow each other in the order given, so headers come first; their inclusion by each other is dropped, and every
# line keeps its file and number for the compiler to name. An array, because a string literal has a limit of length.
set -eu
if [ $# -eq 0 ]; then
  echo "usage: embed.sh FILE...: there are no kernels to embed" >&2
  exit 2
fi
for file; do
  if [ ! -r "$file" ]; then
    echo "embed.sh: cannot read $file" >&2
    exit 1
  fi
done
echo "/* The Metal kernels, made by metal/embed.sh. */"
echo "extern const char ds4_metal_source[];"
echo "const char ds4_metal_source[] = {"
for file; do
  awk -v name="$(basename "$file")" '
    BEGIN { printf "#line 1 \"%s\"\n", name }
    /^[ \t]*#[ \t]*include[ \t]*"/ { print ""; next }
    { print }' <"$file"
done | od -An -v -t o1 | awk '{ for (i = 1; i <= NF; i++) printf "\047\\%s\047,", $i; print "" }'
echo "0};"
