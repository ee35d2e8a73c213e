//! A person's own prices, which win over the table's.

use super::{Day, Price, Seller, find, glob::fits};

/// What a model costs this person: a discount, a contract, a machine of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// As the provider is called in the configuration; `*` is any text.
    pub provider: String,
    /// As the provider calls it; `*` is any text.
    pub model: String,
    /// Absent: since ever.
    pub effective_from: Option<Day>,
    pub price: Price,
}

/// All prices that are known here.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    own: Vec<Own>,
}

impl Prices {
    #[must_use]
    pub fn new(mut own: Vec<Own>) -> Self {
        for it in &mut own {
            it.model.make_ascii_lowercase();
        }
        // What says more precisely which model is meant goes first, then what came later.
        own.reverse();
        own.sort_by_key(|it| {
            let open = |text: &str| text.contains('*');
            (open(&it.model), open(&it.provider), std::cmp::Reverse(it.effective_from))
        });
        Self { own }
    }

    /// Returns what a model of a configured provider costs at a moment, in seconds since the epoch.
    #[must_use]
    pub fn find(
        &self,
        provider: &str,
        seller: Option<Seller>,
        model: &str,
        at_secs: u64,
    ) -> Option<Price> {
        self.own(provider, model, at_secs).cloned().or_else(|| find(seller?, model, at_secs))
    }

    /// Returns what the person says, if anything.
    #[must_use]
    pub fn own(&self, provider: &str, model: &str, at_secs: u64) -> Option<&Price> {
        if self.own.is_empty() {
            return None;
        }
        let model = model.to_ascii_lowercase();
        let holds = |from: Option<Day>| from.is_none_or(|it| it <= Day::of(at_secs));
        let meant = |it: &&Own| fits(&it.provider, provider) && fits(&it.model, &model);
        self.own.iter().filter(|it| holds(it.effective_from)).find(meant).map(|it| &it.price)
    }
}
