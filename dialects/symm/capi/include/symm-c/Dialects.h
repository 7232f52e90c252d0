/* SPDX-FileCopyrightText: The Symm authors
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C API of Symm's dialects. Every function is a pure query or a constructor;
 * nothing here takes ownership. */

#ifndef SYMM_C_DIALECTS_H
#define SYMM_C_DIALECTS_H

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Comm, comm);
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(C10d, c10d);
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(SymmMem, symm_mem);

/** Creates `#comm.symm_mem<@group>`. */
MLIR_CAPI_EXPORTED MlirAttribute symmSymmMemAttrGet(MlirContext context, MlirStringRef group);
/** Returns whether the attribute is a `#comm.symm_mem`. */
MLIR_CAPI_EXPORTED bool symmAttributeIsASymmMem(MlirAttribute attribute);
/** Returns the group of a `#comm.symm_mem`, without the @. */
MLIR_CAPI_EXPORTED MlirStringRef symmSymmMemAttrGetGroup(MlirAttribute attribute);

/** Creates `#comm.reduce_op<...>`; null if no reduction has that name. */
MLIR_CAPI_EXPORTED MlirAttribute symmReduceOpAttrGet(MlirContext context, MlirStringRef name);
/** Returns the name of a `#comm.reduce_op`, or an empty string for another attribute. */
MLIR_CAPI_EXPORTED MlirStringRef symmReduceOpAttrGetName(MlirAttribute attribute);
/** Returns whether the reduction exists for the element type. */
MLIR_CAPI_EXPORTED bool symmReduceOpIsDefined(MlirAttribute reduceOp, MlirType elementType);

/** Creates `#comm.protocol<...>`; null if no protocol has that name. */
MLIR_CAPI_EXPORTED MlirAttribute symmProtocolAttrGet(MlirContext context, MlirStringRef name);
/** Returns the name of a `#comm.protocol`, or an empty string for another attribute. */
MLIR_CAPI_EXPORTED MlirStringRef symmProtocolAttrGetName(MlirAttribute attribute);

/** Creates `#comm.mem_order<...>`; null if no order has that name. */
MLIR_CAPI_EXPORTED MlirAttribute symmMemOrderAttrGet(MlirContext context, MlirStringRef name);
/** Returns the name of a `#comm.mem_order`, or an empty string for another attribute. */
MLIR_CAPI_EXPORTED MlirStringRef symmMemOrderAttrGetName(MlirAttribute attribute);

/** Returns whether the op is a collective (has CollectiveOpInterface). */
MLIR_CAPI_EXPORTED bool symmOperationIsACollective(MlirOperation op);
/** Returns the group of a collective, without the @. */
MLIR_CAPI_EXPORTED MlirStringRef symmCollectiveGetGroup(MlirOperation op);
/** Returns the data that a collective communicates. */
MLIR_CAPI_EXPORTED MlirValue symmCollectiveGetInput(MlirOperation op);
/** Returns the buffer that gets the result of a collective, or null. */
MLIR_CAPI_EXPORTED MlirValue symmCollectiveGetOutputBuffer(MlirOperation op);
/** Returns whether the input is overwritten by the result. */
MLIR_CAPI_EXPORTED bool symmCollectiveIsInPlace(MlirOperation op);
/** Returns whether the result must be waited for. */
MLIR_CAPI_EXPORTED bool symmCollectiveIsAsync(MlirOperation op);
/** Returns how many operands must be in symmetric memory of the group. */
MLIR_CAPI_EXPORTED intptr_t symmCollectiveGetNumSymmetricOperands(MlirOperation op);
/** Returns the number of the i-th operand that must be in symmetric memory. */
MLIR_CAPI_EXPORTED intptr_t symmCollectiveGetSymmetricOperand(MlirOperation op, intptr_t i);
/** Returns whether the collective overwrites its i-th operand. */
MLIR_CAPI_EXPORTED bool symmCollectiveWritesOperand(MlirOperation op, intptr_t i);
/** Returns whether the collective reads its i-th operand. */
MLIR_CAPI_EXPORTED bool symmCollectiveReadsOperand(MlirOperation op, intptr_t i);

#ifdef __cplusplus
}
#endif

#endif /* SYMM_C_DIALECTS_H */
