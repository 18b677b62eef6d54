//! Bundles `web/` with npm into `OUT_DIR` and writes a table of the results for `lib.rs` to include.
//!
//! The sources are copied first, so that nothing is ever written beside them. `BANKSIDE_WEB_DIST` names a ready bundle instead
//! (a folder with `app.js`, `early.js` and `bankside.css`), for builds without Node.

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the bundle consists of, and how it is served.
const BUNDLE: [(&str, &str); 3] = [
    ("app.js", "text/javascript; charset=utf-8"),
    ("early.js", "text/javascript; charset=utf-8"),
    ("bankside.css", "text/css; charset=utf-8"),
];

const MANIFESTS: [&str; 3] = ["package.json", "package-lock.json", "build.mjs"];
const FOLDERS: [&str; 2] = ["src", "style"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=BANKSIDE_WEB_DIST");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let ready = std::env::var_os("BANKSIDE_WEB_DIST").map(PathBuf::from);
    let bundle = match &ready {
        Some(ready) => ready.clone(),
        None => bundle(&out)?,
    };
    let mut table = String::from("&[\n");
    for (name, media_type) in BUNDLE {
        let path = bundle.join(name);
        // What was bundled just now is younger than this run: watching it would bundle again at every build.
        if ready.is_some() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        fs::write(out.join(name), &bytes)?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        writeln!(
            table,
            "Asset {{ name: {name:?}, media_type: {media_type:?}, version: \"{:016x}\", \
             bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\")) }},",
            hasher.finish()
        )?;
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// Copies the sources into `OUT_DIR`, installs what they need there and runs the bundler.
fn bundle(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web").canonicalize()?;
    let work = out.join("web");
    fs::create_dir_all(&work)?;
    // Two cargo processes may build into the same folder.
    let lock = File::create(out.join("web.lock"))?;
    lock.lock()?;

    let lock_file = sources.join("package-lock.json");
    let installed = work.join("installed-lock.json");
    let is_installed = fs::read(&installed).ok().is_some_and(|kept| fs::read(&lock_file).is_ok_and(|now| now == kept));
    for name in MANIFESTS {
        copy(&sources.join(name), &work.join(name))?;
    }
    for folder in FOLDERS {
        let target = work.join(folder);
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        copy_folder(&sources.join(folder), &target)?;
    }
    if !is_installed {
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&work))?;
        fs::copy(&lock_file, &installed)?;
    }
    run(Command::new("node").args(["build.mjs", "dist"]).current_dir(&work))?;
    Ok(work.join("dist"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", from.display());
    fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", from.display());
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|error| {
        format!("{shown}: {error}\nBankside's pages are bundled with Node 20 and npm; or set BANKSIDE_WEB_DIST to a ready bundle.")
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{shown} failed\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}
