//! Puts the graph of typed steps together.

use std::{
    any::type_name,
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use petgraph::{graph::NodeIndex, stable_graph::StableDiGraph};

use crate::{
    Artifact, Error, Inputs, Output, Retry, StepContext, StepError, StepId, Value, Workflow,
    digest::sha256,
    error::Repr,
    input::{Need, Slots},
    order::execution_order,
    workflow::{AnyValue, Node, Produced, short_type_name},
    write_artifact,
};

/// Collects the steps of a [`Workflow`].
///
/// Inputs are typed when the program is compiled. A step that wants text can be given one that yields text:
///
/// ```
/// use std::sync::Arc;
/// use shape_workflow::Workflow;
///
/// let mut steps = Workflow::builder("match");
/// let text = steps.step("text", (), |_, ()| Ok(String::from("abc")));
/// steps.step("count", text, |_, text: Arc<String>| Ok(text.len()));
/// # Ok::<(), shape_workflow::Error>(())
/// ```
///
/// One that wants a number can not:
///
/// ```compile_fail
/// use std::sync::Arc;
/// use shape_workflow::Workflow;
///
/// let mut steps = Workflow::builder("mismatch");
/// let text = steps.step("text", (), |_, ()| Ok(String::from("abc")));
/// steps.step("count", text, |_, text: Arc<u64>| Ok(*text));
/// # Ok::<(), shape_workflow::Error>(())
/// ```
pub struct WorkflowBuilder<'a> {
    workflow: Workflow<'a>,
    problem: Option<Repr>,
}

impl<'a> WorkflowBuilder<'a> {
    pub(crate) fn new(name: String) -> Self {
        // Tells handles of different workflows apart; the number itself never leaves the process.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            workflow: Workflow {
                name,
                id: NEXT.fetch_add(1, Ordering::Relaxed),
                graph: StableDiGraph::new(),
                order: Vec::new(),
                parameters: String::new(),
            },
            problem: None,
        }
    }

    /// Adds a step.
    ///
    /// `run` is called when every input is there, with `()`, an `Arc<T>` or a tuple like `inputs`. It may be called
    /// again: after a failure if [`WorkflowBuilder::retry`] says so, and after a crash.
    pub fn step<T, I, F>(&mut self, name: impl Into<String>, inputs: I, mut run: F) -> Output<T>
    where
        T: Value,
        I: Inputs + 'a,
        F: FnMut(&StepContext<'_>, I::Values) -> Result<T, StepError> + 'a,
    {
        let name = name.into();
        self.check_name(&name);
        let ports = inputs.ports();
        let step = name.clone();
        let run = move |ctx: &StepContext<'_>, slots: &Slots| {
            let value = run(ctx, inputs.fetch(slots))?;
            produce(&step, value)
        };
        let index = self.workflow.graph.add_node(Node {
            name: name.clone(),
            output_type: short_type_name(type_name::<T>()),
            retry: Retry::NEVER,
            version: 1,
            ports: ports.clone(),
            run: Box::new(run),
            load: |bytes| Ok(Arc::new(serde_json::from_slice::<T>(bytes)?)),
            publish: Vec::new(),
            write: Vec::new(),
        });
        for port in ports {
            if port.id.workflow == self.workflow.id {
                self.workflow
                    .graph
                    .add_edge(port.id.index, index, port.need);
            } else {
                let step = name.clone();
                self.note(Repr::ForeignHandle { step });
            }
        }
        Output::new(StepId {
            workflow: self.workflow.id,
            index,
        })
    }

    /// Lets `step` run only after `earlier` has ended, in whatever way. No value passes.
    pub fn after(&mut self, step: impl Into<StepId>, earlier: impl Into<StepId>) -> &mut Self {
        let earlier = earlier.into();
        let Some((index, name)) = self.own(step.into()) else {
            return self;
        };
        if earlier.workflow == self.workflow.id {
            self.workflow
                .graph
                .add_edge(earlier.index, index, Need::Order);
        } else {
            self.note(Repr::ForeignHandle { step: name });
        }
        self
    }

    /// How often `step` is tried.
    pub fn retry(&mut self, step: impl Into<StepId>, retry: Retry) -> &mut Self {
        if let Some((index, _)) = self.own(step.into()) {
            self.workflow.graph[index].retry = retry;
        }
        self
    }

    /// The version of the code of `step`, 1 unless told otherwise: raise it when an interrupted run must not be resumed
    /// with what the old code made.
    pub fn version(&mut self, step: impl Into<StepId>, version: u32) -> &mut Self {
        if let Some((index, _)) = self.own(step.into()) {
            self.workflow.graph[index].version = version;
        }
        self
    }

    /// Publishes the value of `step` as an event when it is there, from this run or the journal:
    /// `steps.publish(sli, |report| Some(Artifact::Sli(report)))`.
    pub fn publish<T: Value>(
        &mut self,
        step: Output<T>,
        artifact: impl Fn(Arc<T>) -> Option<Artifact> + 'a,
    ) -> &mut Self {
        if let Some((index, _)) = self.own(step.id()) {
            let publish = move |value: &AnyValue| {
                let value = Arc::clone(value).downcast::<T>().ok()?;
                artifact(value)
            };
            self.workflow.graph[index].publish.push(Box::new(publish));
        }
        self
    }

    /// Writes the value of `step` to the file `name` in the run folder (see [`write_artifact`]).
    pub fn artifact<T: Value>(&mut self, step: Output<T>, name: impl Into<String>) -> &mut Self {
        if let Some((index, _)) = self.own(step.id()) {
            let name = name.into();
            let write = move |folder: &Path, value: &AnyValue| match value.downcast_ref::<T>() {
                Some(value) => write_artifact(folder, &name, value).map(drop),
                None => Ok(()),
            };
            self.workflow.graph[index].write.push(Box::new(write));
        }
        self
    }

    /// What else the steps depend on (the text of a configuration): a journal written with other parameters can not be
    /// resumed.
    pub fn parameters(&mut self, parameters: impl Into<String>) -> &mut Self {
        self.workflow.parameters = parameters.into();
        self
    }

    /// The workflow.
    ///
    /// # Errors
    /// Two steps of the same name, steps that wait for each other (the message names them), a handle of another
    /// workflow.
    pub fn build(self) -> Result<Workflow<'a>, Error> {
        if let Some(problem) = self.problem {
            return Err(problem.into());
        }
        let mut workflow = self.workflow;
        workflow.order = execution_order(&workflow.graph)?;
        Ok(workflow)
    }

    fn own(&mut self, id: StepId) -> Option<(NodeIndex, String)> {
        if id.workflow == self.workflow.id {
            let name = self.workflow.graph[id.index].name.clone();
            Some((id.index, name))
        } else {
            let step = self.workflow.name.clone();
            self.note(Repr::ForeignHandle { step });
            None
        }
    }

    fn check_name(&mut self, name: &str) {
        let is_taken = self
            .workflow
            .graph
            .node_weights()
            .any(|node| node.name == name);
        if is_taken {
            self.note(Repr::DuplicateStep {
                name: name.to_owned(),
            });
        }
        let reason = if name.trim().is_empty() {
            "it is empty"
        } else if name.chars().any(char::is_control) {
            "it has a control character"
        } else {
            return;
        };
        let name = name.to_owned();
        self.note(Repr::StepName { name, reason });
    }

    /// Keeps the first problem: those after it are often its consequences.
    fn note(&mut self, problem: Repr) {
        self.problem.get_or_insert(problem);
    }
}

/// Stores a value as JSON and makes sure that it can be read back before anything depends on it.
fn produce<T: Value>(step: &str, value: T) -> Result<Produced, StepError> {
    let step = || step.to_owned();
    let mut bytes = serde_json::to_vec_pretty(&value)
        .map_err(|source| {
            Error::from(Repr::ValueWrite {
                step: step(),
                source,
            })
        })
        .map_err(StepError::permanent)?;
    serde_json::from_slice::<T>(&bytes)
        .map_err(|source| {
            let expected = short_type_name(type_name::<T>());
            Error::from(Repr::ValueReadBack {
                step: step(),
                expected,
                source,
            })
        })
        .map_err(StepError::permanent)?;
    bytes.push(b'\n');
    Ok(Produced {
        value: Arc::new(value),
        sha256: sha256(&bytes),
        bytes,
    })
}

impl fmt::Debug for WorkflowBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowBuilder")
            .field("name", &self.workflow.name)
            .field("n_steps", &self.workflow.graph.node_count())
            .finish_non_exhaustive()
    }
}
