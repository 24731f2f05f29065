//! Zstandard as a stream: frames one after the other, those to skip included.

use std::{
    error::Error as _,
    io::{self, Read},
};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// The first bytes of a frame.
pub(crate) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Decodes all frames of `input`. A window of more than 128 MiB (`zstd --long=28`) is refused.
pub(crate) struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: Read> Frames<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            decoder: FrameDecoder::new(),
            in_frame: false,
        }
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.input
    }

    /// Opens the next frame; false where there is none.
    fn open(&mut self) -> io::Result<bool> {
        loop {
            let mut magic = Vec::with_capacity(4);
            self.input.by_ref().take(4).read_to_end(&mut magic)?;
            if magic.is_empty() {
                return Ok(false);
            }
            let mut head = magic.chain(self.input.by_ref());
            match self.decoder.reset(&mut head) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.input.by_ref().take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(failure(&error)),
            }
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame && !self.open()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| failure(&error))?;
            }
            let n = self.decoder.read(buffer)?;
            if 0 < n || buffer.is_empty() {
                return Ok(n);
            }
            self.in_frame = false;
        }
    }
}

/// The error of the decoder; the end of the input within a frame keeps its kind.
fn failure(error: &FrameDecoderError) -> io::Error {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<io::Error>()
            && inner.kind() == io::ErrorKind::UnexpectedEof
        {
            return io::ErrorKind::UnexpectedEof.into();
        }
        cause = inner.source();
    }
    io::Error::other(format!("zstd: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn decode(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Frames::new(bytes).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn frames_and_skippable_frames_are_one_text() {
        let a = compress_to_vec(&b"a line\n"[..], CompressionLevel::Fastest);
        let b = compress_to_vec(&b"another\n"[..], CompressionLevel::Uncompressed);
        let skip = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let all = [&a[..], &skip, &b, &skip].concat();
        assert_eq!(decode(&all).unwrap(), "a line\nanother\n");
        assert_eq!(decode(&[]).unwrap(), "");
    }

    #[test]
    fn what_is_cut_or_broken_is_an_error() {
        let text = "a line that is long enough\n".repeat(40);
        let whole = compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
        let cut = decode(&whole[..whole.len() - 9]).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        let broken = decode(b"\x28\xb5\x2f\xfd\x00\x00\x07\x00\x00").unwrap_err();
        // A block of a type that is reserved.
        assert!(broken.to_string().starts_with("zstd: "), "{broken}");
        assert!(decode(b"\x28\xb5").is_err());
    }
}
