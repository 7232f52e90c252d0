// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Parts of tensors and buffers.

use super::{Builder, Extent, dynamic, memref_type, tensor_type};
use melior::ir::{
    Attribute, ShapedTypeLike, Type, Value, ValueLike, attribute::DenseI64ArrayAttribute,
    r#type::MemRefType,
};
use mlir_sys::mlirStridedLayoutAttrGet;

/// A part of a tensor or a buffer: where it begins, and how far it goes in each
/// dimension, in steps of one. Leading dimensions of one element are left out of it.
pub struct Part<'c, 'a, 's> {
    /// One per dimension of the whole.
    pub offsets: &'s [Extent<'c, 'a>],
    /// Its extents, of the last dimensions of the whole.
    pub shape: &'s [i64],
}

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Builds a part of a tensor.
    pub fn extract_slice(
        &self,
        tensor: Value<'c, 'a>,
        element: Type<'c>,
        part: &Part<'c, 'a, '_>,
    ) -> Value<'c, 'a> {
        let r#type = tensor_type(part.shape, element);
        self.part("tensor.extract_slice", &[tensor], r#type, part)
    }

    /// Builds a tensor with another part.
    pub fn insert_slice(
        &self,
        value: Value<'c, 'a>,
        tensor: Value<'c, 'a>,
        part: &Part<'c, 'a, '_>,
    ) -> Value<'c, 'a> {
        let r#type = tensor.r#type();
        self.part("tensor.insert_slice", &[value, tensor], r#type, part)
    }

    /// Builds a view of a part of a buffer.
    pub fn subview(&self, buffer: Value<'c, 'a>, part: &Part<'c, 'a, '_>) -> Value<'c, 'a> {
        let whole = memref_type(buffer);
        let (strides, offset) = whole.strides_and_offset();
        let begin = part.offsets.iter().zip(&strides);
        let known = begin.map(|(at, stride)| match at {
            Extent::Static(0) => Some(0),
            Extent::Static(at) if *stride != dynamic() => Some(at * stride),
            _ => None,
        });
        let offset = known.fold((offset != dynamic()).then_some(offset), |sum, of| {
            Some(sum? + of?)
        });
        let strides = &strides[strides.len() - part.shape.len()..];
        let layout = self.strided_layout(offset.unwrap_or_else(dynamic), strides);
        let space = whole.memory_space();
        let r#type = MemRefType::new(whole.element(), part.shape, Some(layout), space);
        self.part("memref.subview", &[buffer], r#type.into(), part)
    }

    fn part(
        &self,
        name: &str,
        of: &[Value<'c, 'a>],
        r#type: Type<'c>,
        part: &Part<'c, 'a, '_>,
    ) -> Value<'c, 'a> {
        let dynamic = part.offsets.iter().filter_map(|offset| match offset {
            Extent::Dynamic(value) => Some(*value),
            Extent::Static(_) => None,
        });
        let operands: Vec<_> = of.iter().copied().chain(dynamic).collect();
        let leading = part.offsets.len() - part.shape.len();
        let sizes: Vec<_> = std::iter::repeat_n(1, leading)
            .chain(part.shape.iter().copied())
            .collect();
        let list = |list: &[i64]| DenseI64ArrayAttribute::new(self.context(), list).into();
        let mut segments = vec![1; of.len()];
        segments.extend([operands.len() - of.len(), 0, 0]);
        let attributes = [
            ("static_offsets", self.extents(part.offsets)),
            ("static_sizes", list(&sizes)),
            ("static_strides", list(&vec![1; sizes.len()])),
            ("operandSegmentSizes", self.segments(&segments)),
        ];
        self.value(name, &operands, r#type, &attributes)
    }

    fn strided_layout(&self, offset: i64, strides: &[i64]) -> Attribute<'c> {
        // SAFETY: the context is valid, and there are that many strides.
        unsafe {
            Attribute::from_raw(mlirStridedLayoutAttrGet(
                self.context().to_raw(),
                offset,
                strides.len() as isize,
                strides.as_ptr(),
            ))
        }
    }
}
