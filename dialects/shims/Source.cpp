// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Source files: parsing that keeps the names of arguments, and diagnostics that
// show the line they are about.

#include "symm-c/Shims.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace {
struct Source {
  explicit Source(MLIRContext *context) : context(context), handler(manager, context) {}
  MLIRContext *context;
  llvm::SourceMgr manager;
  SourceMgrDiagnosticHandler handler;
};
} // namespace

/// The argument's name as the source spells it, without the `%`.
static StringRef nameOf(const AsmParserState::SMDefinition &argument) {
  llvm::SMRange range = argument.loc;
  if (!range.isValid())
    return {};
  StringRef spelling(range.Start.getPointer(), range.End.getPointer() - range.Start.getPointer());
  return spelling.consume_front("%") ? spelling : StringRef();
}

/// Locations of arguments are names where the source gives no other name.
static void nameArguments(FunctionOpInterface function, const AsmParserState &state) {
  if (function.isExternal())
    return;
  const auto *definition = state.getBlockDef(&function.front());
  if (!definition)
    return;
  for (auto [argument, source] : llvm::zip(function.getArguments(), definition->arguments)) {
    StringRef name = nameOf(source);
    if (!name.empty() && !llvm::isa<NameLoc>(argument.getLoc()))
      argument.setLoc(NameLoc::get(StringAttr::get(function.getContext(), name), argument.getLoc()));
  }
}

SymmSourceRef symmSourceOpen(MlirContext context, MlirStringRef path, MlirStringCallback onError,
                             void *errorData) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(unwrap(path), &message);
  if (!file) {
    onError(wrap(StringRef(message)), errorData);
    return {nullptr};
  }
  auto *source = new Source(unwrap(context));
  source->manager.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  return {source};
}

MlirModule symmSourceParse(SymmSourceRef ref) {
  auto *source = static_cast<Source *>(ref.ptr);
  MLIRContext *context = source->context;
  const llvm::MemoryBuffer *buffer = source->manager.getMemoryBuffer(source->manager.getMainFileID());
  if (isBytecode(*buffer))
    return wrap(parseSourceFile<ModuleOp>(source->manager, context).release());
  Block block;
  AsmParserState state;
  if (failed(parseAsmSourceFile(source->manager, &block, context, &state)))
    return {nullptr};
  block.walk([&](FunctionOpInterface function) { nameArguments(function, state); });
  Location start = FileLineColLoc::get(context, buffer->getBufferIdentifier(), 1, 1);
  return wrap(
      mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(&block, context, start)
          .release());
}

void symmSourceClose(SymmSourceRef source) { delete static_cast<Source *>(source.ptr); }
