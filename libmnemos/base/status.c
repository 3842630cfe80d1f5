// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/status.h>

const char *mn_status_name(mn_status_t status) {
    switch (status) {
#define NAME_CASE(name, value, text) \
    case name:                       \
        return #name;
        MN_STATUS_LIST(NAME_CASE)
#undef NAME_CASE
    }
    return "MN_E?";
}

const char *mn_status_text(mn_status_t status) {
    switch (status) {
#define TEXT_CASE(name, value, text) \
    case name:                       \
        return text;
        MN_STATUS_LIST(TEXT_CASE)
#undef TEXT_CASE
    }
    return "unknown status";
}
