// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Data space: every access goes through the page table.

#include "vm.h"

#include <string.h>

uint8_t *mn__forth_at_write(mn_forth_t *vm, uint32_t addr, uint32_t *run) {
    uint32_t page = addr >> PAGE_BITS;
    if (page >= vm->page_count) {
        return NULL;
    }
    uint8_t *frame = vm->pages[page].write;
    if (frame == NULL) {
        frame = mn__forth_page_for_write(vm, page);
        if (frame == NULL) {
            return NULL;
        }
    }
    *run = PAGE_SIZE - (addr & PAGE_MASK);
    return frame + (addr & PAGE_MASK);
}

// Block operations cost a unit for every 16 bytes.
void mn__forth_charge(mn_forth_t *vm, uint32_t bytes) {
    int32_t units = (int32_t)(bytes / 16u);
    vm->budget = vm->budget > INT32_MIN + units ? vm->budget - units : INT32_MIN;
}

bool mn__forth_mapped(const mn_forth_t *vm, uint32_t addr, uint32_t len) {
    uint32_t end = vm->page_count << PAGE_BITS;
    if (len == 0) {
        return true;
    }
    if (addr >= end || len > end - addr) {
        return false;
    }
    for (uint32_t page = addr >> PAGE_BITS; page <= (addr + len - 1u) >> PAGE_BITS; page++) {
        if (vm->pages[page].read == NULL) {
            return false;
        }
    }
    return true;
}

int mn__forth_write_fault(const mn_forth_t *vm, uint32_t addr) {
    uint32_t run;
    if (mn__forth_at(vm, addr, &run) == NULL) {
        return THROW_ADDRESS;
    }
    const frame_t *frame = mn__forth_frame_of(vm->pages[addr >> PAGE_BITS].read);
    return (frame->frozen != 0) ? THROW_READ_ONLY : THROW_NO_MEMORY;
}

int mn__forth_load(const mn_forth_t *vm, uint32_t addr, uint32_t *cell) {
    uint32_t run;
    const uint8_t *p = mn__forth_at(vm, addr, &run);
    if (p == NULL) {
        return THROW_ADDRESS;
    }
    if ((addr & 3u) != 0) {
        return THROW_ALIGN;
    }
    memcpy(cell, p, 4);
    return FN_OK;
}

int mn__forth_store(mn_forth_t *vm, uint32_t addr, uint32_t cell) {
    uint32_t run;
    if ((addr & 3u) != 0) {
        return THROW_ALIGN;
    }
    uint8_t *p = mn__forth_at_write(vm, addr, &run);
    if (p == NULL) {
        return mn__forth_write_fault(vm, addr);
    }
    memcpy(p, &cell, 4);
    return FN_OK;
}

// The byte, or a THROW code.
int mn__forth_byte(const mn_forth_t *vm, uint32_t addr) {
    uint32_t run;
    const uint8_t *p = mn__forth_at(vm, addr, &run);
    return p != NULL ? *p : THROW_ADDRESS;
}

int mn__forth_store_byte(mn_forth_t *vm, uint32_t addr, uint32_t byte) {
    uint32_t run;
    uint8_t *p = mn__forth_at_write(vm, addr, &run);
    if (p == NULL) {
        return mn__forth_write_fault(vm, addr);
    }
    *p = (uint8_t)byte;
    return FN_OK;
}

int mn__forth_fill(mn_forth_t *vm, uint32_t addr, uint32_t len, uint8_t byte) {
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    mn__forth_charge(vm, len);
    while (len > 0) {
        uint32_t run;
        uint8_t *p = mn__forth_at_write(vm, addr, &run);
        if (p == NULL) {
            return mn__forth_write_fault(vm, addr);
        }
        run = run < len ? run : len;
        memset(p, byte, run);
        addr += run;
        len -= run;
    }
    return FN_OK;
}

// Copy upwards, page run by page run.
static int move_up(mn_forth_t *vm, uint32_t from, uint32_t to, uint32_t len) {
    while (len > 0) {
        uint32_t from_run;
        uint32_t to_run;
        uint8_t *q = mn__forth_at_write(vm, to, &to_run); // first: it may replace the frame
        const uint8_t *p = mn__forth_at(vm, from, &from_run);
        if (q == NULL || p == NULL) {
            return mn__forth_write_fault(vm, to);
        }
        uint32_t run = from_run < to_run ? from_run : to_run;
        run = run < len ? run : len;
        memmove(q, p, run);
        from += run;
        to += run;
        len -= run;
    }
    return FN_OK;
}

// Copy downwards from the ends, for a target that overlaps the source from above.
static int move_down(mn_forth_t *vm, uint32_t from, uint32_t to, uint32_t len) {
    while (len > 0) {
        uint32_t unused;
        uint32_t from_run = ((from + len - 1u) & PAGE_MASK) + 1u;
        uint32_t to_run = ((to + len - 1u) & PAGE_MASK) + 1u;
        uint32_t run = from_run < to_run ? from_run : to_run;
        run = run < len ? run : len;
        uint8_t *q = mn__forth_at_write(vm, to + len - run, &unused);
        const uint8_t *p = mn__forth_at(vm, from + len - run, &unused);
        if (q == NULL || p == NULL) {
            return mn__forth_write_fault(vm, to + len - run);
        }
        memmove(q, p, run);
        len -= run;
    }
    return FN_OK;
}

int mn__forth_move(mn_forth_t *vm, uint32_t from, uint32_t to, uint32_t len) {
    if (!mn__forth_mapped(vm, from, len) || !mn__forth_mapped(vm, to, len)) {
        return THROW_ADDRESS;
    }
    mn__forth_charge(vm, len);
    return to <= from ? move_up(vm, from, to, len) : move_down(vm, from, to, len);
}

int mn__forth_copy_in(mn_forth_t *vm, uint32_t addr, const void *from, uint32_t len) {
    const uint8_t *source = from;
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    while (len > 0) {
        uint32_t run;
        uint8_t *p = mn__forth_at_write(vm, addr, &run);
        if (p == NULL) {
            return mn__forth_write_fault(vm, addr);
        }
        run = run < len ? run : len;
        memcpy(p, source, run);
        source += run;
        addr += run;
        len -= run;
    }
    return FN_OK;
}

int mn__forth_copy_out(const mn_forth_t *vm, uint32_t addr, void *to, uint32_t len) {
    uint8_t *target = to;
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    while (len > 0) {
        uint32_t run = 0;
        const uint8_t *p = mn__forth_at(vm, addr, &run);
        run = run < len ? run : len;
        memcpy(target, p, run);
        target += run;
        addr += run;
        len -= run;
    }
    return FN_OK;
}

int mn__forth_allot(mn_forth_t *vm, uint32_t bytes) {
    uint32_t end = vm->heap_start;
    int32_t signed_bytes = mn__forth_signed_cell(bytes);
    if (signed_bytes >= 0) {
        if (bytes > end - vm->here) {
            return THROW_DICT_FULL;
        }
    } else if (0u - bytes > vm->here - vm->user_start) {
        return THROW_DICT_FULL;
    }
    vm->here += bytes;
    return FN_OK;
}

int mn__forth_comma(mn_forth_t *vm, uint32_t cell) {
    uint32_t at = vm->here;
    if ((at & 3u) != 0) {
        return THROW_ALIGN;
    }
    int status = mn__forth_allot(vm, 4);
    return status != FN_OK ? status : mn__forth_store(vm, at, cell);
}

// Words ----------------------------------------------------------------------------------------

static int w_here(mn_forth_t *vm) {
    mn__forth_push(vm, vm->here);
    return FN_OK;
}

static int w_allot(mn_forth_t *vm) {
    return mn__forth_allot(vm, mn__forth_pop(vm));
}

static int w_comma(mn_forth_t *vm) {
    return mn__forth_comma(vm, mn__forth_pop(vm));
}

static int w_c_comma(mn_forth_t *vm) {
    uint32_t at = vm->here;
    int status = mn__forth_allot(vm, 1);
    return status != FN_OK ? status : mn__forth_store_byte(vm, at, mn__forth_pop(vm));
}

static int w_align(mn_forth_t *vm) {
    return mn__forth_allot(vm, (0u - vm->here) & 3u);
}

static int w_unused(mn_forth_t *vm) {
    mn__forth_push(vm, vm->heap_start - vm->here);
    return FN_OK;
}

static int w_pad(mn_forth_t *vm) {
    mn__forth_push(vm, vm->here + PAD_OFFSET);
    return FN_OK;
}

static int w_fill(mn_forth_t *vm) {
    uint32_t byte = mn__forth_pop(vm);
    uint32_t len = mn__forth_pop(vm);
    return mn__forth_fill(vm, mn__forth_pop(vm), len, (uint8_t)byte);
}

static int w_erase(mn_forth_t *vm) {
    uint32_t len = mn__forth_pop(vm);
    return mn__forth_fill(vm, mn__forth_pop(vm), len, 0);
}

static int w_blank(mn_forth_t *vm) {
    uint32_t len = mn__forth_pop(vm);
    return mn__forth_fill(vm, mn__forth_pop(vm), len, ' ');
}

static int w_move(mn_forth_t *vm) {
    uint32_t len = mn__forth_pop(vm);
    uint32_t to = mn__forth_pop(vm);
    return mn__forth_move(vm, mn__forth_pop(vm), to, len);
}

// Byte by byte upwards, so that an overlap spreads a pattern, as the standard wants it.
static int w_cmove(mn_forth_t *vm) {
    uint32_t len = TOP;
    uint32_t to = SECOND;
    uint32_t from = THIRD;
    DROP_N(3);
    if (to - from >= len) {
        return mn__forth_move(vm, from, to, len);
    }
    if (!mn__forth_mapped(vm, from, len) || !mn__forth_mapped(vm, to, len)) {
        return THROW_ADDRESS;
    }
    mn__forth_charge(vm, len);
    for (uint32_t i = 0; i < len; i++) {
        int status = mn__forth_store_byte(vm, to + i, (uint32_t)mn__forth_byte(vm, from + i));
        if (status != FN_OK) {
            return status;
        }
    }
    return FN_OK;
}

static int w_cmove_up(mn_forth_t *vm) {
    uint32_t len = TOP;
    uint32_t to = SECOND;
    uint32_t from = THIRD;
    DROP_N(3);
    if (from - to >= len) {
        return mn__forth_move(vm, from, to, len);
    }
    if (!mn__forth_mapped(vm, from, len) || !mn__forth_mapped(vm, to, len)) {
        return THROW_ADDRESS;
    }
    mn__forth_charge(vm, len);
    for (uint32_t i = len; i-- > 0;) {
        int status = mn__forth_store_byte(vm, to + i, (uint32_t)mn__forth_byte(vm, from + i));
        if (status != FN_OK) {
            return status;
        }
    }
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FN("here", w_here, 0, 1, "( -- addr ) next free address of data space"),
    FN("allot", w_allot, 1, 0, "( n -- ) reserve n bytes of data space, or give them back"),
    FN(",", w_comma, 1, 0, "( x -- ) append a cell to data space"),
    FN("c,", w_c_comma, 1, 0, "( char -- ) append a byte to data space"),
    FN("align", w_align, 0, 0, "( -- ) make here a multiple of 4"),
    FN("unused", w_unused, 0, 1, "( -- u ) free bytes of data space"),
    FN("pad", w_pad, 0, 1, "( -- addr ) scratch memory that moves with here"),
    FN("fill", w_fill, 3, 0, "( addr u char -- ) set u bytes"),
    FN("erase", w_erase, 2, 0, "( addr u -- ) clear u bytes"),
    FN("blank", w_blank, 2, 0, "( addr u -- ) set u bytes to blanks"),
    FN("move", w_move, 3, 0, "( from to u -- ) copy u bytes, overlap allowed"),
    FN("cmove", w_cmove, 3, 0, "( from to u -- ) copy upwards byte by byte"),
    FN("cmove>", w_cmove_up, 3, 0, "( from to u -- ) copy downwards byte by byte"),
};

const mn_forth_words_t mn__forth_memory_words = {words, MN_COUNT_OF(words), 0, "memory", NULL};
