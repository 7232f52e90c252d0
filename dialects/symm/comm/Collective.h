// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What every collective shares; Collective.td puts these behind the ops.

#ifndef SYMM_COMM_COLLECTIVE_H
#define SYMM_COMM_COLLECTIVE_H

#include "symm/comm/Comm.h"

namespace symm::comm {

using Effects = llvm::SmallVectorImpl<
    mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>>;

/// The wires between ranks. Every collective reads and writes them, so that
/// none is dropped, duplicated or moved across another.
struct Network : mlir::SideEffects::Resource::Base<Network> {
  llvm::StringRef getName() final { return "Symm.Network"; }
};

/// Checks what needs no group: forms, element types, reductions.
llvm::LogicalResult verifyCollective(mlir::Operation *op);

/// Checks what needs the group: that it exists, shapes, symmetric operands.
llvm::LogicalResult verifyGroupUse(mlir::Operation *op,
                                   mlir::SymbolTableCollection &symbols);

void collectiveEffects(mlir::Operation *op, Effects &effects);
bool collectiveReads(mlir::Operation *op, mlir::OpOperand &operand);
bool collectiveWrites(mlir::Operation *op, mlir::OpOperand &operand);
mlir::bufferization::AliasingValueList
collectiveAliases(mlir::Operation *op, mlir::OpOperand &operand);

/// A fresh buffer is contiguous; in place, it is the operand's.
mlir::FailureOr<mlir::bufferization::BufferLikeType>
collectiveBufferType(mlir::Operation *op, mlir::Value result,
                     const mlir::bufferization::BufferizationOptions &options,
                     const mlir::bufferization::BufferizationState &state,
                     llvm::SmallVector<mlir::Value> &stack);

/// Tensor form → memref form; the result gets a fresh buffer unless in place.
llvm::LogicalResult
bufferizeCollective(mlir::RewriterBase &rewriter, mlir::Operation *op,
                    const mlir::bufferization::BufferizationOptions &options,
                    mlir::bufferization::BufferizationState &state);

/// A collective over a group of one rank is its input.
void populateCollectiveCanonicalization(mlir::RewritePatternSet &patterns,
                                        llvm::StringRef opName,
                                        mlir::MLIRContext *context);

} // namespace symm::comm

// Custom directives of the assembly formats, found from every dialect's namespace.
namespace symm {
using Operand = mlir::OpAsmParser::UnresolvedOperand;

mlir::ParseResult parseReduceOp(mlir::OpAsmParser &parser, comm::ReduceOpAttr &op);
void printReduceOp(mlir::OpAsmPrinter &printer, mlir::Operation *, comm::ReduceOpAttr op);

mlir::ParseResult parseAlgorithm(mlir::OpAsmParser &parser, comm::ReduceOpAttr &op,
                                 comm::ProtocolAttr &protocol);
void printAlgorithm(mlir::OpAsmPrinter &printer, mlir::Operation *,
                    comm::ReduceOpAttr op, comm::ProtocolAttr protocol);

mlir::ParseResult parseCollective(mlir::OpAsmParser &parser, Operand &input,
                                  mlir::Type &inputType, std::optional<Operand> &output,
                                  mlir::Type &outputType, mlir::Type &resultType,
                                  mlir::FlatSymbolRefAttr &group,
                                  mlir::NamedAttrList &attributes);
void printCollective(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::Value input,
                     mlir::Type inputType, mlir::Value output, mlir::Type outputType,
                     mlir::Type resultType, mlir::FlatSymbolRefAttr group,
                     mlir::DictionaryAttr);

mlir::ParseResult parseStagedCollective(
    mlir::OpAsmParser &parser, Operand &buffer, mlir::Type &bufferType, Operand &input,
    mlir::Type &inputType, std::optional<Operand> &output, mlir::Type &outputType,
    mlir::Type &resultType, mlir::FlatSymbolRefAttr &group, mlir::NamedAttrList &attributes);
void printStagedCollective(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                           mlir::Value buffer, mlir::Type bufferType, mlir::Value input,
                           mlir::Type inputType, mlir::Value output,
                           mlir::Type outputType, mlir::Type resultType,
                           mlir::FlatSymbolRefAttr group, mlir::DictionaryAttr);

mlir::ParseResult parseInPlaceCollective(mlir::OpAsmParser &parser, Operand &input,
                                         mlir::Type &inputType, mlir::Type &resultType,
                                         mlir::FlatSymbolRefAttr &group,
                                         mlir::NamedAttrList &attributes);
void printInPlaceCollective(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                            mlir::Value input, mlir::Type inputType,
                            mlir::Type resultType, mlir::FlatSymbolRefAttr group,
                            mlir::DictionaryAttr);
} // namespace symm

#endif // SYMM_COMM_COLLECTIVE_H
