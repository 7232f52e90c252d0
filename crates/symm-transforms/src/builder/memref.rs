// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Buffers.

use super::{Builder, first_result};
use melior::ir::{
    Attribute, OperationRef, ShapedTypeLike, Type, Value, ValueLike,
    attribute::{DenseI32ArrayAttribute, DenseI64ArrayAttribute},
    operation::OperationLike,
    r#type::{MemRefType, RankedTensorType},
};
use mlir_sys::mlirShapedTypeGetDimSize;

/// What `memref.extract_strided_metadata` tells of a buffer.
pub struct Metadata<'c, 'a> {
    /// Elements before the first one.
    pub offset: Value<'c, 'a>,
    /// Elements from one index to the next, of each dimension.
    pub strides: Vec<Value<'c, 'a>>,
}

/// A number that is known or computed.
#[derive(Clone, Copy)]
pub enum Extent<'c, 'a> {
    /// Known while compiling.
    Static(i64),
    /// Known while running.
    Dynamic(Value<'c, 'a>),
}

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Builds a load of one element.
    pub fn load(&self, buffer: Value<'c, 'a>, indices: &[Value<'c, 'a>]) -> Value<'c, 'a> {
        let operands: Vec<_> = [buffer]
            .into_iter()
            .chain(indices.iter().copied())
            .collect();
        self.value("memref.load", &operands, memref_type(buffer).element(), &[])
    }

    /// Builds a store of one element.
    pub fn store(&self, value: Value<'c, 'a>, buffer: Value<'c, 'a>, indices: &[Value<'c, 'a>]) {
        let operands: Vec<_> = [value, buffer]
            .into_iter()
            .chain(indices.iter().copied())
            .collect();
        self.op("memref.store", &operands, &[], &[]);
    }

    /// Builds the extent of a dimension.
    pub fn dim(&self, buffer: Value<'c, 'a>, dimension: usize) -> Value<'c, 'a> {
        let dimension = self.index(dimension as i64);
        self.value("memref.dim", &[buffer, dimension], self.index_type(), &[])
    }

    /// Builds an allocation on the heap (`memref.alloc`) or the stack (`memref.alloca`).
    pub fn allocate(
        &self,
        name: &str,
        r#type: MemRefType<'c>,
        sizes: &[Value<'c, 'a>],
    ) -> Value<'c, 'a> {
        let segments = self.segments(&[sizes.len(), 0]);
        self.value(
            name,
            sizes,
            r#type.into(),
            &[("operandSegmentSizes", segments)],
        )
    }

    /// Builds a write of a tensor to a buffer that no other tensor is in.
    pub fn materialize(&self, tensor: Value<'c, 'a>, buffer: Value<'c, 'a>) {
        let unit = Attribute::unit(self.context);
        let attributes = [("restrict", unit), ("writable", unit)];
        let name = "bufferization.materialize_in_destination";
        self.op(name, &[tensor, buffer], &[], &attributes);
    }

    /// Builds a copy between two buffers of one shape.
    pub fn copy(&self, from: Value<'c, 'a>, to: Value<'c, 'a>) {
        self.op("memref.copy", &[from, to], &[], &[]);
    }

    /// Builds the address of the element at offset 0, in 64 bits.
    pub fn address(&self, buffer: Value<'c, 'a>) -> Value<'c, 'a> {
        let name = "memref.extract_aligned_pointer_as_index";
        let address = self.value(name, &[buffer], self.index_type(), &[]);
        self.index_cast(address, self.int_type(64))
    }

    /// Builds a change of what is known of a type.
    pub fn cast(&self, buffer: Value<'c, 'a>, to: MemRefType<'c>) -> Value<'c, 'a> {
        self.convert("memref.cast", buffer, to.into())
    }

    /// Builds the layout of a buffer.
    pub fn metadata(&self, buffer: Value<'c, 'a>) -> Metadata<'c, 'a> {
        let r#type = memref_type(buffer);
        let base = MemRefType::new(r#type.element(), &[], None, r#type.memory_space());
        let mut results: Vec<Type<'c>> = vec![base.into()];
        results.resize(2 + 2 * r#type.rank(), self.index_type());
        let op = self.op("memref.extract_strided_metadata", &[buffer], &results, &[]);
        let numbers: Vec<Value<'c, 'a>> = op.results().skip(1).map(Into::into).collect();
        let strides = numbers[1..].split_at(r#type.rank()).1;
        Metadata {
            offset: numbers[0],
            strides: strides.to_vec(),
        }
    }

    /// Builds a view of a buffer's memory with another layout.
    pub fn reinterpret(
        &self,
        buffer: Value<'c, 'a>,
        to: MemRefType<'c>,
        offset: Extent<'c, 'a>,
        sizes: &[Extent<'c, 'a>],
        strides: &[Extent<'c, 'a>],
    ) -> Value<'c, 'a> {
        let mut operands = vec![buffer];
        let counts = [&[offset][..], sizes, strides].map(|list| {
            let dynamic = list.iter().filter_map(|extent| match extent {
                Extent::Dynamic(value) => Some(*value),
                Extent::Static(_) => None,
            });
            let before = operands.len();
            operands.extend(dynamic);
            operands.len() - before
        });
        let attributes = [
            ("static_offsets", self.extents(&[offset])),
            ("static_sizes", self.extents(sizes)),
            ("static_strides", self.extents(strides)),
            (
                "operandSegmentSizes",
                self.segments(&[1, counts[0], counts[1], counts[2]]),
            ),
        ];
        first_result(self.op(
            "memref.reinterpret_cast",
            &operands,
            &[to.into()],
            &attributes,
        ))
    }

    pub(super) fn extents(&self, extents: &[Extent<'c, 'a>]) -> Attribute<'c> {
        let extents: Vec<_> = extents
            .iter()
            .map(|extent| match extent {
                Extent::Static(number) => *number,
                Extent::Dynamic(_) => dynamic(),
            })
            .collect();
        DenseI64ArrayAttribute::new(self.context, &extents).into()
    }

    /// Returns the attribute that says how many operands each group has.
    pub fn segments(&self, sizes: &[usize]) -> Attribute<'c> {
        let sizes: Vec<_> = sizes.iter().map(|size| *size as i32).collect();
        DenseI32ArrayAttribute::new(self.context, &sizes).into()
    }
}

/// Returns the number that stands for an extent, stride or offset that is not
/// known while compiling.
pub fn dynamic() -> i64 {
    MemRefType::dynamic_stride_or_offset()
}

/// Returns the type of a buffer.
///
/// # Panics
///
/// Panics where the value is not a ranked memref.
pub fn memref_type<'c>(buffer: Value<'c, '_>) -> MemRefType<'c> {
    MemRefType::try_from(buffer.r#type()).expect("a ranked memref")
}

/// Returns the extents of a type, [`dynamic`] where they are not known.
pub fn shape<'c>(r#type: impl ShapedTypeLike<'c>) -> Vec<i64> {
    // SAFETY: the type is ranked and each dimension is asked within its rank.
    let extent = |dimension| unsafe { mlirShapedTypeGetDimSize(r#type.to_raw(), dimension) };
    (0..r#type.rank() as isize).map(extent).collect()
}

/// Returns the type of a tensor.
pub fn tensor_type<'c>(shape: &[i64], element: Type<'c>) -> Type<'c> {
    let shape: Vec<_> = shape.iter().map(|extent| *extent as u64).collect();
    RankedTensorType::new(&shape, element, None).into()
}

/// Erases an operation that nothing uses.
pub fn erase(op: OperationRef<'_, '_>) {
    // SAFETY: nothing uses the operation any more, and the caller forgets it.
    unsafe { mlir_sys::mlirOperationDestroy(op.to_raw()) }
}
