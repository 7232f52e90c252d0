// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The attributes of the `comm` dialect.

use crate::text;
use melior::{
    Context,
    ir::{Attribute, AttributeLike, Type, TypeLike},
};
use symm_sys::{
    symmAttributeIsASymmMem, symmMemOrderAttrGet, symmMemOrderAttrGetName, symmProtocolAttrGet,
    symmProtocolAttrGetName, symmReduceOpAttrGet, symmReduceOpAttrGetName, symmReduceOpIsDefined,
    symmSymmMemAttrGet, symmSymmMemAttrGetGroup,
};

/// The name of the discardable attribute that asks for symmetric memory.
pub const SYMM_MEM: &str = "comm.symm_mem";

/// Creates `#comm.symm_mem<@group>`.
pub fn symm_mem_attribute<'c>(context: &'c Context, group: &str) -> Attribute<'c> {
    // SAFETY: the context is valid; the attribute is never null.
    unsafe { Attribute::from_raw(symmSymmMemAttrGet(context.to_raw(), text::to_raw(group))) }
}

/// Returns the group of a `#comm.symm_mem`, and `None` for any other attribute.
pub fn symm_mem_group(attribute: Attribute<'_>) -> Option<String> {
    // SAFETY: the attribute is valid, and its kind is checked before it is read.
    unsafe {
        symmAttributeIsASymmMem(attribute.to_raw())
            .then(|| text::from_raw(symmSymmMemAttrGetGroup(attribute.to_raw())))
    }
}

macro_rules! named_attribute {
    (
        $(#[$doc:meta])* $name:ident, $what:literal, $create:ident, $read:ident,
        { $($(#[$case_doc:meta])* $case:ident = $text:literal),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$case_doc])* $case),*
        }

        impl $name {
            /// Every value, in the order of the dialect.
            pub const ALL: &[Self] = &[$(Self::$case),*];

            /// Returns the keyword.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$case => $text),*
                }
            }

            #[doc = concat!("Returns the ", $what, " of a keyword.")]
            pub fn from_keyword(keyword: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == keyword)
            }

            /// Returns the value of an attribute, and `None` for an attribute of
            /// another kind.
            pub fn from_attribute(attribute: Attribute<'_>) -> Option<Self> {
                // SAFETY: the attribute is valid; another kind gives an empty name.
                Self::from_keyword(&unsafe { text::from_raw($read(attribute.to_raw())) })
            }

            /// Creates the attribute.
            pub fn to_attribute(self, context: &Context) -> Attribute<'_> {
                // SAFETY: the context is valid, and the dialect has every keyword.
                unsafe {
                    let name = text::to_raw(self.as_str());
                    Attribute::from_raw($create(context.to_raw(), name))
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

named_attribute! {
    /// A reduction over ranks: `#comm.reduce_op`.
    ReduceOp, "reduction", symmReduceOpAttrGet, symmReduceOpAttrGetName,
    {
        /// The sum.
        Sum = "sum",
        /// The sum divided by the number of ranks.
        Avg = "avg",
        /// The product.
        Product = "product",
        /// The smallest.
        Min = "min",
        /// The largest.
        Max = "max",
        /// Bitwise and.
        Band = "band",
        /// Bitwise or.
        Bor = "bor",
        /// Bitwise exclusive or.
        Bxor = "bxor",
    }
}

named_attribute! {
    /// Who moves the data: `#comm.protocol`.
    Protocol, "protocol", symmProtocolAttrGet, symmProtocolAttrGetName,
    {
        /// Each rank reads the operands of its peers, which must be symmetric.
        Pull = "pull",
        /// Each rank writes to slots of its peers; its operand may live anywhere.
        Push = "push",
    }
}

named_attribute! {
    /// The order of an access of memory: `#comm.mem_order`, at system scope.
    MemOrder, "order", symmMemOrderAttrGet, symmMemOrderAttrGetName,
    {
        /// Ordered with nothing, of words that no peer touches.
        Volatile = "volatile",
        /// Ordered with nothing.
        Relaxed = "relaxed",
        /// Reads what was written before the release that is read.
        Acquire = "acquire",
        /// What was written before is seen by who acquires.
        Release = "release",
    }
}

impl ReduceOp {
    /// Says whether the reduction exists for an element type.
    pub fn is_defined_for<'c>(self, context: &'c Context, element: Type<'c>) -> bool {
        let attribute = self.to_attribute(context).to_raw();
        // SAFETY: the attribute and the type are valid.
        unsafe { symmReduceOpIsDefined(attribute, element.to_raw()) }
    }
}
