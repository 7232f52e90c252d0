// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Random programs over buffers of four integers.

use proptest::prelude::*;
use std::fmt::Write;

/// One thing that a program does. Numbers choose among the buffers in scope.
#[derive(Clone, Debug)]
pub enum Step {
    Alloc {
        request: Option<bool>,
    },
    Alloca,
    Global,
    Store {
        buffer: u8,
        index: u8,
        value: i8,
    },
    Copy {
        from: u8,
        to: u8,
    },
    Cast {
        buffer: u8,
    },
    Select {
        a: u8,
        b: u8,
        condition: bool,
    },
    If {
        condition: bool,
        then: Vec<Step>,
        otherwise: Vec<Step>,
        yields: [u8; 2],
    },
    For {
        trips: u8,
        initial: [u8; 2],
        body: Vec<Step>,
        yields: [u8; 2],
    },
    Call {
        callee: u8,
        arguments: [u8; 2],
    },
    OneShot {
        group: bool,
        input: u8,
        output: u8,
    },
    Staged {
        group: bool,
        staging: u8,
        input: u8,
        output: u8,
    },
    TwoShot {
        group: bool,
        buffer: u8,
    },
    TwoShotOfHalf {
        group: bool,
        buffer: u8,
        upper: bool,
    },
}

/// The bodies of a private function, of a public function that calls it, and of
/// `main`, which calls both; each returns a buffer.
#[derive(Clone, Debug)]
pub struct Program(pub [(Vec<Step>, u8); 3]);

/// The functions that `main` and those before it may call.
const FUNCTIONS: [&str; 3] = ["private", "public", "main"];

pub fn programs() -> impl Strategy<Value = Program> {
    let body = || (prop::collection::vec(steps(), 1..7), any::<u8>());
    [body(), body(), body()].prop_map(Program)
}

fn steps() -> impl Strategy<Value = Step> {
    simple_steps().prop_recursive(3, 24, 4, |step| {
        let body = || prop::collection::vec(step.clone(), 0..4);
        prop_oneof![
            (any::<bool>(), body(), body(), any::<[u8; 2]>()).prop_map(
                |(condition, then, otherwise, yields)| {
                    Step::If {
                        condition,
                        then,
                        otherwise,
                        yields,
                    }
                }
            ),
            (0..4u8, any::<[u8; 2]>(), body(), any::<[u8; 2]>()).prop_map(
                |(trips, initial, body, yields)| Step::For {
                    trips,
                    initial,
                    body,
                    yields
                }
            ),
        ]
    })
}

fn simple_steps() -> impl Strategy<Value = Step> {
    let group = any::<bool>;
    let any = any::<u8>;
    prop_oneof![
        3 => prop::option::weighted(0.2, group()).prop_map(|request| Step::Alloc { request }),
        1 => Just(Step::Alloca),
        1 => Just(Step::Global),
        2 => (any(), any(), proptest::num::i8::ANY)
            .prop_map(|(buffer, index, value)| Step::Store { buffer, index, value }),
        2 => (any(), any()).prop_map(|(from, to)| Step::Copy { from, to }),
        1 => any().prop_map(|buffer| Step::Cast { buffer }),
        1 => (any(), any(), group()).prop_map(|(a, b, condition)| Step::Select { a, b, condition }),
        1 => (any(), [any(), any()])
            .prop_map(|(callee, arguments)| Step::Call { callee, arguments }),
        3 => (group(), any(), any())
            .prop_map(|(group, input, output)| Step::OneShot { group, input, output }),
        1 => (group(), any(), any(), any()).prop_map(|(group, staging, input, output)| {
            Step::Staged { group, staging, input, output }
        }),
        2 => (group(), any()).prop_map(|(group, buffer)| Step::TwoShot { group, buffer }),
        1 => (group(), any(), group())
            .prop_map(|(group, buffer, upper)| Step::TwoShotOfHalf { group, buffer, upper }),
    ]
}

const BUFFER: &str = "memref<4xi32>";

impl Program {
    /// Returns the program in MLIR.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "comm.group @tp size(4) {symm_mem}\n\
             comm.group @dp size(2) {symm_mem}\n\
             memref.global @state : memref<4xi32> = dense<5>\n\
             func.func private @external(memref<4xi32>) -> memref<4xi32>\n",
        );
        for (number, (steps, result)) in self.0.iter().enumerate() {
            let visibility = if number == 0 { "private " } else { "" };
            let name = FUNCTIONS[number];
            let _ = writeln!(
                text,
                "func.func {visibility}@{name}(%x: {BUFFER}, %y: {BUFFER}) -> {BUFFER} {{"
            );
            let mut writer = Writer {
                text,
                next: 0,
                callable: number,
            };
            let mut scope = vec!["%x".into(), "%y".into()];
            writer.steps(steps, &mut scope);
            text = writer.text;
            let _ = writeln!(text, "return {} : {BUFFER}\n}}", pick(&scope, *result));
        }
        text
    }
}

struct Writer {
    text: String,
    next: usize,
    callable: usize,
}

fn pick(scope: &[String], number: u8) -> &String {
    &scope[number as usize % scope.len()]
}

const fn group_name(group: bool) -> &'static str {
    if group { "@tp" } else { "@dp" }
}

impl Writer {
    fn steps(&mut self, steps: &[Step], scope: &mut Vec<String>) {
        for step in steps {
            self.step(step, scope);
        }
    }

    fn fresh(&mut self) -> String {
        self.next += 1;
        format!("%v{}", self.next)
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn define(&mut self, scope: &mut Vec<String>, operation: &str) -> String {
        let name = self.fresh();
        self.line(&format!("{name} = {operation}"));
        scope.push(name.clone());
        name
    }

    fn constant(&mut self, value: i64, r#type: &str) -> String {
        let name = self.fresh();
        self.line(&format!("{name} = arith.constant {value} : {type}"));
        name
    }

    fn step(&mut self, step: &Step, scope: &mut Vec<String>) {
        match step {
            Step::Alloc { request } => {
                let request = request.map_or(String::new(), |group| {
                    format!("{{comm.symm_mem = #comm.symm_mem<{}>}} ", group_name(group))
                });
                self.define(scope, &format!("memref.alloc() {request}: {BUFFER}"));
            }
            Step::Alloca => {
                self.define(scope, &format!("memref.alloca() : {BUFFER}"));
            }
            Step::Global => {
                self.define(scope, &format!("memref.get_global @state : {BUFFER}"));
            }
            Step::Store {
                buffer,
                index,
                value,
            } => {
                let value = self.constant((*value).into(), "i32");
                let index = self.constant(i64::from(*index) % 4, "index");
                let buffer = pick(scope, *buffer);
                self.line(&format!(
                    "memref.store {value}, {buffer}[{index}] : {BUFFER}"
                ));
            }
            Step::Copy { from, to } => {
                let (from, to) = (pick(scope, *from), pick(scope, *to));
                self.line(&format!("memref.copy {from}, {to} : {BUFFER} to {BUFFER}"));
            }
            Step::Cast { buffer } => {
                let buffer = pick(scope, *buffer);
                let wide = self.fresh();
                self.line(&format!(
                    "{wide} = memref.cast {buffer} : {BUFFER} to memref<?xi32>"
                ));
                self.define(
                    scope,
                    &format!("memref.cast {wide} : memref<?xi32> to {BUFFER}"),
                );
            }
            Step::Select { a, b, condition } => {
                let condition = self.constant((*condition).into(), "i1");
                let (a, b) = (pick(scope, *a).clone(), pick(scope, *b).clone());
                self.define(
                    scope,
                    &format!("arith.select {condition}, {a}, {b} : {BUFFER}"),
                );
            }
            Step::If { .. } | Step::For { .. } => self.control_flow(step, scope),
            Step::Call { callee, arguments } => {
                let [a, b] = arguments.map(|number| pick(scope, number).clone());
                let callee = *callee as usize % (self.callable + 1);
                let call = match callee {
                    0 => format!("@external({a}) : ({BUFFER}) -> {BUFFER}"),
                    _ => {
                        let name = FUNCTIONS[callee - 1];
                        format!("@{name}({a}, {b}) : ({BUFFER}, {BUFFER}) -> {BUFFER}")
                    }
                };
                self.define(scope, &format!("func.call {call}"));
            }
            _ => self.collective(step, scope),
        }
    }

    fn control_flow(&mut self, step: &Step, scope: &mut Vec<String>) {
        let result = self.fresh();
        match step {
            Step::If {
                condition,
                then,
                otherwise,
                yields,
            } => {
                let condition = self.constant((*condition).into(), "i1");
                self.line(&format!("{result} = scf.if {condition} -> {BUFFER} {{"));
                for (branch, number) in [then, otherwise].into_iter().zip(yields) {
                    let mut inner = scope.clone();
                    self.steps(branch, &mut inner);
                    self.line(&format!("scf.yield {} : {BUFFER}", pick(&inner, *number)));
                    let begins_else = std::ptr::eq(branch, then);
                    self.line(if begins_else { "} else {" } else { "}" });
                }
                scope.push(result);
            }
            Step::For {
                trips,
                initial,
                body,
                yields,
            } => {
                let [lower, upper, step] =
                    [0, i64::from(*trips), 1].map(|value| self.constant(value, "index"));
                let [a, b] = initial.map(|number| pick(scope, number).clone());
                let (i, x, y) = (self.fresh(), self.fresh(), self.fresh());
                self.line(&format!(
                    "{result}:2 = scf.for {i} = {lower} to {upper} step {step} \
                     iter_args({x} = {a}, {y} = {b}) -> ({BUFFER}, {BUFFER}) {{"
                ));
                let mut inner = scope.clone();
                inner.extend([x, y]);
                self.steps(body, &mut inner);
                let [a, b] = yields.map(|number| pick(&inner, number).clone());
                self.line(&format!("scf.yield {a}, {b} : {BUFFER}, {BUFFER}\n}}"));
                scope.extend([format!("{result}#0"), format!("{result}#1")]);
            }
            _ => {}
        }
    }

    /// Writes a collective, unless its operands are one value where they may not be.
    fn collective(&mut self, step: &Step, scope: &[String]) {
        match step {
            Step::OneShot {
                group,
                input,
                output,
            } => {
                let (input, output) = (pick(scope, *input), pick(scope, *output));
                if input != output {
                    self.line(&format!(
                        "symm_mem.one_shot_all_reduce<sum> ins({input} : {BUFFER}) \
                         outs({output} : {BUFFER}) on {}",
                        group_name(*group)
                    ));
                }
            }
            Step::Staged {
                group,
                staging,
                input,
                output,
            } => {
                let [staging, input, output] =
                    [staging, input, output].map(|number| pick(scope, *number));
                if staging != output && staging != input && input != output {
                    self.line(&format!(
                        "symm_mem.one_shot_all_reduce_copy<sum> \
                         ins({staging}, {input} : {BUFFER}, {BUFFER}) \
                         outs({output} : {BUFFER}) on {}",
                        group_name(*group)
                    ));
                }
            }
            Step::TwoShot { group, buffer } => self.line(&format!(
                "symm_mem.two_shot_all_reduce_<sum> inout({} : {BUFFER}) on {}",
                pick(scope, *buffer),
                group_name(*group)
            )),
            Step::TwoShotOfHalf {
                group,
                buffer,
                upper,
            } => {
                let offset = if *upper { 2 } else { 0 };
                let half = format!("memref<2xi32, strided<[1], offset: {offset}>>");
                let view = self.fresh();
                self.line(&format!(
                    "{view} = memref.subview {}[{offset}] [2] [1] : {BUFFER} to {half}",
                    pick(scope, *buffer)
                ));
                self.line(&format!(
                    "symm_mem.two_shot_all_reduce_<sum> inout({view} : {half}) on {}",
                    group_name(*group)
                ));
            }
            _ => {}
        }
    }
}
