//! Exporters that are several: what one endpoint is sent, the others are sent too.

use std::future::{Future, ready};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::{Handle, Runtime};

/// Several exporters. The SDK's threads have no runtime, which the exporters need.
#[derive(Debug)]
pub(crate) struct Tee<E> {
    exporters: Vec<E>,
    runtime: Handle,
}

impl<E> Tee<E> {
    /// Of exporters that could all be built.
    pub(crate) fn new<Fault>(
        runtime: &Runtime,
        exporters: impl Iterator<Item = Result<E, Fault>>,
    ) -> Result<Self, Fault> {
        let exporters = exporters.collect::<Result<_, _>>()?;
        Ok(Self { exporters, runtime: runtime.handle().clone() })
    }

    fn each<'a, F>(&'a self, export: impl Fn(&'a E) -> F) -> OTelSdkResult
    where
        F: Future<Output = OTelSdkResult>,
    {
        let mut results =
            self.exporters.iter().map(|exporter| self.runtime.block_on(export(exporter)));
        results.try_for_each(|result| result.inspect_err(fail))
    }
}

/// The processors only log what fails, so a failure ends the program.
fn fail(error: &opentelemetry_sdk::error::OTelSdkError) {
    eprintln!("export failed: {error}");
    std::process::exit(1);
}

impl<E: SpanExporter> SpanExporter for Tee<E> {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        ready(self.each(|exporter| exporter.export(batch.clone())))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporters.iter_mut().for_each(|exporter| exporter.set_resource(resource));
    }
}

impl<E: LogExporter> LogExporter for Tee<E> {
    fn export(&self, batch: LogBatch<'_>) -> impl Future<Output = OTelSdkResult> + Send {
        let records: Vec<_> = batch.iter().collect();
        let results = self.exporters.iter().map(|exporter| {
            let export = exporter.export(LogBatch::new(&records));
            self.runtime.block_on(export).inspect_err(fail)
        });
        ready(results.collect())
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporters.iter_mut().for_each(|exporter| exporter.set_resource(resource));
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Tee<E> {
    fn export(&self, metrics: &ResourceMetrics) -> impl Future<Output = OTelSdkResult> + Send {
        ready(self.each(|exporter| exporter.export(metrics)))
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
