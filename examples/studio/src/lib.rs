//! A design studio as a small HTTP service on loopback.
//!
//! Six components answer requests: a canvas that people draw on, a library of things to drop on
//! it, a control panel that shows its properties, a header, a theme and the SDK that hosts
//! plugins. One *render thread* owns the drawing; whoever wants to see or change it sends an
//! [`Event`](canvas::Event) and waits for the answer. That makes the queue of the render thread
//! the place where this service is fast or slow.
//!
//! ```
//! use std::thread;
//! use studio::{client::Client, log::Logger, server::Server};
//!
//! let server = Server::bind(0, Logger::discard())?;
//! let mut client = Client::new(server.address());
//! let running = thread::spawn(move || server.run());
//!
//! assert_eq!(client.get("/library/component?id=button")?.status, 200);
//! assert_eq!(client.post("/host-sdk/shutdown")?.status, 202);
//! running.join().expect("the server thread does not panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it owns |
//! |---|---|
//! | [`canvas`], [`library`], [`control_panel`], [`header`], [`theme`], [`host_sdk`] | the six components, each with its routes |
//! | [`scene`], [`raster`] | the drawing and how it becomes pixels |
//! | [`server`], [`http`], [`log`] | connections, messages, log lines |
//! | [`client`], [`random`] | what the load generator and the tests are made of |
#![forbid(unsafe_code)]

pub mod app;
pub mod canvas;
pub mod client;
pub mod control_panel;
pub mod header;
pub mod host_sdk;
pub mod http;
pub mod library;
pub mod log;
pub mod random;
pub mod raster;
pub mod scene;
pub mod server;
pub mod theme;
