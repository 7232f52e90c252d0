// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The loops that touch data: functions over tiles of consecutive innermost
//! elements, which all kernels of a module share.
//!
//! Each touches two buffers, so LLVM vectorises it with one overlap check, however
//! many ranks there are; and the code of a kernel is small, whatever its arithmetic.

use super::Frame;
use crate::builder::{Builder, Extent, dynamic, memref_type};
use melior::ir::{
    Attribute, ShapedTypeLike, Value, ValueLike,
    attribute::{ArrayAttribute, StridedLayoutAttribute, StringAttribute},
    r#type::MemRefType,
};
use symm_abi::ReduceOp;
use symm_ir::{edit::set_attribute, memref};

/// Elements of a tile: its accumulators stay in the first-level cache.
pub(super) const TILE: i64 = 512;

impl<'c: 'a, 'a> Frame<'c, 'a> {
    /// Builds the accumulators of a kernel.
    pub(super) fn allocate_accumulators(&mut self, b: &Builder<'c, 'a>) {
        if let Some((element, _)) = self.reduction {
            let r#type = MemRefType::new(element.accumulator, &[TILE], None, None);
            self.accumulators = Some(b.allocate("memref.alloca", r#type, &[]));
        }
    }

    /// Builds the view of `length` elements of a buffer, from a place on along its
    /// last dimension.
    pub(super) fn view(
        &self,
        b: &Builder<'c, 'a>,
        buffer: Value<'c, 'a>,
        place: &[Value<'c, 'a>],
        length: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let r#type = memref_type(buffer);
        let metadata = b.metadata(buffer);
        let offset = place
            .iter()
            .zip(&metadata.strides)
            .fold(metadata.offset, |offset, (index, stride)| {
                b.add(offset, b.mul(*index, *stride))
            });
        let unit = r#type.strides_and_offset().0.last() == Some(&1);
        let (known, stride) = match metadata.strides.last() {
            Some(stride) if !unit => (dynamic(), Extent::Dynamic(*stride)),
            _ => (1, Extent::Static(1)),
        };
        let layout = StridedLayoutAttribute::new(b.context(), dynamic(), &[known]);
        let layout = Some(layout.into());
        let to = MemRefType::new(
            r#type.element(),
            &[dynamic()],
            layout,
            r#type.memory_space(),
        );
        let length = [Extent::Dynamic(length)];
        let view = b.reinterpret(buffer, to, Extent::Dynamic(offset), &length, &[stride]);
        b.convert(
            "memref.memory_space_cast",
            view,
            memref::in_memory_space(to.into(), None),
        )
    }

    /// Builds a copy between two views.
    pub(super) fn copy_tile(&self, b: &Builder<'c, 'a>, from: Value<'c, 'a>, to: Value<'c, 'a>) {
        let stored = memref_type(from).element();
        let name = format!("symm.tile.copy.{}", plain(&stored.to_string()));
        self.call_tile(b, &name, [from, to], |b, [from, to], index| {
            b.store(b.load(from, &[index]), to, &[index]);
        });
    }

    /// Builds the start of a reduction: the accumulators are what a view holds.
    pub(super) fn begin_tile(&self, b: &Builder<'c, 'a>, from: Value<'c, 'a>) {
        let (element, _) = self.reduction();
        let name = format!("symm.tile.begin.{}", plain(element.dtype.name()));
        let to = self.accumulators();
        self.call_tile(b, &name, [from, to], |b, [from, to], index| {
            b.store(element.widen(b, b.load(from, &[index])), to, &[index]);
        });
    }

    /// Builds one step of a reduction: the accumulators take a view in.
    pub(super) fn add_tile(&self, b: &Builder<'c, 'a>, from: Value<'c, 'a>) {
        let (element, reduce) = self.reduction();
        // An average is a sum until its end.
        let step = if reduce == ReduceOp::Avg {
            ReduceOp::Sum
        } else {
            reduce
        };
        let name = format!("symm.tile.{}.{}", step.name(), plain(element.dtype.name()));
        let to = self.accumulators();
        self.call_tile(b, &name, [from, to], |b, [from, to], index| {
            let before = b.load(to, &[index]);
            let value = element.widen(b, b.load(from, &[index]));
            b.store(element.combine(b, step, before, value), to, &[index]);
        });
    }

    /// Builds the end of a reduction: its result goes to a view.
    pub(super) fn end_tile(&self, b: &Builder<'c, 'a>, to: Value<'c, 'a>) {
        let (element, reduce) = self.reduction();
        let dtype = plain(element.dtype.name());
        let name = match reduce {
            ReduceOp::Avg => format!("symm.tile.average{}.{dtype}", self.ranks),
            _ => format!("symm.tile.end.{dtype}"),
        };
        self.call_tile(
            b,
            &name,
            [to, self.accumulators()],
            |b, [to, from], index| {
                let value = element.finish(b, reduce, self.ranks, b.load(from, &[index]));
                b.store(element.narrow(b, value), to, &[index]);
            },
        );
    }

    fn accumulators(&self) -> Value<'c, 'a> {
        self.accumulators.expect("the algorithm reduces")
    }

    /// Builds the call of a function that does something to each element of the
    /// first buffer; generates it where it is new.
    fn call_tile(
        &self,
        b: &Builder<'c, 'a>,
        name: &str,
        buffers: [Value<'c, 'a>; 2],
        body: impl FnOnce(&Builder<'c, 'a>, [Value<'c, 'a>; 2], Value<'c, 'a>),
    ) {
        let strided =
            |buffer: &Value<'c, 'a>| memref_type(*buffer).strides_and_offset().0.last() != Some(&1);
        let strides: String = buffers
            .iter()
            .map(|one| if strided(one) { 's' } else { 'u' })
            .collect();
        let name = format!("{name}.{strides}");
        if self.kernels.is_new(&name) {
            let types = buffers.map(|buffer| buffer.r#type());
            let b = self.kernels.builder(b);
            let function = b.function(&name, &types, &[], |b, arguments| {
                let buffers = [arguments[0], arguments[1]];
                let length = b.dim(buffers[0], 0);
                b.for_each([b.index(0), length, b.index(1)], |b, index| {
                    body(b, buffers, index)
                });
                b.op("func.return", &[], &[], &[]);
            });
            // Inlined, each kernel would have all this code again.
            let noinline: Attribute<'c> = StringAttribute::new(b.context(), "noinline").into();
            let passthrough = ArrayAttribute::new(b.context(), &[noinline]);
            set_attribute(function, "passthrough", passthrough.into());
        }
        b.call(&name, &buffers, &[]);
    }
}

/// Returns the name of a type without what symbols are not spelled with.
fn plain(name: &str) -> String {
    name.replace(['<', '>'], "")
}
