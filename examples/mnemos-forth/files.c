// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The FILE words, and files as sources. A file's number is its place in a table, plus one; a place
// of a closed file is taken by a later one. An ior is the THROW code of the word, 0 if it worked.

#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 64u
#define MAX_NAME 1024u
#define MAX_KNOWN 256u

enum {
    THROW_ADDRESS = -9,
    THROW_FULL = -37,
    THROW_NO_FILE = -38,
    IOR_CLOSE = -62,
    IOR_CREATE = -63,
    IOR_DELETE = -64,
    IOR_POSITION = -65,
    IOR_SIZE = -66,
    IOR_STATUS = -67,
    IOR_FLUSH = -68,
    IOR_OPEN = -69,
    IOR_READ = -70,
    IOR_READ_LINE = -71,
    IOR_RENAME = -72,
    IOR_REPOSITION = -73,
    IOR_RESIZE = -74,
    IOR_WRITE = -75,
    IOR_WRITE_LINE = -76,
};

typedef struct {
    FILE *stream; // NULL: closed
    char name[MAX_NAME];
    char *line; // as a source
    size_t capacity;
    uint32_t line_number;
    bool writing; // the last operation was a write: turn before reading, and vice versa
} file_t;

static file_t files[MAX_FILES];
static char *known[MAX_KNOWN]; // the names of what has been included, for required
static size_t known_count;

static file_t *file_of(uint32_t id) {
    return id != 0 && id <= MAX_FILES && files[id - 1].stream != NULL ? &files[id - 1] : NULL;
}

// The number of the opened file; 0 if it cannot be opened.
static uint32_t open_file(const char *name, const char *mode) {
    struct stat status;
    for (uint32_t i = 0; i < MAX_FILES; i++) {
        file_t *file = &files[i];
        if (file->stream == NULL) {
            FILE *stream = fopen(name, mode);
            if (stream == NULL) {
                return 0;
            }
            if (fstat(fileno(stream), &status) != 0 || S_ISDIR(status.st_mode)) {
                (void)fclose(stream);
                return 0;
            }
            file->stream = stream;
            file->line_number = 0;
            file->writing = false;
            (void)snprintf(file->name, sizeof file->name, "%s", name);
            return i + 1;
        }
    }
    return 0;
}

static bool close_file(file_t *file) {
    bool closed = fclose(file->stream) == 0;
    file->stream = NULL;
    free(file->line);
    file->line = NULL;
    file->capacity = 0;
    return closed;
}

static void turn(file_t *file, bool writing) {
    if (file->writing != writing) {
        (void)fseeko(file->stream, 0, SEEK_CUR);
        file->writing = writing;
    }
}

const char *files_name(uint32_t id) {
    return id != 0 && id <= MAX_FILES ? files[id - 1].name : "";
}

void files_end(void) {
    for (uint32_t i = 0; i < MAX_FILES; i++) {
        if (files[i].stream != NULL) {
            (void)close_file(&files[i]);
        }
    }
    while (known_count > 0) {
        free(known[--known_count]);
    }
}

// Sources --------------------------------------------------------------------------------------

static mn_status_t source_next(mn_forth_t *vm, uint32_t id, const char **text, size_t *len) {
    file_t *file = file_of(id);
    (void)vm;
    if (file == NULL) {
        return MN_ECLOSED;
    }
    ssize_t n = getline(&file->line, &file->capacity, file->stream);
    if (n < 0) {
        return ferror(file->stream) ? MN_EIO : MN_ECLOSED;
    }
    while (n > 0 && (file->line[n - 1] == '\n' || file->line[n - 1] == '\r')) {
        n--;
    }
    file->line_number++;
    *text = file->line;
    *len = (size_t)n;
    return MN_OK;
}

static mn_status_t source_seek(mn_forth_t *vm, uint32_t id, uint32_t line) {
    file_t *file = file_of(id);
    const char *text;
    size_t len;
    if (file == NULL || fseeko(file->stream, 0, SEEK_SET) != 0) {
        return MN_EIO;
    }
    for (file->line_number = 0; file->line_number + 1 < line;) {
        if (source_next(vm, id, &text, &len) != MN_OK) {
            return MN_EIO;
        }
    }
    return MN_OK;
}

static void source_close(mn_forth_t *vm, uint32_t id) {
    file_t *file = file_of(id);
    (void)vm;
    if (file != NULL) {
        (void)close_file(file);
    }
}

const mn_forth_sources_t file_sources = {source_next, source_seek, source_close};

static bool is_known(const char *name) {
    for (size_t i = 0; i < known_count; i++) {
        if (strcmp(known[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int include(mn_forth_t *vm, const char *name) {
    uint32_t id = open_file(name, "r");
    if (id == 0) {
        return THROW_NO_FILE;
    }
    mn_status_t status = mn_forth_include(vm, id);
    if (status != MN_OK) {
        source_close(vm, id);
        return -2048 + (int)status;
    }
    if (!is_known(name) && known_count < MAX_KNOWN) {
        char *copy = malloc(strlen(name) + 1);
        if (copy != NULL) {
            known[known_count++] = strcpy(copy, name);
        }
    }
    return 0;
}

bool files_include(mn_forth_t *vm, const char *name) {
    return include(vm, name) == 0;
}

// Words ----------------------------------------------------------------------------------------

// The name at addr; false if it cannot be one. errno is not of interest.
static bool name_at(mn_forth_t *vm, uint32_t addr, uint32_t len, char *name) {
    if (len == 0 || len >= MAX_NAME || mn_forth_read(vm, addr, name, len) != MN_OK) {
        return false;
    }
    name[len] = '\0';
    return strlen(name) == len;
}

static bool pop_name(mn_forth_t *vm, char *name) {
    uint32_t len = mn_forth_pop(vm);
    return name_at(vm, mn_forth_pop(vm), len, name);
}

static int give(mn_forth_t *vm, uint32_t cell) {
    return mn_forth_push(vm, cell) == MN_OK ? 0 : -3;
}

static int give_ior(mn_forth_t *vm, bool worked, int ior) {
    return give(vm, worked ? 0u : (uint32_t)ior);
}

static int give_double(mn_forth_t *vm, int64_t value, int ior) {
    (void)give(vm, value < 0 ? 0u : (uint32_t)value);
    (void)give(vm, value < 0 ? 0u : (uint32_t)((uint64_t)value >> 32));
    return give_ior(vm, value >= 0, ior);
}

static uint64_t pop_double(mn_forth_t *vm) {
    uint64_t high = mn_forth_pop(vm);
    return high << 32 | mn_forth_pop(vm);
}

#define FAM_READ 1u
#define FAM_WRITE 2u
#define FAM_BINARY 4u

static int w_r_o(mn_forth_t *vm) {
    return give(vm, FAM_READ);
}

static int w_w_o(mn_forth_t *vm) {
    return give(vm, FAM_WRITE);
}

static int w_r_w(mn_forth_t *vm) {
    return give(vm, FAM_READ | FAM_WRITE);
}

static int w_bin(mn_forth_t *vm) {
    return give(vm, mn_forth_pop(vm) | FAM_BINARY);
}

static int opened(mn_forth_t *vm, uint32_t id, int ior) {
    (void)give(vm, id);
    return give_ior(vm, id != 0, ior);
}

static int w_open_file(mn_forth_t *vm) {
    char name[MAX_NAME];
    const char *mode = (mn_forth_pop(vm) & FAM_WRITE) != 0 ? "r+" : "r";
    return opened(vm, pop_name(vm, name) ? open_file(name, mode) : 0, IOR_OPEN);
}

static int w_create_file(mn_forth_t *vm) {
    char name[MAX_NAME];
    (void)mn_forth_pop(vm);
    return opened(vm, pop_name(vm, name) ? open_file(name, "w+") : 0, IOR_CREATE);
}

static int w_close_file(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    return give_ior(vm, file != NULL && close_file(file), IOR_CLOSE);
}

static int w_delete_file(mn_forth_t *vm) {
    char name[MAX_NAME];
    return give_ior(vm, pop_name(vm, name) && unlink(name) == 0, IOR_DELETE);
}

static int w_rename_file(mn_forth_t *vm) {
    char to[MAX_NAME];
    char from[MAX_NAME];
    bool usable = pop_name(vm, to);
    usable = pop_name(vm, from) && usable;
    return give_ior(vm, usable && rename(from, to) == 0, IOR_RENAME);
}

// ( addr u -- x ior ) x is the size in bytes
static int w_file_status(mn_forth_t *vm) {
    char name[MAX_NAME];
    struct stat status;
    bool there = pop_name(vm, name) && stat(name, &status) == 0;
    (void)give(vm, there ? (uint32_t)status.st_size : 0u);
    return give_ior(vm, there, IOR_STATUS);
}

static int w_file_position(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    return give_double(vm, file != NULL ? (int64_t)ftello(file->stream) : -1, IOR_POSITION);
}

static int w_file_size(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    struct stat status;
    bool known_size =
        file != NULL && fflush(file->stream) == 0 && fstat(fileno(file->stream), &status) == 0;
    return give_double(vm, known_size ? (int64_t)status.st_size : -1, IOR_SIZE);
}

static int w_reposition_file(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    uint64_t position = pop_double(vm);
    bool worked = file != NULL && position <= INT64_MAX &&
                  fseeko(file->stream, (off_t)position, SEEK_SET) == 0;
    return give_ior(vm, worked, IOR_REPOSITION);
}

static int w_resize_file(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    uint64_t size = pop_double(vm);
    bool worked = file != NULL && size <= INT64_MAX && fflush(file->stream) == 0 &&
                  ftruncate(fileno(file->stream), (off_t)size) == 0;
    return give_ior(vm, worked, IOR_RESIZE);
}

static int w_flush_file(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    return give_ior(vm, file != NULL && fflush(file->stream) == 0, IOR_FLUSH);
}

// ( addr u file -- u' ior )
static int w_read_file(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    uint32_t size = mn_forth_pop(vm);
    uint32_t addr = mn_forth_pop(vm);
    uint32_t done = 0;
    bool worked = file != NULL;
    if (worked) {
        turn(file, false);
    }
    while (worked && done < size) {
        char bytes[4096];
        size_t want = size - done < sizeof bytes ? size - done : sizeof bytes;
        size_t n = fread(bytes, 1, want, file->stream);
        if (mn_forth_write(vm, addr + done, bytes, (uint32_t)n) != MN_OK) {
            return THROW_ADDRESS;
        }
        done += (uint32_t)n;
        if (n < want) {
            worked = !ferror(file->stream);
            clearerr(file->stream);
            break;
        }
    }
    (void)give(vm, done);
    return give_ior(vm, worked, IOR_READ);
}

// ( addr u file -- u' flag ior ) If the buffer is full before the line's end has been reached, the
// next one goes on there.
static int w_read_line(mn_forth_t *vm) {
    file_t *file = file_of(mn_forth_pop(vm));
    uint32_t size = mn_forth_pop(vm);
    uint32_t addr = mn_forth_pop(vm);
    uint32_t done = 0;
    int c = size == 0 ? 0 : EOF;
    if (file != NULL) {
        turn(file, false);
        while (done < size && (c = getc(file->stream)) != EOF && c != '\n') {
            char byte = (char)c;
            if (mn_forth_write(vm, addr + done, &byte, 1) != MN_OK) {
                return THROW_ADDRESS;
            }
            done++;
        }
    }
    bool worked = file != NULL && !ferror(file->stream);
    if (file != NULL) {
        clearerr(file->stream);
    }
    (void)give(vm, done);
    (void)give(vm, worked && (done > 0 || c != EOF) ? UINT32_MAX : 0u);
    return give_ior(vm, worked, IOR_READ_LINE);
}

static int write_file(mn_forth_t *vm, bool line, int ior) {
    file_t *file = file_of(mn_forth_pop(vm));
    uint32_t size = mn_forth_pop(vm);
    uint32_t addr = mn_forth_pop(vm);
    bool worked = file != NULL;
    if (worked) {
        turn(file, true);
    }
    for (uint32_t done = 0; worked && done < size;) {
        char bytes[4096];
        uint32_t n = size - done < sizeof bytes ? size - done : (uint32_t)sizeof bytes;
        if (mn_forth_read(vm, addr + done, bytes, n) != MN_OK) {
            return THROW_ADDRESS;
        }
        worked = fwrite(bytes, 1, n, file->stream) == n;
        done += n;
    }
    worked = worked && (!line || putc('\n', file->stream) != EOF);
    return give_ior(vm, worked, ior);
}

static int w_write_file(mn_forth_t *vm) {
    return write_file(vm, false, IOR_WRITE);
}

static int w_write_line(mn_forth_t *vm) {
    return write_file(vm, true, IOR_WRITE_LINE);
}

static int w_include_file(mn_forth_t *vm) {
    uint32_t id = mn_forth_pop(vm);
    if (file_of(id) == NULL) {
        return THROW_FULL;
    }
    mn_status_t status = mn_forth_include(vm, id);
    return status == MN_OK ? 0 : -2048 + (int)status;
}

static int w_included(mn_forth_t *vm) {
    char name[MAX_NAME];
    return pop_name(vm, name) ? include(vm, name) : THROW_NO_FILE;
}

static int w_required(mn_forth_t *vm) {
    char name[MAX_NAME];
    if (!pop_name(vm, name)) {
        return THROW_NO_FILE;
    }
    return is_known(name) ? 0 : include(vm, name);
}

static int parsed(mn_forth_t *vm, char *name) {
    size_t len;
    if (mn_forth_parse_name(vm, name, MAX_NAME - 1, &len) != MN_OK) {
        return THROW_NO_FILE;
    }
    name[len] = '\0';
    return len != 0 ? 0 : -16;
}

static int w_include(mn_forth_t *vm) {
    char name[MAX_NAME];
    int status = parsed(vm, name);
    return status != 0 ? status : include(vm, name);
}

static int w_require(mn_forth_t *vm) {
    char name[MAX_NAME];
    int status = parsed(vm, name);
    return status != 0 || is_known(name) ? status : include(vm, name);
}

#define WORD(name, fn, in, out, help) MN_FORTH_WORD_FLAGS(name, fn, in, out, MN_FORTH_THROWS, help)

static const mn_forth_word_t words[] = {
    WORD("r/o", w_r_o, 0, 1, "( -- fam ) open for reading"),
    WORD("w/o", w_w_o, 0, 1, "( -- fam ) open for writing"),
    WORD("r/w", w_r_w, 0, 1, "( -- fam ) open for reading and writing"),
    WORD("bin", w_bin, 1, 1, "( fam -- fam' ) the same for bytes, which makes no difference here"),
    WORD("open-file", w_open_file, 3, 2, "( addr u fam -- file ior ) open a file that exists"),
    WORD("create-file", w_create_file, 3, 2, "( addr u fam -- file ior ) make an empty file"),
    WORD("close-file", w_close_file, 1, 1, "( file -- ior )"),
    WORD("delete-file", w_delete_file, 2, 1, "( addr u -- ior )"),
    WORD("rename-file", w_rename_file, 4, 1, "( addr u addr2 u2 -- ior ) new name addr2 u2"),
    WORD("file-status", w_file_status, 2, 2, "( addr u -- n ior ) n is its size in bytes"),
    WORD("file-position", w_file_position, 1, 3, "( file -- ud ior )"),
    WORD("file-size", w_file_size, 1, 3, "( file -- ud ior ) in bytes"),
    WORD("reposition-file", w_reposition_file, 3, 1, "( ud file -- ior ) where to go on"),
    WORD("resize-file", w_resize_file, 3, 1, "( ud file -- ior ) cut off, or add zeros"),
    WORD("flush-file", w_flush_file, 1, 1, "( file -- ior ) write what has been kept back"),
    WORD("read-file", w_read_file, 3, 2, "( addr u file -- u' ior ) read up to u bytes"),
    WORD("read-line", w_read_line, 3, 3, "( addr u file -- u' flag ior ) false: no line left"),
    WORD("write-file", w_write_file, 3, 1, "( addr u file -- ior )"),
    WORD("write-line", w_write_line, 3, 1, "( addr u file -- ior ) and a line end"),
    WORD("include-file", w_include_file, 1, 0, "( file -- ) interpret it, then close it"),
    WORD("included", w_included, 2, 0, "( addr u -- ) interpret a file"),
    WORD("include", w_include, 0, 0, "( \"name\" -- ) interpret a file"),
    WORD("required", w_required, 2, 0, "( addr u -- ) interpret a file unless it has been"),
    WORD("require", w_require, 0, 0, "( \"name\" -- ) interpret a file unless it has been"),
};

const mn_forth_words_t file_words = {words, sizeof words / sizeof words[0], 0, "files", NULL};
