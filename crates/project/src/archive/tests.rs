//! Archives of ours, of others, and of people who mean harm.

use super::*;
use crate::{Edit, FilePath, Project};

const MOMENT: Moment = Moment { year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 6 };

fn file(path: &str, text: &str) -> File {
    File { path: path.into(), bytes: text.into(), executable: Some(false) }
}

/// An archive with exactly these names, whatever they are.
fn raw(names: &[&str]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(name.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn paths(unpacked: &Unpacked) -> Vec<&str> {
    unpacked.files.iter().map(|file| file.path.as_str()).collect()
}

fn read(bytes: &[u8]) -> Result<Unpacked, ArchiveError> {
    read_zip(bytes, Limits::default())
}

#[test]
fn what_goes_out_comes_in_again() {
    let mut files =
        vec![file("a", "1"), file("grüße/日本", ""), file(".git/objects/x.pack", "pack")];
    files[0].executable = Some(true);
    let bytes = write_zip(&files, MOMENT);
    assert_eq!(bytes, write_zip(&files, MOMENT));
    assert_eq!(read(&bytes).unwrap(), Unpacked { files, left_out: vec![] });
}

#[test]
fn of_two_files_with_one_path_the_first_goes_out() {
    let bytes = write_zip(&[file("a", "first"), file("a", "second")], MOMENT);
    assert_eq!(read(&bytes).unwrap().files, [file("a", "first")]);
}

#[test]
fn an_empty_folder_can_be_entered() {
    let bytes = write_zip(&[file("a/", ""), file("b", "")], MOMENT);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let folder = archive.by_index(0).unwrap();
    assert_eq!((folder.is_dir(), folder.unix_mode()), (true, Some(0o40_755)));
}

#[test]
fn a_project_survives_its_zip() {
    let mut project = Project::new();
    let write = |path: &str| Edit::Write {
        path: FilePath::parse(path).unwrap(),
        bytes: path.as_bytes().to_vec(),
    };
    project.apply(vec![write("src/main.js"), write("index.html")]).unwrap();
    let signature = crate::Signature {
        name: "A".into(),
        email: "a@b".into(),
        seconds: 1_700_000_000,
        offset_minutes: 0,
    };
    let commit = crate::NewCommit {
        message: "first".into(),
        author: signature.clone(),
        committer: signature,
        allow_empty: false,
    };
    project.commit(commit).unwrap();
    let bytes = write_zip(&project.export_git().unwrap(), MOMENT);
    let imported = Project::import(read(&bytes).unwrap().files);
    assert!(imported.notes.is_empty() && imported.project.is_clean());
    assert_eq!(imported.project.head(), project.head());
    assert!(imported.project.entries().eq(project.entries()));
}

#[test]
fn one_folder_around_everything_is_taken_off() {
    assert_eq!(paths(&read(&raw(&["top/a", "top/b/c"])).unwrap()), ["a", "b/c"]);
    assert_eq!(paths(&read(&raw(&["top/a", "other"])).unwrap()), ["top/a", "other"]);
    assert_eq!(
        paths(&read(&raw(&[".git/HEAD", ".git/config"])).unwrap()),
        [".git/HEAD", ".git/config"]
    );
}

#[test]
fn names_that_lead_out_are_left_out_and_told() {
    let names = [
        "../evil",
        "a/../../evil",
        "/etc/passwd",
        "C:\\evil",
        "c:evil",
        "..\\evil",
        "\\\\host\\x",
        "fine/./x",
        "fine\\y",
        "__MACOSX/fine/._x",
        "fine/.DS_Store",
    ];
    let unpacked = read(&raw(&names)).unwrap();
    assert_eq!(paths(&unpacked), ["x", "y"], "and the folder around both is taken off");
    let outside = names[..7].iter().map(|name| LeftOut::Outside((*name).to_owned()));
    assert_eq!(unpacked.left_out, outside.collect::<Vec<_>>());
}

#[test]
fn two_spellings_of_one_path_are_one_file() {
    let unpacked = read(&raw(&["a/b", "a//b", "c"])).unwrap();
    assert_eq!(paths(&unpacked), ["a/b", "c"]);
    assert_eq!(unpacked.left_out, [LeftOut::Twice("a/b".into())]);
}

#[test]
fn symbolic_links_are_not_followed() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    writer.start_file("x", options).unwrap();
    let unpacked = read(&writer.finish().unwrap().into_inner()).unwrap();
    assert_eq!(paths(&unpacked), ["x"]);
    assert_eq!(unpacked.left_out, [LeftOut::Link("link".into())]);
}

#[test]
fn bombs_are_refused_and_large_files_left_out() {
    let zeros = |n: usize| File { path: "zeros".into(), bytes: vec![0; n], executable: None };
    let one = write_zip(&[zeros(2_000_000), file("small", "x")], MOMENT);
    let limits = Limits { file_bytes: 1_000_000, ..Limits::default() };
    let unpacked = read_zip(&one, limits).unwrap();
    assert_eq!(paths(&unpacked), ["small"]);
    let left_out = LeftOut::TooLarge { path: "zeros".into(), limit_bytes: 1_000_000 };
    assert_eq!(unpacked.left_out, [left_out]);

    let limits = Limits { total_bytes: 1_500_000, ..Limits::default() };
    let too_large = ArchiveError::TooLarge { limit_bytes: 1_500_000 };
    assert_eq!(read_zip(&one, limits), Err(too_large));

    let limits = Limits { n_files: 1, ..Limits::default() };
    assert_eq!(read_zip(&one, limits), Err(ArchiveError::TooMany { limit: 1 }));
}

#[test]
fn a_stated_size_is_not_believed() {
    let mut bytes = write_zip(
        &[File { path: "zeros".into(), bytes: vec![0; 3_000_000], executable: None }],
        MOMENT,
    );
    let size = 3_000_000_u32.to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == size {
            bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
    }
    let limits = Limits { total_bytes: 1_000_000, ..Limits::default() };
    assert!(read_zip(&bytes, limits).is_err());
}

#[test]
fn what_is_no_archive_or_cut_or_altered_is_damaged_and_never_panics() {
    assert_eq!(read(b""), Err(ArchiveError::Damaged));
    assert_eq!(read(b"not a zip at all"), Err(ArchiveError::Damaged));
    let bytes = write_zip(&[file("a", "some text, some text"), file("b/c", "more")], MOMENT);
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err(), "{len}");
    }
    let mut n_refused = 0;
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        n_refused += usize::from(read(&altered).is_err());
    }
    assert!(n_refused > 0);
}

#[test]
fn an_encrypted_archive_says_so() {
    let mut bytes = raw(&["secret"]);
    // The first flag of an entry, in its own header and in the directory.
    for (magic, flags_at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = bytes.windows(4).position(|four| four == magic).unwrap();
        bytes[at + flags_at] |= 1;
    }
    assert_eq!(read(&bytes), Err(ArchiveError::Encrypted));
}
