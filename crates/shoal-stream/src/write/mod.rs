//! Outputs whose length is known, so that a resumed run can cut them to what a checkpoint has seen.
//!
//! Records of output topics are numbered per partition and per writer: alerts by the partition that raises them, dead letters by their source.
//! At the start a writer looks how far its row has been written, and writes nothing again ([`topic`]). All writers of a
//! process share one [`mod@producer`].

pub(crate) mod producer;
pub(crate) mod topic;

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shoal_formats::{DeadLetter, DeadLetterWriter};
use shoal_kafka::Connection;
use shoal_model::{Alert, AlertState};

use crate::Error;
use crate::job::{Output, Outputs};
use crate::write::producer::Producer;
use crate::write::topic::{TopicMark, TopicSink};

/// A file of JSON lines, or nothing.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    length: u64,
}

impl Lines {
    fn open(path: &Path, keep: u64, state: Option<&Path>) -> Result<Self, Error> {
        let failed = |source| Error::Output { path: path.to_owned(), source };
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        check_length(path, length, keep, state)?;
        // Pipes and devices have no length to cut.
        if length > keep {
            file.set_len(keep).map_err(failed)?;
        }
        if keep > 0 {
            file.seek(SeekFrom::Start(keep)).map_err(failed)?;
        }
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), length: keep })
    }

    fn append(&mut self, record: &impl Serialize) -> Result<(), Error> {
        let line = serde_json::to_vec(record).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)?;
            Ok(line.len())
        });
        self.length += line.map_err(|source| self.failed(source))? as u64;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.flush().map_err(|source| self.failed(source))
    }

    fn sync(&mut self) -> Result<(), Error> {
        self.flush()?;
        match self.file.get_ref().sync_data() {
            // Pipes cannot be synchronised, and need not be.
            Err(source) if source.kind() != io::ErrorKind::InvalidInput => Err(self.failed(source)),
            _ => Ok(()),
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Output { path: self.path.clone(), source }
    }
}

fn check_length(path: &Path, length: u64, keep: u64, state: Option<&Path>) -> Result<(), Error> {
    match state {
        Some(state) if length < keep => {
            Err(Error::OutputLost { path: path.to_owned(), state: state.to_owned(), length, expected: keep })
        }
        _ => Ok(()),
    }
}

/// The amount written to one output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutputMark {
    /// Bytes of a file.
    Length(u64),
    /// Records of a topic.
    Topic(TopicMark),
}

/// The amount written to all outputs; an absent one has no mark.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct OutputMarks {
    pub(crate) alerts: Option<OutputMark>,
    pub(crate) shadow: Option<OutputMark>,
    pub(crate) dead_letters: Option<OutputMark>,
}

impl OutputMark {
    /// The bytes of a file to keep; 0 replaces what was there.
    fn length(mark: Option<&Self>) -> u64 {
        if let Some(Self::Length(length)) = mark { *length } else { 0 }
    }

    fn topic(mark: Option<&Self>) -> TopicMark {
        if let Some(Self::Topic(topic)) = mark { topic.clone() } else { TopicMark::default() }
    }
}

/// An output for alerts.
enum AlertSink {
    File(Lines),
    Topic(TopicSink),
}

/// An output for dead letters.
enum DeadLetterSink {
    File(DeadLetterWriter),
    Topic(TopicSink),
}

/// The outputs of a run in one process.
pub(crate) struct Sinks {
    alerts: Option<AlertSink>,
    shadow: Option<AlertSink>,
    dead_letters: Option<DeadLetterSink>,
    writer: Option<ClusterWriter>,
}

/// The means to write to topics.
#[derive(Clone)]
pub(crate) struct ClusterWriter {
    pub(crate) connection: Connection,
    pub(crate) producer: Arc<Producer>,
    pub(crate) epoch: String,
}

impl Sinks {
    /// Opens the outputs and goes to what `marks` says; without marks they are written afresh.
    pub(crate) fn open(
        outputs: &Outputs,
        marks: &OutputMarks,
        state: Option<&Path>,
        writer: Option<&ClusterWriter>,
    ) -> Result<Self, Error> {
        let alerts = |output: &Option<Output>, mark: &Option<OutputMark>| match output {
            None => Ok(None),
            Some(Output::File(path)) => {
                Lines::open(path, OutputMark::length(mark.as_ref()), state).map(|lines| Some(AlertSink::File(lines)))
            }
            Some(Output::Topic(topic)) => {
                let sink = open_topic(topic, ALERT_SCHEMA, mark.as_ref(), writer)?;
                Ok(Some(AlertSink::Topic(sink)))
            }
        };
        let dead_letters = match &outputs.dead_letters {
            None => None,
            Some(Output::File(path)) => {
                let keep = OutputMark::length(marks.dead_letters.as_ref());
                let mut writer = DeadLetterWriter::open(path)?;
                check_length(path, writer.len(), keep, state)?;
                writer.truncate(keep)?;
                Some(DeadLetterSink::File(writer))
            }
            Some(Output::Topic(topic)) => {
                let sink = open_topic(topic, DEAD_LETTER_SCHEMA, marks.dead_letters.as_ref(), writer)?;
                Some(DeadLetterSink::Topic(sink))
            }
        };
        Ok(Self {
            alerts: alerts(&outputs.alerts, &marks.alerts)?,
            shadow: alerts(&outputs.shadow, &marks.shadow)?,
            dead_letters,
            writer: writer.cloned(),
        })
    }

    fn topics(&self) -> impl Iterator<Item = &TopicSink> {
        let alerts = [&self.alerts, &self.shadow].into_iter().flatten().filter_map(|sink| match sink {
            AlertSink::Topic(sink) => Some(sink),
            AlertSink::File(_) => None,
        });
        let dead_letters = self.dead_letters.iter().filter_map(|sink| match sink {
            DeadLetterSink::Topic(sink) => Some(sink),
            DeadLetterSink::File(_) => None,
        });
        alerts.chain(dead_letters)
    }

    /// Says whether a topic holds records of this epoch that were written before this process.
    pub(crate) fn have_written(&self) -> bool {
        self.topics().any(TopicSink::has_written)
    }

    /// Writes an alert where it belongs.
    pub(crate) fn alert(&mut self, alert: &Alert) -> Result<(), Error> {
        let sent = !alert.shadow && alert.state != AlertState::Suppressed;
        match if sent { &mut self.alerts } else { &mut self.shadow } {
            None => Ok(()),
            Some(AlertSink::File(lines)) => lines.append(alert),
            Some(AlertSink::Topic(sink)) => send_alert(sink, producer(self.writer.as_ref())?, ALERTS, alert).map(drop),
        }
    }

    /// Keeps a record that is not a post.
    pub(crate) fn dead_letter(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        match &mut self.dead_letters {
            None => Ok(()),
            Some(DeadLetterSink::File(writer)) => Ok(writer.append(letter)?),
            Some(DeadLetterSink::Topic(sink)) => send_dead_letter(sink, producer(self.writer.as_ref())?, letter),
        }
    }

    /// Makes alerts visible to whoever reads them. Fails if something could not be written.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        for sink in [&mut self.alerts, &mut self.shadow].into_iter().flatten() {
            if let AlertSink::File(lines) = sink {
                lines.flush()?;
            }
        }
        self.writer.as_ref().map_or(Ok(()), |writer| writer.producer.check())
    }

    /// Waits until the disk, or the brokers, have everything; gives how much that is.
    pub(crate) fn sync(&mut self) -> Result<OutputMarks, Error> {
        let writer = self.writer.as_ref();
        let alerts = |sink: &mut Option<AlertSink>| match sink {
            None => Ok(None),
            Some(AlertSink::File(lines)) => {
                lines.sync()?;
                Ok(Some(OutputMark::Length(lines.length)))
            }
            Some(AlertSink::Topic(sink)) => sink.settle(producer(writer)?).map(|mark| Some(OutputMark::Topic(mark))),
        };
        let dead_letters = match &mut self.dead_letters {
            None => None,
            Some(DeadLetterSink::File(writer)) => {
                writer.sync()?;
                Some(OutputMark::Length(writer.len()))
            }
            Some(DeadLetterSink::Topic(sink)) => Some(OutputMark::Topic(sink.settle(producer(writer)?)?)),
        };
        Ok(OutputMarks { alerts: alerts(&mut self.alerts)?, shadow: alerts(&mut self.shadow)?, dead_letters })
    }
}

/// The schema of alerts in a topic.
pub(crate) const ALERT_SCHEMA: &str = "alert.v2";
/// The schema of dead letters in a topic.
pub(crate) const DEAD_LETTER_SCHEMA: &str = "dead-letter.v1";
/// The most that a dead letter in a topic keeps of its record: as JSON it may be six times as long, which must fit.
const RAW_BYTES: usize = 1 << 20;
/// The row by which alerts are numbered.
pub(crate) const ALERTS: &str = "alerts";

fn open_topic(
    topic: &str,
    schema: &'static str,
    mark: Option<&OutputMark>,
    writer: Option<&ClusterWriter>,
) -> Result<TopicSink, Error> {
    let Some(ClusterWriter { connection, epoch, .. }) = writer else { return Err(Error::NoKafka) };
    TopicSink::open(connection, topic, schema, epoch, &OutputMark::topic(mark), |_| true)
}

fn producer(writer: Option<&ClusterWriter>) -> Result<&Producer, Error> {
    writer.map(|writer| &*writer.producer).ok_or(Error::NoKafka)
}

/// Sends an alert, by its id: the topic may be compacted. Gives whether it was not there before.
pub(crate) fn send_alert(sink: &mut TopicSink, producer: &Producer, row: &str, alert: &Alert) -> Result<bool, Error> {
    let payload = serde_json::to_vec(alert).map_err(Error::Json)?;
    sink.send(producer, row, alert.alert_id.as_bytes(), &payload)
}

/// Sends a dead letter, by its source, whose letters are numbered.
pub(crate) fn send_dead_letter(sink: &mut TopicSink, producer: &Producer, letter: &DeadLetter) -> Result<(), Error> {
    let mut letter = Cow::Borrowed(letter);
    if letter.raw.len() > RAW_BYTES {
        letter.to_mut().raw.truncate(RAW_BYTES);
    }
    let payload = serde_json::to_vec(&*letter).map_err(Error::Json)?;
    sink.send(producer, &letter.source, letter.source.as_bytes(), &payload).map(drop)
}
