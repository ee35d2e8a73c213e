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

    /// Nothing came for too long, and nobody waits for more.
    pub fn fall_silent(&mut self, events: &mut Vec<ModelEvent>) {
        self.end(events);
        if let Some(ModelEvent::Error(rejection)) = events.last_mut() {
            *rejection = failure::silent();
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

/// What a reply came to so far: what was counted, and how it ended.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    usage: Option<Usage>,
    n_deltas: u32,
    /// Something of the reply has come, if it was no delta.
    begun: bool,
    ended: Option<Result<(), Rejection>>,
}

impl Tally {
    pub fn add(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Usage(usage) => self.usage = Some(*usage),
            ModelEvent::Finish { .. } => self.ended = Some(Ok(())),
            ModelEvent::Error(rejection) => self.ended = Some(Err(rejection.clone())),
            ModelEvent::TextDelta { .. }
            | ModelEvent::Reasoning { .. }
            | ModelEvent::ToolCallDelta { .. } => self.delta(),
            ModelEvent::ReasoningEnd { .. }
            | ModelEvent::ToolCallStart { .. }
            | ModelEvent::ToolCallEnd { .. } => self.begun = true,
        }
    }

    fn delta(&mut self) {
        self.n_deltas = self.n_deltas.saturating_add(1);
    }

    #[must_use]
    pub fn ended(&self) -> Option<&Result<(), Rejection>> {
        self.ended.as_ref()
    }

    /// What was counted: by the provider, or from the deltas when it did not come to that. A delta
    /// is about a token.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let counted = self.usage.unwrap_or_default();
        let whole = self.usage.is_some() && matches!(self.ended, Some(Ok(())));
        if u64::from(self.n_deltas) <= counted.all_output_tokens() || whole {
            return counted;
        }
        Usage { output_tokens: self.n_deltas, estimated: true, ..counted }
    }
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
    tally: Tally,
}

impl Meter {
    #[must_use]
    pub fn new(dialect: &'static dyn Dialect) -> Self {
        Self {
            splitter: Splitter::new(dialect.framing()),
            decoder: dialect.decoder(),
            dialect,
            events: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Reads a chunk. `each` gets every frame, and whether it was more than a delta.
    pub fn push(
        &mut self,
        chunk: &[u8],
        each: &mut dyn FnMut(Frame<'_>, bool),
    ) -> Result<(), BadStream> {
        let Self { splitter, decoder, dialect, events, tally } = self;
        splitter.push(chunk, &mut |frame| {
            let delta = dialect.is_delta(frame);
            if delta {
                tally.delta();
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
        if !self.is_over() {
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
        self.tally.ended.is_some()
    }

    /// Something of the reply has come, or its end.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.tally.begun || self.tally.n_deltas > 0 || self.is_over()
    }

    /// Why the reply failed, if the provider said so.
    #[must_use]
    pub fn failure(&self) -> Option<&Rejection> {
        self.tally.ended.as_ref()?.as_ref().err()
    }

    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn settle(&mut self) {
        self.events.drain(..).for_each(|it| self.tally.add(&it));
    }
}
