// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "bench_heap.h"
#include <mnemos/assert.h>
#include <mnemos/heap.h>
#include <mnemos/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static uint32_t next_random(uint32_t *state) {
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x;
}

// Trace ------------------------------------------------------------------------------------------

// Sizes as in a system of drivers and services: most are messages and list items, some are buffers,
// a few are whole frames. Mean 253 bytes, median about 55.
static size_t trace_size(uint32_t *random) {
    uint32_t kind = next_random(random) % 100;
    uint32_t value = next_random(random);
    if (kind < 60) {
        return 8 + value % 57;
    }
    return kind < 90 ? 64 + value % 449 : 512 + value % 3585;
}

// Blocks live in slots. A step picks a slot, frees what is there and mostly puts something new in.
// Most steps go to a few slots, whose blocks therefore live briefly; few go to many.
enum { SHORT_LIVED = 64, MEDIUM_LIVED = 256, LONG_LIVED = 1024, SLOTS = 1344, STEPS = 200000 };

static unsigned trace_slot(uint32_t *random) {
    uint32_t kind = next_random(random) % 100;
    uint32_t value = next_random(random);
    if (kind < 60) {
        return value % SHORT_LIVED;
    }
    return kind < 90 ? SHORT_LIVED + value % MEDIUM_LIVED
                     : SHORT_LIVED + MEDIUM_LIVED + value % LONG_LIVED;
}

enum { TRACE_MEMORY = 2 * 1024 * 1024 };
static _Alignas(64) uint8_t trace_memory[TRACE_MEMORY];
static void *slot_block[SLOTS];
static size_t slot_size[SLOTS];

typedef struct trace {
    mn_heap_t heap;
    mn_heap_owner_t owner;
    uint32_t random;
    size_t live;
    size_t peak;
} trace_t;

static void trace_begin(trace_t *trace, uint32_t seed, size_t memory) {
    *trace = (trace_t){.owner = MN_HEAP_OWNER_INIT("trace", 0), .random = seed};
    mn_status_t status = mn_heap_init(&trace->heap, trace_memory, memory);
    MN_ASSERT(status == MN_OK);
    memset(slot_block, 0, sizeof(slot_block));
}

// The same steps whatever the heap's size, until one cannot be served.
static bool trace_step(trace_t *trace) {
    unsigned slot = trace_slot(&trace->random);
    size_t size = trace_size(&trace->random);
    bool leave_empty = next_random(&trace->random) % 3 == 0;
    if (slot_block[slot] != NULL) {
        (void)mn_heap_free(&trace->heap, slot_block[slot]);
        slot_block[slot] = NULL;
        trace->live -= slot_size[slot];
        if (leave_empty) {
            return true;
        }
    }
    if (mn_heap_alloc(&trace->heap, &trace->owner, size, 1, &slot_block[slot]) != MN_OK) {
        return false;
    }
    slot_size[slot] = size;
    trace->live += size;
    trace->peak = trace->live > trace->peak ? trace->live : trace->peak;
    return true;
}

static bool trace_fits(uint32_t seed, size_t memory, size_t *peak) {
    trace_t trace;
    trace_begin(&trace, seed, memory);
    for (unsigned step = 0; step < STEPS; step++) {
        if (!trace_step(&trace)) {
            return false;
        }
    }
    *peak = trace.peak;
    return true;
}

uint64_t bench_heap_trace_ratio_x1000(void) {
    enum { TRACES = 4, PRECISION = 256 };
    uint64_t sum = 0;
    for (uint32_t seed = 1; seed <= TRACES; seed++) {
        size_t peak = 0;
        size_t too_small = 16 * 1024;
        size_t enough = TRACE_MEMORY;
        bool fits = trace_fits(seed * 7919, enough, &peak);
        MN_ASSERT(fits);
        while (enough - too_small > PRECISION) {
            size_t memory = (too_small + enough) / 2;
            *(trace_fits(seed * 7919, memory, &peak) ? &enough : &too_small) = memory;
        }
        sum += (uint64_t)enough * 1000 / peak;
    }
    return sum / TRACES;
}

void bench_heap_typical(unsigned iterations) {
    static void *blocks[512];
    trace_t trace;
    trace_begin(&trace, 12345, 512 * 1024);
    for (unsigned i = 0; i < MN_COUNT_OF(blocks); i++) {
        (void)mn_heap_alloc(&trace.heap, &trace.owner, trace_size(&trace.random), 1, &blocks[i]);
    }
    for (unsigned i = 0; i < iterations; i++) {
        void **block = &blocks[next_random(&trace.random) % MN_COUNT_OF(blocks)];
        (void)mn_heap_free(&trace.heap, *block);
        (void)mn_heap_alloc(&trace.heap, &trace.owner, trace_size(&trace.random), 1, block);
    }
}

// Worst cases ------------------------------------------------------------------------------------

enum { SCENE_REGION = 24 * 1024, SCENE_SMALL_REGION = 1024 };

// A heap, laid out for one case and kept in a copy.
typedef struct scene {
    _Alignas(64) uint8_t small[MN_CFG_HEAP_REGIONS][SCENE_SMALL_REGION];
    _Alignas(4096) uint8_t large[SCENE_REGION];
    mn_heap_t heap;
    mn_heap_owner_t owner;
    void *block; // to be freed
} scene_t;

static scene_t scene;
static scene_t saved;

static void *scene_alloc(size_t bytes) {
    void *block = NULL;
    mn_status_t status = mn_heap_alloc(&scene.heap, &scene.owner, bytes - MN_HEAP_ALIGN, 1, &block);
    MN_ASSERT(status == MN_OK);
    return block;
}

// Take all memory that is left, largest blocks first.
static void scene_fill(void) {
    for (mn_heap_stats_t stats;;) {
        mn_heap_stats(&scene.heap, &stats);
        if (stats.largest_free == 0) {
            return;
        }
        (void)scene_alloc(stats.largest_free + MN_HEAP_ALIGN);
    }
}

// All regions but the last are small and full, so every look-up of a region goes through all of
// them.
static void scene_begin(void) {
    scene.owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("scene", SIZE_MAX);
    mn_status_t status = MN_OK;
    for (unsigned i = 0; i < MN_CFG_HEAP_REGIONS && status == MN_OK; i++) {
        bool last = i == MN_CFG_HEAP_REGIONS - 1;
        uint8_t *region = last ? scene.large : scene.small[i];
        size_t size = last ? SCENE_REGION : SCENE_SMALL_REGION;
        status = i == 0 ? mn_heap_init(&scene.heap, region, size)
                        : mn_heap_add_region(&scene.heap, region, size);
        if (!last) {
            scene_fill();
        }
    }
    MN_ASSERT(status == MN_OK);
}

// Blocks with a live block behind each, to be freed later.
static void scene_reserve(void **blocks, unsigned count, size_t bytes) {
    for (unsigned i = 0; i < count; i++) {
        blocks[i] = scene_alloc(bytes);
        (void)scene_alloc(2 * MN_HEAP_ALIGN);
    }
}

static void scene_free(void *const *blocks, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        mn_status_t status = mn_heap_free(&scene.heap, blocks[i]);
        MN_ASSERT(status == MN_OK);
    }
}

// One more than a new block goes behind.
enum { CROWD = 3 };
static const size_t unit = MN_HEAP_ALIGN;

// So that whatever comes next is a new peak.
static void scene_save(void) {
    scene.heap.peak = scene.heap.in_use;
    scene.owner.peak = scene.owner.in_use;
    saved = scene;
}

// Requests of 65 units meet a crowd of 64 (two sizes of one class) and take a block of 129, the
// only one in the heap's next word of bits, of which 64 are left and go behind the crowd.
static void scene_for_alloc(void) {
    void *crowd[CROWD];
    void *large;
    scene_begin();
    scene_reserve(crowd, CROWD, 64 * unit);
    scene_reserve(&large, 1, 129 * unit);
    scene_fill();
    scene_free(crowd, CROWD);
    scene_free(&large, 1);
    scene_save();
}

// Requests of 65 units with an alignment of 64: what is tried of the crowd and above it does not
// do, and a block is only certain to from 65 + 64 + 1 units on. What is left of it at both ends is
// of the same class as the crowd.
static void scene_for_alloc_aligned(void) {
    void *crowd[CROWD];
    void *more[MN_CFG_HEAP_REGIONS];
    void *large;
    scene_begin();
    scene_reserve(crowd, CROWD, 64 * unit);
    for (unsigned i = 0; i < MN_COUNT_OF(more); i++) {
        scene_reserve(&more[i], 1, (68 + 4 * i) * unit);
    }
    // The header of the next block has to be 65 units before a multiple of 64.
    size_t next = (size_t)((uintptr_t)scene_alloc(2 * unit) / unit) + 1;
    size_t pad = (63 - next % 64 + 64) % 64;
    if (pad != 0) {
        (void)scene_alloc((pad < 2 ? pad + 64 : pad) * unit);
    }
    scene_reserve(&large, 1, (64 + 65 + 64) * unit);
    scene_fill();
    scene_free(crowd, CROWD);
    scene_free(more, MN_COUNT_OF(more));
    scene_free(&large, 1);
    scene_save();
}

// A block of 64 units with 16 free in front and 100 behind, each the only one in its word of bits,
// makes 180, whose class is crowded.
static void scene_for_free(void) {
    void *crowd[CROWD];
    scene_begin();
    scene_reserve(crowd, CROWD, 180 * unit);
    void *front = scene_alloc(16 * unit);
    scene.block = scene_alloc(64 * unit);
    void *behind = scene_alloc(100 * unit);
    (void)scene_alloc(2 * unit);
    scene_fill();
    scene_free(crowd, CROWD);
    scene_free(&front, 1);
    scene_free(&behind, 1);
    scene_save();
}

void bench_heap_restore(void) {
    memcpy(&scene, &saved, sizeof(scene));
}

void bench_heap_setup_alloc(void) {
    scene_for_alloc();
}

void bench_heap_setup_aligned(void) {
    scene_for_alloc_aligned();
}

void bench_heap_setup_free(void) {
    scene_for_free();
}

void bench_heap_worst_alloc(unsigned one) {
    void *block;
    (void)one;
    (void)mn_heap_alloc(&scene.heap, &scene.owner, 64 * unit, 1, &block);
}

void bench_heap_worst_aligned(unsigned one) {
    void *block;
    (void)one;
    (void)mn_heap_alloc(&scene.heap, &scene.owner, 64 * unit, 64 * unit, &block);
}

void bench_heap_worst_free(unsigned one) {
    (void)one;
    (void)mn_heap_free(&scene.heap, scene.block);
}
