//! Parts of the program that browsers load: style, script and picture.

use crate::reply::{self, Reply};
use socialnet::render::html;

/// The part with this path.
pub fn find(path: &str) -> Option<Reply> {
    match path {
        "/style.css" => Some(reply::fixed("text/css; charset=utf-8", html::STYLE)),
        "/web.css" => Some(reply::fixed("text/css; charset=utf-8", include_str!("static/web.css"))),
        "/web.js" => Some(reply::fixed("text/javascript; charset=utf-8", include_str!("static/web.js"))),
        "/icon.svg" => Some(reply::fixed("image/svg+xml", include_str!("static/icon.svg"))),
        _ => None,
    }
}
