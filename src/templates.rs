//! Projects to start from, with the network off.
//!
//! They are the files under `templates/`, as they are; nothing is filled in.

/// A project to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    pub id: &'static str,
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Paths in the project, and texts.
    pub files: &'static [(&'static str, &'static str)],
}

/// Lists the templates in the order in which they are offered.
pub fn all() -> &'static [Template] {
    &TEMPLATES
}

pub fn find(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../templates/", $folder, "/", $path)))),*]
    };
}

static TEMPLATES: [Template; 3] = [
    Template {
        id: "web",
        name: "Web page",
        about: "HTML, CSS and JavaScript, nothing to build",
        files: files!("web": "README.md", "index.html", "script.js", "style.css"),
    },
    Template {
        id: "typescript",
        name: "TypeScript",
        about: "A page with typed modules",
        files: files!(
            "typescript": "README.md", "index.html", "src/list.ts", "src/main.ts", "style.css",
            "tsconfig.json",
        ),
    },
    Template {
        id: "preact",
        name: "Preact",
        about: "Components in TSX, with hooks",
        files: files!(
            "preact": "README.md", "index.html", "package.json", "src/app.tsx", "src/counter.tsx",
            "src/main.tsx", "src/style.css", "tsconfig.json",
        ),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{all, find};

    #[test]
    fn every_file_of_every_template_is_in_it() {
        for template in all() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(template.id);
            let named: BTreeSet<String> =
                template.files.iter().map(|(path, _)| (*path).to_owned()).collect();
            assert_eq!(named, files_under(&folder, ""), "{}", template.id);
        }
    }

    #[test]
    fn every_script_compiles_and_every_path_is_one() {
        for template in all() {
            for (path, text) in template.files {
                assert!(project::FilePath::parse(path).is_ok(), "{path}");
                assert_eq!(compile::errors(path, text), [], "{path}");
                assert!(text.ends_with('\n'), "{path}");
            }
        }
        assert!(find("preact").is_some() && find("nothing").is_none());
    }

    fn files_under(folder: &Path, prefix: &str) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                files.extend(files_under(&entry.path(), &format!("{name}/")));
            } else {
                files.insert(name);
            }
        }
        files
    }
}
