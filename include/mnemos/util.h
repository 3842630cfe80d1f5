// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup util Small helpers
/// @brief Macros that every module uses.
/// @{

#ifndef MNEMOS_UTIL_H
#define MNEMOS_UTIL_H

#include <stddef.h>
#include <stdint.h>

/// @brief The struct of @p type whose member @p member is at @p ptr.
#define MN_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/// @brief Number of elements of an array (not of a pointer).
#define MN_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/// @cond INTERNAL
// Of functions that a macro makes a set of: not every user calls them all.
#define MN__GENERATED static inline __attribute__((unused))
/// @endcond

/// @brief A run of bytes that somebody else owns.
typedef struct mn_span {
    uint8_t *data; ///< first byte; may be NULL only if @ref len is 0
    size_t len;    ///< number of bytes
} mn_span_t;

/// @brief A run of bytes that somebody else owns and that the receiver must not change.
typedef struct mn_cspan {
    const uint8_t *data; ///< first byte; may be NULL only if @ref len is 0
    size_t len;          ///< number of bytes
} mn_cspan_t;

#endif
/// @}
