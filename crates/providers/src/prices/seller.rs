//! Who sells: a model has a price at a seller, and another one at the next.
//!
//! Not who is configured: two of a person's providers can be the same seller.

use crate::endpoint::origin;

/// A seller whose prices are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seller {
    Openai,
    Azure,
    Anthropic,
    /// Gemini's own interface, and Vertex AI.
    Google,
    Bedrock,
    OpenRouter,
    /// On the person's own machine: free.
    Ollama,
    Groq,
    Mistral,
    Deepseek,
    Xai,
    Together,
    Fireworks,
    Cohere,
    Perplexity,
    Cerebras,
    Moonshot,
    Minimax,
    Zai,
}

/// In their order, each with its name in the table, further names of it, and its hosts.
const SELLERS: &[(Seller, &str, &[&str], &[&str])] = &[
    (Seller::Openai, "openai", &[], &["api.openai.com"]),
    (
        Seller::Azure,
        "azure",
        &["azure-openai"],
        &[
            "*.openai.azure.com",
            "*.services.ai.azure.com",
            "*.cognitiveservices.azure.com",
            "*.azure-api.net",
        ],
    ),
    (Seller::Anthropic, "anthropic", &[], &["api.anthropic.com"]),
    (
        Seller::Google,
        "google",
        &["gemini", "vertex", "vertex-ai", "google-vertex"],
        &["generativelanguage.googleapis.com", "*aiplatform.googleapis.com"],
    ),
    (Seller::Bedrock, "aws", &["bedrock", "amazon-bedrock"], &["bedrock-runtime.*.amazonaws.com"]),
    (Seller::OpenRouter, "openrouter", &[], &["openrouter.ai", "api.openrouter.ai"]),
    (Seller::Ollama, "ollama", &[], &["localhost:11434", "127.0.0.1:11434", "[::1]:11434"]),
    (Seller::Groq, "groq", &[], &["api.groq.com"]),
    (Seller::Mistral, "mistral", &[], &["api.mistral.ai"]),
    (Seller::Deepseek, "deepseek", &[], &["api.deepseek.com"]),
    (Seller::Xai, "x-ai", &["xai"], &["api.x.ai"]),
    (Seller::Together, "together", &["together-ai"], &["api.together.xyz", "api.together.ai"]),
    (Seller::Fireworks, "fireworks", &["fireworks-ai"], &["api.fireworks.ai"]),
    (Seller::Cohere, "cohere", &[], &["api.cohere.com", "api.cohere.ai"]),
    (Seller::Perplexity, "perplexity", &[], &["api.perplexity.ai"]),
    (Seller::Cerebras, "cerebras", &[], &["api.cerebras.ai"]),
    (Seller::Moonshot, "moonshotai", &["moonshot"], &["api.moonshot.ai", "api.moonshot.cn"]),
    (Seller::Minimax, "minimax", &[], &["api.minimax.io", "api.minimaxi.com"]),
    (Seller::Zai, "zai", &[], &["api.z.ai"]),
];

impl Seller {
    /// How many there are.
    pub(super) const N: usize = SELLERS.len();

    /// Returns all of them.
    pub fn all() -> impl Iterator<Item = Self> {
        SELLERS.iter().map(|it| it.0)
    }

    /// The seller's name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        SELLERS[self as usize].1
    }

    /// Finds a seller by a name; `-` and `_` are the same.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        SELLERS.iter().find(|it| it.1 == name || it.2.contains(&&*name)).map(|it| it.0)
    }

    /// Finds who sells at an address. A host of one's own sells at prices of its own.
    #[must_use]
    pub fn at(address: &str) -> Option<Self> {
        let (_, host) = origin(address).split_once("://")?;
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host);
        SELLERS.iter().find(|it| it.3.iter().any(|it| is_host(it, host))).map(|it| it.0)
    }
}

/// Whether a host is the one that is meant; each request asks that of all of them, so it is not for
/// any pattern: one star stands for any text.
fn is_host(pattern: &str, host: &str) -> bool {
    match pattern.split_once('*') {
        Some((begin, end)) => {
            host.len() >= begin.len() + end.len() && host.starts_with(begin) && host.ends_with(end)
        }
        None => pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_sellers_or_nobodys() {
        for (address, expected) in [
            ("https://api.openai.com/v1", Some(Seller::Openai)),
            ("https://API.OPENAI.COM:443", Some(Seller::Openai)),
            ("https://mine.openai.azure.com/openai", Some(Seller::Azure)),
            ("https://aiplatform.googleapis.com", Some(Seller::Google)),
            ("https://europe-west1-aiplatform.googleapis.com/v1", Some(Seller::Google)),
            ("https://bedrock-runtime.eu-west-1.amazonaws.com", Some(Seller::Bedrock)),
            ("http://localhost:11434", Some(Seller::Ollama)),
            ("https://bedrock-runtime.amazonaws.com", None),
            ("https://openai.azure.com", None),
            ("https://api.openai.com.example.org", None),
            ("https://api.openai.com:8443", None),
            ("http://localhost:8000", None),
            ("no address", None),
        ] {
            assert_eq!(Seller::at(address), expected, "{address}");
        }
    }
}
