// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A VM from the outside: making it, feeding it, running it, taking its output.

#include "vm.h"

#include <string.h>

const mn_forth_words_t *const mn__forth_core_sets[] = {
    &mn__forth_ops,           &mn__forth_arith_words,
    &mn__forth_memory_words,  &mn__forth_number_words,
    &mn__forth_io_words,      &mn__forth_source_words,
    &mn__forth_define_words,  &mn__forth_control_words,
    &mn__forth_except_words,  &mn__forth_tool_words,
    &mn__forth_change_words,  &mn__forth_input_words,
#if MN_CFG_FORTH_EXTRAS
    &mn__forth_string_words,  &mn__forth_order_words,
    &mn__forth_local_words,   &mn__forth_condition_words,
    &mn__forth_heap_words,    &mn__forth_see_words,
    &mn__forth_dialect_words, &mn__forth_forth3_words,
    &mn__forth_name_words,    &mn__forth_substitute_words,
#endif
};

static const uint16_t stubs[STUB_COUNT] = {
    MN__OP_HALT,       MN__OP_INTERPRET, MN__OP_LINE_DONE, MN__OP_INTERPRET, MN__OP_EVAL_DONE,
    MN__OP_CATCH_DONE, MN__OP_EXECUTE,   MN__OP_HALT,      MN__OP_TRAVERSE,
};

// Where everything is in the block.
typedef struct {
    size_t pages;
    size_t bucket;
    size_t data;
    size_t ret;
    size_t floats;
    size_t code;
    size_t frames;
    size_t output;
    size_t total;
    uint32_t page_count;  // with page 0, which is never there
    uint32_t frame_count; // pages whose bytes are in the block
} layout_t;

static size_t take(size_t *at, size_t count, size_t size, size_t align) {
    *at = (*at + align - 1u) & ~(align - 1u);
    size_t place = *at;
    *at += count * size;
    return place;
}

static bool valid(const mn_forth_config_t *c) {
    uint32_t system = SYS_INPUT - PAGE_SIZE + STRING_SLOT * STRING_SLOTS;
    return c->data_stack >= 8 && c->data_stack <= 1u << 20 && c->return_stack >= 16 &&
           c->return_stack <= 1u << 20 && c->float_stack <= 1u << 16 && c->input_size >= 16 &&
           c->input_size <= 1u << 16 && c->output_size >= OUTPUT_PIECE &&
           c->output_size <= 1u << 24 && c->data_size <= 1u << 26 && c->window_size <= 1u << 26 &&
           c->data_size >= c->input_size + system + 64u && c->dict_size >= 256 &&
           c->dict_size <= 1u << 26 && c->buckets != 0 && c->buckets <= 4096 &&
           (c->buckets & (c->buckets - 1u)) == 0 && c->words_count <= MAX_HOST_SETS &&
           (c->words != NULL || c->words_count == 0);
}

static uint32_t user_start(const mn_forth_config_t *c) {
    return (SYS_INPUT + c->input_size + STRING_SLOT * STRING_SLOTS + 3u) & ~3u;
}

static uint32_t window_pages(const mn_forth_config_t *c) {
    return (c->window_size + PAGE_SIZE - 1u) / PAGE_SIZE;
}

// A forked VM has pages of its own only for the system's variables and buffers.
static layout_t lay_out(const mn_forth_config_t *c, bool forked) {
    layout_t l;
    size_t at = sizeof(mn_forth_t);
    uint32_t frames = (c->data_size + PAGE_SIZE - 1u) / PAGE_SIZE;
    l.page_count = frames + 1u + window_pages(c);
    l.frame_count = forked ? (user_start(c) - 1u) >> PAGE_BITS : frames;
    l.floats = take(&at, c->float_stack, sizeof(double), _Alignof(double));
    l.pages = take(&at, l.page_count, sizeof(page_t), _Alignof(page_t));
    l.bucket = take(&at, c->buckets, 4, 4);
    l.data = take(&at, c->data_stack + 1u, 4, 4);
    l.ret = take(&at, c->return_stack + 1u, 4, 4);
    l.code = take(&at, (c->dict_size + 3u) / 4u, 4, 4);
    l.frames = take(&at, l.frame_count, FRAME_SIZE, _Alignof(double));
    l.output = take(&at, c->output_size, 1, 1);
    l.total = take(&at, 0, 1, _Alignof(max_align_t));
    return l;
}

size_t mn_forth_memory_needed(const mn_forth_config_t *config) {
    return mn__forth_block_size(config, false);
}

size_t mn__forth_block_size(const mn_forth_config_t *config, bool forked) {
    return valid(config) ? lay_out(config, forked).total : 0u;
}

static void init_pages(mn_forth_t *vm) {
    for (uint32_t i = 0; i < vm->frame_count; i++) {
        frame_t *frame = (frame_t *)(void *)(vm->frames + i * FRAME_SIZE);
        uint8_t *bytes = (uint8_t *)(frame + 1);
        frame->references = 1;
        vm->pages[i + 1u] = (page_t){bytes, bytes};
    }
}

static void init_code(mn_forth_t *vm, void *code) {
    uint32_t units = (vm->config.dict_size + 3u) / 4u * 2u;
    vm->seg = (segment_t){
        .units = code,
        .table = (uint32_t *)code + units / 2u,
        .limit = units,
    };
}

_Static_assert(MN_COUNT_OF(mn__forth_core_sets) == CORE_SETS, "count the sets");

static void init_sets(mn_forth_t *vm) {
    vm->set_count = CORE_SETS;
    for (uint32_t i = 0; i < vm->config.words_count; i++) {
        (void)mn_forth_add_words(vm, vm->config.words[i]);
    }
}

mn_status_t mn_forth_init(mn_forth_t **vm, const mn_forth_config_t *config, void *memory,
                          size_t size) {
    mn_status_t status = mn__forth_build(vm, config, memory, size, false);
    if (status == MN_OK) {
        memcpy((*vm)->seg.units, stubs, sizeof stubs);
        (*vm)->seg.here = STUB_COUNT;
    }
    return status;
}

mn_status_t mn__forth_build(mn_forth_t **out, const mn_forth_config_t *config, void *memory,
                            size_t size, bool forked) {
    if (!valid(config)) {
        return MN_EINVAL;
    }
    layout_t l = lay_out(config, forked);
    if (size < l.total) {
        return MN_ENOMEM;
    }
    uint8_t *block = memory;
    mn_forth_t *vm = memory;
    MN_ASSERT((uintptr_t)memory % _Alignof(max_align_t) == 0);
    memset(block, 0, l.output);
    vm->config = *config;
    vm->floats = (double *)(void *)(block + l.floats);
    vm->pages = (page_t *)(void *)(block + l.pages);
    vm->page_count = l.page_count;
    vm->bucket = (uint32_t *)(void *)(block + l.bucket);
    vm->data = (uint32_t *)(void *)(block + l.data);
    vm->data_limit = vm->data + config->data_stack;
    vm->ret = (uint32_t *)(void *)(block + l.ret);
    vm->calls = vm->ret + config->return_stack + 1;
    vm->frame_count = l.frame_count;
    vm->frames = block + l.frames;
    vm->output = block + l.output;
    vm->references = 1;
    vm->next_wordlist = 2;
    vm->order_count = 1;
    vm->fresh_line = true;
    init_pages(vm);
    init_code(vm, block + l.code);
    init_sets(vm);
    vm->user_start = user_start(config);
    vm->here = vm->user_start;
    vm->data_end = (vm->page_count - window_pages(config)) << PAGE_BITS;
    vm->heap_start = vm->data_end;
    (void)mn__forth_store(vm, SYS_BASE, 10);
    mn__forth_reset(vm);
    *out = vm;
    return MN_OK;
}

// Empties all stacks and forgets what was being interpreted and compiled.
void mn__forth_reset(mn_forth_t *vm) {
    vm->sp = vm->data;
    vm->rp = vm->ret;
    vm->cp = vm->calls;
    vm->lp = 0;
    vm->ip = STUB_HALT;
    vm->handler = 0;
    vm->float_depth = 0;
    vm->pending = 0;
    vm->scratch[0] = 0;
    vm->scratch[1] = 0;
    vm->line_state = LINE_NONE;
    vm->source = (source_t){SYS_INPUT, 0, 0, vm->source.line};
    mn__forth_abandon(vm);
}

// Feeding --------------------------------------------------------------------------------------

// The length of a valid UTF-8 sequence at text, 0 if there is none.
static size_t utf8_length(const uint8_t *text, size_t len) {
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t c = text[0];
    size_t n = c < 0x80 ? 1u : (c >= 0xF0 ? 4u : (c >= 0xE0 ? 3u : 2u));
    uint32_t code = n == 1 ? c : c & (0x7Fu >> n);
    if (c == 0 || (c >= 0x80 && c < 0xC2) || c > 0xF4 || n > len) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xC0u) != 0x80u) {
            return 0;
        }
        code = code << 6 | (text[i] & 0x3Fu);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code >= smallest[n] && code <= 0x10FFFF && !surrogate ? n : 0u;
}

static bool valid_text(const uint8_t *text, size_t len) {
    for (size_t at = 0; at < len;) {
        size_t n = utf8_length(text + at, len - at);
        if (n == 0) {
            return false;
        }
        at += n;
    }
    return true;
}

static mn_status_t refuse(mn_forth_t *vm, int32_t code, mn_status_t status) {
    mn__forth_begin_report(vm, code);
    return status;
}

// From idle to running the code at ip.
void mn__forth_begin(mn_forth_t *vm, uint32_t ip) {
    vm->token_at = 0;
    vm->token_len = 0;
    vm->error_details = (mn_forth_error_t){0};
    vm->cp = vm->calls;
    vm->handler = 0;
    vm->ip = ip;
    vm->state = RUN_ACTIVE;
    vm->wants = MN_FORTH_WANTS_TIME;
}

mn_status_t mn_forth_feed_line(mn_forth_t *vm, const char *text, size_t len) {
    bool accepting = vm->state == RUN_ACTIVE && vm->line_state == LINE_ACCEPT;
    bool wanted = accepting || (vm->state == RUN_ACTIVE && vm->line_state == LINE_WANTED);
    bool armed = vm->state == RUN_REPORT && mn__forth_about_line(vm->error) && vm->report == 0;
    if (vm->state != RUN_IDLE && !wanted && !armed) {
        return vm->state >= RUN_BYE ? MN_ECLOSED : MN_EBUSY;
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    if (len > vm->config.input_size) {
        return refuse(vm, THROW_LINE_LONG, MN_ETOOBIG);
    }
    if (!valid_text((const uint8_t *)text, len)) {
        return refuse(vm, THROW_TEXT, MN_EINVAL);
    }
    if (accepting) {
        vm->accept_len = len < vm->accept_len ? (uint32_t)len : vm->accept_len;
        (void)mn__forth_copy_in(vm, vm->accept_addr, text, vm->accept_len);
        vm->line_state = LINE_HERE;
        return MN_OK;
    }
    (void)mn__forth_copy_in(vm, SYS_INPUT, text, (uint32_t)len);
    vm->source = (source_t){SYS_INPUT, (uint32_t)len, 0, vm->source.line + 1u};
    mn__forth_set_to_in(vm, 0);
    if (wanted) {
        vm->line_state = LINE_HERE;
        return MN_OK;
    }
    mn__forth_begin(vm, STUB_LINE);
    return MN_OK;
}

void mn_forth_feed_end(mn_forth_t *vm) {
    if (vm->state == RUN_ACTIVE &&
        (vm->line_state == LINE_WANTED || vm->line_state == LINE_ACCEPT)) {
        vm->line_state = LINE_NEVER;
    }
}

// Running --------------------------------------------------------------------------------------

static mn_status_t finish_error(mn_forth_t *vm) {
    vm->wants = MN_FORTH_WANTS_OUTPUT;
    if (mn__forth_report(vm) != FN_OK) {
        return MN_PENDING;
    }
    int32_t code = vm->error;
    mn__forth_unwind(vm, 0);
    mn__forth_reset(vm);
    vm->state = RUN_IDLE;
    vm->wants = MN_FORTH_WANTS_NOTHING;
    return code == THROW_INTERRUPT ? MN_EINTERRUPTED : MN_EFAILED;
}

// The line ended with a THROW code that nobody caught.
static mn_status_t uncaught(mn_forth_t *vm, int32_t code) {
    if (code == THROW_BYE) {
        mn__forth_unwind(vm, 0);
        vm->state = RUN_BYE;
        return MN_ECLOSED;
    }
    if (code == THROW_QUIT) {
        mn__forth_unwind(vm, 0);
        vm->rp = vm->ret;
        vm->cp = vm->calls;
        vm->handler = 0;
        mn__forth_abandon(vm);
        vm->ip = STUB_LINE_DONE;
        vm->wants = MN_FORTH_WANTS_TIME;
        return MN_PENDING;
    }
    mn__forth_begin_report(vm, code);
    return finish_error(vm);
}

// Takes effect between two instructions, also of a word that waits.
static int interrupt(mn_forth_t *vm) {
    vm->pending = 0;
    vm->scratch[0] = 0;
    vm->scratch[1] = 0;
    vm->line_state = LINE_NONE;
    return FN_THROWN;
}

mn_status_t mn_forth_run(mn_forth_t *vm, uint32_t budget) {
    bool interrupted = vm->interrupted;
    vm->interrupted = false;
    if (vm->state >= RUN_BYE) {
        return MN_ECLOSED;
    }
    if (vm->state == RUN_IDLE) {
        return MN_OK;
    }
    if (vm->state == RUN_REPORT) {
        return finish_error(vm);
    }
    budget = budget != 0 ? budget : vm->config.slice;
    vm->budget = budget < INT32_MAX ? (int32_t)budget : INT32_MAX;
    int result = interrupted ? interrupt(vm) : mn__forth_engine(vm);
    if (result == FN_OK) {
        vm->wants = MN_FORTH_WANTS_TIME;
        return MN_PENDING;
    }
    if (result == FN_WAIT) {
        return MN_PENDING;
    }
    if (result == FN_END) {
        vm->state = RUN_IDLE;
        vm->wants = MN_FORTH_WANTS_NOTHING;
        return MN_OK;
    }
    return uncaught(vm, interrupted ? THROW_INTERRUPT : vm->error);
}

mn_forth_wants_t mn_forth_wants(const mn_forth_t *vm) {
    return vm->state == RUN_IDLE || vm->state >= RUN_BYE ? MN_FORTH_WANTS_NOTHING : vm->wants;
}

void mn_forth_interrupt(mn_forth_t *vm) {
    if (vm->state == RUN_ACTIVE) {
        vm->interrupted = true;
    }
}

size_t mn_forth_output_take(mn_forth_t *vm, void *buffer, size_t size) {
    uint32_t n = vm->output_used - vm->output_read;
    n = n < size ? n : (uint32_t)size;
    if (n != 0) {
        memcpy(buffer, vm->output + vm->output_read, n);
        vm->output_read += n;
    }
    if (vm->output_read == vm->output_used) {
        vm->output_read = 0;
        vm->output_used = 0;
    }
    return n;
}

size_t mn_forth_output_peek(const mn_forth_t *vm, void *buffer, size_t size) {
    size_t n = vm->output_used - vm->output_read;
    n = n < size ? n : size;
    if (n != 0) {
        memcpy(buffer, vm->output + vm->output_read, n);
    }
    return n;
}

void mn_forth_error(const mn_forth_t *vm, mn_forth_error_t *error) {
    *error = vm->error_details;
}
