//! The SQL types of columns.

use std::fmt;

use super::Column;

/// The SQL type of a column, or of what is in one. It displays as DuckDB writes it.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// BOOLEAN.
    Boolean,
    /// INTEGER.
    Int32,
    /// UINTEGER.
    UInt32,
    /// BIGINT.
    Int64,
    /// UBIGINT.
    UInt64,
    /// DOUBLE.
    Double,
    /// VARCHAR.
    Varchar,
    /// JSON: VARCHAR with that alias.
    Json,
    /// TIMESTAMP: microseconds since 1970-01-01 00:00:00 UTC.
    Timestamp,
    /// TIMESTAMP_NS: nanoseconds since 1970-01-01 00:00:00 UTC.
    TimestampNs,
    /// LIST of a type.
    List(&'static Type),
    /// STRUCT: the members are columns of the message that stands for it.
    Struct(&'static [Column]),
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Type::Boolean => "BOOLEAN",
            Type::Int32 => "INTEGER",
            Type::UInt32 => "UINTEGER",
            Type::Int64 => "BIGINT",
            Type::UInt64 => "UBIGINT",
            Type::Double => "DOUBLE",
            Type::Varchar => "VARCHAR",
            Type::Json => "JSON",
            Type::Timestamp => "TIMESTAMP",
            Type::TimestampNs => "TIMESTAMP_NS",
            Type::List(element) => return write!(f, "{element}[]"),
            Type::Struct(members) => return write_struct(members, f),
        };
        f.write_str(name)
    }
}

fn write_struct(members: &[Column], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("STRUCT(")?;
    for (index, member) in members.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        match is_reserved(member.name) {
            true => write!(f, "{comma}\"{}\" {}", member.name, member.kind)?,
            false => write!(f, "{comma}{} {}", member.name, member.kind)?,
        }
    }
    f.write_str(")")
}

/// Whether SQL takes the name for a keyword.
fn is_reserved(name: &str) -> bool {
    name == "offset"
}
