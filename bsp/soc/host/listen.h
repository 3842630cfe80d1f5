// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief A listening TCP socket on HOST:PORT.

#ifndef HOST_LISTEN_H
#define HOST_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/// @brief Room for an address as text.
#define HOST_ADDRESS_MAX 80

/// @brief An address taken apart.
typedef struct host_address {
    char host[HOST_ADDRESS_MAX]; ///< name or number, without brackets
    char port[8];                ///< decimal, 0 to 65535
} host_address_t;

/// @brief Take `HOST:PORT` apart; an IPv6 address is in brackets.
/// @return whether it has that form
bool host_address_parse(const char *text, host_address_t *address);

/// @brief Listen there.
/// @param[in] address where; port 0 takes any free one
/// @param[out] bound where it really is, as HOST:PORT
/// @param[out] error why not, static text
/// @return a descriptor that does not block, or -1
int host_listen(const host_address_t *address, char bound[HOST_ADDRESS_MAX], const char **error);

/// @brief Make a descriptor non-blocking, and not inherited by programs that are started.
void host_set_nonblocking(int fd);

#endif
