//! Installs what the tests need and the machine lacks, with the system's package manager, and says so.

use crate::run::{Done, answer, present, root, run};

/// Debian packages by the program (or file) that shows they are there.
const PACKAGES: [(&str, &str); 4] =
    [("chromium", "chromium"), ("node", "nodejs"), ("npm", "npm"), ("fc-list", "fontconfig")];

/// Installs what is missing for the browser tests.
pub fn install() -> Done {
    let mut missing: Vec<&str> =
        PACKAGES.iter().filter(|(program, _)| !present(program)).map(|(_, package)| *package).collect();
    let chinese = answer("fc-list", &[":lang=zh-tw"]).is_some_and(|fonts| !fonts.trim().is_empty());
    if !chinese {
        missing.push("fonts-noto-cjk");
    }
    if missing.is_empty() {
        println!("All programs the tests need are here.");
    } else {
        println!("Installing with apt-get: {}", missing.join(", "));
        let user = answer("id", &["-u"]).unwrap_or_default();
        let prefix: &[&str] = if user.trim() == "0" { &[] } else { &["sudo"] };
        apt(prefix, &["update", "-qq"])?;
        let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
        words.extend(&missing);
        apt(prefix, &words)?;
    }
    browser_packages()
}

fn apt(prefix: &[&str], words: &[&str]) -> Done {
    match prefix.first() {
        Some(program) => {
            let mut all = vec!["apt-get"];
            all.extend(words);
            run(program, &all)
        }
        None => run("apt-get", words),
    }
}

/// The packages of the browser tests, at the versions of their lock file.
fn browser_packages() -> Done {
    let folder = root().join("tests/browser");
    if !folder.join("package.json").is_file() {
        return Err("tests/browser/package.json is missing".to_owned());
    }
    if folder.join("node_modules/playwright-core").is_dir() && folder.join("node_modules/axe-core").is_dir() {
        return Ok(());
    }
    let folder = folder.to_string_lossy().into_owned();
    run("npm", &["ci", "--prefix", &folder, "--no-audit", "--no-fund", "--ignore-scripts"])
}
