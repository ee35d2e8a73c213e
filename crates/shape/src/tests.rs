//! The reader against what `serde_json` writes, and against what is made up.
//!
//! Real records and views are read in the crates that have them.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde_json::json;

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
struct Everything {
    yes: bool,
    small: u8,
    large: u64,
    negative: i32,
    float: f64,
    text: String,
    letter: char,
    maybe: Option<u32>,
    nothing: Option<String>,
    list: Vec<(String, Option<u16>)>,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    by_name: BTreeMap<String, Kind>,
    by_kind: BTreeMap<Key, Id>,
    kinds: Vec<Kind>,
    tagged: Vec<Tagged>,
    step: Vec<Step>,
    any: Value,
    boxed: Box<Everything2>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
#[serde(default)]
struct Everything2 {
    missing: Vec<u8>,
    here: String,
}

#[derive(Debug, Clone, PartialEq, PartialOrd, Eq, Ord, Serialize, serde::Deserialize)]
enum Key {
    One,
    Two,
}

#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
struct Id(String);

#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Plain,
    OfOne(u32),
    OfTwo(u32, String),
    WithFields { a: bool, b: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Tagged {
    Bare,
    Full { n: u32, rest: Vec<Id>, part: Option<Kind>, float: f32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Step {
    Index(usize),
    Field(String),
}

fn everything() -> Everything {
    Everything {
        yes: true,
        small: 255,
        large: u64::MAX,
        negative: -7,
        float: 3.0,
        text: "ä\n".into(),
        letter: 'ß',
        maybe: Some(0),
        nothing: None,
        list: vec![("a".into(), None), ("b".into(), Some(1))],
        bytes: vec![0, 255],
        by_name: BTreeMap::from([("x".into(), Kind::Plain)]),
        by_kind: BTreeMap::from([(Key::Two, Id("2".into()))]),
        kinds: vec![
            Kind::Plain,
            Kind::OfOne(1),
            Kind::OfTwo(1, "b".into()),
            Kind::WithFields { a: true, b: None },
        ],
        tagged: vec![
            Tagged::Bare,
            Tagged::Full {
                n: 1,
                rest: vec![Id("x".into())],
                part: Some(Kind::OfTwo(2, "".into())),
                float: 0.5,
            },
        ],
        step: vec![Step::Index(1), Step::Field("f".into())],
        any: json!({"a": [1, -2, 0.5, null, true, "t"]}),
        boxed: Box::default(),
    }
}

#[test]
fn what_was_written_is_read() {
    let value = serde_json::to_value(everything()).unwrap();
    assert_eq!(read(&value), Ok(everything()));
    assert_eq!(from_slice(&serde_json::to_vec(&everything()).unwrap()), Ok(everything()));
    assert_eq!(from_str::<Everything2>("{\"here\":\"x\",\"new\":[1]}").unwrap().here, "x");
}

#[test]
fn no_part_can_be_of_another_kind_or_missing() {
    let whole = serde_json::to_value(everything()).unwrap();
    for name in whole.as_object().unwrap().keys() {
        for other in [json!(-0.5), json!([[]]), json!({"a": 1, "b": 2})] {
            let mut value = whole.clone();
            value[name] = other.clone();
            let fits = name == "any"
                || (name == "float" && other == json!(-0.5))
                || name == "boxed" && other.is_object();
            assert_eq!(read::<Everything>(&value).is_ok(), fits, "{name} as {other}");
        }
        let mut value = whole.clone();
        value.as_object_mut().unwrap().remove(name);
        let optional = name == "maybe" || name == "nothing";
        assert_eq!(read::<Everything>(&value).is_ok(), optional, "without {name}");
    }
}

#[test]
fn what_is_wrong_is_said_in_few_words() {
    check::<Everything2>("", "it is not JSON");
    check::<Everything2>("{} x", "it is not JSON");
    check::<Everything2>("[]", "something in it is not of the expected kind");
    check::<Everything>("{}", "`yes` is missing");
    check::<u8>("256", "something in it is not of the expected kind");
    check::<(u8, u8)>("[1,2,3]", "something in it is not of the expected kind");
    check::<Kind>("{\"plain\":null,\"of-one\":1}", "something in it is not of the expected kind");
    check::<Kind>("\"of-one\"", "something in it is not of the expected kind");
    check::<Kind>("\"unknown\"", "something in it is not of the expected kind");
    check::<Value>(&"[".repeat(100_000), "it is not JSON");
}

#[track_caller]
fn check<T: DeserializeOwned + Debug>(json: &str, said: &str) {
    assert_eq!(from_str::<T>(json).unwrap_err().to_string(), said);
}
