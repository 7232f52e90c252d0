// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs the programs of these tests on one rank, with a made-up reduction.

use melior::ir::{
    BlockLike, BlockRef, Module, OperationRef, RegionLike, Type, Value, ValueLike,
    attribute::{DenseI64ArrayAttribute, FlatSymbolRefAttribute, IntegerAttribute},
    operation::OperationLike,
    r#type::MemRefType,
};
use melior::ir::{ShapedTypeLike, r#type::DimSize};
use std::collections::HashMap;
use symm_ir::{dialect::Collective, symbol::SymbolCache, walk};

/// What can be seen of a run from outside.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The arguments, the result and the global, in the end.
    pub memory: Vec<Vec<i32>>,
    /// What collectives and external functions were given, in order.
    pub events: Vec<(String, Vec<i32>)>,
}

#[derive(Clone, Copy)]
enum Datum {
    Number(i64),
    Buffer(View),
}

/// A part of a buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
struct View {
    buffer: usize,
    offset: usize,
    length: usize,
}

/// A program does what is undefined, such as giving a collective two operands
/// that overlap.
#[derive(Debug)]
pub struct Undefined;

type Run<T> = Result<T, Undefined>;

pub struct Machine<'c, 'a> {
    symbols: SymbolCache<'c, 'a>,
    buffers: Vec<Vec<i32>>,
    events: Vec<(String, Vec<i32>)>,
}

const GLOBAL: View = View {
    buffer: 0,
    offset: 0,
    length: 4,
};

impl<'c: 'a, 'a> Machine<'c, 'a> {
    /// Runs `main` of a module.
    pub fn run(module: &'a Module<'c>) -> Run<Outcome> {
        let mut machine = Machine {
            symbols: SymbolCache::new(),
            buffers: vec![vec![5; 4]],
            events: Vec::new(),
        };
        let x = machine.allocate(vec![1, 2, 3, 4]);
        let y = machine.allocate(vec![-5, 60, 700, -8000]);
        let main = machine
            .symbols
            .lookup(module.as_operation(), "main")
            .expect("the program has a main");
        let results = machine.call(main, &[Datum::Buffer(x), Datum::Buffer(y)])?;
        let memory = [x, y, buffer(results[0]), GLOBAL]
            .map(|view| machine.read(view))
            .into();
        Ok(Outcome {
            memory,
            events: machine.events,
        })
    }

    fn allocate(&mut self, contents: Vec<i32>) -> View {
        self.buffers.push(contents);
        let buffer = self.buffers.len() - 1;
        View {
            buffer,
            offset: 0,
            length: self.buffers[buffer].len(),
        }
    }

    fn read(&self, view: View) -> Vec<i32> {
        self.buffers[view.buffer][view.offset..view.offset + view.length].to_vec()
    }

    fn write(&mut self, view: View, contents: &[i32]) {
        self.buffers[view.buffer][view.offset..view.offset + view.length].copy_from_slice(contents);
    }

    fn call(&mut self, function: OperationRef<'c, 'a>, arguments: &[Datum]) -> Run<Vec<Datum>> {
        let entry = function
            .first_region()
            .and_then(|region| region.first_block());
        match entry {
            Some(block) => {
                let mut frame = Frame::default();
                frame.bind(block, arguments);
                self.block(block, &mut frame)
            }
            None => {
                let view = buffer(arguments[0]);
                let seen = self.read(view);
                let changed: Vec<_> = seen.iter().map(|n| n.wrapping_add(7)).collect();
                self.events.push(("external".into(), seen));
                self.write(view, &changed);
                Ok(vec![arguments[0]])
            }
        }
    }

    /// Runs a block and returns the operands of its terminator.
    fn block(&mut self, block: BlockRef<'c, 'a>, frame: &mut Frame) -> Run<Vec<Datum>> {
        for op in walk::operations(block) {
            let operands: Vec<_> = OperationLike::operands(&op)
                .map(|value| frame.get(value))
                .collect();
            if op.next_in_block().is_none() {
                return Ok(operands);
            }
            let results = self.op(op, &operands, frame)?;
            for (index, result) in results.into_iter().enumerate() {
                frame.set(op.result(index).expect("a result").into(), result);
            }
        }
        unreachable!("a block ends with a terminator")
    }

    fn op(
        &mut self,
        op: OperationRef<'c, 'a>,
        operands: &[Datum],
        frame: &mut Frame,
    ) -> Run<Vec<Datum>> {
        if let Some(collective) = Collective::of(op) {
            return self.collective(collective, operands);
        }
        let name = op.name();
        Ok(match name.as_string_ref().as_str().expect("a name") {
            "arith.constant" => vec![Datum::Number(constant(op))],
            "arith.select" => vec![operands[if number(operands[0]) != 0 { 1 } else { 2 }]],
            "memref.alloc" | "memref.alloca" => {
                let length = length_of(op.result(0).expect("a result").r#type());
                vec![Datum::Buffer(self.allocate(vec![0; length]))]
            }
            "memref.get_global" => vec![Datum::Buffer(GLOBAL)],
            "memref.cast" | "memref.memory_space_cast" => vec![operands[0]],
            "memref.subview" => vec![Datum::Buffer(subview(op, buffer(operands[0])))],
            "memref.copy" => {
                let contents = self.read(buffer(operands[0]));
                self.write(buffer(operands[1]), &contents);
                vec![]
            }
            "memref.store" => {
                let View { buffer, offset, .. } = buffer(operands[1]);
                self.buffers[buffer][offset + number(operands[2]) as usize] =
                    number(operands[0]) as i32;
                vec![]
            }
            "scf.if" => {
                let region = usize::from(number(operands[0]) == 0);
                let block = op
                    .region(region)
                    .expect("a region")
                    .first_block()
                    .expect("a block");
                self.block(block, frame)?
            }
            "scf.for" => self.repeat(op, operands, frame)?,
            "func.call" => {
                let callee = op
                    .attribute("callee")
                    .and_then(FlatSymbolRefAttribute::try_from);
                let callee = callee.expect("a callee").value();
                let function = self.symbols.lookup(op, callee).expect("a function");
                self.call(function, operands)?
            }
            other => unreachable!("no program has {other}"),
        })
    }

    fn repeat(
        &mut self,
        op: OperationRef<'c, 'a>,
        operands: &[Datum],
        frame: &mut Frame,
    ) -> Run<Vec<Datum>> {
        let block = op
            .region(0)
            .expect("a region")
            .first_block()
            .expect("a block");
        let mut carried = operands[3..].to_vec();
        for i in number(operands[0])..number(operands[1]) {
            let arguments: Vec<_> = [Datum::Number(i)]
                .into_iter()
                .chain(carried.iter().copied())
                .collect();
            frame.bind(block, &arguments);
            carried = self.block(block, frame)?;
        }
        Ok(carried)
    }

    /// Does what a collective does to memory, with a reduction that tells the
    /// groups apart.
    fn collective(
        &mut self,
        collective: Collective<'c, 'a>,
        operands: &[Datum],
    ) -> Run<Vec<Datum>> {
        let views: Vec<_> = operands.iter().map(|operand| buffer(*operand)).collect();
        let overlap = |(i, a): (usize, &View)| views[..i].iter().any(|b| a.buffer == b.buffer);
        if views.iter().enumerate().any(overlap) {
            return Err(Undefined);
        }
        let input = views[views.len() - if collective.is_in_place() { 1 } else { 2 }];
        let data = self.read(input);
        for (index, view) in views.iter().enumerate() {
            if collective.writes(index) && index + 1 < views.len() {
                self.write(*view, &data);
            }
        }
        let group = collective.group();
        let salt = if group == "tp" { 3 } else { 5 };
        let reduced: Vec<_> = data
            .iter()
            .map(|n| n.wrapping_mul(salt).wrapping_add(1))
            .collect();
        self.write(views[views.len() - 1], &reduced);
        self.events.push((group, data));
        Ok(vec![])
    }
}

/// The values of a function that runs.
#[derive(Default)]
struct Frame(HashMap<usize, Datum>);

impl Frame {
    fn get(&self, value: Value<'_, '_>) -> Datum {
        self.0[&(value.to_raw().ptr as usize)]
    }

    fn set(&mut self, value: Value<'_, '_>, datum: Datum) {
        self.0.insert(value.to_raw().ptr as usize, datum);
    }

    fn bind(&mut self, block: BlockRef<'_, '_>, arguments: &[Datum]) {
        for (index, argument) in arguments.iter().enumerate() {
            self.set(
                block.argument(index).expect("an argument").into(),
                *argument,
            );
        }
    }
}

fn buffer(datum: Datum) -> View {
    match datum {
        Datum::Buffer(view) => view,
        Datum::Number(_) => unreachable!("the verifier checks types"),
    }
}

fn number(datum: Datum) -> i64 {
    match datum {
        Datum::Number(number) => number,
        Datum::Buffer(_) => unreachable!("the verifier checks types"),
    }
}

fn constant(op: OperationRef<'_, '_>) -> i64 {
    op.attribute("value")
        .and_then(IntegerAttribute::try_from)
        .expect("a constant")
        .value()
}

fn length_of(r#type: Type<'_>) -> usize {
    match MemRefType::try_from(r#type).expect("a memref").dim_size(0) {
        Ok(DimSize::Static(size)) => size as usize,
        _ => unreachable!("buffers are static"),
    }
}

fn subview(op: OperationRef<'_, '_>, of: View) -> View {
    let offsets = op
        .attribute("static_offsets")
        .and_then(DenseI64ArrayAttribute::try_from);
    let offset = offsets.expect("offsets").element(0).expect("an offset") as usize;
    let length = length_of(op.result(0).expect("a result").r#type());
    View {
        buffer: of.buffer,
        offset: of.offset + offset,
        length,
    }
}
