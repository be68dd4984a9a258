//! The outputs of one partition: frames to other stages, alerts, dead letters, all on their way by one producer.

use std::sync::Arc;

use rdkafka::message::{Header, OwnedHeaders};
use shoal_detect::StageName;
use shoal_model::AlertState;

use super::shared::SharedRun;
use crate::Error;
use crate::checkpoint::marks::TaskMarks;
use crate::cluster::progress_log::LogRecord;
use crate::cluster::record::EPOCH;
use crate::job::Output;
use crate::metrics::report;
use crate::staged::task::{Outgoing, Task};
use crate::staged::topology::PartitionId;
use crate::write::producer::{OutgoingRecord, Pending};
use crate::write::topic::{TopicMark, TopicSink};
use crate::write::{ALERT_SCHEMA, ALERTS, DEAD_LETTER_SCHEMA, send_alert, send_dead_letter};

/// The outputs of one partition.
pub(crate) struct PartitionOutputs {
    shared: Arc<SharedRun>,
    /// Frames and progress on their way.
    pending: Arc<Pending>,
    alerts: Option<TopicSink>,
    shadow: Option<TopicSink>,
    /// The row by which its alerts are numbered.
    alert_row: String,
    dead_letters: Option<TopicSink>,
}

impl PartitionOutputs {
    /// Opens the outputs that the partition of `task` has, where `marks` say that they were left.
    pub(crate) fn open(task: &mut dyn Task, shared: &Arc<SharedRun>, marks: Option<&TaskMarks>) -> Result<Self, Error> {
        let outputs = &shared.job.outputs;
        let open = |output: &Option<Output>, schema, mark: Option<&TopicMark>, own: &str| match output {
            Some(Output::Topic(topic)) => {
                let (connection, mark) = (shared.kafka.connection(), mark.cloned().unwrap_or_default());
                TopicSink::open(&connection, topic, schema, &shared.epoch, &mark, |name| name == own).map(Some)
            }
            _ => Ok(None),
        };
        let alert_row = alert_row(task.id());
        let (mut alerts, mut shadow, mut dead_letters) = (None, None, None);
        if task.id().stage.raises_alerts() {
            alerts = open(&outputs.alerts, ALERT_SCHEMA, marks.and_then(|marks| marks.alerts.as_ref()), &alert_row)?;
            shadow = open(&outputs.shadow, ALERT_SCHEMA, marks.and_then(|marks| marks.shadow.as_ref()), &alert_row)?;
        }
        if let Some(source) = task.as_source() {
            let mark = marks.and_then(|marks| marks.dead_letters.as_ref());
            dead_letters = open(&outputs.dead_letters, DEAD_LETTER_SCHEMA, mark, source.name())?;
        }
        Ok(Self { shared: Arc::clone(shared), pending: Arc::default(), alerts, shadow, alert_row, dead_letters })
    }

    /// Sends what a task has to say, and keeps new alerts to be shown.
    pub(crate) fn send(&mut self, out: Outgoing) -> Result<(), Error> {
        if out.is_empty() {
            return Ok(());
        }
        let (shared, metrics) = (Arc::clone(&self.shared), &self.shared.job.metrics);
        let (live, producer) = (shared.job.follow.is_some(), &shared.producer);
        for frame in out.frames {
            let topic = shared.topology.topic(frame.to.stage);
            metrics.frames.with_label_values(&[&topic, "out"]).inc();
            metrics.bytes.with_label_values(&[&topic, "out"]).inc_by(frame.bytes.len() as u64);
            let headers = OwnedHeaders::new_with_capacity(1).insert(Header { key: EPOCH, value: Some(&shared.epoch) });
            let partition = i32::from(frame.to.partition);
            let record = OutgoingRecord { topic: &topic, partition, key: &[], payload: &frame.bytes, headers };
            producer.send(record, &self.pending)?;
        }
        for letter in &out.dead_letters {
            if let Some(sink) = &mut self.dead_letters {
                send_dead_letter(sink, producer, letter)?;
            }
        }
        for alert in out.alerts {
            let sent = !alert.shadow && alert.state != AlertState::Suppressed;
            let is_new = match if sent { &mut self.alerts } else { &mut self.shadow } {
                Some(sink) => send_alert(sink, producer, &self.alert_row, &alert)?,
                None => true,
            };
            if is_new {
                report::alert(metrics, &alert, live);
                self.shared.show(alert);
            }
        }
        Ok(())
    }

    /// Sends a record to the progress log.
    pub(crate) fn log(&self, record: &LogRecord) -> Result<(), Error> {
        let topic = self.shared.topology.progress_log_topic();
        self.shared.producer.send(record.to(&topic), &self.pending)
    }

    /// Waits until everything is written. Gives the marks of a checkpoint at `offset`.
    pub(crate) fn settle(&mut self, offset: u64) -> Result<TaskMarks, Error> {
        let producer = &self.shared.producer;
        producer.settle(&self.pending)?;
        let settle = |sink: &mut Option<TopicSink>| sink.as_mut().map(|sink| sink.settle(producer)).transpose();
        Ok(TaskMarks {
            offset,
            alerts: settle(&mut self.alerts)?,
            shadow: settle(&mut self.shadow)?,
            dead_letters: settle(&mut self.dead_letters)?,
        })
    }

    /// Says whether something is still on its way.
    pub(crate) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// The row of a partition's alerts in topics, where each writer numbers its own. That of group is named as in a run in
/// one process.
fn alert_row(id: PartitionId) -> String {
    if id.stage == StageName::Group { ALERTS.to_owned() } else { format!("{ALERTS} of {id}") }
}
