// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What every collective shares, so that a new op is its arguments and its docs.
// The C++ behind it is in Collective.cpp.

#ifndef SYMM_COMM_COLLECTIVE
#define SYMM_COMM_COLLECTIVE

include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "symm/comm/CommAttrs.td"
include "symm/comm/CommInterfaces.td"

def Comm_TensorOrMemRef :
    AnyTypeOf<[AnyRankedTensor, AnyStridedMemRef], "ranked tensor or strided memref">;

// Shape rules of ShapeRule in Collective.h.
class Comm_ShapeRule<string name> { string cpp = "::symm::comm::ShapeRule::" # name; }
def Comm_SameShape : Comm_ShapeRule<"Same">;        // result = input
def Comm_GatherShape : Comm_ShapeRule<"Gather">;    // dim 0 × group size
def Comm_ScatterShape : Comm_ShapeRule<"Scatter">;  // dim 0 ÷ group size
def Comm_ExchangeShape : Comm_ShapeRule<"Exchange">; // result = input, dim 0 divides

/// A collective in two forms: on tensors it has a result, on memrefs an output.
class Comm_CollectiveOp<Dialect dialect, string mnemonic, Comm_ShapeRule rule,
                        list<Trait> traits = []> :
    Op<dialect, mnemonic, traits # [
      Comm_CollectiveOpInterface, BufferizableOpInterface,
      MemoryEffectsOpInterface, SymbolUserOpInterface]> {
  // The input is overwritten and, on tensors, becomes the result.
  bit inPlace = 0;
  // The result must be waited for.
  bit async = 0;
  // C++ that fills `out` with the operands that must be symmetric.
  code symmetricOperands = "";
  // C++ that fills `out` with the operands that are overwritten besides the output.
  code overwrittenOperands = !if(inPlace, "out.push_back(&getInputMutable());", "");
  // The memref that gets the result, where that isn't the input.
  code outputBuffer = "getOutput()";

  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::symm::comm::ShapeRule getShapeRule() { return }] # rule.cpp # [{; }
    ::mlir::Value getOutputBuffer() { return }] # outputBuffer # [{; }
    bool isInPlace() { return }] # !if(inPlace, "true", "false") # [{; }
    bool isAsync() { return }] # !if(async, "true", "false") # [{; }
    ::llvm::SmallVector<::mlir::OpOperand *> getSymmetricOperands() {
      ::llvm::SmallVector<::mlir::OpOperand *> out;
      }] # symmetricOperands # [{
      return out;
    }
    ::llvm::SmallVector<::mlir::OpOperand *> getOverwrittenOperands() {
      ::llvm::SmallVector<::mlir::OpOperand *> out;
      }] # overwrittenOperands # [{
      return out;
    }
    ::llvm::LogicalResult verifySymbolUses(::mlir::SymbolTableCollection &symbols) {
      return ::symm::comm::verifyGroupUse(*this, symbols);
    }
    void getEffects(::llvm::SmallVectorImpl<
        ::mlir::SideEffects::EffectInstance<::mlir::MemoryEffects::Effect>> &effects) {
      ::symm::comm::collectiveEffects(*this, effects);
    }
    bool bufferizesToMemoryRead(::mlir::OpOperand &operand,
                                const ::mlir::bufferization::AnalysisState &) {
      return ::symm::comm::collectiveReads(*this, operand);
    }
    bool bufferizesToMemoryWrite(::mlir::OpOperand &operand,
                                 const ::mlir::bufferization::AnalysisState &) {
      return ::symm::comm::collectiveWrites(*this, operand);
    }
    bool bufferizesToAllocation(::mlir::Value) { return !isInPlace(); }
    ::mlir::bufferization::AliasingValueList getAliasingValues(
        ::mlir::OpOperand &operand, const ::mlir::bufferization::AnalysisState &) {
      return ::symm::comm::collectiveAliases(*this, operand);
    }
    ::mlir::FailureOr<::mlir::bufferization::BufferLikeType> getBufferType(
        ::mlir::Value value, const ::mlir::bufferization::BufferizationOptions &options,
        const ::mlir::bufferization::BufferizationState &state,
        ::llvm::SmallVector<::mlir::Value> &stack) {
      return ::symm::comm::collectiveBufferType(*this, value, options, state, stack);
    }
    ::llvm::LogicalResult bufferize(
        ::mlir::RewriterBase &rewriter,
        const ::mlir::bufferization::BufferizationOptions &options,
        ::mlir::bufferization::BufferizationState &state) {
      return ::symm::comm::bufferizeCollective(rewriter, *this, options, state);
    }
  }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::symm::comm::verifyCollective(*this);
    }
    void $cppClass::getCanonicalizationPatterns(
        ::mlir::RewritePatternSet &patterns, ::mlir::MLIRContext *context) {
      ::symm::comm::populateCollectiveCanonicalization(
          patterns, getOperationName(), context);
    }
  }];
}

#endif // SYMM_COMM_COLLECTIVE
