// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup forth_host Forth words from the host
/// @brief How a program that embeds the VM adds words of its own.
///
/// A word is a C function and a line of a table:
///
/// @code
/// static int squared(mn_forth_t *vm) {
///     uint32_t x = mn_forth_pop(vm);
///     mn_forth_push(vm, x * x);
///     return MN_OK;
/// }
/// static const mn_forth_word_t table[] = {
///     MN_FORTH_WORD("squared", squared, 1, 1, "( n -- n^2 )"),
/// };
/// const mn_forth_words_t my_words = {table, MN_COUNT_OF(table), 0, "mine", NULL};
/// @endcode
///
/// The VM checks before the call that the stack holds the word's inputs and has room for its
/// outputs. A word that has to wait returns ::MN_PENDING and is called again by each
/// ::mn_forth_run with the stack as it left it, so it must not pop its inputs before it is done;
/// ::mn_forth_word_state gives it two cells that are zero at its first call.
/// @{

#ifndef MNEMOS_FORTH_HOST_H
#define MNEMOS_FORTH_HOST_H

#include <mnemos/forth.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief The function of a word.
/// @return ::MN_OK, ::MN_PENDING, or a negative status, which becomes THROW code -2048 + status
typedef int (*mn_forth_fn_t)(mn_forth_t *vm);

/// @brief Executed at once even while compiling.
#define MN_FORTH_IMMEDIATE 1u
/// @brief Not to be used outside a definition (THROW -14).
#define MN_FORTH_COMPILE_ONLY 2u

/// @brief The function returns THROW codes instead of statuses.
#define MN_FORTH_THROWS 0x80u

#ifndef MN_CFG_FORTH_HELP
/// @brief 1: words carry their help lines (the default); 0: they do not, to save flash.
#define MN_CFG_FORTH_HELP 1
#endif

#if MN_CFG_FORTH_HELP
/// @brief The help line in a table entry, where help lines are kept.
#define MN_FORTH_HELP(help) help,
#else
#define MN_FORTH_HELP(help)
#endif

/// @brief One word. Made by ::MN_FORTH_WORD.
typedef struct mn_forth_word {
    const char *name; ///< lower case
#if MN_CFG_FORTH_HELP
    const char *help; ///< stack effect and meaning on one line, or NULL
#endif
    mn_forth_fn_t fn; ///< what it does
    uint8_t op;       ///< private: instruction of a built-in word, else 0
    uint8_t flags;    ///< MN_FORTH_IMMEDIATE, …
    uint8_t len;      ///< bytes of @ref name
    uint8_t in : 4;   ///< cells that must be on the data stack
    uint8_t out : 4;  ///< cells that are there afterwards in their place
} mn_forth_word_t;

/// @brief A table entry: name, function, cells in and out, help line.
#define MN_FORTH_WORD(name, fn, in, out, help) \
    { name, MN_FORTH_HELP(help) fn, 0, 0, (uint8_t)(sizeof(name) - 1u), in, out }

/// @brief The same with flags: ::MN_FORTH_IMMEDIATE, ::MN_FORTH_COMPILE_ONLY, ::MN_FORTH_THROWS.
#define MN_FORTH_WORD_FLAGS(name, fn, in, out, flags, help) \
    { name, MN_FORTH_HELP(help) fn, 0, (uint8_t)(flags), (uint8_t)(sizeof(name) - 1u), in, out }

/// @brief A set of words.
struct mn_forth_words {
    const mn_forth_word_t *words; ///< the table
    uint16_t count;               ///< its length, at most 2048
    uint8_t wordlist;             ///< 0: the main word list; 1: `forth3`
    const char *title;            ///< name of the set
    /// @brief Recognise a token that is neither a word nor an integer (a floating-point number):
    /// compile or push it and return 0, or return 1 if it is none, or a negative THROW code.
    int (*recognize)(mn_forth_t *vm, const char *token, uint32_t len);
};

/// @brief Take the top of the data stack. The VM has checked that the word's inputs are there.
/// @param[in,out] vm the machine
/// @return the cell; 0 if the stack is empty
uint32_t mn_forth_pop(mn_forth_t *vm);

/// @brief Put a cell on the data stack.
/// @param[in,out] vm the machine
/// @param[in] cell value
/// @retval MN_OK done
/// @retval MN_EFULL the stack is full
mn_status_t mn_forth_push(mn_forth_t *vm, uint32_t cell);

/// @brief Look at a cell of the data stack.
/// @param[in] vm the machine
/// @param[in] n 0 for the top, 1 for the one below, …
/// @return the cell; 0 if there is none
uint32_t mn_forth_peek(const mn_forth_t *vm, uint32_t n);

/// @brief Two cells that a waiting word may use; zero when it is called for the first time.
/// @param[in,out] vm the machine
/// @return the cells, valid until the word is done
uint32_t *mn_forth_word_state(mn_forth_t *vm);

/// @brief The `context` of the VM's configuration.
/// @param[in] vm the machine
/// @return the pointer, as it was given
void *mn_forth_context(const mn_forth_t *vm);

/// @brief Print.
/// @param[in,out] vm the machine
/// @param[in] text up to 64 bytes, which are printed as a whole or not at all
/// @param[in] len bytes of @p text
/// @retval MN_OK done
/// @retval MN_PENDING the buffer is full: return this from the word, and try again when called
/// again
/// @retval MN_ETOOBIG more than 64 bytes
mn_status_t mn_forth_print(mn_forth_t *vm, const char *text, size_t len);

/// @brief Copy bytes out of data space.
/// @param[in] vm the machine
/// @param[in] addr address in data space
/// @param[out] to receives @p len bytes
/// @param[in] len number of bytes
/// @retval MN_OK done
/// @retval MN_EINVAL some of the addresses are not the VM's
mn_status_t mn_forth_read(const mn_forth_t *vm, uint32_t addr, void *to, uint32_t len);

/// @brief Copy bytes into data space.
/// @param[in,out] vm the machine
/// @param[in] addr address in data space
/// @param[in] from the bytes
/// @param[in] len number of bytes
/// @retval MN_OK done
/// @retval MN_EINVAL some of the addresses are not the VM's; part may have been written
/// @retval MN_ENOMEM no memory to copy a page that is shared with a fork
mn_status_t mn_forth_write(mn_forth_t *vm, uint32_t addr, const void *from, uint32_t len);

/// @brief Add a set of words at run time. It can be found from the next token on.
/// @param[in,out] vm the machine
/// @param[in] words the set; must stay valid
/// @retval MN_OK done
/// @retval MN_EFULL there are eight sets already
mn_status_t mn_forth_add_words(mn_forth_t *vm, const mn_forth_words_t *words);

/// @brief Parse the next token of the source, as `parse-name` does.
/// @param[in,out] vm the machine
/// @param[out] text receives the token, not terminated
/// @param[in] size bytes of @p text
/// @param[out] len length of the token; 0 at the end of the line
/// @retval MN_OK done
/// @retval MN_ETOOBIG longer than @p size; the token is skipped
mn_status_t mn_forth_parse_name(mn_forth_t *vm, char *text, size_t size, size_t *len);

/// @brief Where ::mn_forth_include gets its lines, for `config.sources`. All are called from
/// ::mn_forth_run, and may not call functions of the VM but ::mn_forth_context.
typedef struct mn_forth_sources {
    /// @brief The next line of source @p id, without its line end, valid until the next call.
    /// @return ::MN_OK, ::MN_ECLOSED at its end, or a status that becomes THROW -2048 + status
    mn_status_t (*next)(mn_forth_t *vm, uint32_t id, const char **text, size_t *len);
    /// @brief Go to a line, counted from 1, which @ref next gives then: for `restore-input`.
    /// @return ::MN_OK, or another status if that cannot be done
    mn_status_t (*seek)(mn_forth_t *vm, uint32_t id, uint32_t line);
    /// @brief The source is at its end, or an error, `quit` or `bye` has ended it.
    void (*close)(mn_forth_t *vm, uint32_t id);
} mn_forth_sources_t;

/// @brief Interpret the lines of a source of the host; what was interpreted goes on after its end.
/// The machine keeps its current line in memory that it allocates. Called from a word, which
/// returns then, or for an idle machine, which ::mn_forth_run runs then without answering.
/// @param[in,out] vm the machine
/// @param[in] id what `source-id` says: neither 0 nor 0xFFFFFFFF
/// @retval MN_OK done; `close` will be called
/// @retval MN_ENOMEM no room in data space for a line
/// @retval MN_EFULL too many sources and calls inside each other
/// @retval MN_ENOTSUP there is no `config.sources`
mn_status_t mn_forth_include(mn_forth_t *vm, uint32_t id);

/// @brief The floating-point words, for `config.words`; `config.float_stack` says how many fit.
/// Programs that use them need the C library's mathematics.
extern const mn_forth_words_t mn_forth_float_words;

#ifdef __cplusplus
}
#endif

#endif
/// @}
