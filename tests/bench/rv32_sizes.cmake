# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Run when mnemos-bench is built: NM, OBJECT, OUTPUT. Writes a header with the sizes of the objects
# in OBJECT, or, where there is no OBJECT, with a remark that they are missing.
set(names TASK TASK_HEADER KERNEL WHEEL)
set(text "// Written by rv32_sizes.cmake.\n#include <stddef.h>\n")
if(OBJECT)
    execute_process(COMMAND "${NM}" --print-size "${OBJECT}"
        OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
    string(APPEND text "#define BENCH_RV32_MISSING NULL\n")
else()
    string(APPEND text "#define BENCH_RV32_MISSING \"built without riscv64-unknown-elf-gcc\"\n")
endif()
foreach(name IN LISTS names)
    set(size 0)
    if(OBJECT)
        if(NOT symbols MATCHES "[0-9a-f]+ ([0-9a-f]+) [A-Z] rv32_${name}\n")
            message(FATAL_ERROR "${OBJECT} has no rv32_${name}:\n${symbols}")
        endif()
        math(EXPR size "0x${CMAKE_MATCH_1}")
    endif()
    string(APPEND text "#define BENCH_RV32_${name} ${size}\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
