// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Shims.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"

using namespace mlir;

namespace {

/// Calls back for each value that is handed on.
struct Visitor {
  void (*callback)(MlirValue, MlirValue, void *);
  void *userData;

  void operator()(Value from, Value to) const {
    callback(wrap(from), wrap(to), userData);
  }
};

void visitBranch(BranchOpInterface op, Visitor visit) {
  for (auto [index, block] : llvm::enumerate(op->getSuccessors())) {
    SuccessorOperands operands = op.getSuccessorOperands(index);
    for (auto [position, argument] : llvm::enumerate(block->getArguments()))
      visit(operands[position], argument);
  }
}

void visitRegions(RegionBranchOpInterface op, Visitor visit) {
  for (RegionBranchPoint point : op.getAllRegionBranchPoints()) {
    SmallVector<RegionSuccessor> successors;
    op.getSuccessorRegions(point, successors);
    BitVector forwarded;
    Operation *terminator = point.getTerminatorPredecessorOrNull();
    forwarded.resize(terminator ? terminator->getNumOperands() : 0);
    for (const RegionSuccessor &successor : successors) {
      OperandRange operands = op.getSuccessorOperands(point, successor);
      if (terminator && !operands.empty())
        forwarded.set(operands.getBeginOperandIndex(),
                      operands.getBeginOperandIndex() + operands.size());
      for (auto [from, to] :
           llvm::zip(operands, successor.getSuccessorInputs()))
        visit(from, to);
    }
    for (unsigned kept : forwarded.flip().set_bits())
      visit(terminator->getOperand(kept), Value());
  }
}

} // namespace

bool symmOperationVisitForwards(MlirOperation raw,
                                void (*visit)(MlirValue from, MlirValue to,
                                              void *userData),
                                void *userData) {
  Operation *op = unwrap(raw);
  Visitor visitor{visit, userData};
  if (auto branch = dyn_cast<BranchOpInterface>(op)) {
    visitBranch(branch, visitor);
    return true;
  }
  if (auto regions = dyn_cast<RegionBranchOpInterface>(op)) {
    visitRegions(regions, visitor);
    return true;
  }
  // The op around a terminator visits what the terminator hands on.
  return isa<RegionBranchTerminatorOpInterface>(op) &&
         isa_and_present<RegionBranchOpInterface>(op->getParentOp());
}

void symmOperationVisitSymbolReferences(MlirOperation op,
                                        MlirStringCallback visit,
                                        void *userData) {
  unwrap(op)->getAttrDictionary().walk([&](SymbolRefAttr reference) {
    visit(wrap(reference.getRootReference().getValue()), userData);
    visit(wrap(reference.getLeafReference().getValue()), userData);
  });
}
