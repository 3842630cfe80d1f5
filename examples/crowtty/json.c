// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "json.h"

#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

// Bytes of the character at the beginning of the text; 0 if it is none.
static size_t character(const char *text, size_t len) {
    for (size_t n = 1; n <= 4 && n <= len; n++) {
        if (text_is_printable((const uint8_t *)text, n, false)) {
            return n;
        }
    }
    return 0;
}

void json_string(FILE *file, const char *text, size_t len) {
    fputc('"', file);
    for (size_t at = 0; at < len;) {
        unsigned char byte = (unsigned char)text[at];
        size_t n = byte < 0x80 ? 1 : character(text + at, len - at);
        if (byte == '"' || byte == '\\') {
            fprintf(file, "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7f) {
            fprintf(file, "\\u%04x", byte);
        } else if (n == 0) {
            fputs("\\ufffd", file);
            n = 1;
        } else {
            fwrite(text + at, 1, n, file);
        }
        at += n;
    }
    fputc('"', file);
}

void json_text(FILE *file, const char *text) {
    json_string(file, text, strlen(text));
}

void json_scalar(FILE *file, const mn_trace_scalar_t *value) {
    switch (value->type) {
    case MN_TRACE_UINT:
        fprintf(file, "%" PRIu64, value->number);
        break;
    case MN_TRACE_INT:
        fprintf(file, "%" PRId64, value->integer);
        break;
    case MN_TRACE_BOOL:
        fputs(value->number != 0 ? "true" : "false", file);
        break;
    case MN_TRACE_REAL:
        if (isfinite(value->real)) {
            fprintf(file, "%.17g", value->real);
        } else {
            fputs("null", file);
        }
        break;
    case MN_TRACE_STRING:
        json_string(file, (const char *)value->text.data, value->text.len);
        break;
    }
}

void json_fields(FILE *file, const mn_trace_view_site_t *site, const mn_trace_scalar_t *values,
                 unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        fputs(i > 0 ? "," : "", file);
        json_text(file, site->fields[i]);
        fputc(':', file);
        json_scalar(file, &values[i]);
    }
}
