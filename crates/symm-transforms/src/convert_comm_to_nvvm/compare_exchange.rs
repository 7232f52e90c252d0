// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `%old = comm.compare_exchange %a, %e, %d offset(8) : i32` → `atom.relaxed.sys.global.cas.b32 %old, [%a+8], %e, %d`
//!
//! No side conditions.

use super::ptx::{address, bits, replace};
use crate::builder::first_result;
use melior::ir::{OperationRef, Value, ValueLike, operation::OperationLike};
use symm_ir::pass::PassResult;

pub(super) fn convert<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let width = bits(first_result(op).r#type());
    let code = format!(
        "atom.relaxed.sys.global.cas.b{width} {{$w0}}, {}, {{$r1}}, {{$r2}};",
        address(op, 0)
    );
    let operands: Vec<Value<'c, 'a>> = op.operands().collect();
    replace(op, &code, &operands);
    Ok(())
}
