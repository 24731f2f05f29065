//! The body of an answer, watched to its end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{record::Outcome, service::Waiting};

pin_project! {
    /// A body that tells how its request ended: well, with an error, with a bad `grpc-status`, or not at all.
    #[derive(Debug)]
    pub struct MeasureBody<B> {
        #[pin]
        inner: B,
        waiting: Option<Waiting>,
    }
}

impl<B> MeasureBody<B> {
    pub(super) fn new(inner: B, waiting: Option<Waiting>) -> Self {
        Self { inner, waiting }
    }
}

impl<B: Body> Body for MeasureBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(context));
        let Some(waiting) = this.waiting.as_ref() else {
            return Poll::Ready(frame);
        };
        let end = match &frame {
            None => Some(waiting.outcome),
            Some(Err(_)) => Some(Outcome::Bad),
            Some(Ok(frame)) => match frame.trailers_ref() {
                Some(trailers) => Some(waiting.with_trailers(trailers)),
                // Whoever sends the body need not ask for more.
                None => this.inner.is_end_stream().then_some(waiting.outcome),
            },
        };
        if let Some(outcome) = end
            && let Some(waiting) = this.waiting.take()
        {
            waiting.pending.end(outcome);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
