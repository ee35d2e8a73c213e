//! Names of the person's own for one or several models: which answer, how often, and who steps in.
//!
//! It sends nothing; what became of the lanes is known to [`Lanes`].

use std::collections::{BTreeMap, BTreeSet};

use wire::Rejection;

use super::{Catalogue, Route};
use crate::lanes::Lanes;

/// A request tries no more lanes than this, however long the lists are.
const TRIED_LIMIT: usize = 16;

/// By name.
pub type Groups = BTreeMap<String, Group>;

/// What a name of the person's own stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Each is asked as often as its weight says; the others step in when it fails.
    pub lanes: Vec<Weighted>,
    /// Names that step in when all lanes failed, in this order.
    pub fallbacks: Vec<String>,
    /// Else as everywhere.
    pub retries: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighted {
    /// `provider/model`
    pub model: String,
    pub weight: u32,
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
    pub fn routes(&self, name: &str, lanes: &Lanes) -> Result<Vec<Route>, Rejection> {
        if !self.groups.contains_key(name) {
            return Ok(vec![self.route(name)?]);
        }
        let mut names = Vec::new();
        self.collect(name, lanes, &mut BTreeSet::new(), &mut names);
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
        lanes: &Lanes,
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
        let weights: Vec<u32> = group.lanes.iter().map(|it| it.weight).collect();
        for at in lanes.order(name, &weights) {
            let model = &group.lanes[at].model;
            if seen.insert(model.clone()) {
                names.push(model.clone());
            }
        }
        for fallback in &group.fallbacks {
            self.collect(fallback, lanes, seen, names);
        }
    }
}
