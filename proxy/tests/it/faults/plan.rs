//! What goes wrong with one request, made from a seed: the same seed is the same plan.

use wire::ProviderKind;

use crate::upstream::dialect::Dialect;

/// A dialect at both ends.
#[derive(Debug, Clone, Copy)]
pub struct Spoken {
    pub provider: &'static str,
    pub kind: ProviderKind,
    pub recorded: Dialect,
}

pub const DIALECTS: [Spoken; 6] = [
    spoken("chat", ProviderKind::OpenaiCompatible, Dialect::Chat),
    spoken("messages", ProviderKind::Anthropic, Dialect::Messages),
    spoken("responses", ProviderKind::OpenaiResponses, Dialect::Responses),
    spoken("gemini", ProviderKind::Gemini, Dialect::Gemini),
    spoken("converse", ProviderKind::Bedrock, Dialect::Converse),
    spoken("ollama", ProviderKind::Ollama, Dialect::Ollama),
];

const fn spoken(provider: &'static str, kind: ProviderKind, recorded: Dialect) -> Spoken {
    Spoken { provider, kind, recorded }
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub client: Spoken,
    pub provider: Spoken,
    pub stream: bool,
    pub fault: Fault,
    pub behaviour: Behaviour,
    /// The provider keeps the connection, for a while.
    pub keeps: bool,
}

/// What the provider does. Places are thousandths of what it would send.
#[derive(Debug, Clone)]
pub enum Fault {
    None,
    /// A byte at a time.
    Drip,
    /// The connection is closed inside of an event, or at a boundary.
    Cut {
        at: usize,
        inside: bool,
    },
    /// The stream ends as if it were whole.
    Ends {
        at: usize,
    },
    Garbage {
        at: usize,
        bytes: Vec<u8>,
    },
    /// An error in the middle, in some form.
    Error {
        at: usize,
        text: &'static str,
    },
    Silence {
        at: usize,
    },
    SilentHead,
    Reset {
        at: usize,
    },
    ResetHead,
    /// The socket's other half stays open.
    HalfClosed {
        at: usize,
    },
    /// Refuses so many times, and is silent in the body of it.
    Status {
        status: u16,
        retry_after: &'static str,
        times: usize,
        silent: bool,
    },
    Type {
        media_type: &'static str,
    },
    Page,
    EndlessBody,
    EndlessEvent,
    EndlessHead,
    Nonsense {
        head: &'static str,
    },
    /// No such host, nobody at the port, no TLS where it should be.
    Address {
        provider: &'static str,
    },
}

/// What the client does.
#[derive(Debug, Clone)]
pub enum Behaviour {
    Patient,
    Slow,
    Leaves {
        after_bytes: usize,
        resets: bool,
    },
    /// Closes its own half and reads on.
    HalfCloses,
    /// Sends a part of its request only.
    BreaksOff {
        at: usize,
    },
}

const STATUSES: [u16; 18] =
    [204, 301, 307, 400, 401, 403, 404, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504, 529];

const RETRY_AFTERS: [&str; 7] = ["", "0", "1", "7", "-3", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"];

const HEADS: [&str; 9] = [
    "",
    "\r\n\r\n",
    "SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP/1.1 abc\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 10\r\ncontent-length: 20\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n{",
    "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
];

const ERRORS: [&str; 4] = [
    "{\"error\":{\"message\":\"it broke\",\"type\":\"server_error\"}}",
    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}",
    "{\"error\":\"it broke\"}",
    "null",
];

impl Plan {
    /// Nothing goes wrong.
    pub fn harmless() -> Self {
        let [first, ..] = DIALECTS;
        Self {
            seed: u64::MAX,
            client: first,
            provider: first,
            stream: true,
            fault: Fault::None,
            behaviour: Behaviour::Patient,
            keeps: true,
        }
    }

    pub fn of(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let client = DIALECTS[dice.below(6)];
        // Half of all go through as they are.
        let provider = if dice.below(2) == 0 { client } else { DIALECTS[dice.below(6)] };
        let fault = fault(&mut dice);
        let behaviour = behaviour(&mut dice);
        let (stream, keeps) = (dice.below(3) > 0, dice.below(4) == 0);
        Self { seed, client, provider, stream, fault, behaviour, keeps }
    }

    /// The model's name tells the provider which plan it is.
    pub fn model(&self) -> String {
        let Fault::Address { provider } = self.fault else {
            return format!("{}/f-{}", self.provider.provider, self.seed);
        };
        format!("{provider}/f-{}", self.seed)
    }

    /// Whether there is one moment at which the proxy can know that it goes wrong.
    pub fn fails_at_a_moment(&self) -> bool {
        match &self.fault {
            Fault::Cut { .. }
            | Fault::Ends { .. }
            | Fault::Garbage { .. }
            | Fault::Error { .. }
            | Fault::Silence { .. }
            | Fault::SilentHead
            | Fault::Reset { .. }
            | Fault::ResetHead
            | Fault::HalfClosed { .. }
            | Fault::Status { silent: false, .. }
            | Fault::Type { .. }
            | Fault::Page => true,
            Fault::Nonsense { head } => !head.contains("Continue"),
            Fault::None
            | Fault::Drip
            | Fault::Status { silent: true, .. }
            | Fault::EndlessBody
            | Fault::EndlessEvent
            | Fault::EndlessHead
            | Fault::Address { .. } => false,
        }
    }

    /// Whether nothing stands between the client and a whole answer.
    pub fn must_be_whole(&self) -> bool {
        matches!(self.fault, Fault::None | Fault::Drip)
            && matches!(self.behaviour, Behaviour::Patient | Behaviour::Slow)
    }
}

fn fault(dice: &mut Dice) -> Fault {
    let at = dice.below(1000);
    match dice.below(24) {
        0 => Fault::None,
        1 => Fault::Drip,
        2 | 3 => Fault::Cut { at, inside: false },
        4 | 5 => Fault::Cut { at, inside: true },
        6 => Fault::Ends { at },
        7 | 8 => {
            let length = 1 + dice.below(200);
            Fault::Garbage { at, bytes: (0..length).map(|_| dice.byte()).collect() }
        }
        9 => Fault::Error { at, text: ERRORS[dice.below(ERRORS.len())] },
        10 => Fault::Silence { at },
        11 => Fault::SilentHead,
        12 => Fault::Reset { at },
        13 => Fault::ResetHead,
        14 => Fault::HalfClosed { at },
        15..=17 => Fault::Status {
            status: STATUSES[dice.below(STATUSES.len())],
            retry_after: RETRY_AFTERS[dice.below(RETRY_AFTERS.len())],
            times: [1, 2, 3, usize::MAX][dice.below(4)],
            silent: dice.below(6) == 0,
        },
        18 => {
            let types = ["", "text/html", "application/json", "text/event-stream", "a/b; c=\u{7f}"];
            Fault::Type { media_type: types[dice.below(types.len())] }
        }
        19 => Fault::Page,
        20 => [Fault::EndlessBody, Fault::EndlessEvent, Fault::EndlessHead][dice.below(3)].clone(),
        21 | 22 => Fault::Nonsense { head: HEADS[dice.below(HEADS.len())] },
        _ => Fault::Address { provider: ["nowhere", "nobody", "plain"][dice.below(3)] },
    }
}

fn behaviour(dice: &mut Dice) -> Behaviour {
    match dice.below(12) {
        0..=5 => Behaviour::Patient,
        6 | 7 => Behaviour::Slow,
        8 | 9 => Behaviour::Leaves { after_bytes: dice.below(6000), resets: dice.below(2) == 0 },
        10 => Behaviour::HalfCloses,
        _ => Behaviour::BreaksOff { at: dice.below(1000) },
    }
}

/// SplitMix64: small, and the same everywhere.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}
