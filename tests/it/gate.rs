//! A picture that arrives when the test says so: whoever fetches it before waits, however slow the machine is.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::files::jpeg;

pub(crate) struct Gate {
    /// Where the picture is.
    pub(crate) picture: String,
    opened: watch::Sender<bool>,
}

impl Gate {
    /// A gate that lets nothing through yet.
    pub(crate) async fn shut() -> Self {
        let (opened, passed) = watch::channel(false);
        let answer = move || async move {
            let mut passed = passed;
            let _gone = passed.wait_for(|opened| *opened).await;
            ([(header::CONTENT_TYPE, "image/jpeg")], jpeg(300, 200))
        };
        let router = Router::new().route("/late.jpg", get(answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let picture = format!("http://{}/late.jpg", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { picture, opened }
    }

    /// Lets everybody through, also who comes later.
    pub(crate) fn open(&self) {
        self.opened.send_replace(true);
    }
}
