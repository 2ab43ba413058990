/* Availability.h: which SDK this plays; __MAC_OS_X_VERSION_MAX_ALLOWED may be given. */
#pragma once

#ifndef __MAC_OS_X_VERSION_MAX_ALLOWED
#define __MAC_OS_X_VERSION_MAX_ALLOWED 150000
#endif
#define API_AVAILABLE(version) __attribute__((availability(macos, introduced = version)))
#define API_DEPRECATED(first, last) __attribute__((availability(macos, introduced = first, deprecated = last)))
