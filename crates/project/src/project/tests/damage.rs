//! Stored projects that are cut, altered or incomplete.

use super::*;
use crate::Damaged;
use crate::git::segment::BadSegment;

fn stored() -> Disk {
    let mut project = Project::new();
    let mut disk = Disk::new(&project);
    disk.keep(&project.apply(vec![write("a", "one"), write("b/c", "two")]).unwrap().delta);
    disk.keep(&project.commit(saying("first", 0)).unwrap().delta);
    disk.keep(&project.apply(vec![write("a", "three")]).unwrap().delta);
    disk
}

#[test]
fn a_segment_cut_anywhere_is_known_as_torn() {
    let disk = stored();
    for (at, (number, bytes)) in disk.saved.segments.iter().enumerate() {
        for len in 0..bytes.len() {
            let mut cut = disk.clone();
            cut.saved.segments[at].1.truncate(len);
            let damaged = Project::load(cut.saved).unwrap_err();
            assert_eq!(damaged, Damaged::Segment { number: *number, why: BadSegment::Torn });
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let disk = stored();
    for at in 0..disk.saved.segments.len() {
        for bit in 0..disk.saved.segments[at].1.len() * 8 {
            let mut altered = disk.clone();
            altered.saved.segments[at].1[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Project::load(altered.saved), Err(Damaged::Segment { .. })));
        }
    }
}

#[test]
fn a_missing_segment_is_named_by_what_needs_it_and_the_rest_is_salvaged() {
    let disk = stored();
    let mut lacking = disk.clone();
    lacking.saved.segments.remove(2);
    let damaged = Project::load(lacking.saved.clone()).unwrap_err();
    assert_eq!(damaged, Damaged::File { path: path("a") });
    let (project, damages) = Project::salvage(lacking.saved);
    assert_eq!(damages, [Damaged::File { path: path("a") }]);
    assert_eq!(show(&project), "b/c=two\n");
    assert_eq!(project.status(), [(path("a"), Mark::Removed)]);

    let mut lacking = disk.clone();
    lacking.saved.segments.remove(1);
    assert!(matches!(Project::load(lacking.saved.clone()), Err(Damaged::Reference { .. })));
    let (project, damages) = Project::salvage(lacking.saved);
    assert_eq!(damages.len(), 1);
    assert_eq!(show(&project), "a=three\nb/c=two\n");
    assert_eq!(project.head(), None);

    let mut lacking = disk;
    lacking.saved.segments[0].1.truncate(30);
    let (project, damages) = Project::salvage(lacking.saved);
    assert_eq!(show(&project), "a=three\n");
    assert_eq!(damages.len(), 3, "the segment, the history and a file: {damages:?}");
}

#[test]
fn a_newer_segment_says_so() {
    let mut disk = stored();
    disk.saved.segments[0].1[8] = 2;
    let damaged = Project::load(disk.saved).unwrap_err();
    assert_eq!(damaged, Damaged::Segment { number: 0, why: BadSegment::Newer });
}

#[test]
fn a_head_that_is_no_branch_is_refused() {
    for name in ["", "main", "refs/tags/x", "refs/heads/", "refs/heads/../x", "refs/heads/a b"] {
        let mut disk = stored();
        disk.saved.head = name.to_owned();
        assert!(matches!(Project::load(disk.saved), Err(Damaged::Head { .. })), "{name}");
    }
}

#[test]
fn an_entry_that_is_no_file_content_is_refused() {
    let mut disk = stored();
    let (_, commit) = disk.saved.refs[0].clone();
    let entry = Entry { oid: commit, size_bytes: 3, executable: false };
    disk.saved.worktree.push((path("trick"), entry));
    assert_eq!(Project::load(disk.saved).unwrap_err(), Damaged::File { path: path("trick") });
}
