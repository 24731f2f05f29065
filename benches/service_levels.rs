//! Reading scrapes, counting from them, making rules, recommending a target.

use std::{fmt::Write as _, hint::black_box, time::Duration};

use criterion::{Criterion, Throughput};
use shape_sli::{Events, Exposition, ScrapeCounter, SliPoint};
use shape_slo::{RuleConfig, prometheus_rules, recommend_target, validate_openslo};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    scrapes(&mut criterion)?;
    files(&mut criterion)?;
    targets(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// A scrape of a service with a hundred routes.
fn scrape() -> Result<String, std::fmt::Error> {
    let mut text =
        String::from("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n");
    for route in 0..100 {
        for code in [200, 404, 500] {
            writeln!(
                text,
                "http_requests_total{{method=\"get\",route=\"/orders/{route}\",code=\"{code}\"}} {}",
                route * code
            )?;
        }
    }
    text.push_str("# TYPE http_request_seconds histogram\n");
    for route in 0..100 {
        for (place, bound) in ["0.005", "0.01", "0.05", "0.1", "0.5", "1", "+Inf"]
            .iter()
            .enumerate()
        {
            writeln!(
                text,
                "http_request_seconds_bucket{{route=\"/orders/{route}\",le=\"{bound}\"}} {}",
                place * route
            )?;
        }
        writeln!(
            text,
            "http_request_seconds_count{{route=\"/orders/{route}\"}} {}",
            6 * route
        )?;
    }
    Ok(text)
}

fn scrapes(criterion: &mut Criterion) -> Result<(), Box<dyn std::error::Error>> {
    let text = scrape()?;
    let mut group = criterion.benchmark_group("service-levels/scrape");
    group.throughput(Throughput::Bytes(text.len().try_into()?));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| Exposition::parse(black_box(&text)).is_ok());
    });
    let exposition = Exposition::parse(&text)?;
    let mut errors = ScrapeCounter::of_bad(
        "http_requests_total{code=~\"5..\"}".parse()?,
        "http_requests_total".parse()?,
    );
    group.bench_function("count errors", |bencher| {
        bencher.iter(|| errors.observe(black_box(&exposition)).is_ok());
    });
    let histogram = "http_request_seconds".parse()?;
    let mut slow = ScrapeCounter::of_latency(&histogram, Duration::from_millis(100));
    group.bench_function("count slow", |bencher| {
        bencher.iter(|| slow.observe(black_box(&exposition)).is_ok());
    });
    group.finish();
    Ok(())
}

fn files(criterion: &mut Criterion) -> Result<(), Box<dyn std::error::Error>> {
    let mut specification = String::from("version: prometheus/v1\nservice: shop\nslos:\n");
    for index in 0..20 {
        write!(
            specification,
            "  - name: route-{index}
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(requests{{route=\"{index}\",code=~\"5..\"}}[{{{{.window}}}}]))
        total_query: sum(rate(requests{{route=\"{index}\"}}[{{{{.window}}}}]))
    alerting: {{ name: ShopErrors }}
"
        )?;
    }
    let document = "
apiVersion: openslo/v1
kind: SLO
metadata: { name: web }
spec:
  service: web
  indicatorRef: web-errors
  budgetingMethod: Timeslices
  timeWindow: [{ duration: 28d, isRolling: true }]
  objectives: [{ target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 1m }]
";
    let mut group = criterion.benchmark_group("service-levels/files");
    group.throughput(Throughput::Elements(20));
    let config = RuleConfig::new();
    group.bench_function("rules of Sloth objectives", |bencher| {
        bencher.iter(|| {
            let files = prometheus_rules(black_box(&specification), &config);
            files.map(|files| {
                files
                    .iter()
                    .map(ToString::to_string)
                    .collect::<String>()
                    .len()
            })
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("validate OpenSLO", |bencher| {
        bencher.iter(|| validate_openslo(black_box(document)).valid);
    });
    group.finish();
    Ok(())
}

fn targets(criterion: &mut Criterion) -> Result<(), Box<dyn std::error::Error>> {
    let day = |day: i64| -> Result<SliPoint, Box<dyn std::error::Error>> {
        let bad = 5 + u64::try_from(day * 7 % 11)?;
        Ok(SliPoint {
            start: jiff::Timestamp::from_second(day * 86_400)?,
            events: Events::from_good_bad(10_000 - bad, bad),
        })
    };
    let year = (0..365).map(day).collect::<Result<Vec<_>, _>>()?;
    criterion.bench_function("service-levels/recommend from a year", |bencher| {
        bencher.iter(|| recommend_target(black_box(&year), 28 * 86_400, 0.95, 0.05).is_ok());
    });
    Ok(())
}
