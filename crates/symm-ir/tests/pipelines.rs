// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Pipelines declared in Rust, used through their text.

use melior::{
    ir::Module,
    pass::PassManager,
    utility::{parse_pass_pipeline, register_all_passes},
};
use symm_ir::{
    context,
    diagnostics::Failure,
    pass::{OptionDef, OptionValues, PassDef, Pipeline, PipelineDef},
    walk,
};

static MARK: PassDef = PassDef {
    argument: "test-mark",
    summary: "count functions",
    description: "",
    anchor: Some("builtin.module"),
    options: &[OptionDef::int(
        "expected",
        0,
        "how many functions there must be",
    )],
    statistics: &[],
    dependent_dialects: &[],
    run: |pass| {
        let found = walk::collect_named(pass.operation(), "func.func").len() as i64;
        let expected = pass.options().int("expected");
        if found == expected {
            return Ok(());
        }
        let message = format!("expected {expected} functions, got {found}");
        Err(Failure::Message(message))
    },
};

static PIPELINE: PipelineDef = PipelineDef {
    argument: "test-pipeline",
    summary: "remove dead functions and count those that are left",
    description: "",
    options: &[
        OptionDef::int("expected", 1, "how many functions must be left"),
        OptionDef::text("mode", "good", "how to build it: good, bad or panic"),
        OptionDef::bool("clean", true, "remove dead functions"),
    ],
    build,
};

fn build(pipeline: Pipeline<'_>, options: &OptionValues<'_>) -> Result<(), Failure> {
    match options.text("mode").as_str() {
        "good" => {}
        "bad" => return Err(Failure::Message("expected another mode".into())),
        mode => panic!("no mode {mode}"),
    }
    if options.bool("clean") {
        pipeline.add_text("symbol-dce")?;
    }
    pipeline.nest("func.func").add_text("canonicalize,cse")?;
    pipeline.add(&MARK, &format!("expected={}", options.int("expected")))?;
    Ok(())
}

const PROGRAM: &str = "func.func @f() { return } func.func private @g() { return }";

fn run(pipeline: &str) -> Result<(), String> {
    register_all_passes();
    symm_ir::tool::register(&[&MARK], &[&PIPELINE]);
    let context = context::create_context();
    let mut module = Module::parse(&context, PROGRAM).expect("the program parses");
    let manager = PassManager::new(&context);
    parse_pass_pipeline(manager.as_operation_pass_manager(), pipeline)
        .map_err(|error| error.to_string())?;
    manager.run(&mut module).map_err(|error| error.to_string())
}

#[test]
fn a_pipeline_runs_its_passes_with_its_options() {
    assert_eq!(run("builtin.module(test-pipeline)"), Ok(()));
    assert_eq!(
        run("builtin.module(test-pipeline{expected=2 clean=false})"),
        Ok(())
    );
    assert!(run("builtin.module(test-pipeline{clean=false})").is_err());
}

#[test]
fn a_pipeline_that_cannot_be_built_says_why() {
    let message = run("builtin.module(test-pipeline{mode=bad})").expect_err("the mode is bad");
    assert!(message.contains("expected another mode"), "{message}");
}

#[test]
fn a_panic_in_a_pipeline_is_an_error() {
    let message = run("builtin.module(test-pipeline{mode=worse})").expect_err("it panics");
    assert!(
        message.contains("internal error in symm: no mode worse"),
        "{message}"
    );
}
