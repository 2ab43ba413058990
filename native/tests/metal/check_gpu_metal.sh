#!/bin/sh
# Checks the Metal side of gpu.h where there is no Mac: check_gpu_metal.sh NATIVE_FOLDER CLANG CC
# A clang with the declarations of apple/ must accept gpu_metal.m and refuse it with mistakes planted; the declarations must
# agree with apple/api.txt; the kernels' pointers must be of the right address spaces; embedded kernels must come back as they were.
# And make must plan what a Mac needs.
# The last line is "N passed, N failed".
set -u
native=$1
clang=$2
compiler=$3
tests=$native/tests/metal
subject=$native/src/metal/gpu_metal.m
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# verdict SENTENCE STATUS: counts, and shows what was said when it failed.
verdict() {
  if [ "$2" -eq 0 ]; then
    echo "ok     $1"
    passed=$((passed + 1))
  else
    head -n 20 "$work/said"
    echo "FAILED $1"
    failed=$((failed + 1))
  fi
}

# compile FILE SDK: what clang for a Mac says about it goes to `said`. System headers of this machine are out of its sight.
compile() {
  "$clang" -target arm64-apple-macos13 -nostdlibinc -fobjc-arc -fblocks -std=c11 -fsyntax-only -Wall -Wextra -Werror \
    -ffp-contract=off "-D__MAC_OS_X_VERSION_MAX_ALLOWED=$2" -isystem "$tests/apple" -I"$native/include" -I"$native/src" \
    -I"$native/src/metal" "$1" >"$work/said" 2>&1
}

# refuses SENTENCE WORDS SED_SCRIPT: clang must refuse the file as the script changes it, with these words.
refuses() {
  sed "$3" "$subject" >"$work/mistaken.m"
  if cmp -s "$subject" "$work/mistaken.m"; then
    echo "the script $3 plants nothing" >"$work/said"
    verdict "$1" 1
    return
  fi
  compile "$work/mistaken.m" 150000
  [ $? -ne 0 ] && grep -q "error: .*$2" "$work/said"
  verdict "$1" $?
}

# differs SENTENCE WORDS SED_SCRIPT: the comparison must complain about Metal.h as the script changes it, with these words.
differs() {
  sed "$3" "$tests/apple/Metal/Metal.h" >"$work/Metal.h"
  sh "$tests/check_stubs.sh" "$tests/apple/api.txt" "$work/Metal.h" >"$work/said" 2>&1
  [ $? -ne 0 ] && grep -q "$2" "$work/said"
  verdict "$1" $?
}

# qualify SED_SCRIPT: what clang says about the address spaces of the kernels as the script changes them goes to `said`.
qualify() {
  {
    cat "$tests/dialect.h"
    for file in "$native/src/iq2_codes.h" "$native"/metal/*.h "$native"/metal/*.metal; do
      echo "#line 1 \"$(basename "$file")\""
      sed -e 's/ *\[\[[a-z_0-9]*\(([0-9]*)\)\{0,1\}\]\]//g' -e 's/^#include.*//' -e 's/^using namespace.*//' -e "$1" "$file"
    done
  } >"$work/kernels.cl"
  "$clang" -x cl -cl-std=clc++2021 -D__METAL_VERSION__=300 -fsyntax-only -Wall -Wextra -Werror "$work/kernels.cl" >"$work/said" 2>&1
}

# misplaces SENTENCE SED_SCRIPT: the kernels as the script changes them, which are right without, must be refused for an address space.
misplaces() {
  qualify "$2"
  [ $? -ne 0 ] && grep -q "'__\(global\|local\|constant\)'\|'.*__\(global\|local\|constant\) .*'" "$work/said"
  verdict "$1" $?
}

compile "$subject" 130000
verdict "Clang_accepts_the_file_with_the_SDK_of_macOS_13" $?
compile "$subject" 150000
verdict "Clang_accepts_the_file_with_the_SDK_of_macOS_15" $?

refuses "A_wrong_selector_is_refused" "'endEncodings'" 's/ endEncoding\]/ endEncodings]/'
refuses "A_wrong_enumerator_is_refused" "undeclared identifier 'MTLDispatchTypeParallel'" 's/MTLDispatchTypeConcurrent/MTLDispatchTypeParallel/'
refuses "A_wrong_argument_type_is_refused" "to parameter of incompatible type 'id<MTLFence>'" 's/updateFence:gpu->fence/updateFence:gpu->queue/'
refuses "A_missing_argument_is_refused" "'setBytes:length:'" 's/ length:argument_bytes atIndex:0/ length:argument_bytes/'
refuses "A_wrong_property_is_refused" "'version' not found" 's/options\.languageVersion/options.version/'
refuses "An_assignment_to_what_is_only_readable_is_refused" "readonly property" 's/info->buffer_bytes = device/device/;s/device\.maxBufferLength;/device.maxBufferLength = 1;/'
refuses "An_enumerator_of_another_type_is_refused" "different enumeration type" 's/usage:MTLResourceUsageRead .*\]/usage:MTLBarrierScopeBuffers]/'
refuses "A_call_that_macOS_13_does_not_know_is_refused" "only available on macOS 15" 's/@available(macOS 15, \*)/@available(macOS 14, *)/'

sh "$tests/check_stubs.sh" "$tests/apple/api.txt" "$tests/apple/Metal/Metal.h" "$tests/apple/Foundation/Foundation.h" >"$work/said" 2>&1
verdict "The_declarations_agree_with_the_list: $(tail -n 1 "$work/said")" $?
differs "A_declared_value_that_differs_is_seen" "HazardTrackingModeUntracked is 512, the list says 256" 's/1 << 8/1 << 9/'
differs "A_declared_type_that_differs_is_seen" "method MTLDevice recommendedMaxWorkingSetSize is" 's/uint64_t recommended/NSUInteger recommended/'
differs "A_declared_result_that_differs_is_seen" "method MTLCommandQueue commandBuffer is" 's/(id<MTLCommandBuffer>)commandBuffer;/(id<MTLCommandQueue>)commandBuffer;/'
differs "A_declared_selector_that_is_not_listed_is_seen" "not in the list: method MTLCommandBuffer submit" 's/(void)commit;/(void)submit;/'
differs "A_setter_that_is_not_listed_is_seen" "not in the list: method MTLDevice setName:" 's/(readonly) NSString \*name/(copy) NSString *name/'
differs "A_declaration_that_cannot_be_read_is_seen" "cannot read: - void" 's/- (void)endEncoding/- void endEncoding/'

qualify ""
verdict "Every_pointer_of_the_kernels_is_of_the_right_address_space" $?
misplaces "A_pointer_to_threadgroup_memory_that_is_called_device_memory_is_refused" 's/threadgroup const float4 \*x = c.values/device const float4 *x = c.values/'
misplaces "Device_memory_as_an_argument_for_threadgroup_memory_is_refused" 's/weigh_parts(a, place.y, head, work)/weigh_parts(a, place.y, head, a.partial)/'
misplaces "Arguments_as_device_memory_are_refused" 's/static float4 load_row(constant ds4_gpu_attend/static float4 load_row(device ds4_gpu_attend/'

lines=$(wc -l <"$subject")
echo "$lines lines" >"$work/said"
[ "$lines" -lt 500 ]
verdict "The_file_has_less_than_500_lines" $?

printf '/* caf\303\251 "quoted" \\ */\nconstant int one = 1;\n' >"$work/first.h"
printf '#include <metal_stdlib>\n  #  include "first.h"\nint last = one;' >"$work/second.metal"
printf '#line 1 "first.h"\n/* caf\303\251 "quoted" \\ */\nconstant int one = 1;\n#line 1 "second.metal"\n#include <metal_stdlib>\n\nint last = one;\n' >"$work/expected"
printf '#include <stdio.h>\nextern const char ds4_metal_source[];\nint main(void) { return fputs(ds4_metal_source, stdout) < 0; }\n' >"$work/print.c"
{
  sh "$native/metal/embed.sh" "$work/first.h" "$work/second.metal" >"$work/source.c" &&
    "$compiler" -std=c11 -Wall -Wextra -Werror -o "$work/print" "$work/print.c" "$work/source.c" &&
    "$work/print" >"$work/printed" && cmp "$work/expected" "$work/printed"
} >"$work/said" 2>&1
verdict "Embedded_kernels_come_back_in_their_order_without_local_includes" $?
sh "$native/metal/embed.sh" >"$work/said" 2>&1
[ $? -ne 0 ] && grep -q "no kernels" "$work/said"
verdict "Nothing_to_embed_is_an_error" $?
sh "$native/metal/embed.sh" "$work/first.h" "$work/absent.metal" >"$work/said" 2>&1
[ $? -ne 0 ] && grep -q "cannot read .*absent.metal" "$work/said"
verdict "A_kernel_file_that_is_absent_is_an_error" $?

# What make would do on a Mac, whose uname and compiler are played here.
mkdir "$work/bin"
printf '#!/bin/sh\necho Darwin\n' >"$work/bin/uname"
printf '#!/bin/sh\necho arm64-apple-darwin24.0.0\n' >"$work/bin/cc"
chmod +x "$work/bin/uname" "$work/bin/cc"
# planned WORDS...: some line of the plan has all of them, in this order.
planned() {
  pattern=$(printf '%s.*' "$@")
  grep -q -e "$pattern" "$work/plan"
}
PATH=$work/bin:$PATH make -n -f "$native/Makefile" BUILD="$work/build" CC=cc all >"$work/plan" 2>"$work/said" &&
  planned "cc .*-DDS4_METAL.* -c -o $work/build/src/metal/encode.o" &&
  planned "cc .*-fobjc-arc -fblocks -mmacosx-version-min=13.0.* -c -o $work/build/src/metal/gpu_metal.o .*gpu_metal.m" &&
  planned "sh .*/metal/embed.sh .*arguments.h .*attend.metal.*>$work/build/metal/source.c" &&
  planned "cc .*-march=armv8.2-a+dotprod.* -c -o $work/build/src/cpu/kernels_neon_dotprod.o" &&
  planned "cc .*-dynamiclib .*-o $work/build/libds4.dylib .*gpu_metal.o .*metal/source.o .*-framework Metal" &&
  planned "cc .*-o $work/build/ds4-check-metal .*twin.o .*gpu_metal.o .*-framework Metal" &&
  ! grep -q -e "clang++\|-D_POSIX_C_SOURCE=.*gpu_metal.m\|simulation" "$work/plan"
verdict "On_a_Mac_make_compiles_the_backend_its_kernels_and_the_program_that_tries_them" $?

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
