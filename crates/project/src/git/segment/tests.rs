//! The stored form: what was written once stays readable.

use super::*;

/// Written by version 1. It is never edited: another version gets another test.
const VERSION_1: &str = "454153454c5345470103ce013625030ba8dba906f756967f9e9ca394464a060000000e000000789ccb48cdc9\
    c9e70200084b021f03e69de29bb2d1d6434b8b29ae775ad8c2e48c53910000000008000000789c0300000000\
    01020976950c1fdbcb52435a433913017bf044b3a58f1d00000026000000789c33343030333151486438c768\
    a6caccbde2f64ab6ef61d3eae7cd593cc5cd0b007f110a7e0003000000a3afdcff";

fn objects() -> Vec<(Kind, &'static [u8])> {
    vec![
        (Kind::Blob, b"hello\n"),
        (Kind::Blob, b""),
        (Kind::Tree, b"100644 a\0\xce\x01\x36\x25\x03\x0b\xa8\xdb\xa9\x06\xf7\x56\x96\x7f\x9e\x9c\xa3\x94\x46\x4a"),
    ]
}

#[test]
fn version_1_stays_readable() {
    let bytes: Vec<u8> = (0..VERSION_1.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&VERSION_1[at..at + 2], 16).unwrap())
        .collect();
    let places = places(&bytes).unwrap();
    let read: Vec<(Kind, Vec<u8>)> = places
        .iter()
        .map(|(id, place)| {
            let packed = &bytes[place.at as usize..(place.at + place.len) as usize];
            let content = inflated(packed, place.size_bytes as usize).unwrap();
            assert_eq!(Oid::of(place.kind, &content), *id);
            (place.kind, content)
        })
        .collect();
    let expected: Vec<_> = objects().into_iter().map(|(kind, c)| (kind, c.to_vec())).collect();
    assert_eq!(read, expected);
}

#[test]
fn contents_of_all_sizes_come_back() {
    for n in [0, 1, 63, 64, 1000, 70_000, LARGE_BYTES + 1] {
        let content: Vec<u8> = (0..n).map(|at| (at * at % 251) as u8).collect();
        let mut draft = Draft::default();
        let id = Oid::of(Kind::Blob, &content);
        draft.push(id, Kind::Blob, &content);
        let (bytes, written) = draft.finish().unwrap();
        assert_eq!(places(&bytes).unwrap(), written);
        let place = written[0].1;
        let packed = &bytes[place.at as usize..(place.at + place.len) as usize];
        assert_eq!(inflated(packed, n).as_deref(), Some(content.as_slice()));
        assert_eq!(inflated(packed, n + 1), None, "a size that is too large is noticed");
        if n > 0 {
            assert_eq!(inflated(packed, n - 1), None, "a size that is too small is noticed");
        }
    }
}

#[test]
fn counts_and_lengths_that_lie_are_torn() {
    let mut draft = Draft::default();
    draft.push(Oid::of_blob(b"x"), Kind::Blob, b"x");
    let (bytes, _) = draft.finish().unwrap();
    let sealed = |mut body: Vec<u8>| {
        let checksum = crc32fast::hash(&body);
        body.extend_from_slice(&checksum.to_le_bytes());
        body
    };
    for at in HEAD_LEN..bytes.len() - 4 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut body = bytes[..bytes.len() - 4].to_vec();
            body[at] = value;
            // The checksum is right: only what is inside can tell.
            let _whatever_but_no_panic = places(&sealed(body)).is_ok();
        }
    }
    let mut body = bytes[..bytes.len() - 4].to_vec();
    let n_at = body.len() - 4;
    body[n_at] = 2;
    assert_eq!(places(&sealed(body)), Err(BadSegment::Torn));
}
