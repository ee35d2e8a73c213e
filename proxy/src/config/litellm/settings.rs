//! `router_settings`, `litellm_settings` and `general_settings`.

use providers::prices::per_million;

use super::{
    Import,
    writer::{Writer, list, quoted},
    yaml::{Bad, Node},
};
use crate::{lanes::Strategy, money::Dollars};

/// What the three sections say, by our names. The router's word counts before the library's.
#[derive(Debug, Default)]
pub(super) struct Settings {
    total_secs: Option<(usize, u64)>,
    retries: Option<(usize, u64)>,
    failures: Option<(usize, u64)>,
    rest_secs: Option<(usize, u64)>,
    budget: Option<(usize, String)>,
    period: Option<(usize, &'static str)>,
    master: Option<(usize, String)>,
    store: Option<(usize, String)>,
    /// Names, and the groups that they stand for.
    aliases: Vec<(usize, String, String)>,
    fallbacks: Vec<(usize, String, Vec<String>)>,
    default_fallbacks: Vec<String>,
    pub(super) strategy: Strategy,
    /// What deployments bear is looked at before they are asked.
    checks: bool,
}

/// Their names of strategies, and ours.
const STRATEGIES: [(&str, Strategy); 6] = [
    ("simple-shuffle", Strategy::Weight),
    ("least-busy", Strategy::LeastBusy),
    ("latency-based-routing", Strategy::Latency),
    ("usage-based-routing", Strategy::Usage),
    ("usage-based-routing-v2", Strategy::Usage),
    ("cost-based-routing", Strategy::Cost),
];

/// They change nothing here, and nobody misses them.
const SILENT: &[&str] = &["set_verbose", "json_logs", "telemetry", "detailed_debug"];

pub(super) fn read(import: &mut Import, section: &str, node: &Node) -> Result<(), Bad> {
    for (name, node) in node.map(section)?.iter() {
        field(import, section, name, node)?;
    }
    Ok(())
}

fn field(import: &mut Import, section: &str, name: &str, node: &Node) -> Result<(), Bad> {
    let line = node.line;
    let keep = |place: &mut Option<(usize, u64)>, value: u64| {
        place.get_or_insert((line, value));
    };
    match name {
        "fallbacks" => {
            let rows = fallbacks(import, node)?;
            import.settings.fallbacks.extend(rows);
        }
        "context_window_fallbacks" | "content_policy_fallbacks" => {
            let what = format!("`{name}` step in on every failure here");
            import.note(line, what);
            let rows = fallbacks(import, node)?;
            import.settings.fallbacks.extend(rows);
        }
        "default_fallbacks" => {
            for it in node.list(name)? {
                import.settings.default_fallbacks.push(it.text(name)?.to_owned());
            }
        }
        "model_group_alias" => {
            for (alias, target) in node.map(name)?.iter() {
                let model = match target.map(alias) {
                    Ok(fields) => match fields.get("model") {
                        Some(model) => model.text("model")?,
                        None => return Err(target.bad(format!("`{alias}` needs a `model`"))),
                    },
                    Err(_) => target.text(alias)?,
                };
                let row = (target.line, alias.to_owned(), model.to_owned());
                import.settings.aliases.push(row);
            }
        }
        "num_retries" => keep(&mut import.settings.retries, node.count(name)?.min(10)),
        "timeout" | "request_timeout" => {
            keep(&mut import.settings.total_secs, node.count(name)?.max(1));
        }
        // So many are allowed, and with the next one it rests.
        "allowed_fails" => keep(&mut import.settings.failures, node.count(name)? + 1),
        "cooldown_time" => keep(&mut import.settings.rest_secs, node.count(name)?.max(1)),
        "routing_strategy" => {
            let theirs = node.text(name)?;
            match STRATEGIES.iter().find(|it| it.0 == theirs) {
                Some((_, ours)) => import.settings.strategy = *ours,
                None => {
                    let what = format!("`{theirs}` is not known here: lanes go by their weights");
                    import.note(line, what);
                }
            }
        }
        "enable_pre_call_checks" => import.settings.checks = node.truth(name)?,
        "drop_params" => {
            if !node.truth(name)? {
                let what = "what a provider has no form for and only tunes is always left out; what \
                            changes the meaning is refused";
                import.note(line, what);
            }
        }
        "max_budget" => {
            let text = node.text(name)?;
            let Some(nano) = per_million(text) else {
                return Err(
                    node.bad(format!("`{name}` is `{text}`, which is no amount of dollars"))
                );
            };
            import.settings.budget = Some((line, Dollars(nano).to_string()));
        }
        "budget_duration" => {
            let text = node.text(name)?;
            let period = match text {
                "1h" | "60m" | "3600s" => Some("hour"),
                "1d" | "24h" => Some("day"),
                "1mo" | "30d" | "31d" => Some("month"),
                _ => None,
            };
            match period {
                Some(period) => {
                    if text.starts_with('3') && period == "month" {
                        import.note(line, format!("`{text}` is a month of the calendar here"));
                    }
                    import.settings.period = Some((line, period));
                }
                None => {
                    let what = format!(
                        "`{text}` is no period here: hours, days and months are. The budget is \
                         one for ever"
                    );
                    import.note(line, what);
                }
            }
        }
        "master_key" => {
            import.settings.master = Some((line, node.text(name)?.to_owned()));
            let what = "the master key is the key of a client named `master`; who administers takes \
                        the proxy's own token";
            import.note(line, what);
        }
        "database_url" => import.settings.store = Some((line, node.text(name)?.to_owned())),
        _ if SILENT.contains(&name) => {}
        _ => import.unmapped(section, name, node),
    }
    Ok(())
}

/// `[{ "a": ["b", "c"] }]`
fn fallbacks(import: &mut Import, node: &Node) -> Result<Vec<(usize, String, Vec<String>)>, Bad> {
    let mut rows = Vec::new();
    for row in node.list("fallbacks")? {
        for (name, targets) in row.map("a fallback")?.iter() {
            let mut names = Vec::new();
            for target in targets.list(name)? {
                match target.text(name) {
                    Ok(text) => names.push(text.to_owned()),
                    Err(_) => import.note(target.line, "a fallback with parameters is left out"),
                }
            }
            rows.push((targets.line, name.to_owned(), names));
        }
    }
    Ok(rows)
}

/// Gives the groups their fallbacks, once all names are known.
pub(super) fn settle(import: &mut Import) {
    if !import.settings.limits() {
        for it in import.groups.iter().flat_map(|it| &it.deployments) {
            it.note_no_limit(&mut import.notes);
        }
    }
    let aliases: Vec<String> = import.settings.aliases.iter().map(|it| it.1.clone()).collect();
    let known = |import: &Import, name: &str| {
        import.groups.iter().any(|it| it.name == name) || aliases.iter().any(|it| it == name)
    };
    for (line, name, targets) in std::mem::take(&mut import.settings.fallbacks) {
        for target in targets.iter().filter(|it| !known(import, it)).collect::<Vec<_>>() {
            import.note(
                line,
                format!("`{target}` is no `model_name` of this file; it stays as it is"),
            );
        }
        if name == "*" {
            import.settings.default_fallbacks.extend(targets);
            continue;
        }
        match import.groups.iter_mut().find(|it| it.name == name) {
            Some(group) => {
                for it in targets {
                    if !group.fallbacks.contains(&it) {
                        group.fallbacks.push(it);
                    }
                }
            }
            None => import
                .note(line, format!("`{name}` is no `model_name`; its fallbacks are left out")),
        }
    }
    let defaults = import.settings.default_fallbacks.clone();
    for group in import.groups.iter_mut().filter(|it| it.fallbacks.is_empty()) {
        group.fallbacks = defaults.iter().filter(|it| **it != group.name).cloned().collect();
    }
    let (named, aliases) = (&import.groups, &mut import.settings.aliases);
    // A group of that name answers for itself.
    aliases.retain(|alias| named.iter().all(|it| it.name != alias.1));
}

impl Settings {
    /// Whether what a deployment bears is a limit: the strategies of shares and of few requests do
    /// not look at it unless they are told to.
    pub(super) fn limits(&self) -> bool {
        self.checks
            || match self.strategy {
                Strategy::Latency | Strategy::Usage | Strategy::Cost => true,
                Strategy::Weight | Strategy::LeastBusy => false,
            }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let limits = [
            ("total-timeout-secs", self.total_secs),
            ("retries", self.retries),
            ("failures", self.failures),
            ("rest-secs", self.rest_secs),
        ];
        let limits: Vec<_> = limits.iter().filter_map(|it| Some((it.0, it.1?))).collect();
        if let Some((_, (line, _))) = limits.first() {
            out.table(*line, "[limits]");
            for (name, (line, value)) in limits {
                out.field(line, name, &value.to_string());
            }
        }
        if let Some((line, dollars)) = &self.budget {
            out.table(*line, "[budget]");
            out.field(*line, "dollars", dollars);
            if let Some((line, period)) = self.period {
                out.field(line, "period", &quoted(period));
            }
        }
        let secret = |out: &mut Writer, line: usize, name: &str, value: &str| match value
            .strip_prefix("os.environ/")
        {
            Some(variable) => out.field(line, &format!("{name}-env"), &quoted(variable)),
            None => out.field(line, name, &quoted(value)),
        };
        if let Some((line, address)) = &self.store {
            out.table(*line, "[store]");
            secret(out, *line, "address", address);
        }
        if let Some((line, key)) = &self.master {
            out.table(*line, "[clients.master]");
            secret(out, *line, "key", key);
        }
    }

    pub(super) fn write_aliases(&self, out: &mut Writer) {
        for (line, alias, target) in &self.aliases {
            out.table(*line, &format!("[models.{}]", quoted(alias)));
            out.field(*line, "lanes", "[]");
            out.field(*line, "fallbacks", &list(std::slice::from_ref(target)));
        }
    }
}
