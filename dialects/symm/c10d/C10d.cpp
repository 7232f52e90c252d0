// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm/c10d/C10d.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/CastInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"

using namespace mlir;
using namespace symm::c10d;

/// `wait_tensor` has its own directive: it has neither group nor output.
static ParseResult parseWait(OpAsmParser &parser, OpAsmParser::UnresolvedOperand &input,
                             Type &inputType, Type &resultType, NamedAttrList &attributes) {
  if (parser.parseOperand(input) || parser.parseOptionalAttrDict(attributes) ||
      parser.parseColonType(inputType))
    return failure();
  if (llvm::isa<TensorType>(inputType))
    resultType = inputType;
  return success();
}

static void printWait(OpAsmPrinter &printer, Operation *op, Value input, Type inputType, Type,
                      DictionaryAttr) {
  printer << input;
  printer.printOptionalAttrDict(op->getDiscardableAttrDictionary().getValue());
  printer << " : " << inputType;
}

#include "symm/c10d/C10dDialect.cpp.inc"

#define GET_OP_CLASSES
#include "symm/c10d/C10dOps.cpp.inc"

void C10dDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "symm/c10d/C10dOps.cpp.inc"
      >();
}

//===-- wait_tensor -----------------------------------------------------------===//

LogicalResult WaitTensorOp::verify() {
  bool tensors = llvm::isa<TensorType>(getInput().getType());
  if (getNumResults() != (tensors ? 1 : 0))
    return emitOpError(tensors ? "on a tensor has one result" : "on a memref has no result");
  if (tensors && getResult().getType() != getInput().getType())
    return emitOpError("expected a result of type ")
           << getInput().getType() << ", got " << getResult().getType();
  return success();
}

/// Whether `value` may be, or hold, the result of a c10d collective that has not
/// been waited for. Only ops that compute all of their result are known not to
/// pass one on: views, calls, control flow and insertions may.
static bool mayBeAsync(Value value) {
  Operation *producer = value.getDefiningOp();
  if (!producer)
    return true;
  if (auto collective = llvm::dyn_cast<symm::comm::CollectiveOpInterface>(producer))
    return collective.isAsync();
  if (llvm::isa<WaitTensorOp>(producer))
    return false;
  if (producer->hasTrait<OpTrait::Elementwise>())
    return llvm::isa<CastOpInterface, SelectLikeOpInterface>(producer);
  return llvm::isa<CallOpInterface>(producer) || producer->getNumRegions() != 0 ||
         llvm::any_of(producer->getOperandTypes(), llvm::IsaPred<ShapedType>);
}

/// wait(x) → x where no collective of this dialect made x.
LogicalResult WaitTensorOp::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &results) {
  if (getNumResults() == 0 || mayBeAsync(getInput()))
    return failure();
  results.push_back(getInput());
  return success();
}

void WaitTensorOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  if (getNumResults() != 0)
    return;
  effects.emplace_back(MemoryEffects::Read::get(), &getInputMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getInputMutable());
}

bufferization::AliasingValueList
WaitTensorOp::getAliasingValues(OpOperand &, const bufferization::AnalysisState &) {
  if (getNumResults() == 0)
    return {};
  return {{getResult(), bufferization::BufferRelation::Equivalent}};
}

LogicalResult WaitTensorOp::bufferize(RewriterBase &rewriter,
                                      const bufferization::BufferizationOptions &options,
                                      bufferization::BufferizationState &state) {
  if (getNumResults() == 0)
    return success();
  FailureOr<Value> buffer = bufferization::getBuffer(rewriter, getInput(), options, state);
  if (failed(buffer))
    return failure();
  WaitTensorOp::create(rewriter, getLoc(), TypeRange(), *buffer);
  bufferization::replaceOpWithBufferizedValues(rewriter, *this, *buffer);
  return success();
}
