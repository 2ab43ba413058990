/* dialect.h: what the kernels use of Metal, declared for clang's C++ for OpenCL, which has the same address spaces under other names.
 *
 * PURPOSE  The simulator compiles kernels as plain C++, where an address space is an empty word. Here a pointer to the wrong one does not
 *          compile (check_gpu_metal.sh). Nothing runs.
 */
#pragma OPENCL EXTENSION cl_khr_fp16 : enable

#define device __global
#define threadgroup __local
#define thread __private
#define constant __constant
#define kernel
#define nullptr 0

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef uint uint32_t;
typedef int int32_t;
typedef ulong uint64_t;

/* Vectors: a macro, since a constructor's name cannot be declared for a vector of the compiler. */
typedef float float4 __attribute__((ext_vector_type(4)));
typedef half half4 __attribute__((ext_vector_type(4)));
typedef uint uint2 __attribute__((ext_vector_type(2)));
typedef uint uint3 __attribute__((ext_vector_type(3)));
typedef ulong ulong2 __attribute__((ext_vector_type(2)));
float4 make_float4(float);
float4 make_float4(float4);
float4 make_float4(half4);
float4 make_float4(float, float, float, float);
half4 make_half4(float4);
uint2 make_uint2(uint, uint);
ulong2 make_ulong2(ulong, ulong);
#define float4(...) make_float4(__VA_ARGS__)
#define half4(...) make_half4(__VA_ARGS__)
#define uint2(...) make_uint2(__VA_ARGS__)
#define ulong2(...) make_ulong2(__VA_ARGS__)

float exp(float);
float4 exp(float4);
float log(float);
float sqrt(float);
float fabs(float);
float rint(float);
float copysign(float, float);
float dot(float4, float4);
float min(float, float);
float max(float, float);
float4 max(float4, float4);
float clamp(float, float, float);
float4 clamp(float4, float, float);
int min(int, int);
int max(int, int);
uint min(uint, uint);
uint max(uint, uint);
uint popcount(uint);
template <typename T, typename U> T as_type(U);

enum class mem_flags { mem_none, mem_device, mem_threadgroup };
void threadgroup_barrier(mem_flags);
void simdgroup_barrier(mem_flags);

/* OpenCL has types of the same names. */
#define atomic_uint metal_atomic_uint
#define memory_order_relaxed metal_relaxed
struct metal_atomic_uint {
    uint value;
};
enum metal_order { metal_relaxed };
uint atomic_load_explicit(threadgroup const atomic_uint *, metal_order);
void atomic_store_explicit(threadgroup atomic_uint *, uint, metal_order);
uint atomic_fetch_add_explicit(threadgroup atomic_uint *, uint, metal_order);

float simd_sum(float);
uint simd_max(uint);
uint simd_min(uint);
uint simd_prefix_exclusive_sum(uint);
template <typename T> T simd_shuffle_xor(T, ushort);

template <typename T, int ROWS, int COLUMNS> struct simdgroup_matrix {
    T elements[2];
};
typedef simdgroup_matrix<float, 8, 8> simdgroup_float8x8;
template <typename T, int ROWS, int COLUMNS> simdgroup_matrix<T, ROWS, COLUMNS> make_filled_simdgroup_matrix(T);
template <typename T>
void simdgroup_load(thread simdgroup_matrix<T, 8, 8> &, threadgroup const T *, ulong, ulong2 origin = (ulong2)0, bool transposed = false);
template <typename T>
void simdgroup_load(thread simdgroup_matrix<T, 8, 8> &, device const T *, ulong, ulong2 origin = (ulong2)0, bool transposed = false);
template <typename T>
void simdgroup_store(simdgroup_matrix<T, 8, 8>, threadgroup T *, ulong, ulong2 origin = (ulong2)0, bool transposed = false);
template <typename D, typename A, typename B, typename C>
void simdgroup_multiply_accumulate(thread simdgroup_matrix<D, 8, 8> &, simdgroup_matrix<A, 8, 8>, simdgroup_matrix<B, 8, 8>,
                                   simdgroup_matrix<C, 8, 8>);
