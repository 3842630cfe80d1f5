// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool parse_port(const char *text, char port[8]) {
    const size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len ||
        strtoul(text, NULL, 10) > 65535) {
        return false;
    }
    memcpy(port, text, len + 1);
    return true;
}

bool host_address_parse(const char *text, host_address_t *address) {
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || !parse_port(colon + 1, address->port)) {
        return false;
    }
    size_t len = (size_t)(colon - text);
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return false; // an IPv6 address without brackets could end anywhere
    }
    if (len == 0 || len >= sizeof address->host) {
        return false;
    }
    memcpy(address->host, text, len);
    address->host[len] = '\0';
    return true;
}

void host_set_nonblocking(int fd) {
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int listen_at(const struct addrinfo *where) {
    const int fd = socket(where->ai_family, where->ai_socktype, where->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, where->ai_addr, where->ai_addrlen) != 0 || listen(fd, 8) != 0) {
        const int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    host_set_nonblocking(fd);
    return fd;
}

static void describe(int fd, char bound[HOST_ADDRESS_MAX]) {
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    char host[64] = "?";
    char port[8] = "?";
    if (getsockname(fd, (struct sockaddr *)&name, &len) == 0) {
        (void)getnameinfo((struct sockaddr *)&name, len, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
    }
    const bool brackets = strchr(host, ':') != NULL;
    (void)snprintf(bound, HOST_ADDRESS_MAX, "%s%s%s:%s", brackets ? "[" : "", host,
                   brackets ? "]" : "", port);
}

int host_listen(const host_address_t *address, char bound[HOST_ADDRESS_MAX], const char **error) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const int result = getaddrinfo(address->host, address->port, &hints, &found);
    if (result != 0) {
        *error = gai_strerror(result);
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = listen_at(at);
    }
    if (fd < 0) {
        *error = strerror(errno);
    } else {
        describe(fd, bound);
    }
    freeaddrinfo(found);
    return fd;
}
