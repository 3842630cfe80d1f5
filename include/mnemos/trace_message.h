// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup trace_message Trace messages
/// @brief What a target says on the trace port, taken apart: for tools on a host.
///
/// The payload of the trace port is a stream of frames, each a COBS-encoded message and a zero
/// byte; frames of the serial mux may cut it anywhere. A message is a sequence of CBOR items. The
/// format is in docs/trace.cddl. Nothing here allocates, and no input can do worse than be counted:
/// after any disturbance the next zero byte begins afresh.
///
/// See @ref trace_view for what the messages mean together.
/// @{

#ifndef MNEMOS_TRACE_MESSAGE_H
#define MNEMOS_TRACE_MESSAGE_H

#include <mnemos/status.h>
#include <mnemos/tracepoint.h>
#include <mnemos/util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Version of the protocol, in every heartbeat.
#define MN_TRACE_VERSION 1

/// @brief Longest message in bytes, before COBS.
#define MN_TRACE_MESSAGE_MAX 512U

/// @brief Most targets with a level of their own.
#define MN_TRACE_RULES_MAX 8

/// @brief Longest prefix of a target that can have a level of its own, in bytes.
#define MN_TRACE_PREFIX_MAX 23

/// @brief What a message is. The first item is -kind, except for a record.
typedef enum mn_trace_message_kind {
    MN_TRACE_RECORD = 0,    ///< an event, or the beginning of a span; starts with its site
    MN_TRACE_HEARTBEAT = 1, ///< the target is there, and in this state
    MN_TRACE_SITE = 2,      ///< what a site's number stands for
    MN_TRACE_DROPPED = 3,   ///< what was lost so far
    MN_TRACE_CONTEXT = 4,   ///< in which task the following happened
    MN_TRACE_EXIT = 5,      ///< the end of a span
    MN_TRACE_PONG = 6,      ///< answer to a ping
} mn_trace_message_kind_t;

/// @brief Contexts that are not tasks.
enum {
    MN_TRACE_OUTSIDE = 0,    ///< no task was running
    MN_TRACE_INTERRUPT = 1,  ///< an interrupt handler
    MN_TRACE_FIRST_TASK = 2, ///< from here on, tasks
};

/// @brief Types of values.
typedef enum mn_trace_scalar_type {
    MN_TRACE_UINT,
    MN_TRACE_INT,
    MN_TRACE_BOOL,
    MN_TRACE_REAL,
    MN_TRACE_STRING,
} mn_trace_scalar_type_t;

/// @brief A value.
typedef struct mn_trace_scalar {
    mn_trace_scalar_type_t type; ///< which of the others counts
    uint64_t number;             ///< UINT, BOOL
    int64_t integer;             ///< INT, always negative
    double real;                 ///< REAL
    mn_cspan_t text;             ///< STRING: UTF-8, if the target kept to it
} mn_trace_scalar_t;

/// @brief The level of the targets whose names begin with a prefix.
typedef struct mn_trace_rule {
    char prefix[MN_TRACE_PREFIX_MAX + 1]; ///< zero-terminated
    uint8_t level;                        ///< ::mn_trace_level_t
} mn_trace_rule_t;

/// @brief Which levels are wanted: of the rules that fit a target the one with the longest prefix
/// counts, if none does, @ref level.
typedef struct mn_trace_levels {
    uint8_t level;                             ///< of all targets without a rule
    uint8_t count;                             ///< number of rules
    mn_trace_rule_t rules[MN_TRACE_RULES_MAX]; ///< one for each prefix
} mn_trace_levels_t;

/// @brief The level that is wanted of a target.
/// @param[in] levels the levels
/// @param[in] target zero-terminated
/// @return ::mn_trace_level_t
/// @isr_ok
uint8_t mn_trace_level_of(const mn_trace_levels_t *levels, const char *target);

/// @brief The most verbose level that is wanted of any target.
/// @param[in] levels the levels
/// @return ::mn_trace_level_t
/// @isr_ok
uint8_t mn_trace_level_max(const mn_trace_levels_t *levels);

/// @brief Set the level of a prefix, or change it.
/// @param[in,out] levels the levels
/// @param[in] prefix zero-terminated; "" sets the level of all targets without a rule
/// @param[in] level ::mn_trace_level_t
/// @retval MN_OK set
/// @retval MN_EINVAL there is no such level, or the prefix is too long
/// @retval MN_EFULL there are ::MN_TRACE_RULES_MAX rules
mn_status_t mn_trace_levels_set(mn_trace_levels_t *levels, const char *prefix, uint8_t level);

/// @brief Forget the rule of a prefix.
/// @param[in,out] levels the levels
/// @param[in] prefix zero-terminated
/// @retval MN_OK forgotten
/// @retval MN_ENOTFOUND there is none
mn_status_t mn_trace_levels_remove(mn_trace_levels_t *levels, const char *prefix);

/// @brief Read levels as people write them: `info,kernel=debug,registry=trace`.
///
/// The parts, between commas, are a level, a prefix with a level, or a prefix alone, which stands
/// for everything. Levels are names in any case, or 0 to 5. Without a level of its own the rest is
/// off.
/// @param[in] text zero-terminated
/// @param[out] levels only written on success
/// @retval MN_OK read
/// @retval MN_EINVAL something makes no sense
/// @retval MN_EFULL more than ::MN_TRACE_RULES_MAX prefixes
mn_status_t mn_trace_levels_read(const char *text, mn_trace_levels_t *levels);

/// @brief What a target says about itself.
typedef struct mn_trace_heartbeat {
    uint64_t version;         ///< ::MN_TRACE_VERSION, or the rest is not there
    uint64_t session;         ///< another one after each start, as far as the target can tell
    uint64_t time;            ///< clock ticks; from here on, times are differences
    uint64_t rate;            ///< ticks per second, at least 1
    mn_trace_levels_t levels; ///< what it records
} mn_trace_heartbeat_t;

/// @brief What was lost since the target started.
typedef struct mn_trace_dropped {
    uint64_t events;   ///< events that found no room
    uint64_t spans;    ///< beginnings and ends of spans that found no room
    uint64_t sites;    ///< events and beginnings whose site found no place in the table
    uint64_t requests; ///< requests that made no sense
} mn_trace_dropped_t;

/// @brief A site's fixed parts.
typedef struct mn_trace_site_text {
    uint8_t kind;                           ///< ::mn_trace_kind_t
    uint8_t level;                          ///< ::mn_trace_level_t, not OFF
    mn_cspan_t target;                      ///< whose it is
    mn_cspan_t name;                        ///< the event's text, or the span's name
    mn_cspan_t file;                        ///< source file
    uint32_t line;                          ///< source line
    uint8_t count;                          ///< number of fields
    mn_cspan_t fields[MN_TRACE_FIELDS_MAX]; ///< their names
} mn_trace_site_text_t;

/// @brief A message. Which members count depends on its kind; texts are in the decoder's buffer.
typedef struct mn_trace_message {
    mn_trace_message_kind_t kind; ///< what it is
    uint64_t id;    ///< RECORD, SITE: site; CONTEXT: context; EXIT: span; PONG: the ping's token
    uint64_t delta; ///< RECORD, EXIT: ticks since the time before
    uint8_t count;  ///< RECORD: number of values; CONTEXT: 1 if its name is there
    mn_trace_scalar_t values[MN_TRACE_FIELDS_MAX + 1]; ///< of a span, the first is its number
    mn_cspan_t name;                                   ///< CONTEXT: the task's name
    mn_trace_heartbeat_t heartbeat;                    ///< HEARTBEAT
    mn_trace_site_text_t site;                         ///< SITE
    mn_trace_dropped_t dropped;                        ///< DROPPED
} mn_trace_message_t;

/// @brief Read one message.
/// @param[in] bytes what a frame carried
/// @param[out] message texts refer to @p bytes
/// @retval MN_OK read
/// @retval MN_EBADFRAME it is not a message of this protocol
mn_status_t mn_trace_message_read(mn_cspan_t bytes, mn_trace_message_t *message);

/// @brief What a decoder has seen. The counters wrap around.
typedef struct mn_trace_counters {
    uint32_t messages; ///< delivered
    uint32_t bad;      ///< frames that were not COBS, or not a message
    uint32_t overlong; ///< frames that were too long
} mn_trace_counters_t;

/// @brief Takes the stream apart. Zero-initialise it.
typedef struct mn_trace_decoder {
    mn_trace_counters_t counters;                                            ///< for reading
    size_t len;                                                              ///< @private
    bool skipping;                                                           ///< @private
    uint8_t buffer[MN_TRACE_MESSAGE_MAX + MN_TRACE_MESSAGE_MAX / 254U + 1U]; ///< @private
} mn_trace_decoder_t;

/// @brief Take bytes of the stream, until a message is complete or all are used.
/// @param[in,out] decoder the decoder
/// @param[in] data the next bytes
/// @param[in] len their number, may be 0
/// @param[out] used bytes that are done with
/// @param[out] message valid until the next call
/// @retval MN_OK a message
/// @retval MN_PENDING all bytes are used
/// @retval MN_EBADFRAME,MN_ETOOBIG something that is no message was skipped; go on
mn_status_t mn_trace_decoder_feed(mn_trace_decoder_t *decoder, const uint8_t *data, size_t len,
                                  size_t *used, mn_trace_message_t *message);

/// @brief Forget the message that has begun, because the line was connected anew.
/// @param[in,out] decoder the decoder
void mn_trace_decoder_reset(mn_trace_decoder_t *decoder);

#ifdef __cplusplus
}
#endif

#endif
/// @}
