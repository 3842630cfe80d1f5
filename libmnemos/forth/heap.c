// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// allocate, free and resize, and structures.
//
// The heap grows down from the end of data space, towards here. A chunk is a cell with its size in
// bytes (a multiple of 4, without this cell) and bit 0 set while it is in use, then its bytes. The
// cells are in data space, where a program can overwrite them: they are believed only as far as a
// walk from the start of the heap finds them consistent, and a wrong one costs the program its own
// memory, nothing else.

#include "vm.h"

#define USED 1u
#define IOR_NO_MEMORY ((uint32_t)-59)
#define IOR_FREE ((uint32_t)-60)
#define IOR_RESIZE ((uint32_t)-61)

static uint32_t end_of_data(const mn_forth_t *vm) {
    return vm->data_end;
}

// The size of the chunk at `at`, or 0 if what is there is not one.
static uint32_t chunk_size(const mn_forth_t *vm, uint32_t at, bool *used) {
    uint32_t cell;
    if (mn__forth_load(vm, at, &cell) != FN_OK) {
        return 0;
    }
    uint32_t size = cell & ~3u;
    *used = (cell & USED) != 0;
    return size != 0 && size <= end_of_data(vm) - at - 4u ? size : 0u;
}

// The next chunk after `at` that is free and has `need` bytes, joining free neighbours on the way.
static uint32_t find_free(mn_forth_t *vm, uint32_t need) {
    uint32_t end = end_of_data(vm);
    uint32_t at = vm->heap_start;
    while (at < end) {
        bool used = false;
        uint32_t size = chunk_size(vm, at, &used);
        vm->budget--;
        if (size == 0) {
            return 0;
        }
        uint32_t next = at + 4u + size;
        bool next_used = true;
        uint32_t next_size = !used && next < end ? chunk_size(vm, next, &next_used) : 0;
        if (!used && next_size != 0 && !next_used) {
            (void)mn__forth_store(vm, at, size + 4u + next_size);
            continue;
        }
        if (!used && size >= need) {
            return at;
        }
        at = next;
    }
    return 0;
}

// Uses `need` bytes of the free chunk at `at`; the rest becomes a chunk of its own.
static uint32_t occupy(mn_forth_t *vm, uint32_t at, uint32_t need) {
    bool used;
    uint32_t size = chunk_size(vm, at, &used);
    if (size >= need + 8u) {
        (void)mn__forth_store(vm, at + 4u + need, size - need - 4u);
        size = need;
    }
    return mn__forth_store(vm, at, size | USED) == FN_OK ? at + 4u : 0u;
}

uint32_t mn__forth_allocate(mn_forth_t *vm, uint32_t bytes) {
    uint32_t end = end_of_data(vm);
    if (bytes > end) {
        return 0;
    }
    uint32_t need = bytes != 0 ? (bytes + 3u) & ~3u : 4u;
    uint32_t at = find_free(vm, need);
    if (at != 0) {
        return occupy(vm, at, need);
    }
    if (need + 4u > vm->heap_start - vm->here) {
        return 0;
    }
    vm->heap_start -= need + 4u;
    return mn__forth_store(vm, vm->heap_start, need | USED) == FN_OK ? vm->heap_start + 4u : 0u;
}

// The chunk whose bytes are at addr; its size, or 0 if there is no such chunk in use.
static uint32_t chunk_of(mn_forth_t *vm, uint32_t addr) {
    uint32_t at = vm->heap_start;
    while (at < end_of_data(vm) && at + 4u <= addr) {
        bool used = false;
        uint32_t size = chunk_size(vm, at, &used);
        vm->budget--;
        if (size == 0 || (at + 4u == addr && !used)) {
            return 0;
        }
        if (at + 4u == addr) {
            return size;
        }
        at += 4u + size;
    }
    return 0;
}

static int w_allocate(mn_forth_t *vm) {
    uint32_t addr = mn__forth_allocate(vm, TOP);
    TOP = addr;
    mn__forth_push(vm, addr != 0 ? 0u : IOR_NO_MEMORY);
    return FN_OK;
}

// False if nothing in use is there, or it cannot be written.
bool mn__forth_free(mn_forth_t *vm, uint32_t addr) {
    uint32_t size = chunk_of(vm, addr);
    uint32_t at = addr - 4u;
    if (size == 0 || mn__forth_store(vm, at, size) != FN_OK) {
        return false;
    }
    if (at == vm->heap_start) { // the lowest: the heap shrinks
        bool used = false;
        while (at < end_of_data(vm)) {
            size = chunk_size(vm, at, &used);
            if (size == 0 || used) {
                break;
            }
            at += 4u + size;
        }
        vm->heap_start = at;
    }
    return true;
}

static int w_free(mn_forth_t *vm) {
    TOP = mn__forth_free(vm, TOP) ? 0u : IOR_FREE;
    return FN_OK;
}

static int w_resize(mn_forth_t *vm) {
    uint32_t bytes = mn__forth_pop(vm);
    uint32_t addr = TOP;
    uint32_t size = chunk_of(vm, addr);
    uint32_t ior = 0;
    if (size == 0) {
        ior = IOR_RESIZE;
    } else if (bytes > size) {
        uint32_t to = mn__forth_allocate(vm, bytes);
        if (to == 0) {
            ior = IOR_NO_MEMORY;
        } else {
            (void)mn__forth_move(vm, addr, to, size);
            (void)mn__forth_free(vm, addr);
            TOP = to;
        }
    }
    mn__forth_push(vm, ior);
    return FN_OK;
}

// Structures -----------------------------------------------------------------------------------

// ( "name" -- addr 0 ) name: ( -- size ), which end-structure fills in.
static int w_begin_structure(mn_forth_t *vm) {
    int status = mn__forth_header_parsed(vm, KIND_CONSTANT);
    if (status == FN_OK) {
        uint16_t operand[2] = {0, 0};
        mn__forth_append(vm, MN__OP_LIT32, 2, operand);
        mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
        mn__forth_push(vm, XT_WORD | (vm->seg.words - 1u));
        mn__forth_push(vm, 0);
    }
    return status;
}

static int w_end_structure(mn_forth_t *vm) {
    uint32_t size = mn__forth_pop(vm);
    uint32_t xt = mn__forth_pop(vm);
    uint32_t number = xt & ~XT_TAG_MASK;
    uint32_t code = mn__forth_body(vm, xt);
    if (code == 0 || number < vm->seg.word_base || number < vm->seg.frozen_words) {
        return THROW_NAME_ARG;
    }
    uint16_t *unit = mn__forth_unit(vm, code);
    if (mn__forth_kind(mn__forth_unit(vm, mn__forth_word_at(vm, number))) != KIND_CONSTANT ||
        mn__forth_u32(unit + 1) != 0) {
        return THROW_NAME_ARG;
    }
    unit[1] = (uint16_t)size;
    unit[2] = (uint16_t)(size >> 16);
    return FN_OK;
}

static int w_field(mn_forth_t *vm) {
    TOP = (TOP + 3u) & ~3u;
    return mn__forth_field(vm, 4);
}

static int w_cfield(mn_forth_t *vm) {
    return mn__forth_field(vm, 1);
}

static const mn_forth_word_t words[] = {
    FN("allocate", w_allocate, 1, 2, "( u -- addr ior ) get u bytes"),
    FN("free", w_free, 1, 1, "( addr -- ior ) give back what allocate gave"),
    FN("resize", w_resize, 2, 2, "( addr u -- addr' ior ) change the size, perhaps the place"),
    FN("begin-structure", w_begin_structure, 0, 2, "( \"name\" -- x 0 ) name: ( -- size )"),
    FN("end-structure", w_end_structure, 2, 0, "( x size -- ) end a structure"),
    FN("field:", w_field, 1, 1, "( n \"name\" -- n' ) a cell; name: ( addr -- addr' )"),
    FN("cfield:", w_cfield, 1, 1, "( n \"name\" -- n' ) a byte; name: ( addr -- addr' )"),
};

const mn_forth_words_t mn__forth_heap_words = {words, MN_COUNT_OF(words), 0, "memory", NULL};
