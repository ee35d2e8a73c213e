//! What a client says about the form of its request beside the body: which version, which fields
//! that are not everybody's yet.
//!
//! It goes to a provider of the same dialect only. What tells who asks, or pays, is not among it.

use http::HeaderMap;
use providers::Dialect;

#[derive(Debug, Clone, Default)]
pub struct Beside {
    pub(super) headers: HeaderMap,
    /// Behind the address.
    pub(super) query: Option<&'static str>,
}

impl Beside {
    /// Picks what the dialect lists.
    #[must_use]
    pub fn of(dialect: &dyn Dialect, headers: &HeaderMap, query: Option<&str>) -> Self {
        let mut picked = HeaderMap::new();
        for name in dialect.form_headers() {
            for value in headers.get_all(*name) {
                picked.append(*name, value.clone());
            }
        }
        let said = |it: &&str| query.is_some_and(|query| query.split('&').any(|part| part == *it));
        Self { headers: picked, query: dialect.form_query().filter(said) }
    }

    /// Replaces what a request has of the same names.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        for name in self.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
    }
}
