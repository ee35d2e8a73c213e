//! Whole stories of a project: edits, commits, going back, saving and opening.

mod damage;
mod differences;
mod model;
mod real_git;

use super::*;
use crate::{Mark, NewCommit, Nothing, RestoreError, Signature};

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

fn write(at: &str, text: &str) -> Edit {
    Edit::Write { path: path(at), bytes: text.as_bytes().to_vec() }
}

fn remove(at: &str) -> Edit {
    Edit::Remove { path: path(at) }
}

fn mv(from: &str, to: &str) -> Edit {
    Edit::Move { from: path(from), to: path(to) }
}

fn signature(seconds: i64) -> Signature {
    Signature {
        name: "Ada Lovelace".into(),
        email: "ada@example.org".into(),
        seconds: 1_700_000_000 + seconds,
        offset_minutes: 120,
    }
}

fn saying(message: &str, seconds: i64) -> NewCommit {
    NewCommit {
        message: message.into(),
        author: signature(seconds),
        committer: signature(seconds),
        allow_empty: false,
    }
}

/// The files as `path=text` lines; `*` marks an executable one.
fn show(project: &Project) -> String {
    let line = |(path, entry): (&FilePath, &Entry)| {
        let star = if entry.executable { "*" } else { "" };
        format!("{path}{star}={}\n", String::from_utf8_lossy(&project.read(path).unwrap()))
    };
    project.entries().map(line).collect()
}

/// A store that keeps deltas the way a real one does.
#[derive(Debug, Clone, Default)]
struct Disk {
    saved: Saved,
}

impl Disk {
    fn new(project: &Project) -> Self {
        Self { saved: Saved { head: project.head.clone(), ..Saved::default() } }
    }

    fn keep(&mut self, delta: &Delta) {
        let number = self.saved.segments.len() as u64;
        self.saved.segments.extend(delta.segment.clone().map(|bytes| (number, bytes)));
        for (name, id) in &delta.refs {
            self.saved.refs.retain(|(kept, _)| kept != name);
            self.saved.refs.extend(id.map(|id| (name.clone(), id)));
        }
        self.saved.journal.extend(delta.journal.clone());
    }

    fn open(&self) -> Project {
        Project::load(self.saved.clone()).unwrap()
    }
}

#[track_caller]
fn same(a: &Project, b: &Project) {
    assert_eq!(show(a), show(b));
    assert_eq!(a.worktree, b.worktree);
    assert_eq!(a.refs, b.refs);
    assert_eq!(a.head, b.head);
    assert_eq!(a.status(), b.status());
    assert_eq!(a.tree_of_worktree(), b.tree_of_worktree());
    assert_eq!(a.last_commit.tree, b.last_commit.tree);
    assert_eq!(a.last_commit.listing.files, b.last_commit.listing.files);
}

#[test]
fn edits_commits_and_marks() {
    let mut project = Project::new();
    assert_eq!((project.head(), project.branch()), (None, "main"));
    let batch = vec![write("index.html", "<p>"), write("src/a.js", "1"), write("src/b.js", "2")];
    project.apply(batch).unwrap();
    assert_eq!(project.status().len(), 3);
    let first = project.commit(saying("first", 0)).unwrap();
    assert!(project.is_clean());
    assert_eq!(project.commit(saying("again", 1)).unwrap_err(), Nothing);

    let batch = vec![write("index.html", "<b>"), remove("src/a.js"), write("new", "")];
    project.apply(batch).unwrap();
    let marks = [
        (path("index.html"), Mark::Modified),
        (path("new"), Mark::Added),
        (path("src/a.js"), Mark::Removed),
    ];
    assert_eq!(project.status(), marks);
    let second = project.commit(saying("second", 2)).unwrap();
    assert_eq!(project.head(), Some(second.id));
    let log = project.log(second.id, 10);
    assert_eq!(log.iter().map(|commit| commit.title()).collect::<Vec<_>>(), ["second", "first"]);
    assert_eq!(log[0].parents, [first.id]);
    assert_eq!(log[0].author, signature(2));
}

#[test]
fn going_back_is_a_new_commit_with_the_old_tree() {
    let mut project = Project::new();
    project.apply(vec![write("a", "1"), write("gone/x", "x")]).unwrap();
    let first = project.commit(saying("first", 0)).unwrap();
    project.apply(vec![write("a", "2"), remove("gone/x"), write("gone", "a file")]).unwrap();
    let second = project.commit(saying("second", 1)).unwrap();

    let (back, applied) = project.restore(&first.id, saying("back", 2)).unwrap();
    assert_eq!(back.tree, first.tree);
    assert_eq!(show(&project), "a=1\ngone/x=x\n");
    assert!(project.is_clean());
    assert_eq!(project.commit_of(&back.id).unwrap().parents, [second.id]);
    assert_eq!(applied.changes.len(), 3);
    assert_eq!(project.restore(&first.id, saying("", 3)).unwrap_err(), RestoreError::Nothing);
    let blob = project.entry(&path("a")).unwrap().oid;
    assert_eq!(project.restore(&blob, saying("", 3)).unwrap_err(), RestoreError::Unknown(blob));

    project.restore(&second.id, saying("undo", 3)).unwrap();
    assert_eq!(show(&project), "a=2\ngone=a file\n");
}

#[test]
fn a_safety_commit_leaves_branch_and_files_alone() {
    let mut project = Project::new();
    project.apply(vec![write("a", "1")]).unwrap();
    let first = project.commit(saying("first", 0)).unwrap();
    assert!(project.safety_commit("1", "kept", &signature(1)).is_none());
    project.apply(vec![write("a", "mine")]).unwrap();
    let kept = project.safety_commit("2026/x y", "kept", &signature(1)).unwrap();
    assert_eq!(kept.delta.refs, [("refs/easel/safety/2026-x-y".to_owned(), Some(kept.id))]);
    assert_eq!(project.head(), Some(first.id));
    assert_eq!(project.status(), [(path("a"), Mark::Modified)]);
    assert_eq!(project.commit_of(&kept.id).unwrap().parents, [first.id]);
    project.restore(&first.id, saying("back", 2)).unwrap();
    project.restore(&kept.id, saying("forth", 3)).unwrap();
    assert_eq!(show(&project), "a=mine\n");
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut project = Project::new();
    project.apply(vec![write("a/b", "1"), write("c", "2")]).unwrap();
    let before = show(&project);
    let large = vec![0; usize::try_from(crate::LIMIT_FILE_BYTES).unwrap() + 1];
    let limit_bytes = crate::LIMIT_FILE_BYTES;
    let cases = [
        (vec![write("d", ""), remove("nothing")], 1, Why::Missing),
        (vec![remove("a")], 0, Why::FolderInTheWay),
        (vec![mv("c", "a/b")], 0, Why::Exists),
        (vec![write("a", "")], 0, Why::FolderInTheWay),
        (vec![write("x", ""), write("c/d", "")], 1, Why::FileInTheWay { file: path("c") }),
        (vec![mv("a/b", "c/b")], 0, Why::FileInTheWay { file: path("c") }),
        (vec![Edit::Write { path: path("large"), bytes: large }], 0, Why::TooLarge { limit_bytes }),
        (vec![Edit::SetExecutable { path: path("x"), executable: true }], 0, Why::Missing),
    ];
    for (edits, index, why) in cases {
        let refusal = project.apply(edits).unwrap_err();
        assert_eq!((refusal.index, refusal.why), (index, why));
        assert_eq!(show(&project), before);
    }
    let refusal = project.apply(vec![write("x", ""), remove("nothing")]).unwrap_err();
    assert_eq!(refusal.to_string(), "edit 2 of `nothing`: there is no such file");
}

#[test]
fn the_largest_file_is_accepted() {
    let mut project = Project::new();
    let bytes = vec![7; usize::try_from(crate::LIMIT_FILE_BYTES).unwrap()];
    let delta = project.apply(vec![Edit::Write { path: path("a"), bytes }]).unwrap().delta;
    let mut disk = Disk::new(&project);
    disk.keep(&delta);
    assert_eq!(disk.open().read(&path("a")).unwrap().len() as u64, crate::LIMIT_FILE_BYTES);
}

#[test]
fn too_many_files_are_refused() {
    let mut project = Project::new();
    let many = (0..crate::LIMIT_FILES).map(|n| write(&format!("f/{n}"), "")).collect();
    project.apply(many).unwrap();
    let why = project.apply(vec![write("one more", "")]).unwrap_err().why;
    assert_eq!(why, Why::TooManyFiles { limit: crate::LIMIT_FILES });
    assert_eq!(project.n_files(), crate::LIMIT_FILES);
    project.apply(vec![remove("f/7"), write("instead", "")]).unwrap();
}

#[test]
fn a_write_of_the_same_is_no_change() {
    let mut project = Project::new();
    project.apply(vec![write("a", "1")]).unwrap();
    let applied = project.apply(vec![write("a", "2"), write("a", "1")]).unwrap();
    assert!(applied.changes.is_empty() && applied.delta.is_empty() && applied.inverse.is_empty());
}

#[test]
fn a_file_becomes_a_folder_in_one_batch_and_back() {
    let mut project = Project::new();
    project.apply(vec![write("a", "file"), write("z", "other")]).unwrap();
    project.commit(saying("file", 0)).unwrap();
    let applied = project.apply(vec![mv("a", "t"), mv("t", "a/b"), mv("z", "a/c")]).unwrap();
    assert_eq!(show(&project), "a/b=file\na/c=other\n");
    let committed = project.commit(saying("folder", 1)).unwrap();
    assert_eq!(trees::list(&project.objects, committed.tree).unwrap().files.len(), 2);
    project.apply(applied.inverse).unwrap();
    assert_eq!(show(&project), "a=file\nz=other\n");
}

#[test]
fn a_folder_moves_with_all_that_is_in_it() {
    let mut project = Project::new();
    project.apply(vec![write("src/a", "1"), write("src/b/c", "2"), write("srcx", "3")]).unwrap();
    let edits = project.moves_of_folder(&path("src"), &path("lib/x")).unwrap();
    let applied = project.apply(edits).unwrap();
    assert_eq!(show(&project), "lib/x/a=1\nlib/x/b/c=2\nsrcx=3\n");
    assert!(applied.delta.segment.is_none(), "moving writes no content");
    assert!(applied.inverse.iter().all(|edit| matches!(edit, Edit::Move { .. })));
    let into = project.moves_of_folder(&path("lib"), &path("lib/x/y")).unwrap_err();
    assert_eq!(into.why, Why::IntoItself);
    let none = project.moves_of_folder(&path("nothing"), &path("y")).unwrap_err();
    assert_eq!(none.why, Why::Missing);
}

#[test]
fn text_is_told_from_other_content() {
    let mut project = Project::new();
    let bytes = vec![0xff, 0xfe, 0];
    project.apply(vec![write("t", "grüße"), Edit::Write { path: path("b"), bytes }]).unwrap();
    assert_eq!(project.read_text(&path("t")).unwrap(), "grüße");
    assert_eq!(project.read_text(&path("b")), Err(NotText::Binary));
    assert_eq!(project.read_text(&path("x")), Err(NotText::Missing));
}

#[test]
fn what_did_not_become_durable_is_taken_back_and_written_again() {
    let mut project = Project::new();
    let mut disk = Disk::new(&project);
    disk.keep(&project.apply(vec![write("a", "1")]).unwrap().delta);
    disk.keep(&project.commit(saying("first", 0)).unwrap().delta);
    let first = project.head().unwrap();

    let failed = project.apply(vec![write("a", "2"), write("b", "3")]).unwrap();
    let failed_commit = project.commit(saying("failed", 1)).unwrap();
    project.undo_commit(&failed_commit);
    project.revert(&failed);
    same(&project, &disk.open());

    disk.keep(&project.apply(vec![write("a", "2"), write("b", "3")]).unwrap().delta);
    same(&project, &disk.open());
    disk.keep(&project.commit(saying("failed", 1)).unwrap().delta);
    same(&project, &disk.open());

    let (committed, applied) = project.restore(&first, saying("back", 2)).unwrap();
    project.undo_commit(&committed);
    project.revert(&applied);
    same(&project, &disk.open());
    let (committed, _) = project.restore(&first, saying("back", 2)).unwrap();
    disk.keep(&committed.delta);
    same(&project, &disk.open());
}

#[test]
fn compacting_keeps_what_is_reachable_and_drops_the_rest() {
    let mut project = Project::new();
    for n in 0..20 {
        project.apply(vec![write("a", &format!("draft {n}"))]).unwrap();
    }
    project.commit(saying("first", 0)).unwrap();
    project.apply(vec![write("b", "not committed")]).unwrap();
    project.safety_commit("1", "kept", &signature(1)).unwrap();
    let before = show(&project);
    let whole = project.compact().unwrap();
    let again = project.compact().unwrap();
    assert_eq!((whole.segment.clone(), whole.refs.clone()), (again.segment, again.refs));
    assert_eq!(project.objects().n_segments(), 1);
    assert_eq!(project.objects().len(), 6, "two files, two trees, two commits");
    assert_eq!(show(&project), before);
    let mut disk = Disk { saved: whole.into() };
    same(&project, &disk.open());
    assert_eq!(project.blob(&Oid::of_blob(b"draft 7")), None);
    // Content that was dropped is written once more.
    disk.keep(&project.apply(vec![write("a", "draft 3")]).unwrap().delta);
    same(&project, &disk.open());
}

#[test]
fn compacting_keeps_what_it_is_told_to() {
    let mut project = Project::new();
    for n in 0..5 {
        project.apply(vec![write("a", &format!("draft {n}"))]).unwrap();
    }
    let (known, unknown) = (Oid::of_blob(b"draft 2"), Oid::of_blob(b"never was"));
    let whole = project.compact_keeping([known, unknown]).unwrap();
    let opened = Project::load(whole.into()).unwrap();
    assert_eq!(opened.blob(&known).unwrap(), b"draft 2");
    assert_eq!(opened.objects().len(), 2);
}

#[test]
fn a_large_project_is_not_compacted_for_a_few_edits() {
    let mut project = Project::new();
    let noise = |seed: u64| -> Vec<u8> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..60_000).map(next).collect()
    };
    project.apply(vec![Edit::Write { path: path("large"), bytes: noise(1) }]).unwrap();
    for n in 0..100 {
        project.apply(vec![write("small", &n.to_string())]).unwrap();
    }
    assert!(!project.should_compact());
    project.apply(vec![Edit::Write { path: path("other"), bytes: noise(3) }]).unwrap();
    assert!(project.should_compact());
    project.compact().unwrap();
    assert!(!project.should_compact());
}

#[test]
fn names_and_messages_that_git_would_refuse_are_cleaned() {
    let mut project = Project::new();
    project.apply(vec![write("a", "1")]).unwrap();
    let odd = Signature {
        name: " <Eve>\n".into(),
        email: "e<v>e\0@x".into(),
        seconds: -5,
        offset_minutes: -9999,
    };
    let commit = NewCommit {
        message: "nul \0 here".into(),
        author: odd.clone(),
        committer: Signature { name: "  ".into(), ..odd },
        allow_empty: false,
    };
    let id = project.commit(commit).unwrap().id;
    let commit = project.commit_of(&id).unwrap();
    assert_eq!(commit.message, "nul  here\n");
    assert_eq!((commit.author.name.as_str(), commit.author.email.as_str()), ("Eve", "eve@x"));
    assert_eq!((commit.author.seconds, commit.author.offset_minutes), (0, -840));
    assert_eq!(commit.committer.name, "unknown");
}
