//! Typed handles: what connects steps.

use std::{any::Any, fmt, marker::PhantomData, sync::Arc};

use petgraph::graph::NodeIndex;

use crate::Value;

/// Names a step of one workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId {
    pub(crate) workflow: u64,
    pub(crate) index: NodeIndex,
}

/// The value that a step will have: the input of others.
///
/// A step that takes it runs only when there is a value; see [`Output::optional`] and [`Output::outcome`] for the other
/// wishes.
pub struct Output<T> {
    id: StepId,
    value: PhantomData<fn() -> T>,
}

/// An [`Output`] that may be missing because its step was skipped. Made by [`Output::optional`].
pub struct OptionalOutput<T>(Output<T>);

/// However a step ended. Made by [`Output::outcome`].
pub struct OutputOutcome<T>(Output<T>);

/// How a step ended, with its value.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It has a value.
    Finished(Arc<T>),
    /// It was left out, and why.
    Skipped(String),
    /// It failed, with the error and its causes.
    Failed(String),
}

impl<T> Outcome<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<Arc<T>> {
        match self {
            Self::Finished(value) => Some(value),
            Self::Skipped(_) | Self::Failed(_) => None,
        }
    }
}

impl<T> Clone for Outcome<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Finished(value) => Self::Finished(Arc::clone(value)),
            Self::Skipped(reason) => Self::Skipped(reason.clone()),
            Self::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

impl<T> Output<T> {
    pub(crate) fn new(id: StepId) -> Self {
        Self {
            id,
            value: PhantomData,
        }
    }

    /// The step.
    pub fn id(self) -> StepId {
        self.id
    }

    /// The value as `Option<Arc<T>>`: `None` when the step was skipped. When it failed, the step that takes this is
    /// skipped all the same: a failure is not the same as nothing to do.
    pub fn optional(self) -> OptionalOutput<T> {
        OptionalOutput(self)
    }

    /// However the step ended, as [`Outcome`]: for steps that clean up or report.
    pub fn outcome(self) -> OutputOutcome<T> {
        OutputOutcome(self)
    }
}

impl<T> From<Output<T>> for StepId {
    fn from(output: Output<T>) -> Self {
        output.id
    }
}

/// What an input demands of the step it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Need {
    /// A value.
    Value,
    /// That it did not fail.
    NoFailure,
    /// That it ended.
    End,
    /// That it ended; no value passes.
    Order,
}

/// How a step ended, for the engine.
#[derive(Clone)]
pub(crate) enum Slot {
    Finished {
        value: Arc<dyn Any + Send + Sync>,
        sha256: String,
    },
    Skipped {
        reason: String,
        /// What dependants give as their reason.
        because: String,
        /// Whether a failure is behind it.
        is_blocked: bool,
    },
    Failed {
        error: String,
        /// What dependants give as their reason.
        because: String,
    },
    Cancelled,
}

/// How the steps ended so far, by index.
#[derive(Default)]
pub struct Slots(pub(crate) Vec<Option<Slot>>);

impl Slots {
    pub(crate) fn get(&self, id: StepId) -> Option<&Slot> {
        self.0.get(id.index.index())?.as_ref()
    }

    pub(crate) fn value<T: Value>(&self, id: StepId) -> Option<Arc<T>> {
        match self.get(id)? {
            Slot::Finished { value, .. } => Arc::clone(value).downcast().ok(),
            Slot::Skipped { .. } | Slot::Failed { .. } | Slot::Cancelled => None,
        }
    }

    pub(crate) fn outcome<T: Value>(&self, id: StepId) -> Option<Outcome<T>> {
        match self.get(id)? {
            Slot::Finished { value, .. } => {
                Some(Outcome::Finished(Arc::clone(value).downcast().ok()?))
            }
            Slot::Skipped { reason, .. } => Some(Outcome::Skipped(reason.clone())),
            Slot::Failed { error, .. } => Some(Outcome::Failed(error.clone())),
            Slot::Cancelled => None,
        }
    }
}

/// One input of a step.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    pub(crate) id: StepId,
    pub(crate) need: Need,
}

mod sealed {
    use super::{Port, Slots};

    /// Keeps [`super::Inputs`] ours: what it has to do is an agreement with the engine.
    pub trait Fetch {
        type Values;
        fn ports(&self) -> Vec<Port>;
        fn fetch(&self, slots: &Slots) -> Self::Values;
    }
}

/// The inputs of a step: `()`, a handle, a `Vec` of handles, or a tuple of up to eight of those.
///
/// The closure of the step gets what the handles stand for, in the same shape: `()`, an `Arc<T>`, a `Vec<Arc<T>>`, a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the input of a step",
    note = "use `()`, an `Output`, `output.optional()`, `output.outcome()`, a `Vec` or a tuple of those"
)]
pub trait Inputs: sealed::Fetch {}

impl<I: sealed::Fetch> Inputs for I {}

impl sealed::Fetch for () {
    type Values = ();

    fn ports(&self) -> Vec<Port> {
        Vec::new()
    }

    fn fetch(&self, _: &Slots) {}
}

impl<T: Value> sealed::Fetch for Output<T> {
    type Values = Arc<T>;

    fn ports(&self) -> Vec<Port> {
        vec![Port {
            id: self.id,
            need: Need::Value,
        }]
    }

    fn fetch(&self, slots: &Slots) -> Arc<T> {
        slots
            .value(self.id)
            .expect("invariant: a step runs when its inputs are there")
    }
}

impl<T: Value> sealed::Fetch for OptionalOutput<T> {
    type Values = Option<Arc<T>>;

    fn ports(&self) -> Vec<Port> {
        vec![Port {
            id: self.0.id,
            need: Need::NoFailure,
        }]
    }

    fn fetch(&self, slots: &Slots) -> Option<Arc<T>> {
        slots.value(self.0.id)
    }
}

impl<T: Value> sealed::Fetch for OutputOutcome<T> {
    type Values = Outcome<T>;

    fn ports(&self) -> Vec<Port> {
        vec![Port {
            id: self.0.id,
            need: Need::End,
        }]
    }

    fn fetch(&self, slots: &Slots) -> Outcome<T> {
        slots
            .outcome(self.0.id)
            .expect("invariant: a step runs when those before it have ended")
    }
}

impl<I: sealed::Fetch> sealed::Fetch for Vec<I> {
    type Values = Vec<I::Values>;

    fn ports(&self) -> Vec<Port> {
        self.iter().flat_map(sealed::Fetch::ports).collect()
    }

    fn fetch(&self, slots: &Slots) -> Self::Values {
        self.iter().map(|input| input.fetch(slots)).collect()
    }
}

macro_rules! tuple_inputs {
    ($($name:ident $index:tt),+) => {
        impl<$($name: sealed::Fetch),+> sealed::Fetch for ($($name,)+) {
            type Values = ($($name::Values,)+);

            fn ports(&self) -> Vec<Port> {
                [$(self.$index.ports()),+].concat()
            }

            fn fetch(&self, slots: &Slots) -> Self::Values {
                ($(self.$index.fetch(slots),)+)
            }
        }
    };
}

tuple_inputs!(A 0);
tuple_inputs!(A 0, B 1);
tuple_inputs!(A 0, B 1, C 2);
tuple_inputs!(A 0, B 1, C 2, D 3);
tuple_inputs!(A 0, B 1, C 2, D 3, E 4);
tuple_inputs!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_inputs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_inputs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// `Clone`, `Copy` and `Debug` without asking them of `T`.
macro_rules! handle {
    ($($name:ident),+) => {$(
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}
    )+};
}

handle!(Output, OptionalOutput, OutputOutcome);

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Output").field(&self.id).finish()
    }
}

impl<T> fmt::Debug for OptionalOutput<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OptionalOutput").field(&self.0.id).finish()
    }
}

impl<T> fmt::Debug for OutputOutcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutputOutcome").field(&self.0.id).finish()
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slots").field(&self.0.len()).finish()
    }
}
