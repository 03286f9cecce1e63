/* SPDX-License-Identifier: Apache-2.0
 *
 * A shared library that is loaded when it is first needed: who never needs it pays nothing. (libcurl brings thirty
 * others, which is 4 MB of an idle daemon and half of the time that the program needs to start.)
 *
 * How a library comes in that way; api/cloud/http_curl.[ch] is the pattern:
 *   - a header includes the library's own one, lists the functions that are used as rows of a macro, makes a struct of
 *     pointers from them (LIBRARY_POINTER: the types are the library's own, so the compiler checks every call), and
 *     defines each function's name to be the struct's member: calls look as if the library were linked;
 *   - its source holds the one struct, and a function that has it filled in before the first call;
 *   - CMake gives the target the library's include folders, not the library, and CMAKE_DL_LIBS is in mqferry-base;
 *   - the package names the library itself: no tool sees the dependency.
 */
#ifndef MQFERRY_API_BASE_LIBRARY_H
#define MQFERRY_API_BASE_LIBRARY_H

#include <stddef.h>

#include "api/base/failure.h"

/* A row of the struct, and of the list of names. */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declarator */
#define LIBRARY_POINTER(function) __typeof__(function) *function;
#define LIBRARY_NAME(function)    #function,

struct library {
    const char *soname;  /* with the number that tells its interface: "libcurl.so.4" */
    const char *package; /* what a person installs: "libcurl4" */
    const char *const *functions;
    size_t function_count;
};

/* Fills `pointers`, a struct of as many function pointers, in the order of the names; again and again is the same as
 * once. The library stays for good. 0, or -1 with *why (CONFIGURATION_WRONG): what is missing, and what to install.
 * Blocks for some milliseconds. */
int library_load(const struct library *library, void *pointers, struct failure *why);

#endif
