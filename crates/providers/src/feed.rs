//! A provider's bytes in, our events out: splitter and decoder as one.
//!
//! Whatever the bytes are, the last event is an ending, and nothing comes after it. When to stop
//! waiting is the sender's matter.

use serde::de::IgnoredAny;
use wire::{ModelEvent, Rejection, RejectionCode, Usage};

use crate::{
    dialect::{BadStream, Decoder, Dialect},
    failure,
    frame::{Frame, Splitter},
};

#[derive(Debug)]
pub struct Feed {
    splitter: Splitter,
    decoder: Box<dyn Decoder>,
    over: bool,
}

impl Feed {
    #[must_use]
    pub fn new(dialect: &dyn Dialect) -> Self {
        let splitter = Splitter::new(dialect.framing());
        Self { splitter, decoder: dialect.decoder(), over: false }
    }

    /// The ending was among the events.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn push(&mut self, chunk: &[u8], events: &mut Vec<ModelEvent>) {
        if self.over {
            return;
        }
        let start = events.len();
        let decoder = &mut self.decoder;
        let read = self.splitter.push(chunk, &mut |frame| decoder.decode(frame, events));
        self.settle(read, start, events);
    }

    /// No more bytes will come.
    pub fn end(&mut self, events: &mut Vec<ModelEvent>) {
        if self.over {
            return;
        }
        let start = events.len();
        let decoder = &mut self.decoder;
        // A line that cannot be read here is one that broke off, which the decoder's end tells.
        self.splitter.end(&mut |frame| decoder.decode(frame, events)).ok();
        self.settle(Ok(()), start, events);
        if !self.over {
            self.decoder.end(events);
            self.over = true;
        }
    }

    fn settle(&mut self, read: Result<(), BadStream>, start: usize, events: &mut Vec<ModelEvent>) {
        if read.is_err() && !events[start..].iter().any(is_ending) {
            self.decoder.end(events);
            if let Some(ModelEvent::Error(rejection)) = events.last_mut()
                && rejection.code == RejectionCode::CutOff
            {
                *rejection = failure::unreadable();
            }
        }
        if let Some(at) = events[start..].iter().position(is_ending) {
            events.truncate(start + at + 1);
            self.over = true;
        }
    }
}

fn is_ending(event: &ModelEvent) -> bool {
    matches!(event, ModelEvent::Finish { .. } | ModelEvent::Error(_))
}

/// Reads a stream that somebody else is going to read: what it cost, and how it ended.
///
/// What only adds to the reply is counted, not translated.
#[derive(Debug)]
pub struct Meter {
    splitter: Splitter,
    decoder: Box<dyn Decoder>,
    dialect: &'static dyn Dialect,
    events: Vec<ModelEvent>,
    usage: Option<Usage>,
    n_deltas: u32,
    ended: Option<Result<(), Rejection>>,
}

impl Meter {
    #[must_use]
    pub fn new(dialect: &'static dyn Dialect) -> Self {
        Self {
            splitter: Splitter::new(dialect.framing()),
            decoder: dialect.decoder(),
            dialect,
            events: Vec::new(),
            usage: None,
            n_deltas: 0,
            ended: None,
        }
    }

    /// Reads a chunk. `each` gets every frame, and whether it was more than a delta.
    pub fn push(
        &mut self,
        chunk: &[u8],
        each: &mut dyn FnMut(Frame<'_>, bool),
    ) -> Result<(), BadStream> {
        let Self { splitter, decoder, dialect, events, n_deltas, .. } = self;
        splitter.push(chunk, &mut |frame| {
            let delta = dialect.is_delta(frame);
            if delta {
                *n_deltas = n_deltas.saturating_add(1);
                serde_json::from_slice::<IgnoredAny>(frame.data)
                    .map_err(|source| BadStream::unreadable(frame.name, source))?;
            } else {
                decoder.decode(frame, events)?;
            }
            each(frame, !delta);
            Ok(())
        })?;
        self.settle();
        Ok(())
    }

    /// No more will come. Returns what is wrong with the end; none when the reply was whole.
    pub fn finish(&mut self) -> Option<Rejection> {
        if self.ended.is_none() {
            let Self { splitter, decoder, events, .. } = self;
            // As in [`Feed::end`].
            splitter.end(&mut |frame| decoder.decode(frame, events)).ok();
            self.decoder.end(&mut self.events);
            self.settle();
        }
        self.failure().cloned()
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Something of the reply has come, or its end.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.n_deltas > 0 || self.is_over()
    }

    /// Why the reply failed, if the provider said so.
    #[must_use]
    pub fn failure(&self) -> Option<&Rejection> {
        self.ended.as_ref()?.as_ref().err()
    }

    /// What was counted: by the provider, or from the deltas when it did not come to that. A delta
    /// is about a token.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let counted = self.usage.unwrap_or_default();
        if u64::from(self.n_deltas) <= counted.all_output_tokens() || self.whole() {
            return counted;
        }
        Usage { output_tokens: self.n_deltas, estimated: true, ..counted }
    }

    fn whole(&self) -> bool {
        self.usage.is_some() && matches!(self.ended, Some(Ok(())))
    }

    fn settle(&mut self) {
        for event in self.events.drain(..) {
            match event {
                ModelEvent::Usage(usage) => self.usage = Some(usage),
                ModelEvent::Finish { .. } => self.ended = Some(Ok(())),
                ModelEvent::Error(rejection) => self.ended = Some(Err(rejection)),
                ModelEvent::TextDelta { .. }
                | ModelEvent::Reasoning { .. }
                | ModelEvent::ReasoningEnd { .. }
                | ModelEvent::ToolCallStart { .. }
                | ModelEvent::ToolCallDelta { .. }
                | ModelEvent::ToolCallEnd { .. } => {}
            }
        }
    }
}
