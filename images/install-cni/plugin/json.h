/* Finds values in a JSON text without copying it. Knows JSON's syntax (RFC 8259); does not know what values mean. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text. `start` is null where there is no such part. */
struct slice {
    const char *start;
    size_t length;
};

/* Whether a text is exactly one JSON object, nested no deeper than a container runtime's configuration may be. */
bool json_is_object(struct slice text);

/* The value of an object's member, as it is written; of several with one name, the last. The object must be valid. */
struct slice json_member(struct slice object, const char *name);

/* The element of an array that comes after `previous`, or the first one after an empty slice. The array must be valid. */
struct slice json_element(struct slice array, struct slice previous);

/* The characters of a string. Nothing for other values, and for strings with escapes, which no name needs. */
struct slice json_plain_string(struct slice value);

/* A whole number from 0 to 86400; `otherwise` for everything else. */
long json_seconds(struct slice value, long otherwise);

#endif
