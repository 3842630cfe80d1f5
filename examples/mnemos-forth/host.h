// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The parts of mnemos-forth: its console and its files.

#ifndef MNEMOS_FORTH_PROGRAM_H
#define MNEMOS_FORTH_PROGRAM_H

#include <mnemos/forth_host.h>

#include <stdbool.h>
#include <sys/types.h>

// Standard input has one buffer, for lines and for key.
bool console_interactive(void);
bool console_failed(void);
ssize_t console_line(char **line); // without its end; -1 at the end of the input

// Prints what the machine has printed; false if that cannot be written.
bool console_drain(mn_forth_t *vm);

extern const mn_forth_words_t console_words;

// Begins to interpret a file in an idle machine; false if it cannot be opened.
bool files_include(mn_forth_t *vm, const char *name);
const char *files_name(uint32_t id); // of a source, also when it has just been closed
void files_end(void);

extern const mn_forth_words_t file_words;
extern const mn_forth_sources_t file_sources;

#endif
