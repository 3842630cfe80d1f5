// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup trace_view Trace view
/// @brief What trace messages mean together: for tools on a host.
///
/// A view takes the bytes of the trace port and answers with *items*: this event happened at that
/// time in that task, inside these spans; this span ended and took so long; so many were lost. It
/// remembers trace points, tasks and open spans in tables of a fixed size, so a target cannot make
/// it grow. When a target has been reset, which shows in its heartbeat, the spans that were open
/// are answered as cut, and everything is forgotten.
///
/// ~~~{.c}
/// while (mn_trace_view_feed(&view, data, len, &used, &item) != MN_PENDING) { … }
/// ~~~
/// @{

#ifndef MNEMOS_TRACE_VIEW_H
#define MNEMOS_TRACE_VIEW_H

#include <mnemos/trace_message.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Sizes of the tables, and of the texts in them.
enum {
    MN_TRACE_VIEW_SITES = 1024,   ///< trace points
    MN_TRACE_VIEW_TASKS = 256,    ///< tasks
    MN_TRACE_VIEW_SPANS = 512,    ///< spans that are open
    MN_TRACE_VIEW_TEXT_MAX = 63,  ///< bytes of a text that are kept
    MN_TRACE_VIEW_FIELD_MAX = 31, ///< bytes of a field's name that are kept
};

/// @brief A text that is kept, zero-terminated. Control characters and what is not UTF-8 are as
/// the target has sent them.
typedef char mn_trace_view_text_t[MN_TRACE_VIEW_TEXT_MAX + 1];

/// @brief A trace point.
typedef struct mn_trace_view_site {
    bool known;                                                    ///< the others count
    uint8_t kind;                                                  ///< ::mn_trace_kind_t
    uint8_t level;                                                 ///< ::mn_trace_level_t
    uint8_t count;                                                 ///< number of fields
    uint32_t line;                                                 ///< source line
    mn_trace_view_text_t target;                                   ///< whose it is
    mn_trace_view_text_t name;                                     ///< text, or name of the span
    mn_trace_view_text_t file;                                     ///< source file
    char fields[MN_TRACE_FIELDS_MAX][MN_TRACE_VIEW_FIELD_MAX + 1]; ///< names of the fields
} mn_trace_view_site_t;

/// @brief An open span.
typedef struct mn_trace_view_span mn_trace_view_span_t;

/// @brief A task, or what stands for one: "outside" and "interrupt".
typedef struct mn_trace_view_task {
    uint32_t id;                     ///< its number on the wire
    bool known;                      ///< its name has come
    mn_trace_view_text_t name;       ///< its name, "?" until it has come
    mn_trace_view_span_t *innermost; ///< its latest span that is open; NULL if there is none
} mn_trace_view_task_t;

/// @brief A span, from its beginning to its end.
struct mn_trace_view_span {
    bool open;                                       ///< the others count
    uint64_t id;                                     ///< its number
    uint64_t begin;                                  ///< clock ticks
    const mn_trace_view_site_t *site;                ///< what it is
    mn_trace_view_task_t *task;                      ///< whose it is
    mn_trace_view_span_t *outer;                     ///< the one around it, or NULL
    uint8_t count;                                   ///< number of values
    mn_trace_scalar_t values[MN_TRACE_FIELDS_MAX];   ///< values of the fields
    mn_trace_view_text_t texts[MN_TRACE_FIELDS_MAX]; ///< @private where their texts are
};

/// @brief What an item is.
typedef enum mn_trace_item_kind {
    MN_TRACE_ITEM_EVENT,     ///< an event
    MN_TRACE_ITEM_ENTER,     ///< a span or slice begins
    MN_TRACE_ITEM_EXIT,      ///< a span or slice ends
    MN_TRACE_ITEM_CUT,       ///< a span is over whose end will not be told
    MN_TRACE_ITEM_RESET,     ///< the target has been reset; times begin afresh
    MN_TRACE_ITEM_HEARTBEAT, ///< the target is there
    MN_TRACE_ITEM_DROPPED,   ///< the target has lost something
    MN_TRACE_ITEM_SITE,      ///< a trace point has become known
    MN_TRACE_ITEM_TASK,      ///< a task has become known
    MN_TRACE_ITEM_UNKNOWN,   ///< an event or span of a trace point that is not known
    MN_TRACE_ITEM_PONG,      ///< answer to a ping
} mn_trace_item_kind_t;

/// @brief An item. What it refers to is valid until the next call of the view's functions.
typedef struct mn_trace_item {
    mn_trace_item_kind_t kind;          ///< what it is
    uint64_t time;                      ///< clock ticks
    const mn_trace_view_site_t *site;   ///< EVENT, ENTER, EXIT, CUT, SITE; otherwise NULL
    const mn_trace_view_task_t *task;   ///< EVENT, ENTER, EXIT, CUT, TASK; otherwise NULL
    const mn_trace_view_span_t *span;   ///< ENTER, EXIT, CUT: the span
    const mn_trace_view_span_t *inside; ///< EVENT, ENTER, EXIT, CUT: the span around it, or NULL
    uint64_t duration;                  ///< EXIT, CUT: ticks that the span has taken
    uint8_t count;                      ///< EVENT, ENTER, EXIT, CUT: number of values
    const mn_trace_scalar_t *values;    ///< the values
    mn_trace_heartbeat_t heartbeat;     ///< HEARTBEAT
    mn_trace_dropped_t dropped;         ///< DROPPED: since the last time
    uint64_t number;                    ///< UNKNOWN: site; PONG: token
} mn_trace_item_t;

/// @brief A view. Zero-initialise it; it is large.
typedef struct mn_trace_view {
    mn_trace_decoder_t decoder;                      ///< its counters are for reading
    uint64_t time;                                   ///< clock ticks of the latest item
    uint64_t rate;                                   ///< ticks per second, 0: not known yet
    uint64_t unknown;                                ///< records of unknown trace points
    uint64_t lost;                                   ///< what found no place in a table
    mn_trace_dropped_t dropped;                      ///< as the target has told
    uint64_t session;                                ///< @private
    uint64_t beat_time;                              ///< @private of the latest heartbeat
    mn_trace_view_task_t *task;                      ///< @private whose the next record is
    uint8_t stage;                                   ///< @private what to answer by itself
    uint32_t next_cut;                               ///< @private
    mn_trace_heartbeat_t heartbeat;                  ///< @private waits behind the cuts
    mn_trace_view_span_t ended;                      ///< @private what an item refers to
    mn_trace_message_t message;                      ///< @private
    mn_trace_view_site_t sites[MN_TRACE_VIEW_SITES]; ///< @private
    mn_trace_view_task_t tasks[MN_TRACE_VIEW_TASKS]; ///< @private
    mn_trace_view_span_t spans[MN_TRACE_VIEW_SPANS]; ///< @private
} mn_trace_view_t;

/// @brief Take bytes, until there is an item or all are used.
/// @param[in,out] view the view
/// @param[in] data the next bytes
/// @param[in] len their number, may be 0
/// @param[out] used bytes that are done with
/// @param[out] item what was found
/// @retval MN_OK an item; there may be another one, even if all bytes are used
/// @retval MN_PENDING all bytes are used
/// @retval MN_EBADFRAME,MN_ETOOBIG something that is no message was skipped; go on
mn_status_t mn_trace_view_feed(mn_trace_view_t *view, const uint8_t *data, size_t len, size_t *used,
                               mn_trace_item_t *item);

/// @brief Let the next calls answer all open spans as cut: the target is not listened to any more.
/// @param[in,out] view the view
void mn_trace_view_cut(mn_trace_view_t *view);

/// @brief The line was connected anew: a message that has begun will not go on.
/// @param[in,out] view the view
void mn_trace_view_reconnected(mn_trace_view_t *view);

#ifdef __cplusplus
}
#endif

#endif
/// @}
