//! Objectives for a Prometheus server to scrape.

use shape_sli::{ExpositionWriter, MetricKind};

use crate::{SloSet, Window};

impl SloSet {
    /// Adds the objectives: the target of each as a share, the length of a rolling window, and whether somebody ratified it.
    ///
    /// ```
    /// use shape_sli::{ExpositionWriter, Indicator};
    /// use shape_slo::{Slo, SloSet, Window};
    /// use shape_telemetry::ComponentId;
    ///
    /// let canvas = ComponentId::new("canvas");
    /// let slo = Slo::new(&canvas, Indicator::Probe, "99.9%".parse()?, Window::rolling_days(28));
    /// let mut writer = ExpositionWriter::new();
    /// SloSet::new("studio", vec![slo]).write_metrics(&mut writer);
    /// let line = "shape_slo_objective_ratio{component=\"canvas\",service=\"studio\",slo=\"canvas/probe\"} 0.999";
    /// assert!(writer.to_string().lines().any(|written| written == line));
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    pub fn write_metrics(&self, writer: &mut ExpositionWriter) {
        for (name, help) in [
            (
                "shape_slo_objective_ratio",
                "The share of good events that is promised, in 0 to 1.",
            ),
            (
                "shape_slo_window_seconds",
                "The length of a rolling window; no sample of a calendar window.",
            ),
            (
                "shape_slo_ratified",
                "Whether somebody stands behind the objective.",
            ),
        ] {
            writer.family(name, MetricKind::Gauge, help);
        }
        for slo in &self.slos {
            let labels = [
                ("service", self.service.as_str()),
                ("component", slo.component.as_str()),
                ("slo", slo.id.as_str()),
            ];
            writer.sample("shape_slo_objective_ratio", &labels, slo.target.ratio());
            let ratified = f64::from(u8::from(slo.is_ratified()));
            writer.sample("shape_slo_ratified", &labels, ratified);
            if let Window::Rolling { seconds } = slo.window {
                let length = std::time::Duration::from_secs(seconds).as_secs_f64();
                writer.sample("shape_slo_window_seconds", &labels, length);
            }
        }
    }
}
