# Copyright (c) 2026 The libmnemos authors
# SPDX-License-Identifier: MIT OR Apache-2.0

# The CBOR library. mnemos_require_cbor() defines the target mnemos::cbor, a static library built
# from the source of libcbor for whatever machine this build is for; calling it again does nothing.
#
# Its source comes from the first of these that has it:
#   1. MNEMOS_LIBCBOR_SOURCE_DIR, an unpacked source tree;
#   2. the user's cache, ${XDG_CACHE_HOME:-~/.cache}/mnemos, filled by an earlier build;
#   3. upstream's release, MNEMOS_LIBCBOR_URL;
#   4. Debian's source pool, through whatever mirror apt is set up with.
# The archives of 3 and 4 are the same file, and its checksum is known.

include_guard(GLOBAL)

set(MNEMOS_LIBCBOR_VERSION 0.10.2)
set(MNEMOS_LIBCBOR_SHA256 e75f712215d7b7e5c89ef322a09b701f7159f028b8b48978865725f00f79875b)
set(MNEMOS_LIBCBOR_SOURCE_DIR "" CACHE PATH
    "Unpacked source of libcbor ${MNEMOS_LIBCBOR_VERSION}; empty to download it")
set(MNEMOS_LIBCBOR_URL
    "https://github.com/PJK/libcbor/archive/refs/tags/v${MNEMOS_LIBCBOR_VERSION}.tar.gz"
    CACHE STRING "Where upstream's release of libcbor is downloaded from")
mark_as_advanced(MNEMOS_LIBCBOR_URL)

function(mnemos__cbor_archive_is_good archive out)
    set(${out} FALSE PARENT_SCOPE)
    if(EXISTS "${archive}")
        file(SHA256 "${archive}" sum)
        if(sum STREQUAL MNEMOS_LIBCBOR_SHA256)
            set(${out} TRUE PARENT_SCOPE)
        endif()
    endif()
endfunction()

# Upstream. Short limits: a machine that cannot reach it must get to the next place soon.
function(mnemos__cbor_from_upstream archive out)
    file(DOWNLOAD "${MNEMOS_LIBCBOR_URL}" "${archive}" STATUS status
        TIMEOUT 20 INACTIVITY_TIMEOUT 5 TLS_VERIFY ON)
    list(GET status 1 text)
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# The roots of apt's mirrors, for example of http://…/debian/dists/bookworm/InRelease. The second
# command knows them also before the first `apt-get update`.
function(mnemos__apt_mirrors out)
    set(mirrors)
    execute_process(COMMAND apt-get indextargets --format "$(REPO_URI)"
        OUTPUT_VARIABLE listed ERROR_QUIET)
    execute_process(COMMAND apt-get --print-uris update OUTPUT_VARIABLE uris ERROR_QUIET)
    string(REGEX MATCHALL "[^\n]+" mirrors "${listed}")
    string(REGEX MATCHALL "'[^'\n]+/dists/" roots "${uris}")
    foreach(root IN LISTS roots)
        string(REGEX REPLACE "^'(.*/)dists/$" "\\1" root "${root}")
        list(APPEND mirrors "${root}")
    endforeach()
    list(REMOVE_DUPLICATES mirrors)
    set(${out} "${mirrors}" PARENT_SCOPE)
endfunction()

# Debian. apt's own downloader knows its proxies, certificates and kinds of address.
function(mnemos__cbor_from_apt archive out)
    find_program(MNEMOS_APT_HELPER apt-helper PATHS /usr/lib/apt NO_CACHE)
    if(NOT MNEMOS_APT_HELPER)
        set(${out} "apt is not installed" PARENT_SCOPE)
        return()
    endif()
    mnemos__apt_mirrors(mirrors)
    set(pool "pool/main/libc/libcbor/libcbor_${MNEMOS_LIBCBOR_VERSION}.orig.tar.gz")
    set(text "apt has no mirrors in its configuration")
    foreach(mirror IN LISTS mirrors)
        string(REGEX REPLACE "/$" "" mirror "${mirror}")
        set(uri "${mirror}/${pool}")
        execute_process(
            COMMAND "${MNEMOS_APT_HELPER}" -o Acquire::http::Timeout=15 -o
                Acquire::https::Timeout=15 -o Acquire::Retries=1 -o APT::Sandbox::User=root
                download-file "${uri}" "${archive}" "SHA256:${MNEMOS_LIBCBOR_SHA256}"
            RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output TIMEOUT 120)
        if(result EQUAL 0)
            break()
        endif()
        string(REGEX MATCHALL "E: [^\n]*" text "${output}")
        list(JOIN text "; " text)
    endforeach()
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# The user's cache folder, or "" where there is none that can be written.
function(mnemos__cache_folder out)
    set(folder "")
    if(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(folder "$ENV{XDG_CACHE_HOME}/mnemos")
    elseif(NOT "$ENV{HOME}" STREQUAL "")
        set(folder "$ENV{HOME}/.cache/mnemos")
    endif()
    if(folder)
        execute_process(COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}"
            RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
        if(NOT result EQUAL 0)
            set(folder "")
        endif()
    endif()
    set(${out} "${folder}" PARENT_SCOPE)
endfunction()

# Get the archive to `archive`, from the cache or from outside.
function(mnemos__cbor_get_archive archive)
    mnemos__cbor_archive_is_good("${archive}" good)
    if(good)
        return()
    endif()
    mnemos__cache_folder(cache)
    set(cached "${cache}/libcbor-${MNEMOS_LIBCBOR_VERSION}.tar.gz")
    mnemos__cbor_archive_is_good("${cached}" good)
    if(good)
        configure_file("${cached}" "${archive}" COPYONLY)
        return()
    endif()

    set(tried "")
    foreach(place IN ITEMS upstream apt)
        file(REMOVE "${archive}")
        message(STATUS "libcbor: downloading ${MNEMOS_LIBCBOR_VERSION} from ${place}")
        if(place STREQUAL "upstream")
            mnemos__cbor_from_upstream("${archive}" text)
            set(name "upstream's release, ${MNEMOS_LIBCBOR_URL}")
        else()
            mnemos__cbor_from_apt("${archive}" text)
            set(name "Debian's source pool, through apt's mirrors")
        endif()
        mnemos__cbor_archive_is_good("${archive}" good)
        if(good)
            break()
        endif()
        if(text STREQUAL "\"No error\"")
            set(text "what was downloaded has another checksum")
        endif()
        message(STATUS "libcbor: not from ${place}: ${text}")
        string(APPEND tried "  - ${name}\n      ${text}\n")
    endforeach()
    if(NOT good)
        file(REMOVE "${archive}")
        message(FATAL_ERROR "The source of libcbor ${MNEMOS_LIBCBOR_VERSION} is not to be had. "
            "Tried:\n${tried}"
            "Download it on a computer that can, unpack it, and configure with "
            "-DMNEMOS_LIBCBOR_SOURCE_DIR=/path/to/libcbor-${MNEMOS_LIBCBOR_VERSION}")
    endif()
    if(cache)
        # Renamed into place, so that a build beside this one never sees half of it.
        string(RANDOM suffix)
        execute_process(COMMAND "${CMAKE_COMMAND}" -E copy "${archive}" "${cached}.${suffix}"
            RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
        if(result EQUAL 0)
            file(RENAME "${cached}.${suffix}" "${cached}" RESULT ignored)
        endif()
    endif()
endfunction()

function(mnemos__cbor_source out)
    if(MNEMOS_LIBCBOR_SOURCE_DIR)
        set(source "${MNEMOS_LIBCBOR_SOURCE_DIR}")
        if(NOT EXISTS "${source}/src/cbor/configuration.h.in")
            message(FATAL_ERROR "MNEMOS_LIBCBOR_SOURCE_DIR is ${source}, but there is no "
                "src/cbor/configuration.h.in in it. It must be the folder of an unpacked "
                "libcbor ${MNEMOS_LIBCBOR_VERSION}.")
        endif()
        file(STRINGS "${source}/CMakeLists.txt" parts REGEX "SET\\(CBOR_VERSION_[A-Z]+ \"[0-9]+\"\\)")
        list(TRANSFORM parts REPLACE "[^0-9]" "")
        list(JOIN parts "." version)
        if(NOT version VERSION_EQUAL MNEMOS_LIBCBOR_VERSION)
            message(FATAL_ERROR "MNEMOS_LIBCBOR_SOURCE_DIR is ${source}, which holds libcbor "
                "${version}; libmnemos is made for ${MNEMOS_LIBCBOR_VERSION}.")
        endif()
    else()
        set(deps "${PROJECT_BINARY_DIR}/_deps")
        set(source "${deps}/libcbor-${MNEMOS_LIBCBOR_VERSION}")
        if(NOT EXISTS "${source}")
            file(MAKE_DIRECTORY "${deps}")
            set(archive "${deps}/libcbor-${MNEMOS_LIBCBOR_VERSION}.tar.gz")
            mnemos__cbor_get_archive("${archive}")
            file(REMOVE_RECURSE "${deps}/unpack")
            file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${deps}/unpack")
            file(RENAME "${deps}/unpack/libcbor-${MNEMOS_LIBCBOR_VERSION}" "${source}")
        endif()
    endif()
    set(${out} "${source}" PARENT_SCOPE)
endfunction()

# Built with our own rules, because upstream's set the flags of every other target, add sanitizers
# and link-time optimisation of their own, and install themselves. The options are upstream's with
# tests, examples and the pretty printer off.
function(mnemos_require_cbor)
    if(TARGET mnemos_cbor)
        return()
    endif()
    mnemos__cbor_source(source)
    set(generated "${PROJECT_BINARY_DIR}/_deps/libcbor-generated")

    string(REGEX MATCH "^([0-9]+)\\.([0-9]+)\\.([0-9]+)$" ignored ${MNEMOS_LIBCBOR_VERSION})
    set(CBOR_VERSION_MAJOR ${CMAKE_MATCH_1})
    set(CBOR_VERSION_MINOR ${CMAKE_MATCH_2})
    set(CBOR_VERSION_PATCH ${CMAKE_MATCH_3})
    set(CBOR_BUFFER_GROWTH 2)
    set(CBOR_MAX_STACK_SIZE 2048)
    set(CBOR_PRETTY_PRINTER OFF)
    set(CBOR_RESTRICT_SPECIFIER restrict)
    set(CBOR_INLINE_SPECIFIER)
    configure_file("${source}/src/cbor/configuration.h.in" "${generated}/cbor/configuration.h")
    # What a static library exports needs no mark.
    file(CONFIGURE OUTPUT "${generated}/cbor/cbor_export.h" @ONLY
        CONTENT "#ifndef CBOR_EXPORT\n#define CBOR_EXPORT\n#endif\n")

    file(GLOB_RECURSE sources "${source}/src/*.c")
    add_library(mnemos_cbor STATIC ${sources})
    add_library(mnemos::cbor ALIAS mnemos_cbor)
    set_target_properties(mnemos_cbor PROPERTIES
        OUTPUT_NAME cbor C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_include_directories(mnemos_cbor SYSTEM PUBLIC "${source}/src" "${generated}")
    # Unused parts cost an image nothing. Its warnings are upstream's, whatever the user's flags.
    target_compile_options(mnemos_cbor PRIVATE -ffunction-sections -fdata-sections -w)
    target_compile_definitions(mnemos_cbor PRIVATE
        $<$<NOT:$<VERSION_LESS:${CMAKE_SIZEOF_VOID_P},8>>:EIGHT_BYTE_SIZE_T>
        $<$<STREQUAL:${CMAKE_C_BYTE_ORDER},BIG_ENDIAN>:IS_BIG_ENDIAN>)
    target_link_libraries(mnemos_cbor PUBLIC m)
endfunction()
