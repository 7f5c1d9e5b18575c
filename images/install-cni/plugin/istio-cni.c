/* The chained CNI plug-in: passes on what the plug-ins before it made, once the node agent has captured the pod.

   Knows the CNI specification, 0.3.0 to 1.1.0, and which namespaces need no agent. Does not know pods or rules: those
   are the node agent's. Without an agent no other pod starts, since its traffic would bypass its proxy. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "json.h"

#define LARGEST_CONFIGURATION (1 << 20)
#define DEFAULT_CONNECTING 5
#define DEFAULT_ANSWERING 30

/* Codes of the CNI specification. */
enum { INCOMPATIBLE_VERSION = 1, INVALID_ENVIRONMENT = 4, INPUT_OUTPUT = 5, DECODING = 6, INVALID_CONFIGURATION = 7,
       TRY_AGAIN = 11 };

static const char *const VERSIONS[] = {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"};
#define VERSION_COUNT (sizeof VERSIONS / sizeof *VERSIONS)

static const char *version = "1.0.0"; /* of the answer: that of the configuration, as soon as it is known */

static void print_escaped(const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') printf("\\%c", c);
        else if (c < 0x20) printf("\\u%04x", c);
        else putchar(c);
    }
}

static _Noreturn void fail(int code, const char *message, const char *details) {
    printf("{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":\"istio-cni: ", version, code);
    print_escaped(message);
    printf("\",\"details\":\"");
    print_escaped(details);
    printf("\"}\n");
    exit(1);
}

static struct slice read_configuration(void) {
    static char text[LARGEST_CONFIGURATION];
    size_t used = fread(text, 1, sizeof text, stdin);
    if (used == sizeof text) fail(DECODING, "the configuration on standard input is longer than 1 MiB", "");
    struct slice found = {text, used};
    if (!json_is_object(found)) fail(DECODING, "the configuration on standard input is no JSON object", "");
    return found;
}

/* Whether the configuration's version is known; it is that of the answers from now on. */
static bool settle_version(struct slice configuration) {
    struct slice asked = json_plain_string(json_member(configuration, "cniVersion"));
    for (size_t i = 0; i < VERSION_COUNT; i++)
        if (asked.length == strlen(VERSIONS[i]) && !memcmp(asked.start, VERSIONS[i], asked.length)) {
            version = VERSIONS[i];
            return true;
        }
    return false;
}

static void print_versions(void) {
    printf("{\"cniVersion\":\"%s\",\"supportedVersions\":[", version);
    for (size_t i = 0; i < VERSION_COUNT; i++) printf("%s\"%s\"", i ? "," : "", VERSIONS[i]);
    printf("]}\n");
}

/* The value of KEY in CNI_ARGS, which is KEY=VALUE;KEY=VALUE. */
static struct slice argument(const char *key) {
    const char *at = getenv("CNI_ARGS");
    size_t length = strlen(key);
    while (at && *at) {
        size_t whole = strcspn(at, ";");
        if (whole > length && at[length] == '=' && !strncmp(at, key, length))
            return (struct slice){at + length + 1, whole - length - 1};
        at += whole;
        if (*at) at++;
    }
    return (struct slice){0};
}

/* Whether this is a pod that may have a proxy. Sandboxes of other programs than Kubernetes have no namespace. */
static bool concerns_agent(struct slice configuration) {
    struct slice namespace = argument("K8S_POD_NAMESPACE"), excluded = json_member(configuration, "excludeNamespaces");
    struct slice element = {0};
    if (!namespace.length) return false;
    while ((element = json_element(excluded, element)).start) {
        struct slice name = json_plain_string(element);
        if (name.length == namespace.length && !memcmp(name.start, namespace.start, name.length)) return false;
    }
    return true;
}

static void ask_agent(struct slice configuration) {
    char reason[4096];
    struct question question = {
        .connecting = json_seconds(json_member(configuration, "connectSeconds"), DEFAULT_CONNECTING),
        .answering = json_seconds(json_member(configuration, "answerSeconds"), DEFAULT_ANSWERING)};
    struct slice path = json_plain_string(json_member(configuration, "agentSocket"));
    const char *network = getenv("CNI_NETNS");
    if (!path.length || path.length >= sizeof question.path)
        fail(INVALID_CONFIGURATION, "agentSocket is not the path of a socket", "");
    memcpy(question.path, path.start, path.length);
    if (!network || !*network) fail(INVALID_ENVIRONMENT, "CNI_NETNS is not set", "");
    question.network = open(network, O_RDONLY | O_CLOEXEC);
    if (question.network < 0) fail(INPUT_OUTPUT, "the network namespace cannot be opened", strerror(errno));
    if (!agent_agrees(&question, reason, sizeof reason)) fail(TRY_AGAIN, "the pod's traffic is not captured yet", reason);
}

/* What came from the plug-in before; an empty result where this one is the only one. */
static void pass_on(struct slice configuration) {
    struct slice previous = json_member(configuration, "prevResult");
    if (previous.start && *previous.start == '{') printf("%.*s\n", (int)previous.length, previous.start);
    else printf("{\"cniVersion\":\"%s\",\"interfaces\":[],\"ips\":[],\"dns\":{}}\n", version);
}

int main(void) {
    const char *command = getenv("CNI_COMMAND");
    if (!command) {
        fprintf(stderr, "istio-cni is a CNI plug-in: container runtimes run it, with CNI_COMMAND in its environment\n");
        return 1;
    }
    struct slice configuration = read_configuration();
    bool adding = !strcmp(command, "ADD");
    bool known = settle_version(configuration);
    if (!strcmp(command, "VERSION")) {
        print_versions();
    } else if (!known) {
        fail(INCOMPATIBLE_VERSION, "cniVersion is none of 0.3.0, 0.3.1, 0.4.0, 1.0.0 and 1.1.0", "");
    } else if (adding || !strcmp(command, "CHECK")) {
        if (concerns_agent(configuration)) ask_agent(configuration);
        if (adding) pass_on(configuration);
    } else if (strcmp(command, "DEL") && strcmp(command, "GC") && strcmp(command, "STATUS")) {
        /* The rules end with the pod's network namespace: the other commands have nothing to do. */
        fail(INVALID_ENVIRONMENT, "CNI_COMMAND is none of ADD, CHECK, DEL, GC, STATUS and VERSION", command);
    }
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
