//! The Converse API of AWS Bedrock: one form for the models of many vendors.
//!
//! Model and streaming stand in the path, so neither is in a body. What a model takes beyond the
//! common form is [`family`]'s matter. Nothing is signed here.

mod event;
mod family;
mod list;
mod media;
mod read_ask;
mod read_message;
mod read_reply;
mod usage;
mod write_ask;
mod write_message;
mod write_reply;

use std::borrow::Cow;

use wire::{ModelEvent, Rejection, RejectionCode};

use crate::{
    ask::Ask,
    dialect::{About, Asked, BadAsk, BadStream, Decoder, Dialect, Encoder},
    frame::Framing,
    ids,
    whole::Whole,
};
pub use list::{FOUNDATION_MODELS, INFERENCE_PROFILES, list_address, read_list};

/// Marks our opaque blocks: those of other vendors are left out of a request.
const MARK: &str = "converse";

/// Longer ids of calls the vendor refuses.
const ID_LENGTH: usize = 64;

#[derive(Debug, Clone, Copy)]
pub struct Converse;

impl Dialect for Converse {
    fn mark(&self) -> &'static str {
        MARK
    }

    fn framing(&self) -> Framing {
        Framing::Messages
    }

    fn limit(&self) -> (Option<&'static str>, &'static str) {
        (Some("inferenceConfig"), "maxTokens")
    }

    fn call_id<'a>(&self, call: &'a str) -> Cow<'a, str> {
        ids::fitting(call, ID_LENGTH, |it| {
            it.is_ascii_alphanumeric() || matches!(it, '_' | '.' | ':' | '-')
        })
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["toolUseId"]
    }

    fn write_ask(&self, ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
        write_ask::body(ask, stream)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(read_reply::Reader::default())
    }

    fn read_whole(&self, body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
        read_reply::read_whole(body)
    }

    fn read_ask(&self, body: &[u8]) -> Result<Asked, BadAsk> {
        read_ask::read(body)
    }

    fn encoder(&self, _about: About) -> Box<dyn Encoder> {
        Box::new(write_reply::Writer::default())
    }

    fn write_whole(&self, whole: &Whole, _about: &About) -> Vec<u8> {
        write_reply::whole(whole)
    }

    fn write_error(&self, rejection: &Rejection) -> Vec<u8> {
        write_reply::error(rejection)
    }
}

/// Returns the path of a request. Whatever is not unreserved in a URI is encoded, colons and the
/// slashes of ARNs too; a signature covers the path encoded once more.
#[must_use]
pub fn path(model: &str, stream: bool) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut path = String::from("/model/");
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push(char::from(HEX[usize::from(byte >> 4)]));
            path.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    path.push_str(if stream { "/converse-stream" } else { "/converse" });
    path
}

/// What an error answer says of itself; clients look at nothing else.
pub const ERROR_TYPE: &str = "x-amzn-errortype";

/// Returns the value of that header.
#[must_use]
pub fn error_type(code: RejectionCode) -> &'static str {
    match code {
        RejectionCode::NotPaired | RejectionCode::NotAllowed => "AccessDeniedException",
        RejectionCode::InsufficientBalance => "ServiceQuotaExceededException",
        RejectionCode::Repeated => "ConflictException",
        RejectionCode::NoProvider | RejectionCode::UnknownModel => "ResourceNotFoundException",
        RejectionCode::NotThere => "UnknownOperationException",
        RejectionCode::Busy => "ThrottlingException",
        RejectionCode::PromptTooLong
        | RejectionCode::TooLarge
        | RejectionCode::BadRequest
        | RejectionCode::Filtered => "ValidationException",
        RejectionCode::CutOff => "ModelErrorException",
        RejectionCode::Unreachable | RejectionCode::ProviderFailed => "ServiceUnavailableException",
        RejectionCode::BadKey | RejectionCode::Broken => "InternalServerException",
    }
}

#[cfg(test)]
mod tests;
