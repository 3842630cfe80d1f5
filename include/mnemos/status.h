// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup status Status codes
/// @brief What an operation answers: done, not yet, or why not.
///
/// Every fallible function returns an @ref mn_status_t. Zero is success, a negative value is an
/// error, and the single positive value ::MN_PENDING means that the operation has arranged to wake
/// the calling task and must be called again on its next poll.
///
/// The values, names and texts come from one list, ::MN_STATUS_LIST. Values are part of the wire
/// formats and of the API: they are only ever appended.
/// @{

#ifndef MNEMOS_STATUS_H
#define MNEMOS_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Every status: X(name, value, text).
#define MN_STATUS_LIST(X)                                                  \
    X(MN_PENDING, 1, "not finished yet")                                   \
    X(MN_OK, 0, "ok")                                                      \
    X(MN_EINVAL, -1, "invalid argument")                                   \
    X(MN_ENOMEM, -2, "out of memory")                                      \
    X(MN_ETOOBIG, -3, "larger than can ever fit")                          \
    X(MN_EFULL, -4, "no room at the moment")                               \
    X(MN_EEMPTY, -5, "nothing there at the moment")                        \
    X(MN_EBUSY, -6, "already in use")                                      \
    X(MN_ECLOSED, -7, "the other side has closed")                         \
    X(MN_ETIMEDOUT, -8, "timed out")                                       \
    X(MN_ECANCELED, -9, "canceled")                                        \
    X(MN_ENOTFOUND, -10, "not found")                                      \
    X(MN_EEXISTS, -11, "already exists")                                   \
    X(MN_EREJECTED, -12, "the service rejected the connection")            \
    X(MN_EDEAD, -13, "the service has terminated")                         \
    X(MN_EFAILED, -14, "the service answered with an error")               \
    X(MN_EDROPPED, -15, "the request was dropped without an answer")       \
    X(MN_ETYPE, -16, "the service is registered with other message types") \
    X(MN_EBADFRAME, -17, "malformed frame")                                \
    X(MN_EIO, -18, "input or output failed")                               \
    X(MN_EQUOTA, -19, "the owner's quota is used up")                      \
    X(MN_ENOTUSER, -20, "not reachable from userspace")                    \
    X(MN_ENOTSUP, -21, "not supported")                                    \
    X(MN_EPERM, -22, "not permitted")                                      \
    X(MN_EINTERRUPTED, -23, "interrupted by the user")

/// @brief The result of an operation. See ::MN_STATUS_LIST for every value and its meaning.
typedef enum mn_status {
#define MN__STATUS_ENUM(name, value, text) name = (value),
    MN_STATUS_LIST(MN__STATUS_ENUM)
#undef MN__STATUS_ENUM
} mn_status_t;

/// @brief The identifier of a status, for example `"MN_ENOMEM"`.
/// @param[in] status any value, known or not
/// @return a static string; `"MN_E?"` for a value that is not in ::MN_STATUS_LIST
/// @isr_ok
const char *mn_status_name(mn_status_t status);

/// @brief The meaning of a status in a few words, for example `"out of memory"`.
/// @param[in] status any value, known or not
/// @return a static string; `"unknown status"` for a value that is not in ::MN_STATUS_LIST
/// @isr_ok
const char *mn_status_text(mn_status_t status);

#ifdef __cplusplus
}
#endif

#endif
/// @}
