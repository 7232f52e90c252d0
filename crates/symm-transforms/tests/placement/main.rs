// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Random programs before and after `--place-symmetric-buffers`: they do the same,
//! every symmetric operand is placed, and nothing is left to do.

mod machine;
mod program;

use machine::{Machine, Outcome};
use melior::{
    Context,
    ir::{Module, operation::OperationLike},
    pass::PassManager,
};
use program::{Program, programs};
use proptest::prelude::*;
use symm_ir::{context::create_context, diagnostics, pass::Pipeline, walk};
use symm_transforms::place_symmetric_buffers::PLACE_SYMMETRIC_BUFFERS;

fn place(context: &Context, module: &mut Module<'_>) {
    let manager = PassManager::new(context);
    Pipeline::new(manager.as_operation_pass_manager())
        .add(&PLACE_SYMMETRIC_BUFFERS, "")
        .expect("the pass has no options");
    // The pass manager verifies the module, whose symmetric operands must be placed
    // from here on.
    let (result, diagnostics) = diagnostics::collect(context, || manager.run(module));
    assert!(result.is_ok(), "{diagnostics}\n{}", module.as_operation());
}

fn outcome(module: &Module<'_>) -> Option<Outcome> {
    Machine::run(module).ok()
}

/// Returns the types of the functions that others can call or provide.
fn contracts(module: &Module<'_>) -> Vec<String> {
    walk::collect_named(module.as_operation(), "func.func")
        .into_iter()
        .filter(|op| !op.to_string().contains("private @private"))
        .map(|op| op.attribute("function_type").expect("a type").to_string())
        .collect()
}

thread_local! {
    /// Making one takes longer than a case does.
    static CONTEXT: Context = create_context();
}

fn check(context: &Context, program: &Program) -> Result<(), TestCaseError> {
    let text = program.text();
    let mut module = Module::parse(context, &text).expect("a valid program");
    let before = (outcome(&module), contracts(&module));

    place(context, &mut module);
    let placed = module.as_operation().to_string();
    if before.0.is_some() {
        prop_assert_eq!(&outcome(&module), &before.0, "{}\n{}", text, placed);
    }
    prop_assert_eq!(contracts(&module), before.1);

    place(context, &mut module);
    prop_assert_eq!(module.as_operation().to_string(), placed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn placement_changes_where_and_not_what(program in programs()) {
        CONTEXT.with(|context| check(context, &program))?;
    }
}
