// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The trace as a timeline, in the Trace Event Format of chrome://tracing and Perfetto. Each task is
// a thread with its spans and events; one more thread shows which task has the processor, if the
// target is asked for polls (kernel=trace).
//
// The file is complete after every flush: it ends with the bracket that ends the list, and the next
// event overwrites that. What ends while a span is open leaves a beginning without an end, which
// chrome_close, and the target's reset, make good.

#ifndef CROWTTY_CHROME_H
#define CROWTTY_CHROME_H

#include <mnemos/trace_view.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct chrome {
    FILE *file; // NULL: no timeline
    bool any;   // there is an event in front
    bool ended; // the list's end has been written
    bool fixed; // the file cannot be gone back in; the end is only written at the end
    bool anchored;
    bool polling;    // the processor's thread has something open
    uint64_t anchor; // nanoseconds from our start to the target's
    uint64_t last;   // latest time
    bool named[MN_TRACE_VIEW_TASKS];
} chrome_t;

// False with errno if the file cannot be written.
bool chrome_open(chrome_t *chrome, const char *path);

// ns is the target's time of the item, now our own.
void chrome_add(chrome_t *chrome, const mn_trace_item_t *item, uint64_t ns, uint64_t now);

bool chrome_flush(chrome_t *chrome);
bool chrome_close(chrome_t *chrome);

#endif
