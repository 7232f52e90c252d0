// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm/comm/Collective.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace symm::comm;

//===-- Element types and reductions ---------------------------------------===//

bool symm::comm::isTransferable(Type type) {
  if (auto complex = llvm::dyn_cast<ComplexType>(type))
    return complex.getElementType().isF32() || complex.getElementType().isF64();
  if (auto integer = llvm::dyn_cast<IntegerType>(type)) {
    if (integer.isUnsigned())
      return integer.getWidth() == 8;
    return integer.isSignless() && llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
  }
  return llvm::isa<Float16Type, BFloat16Type, Float32Type, Float64Type, Float8E4M3FNType,
                   Float8E5M2Type>(type);
}

bool symm::comm::isDefined(ReduceOp op, Type type) {
  bool bitwise = op == ReduceOp::band || op == ReduceOp::bor || op == ReduceOp::bxor;
  if (type.isInteger(1))
    return op != ReduceOp::avg;
  if (llvm::isa<IntegerType>(type))
    return true;
  if (llvm::isa<ComplexType>(type))
    return op == ReduceOp::sum || op == ReduceOp::avg;
  if (llvm::isa<Float8E4M3FNType, Float8E5M2Type>(type))
    return op == ReduceOp::sum || op == ReduceOp::min || op == ReduceOp::max;
  return !bitwise;
}

//===-- Verification --------------------------------------------------------===//

static bool isTensorForm(CollectiveOpInterface op) {
  return llvm::isa<TensorType>(op.getInput().getType());
}

static LogicalResult verifyForm(CollectiveOpInterface op) {
  bool tensors = isTensorForm(op);
  for (Value operand : op->getOperands())
    if (llvm::isa<TensorType>(operand.getType()) != tensors)
      return op->emitOpError("mixes tensors and memrefs");
  if (op->getNumResults() != (tensors ? 1 : 0))
    return op->emitOpError(tensors ? "on tensors has one result" : "on memrefs has no result");
  if (!tensors && !op.isInPlace() && !op.getOutputBuffer())
    return op->emitOpError("on memrefs has an output");
  return success();
}

/// Peers read symmetric operands while this rank writes its output.
static LogicalResult verifyDisjoint(CollectiveOpInterface op) {
  for (OpOperand *operand : op.getSymmetricOperands())
    if (operand->get() == op.getOutputBuffer())
      return op->emitOpError("operand #")
             << operand->getOperandNumber()
             << " is also the output, which is written while peers read it";
  return success();
}

/// A staging buffer holds what is communicated.
static LogicalResult verifyStaging(CollectiveOpInterface op) {
  auto input = llvm::cast<ShapedType>(op.getInput().getType());
  for (OpOperand *operand : op.getOverwrittenOperands()) {
    auto type = llvm::cast<ShapedType>(operand->get().getType());
    bool holds = isTensorForm(op) ? type == input
                                  : type.getElementType() == input.getElementType() &&
                                        succeeded(verifyCompatibleShape(type, input));
    if (!holds)
      return op->emitOpError("expected a staging buffer for ") << input << ", got " << type;
  }
  return success();
}

LogicalResult symm::comm::verifyCollective(Operation *operation) {
  auto op = llvm::cast<CollectiveOpInterface>(operation);
  if (failed(verifyForm(op)) || failed(verifyStaging(op)) || failed(verifyDisjoint(op)))
    return failure();
  Type element = llvm::cast<ShapedType>(op.getInput().getType()).getElementType();
  if (!isTransferable(element))
    return op->emitOpError("cannot communicate elements of type ") << element;
  auto reduce = op->getAttrOfType<ReduceOpAttr>("reduce_op");
  if (reduce && !isDefined(reduce.getValue(), element))
    return op->emitOpError("reduction '")
           << stringifyReduceOp(reduce.getValue()) << "' does not exist for " << element;
  return success();
}

/// The extent of dimension 0 of the result, or an error.
static FailureOr<int64_t> resultExtent(CollectiveOpInterface op, int64_t extent, int64_t ranks) {
  bool divides = op.getShapeRule() == ShapeRule::Scatter || op.getShapeRule() == ShapeRule::Exchange;
  if (ShapedType::isDynamic(extent))
    return op.getShapeRule() == ShapeRule::Exchange ? extent : ShapedType::kDynamic;
  if (divides && extent % ranks != 0) {
    op->emitOpError("dimension 0 of size ")
        << extent << " does not divide by the " << ranks << " ranks of " << op.getGroupAttr();
    return failure();
  }
  if (op.getShapeRule() == ShapeRule::Gather)
    return extent * ranks;
  return op.getShapeRule() == ShapeRule::Scatter ? extent / ranks : extent;
}

static LogicalResult verifyShapes(CollectiveOpInterface op, int64_t ranks) {
  auto input = llvm::cast<ShapedType>(op.getInput().getType());
  Type other = isTensorForm(op)       ? op->getResult(0).getType()
               : op.getOutputBuffer() ? op.getOutputBuffer().getType()
                                      : Type(input);
  SmallVector<int64_t> expected(input.getShape());
  if (op.getShapeRule() != ShapeRule::Same) {
    if (expected.empty())
      return op->emitOpError("expected at least one dimension, got ") << input;
    FailureOr<int64_t> extent = resultExtent(op, expected[0], ranks);
    if (failed(extent))
      return failure();
    expected[0] = *extent;
  }
  auto result = llvm::cast<ShapedType>(other);
  if (result.getElementType() != input.getElementType() ||
      failed(verifyCompatibleShape(expected, result.getShape())))
    return op->emitOpError("expected a result of shape ")
           << RankedTensorType::get(expected, input.getElementType()) << ", got " << other;
  return success();
}

static LogicalResult verifyPlacement(CollectiveOpInterface op, GroupOp group) {
  // A push needs symmetric memory too, for its slots.
  if (!op.isAsync() && !group.getSymmMem())
    return op->emitOpError("group ") << op.getGroupAttr()
                                     << " has no symmetric memory; declare it with {symm_mem}";
  for (OpOperand *operand : op.getSymmetricOperands()) {
    auto type = llvm::dyn_cast<BaseMemRefType>(operand->get().getType());
    if (!type || getSymmetricGroup(type) == op.getGroupAttr())
      continue;
    bool placed = group->getParentOp()->hasAttr("comm.placed");
    if (!type.getMemorySpace() && !placed)
      continue;
    InFlightDiagnostic diag = op->emitOpError("operand #")
                              << operand->getOperandNumber() << " must be in symmetric memory of "
                              << op.getGroupAttr() << ", got " << type;
    if (!type.getMemorySpace())
      diag << "; run --place-symmetric-buffers";
    return diag;
  }
  return success();
}

LogicalResult symm::comm::verifyGroupUse(Operation *operation, SymbolTableCollection &symbols) {
  auto op = llvm::cast<CollectiveOpInterface>(operation);
  GroupOp group = resolveGroup(op, op.getGroupAttr(), symbols);
  if (!group)
    return failure();
  int64_t ranks = static_cast<int64_t>(group.getSize());
  auto src = op->getAttrOfType<IntegerAttr>("src");
  if (src && (src.getInt() < 0 || src.getInt() >= ranks))
    return op->emitOpError("src ") << src.getInt() << " is not a rank of " << op.getGroupAttr()
                                   << ", which has " << ranks;
  if (ranks < 1)
    return success(); // the group's own error
  if (failed(verifyShapes(op, ranks)))
    return failure();
  return verifyPlacement(op, group);
}

//===-- Effects and bufferization ------------------------------------------===//

void symm::comm::collectiveEffects(Operation *operation, Effects &effects) {
  auto op = llvm::cast<CollectiveOpInterface>(operation);
  effects.emplace_back(MemoryEffects::Read::get(), Network::get());
  effects.emplace_back(MemoryEffects::Write::get(), Network::get());
  if (isTensorForm(op))
    return;
  for (OpOperand &operand : op->getOpOperands()) {
    if (collectiveReads(op, operand))
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (collectiveWrites(op, operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

bool symm::comm::collectiveReads(Operation *op, OpOperand &operand) {
  return operand.get() == llvm::cast<CollectiveOpInterface>(op).getInput();
}

bool symm::comm::collectiveWrites(Operation *operation, OpOperand &operand) {
  auto op = llvm::cast<CollectiveOpInterface>(operation);
  return llvm::is_contained(op.getOverwrittenOperands(), &operand) ||
         operand.get() == op.getOutputBuffer();
}

bufferization::AliasingValueList symm::comm::collectiveAliases(Operation *operation,
                                                               OpOperand &operand) {
  auto op = llvm::cast<CollectiveOpInterface>(operation);
  if (!op.isInPlace() || !isTensorForm(op) || operand.get() != op.getInput())
    return {};
  return {{op->getResult(0), bufferization::BufferRelation::Equivalent}};
}

/// Sizes of the result's dynamic dimensions, from the input buffer's.
static SmallVector<Value> dynamicSizes(RewriterBase &rewriter, CollectiveOpInterface op,
                                       MemRefType type, Value input, int64_t ranks) {
  Location loc = op->getLoc();
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      continue;
    Value size = memref::DimOp::create(rewriter, loc, input, dim);
    bool scaled = dim == 0 && op.getShapeRule() != ShapeRule::Same &&
                  op.getShapeRule() != ShapeRule::Exchange;
    if (scaled) {
      Value factor = arith::ConstantIndexOp::create(rewriter, loc, ranks);
      size = op.getShapeRule() == ShapeRule::Gather
                 ? arith::MulIOp::create(rewriter, loc, size, factor).getResult()
                 : arith::DivUIOp::create(rewriter, loc, size, factor).getResult();
    }
    sizes.push_back(size);
  }
  return sizes;
}

FailureOr<bufferization::BufferLikeType>
symm::comm::collectiveBufferType(Operation *operation, Value result,
                                 const bufferization::BufferizationOptions &options,
                                 const bufferization::BufferizationState &state,
                                 SmallVector<Value> &stack) {
  if (llvm::cast<CollectiveOpInterface>(operation).isInPlace())
    return bufferization::detail::defaultGetBufferType(result, options, state, stack);
  auto tensor = llvm::cast<RankedTensorType>(result.getType());
  std::optional<Attribute> space = options.defaultMemorySpaceFn(tensor);
  if (!space)
    return operation->emitOpError("has no memory space for its result");
  return llvm::cast<bufferization::BufferLikeType>(
      bufferization::getMemRefTypeWithStaticIdentityLayout(tensor, *space));
}

static FailureOr<Value> allocateResult(RewriterBase &rewriter, CollectiveOpInterface op,
                                       Value input,
                                       const bufferization::BufferizationOptions &options,
                                       const bufferization::BufferizationState &state) {
  FailureOr<bufferization::BufferLikeType> buffer =
      bufferization::getBufferType(op->getResult(0), options, state);
  GroupOp group = lookupGroup(op, op.getGroupAttr());
  if (failed(buffer) || !group)
    return failure();
  auto type = llvm::cast<MemRefType>(*buffer);
  SmallVector<Value> sizes = dynamicSizes(rewriter, op, type, input, group.getSize());
  return options.createAlloc(rewriter, op->getLoc(), type, sizes);
}

LogicalResult
symm::comm::bufferizeCollective(RewriterBase &rewriter, Operation *operation,
                                const bufferization::BufferizationOptions &options,
                                bufferization::BufferizationState &state) {
  auto op = llvm::cast<CollectiveOpInterface>(operation);
  if (!isTensorForm(op))
    return success();
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
    if (failed(buffer))
      return failure();
    operands.push_back(*buffer);
  }
  Value result = operands.front();
  if (!op.isInPlace()) {
    FailureOr<Value> output = allocateResult(rewriter, op, operands.back(), options, state);
    if (failed(output))
      return failure();
    operands.push_back(result = *output);
  }
  OperationState replacement(op->getLoc(), op->getName(), operands, TypeRange(), op->getAttrs());
  rewriter.create(replacement);
  bufferization::replaceOpWithBufferizedValues(rewriter, op, result);
  return success();
}

//===-- Canonicalization ------------------------------------------------------===//

namespace {
/// collective(x) on a group of one rank → x; on memrefs, a copy into the output
/// and into a staging buffer.
/// Holds for every collective and reduction: there is nobody to communicate with.
struct FoldSingleRank : RewritePattern {
  FoldSingleRank(StringRef opName, MLIRContext *context)
      : RewritePattern(opName, /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *operation, PatternRewriter &rewriter) const override {
    auto op = llvm::cast<CollectiveOpInterface>(operation);
    GroupOp group = lookupGroup(op, op.getGroupAttr());
    if (!group || group.getSize() != 1)
      return rewriter.notifyMatchFailure(op, "the group has more than one rank");
    if (isTensorForm(op))
      return replaceByInput(op, rewriter);
    if (!op.isInPlace()) {
      for (OpOperand *staging : op.getOverwrittenOperands())
        memref::CopyOp::create(rewriter, op->getLoc(), op.getInput(), staging->get());
      memref::CopyOp::create(rewriter, op->getLoc(), op.getInput(), op.getOutputBuffer());
    }
    rewriter.eraseOp(op);
    return success();
  }

  static LogicalResult replaceByInput(CollectiveOpInterface op, PatternRewriter &rewriter) {
    if (op.getInput().getType() != op->getResult(0).getType())
      return rewriter.notifyMatchFailure(op, "input and result differ in static shape");
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};
} // namespace

void symm::comm::populateCollectiveCanonicalization(RewritePatternSet &patterns, StringRef opName,
                                                    MLIRContext *context) {
  patterns.add<FoldSingleRank>(opName, context);
}
