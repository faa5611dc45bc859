//! A way to the broker that can be cut, as when the broker is stopped and started again.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes through while it is open.
pub(crate) struct Proxy {
    port: u16,
    open: watch::Sender<bool>,
}

impl Proxy {
    /// Listens on a port of its own for whoever wants to reach `target` (`host:port`).
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (open, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, target.clone(), state.clone()));
            }
        });
        Self { port, open }
    }

    /// The same address by way of this.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends every connection and takes no more.
    pub(crate) fn cut(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.open.send_replace(true);
    }
}

async fn pass(mut near: TcpStream, target: String, mut open: watch::Receiver<bool>) {
    if !*open.borrow_and_update() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(target).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => (),
        _ = open.wait_for(|open| !open) => (),
    }
}
