//! "Test connection": what is asked, and what its outcome says.
//!
//! Who sends it is another matter.

use wire::{Hop, Rejection, RejectionCode, Role, TestReport};

use crate::{
    ask::{Ask, Block, Message},
    models::Listed,
};

/// Enough for a word; some models refuse less.
const ANSWER_TOKENS: u32 = 16;

/// What a provider's list came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Heard {
    pub n_models: u32,
    /// It proves nothing of this model of the person's: whether that one works, only a question tells.
    pub unproved: Option<String>,
}

/// Judges a list, or why there is none. A list proves address and key, and a listed model exists.
/// There are servers that answer questions and list nothing: then the person's own names do.
pub fn hear(own: &[String], listed: Result<Vec<Listed>, Rejection>) -> Result<Heard, Rejection> {
    let (listed, n_models) = match listed {
        Ok(listed) => {
            let n_models = listed.len();
            (listed, n_models)
        }
        Err(rejection) if rejection.code == RejectionCode::UnknownModel && !own.is_empty() => {
            (Vec::new(), own.len())
        }
        Err(rejection) => return Err(rejection),
    };
    let unproved = own.iter().find(|own| listed.iter().all(|it| it.id != **own)).cloned();
    Ok(Heard { n_models: u32::try_from(n_models).unwrap_or(u32::MAX), unproved })
}

/// Returns the question for a model that no list names.
#[must_use]
pub fn question() -> Ask {
    let text = Block::Text("Answer with one word: ready?".to_owned());
    Ask {
        messages: vec![Message { role: Role::User, pieces: vec![text.into()] }],
        max_output_tokens: Some(ANSWER_TOKENS),
        ..Ask::default()
    }
}

/// The request came through.
#[must_use]
pub fn passed(n_models: u32) -> TestReport {
    let message = match n_models {
        0 => "Works, but it lists no models; enter the name of one".to_owned(),
        1 => "Works: 1 model".to_owned(),
        n => format!("Works: {n} models"),
    };
    TestReport { failed: None, message, n_models }
}

/// The request came as far as the hop that says no.
#[must_use]
pub fn failed(rejection: &Rejection, n_models: u32) -> TestReport {
    let hop = match rejection.code {
        RejectionCode::NotPaired
        | RejectionCode::NotAllowed
        | RejectionCode::InsufficientBalance
        | RejectionCode::Repeated
        | RejectionCode::Filtered
        | RejectionCode::NoProvider
        | RejectionCode::Broken => Hop::Proxy,
        RejectionCode::BadKey => Hop::Key,
        RejectionCode::UnknownModel | RejectionCode::PromptTooLong => {
            if n_models == 0 {
                Hop::Provider
            } else {
                Hop::Model
            }
        }
        RejectionCode::Busy
        | RejectionCode::TooLarge
        | RejectionCode::NotThere
        | RejectionCode::BadRequest
        | RejectionCode::Unreachable
        | RejectionCode::CutOff
        | RejectionCode::ProviderFailed => Hop::Provider,
    };
    let message = match (hop, rejection.code) {
        (Hop::Provider, RejectionCode::UnknownModel) => {
            "The address answers, but not as a model provider does; check its path".to_owned()
        }
        _ => rejection.message.clone(),
    };
    TestReport { failed: Some(hop), message, n_models }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure;

    #[test]
    fn a_list_proves_what_it_names_and_own_names_do_without_one() {
        let own = ["a".to_owned(), "b".to_owned()];
        let heard = |n_models, unproved: Option<&str>| {
            Ok(Heard { n_models, unproved: unproved.map(str::to_owned) })
        };
        let list = |ids: &[&str]| Ok(ids.iter().map(|it| Listed::named(it)).collect());
        assert_eq!(hear(&own, list(&["b", "a", "c"])), heard(3, None));
        assert_eq!(hear(&own, list(&["a", "c"])), heard(2, Some("b")));
        assert_eq!(hear(&[], list(&[])), heard(0, None));
        let none = |code| Err(failure::plain(code, "no"));
        assert_eq!(hear(&own, none(RejectionCode::UnknownModel)), heard(2, Some("a")));
        assert!(hear(&[], none(RejectionCode::UnknownModel)).is_err());
        assert!(hear(&own, none(RejectionCode::BadKey)).is_err());
    }

    #[test]
    fn a_test_names_the_hop_that_said_no() {
        let hop = |code, n_models| failed(&failure::plain(code, "no"), n_models).failed;
        assert_eq!(hop(RejectionCode::BadKey, 0), Some(Hop::Key));
        assert_eq!(hop(RejectionCode::Unreachable, 0), Some(Hop::Provider));
        assert_eq!(hop(RejectionCode::UnknownModel, 0), Some(Hop::Provider));
        assert_eq!(hop(RejectionCode::UnknownModel, 3), Some(Hop::Model));
        assert_eq!(hop(RejectionCode::NotPaired, 0), Some(Hop::Proxy));
        assert_eq!((passed(2).failed, &*passed(1).message), (None, "Works: 1 model"));
    }
}
