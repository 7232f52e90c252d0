// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Moving classes: allocations and everything between get the type of the new
//! memory space.

use super::{classes::Node, functions::Function, plan::Plan, survey::Survey};
use melior::ir::{Type, ValueLike, attribute::TypeAttribute, r#type::FunctionType};
use symm_ir::{
    context::context_of,
    dialect::SYMM_MEM,
    edit::{remove_attribute, set_attribute},
    memref::in_memory_space,
};

/// Gives the values and functions of each class that is moved their new types.
pub fn retype<'c: 'a, 'a>(survey: &Survey<'c, 'a>, plan: &Plan<'c, 'a>) {
    for (node, value) in survey.classes.values() {
        if let Some(space) = plan.destination(node) {
            value.set_type(in_memory_space(value.r#type(), Some(space)));
        }
    }
    for function in survey
        .functions
        .all
        .iter()
        .filter(|function| function.changeable)
    {
        retype_function(function, plan);
    }
    for request in &survey.requests {
        // From here on the type says where it is.
        remove_attribute(request.op, SYMM_MEM);
    }
}

fn retype_function<'c: 'a, 'a>(function: &Function<'c, 'a>, plan: &Plan<'c, 'a>) {
    let old = function.r#type;
    let inputs = (0..old.input_count()).filter_map(|index| old.input(index).ok());
    let results = (0..old.result_count()).filter_map(|index| old.result(index).ok());
    let inputs = retyped(inputs, &function.arguments, plan);
    let results = retyped(results, &function.results, plan);
    let new = Type::from(FunctionType::new(
        context_of(&function.op),
        &inputs,
        &results,
    ));
    if new != Type::from(old) {
        set_attribute(function.op, "function_type", TypeAttribute::new(new).into());
    }
}

fn retyped<'c: 'a, 'a>(
    types: impl Iterator<Item = Type<'c>>,
    nodes: &[Option<Node>],
    plan: &Plan<'c, 'a>,
) -> Vec<Type<'c>> {
    types
        .zip(nodes)
        .map(
            |(r#type, node)| match node.and_then(|node| plan.destination(node)) {
                Some(space) => in_memory_space(r#type, Some(space)),
                None => r#type,
            },
        )
        .collect()
}
