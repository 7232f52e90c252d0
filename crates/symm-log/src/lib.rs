// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Where the messages of Symm's libraries go.
//!
//! Libraries speak through `tracing` and leave it to whoever embeds them in Rust what becomes of that. Symm's own programs, and
//! the C interface, whose hosts know nothing of `tracing`, decide it here: warnings and errors, or what [`VARIABLE`] asks for,
//! one line each.

use std::io::{self, Write};
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    field::RecordFields,
    fmt::{
        FormatFields,
        format::{DefaultFields, Writer},
    },
    layer::{Context, SubscriberExt},
    registry,
};

pub use tracing::Level;

/// Environment variable that says which messages there are: a level, such as `debug`, or levels by part, such as
/// `warn,symm_cuda::exchange=debug`. Without it: `warn`.
pub const VARIABLE: &str = "SYMM_LOG";

/// Gives the messages of this process to `sink`, on the threads that they come from; false if somebody else has them already.
pub fn install(sink: impl Fn(Level, &str) + Send + Sync + 'static) -> bool {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .with_env_var(VARIABLE)
        .from_env_lossy();
    let lines = Lines(sink);
    tracing::subscriber::set_global_default(registry().with(lines.with_filter(filter))).is_ok()
}

/// Prints the messages of this process to standard error, unless somebody else has them already.
pub fn to_stderr() {
    install(|level, message| print("", level, message));
}

/// Prints a message behind `prefix` to standard error, by one write: the ranks of a launcher share it.
pub fn print(prefix: &str, level: Level, message: &str) {
    let line = format!("{prefix}{}: {message}\n", word(level));
    // Where nobody reads it there is nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Names a level as diagnostics do.
fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Makes each event a line for whoever listens.
struct Lines<F>(F);

impl<S: Subscriber, F: Fn(Level, &str) + Send + Sync + 'static> Layer<S> for Lines<F> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        (self.0)(*event.metadata().level(), &text(event));
    }
}

/// Writes an event down: what it says, then its fields.
fn text(event: impl RecordFields) -> String {
    let mut text = String::new();
    // A string takes whatever is written to it.
    let _ = DefaultFields::new().format_fields(Writer::new(&mut text), event);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn heard(speak: impl FnOnce()) -> Vec<(Level, String)> {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let own = messages.clone();
        let sink = move |level, message: &str| own.lock().unwrap().push((level, message.into()));
        tracing::subscriber::with_default(registry().with(Lines(sink)), speak);
        messages.lock().unwrap().clone()
    }

    #[test]
    fn a_message_is_its_words_and_then_its_fields() {
        let messages = heard(|| {
            tracing::warn!(rank = 3, why = "it left", "dropped a connection");
            tracing::debug!("a rank joined");
        });
        let expected = [
            (Level::WARN, r#"dropped a connection rank=3 why="it left""#),
            (Level::DEBUG, "a rank joined"),
        ];
        let expected = expected.map(|(level, text)| (level, text.to_owned()));
        assert_eq!(messages, expected);
    }

    #[test]
    fn levels_are_named_as_in_diagnostics() {
        assert_eq!(word(Level::WARN), "warning");
        assert_eq!(word(Level::ERROR), "error");
    }
}
