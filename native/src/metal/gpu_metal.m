/* gpu_metal.m: gpu.h by Metal. Automatic reference counting; the only file of the engine that is not C.
 *
 * DESIGN   Dispatches go into one command buffer with one concurrent encoder, opened by the first dispatch and committed by
 *          a flush. No memory has hazard tracking: barriers order dispatches inside an encoder, one fence orders encoders.
 *          Kernels reach memory by address, so Metal does not see what they use. A residency set on the queue holds all of
 *          it; before macOS 15 every encoder is told of all of it, and command buffers retain it until they have run.
 *          Threads: `lock` guards `buffers` and what depends on them; all else belongs to the thread that encodes.
 *          A failure while encoding is kept, and nothing more is encoded, until ds4_gpu_finish tells it.
 */
#import <Foundation/Foundation.h>
#import <Metal/Metal.h>

#include <Availability.h>
#include <mach/mach.h>
#include <os/lock.h>
#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "memory.h"

/* The source of all kernels, NUL-terminated (metal/embed.sh). */
extern const char ds4_metal_source[];

static const MTLResourceOptions UNTRACKED_SHARED = MTLResourceStorageModeShared | MTLResourceHazardTrackingModeUntracked;

/* ---- lists of objects ------------------------------------------------------------------------------------- */

/* Retains its items. Room for one is reserved before it is put in. */
typedef struct ds4_objects {
    __strong id *items;
    NSUInteger count, capacity;
} ds4_objects;

/* False when there is no memory. */
static bool reserve_object(ds4_objects *list)
{
    if (list->count < list->capacity)
        return true;
    NSUInteger capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
    void *items = ds4_allocate(capacity * sizeof(id));
    if (items == NULL)
        return false;
    memset(items, 0, capacity * sizeof(id));
    if (list->count > 0)
        memcpy(items, (void *)list->items, list->count * sizeof(id)); /* references move with their bytes */
    ds4_release((void *)list->items);
    list->items = (__strong id *)items;
    list->capacity = capacity;
    return true;
}

/* Also frees the list itself. */
static void clear_objects(ds4_objects *list)
{
    while (list->count > 0)
        list->items[--list->count] = nil;
    ds4_release((void *)list->items);
    *list = (ds4_objects){0};
}

/* ---- the device and its pipelines ------------------------------------------------------------------------- */

/* What ds4_gpu_pipeline points to. */
@interface Ds4Pipeline : NSObject {
  @public
    NSString *name;
    id<MTLComputePipelineState> state;
    NSUInteger most_threads, most_bytes; /* that a dispatch can ask for, of a threadgroup */
}
@end

@implementation Ds4Pipeline
@end

/* What ds4_gpu points to. */
@interface Ds4Gpu : NSObject {
  @public
    id<MTLDevice> device;
    id<MTLCommandQueue> queue;
    id<MTLLibrary> library;
    id<MTLFence> fence;
    ds4_objects pipelines; /* Ds4Pipeline */

    os_unfair_lock lock;
    ds4_objects buffers; /* id<MTLBuffer>, all that is taken */
    uint64_t taken;      /* buffers so far, released ones included */
    id residency;        /* id<MTLResidencySet>, or nil before macOS 15 */
    bool residency_changed;

    ds4_objects committed; /* id<MTLCommandBuffer> since the last finish */
    id<MTLCommandBuffer> commands;
    id<MTLComputeCommandEncoder> encoder;
    uint64_t told;            /* `taken` when the encoder was last told of all buffers */
    const Ds4Pipeline *last;  /* dispatched by the encoder */
    uint32_t threadgroup_set; /* bytes of threadgroup memory that are set in the encoder */
    ds4_status failed;
    ds4_error failure;
}
@end

@implementation Ds4Gpu
- (void)dealloc
{
    clear_objects(&pipelines);
    clear_objects(&buffers);
    clear_objects(&committed);
}
@end

static Ds4Gpu *object_of(const ds4_gpu *gpu)
{
    return (__bridge Ds4Gpu *)(void *)(uintptr_t)gpu;
}

/* Valid until the autorelease pool around the caller ends. */
static const char *text_of(NSError *error)
{
    const char *text = error.localizedDescription.UTF8String;
    return text != NULL ? text : "the system gives no reason";
}

/* ---- what macOS 15 brought -------------------------------------------------------------------------------- */

#if __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000

/* Where it exists it stands for fastMathEnabled, and leaves the functions to a second setting. */
static void choose_safe_math(MTLCompileOptions *options)
{
    if (@available(macOS 15, *)) {
        options.mathMode = MTLMathModeSafe;
        options.mathFloatingPointFunctions = MTLMathFloatingPointFunctionsPrecise;
    }
}

/* A set that cannot be made is no error: encoders are told of the buffers then. */
static void open_residency(Ds4Gpu *gpu)
{
    if (@available(macOS 15, *)) {
        MTLResidencySetDescriptor *descriptor = [MTLResidencySetDescriptor new];
        descriptor.label = @"ds4";
        id<MTLResidencySet> set = [gpu->device newResidencySetWithDescriptor:descriptor error:NULL];
        if (set != nil)
            [gpu->queue addResidencySet:set];
        gpu->residency = set;
    }
}

/* The lock is held. What is removed is gone at once, since its memory goes; what is added waits for the next flush. */
static void change_residency(Ds4Gpu *gpu, id<MTLBuffer> added, id<MTLBuffer> removed)
{
    if (@available(macOS 15, *)) {
        id<MTLResidencySet> set = gpu->residency;
        if (added != nil) {
            [set addAllocation:added];
            gpu->residency_changed = true;
        } else {
            [set removeAllocation:removed];
            [set commit];
        }
    }
}

/* The lock is held. Once per flush and not per buffer, since a request is about the whole set. */
static void commit_residency(Ds4Gpu *gpu)
{
    if (@available(macOS 15, *)) {
        id<MTLResidencySet> set = gpu->residency;
        [set commit];
        [set requestResidency];
    }
}

#else /* an SDK that has none of it */

#define choose_safe_math(options) ((void)(options))
#define open_residency(gpu) ((void)(gpu))
#define change_residency(gpu, added, removed) ((void)(gpu))
#define commit_residency(gpu) ((void)(gpu))

#endif

/* ---- opening ---------------------------------------------------------------------------------------------- */

static ds4_status open_device(Ds4Gpu *gpu, ds4_error *error)
{
    gpu->device = MTLCreateSystemDefaultDevice();
    if (gpu->device == nil)
        return ds4_fail(error, DS4_UNSUPPORTED, "this machine has no GPU that Metal can use");
    if (![gpu->device supportsFamily:MTLGPUFamilyApple7] || ![gpu->device supportsFamily:MTLGPUFamilyMetal3])
        return ds4_fail(error, DS4_UNSUPPORTED, "the kernels need the GPU of an M1 or later and Metal 3 (macOS 13), not %s",
                        gpu->device.name.UTF8String);
    gpu->queue = [gpu->device newCommandQueue];
    gpu->fence = [gpu->device newFence];
    if (gpu->queue == nil || gpu->fence == nil)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "the GPU %s gives no command queue", gpu->device.name.UTF8String);
    gpu->queue.label = @"ds4";
    open_residency(gpu);
    return DS4_OK;
}

/* An error quotes the compiler from its first line on, as far as a message reaches. */
static ds4_status compile_kernels(Ds4Gpu *gpu, ds4_error *error)
{
    NSString *source = [NSString stringWithCString:ds4_metal_source encoding:NSUTF8StringEncoding];
    MTLCompileOptions *options = [MTLCompileOptions new];
    options.languageVersion = MTLLanguageVersion3_0;
    options.fastMathEnabled = NO;
    choose_safe_math(options);
    NSError *reason = nil;
    if (source != nil) /* else it is not UTF-8 */
        gpu->library = [gpu->device newLibraryWithSource:source options:options error:&reason];
    if (gpu->library == nil)
        return ds4_fail(error, DS4_UNSUPPORTED, "the Metal kernels do not compile: %s", text_of(reason));
    return DS4_OK;
}

ds4_status ds4_gpu_open(ds4_gpu **opened, ds4_error *error)
{
    *opened = NULL;
    @autoreleasepool {
        Ds4Gpu *gpu = [Ds4Gpu new];
        ds4_status status = open_device(gpu, error);
        if (status == DS4_OK)
            status = compile_kernels(gpu, error);
        if (status == DS4_OK)
            *opened = (ds4_gpu *)(__bridge_retained void *)gpu;
        return status;
    }
}

void ds4_gpu_close(ds4_gpu *gpu)
{
    if (gpu == NULL)
        return;
    (void)ds4_gpu_finish(gpu, NULL); /* an open encoder must be ended; nobody is left to hear of a failure */
    @autoreleasepool {
        (void)(__bridge_transfer Ds4Gpu *)(void *)gpu;
    }
}

void ds4_gpu_get_info(const ds4_gpu *handle, ds4_gpu_info *info)
{
    @autoreleasepool {
        id<MTLDevice> device = object_of(handle)->device;
        memset(info, 0, sizeof *info);
        snprintf(info->name, sizeof info->name, "%s", device.name.UTF8String);
        info->buffer_bytes = device.maxBufferLength;
        info->page_bytes = (uint32_t)vm_page_size;
    }
}

/* ---- memory ----------------------------------------------------------------------------------------------- */

static ds4_status check_size(Ds4Gpu *gpu, uint64_t bytes, ds4_error *error)
{
    unsigned long long most = gpu->device.maxBufferLength;
    if (bytes >= 1 && bytes <= most)
        return DS4_OK;
    return ds4_fail(error, DS4_INVALID_ARGUMENT, "a GPU buffer has 1 to %llu bytes, not %llu", most, (unsigned long long)bytes);
}

/* Takes the buffer, which may be nil, into the list of what kernels find resident. */
static ds4_status keep_buffer(Ds4Gpu *gpu, id<MTLBuffer> buffer, uint64_t bytes, ds4_gpu_memory *memory, ds4_error *error)
{
    os_unfair_lock_lock(&gpu->lock);
    bool kept = buffer != nil && reserve_object(&gpu->buffers);
    if (kept) {
        gpu->buffers.items[gpu->buffers.count++] = buffer;
        gpu->taken++;
        change_residency(gpu, buffer, nil);
    }
    os_unfair_lock_unlock(&gpu->lock);
    if (!kept)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "the GPU has no room for a buffer of %llu bytes", (unsigned long long)bytes);
    *memory = (ds4_gpu_memory){buffer.contents, buffer.gpuAddress, bytes, (__bridge void *)buffer};
    return DS4_OK;
}

ds4_status ds4_gpu_allocate(ds4_gpu *handle, uint64_t bytes, ds4_gpu_memory *memory, ds4_error *error)
{
    *memory = (ds4_gpu_memory){0};
    @autoreleasepool {
        Ds4Gpu *gpu = object_of(handle);
        if (check_size(gpu, bytes, error) != DS4_OK)
            return DS4_INVALID_ARGUMENT;
        id<MTLBuffer> buffer = [gpu->device newBufferWithLength:bytes options:UNTRACKED_SHARED];
        return keep_buffer(gpu, buffer, bytes, memory, error);
    }
}

ds4_status ds4_gpu_wrap(ds4_gpu *handle, void *host, uint64_t bytes, ds4_gpu_memory *memory, ds4_error *error)
{
    *memory = (ds4_gpu_memory){0};
    unsigned long long page = vm_page_size;
    if ((uintptr_t)host % page != 0 || bytes % page != 0)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "the GPU shares whole pages of %llu bytes, not %llu bytes at %p", page,
                        (unsigned long long)bytes, host);
    @autoreleasepool {
        Ds4Gpu *gpu = object_of(handle);
        if (check_size(gpu, bytes, error) != DS4_OK)
            return DS4_INVALID_ARGUMENT;
        id<MTLBuffer> buffer = [gpu->device newBufferWithBytesNoCopy:host length:bytes options:UNTRACKED_SHARED deallocator:nil];
        return keep_buffer(gpu, buffer, bytes, memory, error);
    }
}

void ds4_gpu_release(ds4_gpu *handle, ds4_gpu_memory *memory)
{
    if (memory->handle == NULL)
        return;
    @autoreleasepool {
        Ds4Gpu *gpu = object_of(handle);
        id<MTLBuffer> buffer = (__bridge id<MTLBuffer>)memory->handle;
        os_unfair_lock_lock(&gpu->lock);
        ds4_objects *list = &gpu->buffers;
        NSUInteger place = 0;
        while (place < list->count && list->items[place] != buffer)
            place++;
        if (place < list->count) {
            change_residency(gpu, nil, buffer);
            list->items[place] = list->items[list->count - 1];
            list->items[--list->count] = nil;
        }
        os_unfair_lock_unlock(&gpu->lock);
    }
    *memory = (ds4_gpu_memory){0};
}

/* ---- pipelines -------------------------------------------------------------------------------------------- */

static ds4_status make_pipeline(Ds4Gpu *gpu, const char *name, Ds4Pipeline *pipeline, ds4_error *error)
{
    pipeline->name = [NSString stringWithCString:name encoding:NSUTF8StringEncoding];
    id<MTLFunction> function = pipeline->name == nil ? nil : [gpu->library newFunctionWithName:pipeline->name];
    if (function == nil)
        return ds4_fail(error, DS4_NOT_FOUND, "there is no Metal kernel %s", name);
    MTLComputePipelineDescriptor *descriptor = [MTLComputePipelineDescriptor new];
    descriptor.label = pipeline->name;
    descriptor.computeFunction = function;
    descriptor.threadGroupSizeIsMultipleOfThreadExecutionWidth = YES;
    NSError *reason = nil;
    pipeline->state = [gpu->device newComputePipelineStateWithDescriptor:descriptor
                                                                 options:MTLPipelineOptionNone
                                                              reflection:NULL
                                                                   error:&reason];
    if (pipeline->state == nil)
        return ds4_fail(error, DS4_UNSUPPORTED, "the Metal kernel %s cannot be made ready: %s", name, text_of(reason));
    pipeline->most_threads = pipeline->state.maxTotalThreadsPerThreadgroup;
    pipeline->most_bytes = gpu->device.maxThreadgroupMemoryLength - pipeline->state.staticThreadgroupMemoryLength;
    return DS4_OK;
}

ds4_status ds4_gpu_find_pipeline(ds4_gpu *handle, const char *name, const ds4_gpu_pipeline **found, ds4_error *error)
{
    *found = NULL;
    @autoreleasepool {
        Ds4Gpu *gpu = object_of(handle);
        Ds4Pipeline *pipeline = nil;
        for (NSUInteger i = 0; i < gpu->pipelines.count && pipeline == nil; i++) {
            Ds4Pipeline *made = gpu->pipelines.items[i];
            pipeline = strcmp(made->name.UTF8String, name) == 0 ? made : nil;
        }
        if (pipeline == nil) {
            pipeline = [Ds4Pipeline new];
            if (!reserve_object(&gpu->pipelines))
                return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the Metal kernel %s", name);
            ds4_status status = make_pipeline(gpu, name, pipeline, error);
            if (status != DS4_OK)
                return status;
            gpu->pipelines.items[gpu->pipelines.count++] = pipeline;
        }
        *found = (const ds4_gpu_pipeline *)(__bridge void *)pipeline;
        return DS4_OK;
    }
}

/* ---- encoding --------------------------------------------------------------------------------------------- */

static bool open_encoder(Ds4Gpu *gpu)
{
    if (gpu->encoder != nil)
        return true;
    if (reserve_object(&gpu->committed)) {
        gpu->commands = gpu->residency != nil ? [gpu->queue commandBufferWithUnretainedReferences] : [gpu->queue commandBuffer];
        gpu->encoder = [gpu->commands computeCommandEncoderWithDispatchType:MTLDispatchTypeConcurrent];
    }
    if (gpu->encoder == nil) {
        gpu->commands = nil;
        gpu->failed = ds4_fail(&gpu->failure, DS4_OUT_OF_MEMORY, "no memory for a command buffer of the GPU");
        return false;
    }
    if (gpu->committed.count > 0) /* else nothing is under way */
        [gpu->encoder waitForFence:gpu->fence];
    gpu->told = 0;
    gpu->threadgroup_set = 0;
    return true;
}

/* Without a residency set: makes all memory resident for the encoder, what was taken since it was opened included. */
static void tell_buffers(Ds4Gpu *gpu)
{
    if (gpu->residency != nil)
        return;
    os_unfair_lock_lock(&gpu->lock);
    if (gpu->told != gpu->taken && gpu->buffers.count > 0)
        [gpu->encoder useResources:(const id<MTLResource> __strong *)(void *)gpu->buffers.items
                             count:gpu->buffers.count
                             usage:MTLResourceUsageRead | MTLResourceUsageWrite];
    gpu->told = gpu->taken;
    os_unfair_lock_unlock(&gpu->lock);
}

/* Refuses what Metal would answer with an abort or not at all. */
static bool accept_dispatch(Ds4Gpu *gpu, const Ds4Pipeline *pipeline, uint32_t threads, uint32_t threadgroup_bytes)
{
    if (gpu->failed == DS4_OK && (threads > pipeline->most_threads || threadgroup_bytes > pipeline->most_bytes))
        gpu->failed = ds4_fail(&gpu->failure, DS4_UNSUPPORTED,
                               "the Metal kernel %s cannot have %u threads and %u bytes in a threadgroup: %llu and %llu are the most here",
                               pipeline->name.UTF8String, threads, threadgroup_bytes, (unsigned long long)pipeline->most_threads,
                               (unsigned long long)pipeline->most_bytes);
    return gpu->failed == DS4_OK;
}

void ds4_gpu_dispatch(ds4_gpu *handle, const ds4_gpu_pipeline *kernel, const void *arguments, uint32_t argument_bytes, ds4_gpu_grid grid,
                      uint32_t threads, uint32_t threadgroup_bytes)
{
    @autoreleasepool {
        Ds4Gpu *gpu = object_of(handle);
        const Ds4Pipeline *pipeline = (__bridge Ds4Pipeline *)(void *)(uintptr_t)kernel;
        if (!accept_dispatch(gpu, pipeline, threads, threadgroup_bytes) || !open_encoder(gpu))
            return;
        tell_buffers(gpu);
        [gpu->encoder setComputePipelineState:pipeline->state];
        if (argument_bytes > 0)
            [gpu->encoder setBytes:arguments length:argument_bytes atIndex:0];
        if (threadgroup_bytes != gpu->threadgroup_set) /* stays set for later dispatches, and counts for them */
            [gpu->encoder setThreadgroupMemoryLength:threadgroup_bytes atIndex:0];
        gpu->threadgroup_set = threadgroup_bytes;
        [gpu->encoder dispatchThreadgroups:(MTLSize){grid.x, grid.y, grid.z} threadsPerThreadgroup:(MTLSize){threads, 1, 1}];
        gpu->last = pipeline;
    }
}

void ds4_gpu_barrier(ds4_gpu *handle)
{
    [object_of(handle)->encoder memoryBarrierWithScope:MTLBarrierScopeBuffers]; /* to nil when nothing is encoded */
}

void ds4_gpu_flush(ds4_gpu *handle)
{
    @autoreleasepool {
        Ds4Gpu *gpu = object_of(handle);
        if (gpu->encoder == nil)
            return;
        gpu->encoder.label = gpu->last->name;
        gpu->commands.label = gpu->last->name;
        [gpu->encoder updateFence:gpu->fence];
        [gpu->encoder endEncoding];
        os_unfair_lock_lock(&gpu->lock);
        if (gpu->residency_changed)
            commit_residency(gpu);
        gpu->residency_changed = false;
        os_unfair_lock_unlock(&gpu->lock);
        [gpu->commands commit];
        gpu->committed.items[gpu->committed.count++] = gpu->commands;
        gpu->encoder = nil;
        gpu->commands = nil;
    }
}

/* ---- waiting ---------------------------------------------------------------------------------------------- */

/* Keeps the first failure: what ran after it ran on its results. */
static void wait_for(Ds4Gpu *gpu, id<MTLCommandBuffer> commands)
{
    [commands waitUntilCompleted];
    if (commands.status == MTLCommandBufferStatusCompleted || gpu->failed != DS4_OK)
        return;
    bool memory = commands.error.code == MTLCommandBufferErrorOutOfMemory;
    gpu->failed = ds4_fail(&gpu->failure, memory ? DS4_OUT_OF_MEMORY : DS4_IO, "the GPU failed in the work that ends with kernel %s: %s",
                           commands.label.UTF8String, text_of(commands.error));
}

ds4_status ds4_gpu_finish(ds4_gpu *handle, ds4_error *error)
{
    ds4_gpu_flush(handle);
    @autoreleasepool {
        Ds4Gpu *gpu = object_of(handle);
        for (NSUInteger i = 0; i < gpu->committed.count; i++)
            wait_for(gpu, gpu->committed.items[i]);
        clear_objects(&gpu->committed);
        ds4_status status = gpu->failed;
        gpu->failed = DS4_OK;
        return status == DS4_OK ? DS4_OK : ds4_fail(error, status, "%s", gpu->failure.message);
    }
}
