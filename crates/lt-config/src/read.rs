//! Fields of a struct from the keys of a file that have the same names.

/// A struct, each field of which is read from the key of its name, or is as in the default where
/// the file says nothing. The word before a list is the method of
/// [`Fields`](crate::fields::Fields) that reads them; what is read otherwise follows behind.
macro_rules! read {
    ($fields:ident, $default:ident {
        $($method:ident: [$($field:ident),* $(,)?],)*
        $(..{ $($other:ident: $value:expr),* $(,)? })?
    }) => {
        Self {
            $($($field: $fields.$method(stringify!($field), $default.$field)?,)*)*
            $($($other: $value,)*)?
        }
    };
}

/// Fields of a struct with their names: what is out of range is refused by its name.
macro_rules! named {
    ($config:ident: $($field:ident),* $(,)?) => {
        &[$((stringify!($field), $config.$field)),*]
    };
}

pub(crate) use {named, read};
