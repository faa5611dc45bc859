//! A wire between the processes and a server, which can be cut.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards connections to a server until they are cut; new ones are let through again at once.
pub(crate) struct Wire {
    /// `127.0.0.1:port`, for the processes.
    pub(crate) address: String,
    cuts: watch::Sender<u32>,
}

impl Wire {
    /// A wire to `server` (`host:port`) that lasts as long as the test.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let wire = Self {
            address: listener.local_addr().expect("an address").to_string(),
            cuts: watch::Sender::new(0),
        };
        tokio::spawn(listen(listener, server.to_owned(), wire.cuts.clone()));
        wire
    }

    /// Every open connection ends now, in the middle of whatever it carries.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn listen(listener: TcpListener, server: String, cuts: watch::Sender<u32>) {
    while let Ok((near, _)) = listener.accept().await {
        let (server, mut cut) = (server.clone(), cuts.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                () = forward(near, &server) => (),
                _ = cut.changed() => (),
            }
        });
    }
}

async fn forward(mut near: TcpStream, server: &str) {
    // A server that is down refuses: the near end learns it by the closed connection.
    if let Ok(mut far) = TcpStream::connect(server).await {
        let quick = near.set_nodelay(true).and(far.set_nodelay(true));
        quick.expect("a TCP connection");
        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
    }
}
