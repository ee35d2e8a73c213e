//! A provider's bytes in, our events out: splitter and decoder as one.
//!
//! Whatever the bytes are, the last event is an ending, and nothing comes after it. When to stop
//! waiting is the sender's matter.

use wire::{ModelEvent, RejectionCode};

use crate::{BadStream, Decoder, failure, sse::Splitter};

#[derive(Debug)]
pub struct Feed {
    splitter: Splitter,
    decoder: Box<dyn Decoder>,
    over: bool,
}

impl Feed {
    #[must_use]
    pub fn new(decoder: Box<dyn Decoder>) -> Self {
        Self { splitter: Splitter::default(), decoder, over: false }
    }

    /// The ending was among the events.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn push(&mut self, chunk: &[u8]) -> Vec<ModelEvent> {
        let mut events = Vec::new();
        if !self.over {
            let read = self.read(chunk, &mut events);
            self.settle(read, &mut events);
        }
        events
    }

    /// No more bytes will come.
    pub fn end(&mut self) -> Vec<ModelEvent> {
        let mut events = Vec::new();
        if !self.over {
            // A line that cannot be read here is one that broke off.
            let last = self.splitter.end().and_then(|it| self.decoder.decode(&it).ok());
            events.extend(last.into_iter().flatten());
            self.settle(Ok(()), &mut events);
        }
        if !self.over {
            events.extend(self.decoder.end());
            self.over = true;
        }
        events
    }

    fn read(&mut self, chunk: &[u8], events: &mut Vec<ModelEvent>) -> Result<(), BadStream> {
        for event in self.splitter.push(chunk)? {
            events.extend(self.decoder.decode(&event)?);
        }
        Ok(())
    }

    fn settle(&mut self, read: Result<(), BadStream>, events: &mut Vec<ModelEvent>) {
        if read.is_err() && !events.last().is_some_and(is_ending) {
            events.extend(self.decoder.end());
            if let Some(ModelEvent::Error(rejection)) = events.last_mut()
                && rejection.code == RejectionCode::CutOff
            {
                *rejection = failure::unreadable();
            }
        }
        if let Some(at) = events.iter().position(is_ending) {
            events.truncate(at + 1);
            self.over = true;
        }
    }
}

fn is_ending(event: &ModelEvent) -> bool {
    matches!(event, ModelEvent::Finish { .. } | ModelEvent::Error(_))
}
