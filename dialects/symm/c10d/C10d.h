// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_C10D_C10D_H
#define SYMM_C10D_C10D_H

#include "symm/comm/Collective.h"

#include "symm/c10d/C10dDialect.h.inc"

#define GET_OP_CLASSES
#include "symm/c10d/C10dOps.h.inc"

#endif // SYMM_C10D_C10D_H
