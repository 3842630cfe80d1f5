// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup assert Assertions
/// @brief How a caller's bug is caught.
///
/// Bad input from outside (a wire, a file, a person) is answered with an error status. A caller
/// that breaks a function's contract is a bug: ::MN_ASSERT stops the system with the place and the
/// condition. Assertions are on unless `MN_CFG_ASSERT` is 0; even then the condition is compiled,
/// so it cannot rot, but it is not evaluated.
/// @{

#ifndef MNEMOS_ASSERT_H
#define MNEMOS_ASSERT_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MN_CFG_ASSERT
/// @brief 1 to check assertions (the default), 0 to leave them out.
#define MN_CFG_ASSERT 1
#endif

/// @brief Stop the system with a message. Does not return.
/// @param[in] message what is wrong; static text
/// @param[in] file source file, or NULL
/// @param[in] line source line, or 0
/// @isr_ok
_Noreturn void mn_panic(const char *message, const char *file, int line);

/// @brief Stop the system if @p cond is false: a caller has a bug.
#define MN_ASSERT(cond)                                               \
    do {                                                              \
        if (MN_CFG_ASSERT && !(cond)) {                               \
            mn_panic("assertion failed: " #cond, __FILE__, __LINE__); \
        }                                                             \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
/// @}
