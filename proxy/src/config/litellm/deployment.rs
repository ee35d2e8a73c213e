//! An entry of `model_list`: the lane to a provider, and its price.

use providers::prices::per_token;

use super::{
    Group, Import, provider, vendors,
    vendors::Prefix,
    writer::{Writer, list, quoted},
    yaml::{Bad, Fields, Node},
};
use crate::{lanes::Strategy, money::Dollars};

#[derive(Debug)]
pub(super) struct Deployment {
    line: usize,
    provider: String,
    model: String,
    weight: Option<u64>,
    rpm: Option<u64>,
    tpm: Option<u64>,
    rates: Vec<(&'static str, String)>,
    /// Above so many tokens.
    above: Vec<(u64, Vec<(&'static str, String)>)>,
}

/// Their names, and ours.
const RATES: [(&str, &str); 7] = [
    ("input_cost_per_token", "input"),
    ("output_cost_per_token", "output"),
    ("cache_read_input_token_cost", "cache-read"),
    ("cache_creation_input_token_cost", "cache-write"),
    ("output_cost_per_reasoning_token", "reasoning"),
    ("input_cost_per_audio_token", "audio-input"),
    ("output_cost_per_audio_token", "audio-output"),
];

/// Reads an entry. None if nothing here can be what it says.
pub(super) fn read(
    import: &mut Import,
    name: &str,
    entry: &Node,
    fields: &Fields,
) -> Result<Option<Deployment>, Bad> {
    let Some(node) = fields.get("litellm_params") else {
        return Err(entry.bad(format!("`{name}` needs `litellm_params`")));
    };
    let params = node.map("litellm_params")?;
    let Some(model) = params.get("model") else {
        return Err(node.bad(format!("`{name}` needs a `model` in litellm_params")));
    };
    let line = model.line;
    let full = model.text("model")?;
    for (name, node) in fields.iter() {
        if !matches!(name, "model_name" | "litellm_params" | "model_info" | "rpm" | "tpm") {
            import.unmapped("an entry of model_list", name, node);
        }
    }
    let Some((prefix, model)) = split(import, params, full, line)? else { return Ok(None) };
    let Some((provider, model)) = provider::find(import, prefix, params, &model, line)? else {
        return Ok(None);
    };
    if model.contains('*') {
        if name != format!("{provider}/*") {
            let what = format!(
                "names that fit `{name}` are not mapped; ask for `{provider}/MODEL`, which goes to \
                 the same place"
            );
            import.note(entry.line, what);
        }
        return Ok(None);
    }
    if !import.providers.iter().any(|it| it.id == provider && it.models.contains(&model))
        && let Some(it) = import.providers.iter_mut().find(|it| it.id == provider)
    {
        it.models.push(model.clone());
    }
    let number = |name: &str| {
        let node = params.get(name).or_else(|| fields.get(name));
        node.map(|it| it.count(name)).transpose()
    };
    let mut deployment = Deployment {
        line,
        provider,
        model,
        weight: number("weight")?,
        rpm: number("rpm")?,
        tpm: number("tpm")?,
        rates: Vec::new(),
        above: Vec::new(),
    };
    prices(&mut deployment, params)?;
    if let Some(info) = fields.get("model_info") {
        let info = info.map("model_info")?;
        prices(&mut deployment, info)?;
        rest(import, "model_info", info, &["id", "mode", "description"]);
    }
    rest(import, "litellm_params", params, KNOWN);
    Ok(Some(deployment))
}

/// Fields of `litellm_params` that were read.
const KNOWN: &[&str] = &[
    "model",
    "api_key",
    "api_base",
    "base_url",
    "custom_llm_provider",
    "weight",
    "rpm",
    "tpm",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_region_name",
    "vertex_project",
    "vertex_location",
    "vertex_credentials",
];

fn rest(import: &mut Import, section: &str, fields: &Fields, known: &[&str]) {
    for (name, node) in fields.iter() {
        if known.contains(&name) || rate(name).is_some() {
            continue;
        }
        match name {
            "api_version" => {
                import
                    .note(node.line, "`api_version` is not needed: Azure's v1 interface has none");
            }
            "max_budget" | "budget_duration" => {
                let what = format!(
                    "`{name}` of a deployment has no place here; budgets are those of keys, people, \
                     projects and of all together"
                );
                import.note(node.line, what);
            }
            _ => import.unmapped(section, name, node),
        }
    }
}

/// Takes the prefix off a name.
fn split(
    import: &mut Import,
    params: &Fields,
    full: &str,
    line: usize,
) -> Result<Option<(&'static Prefix, String)>, Bad> {
    let own = params.get("custom_llm_provider").map(|it| it.text("custom_llm_provider"));
    let own = own.transpose()?;
    let (name, model) = match (own, full.split_once('/')) {
        (Some(own), Some((first, rest))) if first == own => (Some(own), rest),
        (Some(own), _) => (Some(own), full),
        (None, Some((first, rest))) if vendors::find(first).is_some() => (Some(first), rest),
        (None, _) => (None, full),
    };
    let base = params.get("api_base").or_else(|| params.get("base_url"));
    let prefix = match name {
        Some(name) => vendors::find(name),
        None => vendors::guess(full).or_else(|| base.and_then(|_| vendors::find("openai_like"))),
    };
    let Some(prefix) = prefix else {
        let vendor = name.or_else(|| Some(full.split_once('/')?.0)).unwrap_or(full);
        import.note(
            line,
            format!("`{vendor}` is no provider that is known here; its model is left out"),
        );
        return Ok(None);
    };
    let mut model = model;
    while let Some((first, rest)) = model.split_once('/')
        && prefix.parts.contains(&first)
    {
        model = rest;
    }
    Ok(Some((prefix, model.to_owned())))
}

/// Their name of a price: ours, and the number of tokens above which it holds.
fn rate(name: &str) -> Option<(&'static str, Option<u64>)> {
    let (name, above) = match name.split_once("_above_") {
        Some((name, rest)) => {
            let thousands = rest.strip_suffix("k_tokens")?.parse::<u64>();
            (name, Some(thousands.ok()?.checked_mul(1_000)?)) // Another name altogether.
        }
        None => (name, None),
    };
    RATES.iter().find(|it| it.0 == name).map(|it| (it.1, above))
}

fn prices(deployment: &mut Deployment, fields: &Fields) -> Result<(), Bad> {
    for (name, node) in fields.iter() {
        let Some((class, above)) = rate(name) else { continue };
        let text = node.text(name)?;
        let Some(nano) = per_token(text) else {
            return Err(node.bad(format!("`{name}` is `{text}`, which is no price")));
        };
        let price = (class, Dollars(nano).to_string());
        match above {
            None => deployment.rates.push(price),
            Some(tokens) => match deployment.above.iter_mut().find(|it| it.0 == tokens) {
                Some(it) => it.1.push(price),
                None => deployment.above.push((tokens, vec![price])),
            },
        }
    }
    Ok(())
}

impl Deployment {
    /// Notes that what it bears only says how often it is asked, if it says anything.
    pub(super) fn note_no_limit(&self, notes: &mut Vec<Bad>) {
        if self.rpm.is_some() || self.tpm.is_some() {
            let what = "`rpm` and `tpm` are weights with this strategy, not limits; limits they are \
                        with `enable_pre_call_checks: true`";
            notes.push(Bad { line: self.line, what: what.to_owned() });
        }
    }

    pub(super) fn write_price(&self, out: &mut Writer) {
        if self.rates.is_empty() {
            return;
        }
        out.table(self.line, "[[prices]]");
        out.field(self.line, "provider", &quoted(&self.provider));
        out.field(self.line, "model", &quoted(&self.model));
        for (class, price) in &self.rates {
            out.field(self.line, class, price);
        }
        let rows = self.above.iter().map(|(tokens, rates)| {
            let rates: Vec<_> = rates.iter().map(|it| format!(", {} = {}", it.0, it.1)).collect();
            format!("{{ tokens = {tokens}{} }}", rates.concat())
        });
        if !self.above.is_empty() {
            out.field(self.line, "above", &format!("[{}]", rows.collect::<Vec<_>>().join(", ")));
        }
    }
}

/// By weight, else by what a deployment bears per minute: as LiteLLM's shuffle does it, which asks
/// the first of a group what the group goes by.
fn weights(deployments: &[Deployment]) -> Vec<u64> {
    let by: fn(&Deployment) -> Option<u64> = match deployments.first() {
        Some(it) if it.weight.is_some() => |it| it.weight,
        Some(it) if it.rpm.is_some() => |it| it.rpm,
        Some(it) if it.tpm.is_some() => |it| it.tpm,
        Some(_) | None => |_| Some(1),
    };
    deployments.iter().map(|it| by(it).unwrap_or(0).min(u32::MAX.into())).collect()
}

/// Writes a group, and whether what its deployments bear is a limit.
pub(super) fn write_group(group: &Group, strategy: Strategy, limits: bool, out: &mut Writer) {
    out.table(group.line, &format!("[models.{}]", quoted(&group.name)));
    let weights = match strategy {
        Strategy::Weight => weights(&group.deployments),
        // The others do not look at weights.
        Strategy::LeastBusy | Strategy::Latency | Strategy::Usage | Strategy::Cost => {
            vec![1; group.deployments.len()]
        }
    };
    let lanes = group.deployments.iter().zip(&weights).map(|(it, weight)| {
        let model = quoted(&format!("{}/{}", it.provider, it.model));
        let bears = |it: Option<u64>| it.filter(|it| limits && *it > 0);
        let fields = [
            ("weight", Some(*weight).filter(|it| *it != 1)),
            ("rpm", bears(it.rpm)),
            ("tpm", bears(it.tpm)),
        ];
        let fields = fields.iter().filter_map(|it| Some(format!(", {} = {}", it.0, it.1?)));
        let fields: String = fields.collect();
        if fields.is_empty() { model } else { format!("{{ model = {model}{fields} }}") }
    });
    let lanes: Vec<_> = lanes.collect();
    match lanes.as_slice() {
        [lane] => out.field(group.line, "lanes", &format!("[{lane}]")),
        lanes => {
            out.line(group.line, "lanes = [");
            for (lane, it) in lanes.iter().zip(&group.deployments) {
                out.line(it.line, &format!("  {lane},"));
            }
            out.line(group.line, "]");
        }
    }
    if strategy != Strategy::Weight && lanes.len() > 1 {
        out.field(group.line, "strategy", &quoted(strategy.name()));
    }
    if !group.fallbacks.is_empty() {
        out.field(group.line, "fallbacks", &list(&group.fallbacks));
    }
}
