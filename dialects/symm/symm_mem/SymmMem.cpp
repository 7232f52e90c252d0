// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm/symm_mem/SymmMem.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace symm::symm_mem;

#include "symm/symm_mem/SymmMemDialect.cpp.inc"

#define GET_OP_CLASSES
#include "symm/symm_mem/SymmMemOps.cpp.inc"

void SymmMemDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "symm/symm_mem/SymmMemOps.cpp.inc"
      >();
}

LogicalResult BarrierOp::verify() {
  if (static_cast<int64_t>(getChannel()) >= 0)
    return success();
  return emitOpError("expected a channel of 0 or more, got ") << static_cast<int64_t>(getChannel());
}

LogicalResult BarrierOp::verifySymbolUses(SymbolTableCollection &symbols) {
  symm::comm::GroupOp group = symm::comm::resolveGroup(*this, getGroupAttr(), symbols);
  if (!group)
    return failure();
  if (group.getSymmMem())
    return success();
  return emitOpError("group ") << getGroupAttr()
                               << " has no symmetric memory; declare it with {symm_mem}";
}
