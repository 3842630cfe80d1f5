\ Copyright (c) 2026 The libmnemos authors
\ SPDX-License-Identifier: MIT OR Apache-2.0

\ What it takes to start and stop a Forth.

bye
