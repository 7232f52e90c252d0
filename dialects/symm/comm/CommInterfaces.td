// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_COMM_INTERFACES
#define SYMM_COMM_INTERFACES

include "mlir/IR/OpBase.td"

def Comm_CollectiveOpInterface : OpInterface<"CollectiveOpInterface"> {
  let cppNamespace = "::symm::comm";
  let description = [{
    An op in which every rank of a process group takes part. It answers the two
    questions that passes ask, so that no pass lists ops: over which group, and
    which operands must live in its symmetric memory.
  }];
  let methods = [
    InterfaceMethod<"Returns the group, by name.",
      "::mlir::FlatSymbolRefAttr", "getGroupAttr">,
    InterfaceMethod<"Returns the operands that must be in symmetric memory of the group.",
      "::llvm::SmallVector<::mlir::OpOperand *>", "getSymmetricOperands">,
    InterfaceMethod<"Returns the data that is communicated.",
      "::mlir::Value", "getInput">,
    InterfaceMethod<"Returns the buffer that gets the result, or null.",
      "::mlir::Value", "getOutputBuffer">,
    InterfaceMethod<"Returns the operands that are overwritten, other than the output buffer.",
      "::llvm::SmallVector<::mlir::OpOperand *>", "getOverwrittenOperands">,
    InterfaceMethod<"Returns how the shape of the result follows from the input's.",
      "::symm::comm::ShapeRule", "getShapeRule">,
    InterfaceMethod<"Returns whether the input is overwritten by the result.",
      "bool", "isInPlace">,
    InterfaceMethod<"Returns whether the result must be waited for (c10d ops).",
      "bool", "isAsync">
  ];
}

#endif // SYMM_COMM_INTERFACES
