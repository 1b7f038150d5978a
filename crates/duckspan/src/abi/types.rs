//! SQL types as C++ sees them.
#![allow(unsafe_code)]

use duckspan_otlp::relation::Column;

use super::{CColumn, Str};
use crate::boundary::{CFault, Fallback, guard};
use crate::columns::Type;

/// A SQL type, or the outermost part of it.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeTag {
    /// BOOLEAN.
    Boolean,
    /// INTEGER.
    Integer,
    /// UINTEGER.
    Uinteger,
    /// BIGINT.
    Bigint,
    /// UBIGINT.
    Ubigint,
    /// DOUBLE.
    Double,
    /// VARCHAR.
    Varchar,
    /// JSON: VARCHAR with that alias.
    Json,
    /// TIMESTAMP.
    Timestamp,
    /// TIMESTAMP_NS.
    TimestampNs,
    /// LIST of its one member.
    List,
    /// STRUCT of its members.
    Struct,
}

/// The members of a LIST or STRUCT; static.
pub struct Members {
    _opaque: [u8; 0],
}

/// A SQL type.
#[repr(C)]
pub struct CType {
    /// Which one.
    pub tag: TypeTag,
    /// What is in it; null unless that is a LIST or STRUCT.
    pub members: *const Members,
    /// How many they are.
    pub member_count: usize,
}

impl CType {
    pub(crate) fn of(kind: &Type) -> CType {
        let tag = match kind {
            Type::Boolean => TypeTag::Boolean,
            Type::Int32 => TypeTag::Integer,
            Type::UInt32 => TypeTag::Uinteger,
            Type::Int64 => TypeTag::Bigint,
            Type::UInt64 => TypeTag::Ubigint,
            Type::Double => TypeTag::Double,
            Type::Varchar => TypeTag::Varchar,
            Type::Json => TypeTag::Json,
            Type::Timestamp => TypeTag::Timestamp,
            Type::TimestampNs => TypeTag::TimestampNs,
            Type::List(element) => {
                let members = std::ptr::from_ref::<Type>(element).cast();
                return CType { tag: TypeTag::List, members, member_count: 1 };
            }
            Type::Struct(columns) => {
                let members = columns.as_ptr().cast();
                return CType { tag: TypeTag::Struct, members, member_count: columns.len() };
            }
        };
        CType { tag, members: std::ptr::null(), member_count: 0 }
    }

    fn member(&self, position: usize) -> CColumn {
        assert!(position < self.member_count, "a member beyond the type");
        let (name, kind) = match self.tag {
            // SAFETY: `CType::of` pointed it to the static type of the elements.
            TypeTag::List => ("", unsafe { &*self.members.cast::<Type>() }),
            _ => {
                // SAFETY: `CType::of` pointed it to so many static columns.
                let member = unsafe { &*self.members.cast::<Column>().add(position) };
                (member.name, &member.kind)
            }
        };
        CColumn { name: Str::of(name), kind: CType::of(kind), is_virtual: false }
    }
}

impl Fallback for CType {
    const FALLBACK: CType =
        CType { tag: TypeTag::Boolean, members: std::ptr::null(), member_count: 0 };
}

/// The member at `position` of a LIST or STRUCT, which is below their number; that of a LIST has no name.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_type_member(
    kind: &CType,
    position: usize,
    fault: &mut CFault,
) -> CColumn {
    guard(fault, || Ok(kind.member(position)))
}
