// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Parses and verifies modules with the installed dialects, without any Rust.

#include "symm/c10d/C10d.h"
#include "symm/comm/Comm.h"
#include "symm/symm_mem/SymmMem.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

static constexpr llvm::StringLiteral kValid = R"mlir(
comm.group @tp size(4) {symm_mem}
func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %sum = c10d.all_reduce<sum> %x on @tp : tensor<8x4xf32>
  %y = c10d.wait_tensor %sum : tensor<8x4xf32>
  %z = symm_mem.one_shot_all_reduce<sum> %y on @tp : tensor<8x4xf32>
  return %z : tensor<8x4xf32>
}
)mlir";

static constexpr llvm::StringLiteral kUnknownGroup = R"mlir(
func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %sum = c10d.all_reduce<sum> %x on @nowhere : tensor<8x4xf32>
  return %sum : tensor<8x4xf32>
}
)mlir";

static int countCollectives(mlir::ModuleOp module) {
  int count = 0;
  module.walk([&](symm::c10d::AllReduceOp) { ++count; });
  module.walk([&](symm::symm_mem::OneShotAllReduceOp) { ++count; });
  return count;
}

int main() {
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, symm::comm::CommDialect,
                  symm::c10d::C10dDialect, symm::symm_mem::SymmMemDialect>();
  mlir::MLIRContext context(registry);

  auto valid = mlir::parseSourceString<mlir::ModuleOp>(kValid, &context);
  if (!valid || countCollectives(*valid) != 2) {
    llvm::errs() << "expected a module with 2 collectives\n";
    return 1;
  }

  std::string said;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) { said += diagnostic.str(); });
  auto invalid = mlir::parseSourceString<mlir::ModuleOp>(kUnknownGroup, &context);
  if (invalid || said.find("nowhere") == std::string::npos) {
    llvm::errs() << "expected an error that names @nowhere, got: " << said << "\n";
    return 1;
  }
  return 0;
}
