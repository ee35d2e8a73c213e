//! One message as it is stored: JSON with the layout's version in it.
//!
//! Where and when it is stored is not known here. A version that was shipped is never changed; a new
//! one gets a new number, and this module learns to read both.

use serde::{Deserialize, Serialize};

use super::Message;

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Stored<'a> {
    v: u32,
    #[serde(flatten)]
    message: &'a Message,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadRecord {
    /// Written by a newer Easel: reload to get it.
    #[error("the message was stored by a newer version (layout {v})")]
    Newer { v: u32 },
    #[error("the message's record is damaged")]
    Damaged(#[source] shape::Misfit),
}

pub fn encode(message: &Message) -> Vec<u8> {
    let stored = Stored { v: VERSION, message };
    serde_json::to_vec(&stored).expect("a message is plain data with text keys")
}

pub fn decode(bytes: &[u8]) -> Result<Message, BadRecord> {
    let record = shape::parsed(bytes).map_err(BadRecord::Damaged)?;
    let Version { v } = shape::read(&record).map_err(BadRecord::Damaged)?;
    match v {
        VERSION => shape::read(&record).map_err(BadRecord::Damaged),
        v => Err(BadRecord::Newer { v }),
    }
}
