//! Money, compared to the nano-dollar with the Python package `genai-prices`, from whose facts the
//! table is made: every name, every day on which a price changes, and every recording with usage.
//!
//! Without `EASEL_FIXTURES` nothing is compared, and one line says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use providers::{
    Dialect,
    chat::{Chat, Flavor},
    feed::Feed,
    messages::Messages,
    prices::{self, Day, Seller},
};
use serde_json::{Value, json};
use wire::{ModelEvent, Usage};

/// Without any price in the data, which the package reads as free, and we as not known.
const NOT_FREE: &[(&str, &str)] = &[
    ("qwen-3-coder-480b", "no longer sold"),
    ("google/lyria-3-clip-preview", "sold by the song"),
    ("google/lyria-3-pro-preview", "sold by the song"),
];

/// A class of theirs has more digits than nine: less than a nano-dollar per million tokens is
/// rounded in the table.
const MORE_DIGITS: &[(&str, &str)] = &[
    ("google/gemini-", "OpenRouter writes to the cache for a twelfth of a dollar"),
    ("~google/gemini-", "OpenRouter writes to the cache for a twelfth of a dollar"),
];

/// Recordings whose usage the package reads in another way than this crate.
const READ_OTHERWISE: &[(&str, &str)] = &[];

const OPENAI: &Chat = &Chat { flavor: Flavor::Original };

/// The dialects and their recordings, a line for each; framed in another way than by events, or
/// of a model that is not told, with `..` and the difference.
const RECORDED: &[Recorded] = &[
    recorded("anthropic", &Messages, Seller::Anthropic, "default", &[]),
    recorded("openai", OPENAI, Seller::Openai, "chat", NO_CHAT),
    recorded("openai-compatible", OPENAI, Seller::Xai, "chat", &[]),
    recorded("azure", OPENAI, Seller::Azure, "chat", NO_CHAT),
];

/// What recordings of other things than chats begin with.
const NO_CHAT: &[&str] =
    &[r#""response."#, r#""response""#, r#""session."#, r#""text_completion""#, r#""embedding""#];

struct Recorded {
    folder: &'static str,
    dialect: &'static dyn Dialect,
    seller: Seller,
    /// The package's name of the dialect.
    flavor: &'static str,
    /// What the recordings of other dialects in the same folder begin with.
    not: &'static [&'static str],
    frame: fn(&str) -> Vec<u8>,
    /// For replies that do not tell it.
    model: Option<&'static str>,
}

const fn recorded(
    folder: &'static str,
    dialect: &'static dyn Dialect,
    seller: Seller,
    flavor: &'static str,
    not: &'static [&'static str],
) -> Recorded {
    Recorded { folder, dialect, seller, flavor, not, frame: event, model: None }
}

fn event(line: &str) -> Vec<u8> {
    format!("data: {line}\n\n").into_bytes()
}

#[test]
fn every_name_and_usage_costs_what_the_oracle_says() {
    let Some(oracle) = Oracle::find() else { return };
    let sellers: Vec<_> = Seller::all().filter(|it| *it != Seller::Ollama).collect();
    let about = oracle.ask(
        "names",
        &[json!({ "sellers": sellers.iter().map(|it| it.name()).collect::<Vec<_>>() })],
    );
    let about = &about[0];
    let names: Vec<(Seller, &str)> = list(&about["names"])
        .map(|it| (Seller::named(it[0].as_str().unwrap()).unwrap(), it[1].as_str().unwrap()))
        .collect();
    let days: Vec<u64> = list(&about["days"]).map(|it| secs_of(it.as_str().unwrap())).collect();
    let tiers: Vec<u64> = list(&about["tokens"]).map(|it| it.as_u64().unwrap()).collect();
    assert!(names.len() > 1_500 && days.len() > 20 && tiers.len() > 3, "the table is small");

    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut cases = Vec::new();
    for (seller, name) in names {
        let name = name.to_owned();
        for _ in 0..4 {
            cases.push(case(seller, name.clone(), &days, &tiers, &mut dice));
        }
        let (seller, name) = match dice.below(3) {
            0 => (sellers[dice.below(sellers.len())], name),
            _ => (seller, changed(&name, &mut dice)),
        };
        cases.push(case(seller, name, &days, &tiers, &mut dice));
    }
    let questions: Vec<Value> = cases.iter().map(Case::question).collect();
    let answers = oracle.ask("usages", &questions);
    let mut tally = Tally::default();
    for (case, answer) in cases.iter().zip(&answers) {
        tally.compare(case, answer);
    }
    println!(
        "{} costs equal, {} names unknown to both, {} sold by other things than tokens",
        tally.n_equal, tally.n_unknown, tally.n_otherwise
    );
    tally.judge();
    assert!(tally.n_equal > 8_000 && tally.n_unknown > 500, "too little was compared");
}

#[test]
fn every_recording_costs_what_the_oracle_says() {
    let Some(oracle) = Oracle::find() else { return };
    let streams = Path::new(&env::var_os("EASEL_FIXTURES").unwrap()).join("provider-streams");
    let (mut cases, mut files, mut questions) = (Vec::new(), Vec::new(), Vec::new());
    let mut left_out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for recorded in RECORDED {
        let mut paths: Vec<PathBuf> = fs::read_dir(streams.join(recorded.folder))
            .unwrap()
            .map(|it| it.unwrap().path())
            .collect();
        paths.sort();
        for path in paths {
            let file = format!("{}/{}", recorded.folder, path.file_name().unwrap().display());
            for reply in recorded.read(&fs::read_to_string(&path).unwrap(), file.ends_with(".txt"))
            {
                let (model, usage, counts) = match reply {
                    Ok(read) => read,
                    Err(why) => {
                        left_out.entry(why).or_default().push(file.clone());
                        continue;
                    }
                };
                for at_secs in [secs_of("2025-11-01"), secs_of("2026-11-01")] {
                    let model = model.clone();
                    questions.push(json!({
                        "seller": recorded.seller.name(), "model": model, "at": at_secs,
                        "flavor": recorded.flavor, "reply": counts,
                    }));
                    cases.push(Case { seller: recorded.seller, model, usage, at_secs });
                    files.push(file.clone());
                }
            }
        }
    }
    questions.extend(cases.iter().map(Case::question));
    let answers = oracle.ask("recordings", &questions);
    let (read_by_them, read_by_us) = answers.split_at(cases.len());
    let (mut tally, mut otherwise) = (Tally::default(), BTreeSet::new());
    for (n, (case, file)) in cases.iter().zip(&files).enumerate() {
        let (theirs, ours) = (&read_by_them[n], &read_by_us[n]);
        tally.compare(case, ours);
        if theirs["nano"] != ours["nano"] {
            otherwise.insert(file.as_str());
            if !READ_OTHERWISE.iter().any(|it| it.0 == file) {
                tally.wrong.push(format!("{file} is read otherwise: {case:?} {theirs}"));
            }
        }
    }
    println!("{} recordings cost the same", cases.len() / 2);
    for (why, files) in left_out {
        println!("left out, {why}: {}", files.join(" "));
    }
    tally.judge();
    for (file, _) in READ_OTHERWISE {
        assert!(otherwise.contains(file), "{file} is read in the same way");
    }
    assert!(cases.len() > 60, "only {} recordings were found", cases.len() / 2);
}

impl Recorded {
    /// Returns of each reply the model, what this crate reads as usage, and what stands there.
    fn read(&self, text: &str, stream: bool) -> Vec<Result<Reply, &'static str>> {
        let lines: Vec<&str> = text.lines().filter(|it| !it.is_empty()).collect();
        let Some(first) = lines.first() else { return vec![Err("empty")] };
        let head = if stream { first } else { text };
        if self.not.iter().any(|it| head.contains(it)) {
            return vec![Err("another dialect")];
        }
        if !stream {
            return vec![self.read_whole(text)];
        }
        // Some recordings are of several replies, one after the other.
        let replies = lines.split_inclusive(|it| *it == r#"{"type":"message_stop"}"#);
        replies.map(|it| self.read_stream(it)).collect()
    }

    fn read_stream(&self, lines: &[&str]) -> Result<Reply, &'static str> {
        let mut feed = Feed::new(self.dialect);
        let mut events = Vec::new();
        lines.iter().for_each(|it| feed.push(&(self.frame)(it), &mut events));
        feed.end(&mut events);
        let values: Vec<Value> =
            lines.iter().filter_map(|it| serde_json::from_str(it).ok()).collect();
        self.with_usage(&events, &values)
    }

    fn read_whole(&self, text: &str) -> Result<Reply, &'static str> {
        let value: Value = serde_json::from_str(text).or(Err("not quite JSON"))?;
        let events = self.dialect.read_whole(text.as_bytes()).or(Err("no reply"))?;
        self.with_usage(&events, &[value])
    }

    fn with_usage(&self, events: &[ModelEvent], values: &[Value]) -> Result<Reply, &'static str> {
        let usage = events
            .iter()
            .rev()
            .find_map(|it| if let ModelEvent::Usage(usage) = it { Some(*usage) } else { None });
        let (model, counts) = told(values);
        let usage =
            usage.filter(|_| counts["usage"].is_object() || counts["usageMetadata"].is_object());
        let model = model.or_else(|| self.model.map(str::to_owned));
        Ok((model.ok_or("no model is named")?, usage.ok_or("no usage")?, counts))
    }
}

type Reply = (String, Usage, Value);

/// Returns the model, and all counts of a reply in the form of one that came in one piece.
fn told(values: &[Value]) -> (Option<String>, Value) {
    let (mut model, mut reply) = (None, json!({}));
    for value in values {
        for part in ["", "message", "response", "metadata"] {
            let part = if part.is_empty() { value } else { &value[part] };
            for name in ["model", "modelVersion"] {
                let name = part[name].as_str().filter(|it| !it.is_empty());
                model = name.map(str::to_owned).or(model);
            }
            for name in ["usage", "usageMetadata"] {
                if part[name].is_object() {
                    overlay(&mut reply[name], &part[name]);
                }
            }
        }
    }
    reply["model"] = json!(model);
    (model, reply)
}

/// A later count replaces an earlier one; what is not told again stays.
fn overlay(old: &mut Value, new: &Value) {
    match new {
        Value::Object(fields) => {
            if !old.is_object() {
                *old = json!({});
            }
            fields.iter().for_each(|(name, it)| overlay(&mut old[name.as_str()], it));
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            *old = new.clone();
        }
    }
}

#[derive(Debug)]
struct Case {
    seller: Seller,
    model: String,
    usage: Usage,
    at_secs: u64,
}

impl Case {
    fn question(&self) -> Value {
        let Self { seller, model, usage, at_secs } = self;
        json!({ "seller": seller.name(), "model": model, "usage": usage, "at": at_secs })
    }
}

fn case(seller: Seller, model: String, days: &[u64], tiers: &[u64], dice: &mut Dice) -> Case {
    let mut count = || match dice.below(4) {
        0 | 1 => 0,
        _ => {
            let n_bits = 1 + dice.below(20);
            u32::try_from(dice.below(1 << n_bits)).unwrap()
        }
    };
    let mut usage = Usage {
        input_tokens: count(),
        cache_read_tokens: count(),
        cache_write_tokens: count(),
        cache_write_long_tokens: count(),
        audio_input_tokens: count(),
        output_tokens: count(),
        reasoning_tokens: count(),
        audio_output_tokens: count(),
        ..Usage::default()
    };
    if dice.below(3) == 0 {
        // Right at a limit, or one token over it.
        let limit = tiers[dice.below(tiers.len())] + u64::try_from(dice.below(2)).unwrap();
        let others = usage.all_input_tokens() - u64::from(usage.input_tokens);
        usage.input_tokens = u32::try_from(limit.saturating_sub(others)).unwrap();
    }
    let day = days[dice.below(days.len())];
    let at_secs = match dice.below(4) {
        0 => day,
        1 => day - 1,
        2 => {
            day + 1_800 * u64::try_from(dice.below(48)).unwrap()
                - u64::try_from(dice.below(2)).unwrap()
        }
        _ => 1_700_000_000 + u64::try_from(dice.below(110_000_000)).unwrap(),
    };
    Case { seller, model, usage, at_secs }
}

/// Returns a name as somebody could write it.
fn changed(name: &str, dice: &mut Dice) -> String {
    let date = ["20250929", "2025-09-29", "20251301", "latest", "preview", "v1:0"][dice.below(6)];
    match dice.below(12) {
        0 => format!("{name}-{date}"),
        1 => format!("{name}@{date}"),
        2 => format!("us.{name}"),
        3 => format!("us.anthropic.{name}-{date}"),
        4 => format!("models/{name}"),
        5 => format!("{name}:free"),
        6 => name.to_uppercase(),
        7 => format!("{name}-tts-{date}"),
        8 => name.chars().take(name.len() / 2).collect(),
        9 => name.replacen('-', "", 1),
        10 => format!("{name}-x-{date}"),
        _ => format!("x{name}"),
    }
}

#[derive(Default)]
struct Tally {
    n_equal: usize,
    n_unknown: usize,
    n_otherwise: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, case: &Case, answer: &Value) {
        let cost =
            prices::find(case.seller, &case.model, case.at_secs).map(|it| it.cost(&case.usage));
        let listed = |list: &[(&str, &str)]| {
            let id = answer["model"].as_str().unwrap_or_default();
            list.iter().any(|it| id.starts_with(it.0))
        };
        match (cost, answer["nano"].as_u64()) {
            (None, None) => self.n_unknown += 1,
            (None, Some(_)) if answer["by_tokens"] == json!(false) => {
                let sold_by_others = list(&answer["priced"]).next().is_some();
                if !sold_by_others && !listed(NOT_FREE) {
                    self.wrong.push(format!("not found, though free: {case:?}"));
                }
                self.n_otherwise += 1;
            }
            (Some(ours), Some(theirs)) if ours == theirs => self.n_equal += 1,
            (Some(ours), Some(theirs))
                if answer["exact"] == json!(false)
                    && listed(MORE_DIGITS)
                    && ours.abs_diff(theirs) <= 1 =>
            {
                self.n_equal += 1;
            }
            (ours, theirs) => {
                self.wrong.push(format!("{ours:?}, the oracle {theirs:?}: {case:?} {answer}"));
            }
        }
    }

    fn judge(&self) {
        let first = self.wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.wrong.is_empty(), "{} differ\n{first}", self.wrong.len());
    }
}

/// The Python package, of the version from which the table was made.
struct Oracle {
    python: PathBuf,
}

impl Oracle {
    /// Finds it where `cargo xtask test` installs it; none where outside data is not wanted.
    fn find() -> Option<Self> {
        if env::var_os("EASEL_FIXTURES").is_none_or(|it| it.is_empty()) {
            println!("EASEL_FIXTURES is not set: prices were not compared with genai-prices");
            return None;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let table = fs::read_to_string(root.join("crates/providers/src/prices/table.txt")).unwrap();
        let (_, version) = table.split_once("genai-prices ").unwrap();
        let (version, _) = version.split_once(' ').unwrap();
        let python = root.join("target/tools/python/bin/python");
        let asking = "import importlib.metadata as it; print(it.version('genai-prices'))";
        let there = Command::new(&python).args(["-c", asking]).output();
        let there = there.map(|it| String::from_utf8(it.stdout).unwrap()).unwrap_or_default();
        assert_eq!(
            there.trim(),
            version,
            "genai-prices {version} is missing; this installs it: python3 -m venv target/tools/python && \
             target/tools/python/bin/pip install genai-prices=={version}"
        );
        Some(Self { python })
    }

    fn ask(&self, name: &str, questions: &[Value]) -> Vec<Value> {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let lines: Vec<String> = questions.iter().map(|it| it.to_string() + "\n").collect();
        fs::write(&file, lines.concat()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/oracle.py");
        let asking = Command::new(&self.python)
            .arg(script)
            .stdin(fs::File::open(file).unwrap())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(asking.status.success(), "the oracle failed");
        let answers: Vec<Value> = asking
            .stdout
            .split(|it| *it == b'\n')
            .filter(|it| !it.is_empty())
            .map(|it| serde_json::from_slice(it).unwrap())
            .collect();
        assert_eq!(answers.len(), questions.len());
        answers
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

/// Counts through the days, so that nothing here reads dates in a way of its own.
fn secs_of(day: &str) -> u64 {
    let day = Day::parse(day).unwrap();
    (0..30_000).map(|it| it * 86_400).find(|it| Day::of(*it) == day).unwrap()
}

/// Xorshift: the same cases in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n).unwrap()).unwrap()
    }
}
