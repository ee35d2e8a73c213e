//! What models cost: exact money, in integers.
//!
//! A table made from public data ([`find`]) and a person's own prices, which win ([`Prices`]). A
//! price counts in nano-dollars per million tokens; what a reply cost is added up without loss and
//! rounded once, to the nano-dollar. A price that is not known is absent, never a guess.
//!
//! No clock: what a model costs depends on when it is asked, and the caller says when. Searches,
//! hours and pictures that a vendor sells beside tokens, and tiers of service that a request can
//! ask for, have no class in [`wire::Usage`] and no price here.

mod day;
mod decimal;
mod glob;
mod own;
mod price;
mod seller;
mod table;

pub use day::Day;
pub use decimal::{per_million, per_token};
pub use own::{Own, Prices};
pub use price::{Above, Price, Quote, Rates};
pub use seller::Seller;

/// Longer names are no model's.
const NAME_LIMIT_BYTES: usize = 256;

/// Returns what the table says about a model, by the seller's own name of it.
///
/// `at_secs` counts from the epoch. Some prices depend on the hour: who reserves and settles
/// takes the same moment for both, the request's start.
///
/// A deployment of [`Seller::Azure`] has a name that somebody made up: what is wanted is the name
/// of the model behind it.
#[must_use]
pub fn find(seller: Seller, model: &str, at_secs: u64) -> Option<Price> {
    if seller == Seller::Ollama {
        return Some(Price::FREE); // The person's own machine.
    }
    if model.len() > NAME_LIMIT_BYTES {
        return None;
    }
    let model = model.to_ascii_lowercase();
    let offers =
        table::find(seller, &model).or_else(|| table::find(seller, &day::dashed(&model)?))?;
    table::read(offers, at_secs)
}

#[cfg(test)]
mod tests;
