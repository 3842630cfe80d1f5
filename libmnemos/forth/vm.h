// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The inside of a VM.
//
// Data space is a table of 256-byte pages, so that a forked VM can share pages until one side
// writes. Address 0..255 is never mapped. Page 1 starts with the system variables, then comes the
// input buffer, then a ring for interpreted strings, then the user's data.
//
// Code space is an array of 16-bit units: headers and bodies, append only. A code address is the
// index of a unit. A table of header positions grows down from the other end; a word's number is
// its index in that table and, tagged, its execution token, so tokens are checked by a comparison.
// A forked VM sees its ancestors' units and words below the point of the fork and adds its own
// above; both only ever append there, which is why sharing needs no copy.
//
// The return stack and the call stack are separate: no program can touch a return address. They
// share one array, the return stack growing up and the calls growing down.

#ifndef MN_FORTH_VM_H
#define MN_FORTH_VM_H

#include <mnemos/assert.h>
#include <mnemos/forth_host.h>
#include <mnemos/util.h>

#include "ops.h"

#ifndef MN_CFG_FORTH_EXTRAS
/// @brief 1: all word sets (the default); 0: only the core, for small machines.
#define MN_CFG_FORTH_EXTRAS 1
#endif

#define PAGE_BITS 8u
#define PAGE_SIZE (1u << PAGE_BITS)
#define PAGE_MASK (PAGE_SIZE - 1u)
#define MAX_HOST_SETS 8u
#define CORE_SETS (MN_CFG_FORTH_EXTRAS ? 22u : 12u)
#define CONTROL_DEPTH 24u
#define ORDER_DEPTH 8u
#define NAME_MAX_LEN 63u
#define TOKEN_MAX_LEN 96u // of a number
#define OUTPUT_PIECE 64u

// THROW codes that the VM itself uses.
enum {
    THROW_ABORT = -1,
    THROW_ABORTQ = -2,
    THROW_OVERFLOW = -3,
    THROW_UNDERFLOW = -4,
    THROW_R_OVERFLOW = -5,
    THROW_R_UNDERFLOW = -6,
    THROW_DICT_FULL = -8,
    THROW_ADDRESS = -9,
    THROW_DIV_ZERO = -10,
    THROW_RANGE = -11,
    THROW_TYPE = -12,
    THROW_UNDEFINED = -13,
    THROW_COMPILE_ONLY = -14,
    THROW_FORGET = -15,
    THROW_NO_NAME = -16,
    THROW_HOLD = -17,
    THROW_NAME_LONG = -19,
    THROW_READ_ONLY = -20,
    THROW_UNSUPPORTED = -21,
    THROW_CONTROL = -22,
    THROW_ALIGN = -23,
    THROW_NUMBER = -24,
    THROW_R_IMBALANCE = -25,
    THROW_LOOP_PARAMS = -26,
    THROW_INTERRUPT = -28,
    THROW_NESTING = -29,
    THROW_BODY = -31,
    THROW_NAME_ARG = -32,
    THROW_FLOAT_DIV = -42,
    THROW_FLOAT_RANGE = -43,
    THROW_FLOAT_OVERFLOW = -44,
    THROW_FLOAT_UNDERFLOW = -45,
    THROW_FLOAT_INVALID = -46,
    THROW_ORDER_OVERFLOW = -49,
    THROW_ORDER_UNDERFLOW = -50,
    THROW_CONTROL_FULL = -52,
    THROW_QUIT = -56,
    THROW_NO_MEMORY = -59,
    // Our own.
    THROW_LINE_LONG = -2560,
    THROW_TEXT = -2561,
    THROW_XT = -2562,
    THROW_UNTERMINATED = -2563,
    THROW_IN_USE = -2564,
    THROW_SHARED = -2565,
    THROW_LOCALS = -2566,
    THROW_BYE = -2567,
    THROW_USER = -2568, // the code is in user_throw
    THROW_HOST = -2048, // plus a status
};

// What a word's function returns, besides a THROW code.
enum { FN_OK = 0, FN_WAIT = 1, FN_EXEC = 2, FN_END = 3, FN_THROWN = 4 };

// Fixed code at the start of every code space.
enum {
    STUB_HALT,
    STUB_LINE,
    STUB_LINE_DONE,
    STUB_EVAL,
    STUB_EVAL_DONE,
    STUB_CATCH,
    STUB_RUN,
    STUB_RUN_DONE,
    STUB_TRAVERSE,
    STUB_COUNT
};

// System variables, at the start of page 1.
enum {
    SYS_TO_IN = PAGE_SIZE,
    SYS_BASE = SYS_TO_IN + 4,
    SYS_STATE = SYS_BASE + 4,
    SYS_SPAN = SYS_STATE + 4,
    SYS_INPUT = SYS_SPAN + 4,
};
#define STRING_SLOT 84u
#define STRING_SLOTS 2u

// Above here: the buffer of word, then pictured numbers, which grow down from the pad.
#define WORD_ROOM 36u
#define PAD_OFFSET 104u

#define XT_WORD 0x5A000000u    // plus the number of a word in code space
#define XT_BUILTIN 0x5B000000u // plus set << 11 and index
#define XT_TAG_MASK 0xFF000000u
#define SET_SHIFT 11u
#define SET_INDEX_MASK 0x7FFu

#define WORD_THROWS MN_FORTH_THROWS

#define FN(name, fn, in, out, help) \
    { name, MN_FORTH_HELP(help) fn, 0, WORD_THROWS, (uint8_t)(sizeof(name) - 1u), in, out }
#define FNF(name, fn, in, out, flags, help)                                                       \
    {                                                                                             \
        name, MN_FORTH_HELP(help) fn, 0, WORD_THROWS | (flags), (uint8_t)(sizeof(name) - 1u), in, \
            out                                                                                   \
    }
#define IMM MN_FORTH_IMMEDIATE
#define COMP (MN_FORTH_IMMEDIATE | MN_FORTH_COMPILE_ONLY)

// A header: link to the previous word of the chain (number + 1, two units), name length and flags,
// word list and kind, name, code.
#define HEADER_UNITS 4u
#define WORD_HIDDEN 4u
#define WORD_SMUDGED 8u // being compiled: cannot be executed

typedef enum {
    KIND_COLON,
    KIND_CREATE,
    KIND_CONSTANT,
    KIND_TWO_CONSTANT,
    KIND_VARIABLE,
    KIND_VALUE,
    KIND_TWO_VALUE,
    KIND_FVALUE,
    KIND_DEFER,
    KIND_FIELD,
    KIND_MARKER,
    KIND_SYNONYM,
} kind_t;

typedef struct {
    uint8_t *read;  // NULL: not mapped
    uint8_t *write; // NULL: not mapped, or shared with another VM
} page_t;

// In front of the bytes of every page.
typedef struct {
    uint32_t references; // VMs and published blocks that see it
    uint16_t allocated;  // not part of a VM's block
    uint16_t frozen;     // never written again
} frame_t;

#define FRAME_SIZE (sizeof(frame_t) + PAGE_SIZE)

// One user of a frame less; the last one gives it back.
void mn__forth_unref_frame(const mn_forth_config_t *config, uint8_t *bytes);

// A frame from the host, with no users yet; NULL if there is no memory.
frame_t *mn__forth_new_frame(const mn_forth_config_t *config);

static inline frame_t *mn__forth_frame_of(uint8_t *bytes) {
    return (frame_t *)(void *)bytes - 1;
}

// The units and words of one VM. Ancestors are reached through @c parent; their parts above
// @c base and @c word_base of the child are not the child's.
typedef struct segment {
    uint16_t *units; // unit number base is units[0]
    uint32_t *table; // word number word_base + n is table[-1 - n]
    uint32_t base;   // first unit that is ours
    uint32_t here;   // next free unit
    uint32_t limit;  // units end here
    uint32_t words;  // number of words, ancestors' included
    uint32_t word_base;
    uint32_t frozen; // units below this are shared with a fork
    uint32_t frozen_words;
    const struct segment *parent;
} segment_t;

typedef struct {
    uint32_t addr;
    uint32_t len;
    uint32_t id;   // 0: fed lines; SOURCE_STRING; else a source of the host
    uint32_t line; // number of the line, from 1
} source_t;

#define SOURCE_STRING 0xFFFFFFFFu

typedef struct {
    uint32_t number; // + 1; 0: none
    uint32_t start;  // unit of its header
    uint32_t data;   // here when it began
    uint32_t last;   // unit of its last instruction, 0 after a branch target
    uint32_t before; // unit of the instruction before that, 0 likewise
    uint32_t body;   // first unit of its code
    uint8_t control_base;
    uint8_t locals;
    bool locals_reversed;
    bool locals_open;
    bool broken; // a branch could not be resolved
    uint32_t locals_names;
} definition_t;

// The line that refill waits for.
enum { LINE_NONE, LINE_WANTED, LINE_ACCEPT, LINE_HERE, LINE_NEVER };

typedef enum { RUN_IDLE, RUN_ACTIVE, RUN_REPORT, RUN_BYE, RUN_ENDED } run_state_t;

struct mn_forth {
    // Registers; the dispatch loop keeps them in locals and writes them back around calls.
    uint32_t *sp;   // cell of the top of the data stack; data[0], which is no item, when empty
    uint32_t *rp;   // top of the return stack
    uint32_t *cp;   // top of the call stack, which grows down
    uint32_t ip;    // next unit
    uint32_t lp;    // first local, as an index into the return stack
    int32_t budget; // units left

    uint32_t *data;
    uint32_t *data_limit; // last usable cell
    uint32_t *ret;
    uint32_t *calls; // one past the last cell of the array
    page_t *pages;
    uint32_t page_count;
    segment_t seg;

    uint32_t exec;    // what FN_EXEC executes
    uint32_t pending; // function to be called again: set and index, + 1
    uint32_t scratch[2];

    uint32_t handler; // call depth of the innermost catch frame, 0: none
    uint32_t here;
    uint32_t user_start;
    uint32_t hold;
    uint32_t hold_end;
    uint32_t string_next;
    source_t source;
    bool compiling;
    bool fresh_line; // the last thing printed was a line end
    definition_t def;
    uint32_t latest; // number + 1 of the newest named word
    uint32_t control[CONTROL_DEPTH];
    uint8_t control_depth;
    uint8_t order_count;
    uint8_t order[ORDER_DEPTH];
    uint8_t current;
    uint8_t next_wordlist;

    run_state_t state;
    mn_forth_wants_t wants;
    volatile bool interrupted;
    int32_t error;
    int32_t user_throw;
    uint32_t report; // step of the error report
    uint32_t report_at;
    uint32_t report_arg;
    uint32_t token_at; // last parsed token: offset and length in the source
    uint32_t token_len;
    uint32_t abort_text; // unit of the text of abort"
    uint8_t line_state;  // LINE_…
    uint32_t accept_addr;
    uint32_t accept_len;
    uint32_t heap_start; // end of what allot may use
    uint32_t data_end;   // end of data space; above it is the window for pages added later
    uint32_t *bucket;
    uint8_t *output;
    uint32_t output_used;
    uint32_t output_read;
    double *floats;
    uint32_t float_depth;
    uint8_t float_precision; // 0: the default
    uint8_t set_count;       // the core's included
    const mn_forth_words_t *host_sets[MAX_HOST_SETS];
    int (*assign_float)(struct mn_forth *vm, uint32_t addr); // of the floating-point words
    mn_forth_config_t config;
    mn_forth_error_t error_details;

    struct mn_forth *parent; // holds a reference on it
    uint32_t references;     // this VM while it lives, and its children
    uint8_t *frames;         // the pages inside the block
    uint32_t frame_count;
};

// Sets of words: first those of the core, then those of the host.
extern const mn_forth_words_t *const mn__forth_core_sets[CORE_SETS];

static inline const mn_forth_words_t *mn__forth_set(const mn_forth_t *vm, uint32_t set) {
    return set < CORE_SETS ? mn__forth_core_sets[set] : vm->host_sets[set - CORE_SETS];
}

// Memory ---------------------------------------------------------------------------------------

// The bytes at addr for reading; *run is how many follow in the same page. NULL: not mapped.
static inline const uint8_t *mn__forth_at(const mn_forth_t *vm, uint32_t addr, uint32_t *run) {
    uint32_t page = addr >> PAGE_BITS;
    if (page >= vm->page_count || vm->pages[page].read == NULL) {
        return NULL;
    }
    *run = PAGE_SIZE - (addr & PAGE_MASK);
    return vm->pages[page].read + (addr & PAGE_MASK);
}

uint8_t *mn__forth_at_write(mn_forth_t *vm, uint32_t addr, uint32_t *run);
uint8_t *mn__forth_page_for_write(mn_forth_t *vm, uint32_t page);

// Why a byte could not be written: the THROW code.
int mn__forth_write_fault(const mn_forth_t *vm, uint32_t addr);
int mn__forth_load(const mn_forth_t *vm, uint32_t addr, uint32_t *cell);
int mn__forth_store(mn_forth_t *vm, uint32_t addr, uint32_t cell);
int mn__forth_byte(const mn_forth_t *vm, uint32_t addr);
int mn__forth_store_byte(mn_forth_t *vm, uint32_t addr, uint32_t byte);
bool mn__forth_mapped(const mn_forth_t *vm, uint32_t addr, uint32_t len);
int mn__forth_fill(mn_forth_t *vm, uint32_t addr, uint32_t len, uint8_t byte);
int mn__forth_move(mn_forth_t *vm, uint32_t from, uint32_t to, uint32_t len);
int mn__forth_copy_in(mn_forth_t *vm, uint32_t addr, const void *from, uint32_t len);
int mn__forth_copy_out(const mn_forth_t *vm, uint32_t addr, void *to, uint32_t len);
int mn__forth_allot(mn_forth_t *vm, uint32_t bytes);
int mn__forth_comma(mn_forth_t *vm, uint32_t cell);
void mn__forth_charge(mn_forth_t *vm, uint32_t bytes);

// Code space -----------------------------------------------------------------------------------

static inline uint16_t *mn__forth_unit(const mn_forth_t *vm, uint32_t index) {
    const segment_t *seg = &vm->seg;
    while (index < seg->base) {
        seg = seg->parent;
    }
    return seg->units + (index - seg->base);
}

static inline uint32_t mn__forth_word_at(const mn_forth_t *vm, uint32_t number) {
    const segment_t *seg = &vm->seg;
    while (number < seg->word_base) {
        seg = seg->parent;
    }
    return *(seg->table - 1 - (number - seg->word_base));
}

static inline uint32_t mn__forth_u32(const uint16_t *unit) {
    return (uint32_t)unit[0] | (uint32_t)unit[1] << 16;
}

static inline uint32_t mn__forth_name_len(const uint16_t *header) {
    return header[2] & 0xFFu;
}

static inline uint32_t mn__forth_flags(const uint16_t *header) {
    return (uint32_t)header[2] >> 8;
}

static inline kind_t mn__forth_kind(const uint16_t *header) {
    return (kind_t)(header[3] >> 8);
}

static inline uint32_t mn__forth_code(uint32_t header_at, const uint16_t *header) {
    return header_at + HEADER_UNITS + (mn__forth_name_len(header) + 1u) / 2u;
}

// A word by name or by token.
typedef struct {
    uint32_t xt;    // 0: not found
    uint32_t flags; // MN_FORTH_IMMEDIATE, …
} found_t;

found_t mn__forth_find(mn_forth_t *vm, const char *name, uint32_t len);
found_t mn__forth_find_builtin(const mn_forth_t *vm, uint8_t list, const char *name, uint32_t len);
found_t mn__forth_meaning(const mn_forth_t *vm, uint32_t nt);
uint32_t mn__forth_next_name(mn_forth_t *vm, uint8_t list, uint32_t *cursor);
int mn__forth_traverse(mn_forth_t *vm);
found_t mn__forth_find_in(mn_forth_t *vm, uint8_t list, const char *name, uint32_t len);
const mn_forth_word_t *mn__forth_builtin(const mn_forth_t *vm, uint32_t xt);
bool mn__forth_is_word(const mn_forth_t *vm, uint32_t xt);
uint32_t mn__forth_body(const mn_forth_t *vm, uint32_t xt); // code address, 0 if not executable
uint32_t mn__forth_name(const mn_forth_t *vm, uint32_t xt, char *out); // returns its length
uint32_t mn__forth_word_of_code(const mn_forth_t *vm, uint32_t index, uint32_t *number);
int mn__forth_header(mn_forth_t *vm, const char *name, uint32_t len, kind_t kind);
int mn__forth_header_parsed(mn_forth_t *vm, kind_t kind);
int mn__forth_cut(mn_forth_t *vm, uint32_t number, uint32_t here);
void mn__forth_abandon(mn_forth_t *vm);
uint32_t mn__forth_free_units(const mn_forth_t *vm);

// Compiling ------------------------------------------------------------------------------------

int mn__forth_emit(mn_forth_t *vm, uint32_t op, uint32_t count, const uint16_t *operands);
void mn__forth_append(mn_forth_t *vm, uint32_t op, uint32_t count, const uint16_t *operands);
int mn__forth_emit_op(mn_forth_t *vm, uint32_t op);
int mn__forth_emit_1(mn_forth_t *vm, uint32_t op, uint32_t operand);
int mn__forth_emit_32(mn_forth_t *vm, uint32_t op, uint32_t operand);
int mn__forth_literal(mn_forth_t *vm, uint32_t cell);
int mn__forth_compile(mn_forth_t *vm, uint32_t xt);
uint32_t mn__forth_string_slot(mn_forth_t *vm);
int mn__forth_string_literal(mn_forth_t *vm, uint32_t addr, uint32_t len);
int mn__forth_string(mn_forth_t *vm, uint32_t op, uint32_t addr, uint32_t len);
int mn__forth_zbranch(mn_forth_t *vm, uint32_t *operand_at);
void mn__forth_barrier(mn_forth_t *vm);          // a branch target: do not combine across it
uint32_t mn__forth_length(const uint16_t *unit); // of an instruction, in units
int mn__forth_end_definition(mn_forth_t *vm);
int mn__forth_exit(mn_forth_t *vm);

// Source ---------------------------------------------------------------------------------------

int mn__forth_interpret(mn_forth_t *vm); // one token
int mn__forth_parse_name(mn_forth_t *vm, uint32_t *addr, uint32_t *len);
int mn__forth_parse_word(mn_forth_t *vm, char *name, uint32_t *len);
int mn__forth_parse(mn_forth_t *vm, uint32_t delimiter, uint32_t *addr, uint32_t *len, bool *found);
int mn__forth_parse_found(mn_forth_t *vm, found_t *found);
int mn__forth_number(mn_forth_t *vm, const char *text, uint32_t len, uint32_t *lo, uint32_t *hi);
int mn__forth_find_local(const mn_forth_t *vm, const char *name, uint32_t len); // -1: none
int mn__forth_refill(mn_forth_t *vm);
int mn__forth_next_line(mn_forth_t *vm); // FN_OK, FN_WAIT, FN_END, or a THROW code
bool mn__forth_from_host(const mn_forth_t *vm);
int mn__forth_source_done(mn_forth_t *vm);
void mn__forth_pop_source(mn_forth_t *vm);
int mn__forth_field(mn_forth_t *vm, uint32_t size);
uint32_t mn__forth_allocate(mn_forth_t *vm, uint32_t bytes); // 0: no room
bool mn__forth_free(mn_forth_t *vm, uint32_t addr);
uint32_t mn__forth_to_in(const mn_forth_t *vm);
void mn__forth_set_to_in(mn_forth_t *vm, uint32_t offset);
uint32_t mn__forth_base(const mn_forth_t *vm);
void mn__forth_set_compiling(mn_forth_t *vm, bool compiling);
uint32_t mn__forth_divide(uint64_t *value, uint32_t divisor);
uint32_t mn__forth_digits(char *end, uint64_t value, uint32_t base);
uint32_t mn__forth_signed(char *end, int64_t value, uint32_t base);

// Control --------------------------------------------------------------------------------------

int mn__forth_throw(mn_forth_t *vm, int32_t code); // FN_OK: caught, go on at ip; FN_THROWN
void mn__forth_unwind(mn_forth_t *vm, uint32_t depth);
uint32_t mn__forth_frame_extra(uint32_t at);
bool mn__forth_in_use(const mn_forth_t *vm, uint32_t from);
size_t mn__forth_block_size(const mn_forth_config_t *config, bool forked);
mn_status_t mn__forth_build(mn_forth_t **out, const mn_forth_config_t *config, void *memory,
                            size_t size, bool forked);
int mn__forth_engine(mn_forth_t *vm);
int mn__forth_does(mn_forth_t *vm);
int mn__forth_print_code(mn_forth_t *vm);
int mn__forth_report(mn_forth_t *vm); // FN_OK when all is printed
void mn__forth_begin_report(mn_forth_t *vm, int32_t code);
bool mn__forth_about_line(int32_t code);
void mn__forth_reset(mn_forth_t *vm);
void mn__forth_begin(mn_forth_t *vm, uint32_t ip);
int mn__forth_print(mn_forth_t *vm, const char *text, uint32_t len);
int mn__forth_puts(mn_forth_t *vm, const char *text);
uint32_t mn__forth_call_depth(const mn_forth_t *vm);
int mn__forth_push_call(mn_forth_t *vm, uint32_t count, const uint32_t *cells);

#define EVAL_CELLS 7u // source: address, length, id, line; >in; last token: offset, length
#define TRAVERSE_CELLS 3u
#define CATCH_CELLS 6u // handler; depths of data and return stack; lp; >in; float depth

// Word sets ------------------------------------------------------------------------------------

extern const mn_forth_words_t mn__forth_ops;
extern const mn_forth_words_t mn__forth_arith_words;
extern const mn_forth_words_t mn__forth_memory_words;
extern const mn_forth_words_t mn__forth_number_words;
extern const mn_forth_words_t mn__forth_io_words;
extern const mn_forth_words_t mn__forth_source_words;
extern const mn_forth_words_t mn__forth_define_words;
extern const mn_forth_words_t mn__forth_change_words;
extern const mn_forth_words_t mn__forth_control_words;
extern const mn_forth_words_t mn__forth_except_words;
extern const mn_forth_words_t mn__forth_tool_words;
extern const mn_forth_words_t mn__forth_string_words;
extern const mn_forth_words_t mn__forth_order_words;
extern const mn_forth_words_t mn__forth_input_words;
extern const mn_forth_words_t mn__forth_name_words;
extern const mn_forth_words_t mn__forth_substitute_words;
extern const mn_forth_words_t mn__forth_local_words;
extern const mn_forth_words_t mn__forth_condition_words;
extern const mn_forth_words_t mn__forth_see_words;
extern const mn_forth_words_t mn__forth_heap_words;
extern const mn_forth_words_t mn__forth_dialect_words;
extern const mn_forth_words_t mn__forth_forth3_words;

// The stack as a function sees it: the top cell is sp[0]. The VM has checked depth and room.
#define TOP (vm->sp[0])
#define SECOND (vm->sp[-1])
#define THIRD (vm->sp[-2])
#define DROP_N(n) (vm->sp -= (n))

static inline void mn__forth_push(mn_forth_t *vm, uint32_t cell) {
    *++vm->sp = cell;
}

static inline uint32_t mn__forth_pop(mn_forth_t *vm) {
    return *vm->sp--;
}

static inline uint32_t mn__forth_depth(const mn_forth_t *vm) {
    return (uint32_t)(vm->sp - vm->data);
}

static inline uint32_t mn__forth_flag(bool value) {
    return value ? 0xFFFFFFFFu : 0u;
}

static inline int32_t mn__forth_signed_cell(uint32_t cell) {
    return cell <= INT32_MAX ? (int32_t)cell : (int32_t)(cell - 0x80000000u) + INT32_MIN;
}

#endif
