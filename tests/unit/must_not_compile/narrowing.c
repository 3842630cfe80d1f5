// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The warnings of the project are errors, among them a conversion that may lose bits.
// expect: conversion

#include <stdint.h>

uint8_t narrow(int value);

uint8_t narrow(int value) {
    uint8_t result = value;
    return result;
}
