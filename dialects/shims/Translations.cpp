// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Shims.h"

#include "mlir/CAPI/IR.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;

void symmRegisterGpuTranslations(MlirDialectRegistry registry) {
  registerAllGPUToLLVMIRTranslations(*unwrap(registry));
}

static LogicalResult toLLVMIR(Operation *op, raw_ostream &output) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(op, context);
  if (!module)
    return failure();
  module->print(output, nullptr);
  return success();
}

void symmRegisterTranslations(void (*fill)(MlirDialectRegistry)) {
  registerFromLLVMIRTranslation();
  registerFromSPIRVTranslation();
  registerIRDLToCppTranslation();
  registerFromWasmTranslation();
  registerToCppTranslation();
  registerToSPIRVTranslation();
  smt::registerExportSMTLIBTranslation();
  // MLIR's own registration knows MLIR's own dialects only.
  TranslateFromMLIRRegistration(
      "mlir-to-llvmir", "Translate MLIR to LLVMIR", toLLVMIR,
      [fill](DialectRegistry &registry) {
        fill(wrap(&registry));
        registerAllToLLVMIRTranslations(registry);
      });
}
