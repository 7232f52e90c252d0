// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Passes and patterns written in Rust, run through MLIR's pass manager.

use melior::{
    ir::{Module, OperationRef, ValueLike, operation::OperationLike},
    pass::PassManager,
};
use symm_ir::{
    cast::cast,
    context,
    diagnostics::{self, Diagnostics, Failure, Severity},
    dialect::{ReduceOp, c10d, symm_mem},
    pass::{OptionDef, PassDef, PassResult, PassRun, StatisticDef},
    pattern::{Pattern, PatternResult, Patterns, no_match},
    remark::{self, Kind},
    rewriter::Rewriter,
};

const PROGRAM: &str = "
    comm.group @tp size(4) {symm_mem}
    func.func @f(%x: tensor<8xf32>, %y: tensor<64xf32>) -> (tensor<8xf32>, tensor<64xf32>) {
      %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
      %1 = c10d.all_reduce<max> %y on @tp : tensor<64xf32>
      return %0, %1 : tensor<8xf32>, tensor<64xf32>
    }";

static LOWER: PassDef = PassDef {
    argument: "test-lower",
    summary: "lower sums",
    description: "",
    anchor: Some("builtin.module"),
    options: &[
        OptionDef::bool("lower", true, "lower at all"),
        OptionDef::int("limit", 1, "how many to lower"),
        OptionDef::text("reduction", "sum", "the reduction to lower"),
    ],
    statistics: &[StatisticDef {
        name: "lowered",
        description: "ops lowered",
    }],
    dependent_dialects: &[symm_ir::dialect::mlirGetDialectHandle__symm_mem__],
    run: lower,
};

fn lower(pass: &PassRun<'_, '_>) -> PassResult {
    if !pass.options().bool("lower") {
        pass.preserve_all_analyses();
        return Ok(());
    }
    assert_eq!(pass.options().int("limit"), 1, "the default holds");
    let reduction = ReduceOp::from_keyword(&pass.options().text("reduction"))
        .ok_or_else(|| Failure::Message("expected a reduction".into()))?;
    let pattern = LowerAllReduce { pass, reduction };
    Patterns::new(pass.context())
        .with(pattern)
        .walk(pass.operation())
}

struct LowerAllReduce<'p, 'c, 'a> {
    pass: &'p PassRun<'c, 'a>,
    reduction: ReduceOp,
}

impl<'c> Pattern<'c> for LowerAllReduce<'_, 'c, '_> {
    fn root(&self) -> &'static str {
        c10d::AllReduceOperation::name()
    }

    fn match_and_rewrite<'a>(
        &self,
        op: OperationRef<'c, 'a>,
        rewriter: &Rewriter<'c, 'a>,
    ) -> PatternResult {
        let Some(view) = cast::<c10d::AllReduceOperation>(op, self.root()) else {
            return no_match(op, "another op");
        };
        if ReduceOp::from_attribute(view.reduce_op()?) != Some(self.reduction) {
            remark::on(op, Kind::Missed, "test-lower", "kept")
                .because("reduction")
                .emit();
            return no_match(op, "another reduction");
        }
        let lowered =
            symm_mem::OneShotAllReduceOperation::builder(self.pass.context(), op.location())
                .result(view.result()?.r#type())
                .input(view.input()?)
                .group(view.group()?)
                .reduce_op(view.reduce_op()?)
                .build();
        let value = rewriter.insert_value(lowered)?;
        rewriter.replace(op, &[value]);
        self.pass.count("lowered", 1);
        Ok(true)
    }
}

static PANIC_IN_PASS: PassDef = PassDef {
    argument: "test-panic-in-pass",
    summary: "panic",
    description: "",
    anchor: Some("builtin.module"),
    options: &[],
    statistics: &[],
    dependent_dialects: &[],
    run: |_| panic!("no pass is perfect"),
};

static PANIC_IN_PATTERN: PassDef = PassDef {
    argument: "test-panic-in-pattern",
    summary: "panic",
    description: "",
    anchor: Some("func.func"),
    options: &[],
    statistics: &[],
    dependent_dialects: &[],
    run: |pass| {
        Patterns::new(pass.context())
            .with(Panicking)
            .apply_greedily(pass.operation())
    },
};

struct Panicking;

impl<'c> Pattern<'c> for Panicking {
    fn root(&self) -> &'static str {
        "c10d.all_reduce"
    }

    fn match_and_rewrite<'a>(
        &self,
        op: OperationRef<'c, 'a>,
        _: &Rewriter<'c, 'a>,
    ) -> PatternResult {
        panic!("no pattern for {}", op.operand_count())
    }
}

static FAIL: PassDef = PassDef {
    argument: "test-fail",
    summary: "fail",
    description: "",
    anchor: Some("builtin.module"),
    options: &[],
    statistics: &[],
    dependent_dialects: &[],
    run: |pass| {
        let groups = symm_ir::walk::collect_named(pass.operation(), "comm.group");
        let ops = symm_ir::walk::collect_named(pass.operation(), "c10d.all_reduce");
        diagnostics::warning(&ops[0], "slow").emit();
        Err(diagnostics::error(&ops[1], "expected a sum, got a maximum")
            .note_at(groups[0].location(), "the group is here")
            .note("a sum would do")
            .emit())
    },
};

/// A context of one test's own: diagnostics of a shared one would mix.
fn run(pass: &'static PassDef, options: &str) -> (String, bool, Diagnostics) {
    let context = context::create_context();
    let ((text, succeeded), diagnostics) = diagnostics::collect(&context, || {
        let mut module = Module::parse(&context, PROGRAM).expect("the program parses");
        let manager = PassManager::new(&context);
        symm_ir::pass::Pipeline::new(manager.as_operation_pass_manager())
            .add(pass, options)
            .expect("the options parse");
        let succeeded = manager.run(&mut module).is_ok();
        (module.as_operation().to_string(), succeeded)
    });
    (text, succeeded, diagnostics)
}

#[test]
fn a_pattern_rewrites_what_it_matches() {
    let (text, succeeded, _) = run(&LOWER, "");
    assert!(succeeded);
    assert!(
        text.contains("symm_mem.one_shot_all_reduce<sum> %arg0 on @tp"),
        "{text}"
    );
    assert!(text.contains("c10d.all_reduce<max>"), "{text}");
}

#[test]
fn options_reach_the_pass() {
    let (text, succeeded, _) = run(&LOWER, "reduction=max");
    assert!(
        succeeded && text.contains("symm_mem.one_shot_all_reduce<max>"),
        "{text}"
    );
    let (text, succeeded, _) = run(&LOWER, "lower=false");
    assert!(succeeded && !text.contains("symm_mem.one_shot"), "{text}");
}

#[test]
fn an_unknown_option_is_mlirs_error() {
    let failure = LOWER
        .create("nosuch=1")
        .err()
        .expect("there is no such option");
    assert!(
        failure.to_string().contains("no such option nosuch"),
        "{failure}"
    );
}

#[test]
fn a_failure_without_a_place_is_emitted_at_the_op_of_the_pass() {
    let (_, succeeded, diagnostics) = run(&LOWER, "reduction=nosuch");
    assert!(!succeeded);
    assert_eq!(
        diagnostics.0[0].message,
        "'builtin.module' op expected a reduction"
    );
}

#[test]
fn a_panic_in_a_pass_is_an_error_at_its_op() {
    let (_, succeeded, diagnostics) = run(&PANIC_IN_PASS, "");
    assert!(!succeeded);
    let message = &diagnostics.0[0].message;
    let expected = "'builtin.module' op internal error in symm: no pass is perfect at ";
    assert!(message.starts_with(expected), "{message}");
    assert!(message.contains("passes.rs:"), "{message}");
}

#[test]
fn a_panic_in_a_pattern_is_one_error_at_its_op() {
    let context = context::create_context();
    let mut module = Module::parse(&context, PROGRAM).expect("the program parses");
    let manager = PassManager::new(&context);
    manager
        .nested_under("func.func")
        .add_pass(PANIC_IN_PATTERN.create("").expect("there are no options"));
    let (result, diagnostics) = diagnostics::collect(&context, || manager.run(&mut module));
    assert!(result.is_err());
    assert_eq!(diagnostics.0.len(), 1, "{diagnostics}");
    let message = &diagnostics.0[0].message;
    assert!(message.starts_with("'c10d.all_reduce' op internal error in symm: no pattern for 1"));
}

#[test]
fn diagnostics_have_a_severity_and_notes() {
    let (_, succeeded, Diagnostics(entries)) = run(&FAIL, "");
    assert!(!succeeded);
    assert_eq!(entries[0].severity, Severity::Warning);
    assert_eq!(entries[0].message, "'c10d.all_reduce' op slow");
    assert_eq!(entries[1].severity, Severity::Error);
    assert_eq!(
        entries[1].message,
        "'c10d.all_reduce' op expected a sum, got a maximum"
    );
    let notes: Vec<_> = entries[1]
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    assert!(notes.starts_with(&["the group is here"]) || notes.contains(&"the group is here"));
    assert!(notes.contains(&"a sum would do"), "{notes:?}");
}

#[test]
fn remarks_say_what_was_decided_and_counted() {
    let context = context::create_context();
    let remarks = remark::collect(&context, "test-.*").expect("nobody listens yet");
    assert!(
        remark::collect(&context, ".*").is_none(),
        "remarks have one listener"
    );
    let mut module = Module::parse(&context, PROGRAM).expect("the program parses");
    let manager = PassManager::new(&context);
    manager.add_pass(LOWER.create("").expect("there are no options"));
    manager.run(&mut module).expect("the pass succeeds");
    let remarks = remarks.take();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert_eq!(
        (remarks[0].kind, remarks[0].name.as_str()),
        (Kind::Missed, "kept")
    );
    assert_eq!(remarks[0].function, "f");
    assert_eq!(remarks[0].arg("Reason"), Some("reduction"));
    assert_eq!(
        (remarks[1].kind, remarks[1].name.as_str()),
        (Kind::Analysis, "statistics")
    );
    assert_eq!(remarks[1].arg("lowered"), Some("1"));
}

#[test]
fn passes_run_on_many_functions_at_once() {
    static PER_FUNCTION: PassDef = PassDef {
        anchor: Some("func.func"),
        ..LOWER_TEMPLATE
    };
    let functions: String = (0..200)
        .map(|index| {
            format!(
                "func.func @f{index}(%x: tensor<8xf32>) -> tensor<8xf32> {{
                   %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
                   return %0 : tensor<8xf32>
                 }}\n"
            )
        })
        .collect();
    let source = format!("comm.group @tp size(4) {{symm_mem}}\n{functions}");
    let context = context::create_context();
    let mut module = Module::parse(&context, &source).expect("the program parses");
    let manager = PassManager::new(&context);
    manager
        .nested_under("func.func")
        .add_pass(PER_FUNCTION.create("").expect("there are no options"));
    manager.run(&mut module).expect("the pass succeeds");
    let text = module.as_operation().to_string();
    assert_eq!(text.matches("symm_mem.one_shot_all_reduce").count(), 200);
}

const LOWER_TEMPLATE: PassDef = PassDef {
    argument: "test-lower-per-function",
    summary: "lower sums",
    description: "",
    anchor: None,
    options: LOWER.options,
    statistics: LOWER.statistics,
    dependent_dialects: &[symm_ir::dialect::mlirGetDialectHandle__symm_mem__],
    run: lower,
};
