# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Functions that define the library and the programs that use it.
#
#   mnemos_module(NAME [source…] [KERNEL source…])
#       Adds the sources of one module to the library. For sermux, trace and forth the sources
#       before KERNEL are the part that needs nothing but base, and also make up the library
#       mnemos::NAME, for host tools; those after KERNEL need the kernel. A module that has no
#       sources yet is fine.
#   mnemos_host_program(NAME source…)
#       A program for this computer, in <build>/bin, with POSIX and our warnings. Not linked with
#       anything yet: use target_link_libraries(NAME PRIVATE mnemos::mnemos) or one of the parts.
#   mnemos_strict(TARGET)
#       Our language standard and warnings for any other target that holds our code.

include_guard(GLOBAL)

set(MNEMOS_SOURCE_ROOT "${PROJECT_SOURCE_DIR}")
set(MNEMOS_BIN_DIR "${PROJECT_BINARY_DIR}/bin")
set(MNEMOS_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion)

# What every user of the headers needs: where they are, and the options the library was built with.
add_library(mnemos_api INTERFACE)
target_include_directories(mnemos_api INTERFACE
    $<BUILD_INTERFACE:${MNEMOS_SOURCE_ROOT}/include>
    $<INSTALL_INTERFACE:include>)
target_compile_features(mnemos_api INTERFACE c_std_11)
target_compile_definitions(mnemos_api INTERFACE ${MNEMOS_CFG})

function(mnemos_strict target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_compile_options(${target} PRIVATE
        ${MNEMOS_WARNINGS} $<$<BOOL:${MNEMOS_WERROR}>:-Werror>)
endfunction()

# One OBJECT library, so that each file is compiled once however many libraries it is part of.
function(mnemos__objects target)
    add_library(${target} OBJECT ${ARGN})
    target_link_libraries(${target} PUBLIC mnemos_api)
    # Inside the library a header shared by modules is included as "module/header.h".
    target_include_directories(${target} PRIVATE "${MNEMOS_SOURCE_ROOT}/libmnemos")
    mnemos_strict(${target})
    # Unused functions and data cost an image nothing.
    target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections)
endfunction()

function(mnemos_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "KERNEL")
    foreach(part IN ITEMS UNPARSED_ARGUMENTS KERNEL)
        set(sources ${arg_${part}})
        if(NOT sources)
            continue()
        endif()
        set(target mnemos_objects_${name})
        if(part STREQUAL "KERNEL")
            string(APPEND target _kernel)
        else()
            set_property(GLOBAL APPEND PROPERTY MNEMOS_PARTS ${name})
        endif()
        mnemos__objects(${target} ${sources})
        set_property(GLOBAL APPEND PROPERTY MNEMOS_OBJECTS ${target})
    endforeach()
endfunction()

function(mnemos__static name objects)
    set(sources ${objects})
    list(TRANSFORM sources PREPEND "$<TARGET_OBJECTS:")
    list(TRANSFORM sources APPEND ">")
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC mnemos_api)
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
endfunction()

# Called once after all modules: puts the libraries together.
function(mnemos_finish_library)
    get_property(objects GLOBAL PROPERTY MNEMOS_OBJECTS)
    get_property(parts GLOBAL PROPERTY MNEMOS_PARTS)
    mnemos__static(mnemos "${objects}")
    add_library(mnemos::mnemos ALIAS mnemos)
    foreach(part IN ITEMS sermux trace forth)
        if(part IN_LIST parts)
            mnemos__static(mnemos_${part} "mnemos_objects_base;mnemos_objects_${part}")
            add_library(mnemos::${part} ALIAS mnemos_${part})
        endif()
    endforeach()
endfunction()

function(mnemos_host_program name)
    add_executable(${name} ${ARGN})
    mnemos_strict(${name})
    target_compile_definitions(${name} PRIVATE
        _POSIX_C_SOURCE=200809L _XOPEN_SOURCE=700 _DEFAULT_SOURCE)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${MNEMOS_BIN_DIR}")
endfunction()

function(mnemos_add_optional_subdirectory folder option)
    if(${option} AND EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
        add_subdirectory(${folder})
    endif()
endfunction()
