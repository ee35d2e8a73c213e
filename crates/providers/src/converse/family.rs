//! What the models of a vendor take beyond the form that all of them share.
//!
//! The API hands a model's own fields on unseen, and the whole request fails when the model does
//! not know one. So a field goes out only to a family that is known to take it; the rest of them
//! only tune, and are left out.

use serde_json::{Map, Value, json};

use crate::ask::{Ask, Effort, Keep, Thinking};

/// What is left for the answer beside a budget of thought.
const ANSWER_TOKENS: u32 = 4_096;

/// The models of one vendor that take the same fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Claude(Depth),
    Nova {
        thinks: bool,
    },
    /// `OpenAI`'s own.
    Gpt,
    /// Open weights that take an effort.
    Effort,
    Other,
}

/// How a Claude is told how long to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Until 4.6: by tokens.
    Budget,
    /// By a word; a budget is refused.
    Effort,
    /// The model's name does not tell.
    Either,
}

/// How long a model is told to think, in its family's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thought {
    Unsaid,
    Off,
    Budget(u32),
    Effort(&'static str),
}

impl Family {
    pub(super) fn of(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let has = |part: &str| name.contains(part);
        if has("claude") {
            let by_budget = [
                "claude-3",
                "claude-opus-4-20", // The first ones have a date for a number.
                "claude-sonnet-4-20",
                "claude-opus-4-1",
                "claude-opus-4-5",
                "claude-opus-4-6",
                "claude-sonnet-4-5",
                "claude-sonnet-4-6",
                "claude-haiku-4-5",
            ];
            let depth = if by_budget.into_iter().any(has) { Depth::Budget } else { Depth::Effort };
            Self::Claude(depth)
        } else if has("nova") {
            Self::Nova { thinks: has("nova-2") }
        } else if has("gpt-oss") || has("kimi") {
            Self::Effort
        } else if has("openai.") {
            Self::Gpt
        } else if has(":application-inference-profile/") || has(":provisioned-model/") {
            // A name of the account's own. Who asks for more than the common form means a model
            // that takes it, and that is most often this one.
            Self::Claude(Depth::Either)
        } else {
            Self::Other
        }
    }

    pub(super) fn thought(self, ask: &Ask) -> Thought {
        let asked = match ask.thinking {
            Thinking::Usual => return Thought::Unsaid,
            Thinking::Off => return Thought::Off,
            Thinking::Effort(effort) => (None, effort),
            Thinking::Budget(tokens) => (Some(tokens), Effort::from_budget(tokens)),
        };
        match (self, asked) {
            (Self::Claude(Depth::Budget | Depth::Either), (Some(tokens), _)) => {
                Thought::Budget(tokens.max(1_024)) // The vendor takes no less.
            }
            (Self::Claude(Depth::Budget), (None, effort)) => {
                Thought::Budget(effort.budget_tokens())
            }
            // It thinks hard only without a limit, and a limit is a promise.
            (Self::Nova { .. }, (_, Effort::High)) if ask.max_output_tokens.is_some() => {
                Thought::Effort("medium")
            }
            (_, (_, Effort::Minimal)) => Thought::Effort("low"),
            (_, (_, effort)) => Thought::Effort(effort.word()),
        }
    }

    /// Returns the model's own fields.
    pub(super) fn fields(self, ask: &Ask, thought: Thought) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut add = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
        match (self, thought) {
            (_, Thought::Unsaid) => {}
            (Self::Claude(_), Thought::Off) => add("thinking", json!({ "type": "disabled" })),
            (Self::Claude(_), Thought::Budget(tokens)) => {
                add("thinking", json!({ "type": "enabled", "budget_tokens": tokens }));
            }
            (Self::Claude(_), Thought::Effort(word)) => {
                // Without `display` the thoughts come as signatures only.
                add("thinking", json!({ "type": "adaptive", "display": "summarized" }));
                add("output_config", json!({ "effort": word }));
            }
            (Self::Nova { thinks: true }, Thought::Off) => {
                add("reasoningConfig", json!({ "type": "disabled" }));
            }
            (Self::Nova { thinks: true }, Thought::Effort(word)) => {
                let config = json!({ "type": "enabled", "maxReasoningEffort": word });
                add("reasoningConfig", config);
            }
            (Self::Gpt, Thought::Off) => add("reasoning", json!({ "effort": "none" })),
            (Self::Gpt, Thought::Effort(word)) => add("reasoning", json!({ "effort": word })),
            (Self::Effort, Thought::Effort(word)) => add("reasoning_effort", word.into()),
            (Self::Nova { .. } | Self::Gpt | Self::Effort | Self::Other, _) => {}
        }
        let top_k = ask.sampling.top_k.filter(|_| self.takes_sampling(thought));
        match (self, top_k) {
            (Self::Claude(_), Some(n)) => add("top_k", n.into()),
            (Self::Nova { .. }, Some(n)) => add("inferenceConfig", json!({ "topK": n })),
            (Self::Gpt | Self::Effort | Self::Other, _) | (_, None) => {}
        }
        fields
    }

    /// With such a thought, some take no temperature, `topP` or `topK`.
    pub(super) fn takes_sampling(self, thought: Thought) -> bool {
        match (self, thought) {
            (Self::Claude(_), Thought::Budget(_) | Thought::Effort(_)) => false,
            (Self::Nova { thinks }, Thought::Effort("high")) => !thinks,
            (_, _) => true,
        }
    }

    /// Thoughts count within the limit, so it has to be larger than their budget.
    pub(super) fn max_tokens(ask: &Ask, thought: Thought) -> Option<u32> {
        match (thought, ask.max_output_tokens) {
            (Thought::Budget(budget), limit) if limit.is_none_or(|it| it <= budget) => {
                Some(budget.saturating_add(ANSWER_TOKENS))
            }
            (_, limit) => limit,
        }
    }

    /// How long a piece is remembered here when that is asked for.
    pub(super) fn keep(self, keep: Option<Keep>) -> Option<Keep> {
        match self {
            Self::Claude(_) => keep,
            Self::Nova { .. } => keep.map(|_| Keep::Short),
            Self::Gpt | Self::Effort | Self::Other => None,
        }
    }

    pub(super) fn keeps_tools(self) -> bool {
        matches!(self, Self::Claude(_))
    }

    /// Results may say that they are failures.
    pub(super) fn knows_failures(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Sampling;

    #[test]
    fn a_family_is_known_by_the_models_name() {
        for (model, expected) in [
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Family::Claude(Depth::Budget)),
            ("anthropic.claude-opus-4-20250514-v1:0", Family::Claude(Depth::Budget)),
            ("global.anthropic.claude-opus-4-8", Family::Claude(Depth::Effort)),
            (
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
                Family::Claude(Depth::Either),
            ),
            ("amazon.nova-lite-v1:0", Family::Nova { thinks: false }),
            ("us.amazon.nova-2-lite-v1:0", Family::Nova { thinks: true }),
            ("openai.gpt-oss-120b-1:0", Family::Effort),
            ("us.openai.gpt-5.6-sol", Family::Gpt),
            ("meta.llama3-3-70b-instruct-v1:0", Family::Other),
        ] {
            assert_eq!(Family::of(model), expected, "{model}");
        }
    }

    #[test]
    fn each_family_is_told_in_its_own_words() {
        let high = Thinking::Effort(Effort::High);
        check(
            "claude-sonnet-4-5",
            high,
            r#"{"thinking":{"type":"enabled","budget_tokens":16384}}"#,
        );
        check(
            "claude-opus-5",
            Thinking::Budget(5_000),
            r#"{"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"medium"}}"#,
        );
        check(
            "amazon.nova-2-lite-v1:0",
            high,
            r#"{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}}"#,
        );
        check("openai.gpt-oss-20b-1:0", high, r#"{"reasoning_effort":"high"}"#);
        let minimal = Thinking::Effort(Effort::Minimal);
        check("us.openai.gpt-5.6-sol", minimal, r#"{"reasoning":{"effort":"low"}}"#);
        check("us.openai.gpt-5.6-sol", Thinking::Off, r#"{"reasoning":{"effort":"none"}}"#);
        check("amazon.nova-pro-v1:0", high, r#"{"inferenceConfig":{"topK":5}}"#);
        check("meta.llama4", high, "{}");
        check("claude-3-5-haiku", Thinking::Usual, r#"{"top_k":5}"#);
    }

    #[track_caller]
    fn check(model: &str, thinking: Thinking, expected: &str) {
        let sampling = Sampling { top_k: Some(5), ..Sampling::default() };
        let ask = Ask { thinking, sampling, ..Ask::default() };
        let family = Family::of(model);
        let fields = family.fields(&ask, family.thought(&ask));
        assert_eq!(Value::from(fields).to_string(), expected);
    }
}
