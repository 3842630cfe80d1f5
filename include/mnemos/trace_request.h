// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup trace_request Trace requests
/// @brief What a host asks of a target on the trace port.
///
/// Requests travel like trace messages: a sequence of CBOR items in a COBS frame with a zero byte.
/// The target answers each that it understood with a heartbeat, which says what now holds.
/// @{

#ifndef MNEMOS_TRACE_REQUEST_H
#define MNEMOS_TRACE_REQUEST_H

#include <mnemos/trace_message.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief What is asked for; the first item of the request.
typedef enum mn_trace_request_kind {
    MN_TRACE_SET_LEVEL = 1,  ///< the level of all targets; rules are forgotten
    MN_TRACE_SET_TARGET = 2, ///< the level of the targets that begin with a prefix
    MN_TRACE_RESEND = 3,     ///< say again what sites and tasks are, before their next use
    MN_TRACE_PING = 4,       ///< answer with the token
} mn_trace_request_kind_t;

/// @brief A request.
typedef struct mn_trace_request {
    mn_trace_request_kind_t kind;         ///< what is asked for
    uint8_t level;                        ///< SET_LEVEL, SET_TARGET: ::mn_trace_level_t
    bool remove;                          ///< SET_TARGET: forget the rule instead
    char prefix[MN_TRACE_PREFIX_MAX + 1]; ///< SET_TARGET: not empty
    uint64_t token;                       ///< PING
} mn_trace_request_t;

/// @brief Longest request in bytes, before COBS.
#define MN_TRACE_REQUEST_MAX 48U

/// @brief Room for an encoded request, with its zero byte.
#define MN_TRACE_REQUEST_FRAME_MAX (MN_TRACE_REQUEST_MAX + 2U)

/// @brief Encode a request, ready for the trace port.
/// @param[in] request the request; its prefix and level are valid
/// @param[out] out room for ::MN_TRACE_REQUEST_FRAME_MAX bytes
/// @return bytes written
size_t mn_trace_request_write(const mn_trace_request_t *request, uint8_t *out);

/// @brief Read a request.
/// @param[in] bytes what a frame carried
/// @param[out] request the request
/// @retval MN_OK read
/// @retval MN_EBADFRAME it is not a request of this protocol
mn_status_t mn_trace_request_read(mn_cspan_t bytes, mn_trace_request_t *request);

#ifdef __cplusplus
}
#endif

#endif
/// @}
