// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The C API's header is C, not only C++.

#include "symm-c/Dialects.h"

MlirAttribute symmTestReduceOp(MlirContext context) {
  return symmReduceOpAttrGet(context, mlirStringRefCreateFromCString("sum"));
}
