/* Metal.h: the part of Metal that gpu_metal.m uses, for compilers without an SDK.
 *
 * A declaration a line: check_stubs.sh compares each with api.txt. What macOS 15 brought is missing when
 * __MAC_OS_X_VERSION_MAX_ALLOWED says that the SDK is older.
 */
#pragma once

#import <Foundation/Foundation.h>

@class MTLCompileOptions, MTLComputePipelineDescriptor, MTLComputePipelineReflection, MTLResidencySetDescriptor;
@protocol MTLBuffer, MTLCommandBuffer, MTLCommandQueue, MTLComputeCommandEncoder, MTLComputePipelineState, MTLFence, MTLFunction, MTLLibrary, MTLResidencySet;

typedef uint64_t MTLGPUAddress;
typedef __autoreleasing MTLComputePipelineReflection *MTLAutoreleasedComputePipelineReflection;
typedef struct { NSUInteger width, height, depth; } MTLSize;

typedef NS_OPTIONS(NSUInteger, MTLResourceOptions) {
    MTLResourceStorageModeShared = 0,
    MTLResourceHazardTrackingModeUntracked = 1 << 8,
};

typedef NS_OPTIONS(NSUInteger, MTLResourceUsage) {
    MTLResourceUsageRead = 1,
    MTLResourceUsageWrite = 1 << 1,
};

typedef NS_OPTIONS(NSUInteger, MTLBarrierScope) {
    MTLBarrierScopeBuffers = 1,
};

typedef NS_OPTIONS(NSUInteger, MTLPipelineOption) {
    MTLPipelineOptionNone = 0,
};

typedef NS_ENUM(NSUInteger, MTLDispatchType) {
    MTLDispatchTypeConcurrent = 1,
};

typedef NS_ENUM(NSUInteger, MTLCommandBufferStatus) {
    MTLCommandBufferStatusCompleted = 4,
};

typedef NS_ENUM(NSUInteger, MTLCommandBufferError) {
    MTLCommandBufferErrorOutOfMemory = 8,
};

typedef NS_ENUM(NSInteger, MTLGPUFamily) {
    MTLGPUFamilyApple7 = 1007,
    MTLGPUFamilyMetal3 = 5001,
};

typedef NS_ENUM(NSUInteger, MTLLanguageVersion) {
    MTLLanguageVersion3_0 = 196608,
};

#if __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000
typedef NS_ENUM(NSInteger, MTLMathMode) {
    MTLMathModeSafe = 0,
} API_AVAILABLE(15.0);

typedef NS_ENUM(NSInteger, MTLMathFloatingPointFunctions) {
    MTLMathFloatingPointFunctionsPrecise = 1,
} API_AVAILABLE(15.0);
#endif

@protocol MTLDevice <NSObject>
@property (readonly) NSString *name;
@property (readonly) NSUInteger maxBufferLength;
@property (readonly) NSUInteger maxThreadgroupMemoryLength;
@property (readonly) uint64_t recommendedMaxWorkingSetSize;
- (BOOL)supportsFamily:(MTLGPUFamily)family;
- (id<MTLCommandQueue>)newCommandQueue;
- (id<MTLFence>)newFence;
- (id<MTLBuffer>)newBufferWithLength:(NSUInteger)length options:(MTLResourceOptions)options;
- (id<MTLBuffer>)newBufferWithBytesNoCopy:(void *)pointer length:(NSUInteger)length options:(MTLResourceOptions)options deallocator:(void (^)(void *pointer, NSUInteger length))deallocator;
- (id<MTLLibrary>)newLibraryWithSource:(NSString *)source options:(MTLCompileOptions *)options error:(NSError **)error;
- (id<MTLComputePipelineState>)newComputePipelineStateWithDescriptor:(MTLComputePipelineDescriptor *)descriptor options:(MTLPipelineOption)options reflection:(MTLAutoreleasedComputePipelineReflection *)reflection error:(NSError **)error;
#if __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000
- (id<MTLResidencySet>)newResidencySetWithDescriptor:(MTLResidencySetDescriptor *)descriptor error:(NSError **)error API_AVAILABLE(15.0);
#endif
@end

id<MTLDevice> MTLCreateSystemDefaultDevice(void) __attribute__((ns_returns_retained));

#if __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000
API_AVAILABLE(15.0)
@protocol MTLAllocation <NSObject>
@end

@protocol MTLResource <MTLAllocation>
@end
#else
@protocol MTLResource <NSObject>
@end
#endif

@protocol MTLBuffer <MTLResource>
@property (readonly) MTLGPUAddress gpuAddress API_AVAILABLE(13.0);
- (void *)contents;
@end

@protocol MTLFence <NSObject>
@end

@interface MTLCompileOptions : NSObject
@property (readwrite) MTLLanguageVersion languageVersion;
@property (readwrite) BOOL fastMathEnabled API_DEPRECATED(10.11, 15.0);
#if __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000
@property (readwrite) MTLMathMode mathMode API_AVAILABLE(15.0);
@property (readwrite) MTLMathFloatingPointFunctions mathFloatingPointFunctions API_AVAILABLE(15.0);
#endif
@end

@protocol MTLFunction <NSObject>
@end

@protocol MTLLibrary <NSObject>
- (id<MTLFunction>)newFunctionWithName:(NSString *)name;
@end

@interface MTLComputePipelineDescriptor : NSObject
@property (copy) NSString *label;
@property (strong) id<MTLFunction> computeFunction;
@property (readwrite) BOOL threadGroupSizeIsMultipleOfThreadExecutionWidth;
@end

@protocol MTLComputePipelineState <NSObject>
@property (readonly) NSUInteger maxTotalThreadsPerThreadgroup;
@property (readonly) NSUInteger staticThreadgroupMemoryLength;
@end

#if __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000
API_AVAILABLE(15.0)
@interface MTLResidencySetDescriptor : NSObject
@property (copy) NSString *label;
@end

API_AVAILABLE(15.0)
@protocol MTLResidencySet <NSObject>
- (void)addAllocation:(id<MTLAllocation>)allocation;
- (void)removeAllocation:(id<MTLAllocation>)allocation;
- (void)commit;
- (void)requestResidency;
@end
#endif

@protocol MTLCommandQueue <NSObject>
@property (copy) NSString *label;
- (id<MTLCommandBuffer>)commandBuffer;
- (id<MTLCommandBuffer>)commandBufferWithUnretainedReferences;
#if __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000
- (void)addResidencySet:(id<MTLResidencySet>)set API_AVAILABLE(15.0);
#endif
@end

@protocol MTLCommandBuffer <NSObject>
@property (copy) NSString *label;
@property (readonly) MTLCommandBufferStatus status;
@property (readonly) NSError *error;
- (id<MTLComputeCommandEncoder>)computeCommandEncoderWithDispatchType:(MTLDispatchType)type;
- (void)commit;
- (void)waitUntilCompleted;
@end

@protocol MTLCommandEncoder <NSObject>
@property (copy) NSString *label;
- (void)endEncoding;
@end

@protocol MTLComputeCommandEncoder <MTLCommandEncoder>
- (void)setComputePipelineState:(id<MTLComputePipelineState>)state;
- (void)setBytes:(const void *)bytes length:(NSUInteger)length atIndex:(NSUInteger)index;
- (void)setThreadgroupMemoryLength:(NSUInteger)length atIndex:(NSUInteger)index;
- (void)dispatchThreadgroups:(MTLSize)threadgroups threadsPerThreadgroup:(MTLSize)threads;
- (void)memoryBarrierWithScope:(MTLBarrierScope)scope;
- (void)useResources:(const id<MTLResource> [])resources count:(NSUInteger)count usage:(MTLResourceUsage)usage;
- (void)updateFence:(id<MTLFence>)fence;
- (void)waitForFence:(id<MTLFence>)fence;
@end
