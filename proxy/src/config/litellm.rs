//! A `config.yaml` of LiteLLM as an `easel.toml`, and what of it has no place there.
//!
//! It sends nothing and asks no environment: variables stay names. What is not mapped is told with
//! its line; what cannot be what it is said to be stops the import.

mod deployment;
mod provider;
mod settings;
mod vendors;
mod writer;
mod yaml;

use std::{collections::BTreeMap, fs, path::Path};

use super::BadConfig;
use deployment::Deployment;
use provider::Provider;
use writer::Writer;
use yaml::Node;

/// An `easel.toml`.
#[derive(Debug, Clone)]
pub struct Imported {
    pub toml: String,
    /// For each line of it, the line that it was made from.
    pub(super) lines: Vec<usize>,
    /// What has no place in it.
    pub notes: Vec<BadConfig>,
}

pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "yaml" || it == "yml")
}

pub(super) fn read(path: &Path) -> Result<Imported, BadConfig> {
    let text = fs::read_to_string(path).map_err(|err| BadConfig {
        place: path.display().to_string(),
        what: format!("cannot be read: {err}"),
    })?;
    convert(path, &text)
}

pub(super) fn convert(path: &Path, text: &str) -> Result<Imported, BadConfig> {
    let place = |line: usize| format!("{}, line {line}", path.display());
    let bad = |it: yaml::Bad| BadConfig { place: place(it.line), what: it.what };
    let mut import = Import::default();
    let root = yaml::parse(text, &mut import.notes).map_err(bad)?;
    import.root(&root).map_err(bad)?;
    let mut writer = Writer::default();
    import.write(&mut writer);
    import.notes.sort_by_key(|it| it.line);
    let notes = import.notes.into_iter();
    Ok(Imported {
        toml: writer.text,
        lines: writer.lines,
        notes: notes.map(|it| BadConfig { place: place(it.line), what: it.what }).collect(),
    })
}

/// What was read so far.
#[derive(Debug, Default)]
struct Import {
    notes: Vec<yaml::Bad>,
    /// Values of `environment_variables`.
    variables: BTreeMap<String, String>,
    providers: Vec<Provider>,
    /// By `model_name`, in the order of the file.
    groups: Vec<Group>,
    settings: settings::Settings,
}

#[derive(Debug)]
struct Group {
    name: String,
    line: usize,
    deployments: Vec<Deployment>,
    fallbacks: Vec<String>,
}

impl Import {
    fn note(&mut self, line: usize, what: impl Into<String>) {
        self.notes.push(yaml::Bad { line, what: what.into() });
    }

    /// Notes what stands in a section and is known to nobody here.
    fn unmapped(&mut self, section: &str, name: &str, node: &Node) {
        self.note(node.line, format!("`{name}` of {section} has no place here"));
    }

    fn root(&mut self, root: &Node) -> Result<(), yaml::Bad> {
        let fields = root.map("the file")?;
        if let Some(variables) = fields.get("environment_variables") {
            for (name, value) in variables.map("environment_variables")?.iter() {
                self.variables.insert(name.to_owned(), value.text(name)?.to_owned());
            }
        }
        for (name, node) in fields.iter() {
            match name {
                "environment_variables" => {}
                "model_list" => self.models(node)?,
                "router_settings" | "litellm_settings" | "general_settings" => {}
                _ => self.unmapped("the file", name, node),
            }
        }
        // Names of fallbacks are those of groups.
        for name in ["router_settings", "litellm_settings", "general_settings"] {
            if let Some(node) = fields.get(name) {
                settings::read(self, name, node)?;
            }
        }
        settings::settle(self);
        Ok(())
    }

    fn models(&mut self, list: &Node) -> Result<(), yaml::Bad> {
        for node in list.list("model_list")? {
            let fields = node.map("an entry of model_list")?;
            let Some(name) = fields.get("model_name") else {
                return Err(node.bad("an entry of model_list needs a `model_name`"));
            };
            let name = name.text("model_name")?.to_owned();
            let Some(deployment) = deployment::read(self, &name, node, fields)? else { continue };
            match self.groups.iter_mut().find(|it| it.name == name) {
                Some(group) => group.deployments.push(deployment),
                None => self.groups.push(Group {
                    name,
                    line: node.line,
                    deployments: vec![deployment],
                    fallbacks: Vec::new(),
                }),
            }
        }
        Ok(())
    }

    fn write(&self, out: &mut Writer) {
        self.settings.write(out);
        for provider in &self.providers {
            provider.write(out);
        }
        for group in &self.groups {
            let settings = &self.settings;
            deployment::write_group(group, settings.strategy, settings.limits(), out);
        }
        self.settings.write_aliases(out);
        for deployment in self.groups.iter().flat_map(|it| &it.deployments) {
            deployment.write_price(out);
        }
    }
}

#[cfg(test)]
mod tests;
