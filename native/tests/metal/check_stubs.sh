#!/bin/sh
# Compares declarations with the facts that they are made from: check_stubs.sh API_TXT HEADER…
# Every selector, property, enumerator and other declaration of the headers must be in the list, with the same types and values.
# Headers have a declaration a line. What this script cannot read is a difference too. Status 0 when there is none.
set -eu
LC_ALL=C exec awk '
function trim(text) { sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text); return text }

# One spelling of a type, whether it comes from a header or from the list.
function canonical(type) {
  if (type ~ /\(\^/) return "block"
  gsub(/id<|> *\[\]|\[\]|>/, " & ", type)
  array = sub(/ *\[\] */, "", type)
  type = trim(type)
  if (type ~ /^(const )?id +</ || type ~ /id< /) { gsub(/^const |id< *| *>/, "", type); type = trim(type) "*" }
  else if (array) sub(/\* *[a-z][A-Za-z]*$/, "*", type)
  gsub(/const /, "", type)
  gsub(/[ \t]/, "", type)
  if (type == "BOOL") type = "bool"
  if (type == "instancetype") type = interface "*"
  return type (array ? "[]" : "")
}

function value(text,  part) {
  if (split(text, part, / *<< */) == 2) return part[1] * 2 ^ part[2]
  return text + 0
}

function complain(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; differences++ }

function compare(key, found) {
  seen++
  if (!(key in fact)) complain("not in the list: " key)
  else if (fact[key] != found) complain(key " is " found ", the list says " fact[key])
}

# A list of types, separated by commas.
function canonical_list(list,  part, n, i, all) {
  if (list == "-") return ""
  n = split(list, part, /, */)
  all = ""
  for (i = 1; i <= n; i++) all = all (i > 1 ? "," : "") canonical(part[i])
  return all
}

# - (result)word:(type)name word:(type)name;
function method(line,  at, letter, depth, group, words, types, count, result, n, part, i, selector) {
  depth = 0; group = ""; words = ""; count = 0; result = ""; types = ""
  for (at = 2; at <= length(line); at++) {
    letter = substr(line, at, 1)
    if (letter == "(" && depth++ == 0) { group = ""; continue }
    if (letter == ")" && --depth == 0) {
      if (result == "") result = canonical(group)
      else { types = types (count++ ? "," : "") canonical(group); words = words " " }
      continue
    }
    if (depth > 0) group = group letter
    else words = words letter
  }
  if (depth != 0 || result == "") { complain("cannot read: " line); return }
  n = split(trim(words), part, /[ ;]+/)
  selector = ""
  for (i = 1; i <= n; i++) if (part[i] ~ /:$/) selector = selector part[i]
  compare("method " interface " " (count ? selector : part[1]), types " -> " result)
}

# @property (attributes) type name;
function property(line,  name, type, readonly) {
  readonly = line ~ /\(readonly[,)]/
  sub(/^@property *\([a-z, ]*\) */, "", line)
  if (!match(line, /[A-Za-z0-9_]+;$/)) { complain("cannot read: " line); return }
  name = substr(line, RSTART, RLENGTH - 1)
  type = canonical(substr(line, 1, RSTART - 1))
  compare("method " interface " " name, " -> " type)
  if (!readonly) compare("method " interface " set" toupper(substr(name, 1, 1)) substr(name, 2) ":", type " -> void")
}

NR == FNR {
  n = split($0, field, / [|] /)
  if (field[1] == "method" && n == 5) fact["method " field[2] " " field[3]] = canonical_list(field[4]) " -> " canonical(field[5])
  else if (field[1] == "enum" && n == 3) fact["enum " field[2]] = field[3]
  else if (field[1] == "enumerator" && n == 4) fact["enumerator " field[2] " " field[3]] = value(field[4])
  else if (field[1] == "declaration" && n == 2) fact["declaration " field[2]] = ""
  else if ($0 !~ /^(#.*)?$/) complain("cannot read: " $0)
  next
}

/^\/\*/ { comment = 1 }
comment { if (/\*\//) comment = 0; next }
/^(#.*)?$/ { next }
{ sub(/ *API_(AVAILABLE|DEPRECATED)\([0-9., ]*\)/, "") }
/^(__attribute__\(\([a-z_]*\)\))?$/ { next }

interface == "" && enumeration == "" && /^@(class|protocol) [A-Za-z, ]*;$/ { next }
interface == "" && enumeration == "" && /^@(protocol|interface) / {
  interface = $2
  class = interface ~ /(Descriptor|Options)$/ || interface !~ /^MTL/ && interface != "NSObject"
  if (interface != "NSObject" && class != ($1 == "@interface")) complain(interface " is a " (class ? "class" : "protocol"))
  next
}
interface != "" && /^@end$/ { interface = ""; next }
interface != "" && /^@property/ { property($0); next }
interface != "" && /^[-+] \(/ { method($0); next }

interface == "" && enumeration == "" && /^typedef NS_(ENUM|OPTIONS)\([A-Za-z]+, [A-Za-z]+\) [{]$/ {
  split($0, field, /[(,) ]+/)
  enumeration = field[4]
  compare("enum " enumeration, field[3])
  next
}
enumeration != "" && /^[}];$/ { enumeration = ""; next }
enumeration != "" && /^ +[A-Za-z0-9_]+ = [0-9]+( << [0-9]+)?,$/ {
  name = $1
  sub(/^[^=]*= */, "")
  sub(/,$/, "")
  compare("enumerator " enumeration " " name, value($0))
  next
}
interface == "" && enumeration == "" { compare("declaration " $0, ""); next }
{ complain("cannot read: " $0) }

END {
  printf "%d declarations compared, %d differences\n", seen, differences
  exit differences > 0 || seen == 0
}' "$@"
