//! What an objective promises: a target, and how its budget is counted.

use super::super::{
    native::slice_length,
    tree::{Node, Reader, Value},
};
use crate::{BudgetingMethod, Target};

/// The target of an objective and its method; a mistake of the method is the caller's to tell.
pub(super) fn promised(
    reader: &mut Reader,
    node: &Node,
    method: Option<&str>,
) -> Option<(Target, BudgetingMethod)> {
    let known = [
        "displayName",
        "op",
        "value",
        "target",
        "targetPercent",
        "timeSliceTarget",
        "timeSliceWindow",
    ];
    if !reader.expect_map(node, "an objective", &known) {
        return None;
    }
    if let Some(op) = node.entry("op") {
        reader.word(op, "op", &["lte", "lt"]);
    }
    let target = match (node.entry("target"), node.entry("targetPercent")) {
        (Some(ratio), None) => reader.parsed(ratio, "target"),
        (None, Some(percent)) => {
            let text = reader.text(percent, "targetPercent")?;
            let target = format!("{text}%").parse::<Target>();
            if target.is_err() {
                reader.mistake(
                    percent,
                    format!("targetPercent `{text}`, expected a number up to 100 such as 99.9"),
                );
            }
            target.ok()
        }
        (None, None) => {
            reader.mistake(node, "`target` is missing");
            None
        }
        (Some(_), Some(percent)) => {
            reader.mistake(
                percent,
                "`targetPercent` beside `target`, expected one of them",
            );
            None
        }
    };
    let mut slice = || {
        let slice = reader.required(node, "timeSliceWindow")?;
        // A number is one of minutes.
        match &slice.value {
            Value::Scalar(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                slice_length(reader, &slice.beside(Value::Scalar(format!("{number}m"))))
            }
            _ => slice_length(reader, slice),
        }
    };
    let method = match method? {
        "Timeslices" => {
            let slice_seconds = slice();
            let slice_target = slice_target(reader, node);
            BudgetingMethod::Timeslices {
                slice_seconds: slice_seconds?,
                slice_target: slice_target?,
            }
        }
        "RatioTimeslices" => BudgetingMethod::RatioTimeslices {
            slice_seconds: slice()?,
        },
        _ => BudgetingMethod::Occurrences,
    };
    Some((target?, method))
}

/// The share of good events that makes a slice good.
pub(super) fn slice_target(reader: &mut Reader, objective: &Node) -> Option<Target> {
    let share = reader.required(objective, "timeSliceTarget")?;
    reader.parsed(share, "timeSliceTarget")
}
