// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_COMM_COMM_H
#define SYMM_COMM_COMM_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "symm/comm/CommEnums.h.inc"

#include "symm/comm/CommDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "symm/comm/CommAttrs.h.inc"

namespace symm::comm {
/// How the shape of a collective's result follows from its input's.
enum class ShapeRule { Same, Gather, Scatter, Exchange };
} // namespace symm::comm

#include "symm/comm/CommInterfaces.h.inc"

#define GET_OP_CLASSES
#include "symm/comm/CommOps.h.inc"

namespace symm::comm {

/// Returns the group `symbol` names at `from`, or null.
GroupOp lookupGroup(mlir::Operation *from, mlir::FlatSymbolRefAttr symbol);

/// Returns the group `symbol` names, or null after an error at `op`.
GroupOp resolveGroup(mlir::Operation *op, mlir::FlatSymbolRefAttr symbol,
                     mlir::SymbolTableCollection &symbols);

/// Returns the group in whose symmetric memory `type` lies, or null.
mlir::FlatSymbolRefAttr getSymmetricGroup(mlir::Type type);

/// Returns whether the reduction is defined for the element type.
bool isDefined(ReduceOp reduceOp, mlir::Type elementType);

/// Returns whether collectives can move the element type.
bool isTransferable(mlir::Type elementType);

} // namespace symm::comm

#endif // SYMM_COMM_COMM_H
