//! Reads typed values out of JSON with little code: what every view, record and message passes.
//!
//! `serde` writes a reader per type and per way of reading. The ways of `serde_json` also take
//! structs from lists, fields by number and numbers of any kind, and say what they met instead; for
//! a hundred types that was a tenth of all code that a browser loads. Here is one way, which takes
//! what `serde_json` writes and nothing else, and says little. It reads from [`Value`] alone; how
//! text becomes one is still the business of `serde_json`.

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Value, map};

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("it is not JSON")]
    NotJson,
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("something in it is not of the expected kind")]
    Kind,
}

impl Error for Misfit {
    // Texts that nobody reads would be most of a reader.
    fn custom<T: std::fmt::Display>(_message: T) -> Self {
        Self::Kind
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// Reads a value.
pub fn read<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, Misfit> {
    T::deserialize(Reader(value))
}

/// Reads JSON text.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Misfit> {
    read(&parsed(bytes)?)
}

/// Reads JSON text.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    from_slice(text.as_bytes())
}

/// Turns JSON text into a value, to be read in parts.
pub fn parsed(bytes: &[u8]) -> Result<Value, Misfit> {
    serde_json::from_slice(bytes).map_err(|_cause| Misfit::NotJson)
}

#[derive(Debug, Clone, Copy)]
struct Reader<'a>(&'a Value);

impl<'a> Reader<'a> {
    fn text(self) -> Result<&'a str, Misfit> {
        self.0.as_str().ok_or(Misfit::Kind)
    }

    fn unsigned<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_u64(self.0.as_u64().ok_or(Misfit::Kind)?)
    }

    fn signed<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_i64(self.0.as_i64().ok_or(Misfit::Kind)?)
    }

    fn float<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_f64(self.0.as_f64().ok_or(Misfit::Kind)?)
    }

    fn list<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let mut items = Items(self.0.as_array().ok_or(Misfit::Kind)?.iter());
        let read = visitor.visit_seq(&mut items)?;
        if items.0.next().is_none() { Ok(read) } else { Err(Misfit::Kind) }
    }

    fn fields<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let fields = self.0.as_object().ok_or(Misfit::Kind)?;
        visitor.visit_map(Fields { left: fields.iter(), value: &Value::Null })
    }
}

macro_rules! as_what {
    ($($how:ident: $($method:ident)*;)*) => {
        $($(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
            self.$how(visitor)
        })*)*
    };
}

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Misfit;

    as_what! {
        unsigned: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        signed: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64;
        float: deserialize_f32 deserialize_f64;
        list: deserialize_seq deserialize_bytes deserialize_byte_buf;
        fields: deserialize_map;
        deserialize_str: deserialize_string deserialize_identifier deserialize_char;
    }

    /// For types that take several kinds.
    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(it) => visitor.visit_bool(*it),
            Value::Number(it) => match (it.as_u64(), it.as_i64()) {
                (Some(it), _) => visitor.visit_u64(it),
                (None, Some(it)) => visitor.visit_i64(it),
                (None, None) => self.float(visitor),
            },
            Value::String(it) => visitor.visit_borrowed_str(it),
            Value::Array(_) => self.list(visitor),
            Value::Object(_) => self.fields(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_bool(self.0.as_bool().ok_or(Misfit::Kind)?)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { visitor.visit_unit() } else { Err(Misfit::Kind) }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'a>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.list(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.fields(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let (name, content) = match self.0 {
            Value::String(name) => (name, None),
            Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
                Some((name, content)) => (name, Some(content)),
                None => return Err(Misfit::Kind),
            },
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => return Err(Misfit::Kind),
        };
        visitor.visit_enum(Variant { name, content })
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }
}

struct Items<'a>(std::slice::Iter<'a, Value>);

impl<'a> SeqAccess<'a> for &mut Items<'a> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|it| seed.deserialize(Reader(it))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Fields<'a> {
    left: map::Iter<'a>,
    value: &'a Value,
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(Reader(self.value))
    }
}

#[derive(Clone, Copy)]
struct Variant<'a> {
    name: &'a str,
    content: Option<&'a Value>,
}

impl<'a> Variant<'a> {
    fn content(self) -> Result<Reader<'a>, Misfit> {
        self.content.map(Reader).ok_or(Misfit::Kind)
    }
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<(T::Value, Self), Misfit> {
        Ok((seed.deserialize(StrDeserializer::new(self.name))?, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(Misfit::Kind),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _len: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.content()?.list(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.content()?.fields(visitor)
    }
}

#[cfg(test)]
mod tests;
