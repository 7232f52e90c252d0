// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Putting one collective in the place of another.

use melior::ir::{Attribute, Identifier, Operation, OperationRef, operation::OperationLike};
use mlir_sys::{mlirOperationGetDiscardableAttribute, mlirOperationGetNumDiscardableAttributes};
use symm_ir::{edit::set_attribute, rewriter::Rewriter};

/// Replaces `op` by `new`, which gets the attributes that the dialect does not
/// know.
pub fn with<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    rewriter: &Rewriter<'c, 'a>,
    new: impl Into<Operation<'c>>,
) {
    let new = rewriter.insert(new);
    // SAFETY: the op is valid and has that many such attributes.
    unsafe {
        for index in 0..mlirOperationGetNumDiscardableAttributes(op.to_raw()) {
            let attribute = mlirOperationGetDiscardableAttribute(op.to_raw(), index);
            let name = Identifier::from_raw(attribute.name);
            let name = name.as_string_ref();
            if let Ok(name) = name.as_str() {
                set_attribute(new, name, Attribute::from_raw(attribute.attribute));
            }
        }
    }
    let results: Vec<_> = new.results().map(Into::into).collect();
    rewriter.replace(op, &results);
}
