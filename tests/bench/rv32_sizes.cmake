# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Run when mnemos-bench is built: NM, OBJECT, OUTPUT. Writes a header with the sizes of the objects
# in OBJECT, or, where there is no OBJECT, with a remark that they are missing; and likewise with
# the flash that FORTH_FLASH and FORTH_FLASH_SMALL take, which SIZE says.
set(names TASK TASK_HEADER KERNEL WHEEL FORTH)
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
if(FORTH_FLASH)
    string(APPEND text "#define BENCH_RV32_FLASH_MISSING NULL\n")
else()
    string(APPEND text
        "#define BENCH_RV32_FLASH_MISSING \"built without riscv64-unknown-elf-gcc and picolibc\"\n")
endif()
foreach(name FORTH_FLASH FORTH_FLASH_SMALL)
    set(size 0)
    if(FORTH_FLASH)
        execute_process(COMMAND "${SIZE}" "${${name}}"
            OUTPUT_VARIABLE sizes COMMAND_ERROR_IS_FATAL ANY)
        if(NOT sizes MATCHES "\n *([0-9]+)[ \t]+([0-9]+)[ \t]")
            message(FATAL_ERROR "${SIZE} says of ${${name}}:\n${sizes}")
        endif()
        math(EXPR size "${CMAKE_MATCH_1} + ${CMAKE_MATCH_2}")
    endif()
    string(APPEND text "#define BENCH_RV32_${name} ${size}\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
