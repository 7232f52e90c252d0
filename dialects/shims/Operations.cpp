// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Shims.h"

#include "mlir/CAPI/IR.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Operation.h"

MlirOperation symmOperationGetPrevInBlock(MlirOperation op) {
  return wrap(unwrap(op)->getPrevNode());
}

bool symmOperationIsBufferizable(MlirOperation op) {
  return mlir::isa<mlir::bufferization::BufferizableOpInterface>(unwrap(op));
}

int64_t symmDenseResourceGetBytes(MlirAttribute attribute) {
  auto resource =
      mlir::cast<mlir::DenseResourceElementsAttr>(unwrap(attribute));
  const mlir::AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  return blob ? static_cast<int64_t>(blob->getData().size()) : -1;
}
