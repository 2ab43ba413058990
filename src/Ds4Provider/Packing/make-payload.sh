#!/usr/bin/env bash
# Makes the payload of each given platform as a folder of the stage: ds4 with its runtime, trimmed, and beside it what
# src/PayloadFiles.props lists, the engine compiled for this machine when it is of that platform, and the manifest.
#
#   make-payload.sh REPOSITORY STAGE BUILD CONFIGURATION PLATFORM…
#
# What is built lies in BUILD, not in the folders of the sources: neither a build of the solution nor a running test is
# disturbed.
set -euo pipefail
repository=$1 stage=$2 output=$3 configuration=$4
shift 4
dotnet=${DOTNET:-dotnet}

# NuGet's name of this machine.
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) here=linux-x64 ;;
  Linux-aarch64) here=linux-arm64 ;;
  *) here=none ;;
esac

sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# Lines "<sha256>  <path>" of all files below the current folder, sorted by bytes.
list_files() {
  find * -type f -print | LC_ALL=C sort | while IFS= read -r file; do sha256 "$file"; done
}

publish() {
  "$dotnet" publish "$repository/src/ds4/ds4.csproj" -c "$configuration" -r "$1" --self-contained -o "$2" \
    --artifacts-path "$output" -m:1 -nologo -v quiet \
    -p:PublishTrimmed=true -p:SuppressTrimAnalysisWarnings=false -p:TrimmerSingleWarn=false \
    -p:ContinuousIntegrationBuild=true -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false
  # Symbols and documentation serve nobody who runs it.
  rm -f "$2"/*.pdb "$2"/*.xml
}

# The compiled engine, with the list of the sources that it was made from: whoever has other sources compiles them.
compile_engine() {
  local build=$output/engine
  rm -rf "$build"
  make -s -C "$1/native" BUILD="$build" CFLAGS=-O3 LDFLAGS=-s >&2
  mkdir -p "$1/prebuilt"
  cp "$build/libds4.so" "$build/ds4-logits" "$1/prebuilt/"
  (cd "$1/native" && list_files) >"$1/prebuilt/sources.sha256"
}

mkdir -p "$stage"
for platform in "$@"; do
  folder=$stage/$platform
  rm -rf "$folder"
  publish "$platform" "$folder"
  if [ "$platform" = "$here" ]; then compile_engine "$folder"; fi
  (cd "$folder" && list_files >"$stage/.manifest" && mv "$stage/.manifest" manifest.sha256)
done
