#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LARGEST_REQUEST 65536
#define RETRY_MILLISECONDS 100

extern char **environ;

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Waits for the socket until a moment; whether there is something to read or room to write. */
static bool await(int socket, short events, long until) {
    struct pollfd waiting = {.fd = socket, .events = events};
    for (;;) {
        long left = until - now();
        int ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
        if (ready >= 0 || errno != EINTR) return ready > 0;
    }
}

static int attempt(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int found = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (found < 0) return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (!connect(found, (struct sockaddr *)&address, sizeof address)) return found;
    int problem = errno;
    close(found);
    errno = problem;
    return -1;
}

/* A connection. An agent that is being replaced is back in a moment, so a missing one is tried again for a while. */
static int connected(const struct question *question) {
    long until = now() + question->connecting * 1000;
    for (;;) {
        int found = attempt(question->path);
        if (found >= 0 || now() >= until) return found;
        if (errno != ENOENT && errno != ECONNREFUSED && errno != EAGAIN) return -1;
        poll(0, 0, RETRY_MILLISECONDS);
    }
}

/* The CNI_ variables with their zero bytes; 0 where they are too long. */
static size_t variables(char *text, size_t size) {
    size_t used = 0;
    for (char **each = environ; *each; each++) {
        size_t length = strlen(*each) + 1;
        if (strncmp(*each, "CNI_", 4)) continue;
        if (length > size - used) return 0;
        memcpy(text + used, *each, length);
        used += length;
    }
    return used;
}

/* Sends the first bytes with the descriptor. */
static ssize_t send_first(int socket, const char *text, size_t size, int descriptor) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {(void *)text, size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

static bool send_all(int socket, const char *text, size_t size, int descriptor, long until) {
    size_t sent = 0;
    while (sent < size) {
        if (!await(socket, POLLOUT, until)) return false;
        ssize_t taken = sent ? send(socket, text + sent, size - sent, MSG_NOSIGNAL)
                             : send_first(socket, text, size, descriptor);
        if (taken < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (taken > 0) sent += taken;
    }
    return !shutdown(socket, SHUT_WR);
}

/* Reads to the end, or as much as there is room for. Whether the end came in time. */
static bool receive(int socket, char *text, size_t size, long until) {
    size_t used = 0;
    while (used < size - 1) {
        if (!await(socket, POLLIN, until)) return false;
        ssize_t got = recv(socket, text + used, size - 1 - used, 0);
        if (got < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (!got) break;
        if (got > 0) used += got;
    }
    text[used] = 0;
    return true;
}

bool agent_agrees(const struct question *question, char *reason, size_t size) {
    static char request[LARGEST_REQUEST];
    size_t length = variables(request, sizeof request);
    if (!length) {
        snprintf(reason, size, "the CNI_ variables are longer than %d bytes", LARGEST_REQUEST);
        return false;
    }
    int socket = connected(question);
    if (socket < 0) {
        snprintf(reason, size, "no node agent answers at %s (%s): the pod starts as soon as istio-cni-node runs on this node",
                 question->path, strerror(errno));
        return false;
    }
    long until = now() + question->answering * 1000;
    bool answered = send_all(socket, request, length, question->network, until) && receive(socket, reason, size, until);
    close(socket);
    if (!answered || !*reason) {
        snprintf(reason, size, "the node agent at %s gave no answer within %ld s", question->path, question->answering);
        return false;
    }
    return !strcmp(reason, "ok");
}
