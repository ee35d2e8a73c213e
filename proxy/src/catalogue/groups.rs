//! Names of the person's own for one or several models: which answer, how often, and who steps in.
//!
//! It sends nothing; what became of the lanes is known to [`Lanes`].

use std::collections::{BTreeMap, BTreeSet};

use wire::Rejection;

use super::{Catalogue, Route};
use crate::lanes::{Lane, LaneLimits, Lanes, Manner, Strategy, Weighted};

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
    let less = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let mut counted: BTreeMap<Lane, LaneLimits> = BTreeMap::new();
    for group in groups.values() {
        let by_traffic = match group.strategy {
            Strategy::LeastBusy | Strategy::Latency | Strategy::Usage => true,
            Strategy::Weight | Strategy::Cost => false,
        };
        for it in &group.lanes {
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
        let mut names = Vec::new();
        self.collect(name, (lanes, manner), &mut BTreeSet::new(), &mut names);
        let routes: Vec<Result<Route, Rejection>> =
            names.iter().take(TRIED_LIMIT).map(|it| self.route(it)).collect();
        // One that is not set up is no reason to refuse; only when all are, the first says why.
        let first = routes.iter().find_map(|it| it.as_ref().err().cloned());
        let good: Vec<Route> = routes.into_iter().flatten().collect();
        match (good.is_empty(), first) {
            (true, Some(rejection)) => Err(rejection),
            (true, None) => Ok(vec![self.route(name)?]),
            (false, _) => Ok(good),
        }
    }

    /// Names of models that a group comes to. A group that leads back to itself is left out.
    fn collect(
        &self,
        name: &str,
        (lanes, manner): (&Lanes, Manner),
        seen: &mut BTreeSet<String>,
        names: &mut Vec<String>,
    ) {
        if names.len() >= TRIED_LIMIT || !seen.insert(name.to_owned()) {
            return;
        }
        let Some(group) = self.groups.get(name) else {
            names.push(name.to_owned());
            return;
        };
        let cost = |lane: &Lane| self.cost(lane);
        for at in lanes.order(name, &group.lanes, group.strategy, manner, cost) {
            let model = group.lanes[at].lane.to_string();
            if seen.insert(model.clone()) {
                names.push(model);
            }
        }
        for fallback in &group.fallbacks {
            self.collect(fallback, (lanes, manner), seen, names);
        }
    }

    /// Input and output together. What nobody knows the price of is the dearest.
    fn cost(&self, lane: &Lane) -> u64 {
        let endpoint = self.endpoint(&lane.provider);
        let price = endpoint.and_then(|it| self.price(&it, &lane.model));
        price.map_or(u64::MAX, |it| it.base.input.saturating_add(it.base.output))
    }
}
