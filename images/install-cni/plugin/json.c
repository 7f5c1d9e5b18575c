#include "json.h"

#include <string.h>

#define DEEPEST 64

/* All functions that walk take where they are and where the text ends, and return where they came to, or null. */

static const char *value(const char *at, const char *end, int depth);

static const char *space(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
    return at;
}

static const char *digits(const char *at, const char *end) {
    const char *first = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at == first ? 0 : at;
}

static const char *number(const char *at, const char *end) {
    if (at < end && *at == '-') at++;
    if (at < end && *at == '0') at++;
    else at = digits(at, end);
    if (at && at < end && *at == '.') at = digits(at + 1, end);
    if (at && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        at = digits(at, end);
    }
    return at;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *escape(const char *at, const char *end) {
    if (at >= end) return 0;
    if (*at != 'u') return *at && strchr("\"\\/bfnrt", *at) ? at + 1 : 0;
    if (end - at < 5) return 0;
    for (int i = 1; i < 5; i++)
        if (!is_hex(at[i])) return 0;
    return at + 5;
}

static const char *string(const char *at, const char *end) {
    if (at >= end || *at != '"') return 0;
    at++;
    while (at && at < end && *at != '"') {
        if ((unsigned char)*at < 0x20) return 0;
        at = *at == '\\' ? escape(at + 1, end) : at + 1;
    }
    return at && at < end ? at + 1 : 0;
}

static const char *word(const char *at, const char *end, const char *expected) {
    size_t length = strlen(expected);
    return (size_t)(end - at) >= length && !memcmp(at, expected, length) ? at + length : 0;
}

/* The name of a member with its colon, up to the value. */
static const char *name(const char *at, const char *end) {
    at = string(at, end);
    if (!at) return 0;
    at = space(at, end);
    return at < end && *at == ':' ? space(at + 1, end) : 0;
}

/* An object or an array, from its first bracket. */
static const char *items(const char *at, const char *end, int depth) {
    bool named = *at == '{';
    char closing = named ? '}' : ']';
    if (depth == DEEPEST) return 0;
    at = space(at + 1, end);
    if (at < end && *at == closing) return at + 1;
    for (;;) {
        if (named && !(at = name(at, end))) return 0;
        if (!(at = value(at, end, depth + 1))) return 0;
        at = space(at, end);
        if (at < end && *at == closing) return at + 1;
        if (at >= end || *at != ',') return 0;
        at = space(at + 1, end);
    }
}

static const char *value(const char *at, const char *end, int depth) {
    if (at >= end) return 0;
    switch (*at) {
    case '{':
    case '[': return items(at, end, depth);
    case '"': return string(at, end);
    case 't': return word(at, end, "true");
    case 'f': return word(at, end, "false");
    case 'n': return word(at, end, "null");
    default: return number(at, end);
    }
}

bool json_is_object(struct slice text) {
    const char *end = text.start + text.length, *at = space(text.start, end);
    if (at >= end || *at != '{') return false;
    at = value(at, end, 0);
    return at && space(at, end) == end;
}

struct slice json_member(struct slice object, const char *wanted) {
    const char *end = object.start + object.length, *at = space(object.start, end);
    struct slice found = {0};
    at = space(at + 1, end);
    while (at < end && *at == '"') {
        const char *key = at + 1, *key_end = string(at, end) - 1, *start = name(at, end);
        const char *stop = value(start, end, 1);
        if ((size_t)(key_end - key) == strlen(wanted) && !memcmp(key, wanted, strlen(wanted)))
            found = (struct slice){start, stop - start};
        at = space(stop, end);
        if (at < end && *at == ',') at = space(at + 1, end);
    }
    return found;
}

struct slice json_element(struct slice array, struct slice previous) {
    struct slice none = {0};
    const char *end = array.start + array.length, *at;
    if (!array.start || *array.start != '[') return none;
    at = space(previous.start ? previous.start + previous.length : array.start + 1, end);
    if (previous.start && at < end && *at == ',') at = space(at + 1, end);
    if (at >= end || *at == ']') return none;
    return (struct slice){at, value(at, end, 1) - at};
}

struct slice json_plain_string(struct slice found) {
    struct slice none = {0};
    if (!found.start || *found.start != '"' || memchr(found.start, '\\', found.length)) return none;
    return (struct slice){found.start + 1, found.length - 2};
}

long json_seconds(struct slice found, long otherwise) {
    long result = 0;
    if (!found.start || found.length > 5) return otherwise;
    for (size_t i = 0; i < found.length; i++) {
        if (found.start[i] < '0' || found.start[i] > '9') return otherwise;
        result = result * 10 + (found.start[i] - '0');
    }
    return result <= 86400 ? result : otherwise;
}
