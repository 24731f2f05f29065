//! The end of a run: what was tried, the patch, before and after, where the reports lie.

use crate::{
    drive::{Failure, Summary},
    report, say,
    terminal::{Style, diff},
};

/// Prints the summary of a run.
///
/// # Errors
/// When it can not be written as JSON.
pub fn print(summary: &Summary, json: bool, style: Style) -> Result<(), Failure> {
    if json {
        say(&serde_json::to_string_pretty(summary)?);
        return Ok(());
    }
    let heading = |text: &str| say(&format!("\n{}", style.bold(text)));
    if let Some(heal) = &summary.heal {
        if !heal.candidates.is_empty() {
            heading("What was tried, best expected benefit first");
            say(report::candidates(heal, style).trim_end());
        }
        for refusal in &heal.refusals {
            say(&format!(
                "  refused by {}: {}",
                refusal.rule, refusal.detail
            ));
        }
        let chosen = report::chosen(heal);
        if let Some(candidate) = chosen {
            heading(&format!("The patch: {}", candidate.title));
            say(diff(&candidate.diff, style).trim_end());
            heading("Replayed load, without and with the change");
            say(report::before_after(&candidate.comparisons, style).trim_end());
        }
        if let Some(deployment) = &heal.deployment {
            let merge = deployment.merge.as_ref().map_or_else(
                || "waits for a person to merge it".to_owned(),
                |merge| format!("merged as {}", merge.short()),
            );
            say(&format!(
                "  {} on {}, {merge}",
                deployment.commit.short(),
                deployment.branch
            ));
        }
        if let Some(verification) = &heal.verification {
            heading("New traffic, before and after the deployment");
            say(report::before_after(&verification.comparisons, style).trim_end());
            say(&format!("  {}", verification.explanation));
        }
        for lesson in &heal.lessons {
            let (before, after) = lesson.probability;
            say(&format!(
                "  learned: {} for {}: {before:.2} → {after:.2}",
                lesson.recipe, lesson.signature
            ));
        }
    }
    if let Some(recovery) = &summary.recovery {
        say(&format!("  {}", recovery.explanation));
    }
    say("");
    for (step, error) in &summary.failures {
        say(&style.bad(&format!("✘ {step}: {error}")));
    }
    let verdict = format!(
        "{}: {}",
        summary.outcome.replace('_', " "),
        summary.explanation
    );
    say(&match summary.exit_code() {
        0 => style.good(&verdict),
        1 => style.warn(&verdict),
        _ => style.bad(&verdict),
    });
    say(&format!("reports in {}:", summary.folder.display()));
    say(&format!("  {}", summary.artifacts.join("  ")));
    Ok(())
}

/// An error and its causes in one line.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
