# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Run by a test of mnemos_must_not_compile(): COMPILER, FLAGS, INCLUDE, FILE, REGEX.
execute_process(
    COMMAND ${COMPILER} ${FLAGS} "-I${INCLUDE}" -fsyntax-only "${FILE}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
if(result EQUAL 0)
    message(FATAL_ERROR "${FILE} compiled, but must not")
endif()
if(NOT output MATCHES "${REGEX}")
    message(FATAL_ERROR "${FILE} was rejected, but not with \"${REGEX}\":\n${output}")
endif()
