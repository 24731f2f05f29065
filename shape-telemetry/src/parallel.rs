//! One source read by several threads: one cuts it between two events, the others read what they are given.

use std::{
    io::Read,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
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

/// Whole events, and where the first of them stands.
struct Block {
    text: String,
    lines_before: u64,
    offset: u64,
}

/// Reads all of a source; its events are given to the sinks, one thread each. With one sink no thread is started.
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
    if 1 < sinks.len()
        && more
        && !reader.inherits_times
        && let Some(pass) = log.lines(&source.text)
    {
        more = share(pass, &mut source, sinks);
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

/// Gives the text to threads as long as it can be cut; what is left in the source then, and whether there is more of
/// it, is for the pass, which counts all that the threads read.
fn share<S: Sink + Send>(
    pass: &mut Pass<'_>,
    source: &mut Source<'_, '_>,
    sinks: &mut [S],
) -> bool {
    pass.settle(&source.text);
    let start = &*pass;
    let (blocks, queue) = sync_channel::<Block>(2 * sinks.len());
    let queue = Mutex::new(queue);
    let (empty, used) = channel::<String>();
    let (more, position, read) = thread::scope(|scope| {
        let workers: Vec<_> = sinks
            .iter_mut()
            .map(|sink| {
                let (queue, empty) = (&queue, empty.clone());
                let pass = start.clone();
                scope.spawn(move || work(pass, queue, &empty, sink))
            })
            .collect();
        let (more, position) = cut(start, source, &blocks, &used);
        drop(blocks);
        let read: Vec<_> = workers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        (more, position, read)
    });
    for result in read {
        match result {
            Ok(part) => pass.add(part),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    pass.go_to(position.0, position.1);
    more
}

/// Reads blocks until there are no more.
fn work<'r>(
    mut pass: Pass<'r>,
    queue: &Mutex<Receiver<Block>>,
    empty: &Sender<String>,
    sink: &mut dyn Sink,
) -> Pass<'r> {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut block) = next else {
            return pass;
        };
        pass.go_to(block.lines_before, block.offset);
        pass.block(&block.text, true, sink);
        block.text.clear();
        // At the end nobody takes it back.
        let _ = empty.send(block.text);
    }
}

/// Cuts the text before the last line that surely begins an event, block by block. Whether there is more text than what
/// is left at the end, and where that stands.
fn cut(
    pass: &Pass<'_>,
    source: &mut Source<'_, '_>,
    blocks: &SyncSender<Block>,
    used: &Receiver<String>,
) -> (bool, (u64, u64)) {
    let (mut lines, mut offset) = (0, 0);
    // Lines before this place were looked at.
    let mut seen = 0;
    loop {
        if let Some(at) = last_start(pass, &source.text, seen) {
            let mut rest = used.try_recv().unwrap_or_default();
            rest.push_str(source.text.get(at..).unwrap_or_default());
            let mut text = std::mem::replace(&mut source.text, rest);
            text.truncate(at);
            let (lines_before, here) = (lines, offset);
            lines += number::len(memchr_iter(b'\n', text.as_bytes()).count());
            offset += number::len(text.len());
            let block = Block {
                text,
                lines_before,
                offset: here,
            };
            if blocks.send(block).is_err() {
                // All threads are gone: one of them panicked, which the caller sees.
                return (false, (lines, offset));
            }
        } else if MAX_UNCUT < source.text.len() {
            return (true, (lines, offset));
        }
        seen = source.text.len();
        if !source.fill() {
            return (false, (lines, offset));
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
