// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Addresses, and buffers as LLVM sees them.

use super::Builder;
use melior::{
    dialect::llvm,
    ir::{
        Attribute, ShapedTypeLike, Type, Value, ValueLike,
        attribute::{DenseI32ArrayAttribute, DenseI64ArrayAttribute, TypeAttribute},
        r#type::MemRefType,
    },
};

/// Number of `acquire` and `release` among LLVM's atomic orderings.
#[derive(Clone, Copy, Debug)]
pub enum Ordering {
    /// What follows is not moved before the load.
    Acquire = 4,
    /// What precedes is not moved after the store.
    Release = 5,
}

/// Positions of the fields of a memref descriptor.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// The address that was allocated.
    Allocated = 0,
    /// The address that indices count from.
    Aligned = 1,
    /// Elements before the first one.
    Offset = 2,
    /// Extents.
    Sizes = 3,
    /// Strides.
    Strides = 4,
}

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Returns the type of addresses.
    pub fn pointer_type(&self) -> Type<'c> {
        llvm::r#type::pointer(self.context, 0)
    }

    /// Returns the type of a memref descriptor.
    pub fn descriptor_type(&self, rank: usize) -> Type<'c> {
        let (pointer, wide) = (self.pointer_type(), self.int_type(64));
        let extents = llvm::r#type::array(wide, rank as u32);
        let fields = [pointer, pointer, wide, extents, extents];
        let fields = if rank == 0 { &fields[..3] } else { &fields };
        llvm::r#type::r#struct(self.context, fields, false)
    }

    /// Builds a load from an address.
    pub fn load_from(&self, address: Value<'c, 'a>, r#type: Type<'c>) -> Value<'c, 'a> {
        self.value("llvm.load", &[address], r#type, &[])
    }

    /// Builds a store to an address.
    pub fn store_to(&self, value: Value<'c, 'a>, address: Value<'c, 'a>) {
        self.op("llvm.store", &[value, address], &[], &[]);
    }

    /// Builds memory on the stack, aligned to 8 bytes.
    pub fn stack(&self, bytes: usize) -> Value<'c, 'a> {
        let size = self.int(self.int_type(64), bytes as i64);
        let byte = TypeAttribute::new(self.int_type(8)).into();
        let attributes = [("elem_type", byte), ("alignment", self.int_attr(64, 8))];
        self.value("llvm.alloca", &[size], self.pointer_type(), &attributes)
    }

    /// Builds the attributes of an atomic access of 32 bits at system scope.
    pub fn atomic(&self, ordering: Ordering) -> [(&'static str, Attribute<'c>); 2] {
        [
            ("ordering", self.int_attr(64, ordering as i64)),
            ("alignment", self.int_attr(64, 4)),
        ]
    }

    /// Builds an address some bytes after another.
    pub fn offset(&self, address: Value<'c, 'a>, bytes: Value<'c, 'a>) -> Value<'c, 'a> {
        self.gep(&[address, bytes], i32::MIN)
    }

    /// Builds an address a known number of bytes after another.
    pub fn offset_by(&self, address: Value<'c, 'a>, bytes: usize) -> Value<'c, 'a> {
        self.gep(&[address], bytes as i32)
    }

    fn gep(&self, operands: &[Value<'c, 'a>], constant: i32) -> Value<'c, 'a> {
        let constants = DenseI32ArrayAttribute::new(self.context, &[constant]).into();
        let byte = TypeAttribute::new(self.int_type(8)).into();
        self.value(
            "llvm.getelementptr",
            operands,
            self.pointer_type(),
            &[("rawConstantIndices", constants), ("elem_type", byte)],
        )
    }

    /// Builds the address of a global.
    pub fn address_of(&self, symbol: &str) -> Value<'c, 'a> {
        let symbol = self.symbol(symbol);
        self.value(
            "llvm.mlir.addressof",
            &[],
            self.pointer_type(),
            &[("global_name", symbol)],
        )
    }

    /// Builds the read of a field of a descriptor; of sizes and strides, the one
    /// of a dimension.
    pub fn field(
        &self,
        descriptor: Value<'c, 'a>,
        field: Field,
        dimension: Option<usize>,
    ) -> Value<'c, 'a> {
        let r#type = self.field_type(field);
        let position = self.position(field, dimension);
        self.value(
            "llvm.extractvalue",
            &[descriptor],
            r#type,
            &[("position", position)],
        )
    }

    /// Builds a descriptor with a field changed.
    pub fn with_field(
        &self,
        descriptor: Value<'c, 'a>,
        field: Field,
        dimension: Option<usize>,
        value: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let position = self.position(field, dimension);
        let operands = [descriptor, value];
        self.value(
            "llvm.insertvalue",
            &operands,
            descriptor.r#type(),
            &[("position", position)],
        )
    }

    /// Builds the descriptor of a row-major buffer.
    pub fn descriptor(
        &self,
        address: Value<'c, 'a>,
        sizes: &[Value<'c, 'a>],
        strides: &[Value<'c, 'a>],
    ) -> Value<'c, 'a> {
        let mut descriptor = self.value(
            "llvm.mlir.poison",
            &[],
            self.descriptor_type(sizes.len()),
            &[],
        );
        for field in [Field::Allocated, Field::Aligned] {
            descriptor = self.with_field(descriptor, field, None, address);
        }
        let zero = self.int(self.int_type(64), 0);
        descriptor = self.with_field(descriptor, Field::Offset, None, zero);
        for (field, values) in [(Field::Sizes, sizes), (Field::Strides, strides)] {
            for (dimension, value) in values.iter().enumerate() {
                descriptor = self.with_field(descriptor, field, Some(dimension), *value);
            }
        }
        descriptor
    }

    /// Builds the descriptor of a buffer.
    pub fn descriptor_of(&self, buffer: Value<'c, 'a>, r#type: MemRefType<'c>) -> Value<'c, 'a> {
        self.unrealized(buffer, self.descriptor_type(r#type.rank()))
    }

    /// Builds a cast that the conversion to LLVM resolves.
    pub fn unrealized(&self, value: Value<'c, 'a>, to: Type<'c>) -> Value<'c, 'a> {
        self.value("builtin.unrealized_conversion_cast", &[value], to, &[])
    }

    fn field_type(&self, field: Field) -> Type<'c> {
        match field {
            Field::Allocated | Field::Aligned => self.pointer_type(),
            Field::Offset | Field::Sizes | Field::Strides => self.int_type(64),
        }
    }

    fn position(&self, field: Field, dimension: Option<usize>) -> Attribute<'c> {
        let position: Vec<_> = [field as i64]
            .into_iter()
            .chain(dimension.map(|d| d as i64))
            .collect();
        DenseI64ArrayAttribute::new(self.context, &position).into()
    }
}
