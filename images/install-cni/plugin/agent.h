/* Asks the node agent for a pod's capture. Knows the socket and its deadline; does not know what the answer is about.

   The plug-in sends its CNI_ variables, each ended by a zero byte as in /proc/PID/environ, together with a descriptor
   of the pod's network namespace, and closes its direction. The agent answers "ok", or with a sentence, and closes. */
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>
#include <stddef.h>

struct question {
    char path[108];   /* of the agent's socket */
    long connecting;  /* seconds to wait for an agent */
    long answering;   /* seconds to wait for its answer */
    int network;      /* a descriptor of the pod's network namespace */
};

/* Whether the agent said "ok". Otherwise `reason` is what it said, or why it could not be asked. */
bool agent_agrees(const struct question *question, char *reason, size_t size);

#endif
