# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Functions that define tests.
#
#   mnemos_unit_test(FILE [library…]) a cmocka program from one test_*.c, 60 s limit; files of test
#                                     vectors are in the folder MNEMOS_TEST_DIR, a string
#   mnemos_thread_test(FILE)          the same program again, with the thread sanitizer, unless the
#                                     build has another sanitizer
#   mnemos_must_not_compile(NAME FILE REGEX)
#                                     passes only if the compiler rejects FILE and says REGEX
#   mnemos_system_test(NAME FILE.py)  runs a script that drives the built programs
#   mnemos_output_test(PROGRAM FILE)  passes if PROGRAM succeeds and prints exactly what FILE contains
#   mnemos_fuzzer(NAME)               builds tests/fuzz/fuzz_NAME.c, and runs it for a bounded time

include_guard(GLOBAL)

set(MNEMOS_FUZZ_SECONDS 15 CACHE STRING "How long each fuzzer runs as a test")

function(mnemos_unit_test file)
    get_filename_component(name "${file}" NAME_WE)
    add_executable(${name} "${file}")
    mnemos_strict(${name})
    target_compile_definitions(${name} PRIVATE
        _POSIX_C_SOURCE=200809L _XOPEN_SOURCE=700 _DEFAULT_SOURCE
        "MNEMOS_TEST_DIR=\"${CMAKE_CURRENT_SOURCE_DIR}\"")
    # Unit tests may look inside the library.
    target_include_directories(${name} PRIVATE "${MNEMOS_SOURCE_ROOT}/libmnemos")
    target_link_libraries(${name} PRIVATE mnemos::mnemos mnemos_test_support PkgConfig::CMOCKA ${ARGN})
    add_test(NAME unit.${name} COMMAND ${name})
    set_tests_properties(unit.${name} PROPERTIES TIMEOUT 60 LABELS unit)
endfunction()

# The lowest modules are compiled again for it, so that the sanitizer sees what they do.
function(mnemos_thread_test file)
    if("${CMAKE_C_FLAGS}" MATCHES "-fsanitize")
        return()
    endif()
    set(sources)
    foreach(module IN ITEMS base kernel comms)
        get_target_property(files mnemos_objects_${module} SOURCES)
        list(TRANSFORM files PREPEND "${MNEMOS_SOURCE_ROOT}/libmnemos/${module}/")
        list(APPEND sources ${files})
    endforeach()
    get_filename_component(name "${file}" NAME_WE)
    set(target ${name}_tsan)
    add_executable(${target} "${file}" ${sources})
    mnemos_strict(${target})
    target_compile_definitions(${target} PRIVATE
        _POSIX_C_SOURCE=200809L _XOPEN_SOURCE=700 _DEFAULT_SOURCE)
    target_include_directories(${target} PRIVATE "${MNEMOS_SOURCE_ROOT}/libmnemos")
    target_compile_options(${target} PRIVATE -fsanitize=thread)
    target_link_options(${target} PRIVATE -fsanitize=thread)
    target_link_libraries(${target} PRIVATE mnemos::mnemos mnemos_test_support PkgConfig::CMOCKA)
    # The sanitizer's place for its records is taken where addresses are very random, so the program
    # is run without that, if that is permitted here.
    set(launcher setarch --addr-no-randomize)
    execute_process(COMMAND ${launcher} true RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
    if(NOT result EQUAL 0)
        set(launcher)
    endif()
    add_test(NAME unit.${target} COMMAND ${launcher} $<TARGET_FILE:${target}>)
    set_tests_properties(unit.${target} PROPERTIES TIMEOUT 60 LABELS unit)
endfunction()

function(mnemos_must_not_compile name file regex)
    set(definitions ${MNEMOS_CFG})
    list(TRANSFORM definitions PREPEND -D)
    add_test(NAME must_not_compile.${name}
        COMMAND ${CMAKE_COMMAND}
            "-DCOMPILER=${CMAKE_C_COMPILER}"
            "-DFLAGS=-std=c11;${MNEMOS_WARNINGS};-Werror;${definitions}"
            "-DINCLUDE=${MNEMOS_SOURCE_ROOT}/include"
            "-DFILE=${file}"
            "-DREGEX=${regex}"
            -P "${MNEMOS_SOURCE_ROOT}/cmake/must_not_compile.cmake")
    set_tests_properties(must_not_compile.${name} PROPERTIES TIMEOUT 60 LABELS unit)
endfunction()

function(mnemos_system_test name file)
    if(NOT MNEMOS_BUILD_BSP OR NOT MNEMOS_BUILD_EXAMPLES)
        return()
    endif()
    # Debian's modules belong to this interpreter; another one earlier in PATH may not see them.
    add_test(NAME system.${name} COMMAND /usr/bin/python3 -B "${file}")
    set_tests_properties(system.${name} PROPERTIES TIMEOUT 120 LABELS system
        ENVIRONMENT "MNEMOS_BIN=${MNEMOS_BIN_DIR};PYTHONDONTWRITEBYTECODE=1")
endfunction()

function(mnemos_output_test program expected)
    add_test(NAME example.${program}
        COMMAND ${CMAKE_COMMAND} "-DPROGRAM=$<TARGET_FILE:${program}>" "-DEXPECTED=${expected}"
            -P "${MNEMOS_SOURCE_ROOT}/cmake/output_test.cmake")
    set_tests_properties(example.${program} PROPERTIES TIMEOUT 60 LABELS example)
endfunction()

function(mnemos_fuzzer name)
    add_executable(fuzz_${name} "${MNEMOS_SOURCE_ROOT}/tests/fuzz/fuzz_${name}.c")
    mnemos_strict(fuzz_${name})
    target_include_directories(fuzz_${name} PRIVATE "${MNEMOS_SOURCE_ROOT}/libmnemos")
    target_link_libraries(fuzz_${name} PRIVATE mnemos::mnemos mnemos_test_support)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    set(work "${CMAKE_CURRENT_BINARY_DIR}/${name}")
    file(MAKE_DIRECTORY "${work}/found" "${work}/failed")
    set(corpus "${MNEMOS_SOURCE_ROOT}/tests/fuzz/corpus/${name}")
    if(NOT EXISTS "${corpus}")
        message(FATAL_ERROR "fuzz_${name}.c has no corpus: add at least one file to ${corpus}")
    endif()
    math(EXPR limit "${MNEMOS_FUZZ_SECONDS} + 60")
    # libFuzzer writes what it finds to the first folder, so the committed corpus stays as it is.
    add_test(NAME fuzz.${name} COMMAND fuzz_${name} -max_total_time=${MNEMOS_FUZZ_SECONDS}
        -timeout=10 -rss_limit_mb=2048 "-artifact_prefix=${work}/failed/" -print_final_stats=1
        "${work}/found" "${corpus}")
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT ${limit} LABELS fuzz)
endfunction()
