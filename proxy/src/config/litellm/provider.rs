//! The provider behind a deployment: its address and its key, shared by all that have the same.

use providers::endpoint::origin;

use super::{
    super::{environment::vertex_address, shown},
    Import,
    vendors::Prefix,
    writer::{Writer, list, quoted},
    yaml::{Bad, Fields, Node},
};

/// A provider as several deployments may share it.
#[derive(Debug)]
pub(super) struct Provider {
    line: usize,
    pub(super) id: String,
    kind: &'static str,
    address: String,
    key: Key,
    pub(super) models: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    None,
    Given(String),
    /// Variables; several make a key with colons between them.
    Variables(Vec<String>),
    File(String),
    FileOfVariable(String),
}

/// Finds the provider among those that are known by now, or adds it. Returns its id, and the model.
pub(super) fn find(
    import: &mut Import,
    prefix: &'static Prefix,
    params: &Fields,
    model: &str,
    line: usize,
) -> Result<Option<(String, String)>, Bad> {
    let mut model = model;
    let base = params.get("api_base").or_else(|| params.get("base_url"));
    let base = match base {
        Some(node) => Some(plain(import, node, "api_base")?),
        None => None,
    };
    let address = match (prefix.kind, base) {
        (_, Some(Some(base))) => trimmed(prefix.kind, &base),
        // What is wrong with it was noted.
        (_, Some(None)) => return Ok(None),
        ("bedrock", None) => {
            let mut region = None;
            if let Some((first, rest)) = model.split_once('/')
                && first.split('-').count() == 3
            {
                (region, model) = (Some(first.to_owned()), rest);
            }
            if let Some(node) = params.get("aws_region_name") {
                match plain(import, node, "aws_region_name")? {
                    Some(named) => region = Some(named),
                    None => return Ok(None),
                }
            }
            let region = region.unwrap_or_else(|| {
                import.note(line, "no `aws_region_name`: `us-east-1` is taken");
                "us-east-1".to_owned()
            });
            format!("https://bedrock-runtime.{region}.amazonaws.com")
        }
        ("vertex", None) => match vertex(import, params, model, line)? {
            Some(address) => address,
            None => return Ok(None),
        },
        (_, None) if prefix.address.is_empty() => {
            import
                .note(line, format!("`{}/{model}` has no `api_base`; it is left out", prefix.name));
            return Ok(None);
        }
        (_, None) => prefix.address.to_owned(),
    };
    let mut key = key(import, prefix, params)?;
    let elsewhere = !prefix.address.is_empty() && origin(prefix.address) != origin(&address);
    if elsewhere && params.get("api_key").is_none() && key != Key::None {
        let what = format!(
            "no `api_key` for this `api_base`: `{}` belongs to another address and is not sent there",
            prefix.key
        );
        import.note(line, what);
        key = Key::None;
    }
    let known = import
        .providers
        .iter()
        .find(|it| it.kind == prefix.kind && it.address == address && it.key == key);
    if let Some(known) = known {
        return Ok(Some((known.id.clone(), model.to_owned())));
    }
    let mut id = prefix.name.to_owned();
    let mut n = 1;
    while import.providers.iter().any(|it| it.id == id) {
        n += 1;
        id = format!("{}-{n}", prefix.name);
    }
    let models = Vec::new();
    import.providers.push(Provider {
        line,
        id: id.clone(),
        kind: prefix.kind,
        address,
        key,
        models,
    });
    Ok(Some((id, model.to_owned())))
}

/// Returns a value that must be known now: addresses cannot stay variables.
fn plain(import: &mut Import, node: &Node, what: &str) -> Result<Option<String>, Bad> {
    let text = node.text(what)?;
    let Some(variable) = text.strip_prefix("os.environ/") else { return Ok(Some(text.to_owned())) };
    if let Some(value) = import.variables.get(variable) {
        return Ok(Some(value.clone()));
    }
    let what = format!(
        "`{what}` is in the variable {}, which easel.toml cannot say; write the value itself. The \
         deployment is left out",
        shown::variable(variable, what)
    );
    import.note(node.line, what);
    Ok(None)
}

/// Without what is added to an address here.
fn trimmed(kind: &str, base: &str) -> String {
    let base = base.trim_end_matches('/');
    let base = match kind {
        "azure" => base.split("/openai").next().unwrap_or(base),
        _ => base,
    };
    base.to_owned()
}

fn vertex(
    import: &mut Import,
    params: &Fields,
    model: &str,
    line: usize,
) -> Result<Option<String>, Bad> {
    if !model.starts_with("gemini") {
        let what = format!("`{model}` of Vertex AI is no Gemini; it is left out");
        import.note(line, what);
        return Ok(None);
    }
    let mut value = |name: &str| match params.get(name) {
        Some(node) => plain(import, node, name),
        None => Ok(None),
    };
    let (project, location) = (value("vertex_project")?, value("vertex_location")?);
    let Some(project) = project else {
        import.note(line, "no `vertex_project`; the deployment is left out");
        return Ok(None);
    };
    let location = location.unwrap_or_else(|| "us-central1".to_owned());
    Ok(Some(vertex_address(&project, &location)))
}

fn key(import: &Import, prefix: &Prefix, params: &Fields) -> Result<Key, Bad> {
    let parts = |names: &[&str]| -> Result<Vec<String>, Bad> {
        let given = names.iter().filter_map(|name| Some((name, params.get(name)?)));
        given.map(|(name, node)| Ok(node.text(name)?.to_owned())).collect()
    };
    if prefix.kind == "vertex" {
        let given = parts(&["vertex_credentials"])?.pop();
        return Ok(match given.as_deref().map(|it| (it, it.strip_prefix("os.environ/"))) {
            None => Key::FileOfVariable("GOOGLE_APPLICATION_CREDENTIALS".to_owned()),
            Some((_, Some(variable))) => Key::FileOfVariable(variable.to_owned()),
            Some((json, None)) if json.trim_start().starts_with('{') => Key::Given(json.to_owned()),
            Some((path, None)) => Key::File(path.to_owned()),
        });
    }
    if prefix.kind == "bedrock" {
        let pair = parts(&["aws_access_key_id", "aws_secret_access_key", "aws_session_token"])?;
        if pair.len() >= 2 {
            return Ok(together(import, &pair));
        }
        let usual = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let own = parts(&["api_key"])?;
        if own.is_empty() {
            return Ok(Key::Variables(usual.map(str::to_owned).to_vec()));
        }
    }
    let own = parts(&["api_key"])?;
    Ok(match own.is_empty() {
        false => together(import, &own),
        true if prefix.key.is_empty() => Key::None,
        true => together(import, &[format!("os.environ/{}", prefix.key)]),
    })
}

fn together(import: &Import, parts: &[String]) -> Key {
    let variable = |it: &String| it.strip_prefix("os.environ/").map(str::to_owned);
    let known = |it: &String| match variable(it) {
        Some(name) => import.variables.get(&name).cloned(),
        None => Some(it.clone()),
    };
    match parts.iter().map(known).collect::<Option<Vec<_>>>() {
        Some(given) => Key::Given(given.join(":")),
        None => Key::Variables(parts.iter().filter_map(variable).collect()),
    }
}

impl Provider {
    pub(super) fn write(&self, out: &mut Writer) {
        out.table(self.line, &format!("[providers.{}]", quoted(&self.id)));
        out.field(self.line, "kind", &quoted(self.kind));
        out.field(self.line, "base-url", &quoted(&self.address));
        match &self.key {
            Key::None => {}
            Key::Given(key) => out.field(self.line, "key", &quoted(key)),
            Key::Variables(names) if names.len() == 1 => {
                out.field(self.line, "key-env", &quoted(&names[0]));
            }
            Key::Variables(names) => out.field(self.line, "key-env", &list(names)),
            Key::File(path) => out.field(self.line, "key-file", &quoted(path)),
            Key::FileOfVariable(name) => out.field(self.line, "key-file-env", &quoted(name)),
        }
        if !self.models.is_empty() {
            out.field(self.line, "models", &list(&self.models));
        }
    }
}
