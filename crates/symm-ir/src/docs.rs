// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Documentation from the declarations of passes and pipelines.

use crate::pass::{OptionDef, PassDef, PipelineDef};
use std::fmt::Write;

/// Returns the documentation of one pass, in Markdown.
pub fn pass_page(pass: &PassDef) -> String {
    let mut page = head(pass.argument, pass.summary, pass.description);
    let anchor = pass
        .anchor
        .map_or("any operation".to_owned(), |name| format!("`{name}`"));
    let _ = writeln!(page, "\nRuns on: {anchor}\n");
    write_options(&mut page, pass.options);
    if !pass.statistics.is_empty() {
        page.push_str("\n### Statistics\n\n| statistic | meaning |\n| --- | --- |\n");
        for statistic in pass.statistics {
            let _ = writeln!(page, "| `{}` | {} |", statistic.name, statistic.description);
        }
    }
    page
}

/// Returns the documentation of one pipeline, in Markdown.
pub fn pipeline_page(pipeline: &PipelineDef) -> String {
    let mut page = head(pipeline.argument, pipeline.summary, pipeline.description);
    page.push('\n');
    write_options(&mut page, pipeline.options);
    page
}

fn head(argument: &str, summary: &str, description: &str) -> String {
    format!(
        "## `--{argument}`\n\n_{summary}_\n\n{}\n",
        description.trim()
    )
}

fn write_options(page: &mut String, options: &[OptionDef]) {
    if options.is_empty() {
        return;
    }
    page.push_str(
        "### Options\n\n| option | type | default | meaning |\n| --- | --- | --- | --- |\n",
    );
    for option in options {
        let _ = writeln!(
            page,
            "| `{}` | {} | `{}` | {} |",
            option.name,
            option.type_name(),
            option.default,
            option.help
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pass::StatisticDef;

    static PASS: PassDef = PassDef {
        argument: "lower-it",
        summary: "lower it",
        description: "\n Lowers it.\n",
        anchor: Some("builtin.module"),
        options: &[
            OptionDef::int("limit", 7, "how many"),
            OptionDef::text("target", "cpu", "for what"),
        ],
        statistics: &[StatisticDef {
            name: "lowered",
            description: "what was lowered",
        }],
        dependent_dialects: &[],
        run: |_| Ok(()),
    };

    #[test]
    fn a_page_has_options_defaults_and_statistics() {
        let page = pass_page(&PASS);
        assert!(
            page.starts_with("## `--lower-it`\n\n_lower it_\n\nLowers it.\n"),
            "{page}"
        );
        assert!(page.contains("Runs on: `builtin.module`"), "{page}");
        assert!(
            page.contains("| `limit` | int | `7` | how many |"),
            "{page}"
        );
        assert!(
            page.contains("| `target` | string | `\"cpu\"` | for what |"),
            "{page}"
        );
        assert!(page.contains("| `lowered` | what was lowered |"), "{page}");
    }
}
