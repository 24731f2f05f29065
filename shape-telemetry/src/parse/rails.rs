//! What Rails writes where its logger has no layout: the lines of a request, most of them without a time.

use super::{
    exception,
    scan::{bracketed, split},
    time::{self, Context},
};
use crate::{Format, Level, Record};

/// How the lines of a request begin; those with a blank in front go on with the one before.
const STARTS: [&str; 7] = [
    "Completed ",
    "Redirected to ",
    "Rendered ",
    "Rendering ",
    "Filter chain halted as ",
    "Sent file ",
    "Sent data ",
];

/// `Started GET "/orders/12" for 127.0.0.1 at 2026-11-24 12:00:00 +0000`, whose time stands last, `Processing by
/// OrdersController#show as HTML`, `Completed 200 OK in 12ms (…)`, `[ActiveJob] …`, and an error that was not rescued.
pub(crate) fn rails<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let info = |message| Record::new(Format::Rails, message).level(Some(Level::Info));
    if let Some(rest) = line.strip_prefix("Started ") {
        let (request, time) = rest.rsplit_once(" at ")?;
        let (behind, time) = time::iso(time, context).ok()?;
        if !behind.is_empty() || !request.contains(" for ") {
            return None;
        }
        let length = "Started ".len() + request.len();
        return Some(info(split(line, length).0).at(Some(time)));
    }
    if let Some(rest) = line.strip_prefix("Processing by ") {
        let (controller, action) = rest.split_once('#')?;
        let (action, _) = action.split_once(" as ")?;
        let fits = controller.ends_with("Controller") && !action.contains(' ');
        return fits.then(|| info(line).target(controller).with("action", action));
    }
    if line.starts_with('[') {
        let (_, tag) = bracketed(line).ok()?;
        return matches!(tag, "ActiveJob" | "ActionCable").then(|| info(line).target(tag));
    }
    if let Some((kind, rest)) = line.split_once(" (")
        && exception::is_type(&kind.replace("::", "."))
        && (rest.ends_with("):") || rest.ends_with(')'))
    {
        return Some(Record::new(Format::Exception, line).level(Some(Level::Error)));
    }
    let start = STARTS.iter().find(|start| line.starts_with(*start))?;
    // The words alone begin sentences of others, too.
    let fits = match *start {
        "Completed " => {
            line.get(10..13)
                .is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()))
                && line.contains(" in ")
        }
        "Rendered " | "Rendering " => line.contains(['.', '/']),
        "Redirected to " => line.contains("://"),
        _ => true,
    };
    fits.then(|| info(line))
}
