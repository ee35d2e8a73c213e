//! Random sequences of batches against a map, with every delta kept, opened again and taken back.

use std::collections::BTreeMap;

use super::*;

type Model = BTreeMap<String, (Vec<u8>, bool)>;

/// Numbers that are random enough and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn path(&mut self) -> String {
        let names = ["a", "b", "c", "a.b", "ü"];
        let depth = 1 + self.roll(3);
        (0..depth).map(|_| names[self.roll(names.len())]).collect::<Vec<_>>().join("/")
    }

    fn edit(&mut self, known: &[String]) -> Edit {
        let some = |dice: &mut Self| match known.len() {
            n if n > 0 && dice.roll(5) > 0 => path(&known[dice.roll(n)]),
            _ => path(&dice.path()),
        };
        match self.roll(8) {
            0..=3 => {
                let n = self.roll(12);
                Edit::Write { path: some(self), bytes: "xyz".repeat(n).into_bytes() }
            }
            4 | 5 => Edit::Remove { path: some(self) },
            6 => Edit::Move { from: some(self), to: path(&self.path()) },
            _ => Edit::SetExecutable { path: some(self), executable: self.roll(2) == 0 },
        }
    }
}

/// What the batch should do to the map, or nothing when it must be refused.
fn expected(model: &Model, edits: &[Edit]) -> Option<Model> {
    let mut model = model.clone();
    for edit in edits {
        match edit {
            Edit::Write { path, bytes } => {
                let executable =
                    model.get(path.as_str()).is_some_and(|(_, executable)| *executable);
                model.insert(path.to_string(), (bytes.clone(), executable));
            }
            Edit::Remove { path } => {
                model.remove(path.as_str())?;
            }
            Edit::Move { from, to } if from == to => {
                model.get(from.as_str())?;
            }
            Edit::Move { from, to } => {
                let file = model.remove(from.as_str())?;
                if model.insert(to.to_string(), file).is_some() {
                    return None;
                }
            }
            Edit::SetExecutable { path, executable } => {
                model.get_mut(path.as_str())?.1 = *executable;
            }
        }
    }
    let nested = |file: &String| {
        model
            .keys()
            .any(|other| other.strip_prefix(file.as_str()).is_some_and(|r| r.starts_with('/')))
    };
    (!model.keys().any(nested)).then_some(model)
}

fn files(project: &Project) -> Model {
    let file = |(path, entry): (&FilePath, &Entry)| {
        let bytes = project.read(path).unwrap();
        assert_eq!((bytes.len() as u64, Oid::of_blob(&bytes)), (entry.size_bytes, entry.oid));
        (path.to_string(), (bytes, entry.executable))
    };
    project.entries().map(file).collect()
}

fn run(seed: u64, n_steps: usize) -> (usize, usize) {
    let mut dice = Dice(seed);
    let mut project = Project::new();
    let mut disk = Disk::new(&project);
    let mut model = Model::new();
    let (mut n_applied, mut n_refused) = (0, 0);
    for step in 0..n_steps {
        let known: Vec<String> = model.keys().cloned().collect();
        let edits: Vec<Edit> = (0..=dice.roll(5)).map(|_| dice.edit(&known)).collect();
        let wanted = expected(&model, &edits);
        match project.apply(edits.clone()) {
            Err(refusal) => {
                assert!(wanted.is_none(), "seed {seed} step {step}: {refusal} for {edits:?}");
                n_refused += 1;
            }
            Ok(applied) => {
                let wanted = wanted.unwrap_or_else(|| panic!("seed {seed} step {step}: {edits:?}"));
                assert_eq!(files(&project), wanted, "seed {seed} step {step}");
                n_applied += 1;
                match dice.roll(4) {
                    0 => project.revert(&applied),
                    1 => {
                        disk.keep(&applied.delta);
                        let inverse = applied.inverse.clone();
                        let undone = project.apply(inverse.clone()).unwrap_or_else(|refusal| {
                            panic!("seed {seed} step {step}: {refusal} for {inverse:?}")
                        });
                        disk.keep(&undone.delta);
                    }
                    _ => {
                        disk.keep(&applied.delta);
                        model = wanted;
                    }
                }
            }
        }
        assert_eq!(files(&project), model, "seed {seed} step {step}");
        let second = i64::try_from(step).unwrap();
        match dice.roll(12) {
            0 | 1 => {
                if let Ok(committed) = project.commit(saying("step", second)) {
                    disk.keep(&committed.delta);
                }
            }
            2 => {
                if let Some(kept) =
                    project.safety_commit(&step.to_string(), "kept", &signature(second))
                {
                    disk.keep(&kept.delta);
                }
            }
            3 => {
                let Some(head) = project.head() else { continue };
                let log = project.log(head, 50);
                let to = log[dice.roll(log.len())].id;
                if let Ok((committed, _)) = project.restore(&to, saying("back", second)) {
                    disk.keep(&committed.delta);
                    model = files(&project);
                }
            }
            4 => disk = Disk { saved: project.compact().unwrap().into() },
            _ => {}
        }
        if step % 7 == 0 {
            same(&project, &disk.open());
        }
    }
    same(&project, &disk.open());
    (n_applied, n_refused)
}

fn run_all(seeds: std::ops::Range<u64>, n_steps: usize) -> (usize, usize) {
    seeds
        .map(|seed| run(seed, n_steps))
        .fold((0, 0), |(a, r), (applied, refused)| (a + applied, r + refused))
}

#[test]
#[ignore = "takes minutes: for long runs"]
fn random_batches_do_what_a_map_does_at_length() {
    let (n_applied, n_refused) = run_all(1000..1600, 150);
    println!("{n_applied} batches applied, {n_refused} refused");
}

#[test]
fn random_batches_do_what_a_map_does() {
    let (n_applied, n_refused) = run_all(0..60, 60);
    assert!(n_applied > 1000 && n_refused > 300, "{n_applied} applied, {n_refused} refused");
}
