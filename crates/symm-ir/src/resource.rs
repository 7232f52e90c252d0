// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Constants whose values are beside the program, as `dense_resource`.

use melior::ir::{Attribute, AttributeLike};
use mlir_sys::mlirAttributeIsADenseResourceElements;
use symm_sys::symmDenseResourceGetBytes;

/// Says whether the values of a constant are in a resource.
pub fn is_resource(value: Attribute<'_>) -> bool {
    // SAFETY: the attribute is valid.
    unsafe { mlirAttributeIsADenseResourceElements(value.to_raw()) }
}

/// Returns the bytes of a constant's values in a resource; `None` where they are not
/// there.
///
/// # Panics
///
/// Panics where the values are in no resource.
pub fn bytes(value: Attribute<'_>) -> Option<u64> {
    assert!(is_resource(value), "expected a dense_resource, got {value}");
    // SAFETY: the attribute is a resource.
    u64::try_from(unsafe { symmDenseResourceGetBytes(value.to_raw()) }).ok()
}
