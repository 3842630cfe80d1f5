// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup sermux Serial mux frames
/// @brief Several byte streams, told apart by a port number, on one serial line.
///
/// A frame is the COBS form (see @ref cobs) of a port number, 16 bits with the low byte first, and
/// at least one byte of payload, followed by a zero byte. Both directions use the same format.
/// There is no checksum, no acknowledgement and no flow control; after any disturbance a receiver
/// is in step again at the next zero byte.
///
/// This is the codec alone: it needs neither a kernel nor memory of its own, so that host tools use
/// it as well. A stream is taken apart with an ::mn_sermux_decoder_t :
///
/// ~~~{.c}
/// while (len > 0) {
///     size_t used;
///     mn_sermux_frame_t frame;
///     mn_status_t status = mn_sermux_decoder_feed(&decoder, data, len, &used, &frame);
///     if (status == MN_OK) {
///         deliver(frame.port, frame.payload);
///     }
///     data += used;
///     len -= used;
/// }
/// ~~~
///
/// A lone zero byte (an empty frame) is not an error: targets send one before plain text, such as a
/// panic message, to flush whatever the receiver has gathered.
/// @{

#ifndef MNEMOS_SERMUX_H
#define MNEMOS_SERMUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mnemos/cobs.h>
#include <mnemos/status.h>
#include <mnemos/util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief The ports that have a meaning, X(identifier, number, name, direction, kind, meaning).
///
/// The direction is BOTH, TO_HOST or TO_TARGET. The kind is STREAM for a port that carries plain
/// bytes, which a host tool may offer as a socket, and MESSAGES for one with a protocol of its own.
/// All other numbers are free for use.
#define MN_SERMUX_PORT_LIST(X)                                                          \
    X(MN_SERMUX_LOOPBACK, 0, "loopback", BOTH, STREAM, "echo")                          \
    X(MN_SERMUX_HELLO, 1, "hello", TO_HOST, STREAM, "a sign of life every second")      \
    X(MN_SERMUX_KEYBOARD, 2, "keyboard", TO_TARGET, STREAM, "bytes become key presses") \
    X(MN_SERMUX_TRACE, 3, "trace", BOTH, MESSAGES, "binary trace")                      \
    X(MN_SERMUX_STATUS, 4, "status", BOTH, MESSAGES, "system status")                   \
    X(MN_SERMUX_USER, 5, "user", BOTH, STREAM, "ring of a userspace program")           \
    X(MN_SERMUX_FORTH0, 10, "forth-0", BOTH, STREAM, "Forth shell")                     \
    X(MN_SERMUX_FORTH1, 11, "forth-1", BOTH, STREAM, "Forth shell")                     \
    X(MN_SERMUX_FORTH2, 12, "forth-2", BOTH, STREAM, "Forth shell")                     \
    X(MN_SERMUX_FORTH3, 13, "forth-3", BOTH, STREAM, "Forth shell")

/// @brief The ports that have a meaning. See ::MN_SERMUX_PORT_LIST.
typedef enum mn_sermux_port {
#define MN__SERMUX_PORT_ENUM(identifier, number, name, direction, kind, meaning) \
    identifier = (number),
    MN_SERMUX_PORT_LIST(MN__SERMUX_PORT_ENUM)
#undef MN__SERMUX_PORT_ENUM
} mn_sermux_port_t;

/// @brief Bytes that a frame carries before its payload.
#define MN_SERMUX_HEADER_LEN 2u

/// @brief The most bytes that a frame with @p payload_len bytes of payload takes on the wire,
/// terminator included. A constant expression if @p payload_len is one.
#define MN_SERMUX_ENCODED_MAX(payload_len) \
    (MN_COBS_ENCODED_MAX((payload_len) + MN_SERMUX_HEADER_LEN) + 1u)

/// @brief The smallest limit on frames that a decoder accepts, in bytes.
#define MN_SERMUX_FRAME_MIN 8u

/// @brief The limit on frames that mnemOS targets use unless configured otherwise, in bytes.
#define MN_SERMUX_FRAME_DEFAULT 512u

/// @brief ::MN_SERMUX_ENCODED_MAX as a function.
/// @param[in] payload_len bytes of payload
/// @return bytes that ::mn_sermux_encode asks for
/// @isr_ok
static inline size_t mn_sermux_encoded_max(size_t payload_len) {
    return MN_SERMUX_ENCODED_MAX(payload_len);
}

/// @brief The longest payload whose frame is certain to fit in @p frame_len bytes on the wire.
/// @param[in] frame_len bytes, terminator included
/// @return bytes of payload, for example 506 for 512; 0 if none fits
/// @isr_ok
size_t mn_sermux_payload_max(size_t frame_len);

/// @brief A decoded frame.
typedef struct mn_sermux_frame {
    uint16_t port;      ///< the port it is for
    mn_cspan_t payload; ///< at least one byte
} mn_sermux_frame_t;

/// @brief Encode a frame.
/// @param[out] out where it goes; does not overlap @p payload
/// @param[in] size bytes of room in @p out
/// @param[in] port the port it is for
/// @param[in] payload what it carries
/// @param[in] len bytes of payload. An empty payload can be encoded, but receivers discard it.
/// @param[out] out_len bytes written, terminator included; only written on success
/// @retval MN_OK encoded
/// @retval MN_ETOOBIG @p size is less than ::mn_sermux_encoded_max of @p len; nothing was written
/// @isr_ok
mn_status_t mn_sermux_encode(uint8_t *out, size_t size, uint16_t port, const void *payload,
                             size_t len, size_t *out_len);

/// @brief Decode one frame in place.
/// @param[in,out] data the frame: up to the first zero, or all of it if there is none. What follows
/// a zero is ignored. On failure nothing is changed.
/// @param[in] len bytes in @p data
/// @param[out] frame the payload is in @p data; only written on success
/// @retval MN_OK decoded
/// @retval MN_EBADFRAME it is not valid COBS
/// @retval MN_EEMPTY there is no payload: less than three bytes remain, or a zero comes first
/// @isr_ok
mn_status_t mn_sermux_decode(uint8_t *data, size_t len, mn_sermux_frame_t *frame);

/// @brief What a decoder has seen. The counters wrap around.
typedef struct mn_sermux_counters {
    uint32_t frames;    ///< frames delivered
    uint32_t empty;     ///< terminators with nothing before them; not an error
    uint32_t bad_cobs;  ///< frames that were not valid COBS
    uint32_t too_short; ///< valid COBS, but without a payload
    uint32_t overlong;  ///< frames longer than the limit
} mn_sermux_counters_t;

/// @brief Takes a stream of bytes apart into frames. The caller owns it and its buffer.
typedef struct mn_sermux_decoder {
    uint8_t *buffer;               ///< private
    size_t max_frame;              ///< private
    size_t len;                    ///< private: gathered bytes of an unfinished frame
    bool skipping;                 ///< private: after an overlong frame, up to the next zero
    mn_sermux_counters_t counters; ///< for reading
} mn_sermux_decoder_t;

/// @brief Set up a decoder.
/// @param[out] decoder set up, all counters 0
/// @param[in] buffer room for @p max_frame bytes, in use as long as the decoder is
/// @param[in] max_frame the longest frame that is accepted, in bytes on the wire with terminator
/// @retval MN_OK set up
/// @retval MN_EINVAL @p max_frame is less than ::MN_SERMUX_FRAME_MIN
/// @isr_ok
mn_status_t mn_sermux_decoder_init(mn_sermux_decoder_t *decoder, uint8_t *buffer, size_t max_frame);

/// @brief Take bytes from the stream, until one frame is complete or all are used.
///
/// The work is bounded by the number of bytes used. An overlong frame is reported once, as soon as
/// it exceeds the limit, and then skipped up to and including the next zero byte.
/// @param[in,out] decoder set up
/// @param[in] data the next bytes of the stream
/// @param[in] len bytes in @p data, may be 0
/// @param[out] used bytes of @p data that are done with; with MN_PENDING, all of them
/// @param[out] frame with MN_OK, the frame. With an error, its payload is the discarded bytes as
/// they came, without terminator, for diagnosis. In both cases it points into the decoder's buffer
/// or into @p data, and is valid until the next call for this decoder, as long as @p data is. Not
/// written with MN_PENDING.
/// @retval MN_OK a frame was completed
/// @retval MN_PENDING all bytes were used, and no frame was completed; no wake is arranged
/// @retval MN_EBADFRAME a frame was malformed (not COBS, or without payload) and is discarded
/// @retval MN_ETOOBIG a frame exceeds the limit and is discarded
/// @isr_ok
mn_status_t mn_sermux_decoder_feed(mn_sermux_decoder_t *decoder, const uint8_t *data, size_t len,
                                   size_t *used, mn_sermux_frame_t *frame);

/// @brief The bytes of the unfinished frame.
/// @param[in] decoder set up
/// @return valid until the next call for this decoder; empty while an overlong frame is skipped
/// @isr_ok
mn_cspan_t mn_sermux_decoder_pending(const mn_sermux_decoder_t *decoder);

/// @brief Forget the unfinished frame, for example when the line was connected anew. The next byte
/// starts a frame. Counters are kept.
/// @param[in,out] decoder set up
/// @isr_ok
void mn_sermux_decoder_reset(mn_sermux_decoder_t *decoder);

#ifdef __cplusplus
}
#endif

#endif
/// @}
