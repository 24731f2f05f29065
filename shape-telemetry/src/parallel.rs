//! One source read by several threads: one of them cuts it between two events.

use std::{
    io::Read,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    thread,
};

use memchr::{memchr_iter, memrchr};

use crate::{
    Reader, Sink, SourceSummary,
    decode::Decoder,
    number,
    pass::Pass,
    read::{describe, summary},
    stateful::Log,
};

/// Text in which no line surely begins an event is read by one thread from here on.
const MAX_UNCUT: usize = 1 << 20;

/// Blocks that wait for each of the other threads.
const WAITING: usize = 4;

/// Whole events, and where the first of them stands.
struct Block {
    text: String,
    lines_before: u64,
    offset: u64,
}

/// Reads all of a source; its events are given to the sinks, one thread each, this one included.
pub(crate) fn read<S: Sink + Send>(
    reader: &Reader,
    name: &str,
    input: impl Read,
    sinks: &mut [S],
    progress: &mut dyn FnMut(u64),
) -> SourceSummary {
    let mut source = Source {
        decoder: Decoder::new(input, reader.max_line_bytes()),
        text: String::new(),
        problem: None,
        progress,
    };
    let mut log = Log::new(reader, Arc::from(name));
    let mut more = source.fill();
    // A time that is inherited may come from the text of another thread.
    if more
        && !reader.inherits_times
        && let Some((own, others)) = sinks.split_first_mut()
        && !others.is_empty()
        && let Some(pass) = log.lines(&source.text)
    {
        more = share(pass, &mut source, own, others);
    }
    if let Some(sink) = sinks.first_mut() {
        loop {
            let done = log.block(&source.text, !more, sink);
            source.text.drain(..done);
            if !more {
                break;
            }
            more = source.fill();
        }
    }
    summary(log, &source.decoder, source.problem)
}

/// What is read, and text of it that is not done.
struct Source<'r, 'p> {
    decoder: Decoder<'r>,
    text: String,
    problem: Option<String>,
    progress: &'p mut dyn FnMut(u64),
}

impl Source<'_, '_> {
    /// Appends complete lines; false at the end.
    fn fill(&mut self) -> bool {
        let more = match self.decoder.fill(&mut self.text) {
            Ok(more) => more,
            Err(error) => {
                self.problem = Some(describe(&error, self.decoder.bytes()));
                false
            }
        };
        (self.progress)(self.decoder.consumed());
        more
    }
}

/// Shares the text among threads as long as it can be cut; what is left in the source then, and whether there is more
/// of it, is for the pass, which counts all that the threads read.
///
/// The thread that cuts reads events as well, whenever the others have enough to go on with: a thread that only cut
/// would be woken, and would wake another one, for every block, and that costs more than the cutting.
fn share<S: Sink + Send>(
    pass: &mut Pass<'_>,
    source: &mut Source<'_, '_>,
    own: &mut S,
    others: &mut [S],
) -> bool {
    pass.settle(&source.text);
    let start = &*pass;
    let (blocks, queue) = sync_channel::<Block>(WAITING * others.len());
    let queue = Mutex::new(queue);
    let (empty, used) = channel::<String>();
    let (left, read) = thread::scope(|scope| {
        let workers: Vec<_> = others
            .iter_mut()
            .map(|sink| {
                let (queue, empty) = (&queue, empty.clone());
                let worker = Worker::new(start, sink, empty);
                scope.spawn(move || worker.work(queue))
            })
            .collect();
        let mut worker = Worker::new(start, own, empty);
        let left = cut(start, source, &blocks, &used, &mut worker);
        drop(blocks);
        let own = worker.work(&queue);
        let read: Vec<_> = workers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .chain([Ok(own)])
            .collect();
        (left, read)
    });
    for result in read {
        match result {
            Ok(part) => pass.add(part),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    pass.go_to(left.lines, left.offset);
    left.more
}

/// A thread that reads blocks.
struct Worker<'r, 's, S> {
    pass: Pass<'r>,
    sink: &'s mut S,
    /// Where the memory of blocks goes that are done.
    empty: Sender<String>,
}

impl<'r, 's, S: Sink> Worker<'r, 's, S> {
    fn new(start: &Pass<'r>, sink: &'s mut S, empty: Sender<String>) -> Self {
        Self {
            pass: start.clone(),
            sink,
            empty,
        }
    }

    fn block(&mut self, mut block: Block) {
        self.pass.go_to(block.lines_before, block.offset);
        self.pass.block(&block.text, true, self.sink);
        block.text.clear();
        // At the end nobody takes it back.
        let _ = self.empty.send(block.text);
    }

    /// Reads blocks until there are no more.
    fn work(mut self, queue: &Mutex<Receiver<Block>>) -> Pass<'r> {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            match next {
                Ok(block) => self.block(block),
                Err(_) => return self.pass,
            }
        }
    }
}

/// What cutting leaves: where the text stands that is left, and whether there is more of it.
struct Left {
    more: bool,
    lines: u64,
    offset: u64,
}

/// Cuts the text before the last line that surely begins an event, block by block, and reads those that find no room
/// among the waiting ones.
fn cut<S: Sink>(
    pass: &Pass<'_>,
    source: &mut Source<'_, '_>,
    blocks: &SyncSender<Block>,
    used: &Receiver<String>,
    worker: &mut Worker<'_, '_, S>,
) -> Left {
    let mut left = Left {
        more: true,
        lines: 0,
        offset: 0,
    };
    // Lines before this place were looked at.
    let mut seen = 0;
    loop {
        if let Some(at) = last_start(pass, &source.text, seen) {
            let mut rest = used.try_recv().unwrap_or_default();
            rest.push_str(source.text.get(at..).unwrap_or_default());
            let mut text = std::mem::replace(&mut source.text, rest);
            text.truncate(at);
            let block = Block {
                lines_before: left.lines,
                offset: left.offset,
                text,
            };
            left.lines += number::len(memchr_iter(b'\n', block.text.as_bytes()).count());
            left.offset += number::len(block.text.len());
            match blocks.try_send(block) {
                Ok(()) => {}
                // The others are all gone where one of them panicked, which the caller sees.
                Err(TrySendError::Full(block) | TrySendError::Disconnected(block)) => {
                    worker.block(block);
                }
            }
        } else if MAX_UNCUT < source.text.len() {
            return left;
        }
        seen = source.text.len();
        if !source.fill() {
            left.more = false;
            return left;
        }
    }
}

/// The last line behind `seen` that begins an event, whatever stands before it; not the first line of the text.
fn last_start(pass: &Pass<'_>, text: &str, seen: usize) -> Option<usize> {
    let mut end = text.trim_end_matches(['\r', '\n']).len();
    while seen < end {
        let before = text.as_bytes().get(..end).unwrap_or_default();
        let start = memrchr(b'\n', before)? + 1;
        if start < seen {
            return None;
        }
        if pass.begins(text.get(start..end).unwrap_or_default()) {
            return Some(start);
        }
        end = start - 1;
    }
    None
}
