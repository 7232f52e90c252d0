// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which ops are turned: connected ones together, or none of them.

use super::rule::Rule;
use melior::ir::{OperationRef, TypeLike, Value, ValueLike, operation::OperationLike};
use std::collections::HashMap;
use symm_ir::{
    linalg::is_structured,
    value::{defining_op, operand, result, uses},
    walk,
};

/// Ops whose bodies are not code of the host, or not code that runs once.
const KERNELS: [&str; 4] = ["gpu.launch", "scf.forall", "scf.parallel", "vector.mask"];

/// Ops that may be turned, by address, and what they become.
type Candidates = HashMap<usize, Rule>;

/// Returns the ops of a function that are turned, in order, and what they become.
pub(super) fn chosen<'c: 'a, 'a>(
    function: OperationRef<'c, 'a>,
) -> Vec<(OperationRef<'c, 'a>, Rule)> {
    let mut ops = Vec::new();
    let mut candidates = Candidates::new();
    collect(function, &mut ops, &mut candidates);
    loop {
        let before = candidates.len();
        // What is lost goes to users and to what is used: a sweep in each direction.
        for op in ops.iter().chain(ops.iter().rev()) {
            if !is_connected(&candidates, *op) {
                candidates.remove(&address(*op));
            }
        }
        if candidates.len() == before {
            break;
        }
    }
    let rule = |op: OperationRef<'c, 'a>| Some((op, *candidates.get(&address(op))?));
    ops.into_iter().filter_map(rule).collect()
}

/// Adds the candidates inside an op, each after what it uses.
fn collect<'c: 'a, 'a>(
    around: OperationRef<'c, 'a>,
    ops: &mut Vec<OperationRef<'c, 'a>>,
    candidates: &mut Candidates,
) {
    for op in walk::children(around) {
        let rule = Rule::of(op).filter(|rule| is_concerned(candidates, op, *rule));
        if let Some(rule) = rule {
            ops.push(op);
            candidates.insert(address(op), rule);
        }
        if !is_structured(op) && !KERNELS.iter().any(|name| walk::is(op, name)) {
            collect(op, ops, candidates);
        }
    }
}

/// Says whether an op has to do with vectors, or with numbers that come out of them.
fn is_concerned(candidates: &Candidates, op: OperationRef<'_, '_>, rule: Rule) -> bool {
    let is_vector = |value: Value<'_, '_>| value.r#type().is_vector();
    if rule == Rule::Number {
        return operand(op, 0).is_some_and(|number| is_turned(candidates, number));
    }
    op.operands()
        .any(|value| is_vector(value) || is_turned(candidates, value))
        || op.results().any(|value| is_vector(value.into()))
}

/// Says whether a value becomes a tensor.
fn is_turned(candidates: &Candidates, value: Value<'_, '_>) -> bool {
    let rule = defining_op(value).and_then(|op| candidates.get(&address(op)));
    rule.is_some_and(|rule| rule.makes_values())
}

/// Says whether all that an op uses, and all that uses it, is turned with it.
fn is_connected<'c: 'a, 'a>(candidates: &Candidates, op: OperationRef<'c, 'a>) -> bool {
    let Some(rule) = candidates.get(&address(op)) else {
        return false;
    };
    let is_fine = |value: Value<'c, 'a>| {
        !value.r#type().is_vector()
            || is_turned(candidates, value)
            || defining_op(value).is_some_and(|op| walk::is(op, "arith.constant"))
    };
    // Where in memory something is, the host has to know.
    let places = match rule {
        Rule::Read => 1,
        Rule::Write => 2,
        Rule::Number => 1,
        _ => op.operand_count(),
    };
    let is_place = |value: Value<'c, 'a>| value.r#type().is_index();
    let mut at = op.operands().skip(places);
    if at.any(|value| is_place(value) && is_turned(candidates, value)) {
        return false;
    }
    let mut results = (0..op.result_count()).filter_map(|index| result(op, index));
    let is_used_here = |value: Value<'c, 'a>| {
        uses(value).all(|user| candidates.contains_key(&address(user.owner)))
    };
    op.operands().all(is_fine) && (!rule.makes_values() || results.all(is_used_here))
}

fn address(op: OperationRef<'_, '_>) -> usize {
    op.to_raw().ptr as usize
}
