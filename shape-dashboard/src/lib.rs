//! A live page and JSON API over the closed loop, mountable in your own service.
