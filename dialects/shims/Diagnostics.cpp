// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Shims.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

using namespace mlir;

static InFlightDiagnostic emit(MlirDiagnosticSeverity severity, Location loc) {
  switch (severity) {
  case MlirDiagnosticError:
    return emitError(loc);
  case MlirDiagnosticWarning:
    return emitWarning(loc);
  case MlirDiagnosticNote:
  case MlirDiagnosticRemark:
    return emitRemark(loc);
  }
  llvm_unreachable("unknown severity");
}

static InFlightDiagnostic emit(MlirDiagnosticSeverity severity, Operation *op) {
  switch (severity) {
  case MlirDiagnosticError:
    return op->emitOpError();
  case MlirDiagnosticWarning:
    return op->emitWarning() << "'" << op->getName() << "' op ";
  case MlirDiagnosticNote:
  case MlirDiagnosticRemark:
    return op->emitRemark() << "'" << op->getName() << "' op ";
  }
  llvm_unreachable("unknown severity");
}

static void finish(InFlightDiagnostic diagnostic, MlirStringRef message,
                   ArrayRef<SymmNote> notes) {
  diagnostic << unwrap(message);
  for (const SymmNote &note : notes) {
    std::optional<Location> loc;
    if (!mlirLocationIsNull(note.location))
      loc = unwrap(note.location);
    diagnostic.attachNote(loc) << unwrap(note.message);
  }
}

void symmEmitDiagnostic(MlirDiagnosticSeverity severity, MlirLocation location,
                        MlirStringRef message, intptr_t nNotes,
                        const SymmNote *notes) {
  finish(emit(severity, unwrap(location)), message, {notes, size_t(nNotes)});
}

void symmEmitOpDiagnostic(MlirDiagnosticSeverity severity, MlirOperation op,
                          MlirStringRef message, intptr_t nNotes,
                          const SymmNote *notes) {
  finish(emit(severity, unwrap(op)), message, {notes, size_t(nNotes)});
}
