//! Git itself as the judge: what we export it takes for its own, and what it makes we take in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::archive::File;
use crate::project::{NoHistory, Note};

/// A folder of its own, removed at the end.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("easel-project-{}-{name}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn try_git(&self, args: &[&str]) -> (bool, String) {
        let output = Command::new("git")
            .args(args)
            .current_dir(&self.0)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.0.parent().unwrap())
            .envs([("GIT_AUTHOR_NAME", "Bob"), ("GIT_AUTHOR_EMAIL", "bob@example.org")])
            .envs([("GIT_COMMITTER_NAME", "Bob"), ("GIT_COMMITTER_EMAIL", "bob@example.org")])
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    #[track_caller]
    pub(super) fn git(&self, args: &[&str]) -> String {
        let (success, text) = self.try_git(args);
        assert!(success, "git {args:?}: {text}");
        text
    }

    pub(super) fn put(&self, files: &[File]) {
        use std::os::unix::fs::PermissionsExt as _;
        for file in files {
            let at = self.0.join(&file.path);
            if file.path.ends_with('/') {
                fs::create_dir_all(&at).unwrap();
                continue;
            }
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(&at, &file.bytes).unwrap();
            if file.executable == Some(true) {
                fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }

    pub(super) fn write(&self, path: &str, bytes: &[u8]) {
        self.put(&[File { path: path.into(), bytes: bytes.to_vec(), executable: None }]);
    }

    /// Everything in it, as an upload would bring it; links are left out.
    pub(super) fn take(&self) -> Vec<File> {
        let mut files = Vec::new();
        collect(&self.0, &self.0, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            collect(root, &entry.path(), files);
        } else if kind.is_file() {
            let executable = entry.metadata().unwrap().permissions().mode() & 0o111 != 0;
            files.push(File {
                path: entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
                bytes: fs::read(entry.path()).unwrap(),
                executable: Some(executable),
            });
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(err) = fs::remove_dir_all(&self.0) {
            eprintln!("{} stays: {err}", self.0.display());
        }
    }
}

/// Exports, and lets git compare what it sees with what we say.
#[track_caller]
fn judge(name: &str, project: &Project) -> Folder {
    let folder = Folder::new(name);
    folder.put(&project.export_git().unwrap());
    let fsck = folder.git(&["fsck", "--strict", "--full"]);
    assert!(!fsck.contains("error") && !fsck.contains("warning"), "{fsck}");
    assert_eq!(folder.git(&["symbolic-ref", "HEAD"]).trim(), project.head);

    let letter = |mark| match mark {
        Mark::Added => "??",
        Mark::Modified => " M",
        Mark::Removed => " D",
    };
    let mut marks: Vec<String> = project
        .status()
        .into_iter()
        .map(|(path, mark)| format!("{} {path}", letter(mark)))
        .collect();
    let status =
        folder.git(&["-c", "core.quotePath=false", "status", "--porcelain=v1", "-z", "-uall"]);
    let mut seen: Vec<String> =
        status.split('\0').filter(|line| !line.is_empty()).map(str::to_owned).collect();
    marks.sort();
    seen.sort();
    assert_eq!(seen, marks);

    let refs = folder.git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
    let ours: Vec<String> = project.refs().map(|(name, id)| format!("{id} {name}")).collect();
    assert_eq!(refs.lines().collect::<Vec<_>>(), ours);

    if let Some(head) = project.head() {
        let log = folder.git(&["log", "-z", "--format=%H %T %P|%an|%ae|%at|%B"]);
        let ours = project.log(head, usize::MAX).into_iter().map(|commit| {
            let parents: Vec<String> = commit.parents.iter().map(Oid::to_string).collect();
            let Signature { name, email, seconds, .. } = commit.author;
            let (id, tree, message) = (commit.id, commit.tree, commit.message);
            format!("{id} {tree} {}|{name}|{email}|{seconds}|{message}", parents.join(" "))
        });
        let log: Vec<&str> = log.split_terminator('\0').collect();
        assert_eq!(log, ours.collect::<Vec<_>>());
    }
    folder.git(&["add", "-A"]);
    assert_eq!(folder.git(&["write-tree"]).trim(), project.tree_of_worktree().to_string());
    folder
}

fn rich_project() -> Project {
    let mut project = Project::new();
    let binary: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    project
        .apply(vec![
            write("index.html", "<p>hello</p>\n"),
            write("empty", ""),
            write("src/grüße 日本.txt", "ünï\r\nno end"),
            write("run.sh", "#!/bin/sh\n"),
            Edit::SetExecutable { path: path("run.sh"), executable: true },
            Edit::Write { path: path("assets/logo.bin"), bytes: binary },
            write("a", "1"),
            write("a.b", "2"),
            write("a-/x", "3"),
            write("a0", "4"),
        ])
        .unwrap();
    project.commit(saying("erster Schritt: größer\n\nMit Text.", 0)).unwrap();
    project
        .apply(vec![write("a", "changed"), mv("src/grüße 日本.txt", "deep/er/and/er/x")])
        .unwrap();
    project.commit(saying("second", 1)).unwrap();
    project.apply(vec![write("a", "lost?"), write("b", "mine")]).unwrap();
    project.safety_commit("1", "kept before going back", &signature(2)).unwrap();
    let first = project.log(project.head().unwrap(), 9)[1].id;
    project.restore(&first, saying("back", 3)).unwrap();
    project
}

#[test]
fn git_agrees_with_an_export() {
    let folder = judge("agrees", &rich_project());
    assert_eq!(folder.git(&["rev-list", "--count", "--all"]).trim(), "4");
    folder.git(&["verify-pack", &format!(".git/{}", pack_of(&folder))]);
    folder.git(&["gc", "--quiet"]);
    folder.write("more.txt", b"more\n");
    folder.git(&["add", "-A"]);
    folder.git(&["commit", "-q", "-m", "git goes on"]);
}

fn pack_of(folder: &Folder) -> String {
    let packs = fs::read_to_string(folder.0.join(".git/objects/info/packs")).unwrap();
    format!("objects/pack/{}", packs.trim().strip_prefix("P ").unwrap().replace(".pack", ".idx"))
}

#[test]
fn git_sees_the_same_uncommitted_changes() {
    let mut project = rich_project();
    project
        .apply(vec![
            write("index.html", "other\n"),
            write("new/file", "x"),
            remove("empty"),
            Edit::SetExecutable { path: path("run.sh"), executable: false },
            remove("a"),
            write("a/folder", "y"),
        ])
        .unwrap();
    judge("uncommitted", &project);
}

#[test]
fn git_takes_a_project_without_commits() {
    judge("empty", &Project::new());
    let zip = crate::archive::write_zip(
        &Project::new().export_git().unwrap(),
        crate::archive::Moment { year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 0 },
    );
    let unpacked = crate::archive::read_zip(&zip, crate::archive::Limits::default()).unwrap();
    let Imported { project, notes } = Project::import(unpacked.files);
    assert_eq!((project.head(), project.branch(), notes), (None, "main", vec![]));
    let mut project = Project::new();
    project.apply(vec![write("a", "1")]).unwrap();
    judge("unborn", &project);
}

#[test]
fn git_agrees_after_random_work() {
    let mut project = Project::new();
    for n in 0_i64..120 {
        let name = format!("{}/{}/f{}", n % 3, n % 5, n % 11);
        project.apply(vec![write(&name, &format!("{n}\n").repeat(20))]).unwrap();
        if n % 4 == 0 {
            let gone = project.entries().next().unwrap().0.clone();
            project.apply(vec![Edit::Remove { path: gone }]).unwrap();
        }
        if n % 3 == 0 {
            project
                .commit(NewCommit { allow_empty: true, ..saying(&format!("step {n}"), n) })
                .unwrap();
        }
    }
    judge("random", &project);
    project.compact().unwrap();
    judge("random-compact", &project);
}

/// A repository with all that ours do not make: deltas, loose objects, merges, tags, a link, a
/// submodule, detached and packed references.
fn foreign_repository(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.git(&["init", "-q", "-b", "trunk"]);
    let text: String = (0..400).map(|n| format!("line {n}\n")).collect();
    for n in 0..12 {
        let text = text.replace(&format!("line {n}\n"), &format!("changed {n}\n"));
        folder.write("large.txt", text.as_bytes());
        folder.write(&format!("src/{n}.txt"), format!("{n}").as_bytes());
        folder.git(&["add", "-A"]);
        folder.git(&["commit", "-q", "-m", &format!("commit {n}")]);
    }
    folder.git(&["checkout", "-q", "-b", "side", "HEAD~3"]);
    folder.write("side.txt", b"side");
    folder.put(&[File { path: "tool".into(), bytes: b"#!".to_vec(), executable: Some(true) }]);
    std::os::unix::fs::symlink("large.txt", folder.0.join("link")).unwrap();
    folder.git(&["add", "-A"]);
    let inner = "160000,1111111111111111111111111111111111111111,module";
    folder.git(&["update-index", "--add", "--cacheinfo", inner]);
    folder.git(&["commit", "-q", "-m", "side"]);
    folder.git(&["checkout", "-q", "trunk"]);
    folder.git(&["merge", "-q", "--no-edit", "side"]);
    folder.git(&["tag", "-a", "v1", "-m", "one"]);
    folder.git(&["tag", "light", "HEAD~1"]);
    folder.git(&["gc", "-q"]);
    folder.write("after.txt", b"loose");
    folder.git(&["add", "-A"]);
    folder.git(&["commit", "-q", "-m", "loose"]);
    folder
}

#[test]
fn a_repository_of_git_comes_in_and_goes_out_whole() {
    let folder = foreign_repository("foreign");
    let Imported { mut project, notes } = Project::import(folder.take());
    assert_eq!(notes, [Note::Hidden { n: 2 }]);
    assert!(project.is_clean(), "{:?}", project.status());
    assert_eq!(project.branch(), "trunk");
    assert_eq!(project.head().unwrap().to_string(), folder.git(&["rev-parse", "HEAD"]).trim());
    let log = project.log(project.head().unwrap(), 99);
    let ids: Vec<String> = log.iter().map(|commit| commit.id.to_string()).collect();
    assert_eq!(ids, folder.git(&["log", "--format=%H"]).lines().collect::<Vec<_>>());
    assert!(project.entry(&path("tool")).unwrap().executable);

    let whole = project.compact().unwrap();
    let opened = Project::load(whole.into()).unwrap();
    same(&project, &opened);

    // Links and submodules survive a commit of ours.
    project.apply(vec![write("src/3.txt", "ours")]).unwrap();
    project.commit(saying("ours", 0)).unwrap();
    let out = Folder::new("foreign-out");
    out.put(&project.export_git().unwrap());
    assert_eq!(out.git(&["status", "--porcelain"]), "");
    let tree = out.git(&["ls-tree", "HEAD"]);
    assert!(tree.contains("120000 blob") && tree.contains("160000 commit"), "{tree}");
    let count = |folder: &Folder| folder.git(&["rev-list", "--count", "--all"]).trim().to_owned();
    assert_eq!((count(&folder), count(&out)), ("15".into(), "16".into()));
    assert!(out.git(&["fsck", "--strict"]).is_empty());
}

#[test]
fn history_without_files_is_checked_out_and_a_detached_head_gets_a_branch() {
    let folder = foreign_repository("bare");
    folder.git(&["checkout", "-q", "HEAD~2"]);
    let files = folder.take().into_iter().filter(|file| file.path.starts_with(".git/")).collect();
    let Imported { project, .. } = Project::import(files);
    assert_eq!(project.branch(), "main");
    assert_eq!(project.head().unwrap().to_string(), folder.git(&["rev-parse", "HEAD"]).trim());
    assert!(project.is_clean() && project.n_files() > 10);
}

#[test]
fn damaged_history_leaves_the_files() {
    let folder = foreign_repository("damaged");
    let files = folder.take();
    let no_history = [Note::NoHistory { why: NoHistory::Damaged }];
    let worktree: Vec<_> = files.iter().filter(|file| !file.path.starts_with(".git/")).collect();
    let is_pack = |file: &&File| file.path.ends_with(".pack");
    let len = files.iter().find(is_pack).unwrap().bytes.len();
    for at in (0..len).step_by(len / 14) {
        let mut files = files.clone();
        let pack = files.iter_mut().find(|file| file.path.ends_with(".pack")).unwrap();
        if at % 2 == 0 {
            pack.bytes.truncate(at);
        } else {
            pack.bytes[at] ^= 0x10;
        }
        let Imported { project, notes } = Project::import(files);
        assert_eq!(notes, no_history);
        assert_eq!(project.n_files(), worktree.len());
        assert_eq!(project.head(), None);
    }
    let mut files = folder.take();
    files.retain(|file| file.path != ".git/HEAD");
    assert_eq!(Project::import(files).notes, no_history);
    let file = File { path: ".git".into(), bytes: b"gitdir: ../x".to_vec(), executable: None };
    let notes = Project::import(vec![file]).notes;
    assert_eq!(notes, [Note::NoHistory { why: NoHistory::Elsewhere }]);
}

#[test]
fn a_hostile_pack_with_a_right_checksum_does_no_harm() {
    let folder = foreign_repository("hostile");
    let files = folder.take();
    let at = files.iter().position(|file| file.path.ends_with(".pack")).unwrap();
    let len = files[at].bytes.len();
    let mut n_rejected = 0;
    for n in 0..90 {
        let mut git: Vec<File> =
            files.iter().filter(|file| file.path.starts_with(".git/")).cloned().collect();
        let pack = git.iter_mut().find(|file| file.path == files[at].path).unwrap();
        let position = 4 + (n * 7919) % (len - 24);
        pack.bytes[position] ^= 1 << (n % 8);
        let sum = crate::git::pack::checksum(&pack.bytes[..len - 20]);
        pack.bytes[len - 20..].copy_from_slice(sum.as_bytes());
        let Imported { project, .. } = Project::import(git);
        n_rejected += usize::from(project.head().is_none());
        for (path, _) in project.entries() {
            project.read(path).unwrap();
        }
    }
    assert!(n_rejected > 70, "{n_rejected}");
}

#[test]
fn files_that_cannot_be_taken_in_are_told() {
    let file = |path: &str| File { path: path.into(), bytes: b"x".to_vec(), executable: None };
    let files = [
        "ok",
        "../out",
        "/abs",
        "a\\b",
        "lib/.git/config",
        "lib/.git/HEAD",
        "lib/x",
        "ok/inner",
        "ok",
    ];
    let Imported { project, notes } = Project::import(files.map(file).to_vec());
    assert_eq!(show(&project), "lib/x=x\nok=x\n");
    let notes: Vec<String> = notes.iter().map(Note::to_string).collect();
    expect_test::expect![[r#"
        left out: `../out` leads out of the project; write the path without `..`
        left out: `/abs` is absolute; paths start at the project's root, like `src/main.js`
        left out: `a\b` holds a backslash or a control character; use `/` and visible characters
        left out: `ok` collides with another file
        left out: the repository inside `lib`
        left out: `ok/inner` collides with another file"#]]
    .assert_eq(&notes.join("\n"));
}
