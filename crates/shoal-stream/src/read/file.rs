//! Reading a file.

use std::path::Path;

use shoal_detect::{Analysed, Analyst, TimeDoubt};
use shoal_formats::{Format, Identity, Position, Reader};

use crate::Error;
use crate::job::{Job, Source};
use crate::read::batch::{Batch, More};
use crate::read::decode::Decoder;

/// Reads, decodes and analyses a file.
pub(crate) struct FileReader {
    is_pipe: bool,
    reader: Reader,
    decoder: Decoder,
    analyst: Analyst,
    doubt: TimeDoubt,
    bytes: Vec<u8>,
    failed: Option<Error>,
}

impl FileReader {
    /// Opens a source and goes to where a checkpoint left it. `keeps_posts` says that an observer does.
    pub(crate) fn open(
        source: &Source,
        path: &Path,
        job: &Job,
        from: Position,
        keeps_posts: bool,
    ) -> Result<Self, Error> {
        let mut reader = Reader::open(path, &job.limits)?;
        let format = match source.format {
            Some(format) => format,
            // An empty file has any format.
            None => match reader.detect() {
                Err(shoal_formats::Error::Empty { .. }) => Format::DEFAULT,
                format => format?,
            },
        };
        reader.cut_by(format.framing());
        reader.skip_to(from)?;
        reader.follow(job.follow.is_some())?;
        Ok(Self {
            is_pipe: source.input.is_pipe(),
            reader,
            decoder: Decoder::new(source, format, job),
            analyst: Analyst::new(&job.detect).with_entities(keeps_posts),
            doubt: TimeDoubt::new(&job.detect.order),
            bytes: Vec::new(),
            failed: None,
        })
    }

    /// The identity of the input, as it is now.
    pub(crate) fn identity(&self) -> Result<Identity, Error> {
        Ok(self.reader.identity()?)
    }

    /// Reads the next batch. Damage ends it with an error after what was read before has been given.
    pub(crate) fn batch(&mut self) -> Result<Batch<Analysed>, Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = Batch::at(self.reader.position());
        while !batch.is_full() {
            match self.reader.next(&mut self.bytes) {
                Ok(Some(record)) => {
                    let Self { decoder, analyst, doubt, bytes, .. } = self;
                    decoder.decode(&record, bytes, |decoded| {
                        batch.add(&record, bytes, decoded, |post| analyst.analyse(post), doubt);
                    });
                }
                Ok(None) => {
                    batch.more = if self.reader.follows() { More::Later } else { More::No };
                    break;
                }
                // What was read before the damage goes first.
                Err(error) => {
                    self.failed = Some(error.into());
                    break;
                }
            }
        }
        batch.position = self.reader.position();
        Ok(batch)
    }

    /// Says whether reading may wait for somebody to write.
    pub(crate) fn is_pipe(&self) -> bool {
        self.is_pipe
    }
}
