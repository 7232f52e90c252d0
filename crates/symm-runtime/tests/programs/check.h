/* SPDX-FileCopyrightText: The Symm authors
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the C programs of the tests check by.
 */

#ifndef CHECK_H
#define CHECK_H

#include "symm.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition, ...)                                                                                        \
  do {                                                                                                               \
    if (!(condition)) {                                                                                              \
      fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                                \
      fprintf(stderr, __VA_ARGS__);                                                                                  \
      fprintf(stderr, "\n");                                                                                         \
      exit(1);                                                                                                       \
    }                                                                                                                \
  } while (0)

#define OK(call) CHECK((call) == SYMM_OK, "%s: %s", #call, symm_last_error())

#endif
