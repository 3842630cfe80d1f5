// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/cobs.h>

#include <stdbool.h>
#include <string.h>

// A group is a code byte and at most 254 bytes of data.
#define FULL_CODE 0xffu

static bool has_zero_byte(uint64_t word) {
    return ((word - 0x0101010101010101u) & ~word & 0x8080808080808080u) != 0;
}

// Copies up to n bytes and stops before a zero; returns how many were copied. The destination may
// overlap the source from below. Runs are short, at most 254 bytes, so that a loop that looks and
// copies at once beats calls of memchr and memcpy. Small machines, which cannot load unaligned
// words anyway, get the byte loop alone.
static size_t copy_nonzero(uint8_t *to, const uint8_t *from, size_t n) {
    size_t i = 0;
    if (sizeof(size_t) >= sizeof(uint64_t)) {
        for (; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, from + i, sizeof word);
            if (has_zero_byte(word)) {
                break;
            }
            memcpy(to + i, &word, sizeof word);
        }
    }
    for (; i < n && from[i] != 0; i++) {
        to[i] = from[i];
    }
    return i;
}

void mn_cobs_encoder_begin(mn_cobs_encoder_t *encoder, uint8_t *out) {
    encoder->out = out;
    encoder->code = out;
    encoder->next = out + 1;
}

void mn_cobs_encoder_add(mn_cobs_encoder_t *encoder, const void *data, size_t len) {
    const uint8_t *in = data;
    uint8_t *code = encoder->code;
    uint8_t *next = encoder->next;
    while (len > 0) {
        size_t room = FULL_CODE - (size_t)(next - code);
        size_t want = len < room ? len : room;
        size_t run = copy_nonzero(next, in, want);
        next += run;
        in += run;
        len -= run;
        if (run < want) {
            // The zero that ended the run is what the group's code will stand for.
            in++;
            len--;
        } else if (run < room) {
            break;
        }
        *code = (uint8_t)(next - code);
        code = next++;
    }
    encoder->code = code;
    encoder->next = next;
}

size_t mn_cobs_encoder_end(mn_cobs_encoder_t *encoder) {
    *encoder->code = (uint8_t)(encoder->next - encoder->code);
    return (size_t)(encoder->next - encoder->out);
}

size_t mn_cobs_encode(uint8_t *out, const void *in, size_t len) {
    mn_cobs_encoder_t encoder;
    mn_cobs_encoder_begin(&encoder, out);
    mn_cobs_encoder_add(&encoder, in, len);
    return mn_cobs_encoder_end(&encoder);
}

mn_status_t mn_cobs_decoded_size(const uint8_t *in, size_t len, size_t *out_len) {
    if (len == 0 || memchr(in, 0, len) != NULL) {
        return MN_EBADFRAME;
    }
    size_t total = 0;
    size_t at = 0;
    while (at < len) {
        size_t code = in[at];
        if (code > len - at) {
            return MN_EBADFRAME;
        }
        at += code;
        total += code - 1;
        if (code != FULL_CODE && at < len) {
            total++;
        }
    }
    *out_len = total;
    return MN_OK;
}

mn_status_t mn_cobs_decode(uint8_t *out, size_t size, const uint8_t *in, size_t len,
                           size_t *out_len) {
    size_t total;
    mn_status_t status = mn_cobs_decoded_size(in, len, &total);
    if (status != MN_OK) {
        return status;
    }
    if (total > size) {
        return MN_ETOOBIG;
    }
    const uint8_t *end = in + len;
    while (in < end) {
        size_t code = *in++;
        size_t run = copy_nonzero(out, in, code - 1);
        in += run;
        out += run;
        if (code != FULL_CODE && in < end) {
            *out++ = 0;
        }
    }
    *out_len = total;
    return MN_OK;
}
