//! Runs the bodies of the fuzz targets (`fuzz/`) on its corpus and on random bytes, so that they stay true.

use proptest::prelude::*;

#[path = "fuzz/bodies.rs"]
mod bodies;

/// Pieces that logs are made of: random bytes alone come nowhere near a grammar.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "2026-03-01T12:00:00.123Z ",
        "2026-03-01 12:00:00,123 ",
        "Oct 11 22:14:15 ",
        " INFO ",
        "WARN",
        "[main] ",
        "app::db: ",
        "span{a=1}:",
        "k=\"v ",
        "\\",
        "\"",
        "{",
        "}",
        "{\"log\":\"",
        "\",\"stream\":\"stdout\"",
        "\n",
        "\r\n",
        "    at ",
        "\tat c.e.F.b(F.java:1)",
        "<",
        ">",
        "<time> ",
        "<level>",
        "<x:int>",
        "<message>",
        "#Fields: ",
        "a,b,c",
        "CEF:0|",
        "LEEF:2.0|",
        "MESSAGE=",
        "__REALTIME_TIMESTAMP=1",
        "{\"resourceLogs\":[",
        "ß",
        "\u{1b}[31m",
        "\0",
        " stdout P ",
        " stdout F ",
        "1772366400",
        "%",
        ":",
        "=",
        " - ",
        "|",
        "DETAIL:  ",
        "99999999999999999999",
    ]);
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..200),
        3 => prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn parser(data in pieces()) {
        bodies::parser(&data);
    }

    #[test]
    fn miner(data in pieces()) {
        bodies::miner(&data);
    }

    #[test]
    fn pattern(data in pieces()) {
        bodies::pattern(&data);
    }
}

type Body = fn(&[u8]);

/// The seeds that fuzzing begins with.
#[test]
fn corpus() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let bodies: [(&str, Body); 3] = [
        ("parser", bodies::parser),
        ("miner", bodies::miner),
        ("pattern", bodies::pattern),
    ];
    for (name, body) in bodies {
        let Ok(seeds) = std::fs::read_dir(root.join(name)) else {
            continue;
        };
        for seed in seeds.flatten() {
            body(&std::fs::read(seed.path()).unwrap());
        }
    }
}
