# Sourced by the scripts that keep a table in results; `here` is this folder.

# The machine in one line: processor, cores, system.
machine() {
  local processor
  processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
  [ -n "$processor" ] || processor=$(sysctl -n machdep.cpu.brand_string 2>/dev/null || uname -m)
  echo "$processor, $(getconf _NPROCESSORS_ONLN) cores, $(uname -sm)"
}

# The commit that is measured.
commit() { git -C "$here" rev-parse --short HEAD; }

# keep NAME FUNCTION: shows what the function prints, and keeps it as results/NAME when it ends well.
keep() {
  local table
  table=$(mktemp)
  "$2" | tee "$table"
  mkdir -p "$here/results"
  mv "$table" "$here/results/$1"
}
