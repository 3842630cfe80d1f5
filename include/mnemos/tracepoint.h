// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup tracepoint Trace points
/// @brief Events and spans: what a program says about itself while it runs.
///
/// @code
/// #define MN_TRACE_TARGET "thermometer" // whose events these are; once, before the first
///
/// mn_warn("sensor did not answer", "address", address, "tries", tries);
///
/// mn_trace_enter(MN_TRACE_DEBUG, &self->span, "measuring", "channel", channel);
/// MN_AWAIT(status, …);
/// mn_trace_exit(&self->span);
/// @endcode
///
/// An *event* is a point in time: a text, and up to ::MN_TRACE_FIELDS_MAX fields with a name and a
/// value. A *span* is a stretch of time with a beginning and an end. It belongs to the task that
/// enters it and follows that task over its waits: whatever the task does until it exits the span
/// is shown inside it. The ::mn_trace_span_t is part of the task's struct; a drop function exits
/// spans that may be open.
///
/// Texts and names of fields are literals. They stay in the program: what is recorded is which
/// trace point it was, the time and the values. Nothing is formatted. A value is a `bool`, any
/// integer or floating type, or a string, of which ::MN_TRACE_TEXT_MAX bytes are kept.
///
/// **Cost.** A trace point whose level is not wanted costs one load and one branch. Those above
/// `MN_CFG_TRACE_MAX_LEVEL` are compiled, so that they cannot rot, and leave nothing behind. Values
/// are evaluated only where the level is wanted.
///
/// **Context.** Trace points work in tasks, in interrupt handlers, and wherever a kernel is the
/// current one (see ::mn_kernel_make_current). They never wait and never allocate; what finds no
/// room is counted. Without a trace (see @ref trace) they do nothing.
/// @{

#ifndef MNEMOS_TRACEPOINT_H
#define MNEMOS_TRACEPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Every level, the most severe first: X(identifier, value, name).
#define MN_TRACE_LEVEL_LIST(X)    \
    X(MN_TRACE_OFF, 0, "off")     \
    X(MN_TRACE_ERROR, 1, "error") \
    X(MN_TRACE_WARN, 2, "warn")   \
    X(MN_TRACE_INFO, 3, "info")   \
    X(MN_TRACE_DEBUG, 4, "debug") \
    X(MN_TRACE_TRACE, 5, "trace")

/// @brief How much is wanted, or how much something matters. See ::MN_TRACE_LEVEL_LIST.
typedef enum mn_trace_level {
#define MN__TRACE_LEVEL_ENUM(identifier, value, name) identifier = (value),
    MN_TRACE_LEVEL_LIST(MN__TRACE_LEVEL_ENUM)
#undef MN__TRACE_LEVEL_ENUM
} mn_trace_level_t;

#ifndef MN_CFG_TRACE_MAX_LEVEL
/// @brief The most verbose level that is compiled in, 0 (nothing) to 5 (everything).
#define MN_CFG_TRACE_MAX_LEVEL 5
#endif

#ifndef MN_TRACE_TARGET
/// @brief Whose trace points these are; levels can be set for each target. Define it before
/// including anything, once for each source file.
#define MN_TRACE_TARGET "app"
#endif

/// @brief Most fields of a trace point.
#define MN_TRACE_FIELDS_MAX 6

/// @brief Bytes of a string value that are recorded; the rest is cut off.
#define MN_TRACE_TEXT_MAX 31

/// @brief Bit in ::mn_trace_site_t::shape.
#define MN_TRACE_WIDE 0x80U

/// @brief What a trace point is.
typedef enum mn_trace_kind {
    MN_TRACE_EVENT = 0, ///< a point in time
    MN_TRACE_SPAN = 1,  ///< a stretch of time in the life of a task
    MN_TRACE_SLICE = 2, ///< a stretch of the processor's time that one task gets: a poll
} mn_trace_kind_t;

/// @brief One trace point in the source: its fixed parts. Made by the macros.
typedef struct mn_trace_site {
    const char *name;   ///< the event's text, or the span's name
    const char *target; ///< whose it is
    const char *file;   ///< source file
    const char *fields; ///< names of the fields, with commas between them
    uint32_t line;      ///< source line
    uint32_t types;     ///< types of the fields, 4 bits each, the first one lowest
    uint8_t level;      ///< ::mn_trace_level_t
    uint8_t kind;       ///< ::mn_trace_kind_t
    uint8_t count;      ///< number of fields
    uint8_t shape;      ///< @ref count, plus ::MN_TRACE_WIDE if a value is not one 32-bit word
} mn_trace_site_t;

/// @brief The value of a field; which member counts is in ::mn_trace_site_t::types.
typedef union mn_trace_value {
    uint32_t word;    ///< bool, and integers of up to 32 bits
    uint64_t wide;    ///< integers of 64 bits
    double real;      ///< floating
    const char *text; ///< zero-terminated; NULL is shown as an empty string
} mn_trace_value_t;

/// @brief Where trace points go; the trace module provides one.
typedef struct mn_trace_sink mn_trace_sink_t;

/// @brief A span that can be entered. Zero-initialise it. The fields are private.
typedef struct mn_trace_span {
    mn_trace_sink_t *sink; ///< @private NULL while it is not open
    uint32_t id;           ///< @private
} mn_trace_span_t;

/// @brief What a sink is made of.
struct mn_trace_sink {
    /// Record an event. @isr_ok
    void (*event)(mn_trace_sink_t *sink, const mn_trace_site_t *site,
                  const mn_trace_value_t *values);
    /// Record an event with one field, of one 32-bit word. @isr_ok
    void (*word)(mn_trace_sink_t *sink, const mn_trace_site_t *site, uint32_t word);
    /// Record the beginning of a span; its number, or 0 if it is not wanted. @isr_ok
    uint32_t (*enter)(mn_trace_sink_t *sink, const mn_trace_site_t *site,
                      const mn_trace_value_t *values);
    /// Record the end of a span. @isr_ok
    void (*exit)(mn_trace_sink_t *sink, uint32_t id);
    const void *task; ///< the task whose the last record was; the kernel forgets it in time
    uint8_t level;    ///< the most verbose level that is wanted of any target
};

/// @brief The name of a level, for example `"info"`.
/// @param[in] level ::mn_trace_level_t, or any other number
/// @return a static string; `"?"` for a value that is not in ::MN_TRACE_LEVEL_LIST
/// @isr_ok
const char *mn_trace_level_name(uint8_t level);

/// @cond INTERNAL

// The one thing that is not reached through a parameter: the current kernel. It lets a panic name
// the running task and trace points find their sink. See base/ambient.h.
typedef struct mn__ambient {
    uint8_t trace_level;                          // the sink's level, 0 if there is none
    mn_trace_sink_t *trace;                       // the kernel's sink, or NULL
    void *kernel;                                 // the current kernel, or NULL
    const char *(*task_name)(const void *kernel); // name of its running task, or NULL
} mn__ambient_t;

extern mn__ambient_t mn__ambient;

void mn__trace_enter(const mn_trace_site_t *site, const mn_trace_value_t *values,
                     mn_trace_span_t *span);
void mn__trace_exit(mn_trace_span_t *span);

enum {
    MN__TRACE_U32 = 0, // one word
    MN__TRACE_I32 = 1,
    MN__TRACE_BOOL = 2,
    MN__TRACE_NOT_A_WORD = 4, // a bit
    MN__TRACE_U64 = 4,        // two words
    MN__TRACE_I64 = 5,
    MN__TRACE_F64 = 6,
    MN__TRACE_TEXT = 7, // a byte with its length, and the bytes
};

#define MN__TRACE_LONG_TYPE (sizeof(long) == 8 ? MN__TRACE_I64 : MN__TRACE_I32)
#define MN__TRACE_ULONG_TYPE (sizeof(long) == 8 ? MN__TRACE_U64 : MN__TRACE_U32)

// The type of a value, a constant.
#define MN__TRACE_TYPE(x) \
    _Generic((x),                            \
        bool: MN__TRACE_BOOL,                \
        char: MN__TRACE_I32,                 \
        signed char: MN__TRACE_I32,          \
        short: MN__TRACE_I32,                \
        int: MN__TRACE_I32,                  \
        long: MN__TRACE_LONG_TYPE,           \
        long long: MN__TRACE_I64,            \
        unsigned char: MN__TRACE_U32,        \
        unsigned short: MN__TRACE_U32,       \
        unsigned int: MN__TRACE_U32,         \
        unsigned long: MN__TRACE_ULONG_TYPE, \
        unsigned long long: MN__TRACE_U64,   \
        float: MN__TRACE_F64,                \
        double: MN__TRACE_F64,               \
        char *: MN__TRACE_TEXT,              \
        const char *: MN__TRACE_TEXT)

static inline mn_trace_value_t mn__trace_word(uint32_t x) {
    mn_trace_value_t value;
    value.word = x;
    return value;
}

static inline mn_trace_value_t mn__trace_int(int32_t x) {
    mn_trace_value_t value;
    value.word = (uint32_t)x;
    return value;
}

static inline mn_trace_value_t mn__trace_wide(uint64_t x) {
    mn_trace_value_t value;
    value.wide = x;
    return value;
}

static inline mn_trace_value_t mn__trace_wide_int(int64_t x) {
    mn_trace_value_t value;
    value.wide = (uint64_t)x;
    return value;
}

static inline mn_trace_value_t mn__trace_long(long x) {
    return (sizeof(long) == 8) ? mn__trace_wide((uint64_t)(int64_t)x) : mn__trace_word((uint32_t)x);
}

static inline mn_trace_value_t mn__trace_ulong(unsigned long x) {
    return (sizeof(long) == 8) ? mn__trace_wide(x) : mn__trace_word((uint32_t)x);
}

static inline mn_trace_value_t mn__trace_real(double x) {
    mn_trace_value_t value;
    value.real = x;
    return value;
}

static inline mn_trace_value_t mn__trace_text(const char *x) {
    mn_trace_value_t value;
    value.text = x;
    return value;
}

#define MN__TRACE_VALUE(x) \
    _Generic((x),                               \
        bool: mn__trace_word,                   \
        char: mn__trace_int,                    \
        signed char: mn__trace_int,             \
        short: mn__trace_int,                   \
        int: mn__trace_int,                     \
        long: mn__trace_long,                   \
        long long: mn__trace_wide_int,          \
        unsigned char: mn__trace_word,          \
        unsigned short: mn__trace_word,         \
        unsigned int: mn__trace_word,           \
        unsigned long: mn__trace_ulong,         \
        unsigned long long: mn__trace_wide,     \
        float: mn__trace_real,                  \
        double: mn__trace_real,                 \
        char *: mn__trace_text,                 \
        const char *: mn__trace_text)(x)

#define MN__TRACE_ANY_WIDE 0x44444444U

// Number of fields, from a text and pairs of a name and a value. A name without a value gives a
// name that does not exist, so that it does not compile.
#define MN__TRACE_COUNT(...)                                                                    \
    MN__TRACE_COUNT_(__VA_ARGS__, 6, fields_come_in_pairs, 5, fields_come_in_pairs, 4,          \
                     fields_come_in_pairs, 3, fields_come_in_pairs, 2, fields_come_in_pairs, 1, \
                     fields_come_in_pairs, 0, ~)
#define MN__TRACE_COUNT_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, ...) n

// For each number of fields: their names, types and values.
#define MN__TRACE_NAMES_0(text, ...) ""
#define MN__TRACE_NAMES_1(text, a, va, ...) a
#define MN__TRACE_NAMES_2(text, a, va, b, vb, ...) a "," b
#define MN__TRACE_NAMES_3(text, a, va, b, vb, c, vc, ...) a "," b "," c
#define MN__TRACE_NAMES_4(text, a, va, b, vb, c, vc, d, vd, ...) a "," b "," c "," d
#define MN__TRACE_NAMES_5(text, a, va, b, vb, c, vc, d, vd, e, ve, ...) a "," b "," c "," d "," e
#define MN__TRACE_NAMES_6(text, a, va, b, vb, c, vc, d, vd, e, ve, f, vf, ...) \
    a "," b "," c "," d "," e "," f

#define MN__TRACE_TYPES_0(text, ...) 0U
#define MN__TRACE_TYPES_1(text, a, va, ...) (unsigned)MN__TRACE_TYPE(va)
#define MN__TRACE_TYPES_2(text, a, va, ...) \
    (MN__TRACE_TYPES_1(text, a, va, ~) | MN__TRACE_TYPES_1(text, __VA_ARGS__) << 4U)
#define MN__TRACE_TYPES_3(text, a, va, ...) \
    (MN__TRACE_TYPES_1(text, a, va, ~) | MN__TRACE_TYPES_2(text, __VA_ARGS__) << 4U)
#define MN__TRACE_TYPES_4(text, a, va, ...) \
    (MN__TRACE_TYPES_1(text, a, va, ~) | MN__TRACE_TYPES_3(text, __VA_ARGS__) << 4U)
#define MN__TRACE_TYPES_5(text, a, va, ...) \
    (MN__TRACE_TYPES_1(text, a, va, ~) | MN__TRACE_TYPES_4(text, __VA_ARGS__) << 4U)
#define MN__TRACE_TYPES_6(text, a, va, ...) \
    (MN__TRACE_TYPES_1(text, a, va, ~) | MN__TRACE_TYPES_5(text, __VA_ARGS__) << 4U)

#define MN__TRACE_VALUES_0(text, ...) NULL
#define MN__TRACE_VALUES_1(text, a, va, ...) \
    (const mn_trace_value_t[]) {             \
        MN__TRACE_VALUE(va)                  \
    }
#define MN__TRACE_VALUES_2(text, a, va, b, vb, ...) \
    (const mn_trace_value_t[]) {                    \
        MN__TRACE_VALUE(va), MN__TRACE_VALUE(vb)    \
    }
#define MN__TRACE_VALUES_3(text, a, va, b, vb, c, vc, ...)            \
    (const mn_trace_value_t[]) {                                      \
        MN__TRACE_VALUE(va), MN__TRACE_VALUE(vb), MN__TRACE_VALUE(vc) \
    }
#define MN__TRACE_VALUES_4(text, a, va, b, vb, c, vc, d, vd, ...)                          \
    (const mn_trace_value_t[]) {                                                           \
        MN__TRACE_VALUE(va), MN__TRACE_VALUE(vb), MN__TRACE_VALUE(vc), MN__TRACE_VALUE(vd) \
    }
#define MN__TRACE_VALUES_5(text, a, va, b, vb, c, vc, d, vd, e, ve, ...)                    \
    (const mn_trace_value_t[]) {                                                            \
        MN__TRACE_VALUE(va), MN__TRACE_VALUE(vb), MN__TRACE_VALUE(vc), MN__TRACE_VALUE(vd), \
            MN__TRACE_VALUE(ve)                                                             \
    }
#define MN__TRACE_VALUES_6(text, a, va, b, vb, c, vc, d, vd, e, ve, f, vf, ...)             \
    (const mn_trace_value_t[]) {                                                            \
        MN__TRACE_VALUE(va), MN__TRACE_VALUE(vb), MN__TRACE_VALUE(vc), MN__TRACE_VALUE(vd), \
            MN__TRACE_VALUE(ve), MN__TRACE_VALUE(vf)                                        \
    }

#define MN__TRACE_NAME(text, ...) text

// `mn__site`: the trace point's fixed parts.
#define MN__TRACE_SITE(site_kind, site_level, n, ...)                            \
    static const mn_trace_site_t mn__site = {                                    \
        .name = MN__TRACE_NAME(__VA_ARGS__, ~),                                  \
        .target = MN_TRACE_TARGET,                                               \
        .file = __FILE__,                                                        \
        .fields = MN__TRACE_NAMES_##n(__VA_ARGS__, ~),                           \
        .line = __LINE__,                                                        \
        .types = MN__TRACE_TYPES_##n(__VA_ARGS__, ~),                            \
        .level = (site_level),                                                   \
        .kind = (site_kind),                                                     \
        .count = n,                                                              \
        .shape = (MN__TRACE_TYPES_##n(__VA_ARGS__, ~) & MN__TRACE_ANY_WIDE) != 0 \
                     ? n | MN_TRACE_WIDE                                         \
                     : n,                                                        \
    }

#define MN__TRACE_EVENT(level, ...) \
    MN__TRACE_EVENT_(level, MN__TRACE_COUNT(__VA_ARGS__), __VA_ARGS__)
#define MN__TRACE_EVENT_(level, n, ...) MN__TRACE_EVENT__(level, n, __VA_ARGS__)
#define MN__TRACE_EVENT__(level, n, ...)                           \
    do {                                                           \
        if (MN_TRACE_ENABLED(level)) {                             \
            MN__TRACE_SITE(MN_TRACE_EVENT, level, n, __VA_ARGS__); \
            MN__TRACE_EMIT_##n(__VA_ARGS__, ~);                    \
        }                                                          \
    } while (0)

// One value of one word needs no array, and is the most frequent.
#define MN__TRACE_EMIT(...) mn__ambient.trace->event(mn__ambient.trace, &mn__site, __VA_ARGS__)
#define MN__TRACE_EMIT_0(...) MN__TRACE_EMIT(NULL)
#define MN__TRACE_EMIT_1(text, a, va, ...)                                                   \
    do {                                                                                     \
        if ((MN__TRACE_TYPE(va) & MN__TRACE_NOT_A_WORD) == 0) {                              \
            mn__ambient.trace->word(mn__ambient.trace, &mn__site, MN__TRACE_VALUE(va).word); \
        } else {                                                                             \
            const mn_trace_value_t mn__value = MN__TRACE_VALUE(va);                          \
            MN__TRACE_EMIT(&mn__value);                                                      \
        }                                                                                    \
    } while (0)
#define MN__TRACE_EMIT_2(...) MN__TRACE_EMIT(MN__TRACE_VALUES_2(__VA_ARGS__))
#define MN__TRACE_EMIT_3(...) MN__TRACE_EMIT(MN__TRACE_VALUES_3(__VA_ARGS__))
#define MN__TRACE_EMIT_4(...) MN__TRACE_EMIT(MN__TRACE_VALUES_4(__VA_ARGS__))
#define MN__TRACE_EMIT_5(...) MN__TRACE_EMIT(MN__TRACE_VALUES_5(__VA_ARGS__))
#define MN__TRACE_EMIT_6(...) MN__TRACE_EMIT(MN__TRACE_VALUES_6(__VA_ARGS__))

#define MN__TRACE_ENTER(kind, level, span, ...) \
    MN__TRACE_ENTER_(kind, level, span, MN__TRACE_COUNT(__VA_ARGS__), __VA_ARGS__)
#define MN__TRACE_ENTER_(kind, level, span, n, ...) \
    MN__TRACE_ENTER__(kind, level, span, n, __VA_ARGS__)
#define MN__TRACE_ENTER__(kind, level, span, n, ...)                                  \
    do {                                                                              \
        if (MN_TRACE_ENABLED(level)) {                                                \
            MN__TRACE_SITE(kind, level, n, __VA_ARGS__);                              \
            mn__trace_enter(&mn__site, MN__TRACE_VALUES_##n(__VA_ARGS__, ~), (span)); \
        }                                                                             \
    } while (0)

#ifdef __cppcheck__ // version 2.10 does not understand generic selections
#undef MN__TRACE_EVENT
#undef MN__TRACE_ENTER
#define MN__TRACE_EVENT(...) ((void)0)
#define MN__TRACE_ENTER(...) ((void)0)
#endif
/// @endcond

/// @brief Whether anything of this level is wanted, of any target.
/// @param[in] level a constant ::mn_trace_level_t
/// @isr_ok
#define MN_TRACE_ENABLED(level) \
    ((level) <= MN_CFG_TRACE_MAX_LEVEL && (level) <= mn__ambient.trace_level)

/// @brief An event: a literal text, then pairs of a field's name (a literal) and value.
/// @isr_ok
#define mn_error(...) MN__TRACE_EVENT(MN_TRACE_ERROR, __VA_ARGS__)

/// @brief See ::mn_error. @isr_ok
#define mn_warn(...) MN__TRACE_EVENT(MN_TRACE_WARN, __VA_ARGS__)

/// @brief See ::mn_error. @isr_ok
#define mn_info(...) MN__TRACE_EVENT(MN_TRACE_INFO, __VA_ARGS__)

/// @brief See ::mn_error. @isr_ok
#define mn_debug(...) MN__TRACE_EVENT(MN_TRACE_DEBUG, __VA_ARGS__)

/// @brief See ::mn_error. @isr_ok
#define mn_trace(...) MN__TRACE_EVENT(MN_TRACE_TRACE, __VA_ARGS__)

/// @brief Enter a span: a constant level, the span, a literal name, then pairs as in ::mn_error.
/// One that is open is exited first. @isr_ok
#define mn_trace_enter(level, span, ...) MN__TRACE_ENTER(MN_TRACE_SPAN, level, span, __VA_ARGS__)

/// @brief Exit a span; one that is not open is left alone. @isr_ok
/// @param[in,out] span entered or not
static inline void mn_trace_exit(mn_trace_span_t *span) {
    if (span->sink != NULL) {
        mn__trace_exit(span);
    }
}

#ifdef __cplusplus
}
#endif

#endif
/// @}
