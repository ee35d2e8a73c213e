//! A row of the ledger, and the fixed number of bytes that it is in the journal.
//!
//! It has no names: keys and models are numbers of other tables.

use std::fmt;

use crc::{CRC_32_ISO_HDLC, Crc};
use wire::Usage;

use crate::accounts::KeyId;

/// A model's number in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(pub u32);

/// What a request was for. The numbers are in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Operation {
    Chat = 0,
    MainBuild = 1,
    MetadataGeneration = 2,
    Update = 3,
    PlanConsultation = 4,
    PlanQuestion = 5,
    PlanFeature = 6,
    PlanFix = 7,
    PlanAnalysis = 8,
}

impl Operation {
    pub const ALL: [Self; 9] = [
        Self::Chat,
        Self::MainBuild,
        Self::MetadataGeneration,
        Self::Update,
        Self::PlanConsultation,
        Self::PlanQuestion,
        Self::PlanFeature,
        Self::PlanFix,
        Self::PlanAnalysis,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::MainBuild => "main_build",
            Self::MetadataGeneration => "metadata_generation",
            Self::Update => "update",
            Self::PlanConsultation => "plan_consultation",
            Self::PlanQuestion => "plan_question",
            Self::PlanFeature => "plan_feature",
            Self::PlanFix => "plan_fix",
            Self::PlanAnalysis => "plan_analysis",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub(super) fn numbered(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| u64::from(*it as u8) == number)
    }
}

/// Finds a request in the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub [u8; 8]);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One request that was answered, or refused after it had cost something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub at_ms: u64,
    pub key: KeyId,
    pub model: ModelId,
    /// HTTP's.
    pub status: u16,
    pub operation: Operation,
    pub usage: Usage,
    pub ms: u32,
    pub request: RequestId,
    /// The session that it was part of; 0 is none. Lists of requests do not have it.
    pub session: u64,
}

impl Row {
    /// Seconds of work, each begun one counted whole.
    #[must_use]
    pub fn secs(&self) -> u32 {
        self.ms.div_ceil(1000)
    }
}

/// A row in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Its place among all that this journal ever had.
    pub(super) sequence: u64,
    /// The claim that it settles; 0 is none.
    pub(super) claim: i64,
    pub(super) row: Row,
}

/// Bytes of a record.
pub(super) const SIZE: usize = 104;

const CHECK: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const ESTIMATED: u8 = 1;
const UNPRICED: u8 = 2;

impl Record {
    pub(super) fn encode(&self) -> [u8; SIZE] {
        let Row { at_ms, key, model, status, operation, usage, ms, request, session } = &self.row;
        let mut out = Pen { bytes: [0; SIZE], at: 0 };
        out.put(self.sequence.to_le_bytes());
        out.put(self.claim.to_le_bytes());
        out.put(at_ms.to_le_bytes());
        out.put(key.0.to_le_bytes());
        out.put(usage.cost_nano.unwrap_or_default().to_le_bytes());
        out.put(request.0);
        out.put(session.to_le_bytes());
        out.put(model.0.to_le_bytes());
        out.put(ms.to_le_bytes());
        for n_tokens in tokens(usage) {
            out.put(n_tokens.to_le_bytes());
        }
        out.put(status.to_le_bytes());
        let estimated = if usage.estimated { ESTIMATED } else { 0 };
        let unpriced = if usage.cost_nano.is_none() { UNPRICED } else { 0 };
        out.put([*operation as u8, estimated | unpriced]);
        let sum = CHECK.checksum(&out.bytes[..out.at]);
        out.put(sum.to_le_bytes());
        out.bytes
    }

    /// Reads a record; none if it was not written to its end.
    pub(super) fn decode(bytes: &[u8; SIZE]) -> Option<Self> {
        let mut from = Eye { bytes, at: 0 };
        let sequence = u64::from_le_bytes(from.take());
        let claim = i64::from_le_bytes(from.take());
        let at_ms = u64::from_le_bytes(from.take());
        let key = KeyId(i64::from_le_bytes(from.take()));
        let cost = u64::from_le_bytes(from.take());
        let request = RequestId(from.take());
        let session = u64::from_le_bytes(from.take());
        let model = ModelId(u32::from_le_bytes(from.take()));
        let ms = u32::from_le_bytes(from.take());
        let [
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            cache_write_long_tokens,
            audio_input_tokens,
            output_tokens,
            reasoning_tokens,
            audio_output_tokens,
        ] = std::array::from_fn(|_| u32::from_le_bytes(from.take()));
        let status = u16::from_le_bytes(from.take());
        let [operation, flags] = from.take();
        let sum = CHECK.checksum(&bytes[..from.at]);
        let whole = sum == u32::from_le_bytes(from.take());
        let operation = Operation::numbered(operation.into()).filter(|_| whole)?;
        let usage = Usage {
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            cache_write_long_tokens,
            audio_input_tokens,
            output_tokens,
            reasoning_tokens,
            audio_output_tokens,
            cost_nano: (flags & UNPRICED == 0).then_some(cost),
            estimated: flags & ESTIMATED != 0,
        };
        let row = Row { at_ms, key, model, status, operation, usage, ms, request, session };
        Some(Self { sequence, claim, row })
    }
}

/// The classes of tokens, in the order of the tables' columns.
pub(crate) fn tokens(usage: &Usage) -> [u32; 8] {
    [
        usage.input_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.cache_write_long_tokens,
        usage.audio_input_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.audio_output_tokens,
    ]
}

struct Pen {
    bytes: [u8; SIZE],
    at: usize,
}

impl Pen {
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.at..self.at + N].copy_from_slice(&bytes);
        self.at += N;
    }
}

struct Eye<'a> {
    bytes: &'a [u8; SIZE],
    at: usize,
}

impl Eye<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.bytes[self.at..self.at + N]);
        self.at += N;
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_went() {
        for (claim, cost_nano, estimated, operation) in [
            (0, None, false, Operation::Chat),
            (-7, Some(0), true, Operation::PlanFix),
            (i64::MAX, Some(u64::MAX), true, Operation::PlanAnalysis),
        ] {
            let usage = Usage {
                input_tokens: 1,
                cache_read_tokens: 2,
                cache_write_tokens: 3,
                cache_write_long_tokens: 4,
                audio_input_tokens: 5,
                output_tokens: u32::MAX,
                reasoning_tokens: 7,
                audio_output_tokens: 8,
                cost_nano,
                estimated,
            };
            let row = Row {
                at_ms: 1_800_000_000_000,
                key: KeyId(12),
                model: ModelId(3),
                status: 200,
                operation,
                usage,
                ms: 1001,
                request: RequestId([1, 2, 3, 4, 5, 6, 7, 8]),
                session: u64::MAX,
            };
            let record = Record { sequence: 99, claim, row };
            assert_eq!(Record::decode(&record.encode()), Some(record));
            assert_eq!(row.secs(), 2);
        }
    }

    #[test]
    fn a_record_with_one_wrong_bit_is_none() {
        let row = Row {
            at_ms: 1,
            key: KeyId(1),
            model: ModelId(1),
            status: 200,
            operation: Operation::Chat,
            usage: Usage::default(),
            ms: 0,
            request: RequestId([0; 8]),
            session: 1,
        };
        let bytes = Record { sequence: 1, claim: 0, row }.encode();
        for bit in 0..SIZE * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::decode(&bytes), None, "bit {bit}");
        }
        assert_eq!(Record::decode(&[0; SIZE]), None);
    }

    #[test]
    fn operations_have_one_name_and_one_number() {
        for operation in Operation::ALL {
            assert_eq!(Operation::named(operation.name()), Some(operation));
            assert_eq!(Operation::numbered(operation as u64), Some(operation));
        }
        assert_eq!(Operation::named("chats"), None);
        assert_eq!(Operation::numbered(9), None);
    }
}
