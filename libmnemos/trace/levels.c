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

// ---------------------------------------------------------------------------------------------
// As people write them

static char lower(char c) {
    return (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
}

static bool is_name(const char *text, size_t len, const char *name) {
    size_t i = 0;
    while (i < len && name[i] != '\0' && lower(text[i]) == name[i]) {
        i++;
    }
    return i == len && name[i] == '\0';
}

static bool read_level(const char *text, size_t len, uint8_t *level) {
    if (len == 1 && text[0] >= '0' && text[0] <= '5') {
        *level = (uint8_t)(text[0] - '0');
        return true;
    }
    for (*level = MN_TRACE_OFF; *level <= MN_TRACE_TRACE; (*level)++) {
        if (is_name(text, len, mn_trace_level_name(*level))) {
            return true;
        }
    }
    return false;
}

static mn_status_t read_part(const char *text, size_t len, mn_trace_levels_t *levels) {
    char prefix[MN_TRACE_PREFIX_MAX + 1] = "";
    uint8_t level = MN_TRACE_TRACE;
    const char *equals = memchr(text, '=', len);
    if (equals == NULL && read_level(text, len, &level)) {
        return mn_trace_levels_set(levels, "", level);
    }
    const size_t name = (equals == NULL) ? len : (size_t)(equals - text);
    if (equals == NULL) {
        level = MN_TRACE_TRACE;
    } else if (!read_level(equals + 1, len - name - 1, &level)) {
        return MN_EINVAL;
    }
    if (name == 0 || name > MN_TRACE_PREFIX_MAX) {
        return MN_EINVAL;
    }
    memcpy(prefix, text, name);
    return mn_trace_levels_set(levels, prefix, level);
}

mn_status_t mn_trace_levels_read(const char *text, mn_trace_levels_t *levels) {
    mn_trace_levels_t found = {0};
    for (;;) {
        const size_t len = strcspn(text, ",");
        const mn_status_t status = read_part(text, len, &found);
        if (status != MN_OK) {
            return status;
        }
        if (text[len] == '\0') {
            *levels = found;
            return MN_OK;
        }
        text += len + 1;
    }
}
