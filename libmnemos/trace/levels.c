// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/trace_message.h>
#include <string.h>

static bool begins_with(const char *text, const char *prefix, size_t len) {
    return strncmp(text, prefix, len) == 0;
}

uint8_t mn_trace_level_of(const mn_trace_levels_t *levels, const char *target) {
    uint8_t level = levels->level;
    size_t longest = 0;
    for (unsigned i = 0; i < levels->count && i < MN_TRACE_RULES_MAX; i++) {
        const mn_trace_rule_t *rule = &levels->rules[i];
        const size_t len = strlen(rule->prefix);
        if (len > longest && begins_with(target, rule->prefix, len)) {
            longest = len;
            level = rule->level;
        }
    }
    return level;
}

uint8_t mn_trace_level_max(const mn_trace_levels_t *levels) {
    uint8_t most = levels->level;
    for (unsigned i = 0; i < levels->count; i++) {
        most = (levels->rules[i].level > most) ? levels->rules[i].level : most;
    }
    return most;
}

static unsigned find(const mn_trace_levels_t *levels, const char *prefix) {
    unsigned i = 0;
    while (i < levels->count && strcmp(levels->rules[i].prefix, prefix) != 0) {
        i++;
    }
    return i;
}

mn_status_t mn_trace_levels_set(mn_trace_levels_t *levels, const char *prefix, uint8_t level) {
    const size_t len = strlen(prefix);
    if (level > MN_TRACE_TRACE || len > MN_TRACE_PREFIX_MAX) {
        return MN_EINVAL;
    }
    if (len == 0) {
        levels->level = level;
        return MN_OK;
    }
    const unsigned at = find(levels, prefix);
    if (at == MN_TRACE_RULES_MAX) {
        return MN_EFULL;
    }
    levels->rules[at].level = level;
    if (at == levels->count) {
        memcpy(levels->rules[at].prefix, prefix, len + 1);
        levels->count++;
    }
    return MN_OK;
}

mn_status_t mn_trace_levels_remove(mn_trace_levels_t *levels, const char *prefix) {
    const unsigned at = find(levels, prefix);
    if (at == levels->count) {
        return MN_ENOTFOUND;
    }
    levels->count--;
    levels->rules[at] = levels->rules[levels->count];
    return MN_OK;
}
