// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Dialects.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "symm/c10d/C10d.h"
#include "symm/symm_mem/SymmMem.h"

using namespace mlir;
using namespace symm::comm;

MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Comm, comm, symm::comm::CommDialect)
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(C10d, c10d, symm::c10d::C10dDialect)
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(SymmMem, symm_mem, symm::symm_mem::SymmMemDialect)

static CollectiveOpInterface collective(MlirOperation op) {
  return llvm::cast<CollectiveOpInterface>(unwrap(op));
}

MlirAttribute symmSymmMemAttrGet(MlirContext context, MlirStringRef group) {
  MLIRContext *ctx = unwrap(context);
  return wrap(SymmMemAttr::get(ctx, FlatSymbolRefAttr::get(ctx, unwrap(group))));
}
bool symmAttributeIsASymmMem(MlirAttribute attribute) {
  return llvm::isa_and_nonnull<SymmMemAttr>(unwrap(attribute));
}
MlirStringRef symmSymmMemAttrGetGroup(MlirAttribute attribute) {
  return wrap(llvm::cast<SymmMemAttr>(unwrap(attribute)).getGroup().getValue());
}

MlirAttribute symmReduceOpAttrGet(MlirContext context, MlirStringRef name) {
  std::optional<ReduceOp> op = symbolizeReduceOp(unwrap(name));
  return wrap(op ? Attribute(ReduceOpAttr::get(unwrap(context), *op)) : Attribute());
}
MlirStringRef symmReduceOpAttrGetName(MlirAttribute attribute) {
  auto op = llvm::dyn_cast_or_null<ReduceOpAttr>(unwrap(attribute));
  return wrap(op ? stringifyReduceOp(op.getValue()) : StringRef());
}
bool symmReduceOpIsDefined(MlirAttribute reduceOp, MlirType elementType) {
  return isDefined(llvm::cast<ReduceOpAttr>(unwrap(reduceOp)).getValue(), unwrap(elementType));
}

MlirAttribute symmProtocolAttrGet(MlirContext context, MlirStringRef name) {
  std::optional<Protocol> protocol = symbolizeProtocol(unwrap(name));
  return wrap(protocol ? Attribute(ProtocolAttr::get(unwrap(context), *protocol)) : Attribute());
}
MlirStringRef symmProtocolAttrGetName(MlirAttribute attribute) {
  auto protocol = llvm::dyn_cast_or_null<ProtocolAttr>(unwrap(attribute));
  return wrap(protocol ? stringifyProtocol(protocol.getValue()) : StringRef());
}

MlirAttribute symmMemOrderAttrGet(MlirContext context, MlirStringRef name) {
  std::optional<MemOrder> order = symbolizeMemOrder(unwrap(name));
  return wrap(order ? Attribute(MemOrderAttr::get(unwrap(context), *order)) : Attribute());
}
MlirStringRef symmMemOrderAttrGetName(MlirAttribute attribute) {
  auto order = llvm::dyn_cast_or_null<MemOrderAttr>(unwrap(attribute));
  return wrap(order ? stringifyMemOrder(order.getValue()) : StringRef());
}

bool symmOperationIsACollective(MlirOperation op) {
  return llvm::isa<CollectiveOpInterface>(unwrap(op));
}
MlirStringRef symmCollectiveGetGroup(MlirOperation op) {
  return wrap(collective(op).getGroupAttr().getValue());
}
MlirValue symmCollectiveGetInput(MlirOperation op) { return wrap(collective(op).getInput()); }
MlirValue symmCollectiveGetOutputBuffer(MlirOperation op) {
  return wrap(collective(op).getOutputBuffer());
}
bool symmCollectiveIsInPlace(MlirOperation op) { return collective(op).isInPlace(); }
bool symmCollectiveIsAsync(MlirOperation op) { return collective(op).isAsync(); }
intptr_t symmCollectiveGetNumSymmetricOperands(MlirOperation op) {
  return collective(op).getSymmetricOperands().size();
}
intptr_t symmCollectiveGetSymmetricOperand(MlirOperation op, intptr_t i) {
  return collective(op).getSymmetricOperands()[i]->getOperandNumber();
}
bool symmCollectiveWritesOperand(MlirOperation op, intptr_t i) {
  return collectiveWrites(unwrap(op), unwrap(op)->getOpOperand(i));
}
bool symmCollectiveReadsOperand(MlirOperation op, intptr_t i) {
  return collectiveReads(unwrap(op), unwrap(op)->getOpOperand(i));
}
