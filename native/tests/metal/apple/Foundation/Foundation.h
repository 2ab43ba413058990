/* Foundation.h: the part of Foundation that gpu_metal.m uses, for compilers without an SDK.
 *
 * A declaration a line: check_stubs.sh compares each with api.txt.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <Availability.h>

typedef unsigned long NSUInteger;
typedef long NSInteger;
typedef bool BOOL;
typedef NSUInteger NSStringEncoding;

#define YES __objc_yes
#define NO __objc_no
#define nil ((id)0)
#ifndef NULL
#define NULL ((void *)0)
#endif
#define NS_ENUM(type, name) enum name : type name; enum name : type
#define NS_OPTIONS(type, name) enum name : type name; enum __attribute__((flag_enum)) name : type

@protocol NSObject
@end

__attribute__((objc_root_class))
@interface NSObject <NSObject>
+ (instancetype)new;
- (void)dealloc;
@end

@interface NSString : NSObject
@property (readonly) const char *UTF8String;
+ (instancetype)stringWithCString:(const char *)text encoding:(NSStringEncoding)encoding;
@end

enum : NSStringEncoding { NSUTF8StringEncoding = 4 };

@interface NSError : NSObject
@property (readonly) NSInteger code;
@property (readonly, copy) NSString *localizedDescription;
@end
