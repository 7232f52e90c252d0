// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_SYMM_MEM_SYMMMEM_H
#define SYMM_SYMM_MEM_SYMMMEM_H

#include "symm/comm/Collective.h"

#include "symm/symm_mem/SymmMemDialect.h.inc"

#define GET_OP_CLASSES
#include "symm/symm_mem/SymmMemOps.h.inc"

#endif // SYMM_SYMM_MEM_SYMMMEM_H
