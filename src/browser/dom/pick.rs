//! Files and folders that the person chooses or drops.
//!
//! A file over the limit is named and left out, so that one video does not stop a folder.

use js_sys::{Array, Uint8Array};
use link::home::ImportedFile;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    DragEvent, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader,
    FileSystemEntry, FileSystemFileEntry,
};

const MAX_BYTES: f64 = 50_000_000.0;
const MAX_FILES: usize = 50_000;
/// Folders that are made from others and would only be weight.
const LEFT_OUT: [&str; 3] = ["node_modules", "target", ".DS_Store"];

/// What was chosen.
#[derive(Debug)]
pub enum Picked {
    Zip {
        name: String,
        bytes: Vec<u8>,
    },
    /// `left_out` names files that are too large or cannot be read.
    Folder {
        name: String,
        files: Vec<ImportedFile>,
        left_out: Vec<String>,
    },
    /// Single files, with their plain names.
    Files {
        files: Vec<ImportedFile>,
        left_out: Vec<String>,
    },
    Nothing,
}

/// Reads what a file field holds.
pub fn picked(list: Option<FileList>, done: impl FnOnce(Picked) + 'static) {
    let files: Vec<File> = list
        .map_or_else(Vec::new, |list| (0..list.length()).filter_map(|at| list.item(at)).collect());
    spawn_local(async move {
        let mut found = Vec::new();
        for file in files {
            let path = relative_path(&file).unwrap_or_else(|| file.name());
            found.push((path, file));
        }
        done(read(found).await);
    });
}

/// Reads the one file that a field holds as text; none when it is not text or too large.
pub fn picked_text(list: Option<FileList>, done: impl FnOnce(Option<String>) + 'static) {
    let file = list.and_then(|it| it.item(0)).filter(|it| it.size() <= MAX_BYTES);
    spawn_local(async move {
        let bytes = match &file {
            Some(file) => bytes_of(file).await,
            None => None,
        };
        done(bytes.and_then(|it| String::from_utf8(it).ok()));
    });
}

/// Reads what was dropped, folders with all that is in them.
pub fn dropped(ev: &DragEvent, done: impl FnOnce(Picked) + 'static) {
    let mut entries = Vec::new();
    if let Some(items) = ev.data_transfer().map(|it| it.items()) {
        // The list is emptied once the handler returns, so entries are taken at once.
        for at in 0..items.length() {
            let entry = items.get(at).and_then(|it| it.webkit_get_as_entry().ok().flatten());
            entries.extend(entry);
        }
    }
    spawn_local(async move {
        let mut found = Vec::new();
        while let Some(entry) = entries.pop() {
            if found.len() >= MAX_FILES || LEFT_OUT.contains(&entry.name().as_str()) {
                continue;
            }
            if let Some(folder) = entry.dyn_ref::<FileSystemDirectoryEntry>() {
                entries.extend(children(folder).await);
            } else if let Ok(file) = entry.clone().dyn_into::<FileSystemFileEntry>() {
                let path = entry.full_path().trim_start_matches('/').to_owned();
                found.extend(file_of(&file).await.map(|file| (path, file)));
            }
        }
        done(read(found).await);
    });
}

async fn read(found: Vec<(String, File)>) -> Picked {
    if let [(name, file)] = found.as_slice()
        && name.to_lowercase().ends_with(".zip")
    {
        let name = name.rsplit('/').next().unwrap_or(name);
        let name = name[..name.len() - ".zip".len()].to_owned();
        return match bytes_of(file).await {
            Some(bytes) => Picked::Zip { name, bytes },
            None => Picked::Files { files: Vec::new(), left_out: vec![name] },
        };
    }
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for (path, file) in found {
        if path.split('/').any(|it| LEFT_OUT.contains(&it)) {
            continue;
        }
        let fits = file.size() <= MAX_BYTES && files.len() < MAX_FILES;
        match if fits { bytes_of(&file).await } else { None } {
            Some(bytes) => files.push(ImportedFile { path, bytes }),
            None => left_out.push(path),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let folder = files.first().and_then(|it| it.path.split_once('/')).map(|(it, _)| it.to_owned());
    match folder {
        Some(name) if files.iter().all(|it| it.path.starts_with(&format!("{name}/"))) => {
            for file in &mut files {
                file.path.drain(..=name.len());
            }
            Picked::Folder { name, files, left_out }
        }
        _ if files.is_empty() && left_out.is_empty() => Picked::Nothing,
        _ => Picked::Files { files, left_out },
    }
}

async fn bytes_of(file: &File) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

fn relative_path(file: &File) -> Option<String> {
    let path = js_sys::Reflect::get(file, &"webkitRelativePath".into()).ok()?;
    path.as_string().filter(|it| !it.is_empty())
}

async fn file_of(entry: &FileSystemFileEntry) -> Option<File> {
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        entry.file_with_callback_and_callback(&resolve, &reject);
    });
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

async fn children(folder: &FileSystemDirectoryEntry) -> Vec<FileSystemEntry> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    // A reader gives a hundred at a time, and nothing when it is done.
    while let Some(some) = next(&reader).await {
        if some.length() == 0 {
            break;
        }
        all.extend(some.iter().filter_map(|it| it.dyn_into::<FileSystemEntry>().ok()));
    }
    all
}

async fn next(reader: &FileSystemDirectoryReader) -> Option<Array> {
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        let failed = {
            let reject = reject.clone();
            Closure::once_into_js(move |why: JsValue| reject.call1(&JsValue::NULL, &why))
        };
        let asked =
            reader.read_entries_with_callback_and_callback(&resolve, failed.unchecked_ref());
        if let Err(why) = asked {
            // The promise then hears it; calling a promise's own function does not fail.
            reject.call1(&JsValue::NULL, &why).ok();
        }
    });
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}
