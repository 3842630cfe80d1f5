// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Pieces of JSON.

#ifndef CROWTTY_JSON_H
#define CROWTTY_JSON_H

#include <mnemos/trace_view.h>

#include <stdio.h>

// A string in quotes. What is not UTF-8 becomes U+FFFD.
void json_string(FILE *file, const char *text, size_t len);
void json_text(FILE *file, const char *text);

// A number, a string, true or false; null for a number that JSON does not have.
void json_scalar(FILE *file, const mn_trace_scalar_t *value);

// The members of an object for the fields of a trace point.
void json_fields(FILE *file, const mn_trace_view_site_t *site, const mn_trace_scalar_t *values,
                 unsigned count);

#endif
