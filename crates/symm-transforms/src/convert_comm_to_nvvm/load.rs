// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `%w:2 = comm.load<relaxed> %a : i64, i64` → `ld.relaxed.sys.global.v2.b64 {%w#0, %w#1}, [%a]`
//!
//! A volatile load has no scope. No side conditions: the verifier knows which loads there are.

use super::ptx::{address, qualifiers, registers, replace};
use melior::ir::{OperationRef, Type, ValueLike, operation::OperationLike};
use symm_ir::pass::PassResult;

pub(super) fn convert<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let words: Vec<Type<'c>> = op.results().map(|word| word.r#type()).collect();
    let results = registers('w', 0..words.len());
    let code = format!(
        "ld.{} {results}, {};",
        qualifiers(op, &words)?,
        address(op, 0)
    );
    replace(op, &code, &[op.operand(0)?]);
    Ok(())
}
