//! Names of the person's own for one or several models: which answer, how often, and who steps in.
//!
//! It sends nothing; what became of the lanes is known to [`Lanes`].

use std::collections::{BTreeMap, BTreeSet};

use providers::failure;
use wire::{Rejection, RejectionCode};

use super::{Catalogue, Route, SCRIPT};
use crate::{
    config::{BadConfig, Mention},
    lanes::{Lane, LaneLimits, Lanes, Manner, Strategy, Weighted},
};

/// A request tries no more lanes than this, however long the lists are.
const TRIED_LIMIT: usize = 16;

/// By name.
pub type Groups = BTreeMap<String, Group>;

/// What a name of the person's own stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// The others step in when the first one fails.
    pub lanes: Vec<Weighted>,
    /// Which of them is the first.
    pub strategy: Strategy,
    /// Names that step in when all lanes failed, in this order.
    pub fallbacks: Vec<String>,
    /// Else as everywhere.
    pub retries: Option<u32>,
}

/// Returns the lanes that have to be counted, with what they bear. Of what two groups say about one
/// lane, the less holds.
#[must_use]
pub fn counted(groups: &Groups) -> BTreeMap<Lane, LaneLimits> {
    let less = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
    let mut counted: BTreeMap<Lane, LaneLimits> = BTreeMap::new();
    for group in groups.values() {
        let by_traffic = match group.strategy {
            Strategy::LeastBusy | Strategy::Latency | Strategy::Usage => true,
            Strategy::Weight | Strategy::Cost => false,
        };
        // Scripts bear everything, at once.
        for it in group.lanes.iter().filter(|it| it.lane.provider != SCRIPT) {
            if by_traffic || it.limits != LaneLimits::default() {
                let limits = counted.entry(it.lane.clone()).or_default();
                limits.requests = less(limits.requests, it.limits.requests);
                limits.tokens = less(limits.tokens, it.limits.tokens);
            }
        }
    }
    counted
}

impl Catalogue {
    /// Names of the person's own.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// How often a lane of this name is tried again, where the person says it for the name.
    #[must_use]
    pub fn retries(&self, name: &str) -> Option<u32> {
        self.groups.get(name)?.retries
    }

    /// Finds who answers for a model, in the order in which they are tried.
    pub fn routes(
        &self,
        name: &str,
        lanes: &Lanes,
        manner: Manner,
    ) -> Result<Vec<Route>, Rejection> {
        if !self.groups.contains_key(name) {
            return Ok(vec![self.route(name)?]);
        }
        let mut routes = Vec::new();
        self.collect(name, (lanes, manner), &mut BTreeSet::new(), &mut routes);
        routes.truncate(TRIED_LIMIT);
        // One that is not set up is no reason to refuse; only when all are, the first says why.
        let first = routes.iter().find_map(|it| it.as_ref().err().cloned());
        let good: Vec<Route> = routes.into_iter().flatten().collect();
        match (good.is_empty(), first) {
            (true, first) => Err(first.unwrap_or_else(|| super::unknown(name))),
            (false, _) => Ok(good),
        }
    }

    /// Who answers for a group. A group that leads back to itself is left out. What a person
    /// configured is never answered by somebody else.
    fn collect(
        &self,
        name: &str,
        (lanes, manner): (&Lanes, Manner),
        seen: &mut BTreeSet<String>,
        routes: &mut Vec<Result<Route, Rejection>>,
    ) {
        if routes.len() >= TRIED_LIMIT || !seen.insert(name.to_owned()) {
            return;
        }
        let Some(group) = self.groups.get(name) else {
            routes.push(self.known(name).unwrap_or_else(|| Err(nowhere(name))));
            return;
        };
        let cost = |lane: &Lane| self.cost(lane);
        for at in lanes.order(name, &group.lanes, group.strategy, manner, cost) {
            let model = group.lanes[at].lane.to_string();
            if !seen.contains(&model) {
                routes.push(self.explicit(&model).unwrap_or_else(|| Err(nowhere(&model))));
                seen.insert(model);
            }
        }
        for fallback in &group.fallbacks {
            self.collect(fallback, (lanes, manner), seen, routes);
        }
    }

    /// Says of each name within a group that nobody answers for why it is passed over. What
    /// Settings hold later, or a provider lists, changes that.
    pub(crate) fn passed_over(&self, mentions: &[Mention]) -> Vec<BadConfig> {
        let mut notes = Vec::new();
        for it in mentions {
            let found = match it.lane {
                true => self.explicit(&it.name),
                false if self.groups.contains_key(&it.name) => continue,
                false => self.known(&it.name),
            };
            let rejection = match found {
                Some(Ok(_)) => continue,
                // A key is still to come, and has a message of its own.
                Some(Err(err)) if err.code == RejectionCode::NoProvider => continue,
                Some(Err(err)) => err,
                None => nowhere(&it.name),
            };
            let what = format!("is passed over: {}", rejection.message);
            notes.push(BadConfig { place: it.place.clone(), what });
        }
        notes
    }

    /// Input and output together. What nobody knows the price of is the dearest.
    fn cost(&self, lane: &Lane) -> u64 {
        let endpoint = self.endpoint(&lane.provider);
        let price = endpoint.and_then(|it| self.price(&it, &lane.model));
        price.map_or(u64::MAX, |it| it.base.input.saturating_add(it.base.output))
    }
}

/// Why a name within a group is passed over.
fn nowhere(name: &str) -> Rejection {
    let what = match name.split_once('/') {
        Some((provider, _)) => format!(
            "There is no provider `{provider}` for `{name}`; add it in easel.toml or in Settings"
        ),
        None => format!(
            "`{name}` is no name under `[models]`, and no provider lists it; write it as \
             `provider/model`"
        ),
    };
    failure::plain(RejectionCode::NoProvider, &what)
}
