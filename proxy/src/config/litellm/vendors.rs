//! What LiteLLM's prefixes of models stand for here.

/// A prefix, and how its provider is reached.
#[derive(Debug)]
pub(super) struct Prefix {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    /// Empty where each has its own.
    pub(super) address: &'static str,
    /// The variable that LiteLLM takes the key from; empty where none is needed.
    pub(super) key: &'static str,
    /// A further part of the name that says nothing here.
    pub(super) parts: &'static [&'static str],
}

const fn compatible(name: &'static str, address: &'static str, key: &'static str) -> Prefix {
    Prefix { name, kind: "openai-compatible", address, key, parts: &[] }
}

const fn own(
    name: &'static str,
    kind: &'static str,
    address: &'static str,
    key: &'static str,
    parts: &'static [&'static str],
) -> Prefix {
    Prefix { name, kind, address, key, parts }
}

pub(super) const PREFIXES: &[Prefix] = &[
    own("azure", "azure", "", "AZURE_API_KEY", &["o_series", "gpt5_series", "responses"]),
    own("azure_ai", "azure", "", "AZURE_AI_API_KEY", &[]),
    own("anthropic", "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", &[]),
    own("bedrock", "bedrock", "", "", &["converse", "invoke", "converse_like"]),
    own("vertex_ai", "vertex", "", "", &["gemini"]),
    own("gemini", "gemini", "https://generativelanguage.googleapis.com", "GEMINI_API_KEY", &[]),
    own("ollama", "ollama", "http://localhost:11434", "", &[]),
    own("ollama_chat", "ollama", "http://localhost:11434", "", &[]),
    own(
        "openai",
        "openai-compatible",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        &["responses"],
    ),
    compatible("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    compatible("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    compatible("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    compatible("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    compatible("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
    compatible("together_ai", "https://api.together.xyz/v1", "TOGETHERAI_API_KEY"),
    compatible("fireworks_ai", "https://api.fireworks.ai/inference/v1", "FIREWORKS_AI_API_KEY"),
    compatible("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    compatible("deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    compatible("moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    compatible("nvidia_nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    compatible("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    compatible("hosted_vllm", "", ""),
    compatible("lm_studio", "http://localhost:1234/v1", ""),
    compatible("llamafile", "http://localhost:8080/v1", ""),
    compatible("openai_like", "", ""),
    compatible("custom_openai", "", ""),
    compatible("litellm_proxy", "", ""),
];

pub(super) fn find(name: &str) -> Option<&'static Prefix> {
    PREFIXES.iter().find(|it| it.name == name)
}

/// Whose model a name without a prefix is.
pub(super) fn guess(model: &str) -> Option<&'static Prefix> {
    let begins = |them: &[&str]| them.iter().any(|it| model.starts_with(it));
    if begins(&["gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-"]) {
        find("openai")
    } else if begins(&["claude-"]) {
        find("anthropic")
    } else if begins(&["gemini-"]) {
        find("vertex_ai")
    } else {
        None
    }
}
