//! Objectives of v1alpha.

use super::{DESCRIPTION, OPERATORS, Property, Rules, Version};

impl Rules {
    pub(super) fn slo_v1alpha(&mut self, spec: &Property<'_>) {
        let indicator = spec.get("indicator");
        let objectives = spec.get("objectives").items();
        let has_ratio = objectives
            .iter()
            .any(|objective| objective.get("ratioMetrics").is_some());
        if has_ratio == indicator.is_some() {
            // Stop.
            self.mistake(&spec.path, "mutually_exclusive");
            return;
        }
        let method = spec.get("budgetingMethod");
        if method.text() == "Timeslices" {
            for objective in &objectives {
                let target = objective.get("timeSliceTarget");
                if self.required_optional(&target) {
                    if target.number() < 0.0 {
                        self.mistake(&target.path, "greater_than_or_equal_to");
                    }
                    if 1.0 < target.number() {
                        self.mistake(&target.path, "less_than_or_equal_to");
                    }
                }
            }
        }
        self.description(spec);
        self.required(&spec.get("service"));
        if indicator.is_some() {
            let metric = indicator.get("thresholdMetric");
            if self.required(&metric) {
                self.query(&metric);
            }
        }
        self.required_one_of(&method, &["Occurrences", "Timeslices"]);
        self.time_windows(Version::V1alpha, &spec.get("timeWindows"), "timeWindow");
        for objective in &objectives {
            self.objective_v1alpha(objective);
        }
    }

    pub(super) fn objective_v1alpha(&mut self, objective: &Property<'_>) {
        self.max_length(&objective.get("displayName"), DESCRIPTION);
        let ratio = objective.get("ratioMetrics");
        if ratio.is_some() {
            for side in ["good", "total"] {
                let metric = ratio.get(side);
                if self.required(&metric) {
                    self.query(&metric);
                }
            }
        }
        self.required_optional(&objective.get("value"));
        let target = objective.get("target");
        if self.required_optional(&target) {
            self.share(&target, 1.0);
        }
        let operator = objective.get("op");
        if !ratio.is_some() {
            self.required_one_of(&operator, OPERATORS);
        } else if !operator.is_zero() {
            self.mistake(&operator.path, "forbidden");
        }
    }

    pub(super) fn query(&mut self, metric: &Property<'_>) {
        for name in ["source", "queryType"] {
            let property = metric.get(name);
            let is_alphabetic = property
                .text()
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic());
            if self.required(&property) && !is_alphabetic {
                self.mistake(&property.path, "string_alpha");
            }
        }
        let query = metric.get("query");
        if self.required(&query) && query.text().trim().is_empty() {
            self.mistake(&query.path, "string_not_empty");
        }
    }
}
