// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The dictionary: headers, search, cutting it back.

#include "vm.h"

#include <string.h>

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static uint32_t bucket_of(const mn_forth_t *vm, uint8_t list, const char *name, uint32_t len) {
    uint32_t hash = 2166136261u ^ list;
    for (uint32_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)lower(name[i])) * 16777619u;
    }
    return (hash ^ hash >> 15) & (vm->config.buckets - 1u);
}

static bool same_name(const uint16_t *header, const char *name, uint32_t len) {
    const uint16_t *unit = header + HEADER_UNITS;
    if (mn__forth_name_len(header) != len) {
        return false;
    }
    for (uint32_t i = 0; i < len; i++) {
        char c = (char)((i & 1u) != 0 ? unit[i / 2] >> 8 : unit[i / 2] & 0xFF);
        if (lower(c) != lower(name[i])) {
            return false;
        }
    }
    return true;
}

// What a synonym stands for: its body begins with the token.
static found_t original(const mn_forth_t *vm, uint32_t xt) {
    found_t found = {0, 0};
    found.xt = mn__forth_u32(mn__forth_unit(vm, mn__forth_body(vm, xt)) + 1);
    const mn_forth_word_t *word = mn__forth_builtin(vm, found.xt);
    if (word != NULL) {
        found.flags = word->flags & 3u;
    } else {
        uint32_t at = mn__forth_word_at(vm, found.xt & ~XT_TAG_MASK);
        found.flags = mn__forth_flags(mn__forth_unit(vm, at));
    }
    return found;
}

static found_t find_user(mn_forth_t *vm, uint8_t list, const char *name, uint32_t len) {
    found_t found = {0, 0};
    uint32_t next = vm->bucket[bucket_of(vm, list, name, len)];
    uint32_t steps = 0;
    while (next != 0) {
        const uint16_t *header = mn__forth_unit(vm, mn__forth_word_at(vm, next - 1u));
        uint32_t flags = mn__forth_flags(header);
        if ((header[3] & 0xFFu) == list && (flags & WORD_HIDDEN) == 0 &&
            same_name(header, name, len)) {
            found.xt = XT_WORD | (next - 1u);
            found.flags = flags;
            return mn__forth_kind(header) == KIND_SYNONYM ? original(vm, found.xt) : found;
        }
        next = mn__forth_u32(header);
        steps++;
    }
    mn__forth_charge(vm, steps);
    return found;
}

static bool same_builtin(const mn_forth_word_t *word, const char *name, uint32_t len) {
    if (word->len != len || word->name[0] != lower(name[0])) {
        return false;
    }
    for (uint32_t i = 1; i < len; i++) {
        if (word->name[i] != lower(name[i])) {
            return false;
        }
    }
    return true;
}

found_t mn__forth_find_builtin(const mn_forth_t *vm, uint8_t list, const char *name, uint32_t len) {
    found_t found = {0, 0};
    for (uint32_t s = vm->set_count; s-- > 0;) {
        const mn_forth_words_t *set = mn__forth_set(vm, s);
        for (uint32_t i = 0; set->wordlist == list && i < set->count; i++) {
            if (same_builtin(&set->words[i], name, len)) {
                found.xt = XT_BUILTIN | s << SET_SHIFT | i;
                found.flags = set->words[i].flags & 3u;
                return found;
            }
        }
    }
    return found;
}

found_t mn__forth_find_in(mn_forth_t *vm, uint8_t list, const char *name, uint32_t len) {
    found_t found = {0, 0};
    if (len == 0) {
        return found;
    }
    found = find_user(vm, list, name, len);
    return found.xt != 0 ? found : mn__forth_find_builtin(vm, list, name, len);
}

found_t mn__forth_find(mn_forth_t *vm, const char *name, uint32_t len) {
    found_t found = {0, 0};
    for (uint32_t i = vm->order_count; i-- > 0 && found.xt == 0;) {
        found = mn__forth_find_in(vm, vm->order[i], name, len);
    }
    return found;
}

// What a name stands for.
found_t mn__forth_meaning(const mn_forth_t *vm, uint32_t nt) {
    const mn_forth_word_t *word = mn__forth_builtin(vm, nt);
    if (word != NULL) {
        return (found_t){nt, word->flags & 3u};
    }
    const uint16_t *header = mn__forth_unit(vm, mn__forth_word_at(vm, nt & ~XT_TAG_MASK));
    bool synonym = mn__forth_kind(header) == KIND_SYNONYM;
    return synonym ? original(vm, nt) : (found_t){nt, mn__forth_flags(header)};
}

static bool listed(const mn_forth_t *vm, uint32_t number, uint8_t list) {
    const uint16_t *header = mn__forth_unit(vm, mn__forth_word_at(vm, number));
    return (header[3] & 0xFFu) == list && (mn__forth_flags(header) & WORD_HIDDEN) == 0 &&
           mn__forth_name_len(header) != 0;
}

// The names of a word list: the user's from the newest on, then the built-in ones. The cursor is
// the token of the word that was given last, XT_WORD plus the number of words at first; 0 is
// returned at the end. Words may have been defined or forgotten since.
uint32_t mn__forth_next_name(mn_forth_t *vm, uint8_t list, uint32_t *cursor) {
    if ((*cursor & XT_TAG_MASK) == XT_WORD) {
        uint32_t number = *cursor & ~XT_TAG_MASK;
        number = number < vm->seg.words ? number : vm->seg.words;
        while (number-- > 0) {
            vm->budget--;
            if (listed(vm, number, list)) {
                *cursor = XT_WORD | number;
                return *cursor;
            }
        }
        *cursor = XT_BUILTIN - 1u;
    }
    uint32_t next = *cursor + 1u;
    for (uint32_t set = (next & ~XT_TAG_MASK) >> SET_SHIFT; set < vm->set_count; set++) {
        uint32_t index = next & SET_INDEX_MASK;
        const mn_forth_words_t *words = mn__forth_set(vm, set);
        for (; words->wordlist == list && index < words->count; index++) {
            const mn_forth_word_t *word = &words->words[index];
            if (word->len == 1 || (word->len > 1 && word->name[0] != '(')) { // not internal
                *cursor = XT_BUILTIN | set << SET_SHIFT | index;
                return *cursor;
            }
        }
        next = 0;
    }
    return 0;
}

const mn_forth_word_t *mn__forth_builtin(const mn_forth_t *vm, uint32_t xt) {
    uint32_t set = (xt & ~XT_TAG_MASK) >> SET_SHIFT;
    if ((xt & XT_TAG_MASK) != XT_BUILTIN || set >= vm->set_count ||
        (xt & SET_INDEX_MASK) >= mn__forth_set(vm, set)->count) {
        return NULL;
    }
    return &mn__forth_set(vm, set)->words[xt & SET_INDEX_MASK];
}

bool mn__forth_is_word(const mn_forth_t *vm, uint32_t xt) {
    return (xt & XT_TAG_MASK) == XT_WORD && (xt & ~XT_TAG_MASK) < vm->seg.words;
}

uint32_t mn__forth_body(const mn_forth_t *vm, uint32_t xt) {
    if (!mn__forth_is_word(vm, xt)) {
        return 0;
    }
    uint32_t at = mn__forth_word_at(vm, xt & ~XT_TAG_MASK);
    const uint16_t *header = mn__forth_unit(vm, at);
    if ((mn__forth_flags(header) & WORD_SMUDGED) != 0) {
        return 0;
    }
    return mn__forth_code(at, header);
}

// Copies the name of a word to out, which has room for NAME_MAX_LEN bytes.
uint32_t mn__forth_name(const mn_forth_t *vm, uint32_t xt, char *out) {
    if (!mn__forth_is_word(vm, xt)) {
        const mn_forth_word_t *word = mn__forth_builtin(vm, xt);
        if (word == NULL) {
            return 0;
        }
        memcpy(out, word->name, word->len);
        return word->len;
    }
    const uint16_t *header = mn__forth_unit(vm, mn__forth_word_at(vm, xt & ~XT_TAG_MASK));
    uint32_t len = mn__forth_name_len(header);
    for (uint32_t i = 0; i < len; i++) {
        uint16_t unit = header[HEADER_UNITS + i / 2];
        out[i] = (char)((i & 1u) != 0 ? unit >> 8 : unit & 0xFF);
    }
    return len;
}

// The word whose code contains a code address: header positions ascend with the number.
uint32_t mn__forth_word_of_code(const mn_forth_t *vm, uint32_t index, uint32_t *number) {
    uint32_t low = 0;
    uint32_t high = vm->seg.words;
    if (index < STUB_COUNT || high == 0 || index < mn__forth_word_at(vm, 0)) {
        return 0;
    }
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (mn__forth_word_at(vm, middle) <= index) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *number = low;
    return XT_WORD | low;
}

// Units between the code and the table, leaving room for the table entry of the next word.
uint32_t mn__forth_free_units(const mn_forth_t *vm) {
    const segment_t *seg = &vm->seg;
    uint32_t table_units = (seg->words - seg->word_base) * 2u;
    uint32_t locals_units = vm->def.locals_names;
    return seg->limit - seg->here - table_units - locals_units;
}

// Appends a header. Its word cannot be found before its definition is complete if it is a colon
// definition; others are complete at once, the caller appends their code.
int mn__forth_header(mn_forth_t *vm, const char *name, uint32_t len, kind_t kind) {
    segment_t *seg = &vm->seg;
    uint32_t units = HEADER_UNITS + (len + 1u) / 2u;
    uint32_t at = seg->here;
    if (vm->def.number != 0) {
        return THROW_NESTING;
    }
    if (len > NAME_MAX_LEN) {
        return THROW_NAME_LONG;
    }
    if (mn__forth_free_units(vm) < units + 2u + 8u) { // table entry, and the shortest body
        return THROW_DICT_FULL;
    }
    uint16_t *header = mn__forth_unit(vm, at);
    uint32_t *head = &vm->bucket[bucket_of(vm, vm->current, name, len)];
    uint32_t link = len != 0 ? *head : 0;
    header[0] = (uint16_t)link;
    header[1] = (uint16_t)(link >> 16);
    header[2] = (uint16_t)len;
    header[3] = (uint16_t)(vm->current | (unsigned)kind << 8);
    for (uint32_t i = 0; i < len; i += 2) {
        uint32_t high = i + 1 < len ? (uint8_t)name[i + 1] : 0u;
        header[HEADER_UNITS + i / 2] = (uint16_t)((uint8_t)name[i] | high << 8);
    }
    *(seg->table - 1 - (seg->words - seg->word_base)) = at;
    seg->words++;
    seg->here = at + units;
    if (len != 0) {
        *head = seg->words;
        vm->latest = seg->words;
    }
    vm->def.last = 0;
    return FN_OK;
}

int mn__forth_header_parsed(mn_forth_t *vm, kind_t kind) {
    char name[NAME_MAX_LEN];
    uint32_t len;
    int status = mn__forth_parse_word(vm, name, &len);
    if (status != FN_OK) {
        return status;
    }
    return len == 0 ? THROW_NO_NAME : mn__forth_header(vm, name, len, kind);
}

// Created words that survive must not refer to code that does not.
static void drop_does(mn_forth_t *vm, uint32_t from) {
    for (uint32_t n = vm->seg.word_base; n < vm->seg.words; n++) {
        uint32_t at = mn__forth_word_at(vm, n);
        uint16_t *header = mn__forth_unit(vm, at);
        if (mn__forth_kind(header) == KIND_CREATE) {
            uint16_t *body = mn__forth_unit(vm, mn__forth_code(at, header));
            if (mn__forth_u32(body + 3) >= from) {
                body[3] = 0;
                body[4] = 0;
            }
        }
    }
}

// Forgets word `number` and everything newer; data space goes back to `here`.
int mn__forth_cut(mn_forth_t *vm, uint32_t number, uint32_t here) {
    segment_t *seg = &vm->seg;
    if (number < seg->word_base || number < seg->frozen_words) {
        return THROW_SHARED;
    }
    uint32_t at = mn__forth_word_at(vm, number);
    if (mn__forth_in_use(vm, at)) {
        return THROW_IN_USE;
    }
    for (uint32_t i = 0; i < vm->config.buckets; i++) {
        while (vm->bucket[i] > number) {
            vm->bucket[i] =
                mn__forth_u32(mn__forth_unit(vm, mn__forth_word_at(vm, vm->bucket[i] - 1u)));
        }
    }
    seg->words = number;
    seg->here = at;
    vm->here = here;
    vm->def.last = 0;
    vm->latest = number;
    drop_does(vm, at);
    return FN_OK;
}

// Gives up the definition that is being compiled, with all the memory it used.
void mn__forth_abandon(mn_forth_t *vm) {
    vm->control_depth = 0;
    mn__forth_set_compiling(vm, false);
    vm->def.locals = 0;
    vm->def.locals_names = 0;
    if (vm->def.number != 0) {
        uint32_t number = vm->def.number - 1u;
        vm->def.number = 0;
        (void)mn__forth_cut(vm, number, vm->def.data);
    }
}
