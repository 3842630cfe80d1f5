// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup forth Forth VM
/// @brief A resumable, sandboxed Forth-2012 virtual machine.
///
/// A VM lives in one block of memory that the caller provides, and touches nothing else. It is fed
/// one line of text at a time, runs for as long as it is told to, and puts what it prints into a
/// buffer that the caller empties:
///
/// @code
/// mn_forth_feed_line(vm, "2 2 + .", 7);
/// do {
///     st = mn_forth_run(vm, 1000);
///     size_t n = mn_forth_output_take(vm, buf, sizeof buf);   // "4 ok.\n"
/// } while (st == MN_PENDING);
/// @endcode
///
/// **Cells** are 32 bits on every machine. Addresses are offsets into the VM's own data space and
/// every access is checked; compiled code is not in data space, and execution tokens are checked
/// where they are used. Whatever a program does wrong ends in a `THROW`, never outside the VM.
///
/// **Time**: ::mn_forth_run stops after the given number of units and goes on from there when it is
/// called again. A unit is a call, a jump backwards, a token of source text, or about 16 bytes of a
/// block operation; the straight run between two of them is not interrupted.
///
/// **Replies**: a line that worked ends with `ok.` and a newline, also inside an unfinished
/// definition, which simply continues on the next line. A line that failed ends with
/// `? meaning: word` and a newline, then the line with a mark under the word, then the words that
/// were running. It empties the stacks, discards the definition that was being compiled with all
/// the memory it used, and the next line works.
///
/// No function waits, and none may be called from an interrupt except ::mn_forth_interrupt.
/// @{

#ifndef MNEMOS_FORTH_H
#define MNEMOS_FORTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mnemos/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief A virtual machine. Lives at the start of the memory given to ::mn_forth_init.
typedef struct mn_forth mn_forth_t;

/// @brief A set of words beyond the core; see <mnemos/forth_host.h>.
typedef struct mn_forth_words mn_forth_words_t;

/// @brief What a VM is made of. Start from ::MN_FORTH_CONFIG_DEFAULT.
typedef struct mn_forth_config {
    uint32_t data_stack;   ///< cells of the data stack, at least 8
    uint32_t return_stack; ///< cells shared by the return stack and by calls, at least 16
    uint32_t float_stack;  ///< floats on the floating-point stack; 0 if no word uses them
    uint32_t data_size;    ///< bytes of data space with the input buffer, rounded up to 256
    uint32_t window_size;  ///< bytes of address space for pages added later, see ::mn_forth_map
    uint32_t dict_size;    ///< bytes for names and compiled code
    uint32_t input_size;   ///< longest line in bytes, at least 16
    uint32_t output_size;  ///< bytes of the output buffer, at least 64
    uint32_t buckets;      ///< chains of the name index: a power of two up to 4096
    uint32_t slice;        ///< units for one ::mn_forth_run whose budget is 0
    bool quiet;            ///< lines are those of a file: no `ok.`, no error reports
    const mn_forth_words_t *const *words;   ///< further sets of words, or NULL; must stay valid
    uint32_t words_count;                   ///< how many sets @ref words has, at most 8
    void *context;                          ///< handed to host words
    const struct mn_forth_sources *sources; ///< see ::mn_forth_include, or NULL

    /// @brief Handed to the three functions below. They are called also after this VM has ended, as
    /// long as a fork of it lives, so it must outlive them all.
    void *memory_context;
    /// @brief Get @p size bytes for a copy of a page that is shared with a forked VM, aligned for
    /// any type; NULL if there are none. NULL function: no VM can be forked from this one.
    void *(*alloc)(void *memory_context, size_t size);
    /// @brief Give back what @ref alloc returned.
    void (*free)(void *memory_context, void *memory, size_t size);
    /// @brief The memory of an ended VM is no longer used by any fork of it. May be NULL.
    void (*released)(void *memory_context, void *memory);
} mn_forth_config_t;

/// @brief The defaults: a VM for a prompt in less than 6 KB on a 32-bit machine, of which 1.5 KB
/// are for the user's words and 1 KB for data.
#define MN_FORTH_CONFIG_DEFAULT                                                       \
    {                                                                                 \
        .data_stack = 256, .return_stack = 256, .data_size = 1536, .dict_size = 1536, \
        .input_size = 256, .output_size = 256, .buckets = 8, .slice = 2000,           \
    }

/// @brief Bytes of memory that a VM with this configuration needs.
/// @param[in] config checked only as far as the size depends on it
/// @return size in bytes; 0 if @p config is not valid
/// @isr_ok
size_t mn_forth_memory_needed(const mn_forth_config_t *config);

/// @brief Build a VM in @p memory.
/// @param[out] vm the machine, which is inside @p memory
/// @param[in] config copied; what it points to must stay valid
/// @param[in,out] memory block aligned for any type, owned by the caller, in use until
/// ::mn_forth_end
/// @param[in] size bytes of @p memory
/// @retval MN_OK ready for its first line
/// @retval MN_EINVAL a value of @p config is out of its range
/// @retval MN_ENOMEM @p size is smaller than ::mn_forth_memory_needed
mn_status_t mn_forth_init(mn_forth_t **vm, const mn_forth_config_t *config, void *memory,
                          size_t size);

/// @brief End a VM. Its memory may be reused at once unless it was forked: then when
/// `config.released` has been called.
/// @param[in,out] vm the machine; not to be used again
void mn_forth_end(mn_forth_t *vm);

/// @brief Give the VM its next line.
///
/// A refused line also arms its own error reply: the next ::mn_forth_run prints it.
/// @param[in,out] vm the machine
/// @param[in] text the line; line ends at its end are ignored
/// @param[in] len bytes of @p text
/// @retval MN_OK accepted: call ::mn_forth_run
/// @retval MN_EBUSY the previous line is not finished and does not ask for another
/// @retval MN_ETOOBIG longer than `config.input_size`; refused
/// @retval MN_EINVAL contains a zero byte or is not valid UTF-8; refused
mn_status_t mn_forth_feed_line(mn_forth_t *vm, const char *text, size_t len);

/// @brief Tell a VM that waits for a line that there will be none: `refill` answers false.
/// @param[in,out] vm the machine
void mn_forth_feed_end(mn_forth_t *vm);

/// @brief Run for at most @p budget units.
/// @param[in,out] vm the machine
/// @param[in] budget units as described above; 0 for `config.slice`
/// @retval MN_OK the line is finished and answered (also if there was nothing to do)
/// @retval MN_PENDING not finished; ::mn_forth_wants says what it waits for
/// @retval MN_EFAILED the line ended with an error, which has been printed; see ::mn_forth_error
/// @retval MN_EINTERRUPTED the same, because of ::mn_forth_interrupt
/// @retval MN_ECLOSED the program has said `bye`
mn_status_t mn_forth_run(mn_forth_t *vm, uint32_t budget);

/// @brief What an unfinished VM needs before ::mn_forth_run can go on.
typedef enum mn_forth_wants {
    MN_FORTH_WANTS_NOTHING, ///< it is idle: feed a line
    MN_FORTH_WANTS_TIME,    ///< only to be run again
    MN_FORTH_WANTS_OUTPUT,  ///< the output buffer is full: take what is there
    MN_FORTH_WANTS_LINE,    ///< a word reads another line: feed it, or ::mn_forth_feed_end
    MN_FORTH_WANTS_HOST,    ///< a host word waits for something that it has arranged
} mn_forth_wants_t;

/// @brief What the VM waits for.
/// @param[in] vm the machine
/// @return one of ::mn_forth_wants_t
mn_forth_wants_t mn_forth_wants(const mn_forth_t *vm);

/// @brief Make the running line end with THROW code -28 at the next ::mn_forth_run.
/// @param[in,out] vm the machine; nothing happens if it is idle
/// @isr_ok
void mn_forth_interrupt(mn_forth_t *vm);

/// @brief Take printed bytes out of the VM.
/// @param[in,out] vm the machine
/// @param[out] buffer receives up to @p size bytes
/// @param[in] size bytes of @p buffer
/// @return number of bytes taken; 0 if there is nothing
size_t mn_forth_output_take(mn_forth_t *vm, void *buffer, size_t size);

/// @brief Copy what is printed and not taken yet, without taking it.
/// @param[in] vm the machine
/// @param[out] buffer receives up to @p size bytes
/// @param[in] size bytes of @p buffer
/// @return number of bytes copied
size_t mn_forth_output_peek(const mn_forth_t *vm, void *buffer, size_t size);

/// @brief The last line's uncaught error.
typedef struct mn_forth_error {
    int32_t code;     ///< THROW code, 0 for none
    const char *text; ///< its meaning, static text
    char word[32];    ///< the word, cut to fit; empty if there was none
    uint32_t column;  ///< byte offset of the word in its line
    uint32_t source;  ///< 0 for a fed line, else what ::mn_forth_include was given
    uint32_t line;    ///< number of the line in that source, from 1
} mn_forth_error_t;

/// @brief Why the last line failed.
/// @param[in] vm the machine
/// @param[out] error details of the last line
void mn_forth_error(const mn_forth_t *vm, mn_forth_error_t *error);

/// @brief Bytes of memory that a fork of @p parent needs.
/// @param[in] parent the VM to be forked
/// @param[in] config as for ::mn_forth_fork
/// @return size in bytes; 0 if @p config is not valid
size_t mn_forth_fork_memory_needed(const mn_forth_t *parent, const mn_forth_config_t *config);

/// @brief Make a VM that has all definitions of another one, and its data as of this moment.
///
/// What either defines or writes afterwards is invisible to the other. Nothing is copied but the
/// index of names and the page of system variables; pages of data are copied when they are first
/// written, with memory from `config.alloc`. While the child lives, the parent cannot forget what
/// it shares with it, and the parent's memory stays in use even after its ::mn_forth_end.
/// @param[out] child the new machine, idle, with empty stacks; the search order is the parent's
/// @param[in,out] parent the VM to fork; its own `config.alloc` serves its own copies
/// @param[in] config the child's sizes; input, data size and buckets are the parent's, `words` are
/// ignored. `alloc` and `free` must be set, and work for frames of the parent, too
/// @param[in,out] memory block aligned for any type, in use until `config.released`
/// @param[in] size bytes of @p memory
/// @retval MN_OK done
/// @retval MN_EBUSY the parent is in the middle of a definition
/// @retval MN_EINVAL a value of @p config is out of its range
/// @retval MN_ENOMEM @p size is smaller than ::mn_forth_fork_memory_needed
mn_status_t mn_forth_fork(mn_forth_t **child, mn_forth_t *parent, const mn_forth_config_t *config,
                          void *memory, size_t size);

/// @brief Begin to run a word instead of a line. ::mn_forth_run returns ::MN_OK when it has
/// returned; nothing is answered.
/// @param[in,out] vm an idle machine
/// @param[in] xt execution token, for example what a program gave to a host word
/// @retval MN_OK call ::mn_forth_run
/// @retval MN_EBUSY the machine is not idle
/// @retval MN_EFULL no room on the data stack
mn_status_t mn_forth_start(mn_forth_t *vm, uint32_t xt);

/// @brief The meaning of a THROW code.
/// @param[in] code any number
/// @return static text
/// @isr_ok
const char *mn_forth_throw_text(int32_t code);

#ifdef __cplusplus
}
#endif

#endif
/// @}
