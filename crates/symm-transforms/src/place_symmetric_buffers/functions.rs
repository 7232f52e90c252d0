// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Functions, whose types can be changed where all their uses are known.

use super::{
    classes::Node,
    pin::{PinKind, is_declaration, is_private, symbol},
    survey::{Operand, Survey},
};
use melior::ir::{
    BlockLike, OperationRef, RegionLike, Type, Value, attribute::TypeAttribute,
    operation::OperationLike, r#type::FunctionType,
};
use std::collections::{HashMap, HashSet};
use symm_ir::{
    memref::{has_identity_layout, is_memref},
    symbol::SymbolCache,
    text,
};

/// A function.
pub struct Function<'c, 'a> {
    /// The `func.func`.
    pub op: OperationRef<'c, 'a>,
    /// Its type.
    pub r#type: FunctionType<'c>,
    /// The nodes of its arguments.
    pub arguments: Vec<Option<Node>>,
    /// The nodes of its results.
    pub results: Vec<Option<Node>>,
    /// Whether its type can be changed.
    pub changeable: bool,
}

/// The functions of a module and what connects them.
#[derive(Default)]
pub struct Functions<'c, 'a> {
    /// The functions, in program order.
    pub all: Vec<Function<'c, 'a>>,
    /// The calls, in program order.
    pub calls: Vec<OperationRef<'c, 'a>>,
    /// The returns, in program order.
    pub returns: Vec<OperationRef<'c, 'a>>,
    /// The names that ops refer to of which nothing is known.
    pub references: HashSet<String>,
    by_op: HashMap<usize, usize>,
}

impl<'c: 'a, 'a> Functions<'c, 'a> {
    /// Settles which functions' types can be changed: private ones with a body
    /// that are called and nothing else.
    fn settle(&mut self) {
        for function in &mut self.all {
            function.changeable = is_private(function.op)
                && !is_declaration(function.op)
                && !self.references.contains(&name_of(function.op));
        }
    }

    fn get(&self, op: Option<OperationRef<'c, 'a>>) -> Option<&Function<'c, 'a>> {
        self.by_op.get(&key(op?)).map(|index| &self.all[*index])
    }
}

impl<'c: 'a, 'a> Survey<'c, 'a> {
    /// Records a function; its body is visited afterwards.
    pub fn enter_function(&mut self, op: OperationRef<'c, 'a>) {
        let Some(r#type) = function_type(op) else {
            return;
        };
        let entry = op.first_region().and_then(|region| region.first_block());
        let arguments = (0..r#type.input_count())
            .map(|index| {
                let value = entry
                    .as_ref()
                    .and_then(|block| BlockLike::argument(block, index).ok());
                let input = r#type.input(index).ok().filter(|input| is_memref(*input));
                Some(self.classes.node(Value::from(input.and(value)?)))
            })
            .collect();
        let results = (0..r#type.result_count())
            .map(|index| {
                r#type
                    .result(index)
                    .is_ok_and(is_memref)
                    .then(|| self.classes.slot())
            })
            .collect();
        self.functions
            .by_op
            .insert(key(op), self.functions.all.len());
        self.functions.all.push(Function {
            op,
            r#type,
            arguments,
            results,
            changeable: false,
        });
    }

    /// Connects calls and returns with the functions, once all uses of these have
    /// been seen.
    pub fn connect_functions(&mut self) {
        self.functions.settle();
        let functions = std::mem::take(&mut self.functions);
        for function in &functions.all {
            for node in function.arguments.iter().flatten() {
                if function.changeable {
                    self.classes.explain(*node);
                } else {
                    self.pin(*node, PinKind::Argument, function.op);
                }
            }
        }
        let symbols = SymbolCache::new();
        for call in &functions.calls {
            let callee = symbols.lookup(*call, &symbol(*call, "callee"));
            self.connect_call(*call, functions.get(callee));
        }
        for exit in &functions.returns {
            self.connect_return(*exit, functions.get(exit.parent_operation()));
        }
        self.functions = functions;
    }

    fn connect_call(&mut self, call: OperationRef<'c, 'a>, callee: Option<&Function<'c, 'a>>) {
        let operands = self.operands(call);
        let callee = callee.filter(|callee| callee.changeable);
        for operand in operands {
            match callee.map(|callee| callee.arguments.get(operand.index)) {
                Some(Some(Some(argument))) => self.classes.tie(operand.node, *argument),
                _ => self.loans.push(operand),
            }
        }
        for index in 0..call.result_count() {
            let Some(value) = super::ops::memref_result(call, index) else {
                continue;
            };
            let node = self.classes.node(value);
            match callee.map(|callee| callee.results.get(index)) {
                Some(Some(Some(result))) => {
                    self.classes.explain(node);
                    self.classes.tie(node, *result);
                }
                _ => self.pin(node, PinKind::CallResult, call),
            }
        }
    }

    fn connect_return(&mut self, exit: OperationRef<'c, 'a>, function: Option<&Function<'c, 'a>>) {
        let Some(function) = function else { return };
        for operand in self.operands(exit) {
            match function.results.get(operand.index) {
                Some(Some(result)) if function.changeable => {
                    self.classes.tie(operand.node, *result);
                }
                _ => self.leave(operand, function),
            }
        }
    }

    /// What leaves the module can be copied out, if it can be allocated.
    fn leave(&mut self, operand: Operand<'c, 'a>, function: &Function<'c, 'a>) {
        let r#type = function.r#type.result(operand.index);
        if r#type.is_ok_and(has_identity_layout) {
            self.exits.push(operand);
        } else {
            self.pin(operand.node, PinKind::Result, function.op);
        }
    }
}

fn function_type<'c>(op: OperationRef<'c, '_>) -> Option<FunctionType<'c>> {
    let attribute = TypeAttribute::try_from(op.attribute("function_type").ok()?).ok()?;
    let value: Type<'c> = attribute.value();
    FunctionType::try_from(value).ok()
}

fn name_of(op: OperationRef<'_, '_>) -> String {
    text::symbol_name(op).unwrap_or_default()
}

fn key(op: OperationRef<'_, '_>) -> usize {
    op.to_raw().ptr as usize
}
