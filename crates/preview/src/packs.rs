//! The packages that every project can import with the network off.
//!
//! It holds where they lie and what they import, not their code.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::address::PACKS;

/// What `packs/packs.json` of the site says.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Packs {
    /// Specifier → address.
    imports: BTreeMap<String, String>,
    /// Address → the addresses that it imports.
    modules: BTreeMap<String, Vec<String>>,
}

impl Packs {
    pub fn parse(json: &[u8]) -> Result<Self, shape::Misfit> {
        shape::from_slice(json)
    }

    pub(crate) fn url(&self, specifier: &str) -> Option<&str> {
        self.imports.get(specifier).map(String::as_str)
    }

    pub(crate) fn imports(&self) -> &BTreeMap<String, String> {
        &self.imports
    }

    pub(crate) fn needs(&self, url: &str) -> &[String] {
        self.modules.get(url).map_or(&[], Vec::as_slice)
    }

    /// Returns where the app's own site has the module, when there is such a module.
    pub(crate) fn asset(&self, url: &str) -> Option<String> {
        self.modules.contains_key(url).then(|| format!("/packs/{}", &url[PACKS.len()..]))
    }

    /// Lists the packages for people: "preact, react, react-dom".
    pub(crate) fn names(&self) -> String {
        let mut names: Vec<&str> =
            self.imports.keys().filter_map(|name| name.split('/').next()).collect();
        names.dedup();
        names.join(", ")
    }
}
