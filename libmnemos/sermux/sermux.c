// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/sermux.h>

#include <string.h>

// Valid COBS of this length or less holds no payload byte: each byte of so short a message costs
// one byte, after the first code.
#define NO_PAYLOAD_LEN (MN_SERMUX_HEADER_LEN + 1u)

size_t mn_sermux_payload_max(size_t frame_len) {
    if (frame_len < MN_SERMUX_ENCODED_MAX(0u)) {
        return 0;
    }
    // Without the first code and the terminator; one byte in 255 is a further code.
    size_t room = frame_len - 2;
    return room - (room + 1) / 255 - MN_SERMUX_HEADER_LEN;
}

mn_status_t mn_sermux_encode(uint8_t *out, size_t size, uint16_t port, const void *payload,
                             size_t len, size_t *out_len) {
    // The first comparison keeps the sum in the second from overflowing.
    if (len > size || mn_sermux_encoded_max(len) > size) {
        return MN_ETOOBIG;
    }
    const uint8_t header[MN_SERMUX_HEADER_LEN] = {(uint8_t)(port & 0xffu), (uint8_t)(port >> 8)};
    mn_cobs_encoder_t encoder;
    mn_cobs_encoder_begin(&encoder, out);
    mn_cobs_encoder_add(&encoder, header, sizeof header);
    mn_cobs_encoder_add(&encoder, payload, len);
    size_t end = mn_cobs_encoder_end(&encoder);
    out[end] = 0;
    *out_len = end + 1;
    return MN_OK;
}

// Decodes the len bytes before a terminator into a buffer that may be the same.
static mn_status_t decode_chunk(uint8_t *out, size_t size, const uint8_t *in, size_t len,
                                mn_sermux_frame_t *frame) {
    size_t total;
    if (len <= NO_PAYLOAD_LEN) {
        bool valid = len == 0 || mn_cobs_decoded_size(in, len, &total) == MN_OK;
        return valid ? MN_EEMPTY : MN_EBADFRAME;
    }
    if (mn_cobs_decode(out, size, in, len, &total) != MN_OK) {
        return MN_EBADFRAME;
    }
    frame->port = (uint16_t)(out[0] | (unsigned)out[1] << 8);
    frame->payload.data = out + MN_SERMUX_HEADER_LEN;
    frame->payload.len = total - MN_SERMUX_HEADER_LEN;
    return MN_OK;
}

mn_status_t mn_sermux_decode(uint8_t *data, size_t len, mn_sermux_frame_t *frame) {
    if (len == 0) {
        return MN_EEMPTY;
    }
    const uint8_t *zero = memchr(data, 0, len);
    size_t chunk = zero != NULL ? (size_t)(zero - data) : len;
    return decode_chunk(data, len, data, chunk, frame);
}

mn_status_t mn_sermux_decoder_init(mn_sermux_decoder_t *decoder, uint8_t *buffer,
                                   size_t max_frame) {
    if (max_frame < MN_SERMUX_FRAME_MIN) {
        return MN_EINVAL;
    }
    memset(decoder, 0, sizeof *decoder);
    decoder->buffer = buffer;
    decoder->max_frame = max_frame;
    return MN_OK;
}

static void append(mn_sermux_decoder_t *decoder, const uint8_t *data, size_t len) {
    memcpy(decoder->buffer + decoder->len, data, len);
    decoder->len += len;
}

// Fills the buffer, so that what is reported is in one piece. The rest of the frame is skipped by
// later calls. Returns how many bytes were taken.
static size_t start_skipping(mn_sermux_decoder_t *decoder, const uint8_t *data,
                             mn_sermux_frame_t *frame) {
    size_t room = decoder->max_frame - decoder->len;
    append(decoder, data, room);
    frame->port = 0;
    frame->payload.data = decoder->buffer;
    frame->payload.len = decoder->len;
    decoder->len = 0;
    decoder->skipping = true;
    decoder->counters.overlong++;
    return room;
}

// A terminator has been found. A frame that came in one piece is decoded straight from the input;
// otherwise the last piece joins what has been gathered.
static mn_status_t finish(mn_sermux_decoder_t *decoder, const uint8_t *piece, size_t len,
                          mn_sermux_frame_t *frame) {
    if (decoder->len > 0) {
        append(decoder, piece, len);
        piece = decoder->buffer;
        len = decoder->len;
        decoder->len = 0;
    }
    mn_status_t status = decode_chunk(decoder->buffer, decoder->max_frame, piece, len, frame);
    if (status == MN_OK) {
        decoder->counters.frames++;
        return MN_OK;
    }
    if (status == MN_EEMPTY) {
        decoder->counters.too_short++;
    } else {
        decoder->counters.bad_cobs++;
    }
    frame->port = 0;
    frame->payload.data = piece;
    frame->payload.len = len;
    return MN_EBADFRAME;
}

mn_status_t mn_sermux_decoder_feed(mn_sermux_decoder_t *decoder, const uint8_t *data, size_t len,
                                   size_t *used, mn_sermux_frame_t *frame) {
    size_t at = 0;
    while (at < len) {
        const uint8_t *piece = data + at;
        const uint8_t *zero = memchr(piece, 0, len - at);
        size_t run = zero != NULL ? (size_t)(zero - piece) : len - at;
        if (!decoder->skipping && run >= decoder->max_frame - decoder->len) {
            *used = at + start_skipping(decoder, piece, frame);
            return MN_ETOOBIG;
        }
        at += zero != NULL ? run + 1 : run;
        if (decoder->skipping) {
            decoder->skipping = zero == NULL;
        } else if (zero == NULL) {
            append(decoder, piece, run);
        } else if (decoder->len + run == 0) {
            decoder->counters.empty++;
        } else {
            *used = at;
            return finish(decoder, piece, run, frame);
        }
    }
    *used = len;
    return MN_PENDING;
}

mn_cspan_t mn_sermux_decoder_pending(const mn_sermux_decoder_t *decoder) {
    return (mn_cspan_t){decoder->buffer, decoder->len};
}

void mn_sermux_decoder_reset(mn_sermux_decoder_t *decoder) {
    decoder->len = 0;
    decoder->skipping = false;
}
