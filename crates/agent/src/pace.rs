//! How long replies take, by those that there were.
//!
//! A reply counts from the prompt to its end, with all its steps, and with the time that a person took
//! to answer a question in it.

use crate::chat::{Message, State};

/// Older replies say less about the next one.
const NEWEST: usize = 9;
/// Of fewer, one alone would decide.
const FEWEST: usize = 3;

/// Returns the median of the newest replies that this model finished; none when there are too few.
pub fn median_ms(messages: &[Message], model: &str) -> Option<u64> {
    let of_model = |it: &&Message| it.model == model && it.state == State::Complete;
    let replies = messages.iter().rev().filter(of_model);
    let took = replies.filter_map(|it| it.ended_at_ms?.checked_sub(it.at_ms));
    let mut took: Vec<u64> = took.take(NEWEST).collect();
    if took.len() < FEWEST {
        return None;
    }
    took.sort_unstable();
    let middle = took.len() / 2;
    Some(if took.len() % 2 == 1 {
        took[middle]
    } else {
        u64::midpoint(took[middle - 1], took[middle])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MessageId;

    #[test]
    fn the_median_of_the_newest_nine_finished_replies_counts() {
        let check = |took: &[u64], expected: Option<u64>| {
            let messages: Vec<Message> = took.iter().map(|it| reply("a/b", *it)).collect();
            assert_eq!(median_ms(&messages, "a/b"), expected, "{took:?}");
        };
        check(&[], None);
        check(&[10, 20], None);
        check(&[900, 10, 20], Some(20));
        check(&[10, 20, 40, 900], Some(30));
        check(&[1, 1, 1, 1, 9, 9, 9, 9, 9, 1, 1, 1, 1], Some(9));

        let mut messages: Vec<Message> = (1..=3).map(|it| reply("a/b", it)).collect();
        assert_eq!(median_ms(&messages, "a/other"), None);
        messages[1].state = State::Stopped;
        assert_eq!(median_ms(&messages, "a/b"), None, "it was not finished");
        messages[1].state = State::Complete;
        messages[1].ended_at_ms = None;
        assert_eq!(median_ms(&messages, "a/b"), None, "it was stored before ends were");
    }

    fn reply(model: &str, took_ms: u64) -> Message {
        let at_ms = 1_795_230_245_000;
        Message {
            state: State::Complete,
            ended_at_ms: Some(at_ms + took_ms),
            ..Message::reply(MessageId::new("msg_1"), None, model.to_owned(), at_ms)
        }
    }
}
