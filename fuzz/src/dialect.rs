//! One dialect: its streams, its replies in one piece, and the requests of its clients.

use providers::{
    Dialect,
    dialect::About,
    feed::{Feed, Meter},
    vendor::Vendor,
    whole::Whole,
};
use wire::{ModelEvent, ProviderKind};

/// A dialect.
#[derive(Debug, Clone, Copy)]
pub enum Spoken {
    Chat,
    Messages,
    Responses,
    Gemini,
    Converse,
    Ollama,
}

const ALL: [Spoken; 6] = [
    Spoken::Chat,
    Spoken::Messages,
    Spoken::Responses,
    Spoken::Gemini,
    Spoken::Converse,
    Spoken::Ollama,
];

impl Spoken {
    fn dialect(self) -> &'static dyn Dialect {
        let kind = match self {
            Self::Chat => ProviderKind::OpenaiCompatible,
            Self::Messages => ProviderKind::Anthropic,
            Self::Responses => ProviderKind::OpenaiResponses,
            Self::Gemini => ProviderKind::Gemini,
            Self::Converse => ProviderKind::Bedrock,
            Self::Ollama => ProviderKind::Ollama,
        };
        Vendor::new(kind, "http://provider").dialect()
    }
}

/// Takes the bytes for a stream, for a reply and for a request, and writes what they say in every dialect.
pub fn dialect(spoken: Spoken, data: &[u8]) {
    let dialect = spoken.dialect();
    stream(dialect, data);
    if let Ok(events) = dialect.read_whole(data) {
        for other in ALL {
            other.dialect().write_whole(&Whole::collect(events.clone()), &About::default());
        }
    }
    if let Ok(mut asked) = dialect.read_ask(data) {
        asked.ask.model = "m".to_owned();
        for other in ALL {
            // What a provider has no form for is refused.
            if let Ok(body) = other.dialect().write_ask(&asked.ask, asked.stream) {
                let again = other.dialect().read_ask(&body);
                assert!(again.is_ok(), "{other:?} does not read what it wrote: {again:?}");
            }
        }
    }
}

/// Whatever the bytes are, the last event is an ending, and nothing comes after it.
fn stream(dialect: &'static dyn Dialect, data: &[u8]) {
    let events = read(dialect, &mut std::iter::once(data));
    let pieces = read(dialect, &mut data.chunks(1));
    let ends = |it: &ModelEvent| matches!(it, ModelEvent::Finish { .. } | ModelEvent::Error(_));
    assert_eq!(events.iter().position(ends), Some(events.len() - 1), "{events:?}");
    assert_eq!(events, pieces);
    let mut meter = Meter::new(dialect);
    if meter.push(data, &mut |_, _| {}).is_ok() {
        meter.finish();
    }
    for other in ALL {
        let (mut writer, mut out) = (other.dialect().encoder(About::default()), Vec::new());
        events.iter().for_each(|it| writer.write(it, &mut out));
        let mut feed = Feed::new(other.dialect());
        let mut again = Vec::new();
        feed.push(&out, &mut again);
        feed.end(&mut again);
        let finishes = |it: &[ModelEvent]| matches!(it.last(), Some(ModelEvent::Finish { .. }));
        assert_eq!(finishes(&again), finishes(&events), "{other:?}: {events:?}\n{again:?}");
    }
}

fn read(dialect: &dyn Dialect, chunks: &mut dyn Iterator<Item = &[u8]>) -> Vec<ModelEvent> {
    let (mut feed, mut events) = (Feed::new(dialect), Vec::new());
    for chunk in chunks {
        feed.push(chunk, &mut events);
    }
    feed.end(&mut events);
    events
}
