//! Reads typed values out of what the browser delivers in messages: the other half of [`shape`], with
//! as little code per type and as few words about what does not fit.
//!
//! It takes what `serde_wasm_bindgen` writes as "compatible with JSON", and bytes as they are. It
//! writes nothing.

use js_sys::{Array, ArrayBuffer, Number, Object, Reflect, Uint8Array};
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use shape::Misfit;
use wasm_bindgen::{JsCast as _, JsValue};

pub(super) fn read<T: DeserializeOwned>(value: &JsValue) -> Result<T, Misfit> {
    T::deserialize(Reader(value.clone()))
}

struct Reader(JsValue);

impl Reader {
    fn integer(&self) -> Result<i64, Misfit> {
        let number = self.0.as_f64().filter(|_| Number::is_safe_integer(&self.0));
        Ok(number.ok_or(Misfit::Kind)? as i64)
    }

    fn unsigned<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_u64(u64::try_from(self.integer()?).map_err(|_negative| Misfit::Kind)?)
    }

    fn signed<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_i64(self.integer()?)
    }

    fn float<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_f64(self.0.as_f64().ok_or(Misfit::Kind)?)
    }

    fn text<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_string(self.0.as_string().ok_or(Misfit::Kind)?)
    }

    fn list<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let list: Array = self.0.dyn_into().map_err(|_other| Misfit::Kind)?;
        let mut items = Items { list, next: 0 };
        let read = visitor.visit_seq(&mut items)?;
        if items.left() == 0 { Ok(read) } else { Err(Misfit::Kind) }
    }

    fn bytes<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match bytes_in(&self.0) {
            Some(bytes) => visitor.visit_byte_buf(bytes),
            None => self.list(visitor),
        }
    }

    fn map<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(Entries { left: self.entries()?, next: 0, value: JsValue::UNDEFINED })
    }

    fn entries(&self) -> Result<Array, Misfit> {
        self.0.dyn_ref::<Object>().map(Object::entries).ok_or(Misfit::Kind)
    }

    fn is_nothing(&self) -> bool {
        self.0.is_null() || self.0.is_undefined()
    }
}

fn bytes_in(value: &JsValue) -> Option<Vec<u8>> {
    let bytes = value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
    bytes.or_else(|| value.dyn_ref::<ArrayBuffer>().map(|it| Uint8Array::new(it).to_vec()))
}

macro_rules! as_what {
    ($($how:ident: $($method:ident)*;)*) => {
        $($(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
            self.$how(visitor)
        })*)*
    };
}

impl<'a> Deserializer<'a> for Reader {
    type Error = Misfit;

    as_what! {
        unsigned: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        signed: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64;
        float: deserialize_f32 deserialize_f64;
        text: deserialize_str deserialize_string deserialize_identifier deserialize_char;
        list: deserialize_seq;
        bytes: deserialize_bytes deserialize_byte_buf;
        map: deserialize_map;
    }

    /// For types that take several kinds.
    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.is_nothing() {
            visitor.visit_unit()
        } else if let Some(it) = self.0.as_bool() {
            visitor.visit_bool(it)
        } else if let Some(it) = self.0.as_f64() {
            match self.integer() {
                Ok(it) => visitor.visit_i64(it),
                Err(_) => visitor.visit_f64(it),
            }
        } else if let Some(it) = self.0.as_string() {
            visitor.visit_string(it)
        } else if self.0.is_array() {
            self.list(visitor)
        } else if let Some(it) = bytes_in(&self.0) {
            visitor.visit_byte_buf(it)
        } else {
            self.map(visitor)
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_bool(self.0.as_bool().ok_or(Misfit::Kind)?)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.is_nothing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.is_nothing() { visitor.visit_unit() } else { Err(Misfit::Kind) }
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
        self.map(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if let Some(name) = self.0.as_string() {
            return visitor.visit_enum(Variant { name, content: Self(JsValue::UNDEFINED) });
        }
        let entries = self.entries()?;
        if entries.length() != 1 {
            return Err(Misfit::Kind);
        }
        let (name, content) = entry(&entries, 0);
        visitor.visit_enum(Variant { name: name.as_string().unwrap_or_default(), content })
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }
}

fn entry(entries: &Array, at: u32) -> (JsValue, Reader) {
    let entry = entries.get(at);
    let part = |at| Reflect::get_u32(&entry, at).unwrap_or(JsValue::UNDEFINED);
    (part(0), Reader(part(1)))
}

struct Items {
    list: Array,
    next: u32,
}

impl Items {
    fn left(&self) -> u32 {
        self.list.length().saturating_sub(self.next)
    }
}

impl<'a> SeqAccess<'a> for &mut Items {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        if self.left() == 0 {
            return Ok(None);
        }
        self.next += 1;
        seed.deserialize(Reader(self.list.get(self.next - 1))).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left() as usize)
    }
}

struct Entries {
    left: Array,
    next: u32,
    value: JsValue,
}

impl<'a> MapAccess<'a> for Entries {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        if self.next == self.left.length() {
            return Ok(None);
        }
        let (name, value) = entry(&self.left, self.next);
        self.next += 1;
        self.value = value.0;
        let name = name.as_string().unwrap_or_default();
        seed.deserialize(StrDeserializer::new(&name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(Reader(std::mem::take(&mut self.value)))
    }
}

struct Variant {
    name: String,
    content: Reader,
}

impl<'a> EnumAccess<'a> for Variant {
    type Error = Misfit;
    type Variant = Reader;

    fn variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<(T::Value, Reader), Misfit> {
        Ok((seed.deserialize(StrDeserializer::new(&self.name))?, self.content))
    }
}

impl<'a> VariantAccess<'a> for Reader {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        if self.is_nothing() { Ok(()) } else { Err(Misfit::Kind) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _len: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.list(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.map(visitor)
    }
}
