// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--outline-contractions`: fusion cannot reach into a function.

use crate::{
    builder::{Builder, erase, first_result},
    runtime,
};
use melior::ir::{OperationRef, RegionLike, Type, Value, ValueLike, operation::OperationLike};
use mlir_sys::{mlirGetDialectHandle__func__, mlirGetDialectHandle__linalg__};
use symm_ir::{
    edit,
    linalg::is_contraction,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    symbol::unique,
    value::replace_all_uses,
    walk,
};

/// Puts matrix products on tensors into functions of their own.
pub static OUTLINE_CONTRACTIONS: PassDef = PassDef {
    argument: "outline-contractions",
    summary: "Put matrix products on tensors into private functions",
    description: "
`--linalg-fuse-elementwise-ops` also moves reshapes and elementwise ops into matrix products,
which turns products that a library runs into loops that nothing runs fast. In between this
pass and `--inline`, which undoes it, a product is a call that fusion leaves alone.
",
    anchor: Some("builtin.module"),
    options: &[],
    statistics: &[StatisticDef {
        name: "outlined",
        description: "products outlined",
    }],
    dependent_dialects: &[mlirGetDialectHandle__func__, mlirGetDialectHandle__linalg__],
    run,
};

/// How the functions are called.
const NAME: &str = "symm_contraction";

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let body = module
        .region(0)?
        .first_block()
        .ok_or("the module has no body".to_owned())?;
    let products: Vec<_> = walk::collect(module)
        .into_iter()
        .filter(|op| is_contraction(*op) && op.result_count() == 1)
        .collect();
    let mut taken = runtime::declared(body).into_iter().collect();
    for product in products {
        let end = Builder::at_end(pass.context(), product.location(), body);
        outline(&end, product, &unique(NAME.to_owned(), &mut taken));
        pass.count("outlined", 1);
    }
    Ok(())
}

fn outline<'c: 'a, 'a>(end: &Builder<'c, 'a>, product: OperationRef<'c, 'a>, name: &str) {
    let operands: Vec<Value<'c, 'a>> = product.operands().collect();
    let types: Vec<Type<'c>> = operands.iter().map(|operand| operand.r#type()).collect();
    let result = first_result(product);
    end.function(name, &types, &[result.r#type()], |b, arguments| {
        let clone = b.insert(edit::clone(product));
        for (index, argument) in arguments.iter().enumerate() {
            edit::set_operand(clone, index, *argument);
        }
        b.op("func.return", &[first_result(clone)], &[], &[]);
    });
    let call = Builder::before(product).call(name, &operands, &[result.r#type()]);
    replace_all_uses(result, first_result(call));
    erase(product);
}
